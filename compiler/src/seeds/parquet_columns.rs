//! The columns of a Parquet file, from its footer, with the types that DuckDB reads them as.

use super::SeedColumn;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::{FileId, Span, Spanned};
use crate::sql_type::SqlType;
use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::file::metadata::{ParquetMetaDataReader, RowGroupMetaData};
use parquet::schema::types::Type;

/// Reads the columns of a Parquet file from its footer: the metadata, its length in four bytes and
/// the closing `PAR1` (Apache Parquet, "File Format").
pub fn parquet_columns(file: FileId, footer: &[u8]) -> (Vec<SeedColumn>, Vec<Diagnostic>) {
    let top = Span::new(file, 0, 0);
    let refuse = |why: String| {
        let finding = Diagnostic::error(Code::MalformedSeed, top, "this isn't a Parquet file");
        (Vec::new(), vec![finding.note(why)])
    };
    let Some((metadata, length)) = footer
        .strip_suffix(b"PAR1")
        .and_then(|rest| rest.split_last_chunk::<4>())
    else {
        return refuse("it doesn't end in `PAR1`".to_owned());
    };
    if u32::from_le_bytes(*length) as usize != metadata.len() {
        return refuse("its footer is cut off".to_owned());
    }
    let metadata = match ParquetMetaDataReader::decode_metadata(metadata) {
        Ok(metadata) => metadata,
        Err(error) => return refuse(error.to_string()),
    };
    let schema = metadata.file_metadata().schema();
    let columns = schema
        .get_fields()
        .iter()
        .map(|field| SeedColumn {
            name: Spanned::new(field.name().to_owned(), top),
            sql_type: sql_type(field),
            nullable: repetition(field) != Repetition::REQUIRED,
            declared: None,
        })
        .collect();
    (columns, Vec::new())
}

/// How many nulls the footer counts in each column; `None` where it doesn't, as of nested columns.
pub(super) fn null_counts(footer: &[u8]) -> Vec<Option<u64>> {
    let metadata = footer
        .strip_suffix(b"PAR1")
        .and_then(|rest| rest.split_last_chunk::<4>())
        .and_then(|(metadata, _)| ParquetMetaDataReader::decode_metadata(metadata).ok());
    let Some(metadata) = metadata else {
        return Vec::new();
    };
    let in_group = |group: &RowGroupMetaData, field: &Type| {
        let mut chunks = group.columns().iter();
        let chunk =
            chunks.find(|chunk| chunk.column_path().parts() == [field.name().to_owned()])?;
        chunk.statistics()?.null_count_opt()
    };
    let fields = metadata.file_metadata().schema().get_fields();
    fields
        .iter()
        .map(|field| {
            let groups = metadata.row_groups().iter();
            groups.map(|group| in_group(group, field)).sum()
        })
        .collect()
}

fn repetition(field: &Type) -> Repetition {
    let info = field.get_basic_info();
    if info.has_repetition() {
        info.repetition()
    } else {
        Repetition::REQUIRED
    }
}

fn sql_type(field: &Type) -> SqlType {
    let one = if field.is_primitive() {
        primitive(field)
    } else {
        group(field)
    };
    match repetition(field) {
        Repetition::REPEATED => SqlType::List(Box::new(one)),
        _ => one,
    }
}

/// Lists and maps are groups of one repeated field; any other group is a struct.
fn group(field: &Type) -> SqlType {
    let info = field.get_basic_info();
    let fields = field.get_fields();
    let inner = fields.first().filter(|_| fields.len() == 1);
    match (info.converted_type(), inner) {
        (ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE, Some(entry))
            if entry.is_group() && entry.get_fields().len() == 2 =>
        {
            let parts = entry.get_fields();
            SqlType::Map(Box::new(sql_type(&parts[0])), Box::new(sql_type(&parts[1])))
        }
        (ConvertedType::LIST, Some(repeated)) => list(field, repeated),
        _ => structure(fields.iter().map(AsRef::as_ref)),
    }
}

fn structure<'t>(fields: impl Iterator<Item = &'t Type>) -> SqlType {
    SqlType::Struct(
        fields
            .map(|field| (field.name().to_owned(), sql_type(field)))
            .collect(),
    )
}

/// The repeated field of a list is its element, or a group around it (Apache Parquet, "Logical
/// Types", "Lists", with the rules for older writers).
fn list(field: &Type, repeated: &Type) -> SqlType {
    if repeated.is_primitive() {
        return SqlType::List(Box::new(primitive(repeated)));
    }
    let inner = repeated.get_fields();
    let is_element = inner.len() != 1
        || repeated.name() == "array"
        || repeated.name() == format!("{}_tuple", field.name());
    let element = if is_element {
        structure(inner.iter().map(AsRef::as_ref))
    } else {
        sql_type(&inner[0])
    };
    SqlType::List(Box::new(element))
}

fn primitive(field: &Type) -> SqlType {
    let info = field.get_basic_info();
    if let Some(found) = info
        .logical_type_ref()
        .and_then(|logical| logical_type(logical, field))
    {
        return found;
    }
    match info.converted_type() {
        ConvertedType::UTF8 | ConvertedType::ENUM => SqlType::Varchar,
        ConvertedType::JSON => SqlType::Json,
        ConvertedType::DATE => SqlType::Date,
        ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS => SqlType::Time,
        ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS => SqlType::Timestamp,
        ConvertedType::INT_8 => SqlType::TinyInt,
        ConvertedType::INT_16 => SqlType::SmallInt,
        ConvertedType::INT_32 => SqlType::Integer,
        ConvertedType::INT_64 => SqlType::BigInt,
        ConvertedType::UINT_8 => SqlType::UTinyInt,
        ConvertedType::UINT_16 => SqlType::USmallInt,
        ConvertedType::UINT_32 => SqlType::UInteger,
        ConvertedType::UINT_64 => SqlType::UBigInt,
        ConvertedType::INTERVAL => SqlType::Interval,
        ConvertedType::DECIMAL => decimal(field.get_precision(), field.get_scale()),
        _ => physical(field.get_physical_type()),
    }
}

fn logical_type(logical: &LogicalType, field: &Type) -> Option<SqlType> {
    Some(match logical {
        LogicalType::String | LogicalType::Enum => SqlType::Varchar,
        LogicalType::Json => SqlType::Json,
        LogicalType::Uuid => SqlType::Uuid,
        LogicalType::Date => SqlType::Date,
        LogicalType::Float16 => SqlType::Float,
        LogicalType::Decimal { .. } => decimal(field.get_precision(), field.get_scale()),
        LogicalType::Time {
            is_adjusted_to_u_t_c: true,
            ..
        } => SqlType::TimeTz,
        LogicalType::Time {
            unit: TimeUnit::NANOS,
            ..
        } => SqlType::TimeNs,
        LogicalType::Time { .. } => SqlType::Time,
        LogicalType::Timestamp {
            is_adjusted_to_u_t_c: true,
            ..
        } => SqlType::TimestampTz,
        LogicalType::Timestamp {
            unit: TimeUnit::NANOS,
            ..
        } => SqlType::TimestampNs,
        LogicalType::Timestamp { .. } => SqlType::Timestamp,
        LogicalType::Integer {
            bit_width,
            is_signed,
        } => match (bit_width, is_signed) {
            (8, true) => SqlType::TinyInt,
            (16, true) => SqlType::SmallInt,
            (32, true) => SqlType::Integer,
            (64, true) => SqlType::BigInt,
            (8, false) => SqlType::UTinyInt,
            (16, false) => SqlType::USmallInt,
            (32, false) => SqlType::UInteger,
            (64, false) => SqlType::UBigInt,
            _ => return None,
        },
        _ => return None,
    })
}

/// DuckDB reads decimals that are wider than its own as doubles.
fn decimal(precision: i32, scale: i32) -> SqlType {
    match (u8::try_from(precision), u8::try_from(scale)) {
        (Ok(precision @ 1..=38), Ok(scale)) => SqlType::Decimal(precision, scale),
        _ => SqlType::Double,
    }
}

fn physical(physical: Physical) -> SqlType {
    match physical {
        Physical::BOOLEAN => SqlType::Boolean,
        Physical::INT32 => SqlType::Integer,
        Physical::INT64 => SqlType::BigInt,
        Physical::INT96 => SqlType::Timestamp,
        Physical::FLOAT => SqlType::Float,
        Physical::DOUBLE => SqlType::Double,
        Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => SqlType::Blob,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::read_project;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    use std::fs;
    use std::sync::Arc;

    const FILE: FileId = FileId(0);

    /// The bytes of a Parquet file without rows.
    fn empty_file(schema: &str) -> Vec<u8> {
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let mut bytes = Vec::new();
        let writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
        writer.close().unwrap();
        bytes
    }

    #[test]
    fn types_are_those_of_the_engine() {
        let bytes = empty_file(
            "message schema {
                required int64 id;
                optional binary name (UTF8);
                optional int32 day (DATE);
                optional int64 at (TIMESTAMP(MICROS,false));
                optional int64 at_tz (TIMESTAMP(MICROS,true));
                optional fixed_len_byte_array(8) amount (DECIMAL(18,2));
                optional int32 small (INTEGER(16,true));
                optional double x;
                optional binary raw;
                optional group tags (LIST) { repeated group list { optional binary element (UTF8); } }
                optional group counts (MAP) { repeated group key_value { required binary key (UTF8); optional int32 value; } }
                optional group place { optional double lat; optional double lon; }
            }",
        );
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("seeds")).unwrap();
        fs::write(folder.path().join("dbgo.toml"), "name = 'a'").unwrap();
        fs::write(folder.path().join("seeds/a.parquet"), &bytes).unwrap();
        let (files, diagnostics) = read_project(folder.path());
        assert!(diagnostics.is_empty());
        let seed = &files.seeds[0];
        assert_eq!(files.sources.file(seed.data).hash, blake3::hash(&bytes));
        let (columns, diagnostics) = parquet_columns(seed.data, &seed.footer);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let types: Vec<String> = columns
            .iter()
            .map(|column| column.sql_type.to_string())
            .collect();
        assert_eq!(
            types,
            [
                "BIGINT",
                "VARCHAR",
                "DATE",
                "TIMESTAMP",
                "TIMESTAMP WITH TIME ZONE",
                "DECIMAL(18,2)",
                "SMALLINT",
                "DOUBLE",
                "BLOB",
                "VARCHAR[]",
                "MAP(VARCHAR, INTEGER)",
                "STRUCT(lat DOUBLE, lon DOUBLE)",
            ]
        );
        let nullable: Vec<bool> = columns.iter().map(|column| column.nullable).collect();
        assert_eq!(nullable[..2], [false, true]);
    }

    #[test]
    fn what_is_no_parquet_is_refused() {
        let whole = empty_file("message schema { required int64 id; }");
        let footer_start = whole.len()
            - 8
            - u32::from_le_bytes(*whole[..whole.len() - 4].last_chunk::<4>().unwrap()) as usize;
        let footer = &whole[footer_start..];
        assert_eq!(parquet_columns(FILE, footer).0.len(), 1);
        let mut torn = footer.to_vec();
        torn[0] ^= 0xFF;
        for bad in [&b""[..], b"PAR1", b"hello world", &footer[1..], &torn] {
            let (columns, diagnostics) = parquet_columns(FILE, bad);
            assert!(columns.is_empty());
            assert_eq!(diagnostics[0].code, Code::MalformedSeed);
        }
    }
}
