//! The suites of `tests/language`: each heading with fenced blocks is a test.
//!
//! The blocks above a suite's first heading belong to all its tests; a test's own file replaces
//! one of the same path. A test in which nothing is expected must give no finding at all.

use crate::expectation::Expectations;
use crate::markdown::{Block, Document, Section, documents};
use crate::project::{compile, files_of};
use std::collections::BTreeSet;

#[test]
fn the_language_is_as_its_suites_say() {
    let wanted = std::env::var("DBGO_TEST").unwrap_or_default();
    let mut failures = Vec::new();
    let mut count = 0;
    for suite in documents("tests/language") {
        let tests = suite
            .sections
            .iter()
            .filter(|section| !section.blocks.is_empty());
        for test in tests.filter(|test| name_of(&suite, test).contains(&wanted)) {
            count += 1;
            let differences = run(&suite, test);
            if !differences.is_empty() {
                let name = name_of(&suite, test);
                failures.push(format!(
                    "{}:{} {name}\n{}",
                    suite.path,
                    test.line,
                    differences.join("\n")
                ));
            }
        }
    }
    assert!(count > 0, "there is no test with `{wanted}` in its name");
    assert!(
        failures.is_empty(),
        "{} of {count} tests fail\n\n{}\n",
        failures.len(),
        failures.join("\n\n")
    );
}

fn name_of(suite: &Document, test: &Section) -> String {
    format!("{}: {}", suite.title, test.headings.join(": "))
}

fn run(suite: &Document, test: &Section) -> Vec<String> {
    if let Some(fault) = fault_of_blocks(test) {
        return vec![format!("  {fault}")];
    }
    let expectations = match Expectations::read(&test.blocks) {
        Ok(expectations) => expectations,
        Err(fault) => return vec![format!("  {fault}")],
    };
    let files = files_of(suite.shared.iter().chain(&test.blocks));
    expectations.differences(&compile(&files))
}

fn is_expected(block: &Block) -> bool {
    block.language == "text" && matches!(block.name.as_str(), "expect" | "rendered" | "beside")
}

/// A block that no test would see is a mistake of who wrote it.
fn fault_of_blocks(test: &Section) -> Option<String> {
    let mut names = BTreeSet::new();
    for block in &test.blocks {
        let is_file = block.name.contains('.') && block.language != "text";
        if !is_file && !is_expected(block) {
            return Some(format!(
                "line {}: the block is neither a file nor `text expect`, `rendered` or `beside`",
                block.line
            ));
        }
        if !names.insert(&block.name) {
            return Some(format!("line {}: a second `{}`", block.line, block.name));
        }
    }
    None
}
