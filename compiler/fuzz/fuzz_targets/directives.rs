//! Any text makes a tree of directives, and its variants are selections of its tokens.
#![no_main]

use dbgo_compiler::directives::{Context, Place, ValueKind, Variable, read, variants};
use dbgo_compiler::span::FileId;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let kinds = [
        ("t", ValueKind::Text),
        ("i", ValueKind::Integer),
        ("n", ValueKind::Number),
        ("b", ValueKind::Boolean),
    ];
    let variables = kinds.map(|(name, kind)| Variable {
        name: name.to_owned(),
        kind: Some(kind),
        list: None,
    });
    let place = |env: &str, engine: &str| Place {
        env: env.to_owned(),
        engine: engine.to_owned(),
    };
    let context = Context {
        dialect: "duckdb".to_owned(),
        incremental: true,
        places: vec![place("prod", "postgres"), place("dev_*", "duckdb")],
    };
    let (tree, _) = read(FileId(0), text, 0..text.len(), &variables);
    if let Ok(variants) = variants(text, &tree, &context) {
        for variant in &variants.variants {
            assert!(!variant.assignments.is_empty());
            assert!(variant.tokens.is_sorted_by_key(|token| token.span.start));
        }
    }
});
