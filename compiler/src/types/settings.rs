//! The names of the engine's settings, as `current_setting('…')` takes them.
//!
//! `settings.txt` is generated from `duckdb_settings()` of the linked engine. `extension_settings.txt`
//! has the names of those that come with an extension (`src/include/duckdb/main/extension_entries.hpp`
//! of DuckDB 1.5.5). Types aren't kept: that of a setting which isn't set is another one.

const OF_THE_ENGINE: &str = include_str!("settings.txt");

const OF_EXTENSIONS: &str = include_str!("extension_settings.txt");

/// Whether the engine or an extension has a setting of this name, in any case of its letters.
pub fn exists(name: &str) -> bool {
    let name = name.to_lowercase();
    names().chain(OF_EXTENSIONS.lines()).any(|own| own == name)
}

/// All names of the engine's own settings.
pub fn names() -> impl Iterator<Item = &'static str> {
    OF_THE_ENGINE.lines()
}
