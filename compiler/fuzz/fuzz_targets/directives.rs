//! Any text is written out, its macros too, and makes a tree of directives, and its variants are selections of its
//! tokens. Every place of a written-out text lies in a file.
#![no_main]

use dbgo_compiler::directives::{Context, Place, ValueKind, Variable, read, variants};
use dbgo_compiler::expand::macros::{Caller, Library, write_out};
use dbgo_compiler::expand::{Surroundings, unfold};
use dbgo_compiler::source::ProjectFiles;
use dbgo_compiler::span::{FileId, Span};
use std::collections::BTreeMap;

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
    let half = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at));
    let (model, fragment) = text.split_at(half.unwrap_or(0));
    let (files, _) = ProjectFiles::from_texts([
        ("fragments/f.sql", fragment),
        ("macros/f.sql", fragment),
        ("models/a.sql", model),
    ]);
    let around = Surroundings {
        files: &files,
        variables: &[],
        imports: &BTreeMap::new(),
        seeds: BTreeMap::new(),
    };
    let (unfolded, _) = unfold(files.models[0], model, 0..model.len(), &around);
    if let Some(unfolded) = &unfolded {
        let text = unfolded.expanded.text();
        let (tree, _) = read(unfolded.expanded.file(), text, 0..text.len(), &variables);
        for token in &tree.tokens {
            let place = unfolded.expanded.place(token.span);
            assert!(files.sources.file(place.file).text.get(place.range()).is_some());
        }
        let whole = Span::new(unfolded.expanded.file(), 0, text.len());
        assert!(!unfolded.expanded.place(whole).file.is_written_out());
    }
    let (library, _) = Library::new(&files);
    let (tree, _) = read(files.models[0], model, 0..model.len(), &variables);
    let caller = Caller {
        text: model,
        file: files.models[0],
        body_start: 0,
        expanded: None,
    };
    let (written, _) = write_out(&library, caller, &tree);
    let whole = Span::new(written.file(), 0, written.text().len());
    assert!(!written.place(whole).file.is_written_out());
    let (tree, _) = read(FileId(0), text, 0..text.len(), &variables);
    if let Ok(variants) = variants(text, &tree, &context) {
        for variant in &variants.variants {
            assert!(!variant.assignments.is_empty());
            assert!(variant.tokens.is_sorted_by_key(|token| token.span.start));
        }
    }
});
