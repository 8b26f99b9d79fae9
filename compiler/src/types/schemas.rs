//! In which schemas the engine's functions are.

use super::catalogue;
use super::rules::is_window;

/// The functions of the schema `pg_catalog`, in the order of the alphabet. All others are in `main`, and so
/// are those of [`IN_BOTH`].
///
/// Source: `duckdb_functions()` of DuckDB 1.5.5.
const OF_PG_CATALOG: &[&str] = &[
    "col_description",
    "current_database",
    "current_query",
    "current_schema",
    "current_schemas",
    "format_pg_type",
    "format_type",
    "has_any_column_privilege",
    "has_column_privilege",
    "has_database_privilege",
    "has_foreign_data_wrapper_privilege",
    "has_function_privilege",
    "has_language_privilege",
    "has_schema_privilege",
    "has_sequence_privilege",
    "has_server_privilege",
    "has_table_privilege",
    "has_tablespace_privilege",
    "inet_client_addr",
    "inet_client_port",
    "inet_server_addr",
    "inet_server_port",
    "map_to_pg_oid",
    "obj_description",
    "pg_collation_is_visible",
    "pg_conf_load_time",
    "pg_conversion_is_visible",
    "pg_function_is_visible",
    "pg_get_constraintdef",
    "pg_get_expr",
    "pg_get_viewdef",
    "pg_has_role",
    "pg_is_other_temp_schema",
    "pg_my_temp_schema",
    "pg_opclass_is_visible",
    "pg_operator_is_visible",
    "pg_opfamily_is_visible",
    "pg_postmaster_start_time",
    "pg_size_pretty",
    "pg_sleep",
    "pg_table_is_visible",
    "pg_ts_config_is_visible",
    "pg_ts_dict_is_visible",
    "pg_ts_parser_is_visible",
    "pg_ts_template_is_visible",
    "pg_type_is_visible",
    "pg_typeof",
    "shobj_description",
];

const IN_BOTH: &[&str] = &[
    "current_database",
    "current_query",
    "current_schema",
    "current_schemas",
];

/// Whether a function is in the schema `pg_catalog`.
fn is_of_pg_catalog(name: &str) -> bool {
    OF_PG_CATALOG.binary_search(&name).is_ok()
}

/// Whether a function is in the schema `pg_catalog` and not in `main`.
fn is_only_of_pg_catalog(name: &str) -> bool {
    is_of_pg_catalog(name) && !IN_BOTH.contains(&name)
}

/// Whether a function, by its name in small letters, is found in a schema, which is written as one part or behind its
/// database. What isn't known as a function is looked for everywhere.
pub fn is_in(qualifiers: &[&str], called: &str) -> bool {
    let is = |name: &str, own: &str| name.eq_ignore_ascii_case(own);
    let in_main = || !is_only_of_pg_catalog(called);
    let in_catalog = || catalogue::find(called).is_none() || is_of_pg_catalog(called);
    match qualifiers {
        [] => true,
        // The engine's grammar has these, whatever stands in front.
        _ if is_window(called) || called == "unnest" => true,
        [schema] if is(schema, "pg_catalog") => in_catalog(),
        [schema] if is(schema, "main") => in_main(),
        [schema] => is(schema, "system"),
        [database, schema] if is(database, "system") => {
            is(schema, "main") && in_main() || is(schema, "pg_catalog") && in_catalog()
        }
        _ => false,
    }
}
