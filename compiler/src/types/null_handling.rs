//! Which functions look at nulls themselves. All others are replaced by a null, where the engine
//! sees one among their arguments, before their bind functions look at anything.
//!
//! Source: `FunctionBinder::BindScalarFunction` of DuckDB 1.5.5, and the functions that it declares
//! with `FunctionNullHandling::SPECIAL_HANDLING`. Aggregates and windows are never replaced.

use super::catalogue::{self, Kind};
use super::{Typed, Value};
use crate::sql_type::SqlType;

/// The scalar functions that look at nulls themselves, in the order of the alphabet.
const OWN_NULLS: &[&str] = &[
    "aggregate",
    "alias",
    "apply",
    "array_aggr",
    "array_aggregate",
    "array_apply",
    "array_cat",
    "array_concat",
    "array_filter",
    "array_indexof",
    "array_intersect",
    "array_position",
    "array_reduce",
    "array_resize",
    "array_slice",
    "array_transform",
    "array_value",
    "array_zip",
    "can_cast_implicitly",
    "cast_to_type",
    "combine",
    "concat",
    "concat_ws",
    "create_sort_key",
    "current_setting",
    "element_at",
    "enum_code",
    "enum_first",
    "enum_last",
    "enum_range",
    "enum_range_boundary",
    "filter",
    "finalize",
    "get_type",
    "greatest",
    "hash",
    "json_array",
    "json_merge_patch",
    "json_object",
    "least",
    "list_aggr",
    "list_aggregate",
    "list_apply",
    "list_cat",
    "list_concat",
    "list_filter",
    "list_indexof",
    "list_intersect",
    "list_pack",
    "list_position",
    "list_reduce",
    "list_resize",
    "list_slice",
    "list_transform",
    "list_value",
    "list_zip",
    "make_type",
    "map",
    "map_concat",
    "map_entries",
    "map_extract",
    "map_extract_value",
    "map_keys",
    "map_values",
    "parse_dirname",
    "parse_dirpath",
    "parse_filename",
    "parse_path",
    "reduce",
    "regexp_extract",
    "regexp_extract_all",
    "regexp_full_match",
    "regexp_matches",
    "regexp_split_to_array",
    "remap_struct",
    "replace_type",
    "row",
    "sleep_ms",
    "split",
    "stats",
    "str_split",
    "str_split_regex",
    "string_split",
    "string_split_regex",
    "string_to_array",
    "strptime",
    "struct_concat",
    "struct_indexof",
    "struct_insert",
    "struct_pack",
    "struct_position",
    "struct_update",
    "try_strptime",
    "typeof",
    "union_value",
    "variant_typeof",
    "vector_type",
];

/// Whether a call is replaced by a null, as one of its arguments is one. Its overload must be found
/// all the same.
pub fn folds(name: &str, arguments: &[Typed]) -> bool {
    let scalar = || catalogue::find(name).is_some_and(|entry| entry.is(Kind::Scalar));
    has_null(arguments) && !looks_at_nulls(name) && scalar()
}

/// Whether a function looks at nulls itself.
pub fn looks_at_nulls(name: &str) -> bool {
    OWN_NULLS.binary_search(&name).is_ok()
}

/// Whether a null is among the arguments, with a type or without.
pub fn has_null(arguments: &[Typed]) -> bool {
    arguments
        .iter()
        .any(|argument| argument.sql_type == SqlType::Null || argument.value == Value::Null)
}

/// Whether a null that was given a type is among the arguments.
pub(super) fn has_typed_null(arguments: &[Typed]) -> bool {
    let is_null = |argument: &Typed| argument.value == Value::Null;
    arguments.iter().any(is_null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_names_functions() {
        assert!(OWN_NULLS.is_sorted());
        for name in OWN_NULLS {
            assert!(catalogue::find(name).is_some(), "no function `{name}`");
        }
    }
}
