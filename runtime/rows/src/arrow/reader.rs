//! Decides once for a column how its values are read.

use arrow_array::Array;
use arrow_schema::{DataType, Field, IntervalUnit, TimeUnit};

use super::extension::{Extension, extension_of};
use crate::read_error::{Mismatch, ReadErrorKind};
use crate::sql_type::SqlType;
use crate::value::Value;

/// Reads the values of one Arrow column.
///
/// ```
/// use dbgo_rows::arrow::{ValueReader, write_array};
/// use dbgo_rows::{SqlType, Value};
///
/// let sql_type: SqlType = "HUGEINT[]".parse()?;
/// let value = Value::List(vec![Value::HugeInt(i128::MIN), Value::Null]);
/// let (field, array) = write_array("big", &sql_type, &[value.clone()])?;
///
/// let reader = ValueReader::new(&field, Some(&sql_type))?;
/// assert_eq!(reader.read(&array, 0)?, value);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ValueReader {
    pub(super) form: Form,
}

/// How a column's values lie in memory, and what they are.
#[derive(Debug)]
pub(super) enum Form {
    Null,
    Boolean,
    Bool8,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float32,
    Float64,
    /// A decimal of 32, 64 or 128 bits.
    Decimal,
    /// An integer of 128 bits that came as a decimal.
    DecimalHugeInt,
    DecimalUHugeInt,
    HugeInt,
    UHugeInt,
    Text(TextForm),
    Bytes(BytesForm),
    Date,
    Time,
    TimeNs,
    TimestampS,
    TimestampMs,
    Timestamp,
    TimestampNs,
    TimestampTz,
    Interval,
    /// Keys into a dictionary.
    Dictionary(Box<ValueReader>),
    List(Box<ValueReader>),
    Array(Box<ValueReader>),
    Struct(Vec<(String, ValueReader)>),
    Map(Box<ValueReader>, Box<ValueReader>),
    /// A map that came as a list of keys and values.
    ListMap(Box<ValueReader>, Box<ValueReader>),
    /// Members by their type id.
    Union(Vec<(i8, String, ValueReader)>),
    /// A union that came as a struct of the tag and each member.
    StructUnion(Vec<(String, ValueReader)>),
}

/// What a text stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum TextForm {
    Varchar,
    Json,
    Enum,
    Interval,
    Uuid,
}

/// What bytes stand for.
#[derive(Debug, Clone, Copy)]
pub(super) enum BytesForm {
    Blob,
    Bit,
    BigNum,
    Geometry,
    Uuid,
    TimeTz,
}

impl ValueReader {
    /// A reader for columns of this field. The SQL type is needed where the
    /// column was selected through [`read_projection`](crate::read_projection),
    /// and is a hint elsewhere.
    ///
    /// # Errors
    /// The Arrow type is none that this crate reads.
    pub fn new(field: &Field, sql_type: Option<&SqlType>) -> Result<Self, Mismatch> {
        form_of(field, sql_type).map(|form| Self { form })
    }

    /// The value in this row of an array of the reader's field.
    ///
    /// # Errors
    /// The array is of another type, ends before the row, or holds what the
    /// type can't.
    pub fn read(&self, array: &dyn Array, row: usize) -> Result<Value, Mismatch> {
        if row >= array.len() {
            return Err(unreadable("a row", format!("{} rows", array.len())));
        }
        super::decode::decode(&self.form, array, row)
    }

    fn boxed(field: &Field, sql_type: Option<&SqlType>) -> Result<Box<Self>, Mismatch> {
        Self::new(field, sql_type).map(Box::new)
    }
}

pub(super) fn unreadable(expected: &str, found: impl Into<String>) -> Mismatch {
    Mismatch::with_kind(ReadErrorKind::Format, expected, found)
}

fn form_of(field: &Field, sql_type: Option<&SqlType>) -> Result<Form, Mismatch> {
    let extension = extension_of(field);
    Ok(match field.data_type() {
        DataType::Null => Form::Null,
        DataType::Boolean => Form::Boolean,
        DataType::Int8 if extension == Extension::Bool8 => Form::Bool8,
        DataType::Int8 => Form::Int8,
        DataType::Int16 => Form::Int16,
        DataType::Int32 => Form::Int32,
        DataType::Int64 => Form::Int64,
        DataType::UInt8 => Form::UInt8,
        DataType::UInt16 => Form::UInt16,
        DataType::UInt32 => Form::UInt32,
        DataType::UInt64 => Form::UInt64,
        DataType::Float32 => Form::Float32,
        DataType::Float64 => Form::Float64,
        DataType::Decimal128(_, 0) if sql_type == Some(&SqlType::HugeInt) => Form::DecimalHugeInt,
        DataType::Decimal128(_, 0) if sql_type == Some(&SqlType::UHugeInt) => Form::DecimalUHugeInt,
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) => {
            Form::Decimal
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            Form::Text(text_form(extension, sql_type))
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            Form::Bytes(bytes_form(extension, sql_type))
        }
        DataType::FixedSizeBinary(_) => fixed_bytes_form(extension),
        DataType::Date32
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Timestamp(..)
        | DataType::Interval(_) => temporal_form(field.data_type())?,
        DataType::Dictionary(_, values) => {
            let text = SqlType::Enum(Vec::new());
            let values = Field::new(field.name(), values.as_ref().clone(), true);
            Form::Dictionary(ValueReader::boxed(&values, sql_type.or(Some(&text)))?)
        }
        _ => nested_form(field, sql_type)?,
    })
}

fn text_form(extension: Extension, sql_type: Option<&SqlType>) -> TextForm {
    match (extension, sql_type) {
        (Extension::Json, _) | (_, Some(SqlType::Json)) => TextForm::Json,
        (_, Some(SqlType::Enum(_))) => TextForm::Enum,
        (_, Some(SqlType::Interval)) => TextForm::Interval,
        (_, Some(SqlType::Uuid)) => TextForm::Uuid,
        _ => TextForm::Varchar,
    }
}

fn bytes_form(extension: Extension, sql_type: Option<&SqlType>) -> BytesForm {
    match (extension, sql_type) {
        (Extension::Bit, _) | (_, Some(SqlType::Bit)) => BytesForm::Bit,
        (Extension::BigNum, _) | (_, Some(SqlType::BigNum)) => BytesForm::BigNum,
        (Extension::Geometry, _) | (_, Some(SqlType::Geometry)) => BytesForm::Geometry,
        _ => BytesForm::Blob,
    }
}

fn fixed_bytes_form(extension: Extension) -> Form {
    match extension {
        Extension::HugeInt => Form::HugeInt,
        Extension::UHugeInt => Form::UHugeInt,
        Extension::Uuid => Form::Bytes(BytesForm::Uuid),
        Extension::TimeTz => Form::Bytes(BytesForm::TimeTz),
        _ => Form::Bytes(BytesForm::Blob),
    }
}

fn temporal_form(data_type: &DataType) -> Result<Form, Mismatch> {
    Ok(match data_type {
        DataType::Date32 => Form::Date,
        DataType::Time32(_) | DataType::Time64(TimeUnit::Microsecond) => Form::Time,
        DataType::Time64(_) => Form::TimeNs,
        DataType::Timestamp(TimeUnit::Second, None) => Form::TimestampS,
        DataType::Timestamp(TimeUnit::Millisecond, None) => Form::TimestampMs,
        DataType::Timestamp(TimeUnit::Microsecond, None) => Form::Timestamp,
        DataType::Timestamp(TimeUnit::Nanosecond, None) => Form::TimestampNs,
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => Form::TimestampTz,
        DataType::Interval(IntervalUnit::MonthDayNano) => Form::Interval,
        other => return Err(unknown(other)),
    })
}

fn unknown(data_type: &DataType) -> Mismatch {
    unreadable("a known Arrow type", format!("`{data_type}`"))
}

fn nested_form(field: &Field, sql_type: Option<&SqlType>) -> Result<Form, Mismatch> {
    Ok(match field.data_type() {
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::LargeListView(element) => list_form(element, sql_type)?,
        DataType::FixedSizeList(element, _) => {
            Form::Array(ValueReader::boxed(element, element_type(sql_type))?)
        }
        DataType::Struct(fields) => match sql_type {
            Some(SqlType::Union(members)) if fields.len() == members.len() + 1 => {
                let readers = fields[1..].iter().zip(members);
                let readers = readers.map(|(field, (name, member))| {
                    Ok((name.clone(), ValueReader::new(field, Some(member))?))
                });
                Form::StructUnion(readers.collect::<Result<_, _>>()?)
            }
            _ => {
                let readers = fields.iter().enumerate().map(|(index, field)| {
                    let reader = ValueReader::new(field, field_type(sql_type, index))?;
                    Ok((field.name().clone(), reader))
                });
                Form::Struct(readers.collect::<Result<_, _>>()?)
            }
        },
        DataType::Map(entries, _) => {
            let (key, value) = pair_readers(entries, sql_type)?;
            Form::Map(key, value)
        }
        DataType::Union(fields, _) => {
            let readers = fields.iter().enumerate().map(|(index, (id, field))| {
                let reader = ValueReader::new(field, field_type(sql_type, index))?;
                Ok((id, field.name().clone(), reader))
            });
            Form::Union(readers.collect::<Result<_, _>>()?)
        }
        other => return Err(unknown(other)),
    })
}

fn list_form(element: &Field, sql_type: Option<&SqlType>) -> Result<Form, Mismatch> {
    if let Some(SqlType::Map(..)) = sql_type {
        let (key, value) = pair_readers(element, sql_type)?;
        return Ok(Form::ListMap(key, value));
    }
    let reader = ValueReader::boxed(element, element_type(sql_type))?;
    Ok(match sql_type {
        Some(SqlType::Array(..)) => Form::Array(reader),
        _ => Form::List(reader),
    })
}

fn pair_readers(
    entries: &Field,
    sql_type: Option<&SqlType>,
) -> Result<(Box<ValueReader>, Box<ValueReader>), Mismatch> {
    let (key_type, value_type) = match sql_type {
        Some(SqlType::Map(key, value)) => (Some(key.as_ref()), Some(value.as_ref())),
        _ => (None, None),
    };
    match entries.data_type() {
        DataType::Struct(fields) if fields.len() == 2 => Ok((
            ValueReader::boxed(&fields[0], key_type)?,
            ValueReader::boxed(&fields[1], value_type)?,
        )),
        other => Err(unknown(other)),
    }
}

fn element_type(sql_type: Option<&SqlType>) -> Option<&SqlType> {
    match sql_type? {
        SqlType::List(element) | SqlType::Array(element, _) => Some(element),
        _ => None,
    }
}

fn field_type(sql_type: Option<&SqlType>, index: usize) -> Option<&SqlType> {
    match sql_type? {
        SqlType::Struct(fields) | SqlType::Union(fields) => {
            fields.get(index).map(|(_, sql_type)| sql_type)
        }
        _ => None,
    }
}
