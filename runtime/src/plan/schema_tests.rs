//! The schema of a plan's JSON, which is made from the types that are written: `docs/schemas/plan.json`.

use super::Plan;
use std::path::Path;

#[test]
fn the_schema_of_a_plan_is_that_of_its_types() {
    let mut schema = schemars::schema_for!(Plan);
    schema.insert("title".to_owned(), "dbgo/plan/1".into());
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/plan.json");
    if std::env::var_os("DBGO_UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "docs/schemas/plan.json is out of date: `DBGO_UPDATE=1` writes it"
    );
}
