//! The suites of `tests/fixes`: each heading is a project, its blocks under `fixed/` are files as
//! fixes leave them. What then remains is what the blocks expect, or nothing.

use crate::expectation::Expectations;
use crate::markdown::{Block, Document, Section, documents};
use crate::project::{compile, files_of};
use dbgo_compiler::diagnostic::fix::apply;
use dbgo_compiler::driver::Compilation;
use std::collections::BTreeMap;

const FIXED: &str = "fixed/";

/// More rounds than any project here needs.
const ROUNDS: usize = 20;

#[test]
fn fixes_mend_what_they_are_about() {
    let wanted = std::env::var("DBGO_TEST").unwrap_or_default();
    let mut failures = Vec::new();
    for suite in documents("tests/fixes") {
        for test in &suite.sections {
            let name = format!("{}:{} {}", suite.path, test.line, test.headings.join(": "));
            if !name.contains(&wanted) {
                continue;
            }
            if let Err(fault) = run(&suite, test) {
                failures.push(format!("{name}\n{fault}"));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} tests fail\n\n{}\n",
        failures.len(),
        failures.join("\n\n")
    );
}

/// Each page's example with its fixes, if it has any, is without the finding.
#[test]
fn fixes_of_pages_take_their_finding_away() {
    let mut count = 0;
    for page in documents("docs/diagnostics") {
        let Some(example) = page.section("Example") else {
            continue;
        };
        let files = files_of(&example.blocks);
        let found = compile(&files);
        if found.diagnostics.iter().all(|found| found.fix.is_none()) {
            continue;
        }
        let (texts, after) = fixed(&files);
        let is_left = |found: &dbgo_compiler::diagnostic::Diagnostic| {
            found.code.text() == page.title && found.fix.is_some()
        };
        assert!(
            !after.diagnostics.iter().any(is_left),
            "{}: {:#?}\n{texts:#?}",
            page.path,
            after.diagnostics
        );
        count += 1;
    }
    assert!(count >= 10, "only {count} pages have an example with a fix");
}

/// Applies fixes and checks again until there are none.
fn fixed(files: &BTreeMap<&str, &str>) -> (BTreeMap<String, String>, Compilation) {
    let mut texts: BTreeMap<String, String> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    for _ in 0..ROUNDS {
        let files = texts
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()));
        let compilation = compile(&files.collect());
        let sources = &compilation.outline.files.sources;
        let fixed = apply(sources, &compilation.diagnostics);
        if fixed.applied.is_empty() {
            return (texts, compilation);
        }
        for (file, text) in fixed.texts {
            texts.insert(sources.file(file).path.clone(), text);
        }
    }
    panic!("after {ROUNDS} rounds there are still fixes: {texts:#?}");
}

fn run(suite: &Document, test: &Section) -> Result<(), String> {
    let (after, before): (Vec<&Block>, Vec<&Block>) = test
        .blocks
        .iter()
        .partition(|block| block.name.starts_with(FIXED));
    let before = files_of(suite.shared.iter().chain(before));
    let (texts, compilation) = fixed(&before);
    let mut wanted = before.clone();
    for block in &after {
        let path = block.name.trim_start_matches(FIXED);
        if wanted.insert(path, &block.text).is_none() {
            return Err(format!("  there is no `{path}` to fix"));
        }
    }
    for (path, text) in &texts {
        if wanted.get(path.as_str()) != Some(&text.as_str()) {
            return Err(format!("  {path} is now\n{text}"));
        }
    }
    let expectations = Expectations::read(&test.blocks)?;
    let differences = expectations.differences(&compilation);
    match differences.is_empty() {
        true => Ok(()),
        false => Err(differences.join("\n")),
    }
}
