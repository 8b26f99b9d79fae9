//! The compiler's lists of functions are those of the linked engine.

#[path = "catalogue/never_null.rs"]
mod never_null;

use std::path::Path;

#[test]
fn the_list_of_functions_is_the_engines() {
    let engine = dbgo_tests::catalogue::text().expect("the engine lists its functions");
    compare(dbgo_tests::catalogue::FILE, &engine);
}

#[test]
fn the_list_of_table_functions_is_the_engines() {
    let engine = dbgo_tests::catalogue::tables().expect("the engine describes its functions");
    compare(dbgo_tests::catalogue::TABLES_FILE, &engine);
}

#[test]
fn the_list_of_settings_is_the_engines() {
    let engine = dbgo_tests::catalogue::settings().expect("the engine lists its settings");
    compare(dbgo_tests::catalogue::SETTINGS_FILE, &engine);
}

fn compare(file: &str, engine: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let kept = std::fs::read_to_string(path).expect("the list is there");
    let missing: Vec<&str> = engine
        .lines()
        .filter(|line| !kept.lines().any(|own| own == *line))
        .collect();
    assert!(missing.is_empty(), "the engine has more: {missing:#?}");
    assert_eq!(kept, engine, "`cargo xtask catalogue` writes it anew");
}
