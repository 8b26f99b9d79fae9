//! The extension names by which the engine tells apart types that share an
//! Arrow representation.
//!
//! Source: DuckDB 1.5.5, `src/common/arrow/schema_metadata.cpp` and
//! `arrow_type_extension.cpp`; Arrow, "Canonical Extension Types".

use std::collections::HashMap;

use arrow_schema::{DataType, Field};

const NAME: &str = "ARROW:extension:name";
const METADATA: &str = "ARROW:extension:metadata";
const OPAQUE: &str = "arrow.opaque";

/// What an Arrow field says beyond its Arrow type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extension {
    None,
    Bool8,
    Uuid,
    Json,
    Geometry,
    HugeInt,
    UHugeInt,
    Bit,
    TimeTz,
    BigNum,
}

/// Canonical or registered names.
const NAMED: &[(&str, Extension)] = &[
    ("arrow.bool8", Extension::Bool8),
    ("arrow.uuid", Extension::Uuid),
    ("arrow.json", Extension::Json),
    ("geoarrow.wkb", Extension::Geometry),
];

/// Names of the engine's own types under `arrow.opaque`.
const VENDOR: &[(&str, Extension)] = &[
    ("hugeint", Extension::HugeInt),
    ("uhugeint", Extension::UHugeInt),
    ("bit", Extension::Bit),
    ("time_tz", Extension::TimeTz),
    ("bignum", Extension::BigNum),
];

pub(super) fn extension_of(field: &Field) -> Extension {
    let Some(name) = field.metadata().get(NAME) else {
        return Extension::None;
    };
    if name == OPAQUE {
        let metadata = field.metadata().get(METADATA).map_or("", String::as_str);
        return lookup(VENDOR, opaque_type(metadata).unwrap_or(""));
    }
    lookup(NAMED, name)
}

fn lookup(table: &[(&str, Extension)], name: &str) -> Extension {
    table
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(Extension::None, |(_, extension)| *extension)
}

/// `bit` of `{"type_name": "bit", "vendor_name": "DuckDB"}`. The names that
/// matter have nothing that JSON escapes, so no parser is needed.
fn opaque_type(metadata: &str) -> Option<&str> {
    let (_, rest) = metadata.split_once("\"type_name\"")?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    rest.strip_prefix('"')?.split('"').next()
}

/// A nullable field that carries the extension.
pub(super) fn field_with(name: &str, data_type: DataType, extension: Extension) -> Field {
    let field = Field::new(name, data_type, true);
    let named = NAMED.iter().find(|(_, known)| *known == extension);
    let vendor = VENDOR.iter().find(|(_, known)| *known == extension);
    let (name, metadata) = match (named, vendor) {
        (Some((name, Extension::Geometry)), _) => (*name, "{}".to_string()),
        (Some((name, _)), _) => (*name, String::new()),
        (None, Some((vendor, _))) => (
            OPAQUE,
            format!("{{\"type_name\":\"{vendor}\",\"vendor_name\":\"DuckDB\"}}"),
        ),
        (None, None) => return field,
    };
    field.with_metadata(HashMap::from([
        (NAME.to_string(), name.to_string()),
        (METADATA.to_string(), metadata),
    ]))
}
