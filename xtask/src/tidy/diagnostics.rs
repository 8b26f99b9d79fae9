//! Every diagnostic's code has a page for `dbgo explain` and a test that names it.

use std::collections::BTreeSet;

use regex_lite::Regex;

use super::Finding;
use super::repository::Repository;

/// The table of all codes.
const TABLE: &str = "compiler/src/diagnostic/codes.rs";

/// A line of that table, with the code as its first group: `("unknown-column", …`.
const ENTRY: &str = r#"(?m)^\s*\(\s*"([a-z0-9]+(?:-[a-z0-9]+)*)"\s*,"#;

/// Where the pages are, one for each code.
const PAGES: &str = "docs/diagnostics/";

/// Where the tests are that show diagnostics as their readers see them.
const TESTS: &str = "tests/";

pub fn check(repository: &Repository) -> Vec<Finding> {
    let codes = repository
        .files
        .get(TABLE)
        .map(|table| codes_in(table))
        .unwrap_or_default();
    let mut findings = Vec::new();
    if codes.is_empty() && repository.files.contains_key(TABLE) {
        let advice = "adapt the expression in `xtask/src/tidy/diagnostics.rs` to the table's form";
        findings.push(Finding::new(
            TABLE,
            0,
            "no codes are found in the table",
            advice,
        ));
    }
    let named = named_in_tests(repository);
    for (code, line) in &codes {
        if !repository.files.contains_key(&format!("{PAGES}{code}.md")) {
            let advice = format!("write `{PAGES}{code}.md`: what it means, an example, what to do");
            findings.push(Finding::new(
                TABLE,
                *line,
                format!("`{code}` has no page"),
                advice,
            ));
        }
        if !named.contains(code.as_str()) {
            let advice = "add a case under `tests/language` or `tests/cases` that expects it";
            findings.push(Finding::new(
                TABLE,
                *line,
                format!("no test names `{code}`"),
                advice,
            ));
        }
    }
    for page in pages(repository) {
        if !codes.iter().any(|(code, _)| code == page) {
            let (path, advice) = (
                format!("{PAGES}{page}.md"),
                format!("remove it, or add the code to `{TABLE}`"),
            );
            findings.push(Finding::new(
                &path,
                0,
                "a page without a diagnostic",
                advice,
            ));
        }
    }
    findings
}

/// Each code with the line of its entry.
fn codes_in(table: &str) -> Vec<(String, usize)> {
    let Ok(entry) = Regex::new(ENTRY) else {
        return Vec::new();
    };
    let groups = entry
        .captures_iter(table)
        .filter_map(|captures| captures.get(1));
    groups
        .map(|code| {
            (
                code.as_str().to_owned(),
                table[..code.start()].matches('\n').count() + 1,
            )
        })
        .collect()
}

/// Everything of a code's form in the files of the tests.
fn named_in_tests(repository: &Repository) -> BTreeSet<&str> {
    let tests = repository
        .files
        .iter()
        .filter(|(path, _)| path.starts_with(TESTS));
    tests
        .flat_map(|(_, text)| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-'))
        .collect()
}

fn pages(repository: &Repository) -> impl Iterator<Item = &str> {
    let names = repository
        .files
        .keys()
        .filter_map(|path| path.strip_prefix(PAGES)?.strip_suffix(".md"));
    names.filter(|name| *name != "README" && !name.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: &str = "codes! {\n    (\"unknown-column\", Error, \"a\"),\n    (\"empty-file\", Error, \"b\"),\n}\n";

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        check(&Repository::of(files))
            .iter()
            .map(|finding| format!("{}: {}", finding.line, finding.message))
            .collect()
    }

    #[test]
    fn a_code_without_page_or_test_alarms() {
        let files = [
            (TABLE, CODES),
            ("docs/diagnostics/unknown-column.md", "# unknown-column"),
            (
                "tests/cases/empty_file/expected.txt",
                "error[empty-file]: the file is empty",
            ),
        ];
        assert_eq!(
            found(&files),
            [
                "2: no test names `unknown-column`",
                "3: `empty-file` has no page"
            ]
        );
    }

    #[test]
    fn a_longer_code_in_a_test_is_another_code() {
        let files = [
            (TABLE, "    (\"unknown-column\", 1)\n"),
            ("docs/diagnostics/unknown-column.md", ""),
            (
                "tests/language/columns.md",
                "-- error: [unknown-column-type]",
            ),
        ];
        assert_eq!(found(&files), ["1: no test names `unknown-column`"]);
    }

    #[test]
    fn a_page_without_a_code_alarms() {
        assert_eq!(
            found(&[("docs/diagnostics/gone.md", "")]),
            ["0: a page without a diagnostic"]
        );
        assert!(found(&[("docs/diagnostics/README.md", "")]).is_empty());
    }

    #[test]
    fn a_table_in_an_unknown_form_alarms() {
        assert_eq!(
            found(&[(TABLE, "pub enum Code { UnknownColumn }")]),
            ["0: no codes are found in the table"]
        );
    }

    #[test]
    fn all_in_order_is_silent() {
        let files = [
            (TABLE, "    (\"empty-file\", 1)\n"),
            ("docs/diagnostics/empty-file.md", ""),
            ("tests/language/files.md", "-- error: [empty-file]"),
        ];
        assert!(found(&files).is_empty());
    }
}
