//! Logs of SARIF against the schema of OASIS, which `tests/schemas` holds.

use crate::markdown::{documents, repository};
use crate::project::{compile, files_of};
use dbgo_compiler::diagnostic::render::{SarifContext, sarif};
use dbgo_compiler::diagnostic::{Code, Diagnostic};
use dbgo_compiler::source::SourceSet;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

/// The schema, with a bracket escaped that only JavaScript's patterns take for itself.
fn schema() -> jsonschema::Validator {
    let path = repository().join("tests/schemas/sarif-2.1.0.json");
    let text = fs::read_to_string(path).expect("the schema's file");
    let schema: Value = serde_json::from_str(&text.replace("{2}]?$", "{2}\\\\]?$")).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

fn log(sources: &SourceSet, diagnostics: &[Diagnostic]) -> Value {
    let page = |code: Code| {
        fs::read_to_string(repository().join(format!("docs/diagnostics/{code}.md"))).ok()
    };
    let context = SarifContext {
        version: "1.0.0",
        prefix: "a folder/",
        page: &page,
    };
    serde_json::from_str(&sarif(sources, diagnostics, &context)).expect("JSON")
}

#[test]
fn every_page_gives_a_log_that_the_schema_allows() {
    let schema = schema();
    let mut rules = BTreeSet::new();
    let (mut fixes, mut related) = (0, 0);
    for page in documents("docs/diagnostics") {
        let Some(example) = page.section("Example") else {
            continue;
        };
        let found = compile(&files_of(&example.blocks));
        let log = log(&found.outline.files.sources, &found.diagnostics);
        let faults: Vec<String> = schema
            .iter_errors(&log)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{}: {faults:#?}\n{log:#}", page.path);
        let run = &log["runs"][0];
        for result in run["results"].as_array().expect("results") {
            let rule =
                &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
            assert_eq!(rule["id"], result["ruleId"]);
            assert!(rule["help"]["markdown"].as_str().unwrap().starts_with("# "));
            rules.insert(result["ruleId"].to_string());
            fixes += usize::from(result["fixes"].is_array());
            related += usize::from(result["relatedLocations"].is_array());
        }
    }
    assert!(rules.len() > 40, "{rules:?}");
    assert!(
        fixes > 5 && related > 5,
        "{fixes} fixes, {related} related places"
    );
}

#[test]
fn the_schema_refuses_what_is_no_log() {
    let schema = schema();
    let mut good = log(&SourceSet::default(), &[]);
    assert!(schema.is_valid(&good));
    good["runs"][0]["columnKind"] = Value::from("bytes");
    assert!(!schema.is_valid(&good));
}
