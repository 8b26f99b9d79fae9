//! From values to an Arrow array, in the form of the engine's lossless export.

use std::sync::Arc;

use arrow_array::builder::{FixedSizeBinaryBuilder, StringBuilder};
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, IntervalMonthDayNanoType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, DictionaryArray, FixedSizeListArray,
    ListArray, MapArray, NullArray, PrimitiveArray, StructArray, UInt32Array, UnionArray,
};
use arrow_buffer::{IntervalMonthDayNano, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields, UnionFields, UnionMode};

use super::extension::{Extension, field_with};
use super::reader::unreadable;
use crate::read_error::Mismatch;
use crate::sql_type::SqlType;
use crate::value::Value;
use crate::{Bit, Decimal};

/// Writes values of one type to an array, with the field that describes it.
///
/// Two things don't survive in Arrow: a null `UNION` becomes one whose first
/// member is null, and an `INTERVAL` of more than 292 years of microseconds is
/// refused.
///
/// # Errors
/// A value is not of the type, or Arrow can't hold it.
pub fn write_array(
    name: &str,
    sql_type: &SqlType,
    values: &[Value],
) -> Result<(Field, ArrayRef), Mismatch> {
    let values: Vec<&Value> = values.iter().collect();
    encode(name, sql_type, &values)
}

type Encoded = Result<(Field, ArrayRef), Mismatch>;

/// The place of values that a null container leaves empty.
static NULL: Value = Value::Null;

fn encode(name: &str, sql_type: &SqlType, values: &[&Value]) -> Encoded {
    let column = Scalars {
        name,
        sql_type,
        values,
    };
    match sql_type {
        SqlType::Enum(labels) => column.labels(labels),
        SqlType::List(element) => list(&column, element),
        SqlType::Array(element, length) => array(&column, element, *length),
        SqlType::Struct(fields) => structure(&column, fields),
        SqlType::Map(key, value) => map(&column, key, value),
        SqlType::Union(members) => union(&column, members),
        _ => column.encode(),
    }
}

/// Values of one type, and the name of the field that they become.
struct Scalars<'a> {
    name: &'a str,
    sql_type: &'a SqlType,
    values: &'a [&'a Value],
}

macro_rules! primitives {
    ($column:expr, $arrow:ty, $variant:ident, $value:ident => $convert:expr) => {
        $column.primitives::<$arrow>(|value| match value {
            Value::$variant($value) => Some($convert),
            _ => None,
        })
    };
}

impl Scalars<'_> {
    fn encode(&self) -> Encoded {
        match self.sql_type {
            SqlType::Null => {
                self.each(|_| None::<()>)?;
                self.finish(NullArray::new(self.values.len()), Extension::None)
            }
            SqlType::Boolean => {
                let values = self.each(|value| match value {
                    Value::Boolean(value) => Some(*value),
                    _ => None,
                })?;
                self.finish(BooleanArray::from(values), Extension::None)
            }
            SqlType::TinyInt => primitives!(self, Int8Type, TinyInt, value => *value),
            SqlType::SmallInt => primitives!(self, Int16Type, SmallInt, value => *value),
            SqlType::Integer => primitives!(self, Int32Type, Integer, value => *value),
            SqlType::BigInt => primitives!(self, Int64Type, BigInt, value => *value),
            SqlType::UTinyInt => primitives!(self, UInt8Type, UTinyInt, value => *value),
            SqlType::USmallInt => primitives!(self, UInt16Type, USmallInt, value => *value),
            SqlType::UInteger => primitives!(self, UInt32Type, UInteger, value => *value),
            SqlType::UBigInt => primitives!(self, UInt64Type, UBigInt, value => *value),
            SqlType::Float => primitives!(self, Float32Type, Float, value => *value),
            SqlType::Double => primitives!(self, Float64Type, Double, value => *value),
            SqlType::Decimal { width, scale } => self.decimals(*width, *scale),
            SqlType::HugeInt | SqlType::UHugeInt | SqlType::Uuid | SqlType::TimeTz => {
                self.fixed_bytes()
            }
            SqlType::Varchar | SqlType::Json | SqlType::Variant => self.texts(),
            SqlType::Blob | SqlType::Bit | SqlType::BigNum | SqlType::Geometry => self.bytes(),
            _ => self.temporal(),
        }
    }

    fn temporal(&self) -> Encoded {
        match self.sql_type {
            SqlType::Date => primitives!(self, Date32Type, Date, value => value.days()),
            SqlType::Time => {
                primitives!(self, Time64MicrosecondType, Time, value => value.micros())
            }
            SqlType::TimeNs => {
                primitives!(self, Time64NanosecondType, TimeNs, value => value.nanos())
            }
            SqlType::TimestampS => {
                primitives!(self, TimestampSecondType, TimestampS, value => value.seconds())
            }
            SqlType::TimestampMs => {
                primitives!(self, TimestampMillisecondType, TimestampMs, value => value.millis())
            }
            SqlType::Timestamp => {
                primitives!(self, TimestampMicrosecondType, Timestamp, value => value.micros())
            }
            SqlType::TimestampNs => {
                primitives!(self, TimestampNanosecondType, TimestampNs, value => value.nanos())
            }
            SqlType::TimestampTz => {
                let values = self.each(|value| match value {
                    Value::TimestampTz(value) => Some(value.micros()),
                    _ => None,
                })?;
                let array = PrimitiveArray::<TimestampMicrosecondType>::from_iter(values);
                self.finish(array.with_timezone("UTC"), Extension::None)
            }
            _ => self.intervals(),
        }
    }

    /// Each value converted, nulls kept; what `convert` has nothing for is of
    /// the wrong type.
    fn each<T>(&self, convert: impl Fn(&Value) -> Option<T>) -> Result<Vec<Option<T>>, Mismatch> {
        self.values
            .iter()
            .map(|value| match value {
                Value::Null => Ok(None),
                value => convert(value).map(Some).ok_or_else(|| self.misfit(value)),
            })
            .collect()
    }

    fn misfit(&self, value: &Value) -> Mismatch {
        let expected = self.sql_type.to_string();
        if expected.starts_with(value.type_name()) {
            Mismatch::of_value(expected, value)
        } else {
            Mismatch::of_type(expected, value)
        }
    }

    fn finish(&self, array: impl arrow_array::Array + 'static, extension: Extension) -> Encoded {
        let field = field_with(self.name, array.data_type().clone(), extension);
        Ok((field, Arc::new(array)))
    }

    fn primitives<T: ArrowPrimitiveType>(
        &self,
        convert: impl Fn(&Value) -> Option<T::Native>,
    ) -> Encoded {
        let array = PrimitiveArray::<T>::from_iter(self.each(convert)?);
        self.finish(array, Extension::None)
    }

    fn decimals(&self, width: u8, scale: u8) -> Encoded {
        let values = self.each(|value| match value {
            Value::Decimal(value) => rescaled(*value, width, scale),
            _ => None,
        })?;
        // a scale is at most 38
        let array = Decimal128Array::from(values).with_precision_and_scale(width, scale as i8);
        self.finish(array.map_err(refused)?, Extension::None)
    }

    fn intervals(&self) -> Encoded {
        let values = self.each(|value| match value {
            Value::Interval(value) => Some(IntervalMonthDayNano::new(
                value.months,
                value.days,
                value.micros.checked_mul(1_000)?,
            )),
            _ => None,
        })?;
        let array = PrimitiveArray::<IntervalMonthDayNanoType>::from_iter(values);
        self.finish(array, Extension::None)
    }

    fn texts(&self) -> Encoded {
        let mut builder = StringBuilder::new();
        for text in self.each(|value| match value {
            Value::Varchar(text) => Some(text.clone()),
            Value::Json(json) => Some(json.0.clone()),
            _ => None,
        })? {
            builder.append_option(text);
        }
        let extension = match self.sql_type {
            SqlType::Json => Extension::Json,
            _ => Extension::None,
        };
        self.finish(builder.finish(), extension)
    }

    fn bytes(&self) -> Encoded {
        let values = self.each(|value| match (value, self.sql_type) {
            (Value::Blob(blob), SqlType::Blob) => Some(blob.0.clone()),
            (Value::Geometry(geometry), SqlType::Geometry) => Some(geometry.0.clone()),
            (Value::Bit(bits), SqlType::Bit) => Some(bit_bytes(bits)),
            (Value::BigNum(number), SqlType::BigNum) => number.to_engine(),
            _ => None,
        })?;
        let extension = match self.sql_type {
            SqlType::Bit => Extension::Bit,
            SqlType::BigNum => Extension::BigNum,
            SqlType::Geometry => Extension::Geometry,
            _ => Extension::None,
        };
        self.finish(BinaryArray::from_iter(values), extension)
    }

    fn fixed_bytes(&self) -> Encoded {
        let (length, extension) = match self.sql_type {
            SqlType::TimeTz => (8, Extension::TimeTz),
            SqlType::HugeInt => (16, Extension::HugeInt),
            SqlType::UHugeInt => (16, Extension::UHugeInt),
            _ => (16, Extension::Uuid),
        };
        let values = self.each(|value| match (value, self.sql_type) {
            (Value::HugeInt(number), SqlType::HugeInt) => Some(number.to_le_bytes().to_vec()),
            (Value::UHugeInt(number), SqlType::UHugeInt) => Some(number.to_le_bytes().to_vec()),
            (Value::Uuid(uuid), SqlType::Uuid) => Some(uuid.bytes().to_vec()),
            (Value::TimeTz(time), SqlType::TimeTz) => {
                let below_largest = crate::TimeTz::MAX_OFFSET_SECONDS - time.offset_seconds();
                let packed = time.time().micros() << 24 | i64::from(below_largest);
                Some(packed.to_le_bytes().to_vec())
            }
            _ => None,
        })?;
        let mut builder = FixedSizeBinaryBuilder::new(length);
        for value in values {
            match value {
                Some(bytes) => builder.append_value(bytes).map_err(refused)?,
                None => builder.append_null(),
            }
        }
        self.finish(builder.finish(), extension)
    }

    fn labels(&self, labels: &[String]) -> Encoded {
        let keys = self.each(|value| match value {
            Value::Enum(label) => {
                let place = labels.iter().position(|known| known == label)?;
                u32::try_from(place).ok()
            }
            _ => None,
        })?;
        let mut builder = StringBuilder::new();
        labels.iter().for_each(|label| builder.append_value(label));
        let array = DictionaryArray::try_new(UInt32Array::from(keys), Arc::new(builder.finish()));
        self.finish(array.map_err(refused)?, Extension::None)
    }

    fn nulls(&self) -> NullBuffer {
        self.values.iter().map(|value| !value.is_null()).collect()
    }
}

fn refused(error: ArrowError) -> Mismatch {
    unreadable("what Arrow can hold", error.to_string())
}

/// The unscaled number at another scale, if that loses nothing.
fn rescaled(number: Decimal, width: u8, scale: u8) -> Option<i128> {
    let unscaled = if number.scale() <= scale {
        let factor = 10_i128.pow(u32::from(scale - number.scale()));
        number.unscaled().checked_mul(factor)?
    } else {
        let factor = 10_i128.pow(u32::from(number.scale() - scale));
        (number.unscaled() % factor == 0).then(|| number.unscaled() / factor)?
    };
    (unscaled.unsigned_abs() < 10_u128.pow(u32::from(width))).then_some(unscaled)
}

/// The engine's storage format of `BIT`, as in the module `decode`; the
/// padding is all ones.
fn bit_bytes(bits: &Bit) -> Vec<u8> {
    let padding = (8 - bits.0.len() % 8) % 8;
    let padded: Vec<bool> = std::iter::repeat_n(true, padding)
        .chain(bits.0.iter().copied())
        .collect();
    let data = padded
        .chunks(8)
        .map(|chunk| chunk.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit)));
    // at most 7
    std::iter::once(padding as u8).chain(data).collect()
}

/// Where each list ends; a null one is empty.
fn offsets(lengths: &[Option<usize>]) -> Result<OffsetBuffer<i32>, Mismatch> {
    let lengths = lengths.iter().map(|length| length.unwrap_or(0));
    let total: usize = lengths.clone().sum();
    if i32::try_from(total).is_err() {
        return Err(Mismatch::of_value("at most 2^31 - 1 elements", total));
    }
    Ok(OffsetBuffer::from_lengths(lengths))
}

fn list(column: &Scalars<'_>, element: &SqlType) -> Encoded {
    let lists = column.each(|value| match value {
        Value::List(values) => Some(values.len()),
        _ => None,
    })?;
    let elements: Vec<&Value> = column
        .values
        .iter()
        .flat_map(|value| match value {
            Value::List(values) => values.as_slice(),
            _ => &[],
        })
        .collect();
    let (field, values) = encode("l", element, &elements)?;
    let offsets = offsets(&lists)?;
    let array = ListArray::try_new(Arc::new(field), offsets, values, Some(column.nulls()));
    column.finish(array.map_err(refused)?, Extension::None)
}

fn array(column: &Scalars<'_>, element: &SqlType, length: usize) -> Encoded {
    column.each(|value| match value {
        Value::Array(values) if values.len() == length => Some(()),
        _ => None,
    })?;
    let elements: Vec<&Value> = column
        .values
        .iter()
        .flat_map(|value| match value {
            Value::Array(values) => values.iter().collect(),
            _ => vec![&NULL; length],
        })
        .collect();
    let (field, values) = encode("", element, &elements)?;
    let size = i32::try_from(length)
        .map_err(|_| Mismatch::of_value("an array that Arrow can hold", length))?;
    let array = FixedSizeListArray::try_new(Arc::new(field), size, values, Some(column.nulls()));
    column.finish(array.map_err(refused)?, Extension::None)
}

fn structure(column: &Scalars<'_>, fields: &[(String, SqlType)]) -> Encoded {
    column.each(|value| match value {
        Value::Struct(values) if values.len() == fields.len() => Some(()),
        _ => None,
    })?;
    let mut children = Vec::with_capacity(fields.len());
    for (index, (name, sql_type)) in fields.iter().enumerate() {
        let values: Vec<&Value> = column
            .values
            .iter()
            .map(|value| match value {
                Value::Struct(values) => &values[index].1,
                _ => &NULL,
            })
            .collect();
        children.push(encode(name, sql_type, &values)?);
    }
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = children.into_iter().unzip();
    let array = StructArray::try_new(Fields::from(fields), arrays, Some(column.nulls()));
    column.finish(array.map_err(refused)?, Extension::None)
}

fn map(column: &Scalars<'_>, key_type: &SqlType, value_type: &SqlType) -> Encoded {
    let lengths = column.each(|value| match value {
        Value::Map(pairs) => Some(pairs.len()),
        _ => None,
    })?;
    let pairs: Vec<&(Value, Value)> = column
        .values
        .iter()
        .flat_map(|value| match value {
            Value::Map(pairs) => pairs.as_slice(),
            _ => &[],
        })
        .collect();
    let keys: Vec<&Value> = pairs.iter().map(|(key, _)| key).collect();
    let values: Vec<&Value> = pairs.iter().map(|(_, value)| value).collect();
    let (key_field, keys) = encode("key", key_type, &keys)?;
    let (value_field, values) = encode("value", value_type, &values)?;
    let fields = Fields::from(vec![key_field.with_nullable(false), value_field]);
    let entries = StructArray::try_new(fields, vec![keys, values], None).map_err(refused)?;
    let field = Field::new(
        "entries",
        arrow_array::Array::data_type(&entries).clone(),
        false,
    );
    let offsets = offsets(&lengths)?;
    let array = MapArray::try_new(
        Arc::new(field),
        offsets,
        entries,
        Some(column.nulls()),
        false,
    );
    column.finish(array.map_err(refused)?, Extension::None)
}

fn union(column: &Scalars<'_>, members: &[(String, SqlType)]) -> Encoded {
    let place = |value: &Value| match value {
        Value::Union(tag, _) => {
            let place = members.iter().position(|(name, _)| name == tag)?;
            i8::try_from(place).ok()
        }
        _ => None,
    };
    let ids = column.each(place)?;
    let ids: Vec<i8> = ids.into_iter().map(|id| id.unwrap_or(0)).collect();
    let mut children = Vec::with_capacity(members.len());
    for (name, sql_type) in members {
        let values: Vec<&Value> = column
            .values
            .iter()
            .map(|value| match value {
                Value::Union(tag, value) if tag == name => value.as_ref(),
                _ => &NULL,
            })
            .collect();
        children.push(encode(name, sql_type, &values)?);
    }
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = children.into_iter().unzip();
    let fields = UnionFields::try_from_fields(fields).map_err(refused)?;
    let field_type = DataType::Union(fields.clone(), UnionMode::Sparse);
    let array = UnionArray::try_new(fields, ScalarBuffer::from(ids), None, arrays);
    let array = array.map_err(refused)?;
    Ok((Field::new(column.name, field_type, true), Arc::new(array)))
}
