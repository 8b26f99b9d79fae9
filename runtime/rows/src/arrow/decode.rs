//! From a place in an Arrow array to a value.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal32Type, Decimal64Type, Decimal128Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalMonthDayNanoType,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::reader::{BytesForm, Form, TextForm, ValueReader, unreadable};
use crate::read_error::Mismatch;
use crate::value::Value;
use crate::{
    BigNum, Bit, Blob, Date, Decimal, Geometry, Interval, Json, Time, TimeNs, TimeTz, Timestamp,
    TimestampMs, TimestampNs, TimestampS, TimestampTz, Uuid,
};

/// The value at a row that the array has.
pub(super) fn decode(form: &Form, array: &dyn Array, row: usize) -> Result<Value, Mismatch> {
    // a union has no nulls of its own
    if matches!(form, Form::Null) || (!matches!(form, Form::Union(_)) && array.is_null(row)) {
        return Ok(Value::Null);
    }
    Ok(match form {
        Form::Null => Value::Null,
        Form::Boolean => {
            let array = array.as_boolean_opt().ok_or_else(|| mistyped(array))?;
            Value::Boolean(array.value(row))
        }
        Form::Bool8 => Value::Boolean(primitive::<Int8Type>(array, row)? != 0),
        Form::Int8 => Value::TinyInt(primitive::<Int8Type>(array, row)?),
        Form::Int16 => Value::SmallInt(primitive::<Int16Type>(array, row)?),
        Form::Int32 => Value::Integer(primitive::<Int32Type>(array, row)?),
        Form::Int64 => Value::BigInt(primitive::<Int64Type>(array, row)?),
        Form::UInt8 => Value::UTinyInt(primitive::<UInt8Type>(array, row)?),
        Form::UInt16 => Value::USmallInt(primitive::<UInt16Type>(array, row)?),
        Form::UInt32 => Value::UInteger(primitive::<UInt32Type>(array, row)?),
        Form::UInt64 => Value::UBigInt(primitive::<UInt64Type>(array, row)?),
        Form::Float32 => Value::Float(primitive::<Float32Type>(array, row)?),
        Form::Float64 => Value::Double(primitive::<Float64Type>(array, row)?),
        Form::Decimal => decimal(array, row)?,
        Form::DecimalHugeInt => Value::HugeInt(primitive::<Decimal128Type>(array, row)?),
        Form::DecimalUHugeInt => {
            let number = primitive::<Decimal128Type>(array, row)?;
            let converted = u128::try_from(number);
            Value::UHugeInt(converted.map_err(|_| Mismatch::of_value("a UHUGEINT", number))?)
        }
        Form::HugeInt => Value::HugeInt(i128::from_le_bytes(fixed_bytes(array, row)?)),
        Form::UHugeInt => Value::UHugeInt(u128::from_le_bytes(fixed_bytes(array, row)?)),
        Form::Text(form) => text_value(*form, text(array, row)?)?,
        Form::Bytes(form) => bytes_value(*form, array, row)?,
        Form::Dictionary(values) => dictionary_value(values, array, row)?,
        Form::List(element) => Value::List(elements(element, array, row)?),
        Form::Array(element) => Value::Array(elements(element, array, row)?),
        Form::Struct(fields) => struct_value(fields, array, row)?,
        Form::Map(key, value) => {
            let map = array.as_map_opt().ok_or_else(|| mistyped(array))?;
            let entries = map.value(row);
            pairs(key, value, &entries)?
        }
        Form::ListMap(key, value) => pairs(key, value, &list_slice(array, row)?)?,
        Form::Union(members) => union_value(members, array, row)?,
        Form::StructUnion(members) => struct_union_value(members, array, row)?,
        temporal => temporal_value(temporal, array, row)?,
    })
}

fn temporal_value(form: &Form, array: &dyn Array, row: usize) -> Result<Value, Mismatch> {
    Ok(match form {
        Form::Date => Value::Date(Date::from_days(primitive::<Date32Type>(array, row)?)),
        Form::Time => {
            let micros = match array.data_type() {
                DataType::Time64(_) => primitive::<Time64MicrosecondType>(array, row)?,
                DataType::Time32(arrow_schema::TimeUnit::Second) => {
                    i64::from(primitive::<Time32SecondType>(array, row)?) * 1_000_000
                }
                _ => i64::from(primitive::<Time32MillisecondType>(array, row)?) * 1_000,
            };
            let time = Time::from_micros(micros);
            Value::Time(time.ok_or_else(|| Mismatch::of_value("a TIME", micros))?)
        }
        Form::TimeNs => {
            let nanos = primitive::<Time64NanosecondType>(array, row)?;
            let time = TimeNs::from_nanos(nanos);
            Value::TimeNs(time.ok_or_else(|| Mismatch::of_value("a TIME_NS", nanos))?)
        }
        Form::TimestampS => {
            let seconds = primitive::<TimestampSecondType>(array, row)?;
            Value::TimestampS(TimestampS::from_seconds(seconds))
        }
        Form::TimestampMs => {
            let millis = primitive::<TimestampMillisecondType>(array, row)?;
            Value::TimestampMs(TimestampMs::from_millis(millis))
        }
        Form::Timestamp => {
            let micros = primitive::<TimestampMicrosecondType>(array, row)?;
            Value::Timestamp(Timestamp::from_micros(micros))
        }
        Form::TimestampNs => {
            let nanos = primitive::<TimestampNanosecondType>(array, row)?;
            Value::TimestampNs(TimestampNs::from_nanos(nanos))
        }
        Form::TimestampTz => {
            let micros = primitive::<TimestampMicrosecondType>(array, row)?;
            Value::TimestampTz(TimestampTz::from_micros(micros))
        }
        Form::Interval => interval(array, row)?,
        _ => return Err(mistyped(array)),
    })
}

/// An array that isn't of the type that its field announced.
fn mistyped(array: &dyn Array) -> Mismatch {
    unreadable(
        "the field's Arrow type",
        format!("an array of `{}`", array.data_type()),
    )
}

fn primitive<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> Result<T::Native, Mismatch> {
    array
        .as_primitive_opt::<T>()
        .map(|array| array.value(row))
        .ok_or_else(|| mistyped(array))
}

fn decimal(array: &dyn Array, row: usize) -> Result<Value, Mismatch> {
    let (unscaled, scale) = match array.data_type() {
        DataType::Decimal32(_, scale) => {
            (i128::from(primitive::<Decimal32Type>(array, row)?), *scale)
        }
        DataType::Decimal64(_, scale) => {
            (i128::from(primitive::<Decimal64Type>(array, row)?), *scale)
        }
        DataType::Decimal128(_, scale) => (primitive::<Decimal128Type>(array, row)?, *scale),
        _ => return Err(mistyped(array)),
    };
    u8::try_from(scale)
        .ok()
        .and_then(|scale| Decimal::new(unscaled, scale))
        .map(Value::Decimal)
        .ok_or_else(|| Mismatch::of_value("a DECIMAL", format!("{unscaled}e{}", -i16::from(scale))))
}

fn interval(array: &dyn Array, row: usize) -> Result<Value, Mismatch> {
    let interval = primitive::<IntervalMonthDayNanoType>(array, row)?;
    // the engine has whole microseconds: a rest can only come of an overflow
    if interval.nanoseconds % 1_000 != 0 {
        return Err(Mismatch::of_value(
            "an INTERVAL in microseconds",
            format!("{} nanoseconds", interval.nanoseconds),
        ));
    }
    Ok(Value::Interval(Interval {
        months: interval.months,
        days: interval.days,
        micros: interval.nanoseconds / 1_000,
    }))
}

fn text(array: &dyn Array, row: usize) -> Result<&str, Mismatch> {
    let text = match array.data_type() {
        DataType::Utf8 => array.as_string_opt::<i32>().map(|array| array.value(row)),
        DataType::LargeUtf8 => array.as_string_opt::<i64>().map(|array| array.value(row)),
        _ => array.as_string_view_opt().map(|array| array.value(row)),
    };
    text.ok_or_else(|| mistyped(array))
}

fn text_value(form: TextForm, text: &str) -> Result<Value, Mismatch> {
    Ok(match form {
        TextForm::Varchar => Value::Varchar(text.to_string()),
        TextForm::Json => Value::Json(Json(text.to_string())),
        TextForm::Enum => Value::Enum(text.to_string()),
        TextForm::Interval => {
            let interval = text.parse::<Interval>();
            Value::Interval(interval.map_err(|_| Mismatch::of_value("an INTERVAL", text))?)
        }
        TextForm::Uuid => {
            let uuid = text.parse::<Uuid>();
            Value::Uuid(uuid.map_err(|_| Mismatch::of_value("a UUID", text))?)
        }
    })
}

fn bytes(array: &dyn Array, row: usize) -> Result<&[u8], Mismatch> {
    let bytes = match array.data_type() {
        DataType::Binary => array.as_binary_opt::<i32>().map(|array| array.value(row)),
        DataType::LargeBinary => array.as_binary_opt::<i64>().map(|array| array.value(row)),
        DataType::FixedSizeBinary(_) => array
            .as_fixed_size_binary_opt()
            .map(|array| array.value(row)),
        _ => array.as_binary_view_opt().map(|array| array.value(row)),
    };
    bytes.ok_or_else(|| mistyped(array))
}

fn fixed_bytes<const N: usize>(array: &dyn Array, row: usize) -> Result<[u8; N], Mismatch> {
    bytes(array, row)?.try_into().map_err(|_| mistyped(array))
}

fn bytes_value(form: BytesForm, array: &dyn Array, row: usize) -> Result<Value, Mismatch> {
    let bytes = bytes(array, row)?;
    let value = match form {
        BytesForm::Blob => Some(Value::Blob(Blob(bytes.to_vec()))),
        BytesForm::Geometry => Some(Value::Geometry(Geometry(bytes.to_vec()))),
        BytesForm::Uuid => return Ok(Value::Uuid(Uuid::from_bytes(fixed_bytes(array, row)?))),
        BytesForm::Bit => bits(bytes).map(Value::Bit),
        BytesForm::BigNum => BigNum::from_engine(bytes).map(Value::BigNum),
        BytesForm::TimeTz => {
            let packed = u64::from_le_bytes(fixed_bytes(array, row)?);
            time_with_zone(packed).map(Value::TimeTz)
        }
    };
    value.ok_or_else(|| {
        let blob = Blob(bytes.to_vec());
        Mismatch::of_value(format!("the engine's bytes of a {form:?}"), blob)
    })
}

/// The engine's storage format of `BIT`: the number of padding bits, then the
/// bits, first one at the top, behind the padding.
/// Source: DuckDB, `src/common/types/bit.cpp`.
fn bits(bytes: &[u8]) -> Option<Bit> {
    let (padding, data) = bytes.split_first()?;
    if *padding > 7 {
        return None;
    }
    let bits = data
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1 == 1));
    Some(Bit(bits.skip(usize::from(*padding)).collect()))
}

/// The engine's storage format of `TIME WITH TIME ZONE`: microseconds in the
/// upper 40 bits, and how far the offset is below the largest in the lower 24.
/// Source: DuckDB, `src/include/duckdb/common/types/datetime.hpp`.
fn time_with_zone(packed: u64) -> Option<TimeTz> {
    let time = Time::from_micros(i64::try_from(packed >> 24).ok()?)?;
    let below_largest = i32::try_from(packed & 0xFF_FFFF).ok()?;
    TimeTz::new(time, TimeTz::MAX_OFFSET_SECONDS - below_largest)
}

fn dictionary_value(
    values: &ValueReader,
    array: &dyn Array,
    row: usize,
) -> Result<Value, Mismatch> {
    let dictionary = array
        .as_any_dictionary_opt()
        .ok_or_else(|| mistyped(array))?;
    let keys = dictionary.keys();
    let key = match keys.data_type() {
        DataType::Int8 => i64::from(primitive::<Int8Type>(keys, row)?),
        DataType::Int16 => i64::from(primitive::<Int16Type>(keys, row)?),
        DataType::Int32 => i64::from(primitive::<Int32Type>(keys, row)?),
        DataType::Int64 => primitive::<Int64Type>(keys, row)?,
        DataType::UInt8 => i64::from(primitive::<UInt8Type>(keys, row)?),
        DataType::UInt16 => i64::from(primitive::<UInt16Type>(keys, row)?),
        DataType::UInt32 => i64::from(primitive::<UInt32Type>(keys, row)?),
        _ => return Err(mistyped(array)),
    };
    let key = usize::try_from(key).map_err(|_| mistyped(array))?;
    values.read(dictionary.values(), key)
}

fn list_slice(array: &dyn Array, row: usize) -> Result<ArrayRef, Mismatch> {
    let slice = match array.data_type() {
        DataType::List(_) => array.as_list_opt::<i32>().map(|list| list.value(row)),
        DataType::LargeList(_) => array.as_list_opt::<i64>().map(|list| list.value(row)),
        DataType::ListView(_) => array.as_list_view_opt::<i32>().map(|list| list.value(row)),
        DataType::LargeListView(_) => array.as_list_view_opt::<i64>().map(|list| list.value(row)),
        _ => array.as_fixed_size_list_opt().map(|list| list.value(row)),
    };
    slice.ok_or_else(|| mistyped(array))
}

fn elements(element: &ValueReader, array: &dyn Array, row: usize) -> Result<Vec<Value>, Mismatch> {
    let slice = list_slice(array, row)?;
    (0..slice.len())
        .map(|index| {
            element
                .read(&slice, index)
                .map_err(|mismatch| mismatch.inside(format!("[{}]", index + 1)))
        })
        .collect()
}

fn struct_value(
    fields: &[(String, ValueReader)],
    array: &dyn Array,
    row: usize,
) -> Result<Value, Mismatch> {
    let columns = array.as_struct_opt().ok_or_else(|| mistyped(array))?;
    fields
        .iter()
        .zip(columns.columns())
        .map(|((name, reader), column)| {
            let value = reader
                .read(column, row)
                .map_err(|mismatch| mismatch.inside(format!(".{name}")))?;
            Ok((name.clone(), value))
        })
        .collect::<Result<_, _>>()
        .map(Value::Struct)
}

fn pairs(key: &ValueReader, value: &ValueReader, entries: &dyn Array) -> Result<Value, Mismatch> {
    let columns = entries.as_struct_opt().ok_or_else(|| mistyped(entries))?;
    let [keys, values] = columns.columns() else {
        return Err(mistyped(entries));
    };
    (0..entries.len())
        .map(|index| Ok((key.read(keys, index)?, value.read(values, index)?)))
        .collect::<Result<_, _>>()
        .map(Value::Map)
}

fn union_value(
    members: &[(i8, String, ValueReader)],
    array: &dyn Array,
    row: usize,
) -> Result<Value, Mismatch> {
    let union = array.as_union_opt().ok_or_else(|| mistyped(array))?;
    let id = union.type_id(row);
    let (_, name, reader) = members
        .iter()
        .find(|(member, _, _)| *member == id)
        .ok_or_else(|| mistyped(array))?;
    let value = reader
        .read(union.child(id), union.value_offset(row))
        .map_err(|mismatch| mismatch.inside(format!(".{name}")))?;
    Ok(Value::Union(name.clone(), Box::new(value)))
}

fn struct_union_value(
    members: &[(String, ValueReader)],
    array: &dyn Array,
    row: usize,
) -> Result<Value, Mismatch> {
    let parts = array.as_struct_opt().ok_or_else(|| mistyped(array))?;
    let (tag, columns) = parts
        .columns()
        .split_first()
        .ok_or_else(|| mistyped(array))?;
    let tag = text(tag, row)?;
    let ((name, reader), column) = members
        .iter()
        .zip(columns)
        .find(|((name, _), _)| name == tag)
        .ok_or_else(|| Mismatch::of_value("a known member of the UNION", tag))?;
    let value = reader
        .read(column, row)
        .map_err(|mismatch| mismatch.inside(format!(".{name}")))?;
    Ok(Value::Union(name.clone(), Box::new(value)))
}
