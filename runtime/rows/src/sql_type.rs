//! SQL types as data.

mod parse;

use std::fmt;

/// A type of the engine, with its parameters.
///
/// `Display` writes it as the engine does, and `FromStr` reads that (and the
/// usual other names of the types, in any case):
///
/// ```
/// use dbgo_rows::SqlType;
///
/// let sql_type: SqlType = "struct(price numeric(18, 2), tags text[])".parse()?;
/// assert_eq!(
///     sql_type.to_string(),
///     "STRUCT(price DECIMAL(18,2), tags VARCHAR[])"
/// );
/// # Ok::<(), dbgo_rows::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SqlType {
    /// The type of a bare `NULL`.
    Null,
    /// `BOOLEAN`
    Boolean,
    /// `TINYINT`
    TinyInt,
    /// `SMALLINT`
    SmallInt,
    /// `INTEGER`
    Integer,
    /// `BIGINT`
    BigInt,
    /// `HUGEINT`
    HugeInt,
    /// `UTINYINT`
    UTinyInt,
    /// `USMALLINT`
    USmallInt,
    /// `UINTEGER`
    UInteger,
    /// `UBIGINT`
    UBigInt,
    /// `UHUGEINT`
    UHugeInt,
    /// `FLOAT`
    Float,
    /// `DOUBLE`
    Double,
    /// `DECIMAL(width, scale)`
    Decimal {
        /// Digits in all, 1 to 38.
        width: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// `BIGNUM`
    BigNum,
    /// `VARCHAR`
    Varchar,
    /// `BLOB`
    Blob,
    /// `BIT`
    Bit,
    /// `DATE`
    Date,
    /// `TIME`
    Time,
    /// `TIME_NS`
    TimeNs,
    /// `TIME WITH TIME ZONE`
    TimeTz,
    /// `TIMESTAMP`
    Timestamp,
    /// `TIMESTAMP_S`
    TimestampS,
    /// `TIMESTAMP_MS`
    TimestampMs,
    /// `TIMESTAMP_NS`
    TimestampNs,
    /// `TIMESTAMP WITH TIME ZONE`
    TimestampTz,
    /// `INTERVAL`
    Interval,
    /// `UUID`
    Uuid,
    /// `JSON`
    Json,
    /// `GEOMETRY`. Its coordinate system is read over: it says nothing about the
    /// bytes of a value.
    Geometry,
    /// `VARIANT`
    Variant,
    /// `ENUM`, with its labels.
    Enum(Vec<String>),
    /// A list, `T[]`.
    List(Box<SqlType>),
    /// An array of fixed length, `T[n]`.
    Array(Box<SqlType>, usize),
    /// `STRUCT`, its fields in order; without names, the names are empty.
    Struct(Vec<(String, SqlType)>),
    /// `MAP(key, value)`
    Map(Box<SqlType>, Box<SqlType>),
    /// `UNION`, its members in order.
    Union(Vec<(String, SqlType)>),
}

/// The types without parameters, with their names; the first of a type is the
/// one that the engine writes.
pub(crate) const SIMPLE: &[(&str, SqlType)] = &[
    ("NULL", SqlType::Null),
    ("BOOLEAN", SqlType::Boolean),
    ("BOOL", SqlType::Boolean),
    ("LOGICAL", SqlType::Boolean),
    ("TINYINT", SqlType::TinyInt),
    ("INT1", SqlType::TinyInt),
    ("SMALLINT", SqlType::SmallInt),
    ("INT2", SqlType::SmallInt),
    ("INT16", SqlType::SmallInt),
    ("SHORT", SqlType::SmallInt),
    ("INTEGER", SqlType::Integer),
    ("INT", SqlType::Integer),
    ("INT4", SqlType::Integer),
    ("INT32", SqlType::Integer),
    ("SIGNED", SqlType::Integer),
    ("BIGINT", SqlType::BigInt),
    ("INT8", SqlType::BigInt),
    ("INT64", SqlType::BigInt),
    ("LONG", SqlType::BigInt),
    ("HUGEINT", SqlType::HugeInt),
    ("INT128", SqlType::HugeInt),
    ("UTINYINT", SqlType::UTinyInt),
    ("UINT8", SqlType::UTinyInt),
    ("USMALLINT", SqlType::USmallInt),
    ("UINT16", SqlType::USmallInt),
    ("UINTEGER", SqlType::UInteger),
    ("UINT32", SqlType::UInteger),
    ("UBIGINT", SqlType::UBigInt),
    ("UINT64", SqlType::UBigInt),
    ("UHUGEINT", SqlType::UHugeInt),
    ("UINT128", SqlType::UHugeInt),
    ("FLOAT", SqlType::Float),
    ("FLOAT4", SqlType::Float),
    ("REAL", SqlType::Float),
    ("DOUBLE", SqlType::Double),
    ("FLOAT8", SqlType::Double),
    ("DOUBLE PRECISION", SqlType::Double),
    ("BIGNUM", SqlType::BigNum),
    ("VARINT", SqlType::BigNum),
    ("VARCHAR", SqlType::Varchar),
    ("TEXT", SqlType::Varchar),
    ("STRING", SqlType::Varchar),
    ("CHAR", SqlType::Varchar),
    ("BPCHAR", SqlType::Varchar),
    ("NVARCHAR", SqlType::Varchar),
    ("BLOB", SqlType::Blob),
    ("BYTEA", SqlType::Blob),
    ("BINARY", SqlType::Blob),
    ("VARBINARY", SqlType::Blob),
    ("BIT", SqlType::Bit),
    ("BITSTRING", SqlType::Bit),
    ("DATE", SqlType::Date),
    ("TIME", SqlType::Time),
    ("TIME WITHOUT TIME ZONE", SqlType::Time),
    ("TIME_NS", SqlType::TimeNs),
    ("TIME WITH TIME ZONE", SqlType::TimeTz),
    ("TIMETZ", SqlType::TimeTz),
    ("TIMESTAMP", SqlType::Timestamp),
    ("TIMESTAMP WITHOUT TIME ZONE", SqlType::Timestamp),
    ("DATETIME", SqlType::Timestamp),
    ("TIMESTAMP_US", SqlType::Timestamp),
    ("TIMESTAMP_S", SqlType::TimestampS),
    ("TIMESTAMP_MS", SqlType::TimestampMs),
    ("TIMESTAMP_NS", SqlType::TimestampNs),
    ("TIMESTAMP WITH TIME ZONE", SqlType::TimestampTz),
    ("TIMESTAMPTZ", SqlType::TimestampTz),
    ("INTERVAL", SqlType::Interval),
    ("UUID", SqlType::Uuid),
    ("GUID", SqlType::Uuid),
    ("JSON", SqlType::Json),
    ("GEOMETRY", SqlType::Geometry),
    ("VARIANT", SqlType::Variant),
];

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("\"NULL\""),
            Self::Decimal { width, scale } => write!(f, "DECIMAL({width},{scale})"),
            Self::Enum(labels) => {
                let quoted: Vec<String> = labels.iter().map(|label| quote_text(label)).collect();
                write!(f, "ENUM({})", quoted.join(", "))
            }
            Self::List(element) => write!(f, "{element}[]"),
            Self::Array(element, length) => write!(f, "{element}[{length}]"),
            Self::Struct(fields) => write_members(f, "STRUCT", fields),
            Self::Map(key, value) => write!(f, "MAP({key}, {value})"),
            Self::Union(members) => write_members(f, "UNION", members),
            simple => {
                let name = SIMPLE
                    .iter()
                    .find(|(_, sql_type)| sql_type == simple)
                    .map_or("", |(name, _)| name);
                f.write_str(name)
            }
        }
    }
}

fn write_members(
    f: &mut fmt::Formatter<'_>,
    kind: &str,
    members: &[(String, SqlType)],
) -> fmt::Result {
    write!(f, "{kind}(")?;
    for (index, (name, sql_type)) in members.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        if !name.is_empty() {
            write!(f, "{} ", quote_name(name))?;
        }
        write!(f, "{sql_type}")?;
    }
    f.write_str(")")
}

/// A text as a SQL string.
pub(crate) fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name in SQL, quoted unless it is a plain lower-case word that no keyword
/// of the engine begins a type or clause with.
pub(crate) fn quote_name(name: &str) -> String {
    let plain = name.bytes().enumerate().all(|(index, byte)| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => true,
        b'0'..=b'9' => index > 0,
        _ => false,
    });
    let reserved = RESERVED
        .binary_search(&name.to_ascii_lowercase().as_str())
        .is_ok();
    if plain && !reserved && !name.is_empty() {
        name.to_string()
    } else {
        always_quote(name)
    }
}

/// A name in SQL, in double quotes.
pub(crate) fn always_quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The engine's reserved words, and its type and function names among the
/// keywords (`duckdb_keywords()` of 1.5.5, without `unreserved`), sorted.
const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "anti",
    "any",
    "array",
    "as",
    "asc",
    "asof",
    "asymmetric",
    "at",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "by",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "columns",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "describe",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "generated",
    "glob",
    "group",
    "grouping",
    "grouping_id",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "lambda",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "map",
    "national",
    "natural",
    "nchar",
    "none",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "pivot",
    "pivot_longer",
    "pivot_wider",
    "placing",
    "position",
    "positional",
    "precision",
    "primary",
    "qualify",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "semi",
    "setof",
    "show",
    "similar",
    "smallint",
    "some",
    "struct",
    "substring",
    "summarize",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "try_cast",
    "union",
    "unique",
    "unpack",
    "unpivot",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];
