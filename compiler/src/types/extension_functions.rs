//! Functions that come with an extension which the engine loads by itself when one of them is called.
//!
//! Source: `EXTENSION_FUNCTIONS` of `src/include/duckdb/main/extension_entries.hpp` of DuckDB 1.5.5,
//! without those that the linked engine has. The file's columns: name, `scalar` (aggregates and macros as well)
//! or `table`, extension.

/// Whether an extension has a scalar function, an aggregate or a macro of this name, in small letters.
pub fn is_function(name: &str) -> bool {
    has(name, "scalar")
}

/// Whether an extension has a table function of this name, in small letters.
pub fn is_table_function(name: &str) -> bool {
    has(name, "table")
}

fn has(name: &str, kind: &str) -> bool {
    let mut rows = include_str!("extension_functions.tsv").lines();
    rows.any(|row| {
        let mut columns = row.split('\t');
        columns.next() == Some(name) && columns.next() == Some(kind)
    })
}

#[cfg(test)]
mod tests {
    use super::{is_function, is_table_function};

    #[test]
    fn only_what_an_extension_has_may_be_one() {
        assert!(is_function("st_area"));
        assert!(is_table_function("st_read"));
        assert!(is_table_function("iceberg_scan"));
        assert!(!is_function("st_read"));
        assert!(!is_function("st_foo"));
        assert!(!is_table_function("read_foo"));
    }
}
