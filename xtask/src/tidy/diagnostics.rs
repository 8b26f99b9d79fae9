//! Every code of a diagnostic or an error has a page for `dbgo explain` and a test that names it.

use std::collections::BTreeSet;

use regex_lite::Regex;

use super::Finding;
use super::repository::Repository;

/// A list of codes, and where what belongs to them is.
struct Table {
    /// The file with all codes.
    path: &'static str,
    /// Where its pages are, one for each code.
    pages: &'static str,
    /// Where else a code may have its page, if it is a code of another table too.
    other_pages: Option<&'static str>,
    /// Whether a file holds tests that show the codes as their readers see them.
    is_test: fn(&str) -> bool,
    /// What to do where no test names a code.
    advice: &'static str,
}

const TABLES: [Table; 2] = [
    Table {
        path: "compiler/src/diagnostic/codes.rs",
        pages: "docs/diagnostics/",
        other_pages: None,
        is_test: |path| path.starts_with("tests/"),
        advice: "add a case under `tests/language` or `tests/cases` that expects it",
    },
    Table {
        path: "runtime/src/error/codes.rs",
        pages: "docs/errors/",
        other_pages: Some("docs/diagnostics/"),
        is_test: |path| {
            path.starts_with("tests/tests/")
                || path.starts_with("tests/postgres/tests/")
                || path.starts_with("runtime/tests/")
                || (path.starts_with("runtime/src/") && path.ends_with("/tests.rs"))
        },
        advice: "add a test under `tests/tests/tool` or `runtime/tests/execute` that expects it",
    },
];

/// A line of a table, with the code as its first group: `("unknown-column", …`.
const ENTRY: &str = r#"(?m)^\s*\(\s*"([a-z0-9]+(?:-[a-z0-9]+)*)"\s*,"#;

pub fn check(repository: &Repository) -> Vec<Finding> {
    TABLES
        .iter()
        .flat_map(|table| check_table(repository, table))
        .collect()
}

fn check_table(repository: &Repository, table: &Table) -> Vec<Finding> {
    let text = repository.files.get(table.path);
    let codes = text.map(|text| codes_in(text)).unwrap_or_default();
    let mut findings = Vec::new();
    if codes.is_empty() && text.is_some() {
        let advice = "adapt the expression in `xtask/src/tidy/diagnostics.rs` to the table's form";
        findings.push(Finding::new(
            table.path,
            0,
            "no codes are found in the table",
            advice,
        ));
    }
    let named = named_in_tests(repository, table.is_test);
    for (code, line) in &codes {
        findings.extend(page_of(repository, table, code).map(|(message, advice)| {
            Finding::new(table.path, *line, format!("`{code}` {message}"), advice)
        }));
        if !named.contains(code.as_str()) {
            findings.push(Finding::new(
                table.path,
                *line,
                format!("no test names `{code}`"),
                table.advice,
            ));
        }
    }
    for page in pages(repository, table.pages) {
        if !codes.iter().any(|(code, _)| code == page) {
            let (path, advice) = (
                format!("{}{page}.md", table.pages),
                format!("remove it, or add the code to `{}`", table.path),
            );
            findings.push(Finding::new(&path, 0, "a page without a code", advice));
        }
    }
    findings
}

/// What is wrong with the page of a code, if anything, and what to do.
fn page_of(repository: &Repository, table: &Table, code: &str) -> Option<(String, String)> {
    let is_in = |folder: &str| repository.files.contains_key(&format!("{folder}{code}.md"));
    let elsewhere = table.other_pages.filter(|folder| is_in(folder));
    match (is_in(table.pages), elsewhere) {
        (true, None) | (false, Some(_)) => None,
        (false, None) => Some((
            "has no page".to_owned(),
            format!(
                "write `{}{code}.md`: what it means, an example, what to do",
                table.pages
            ),
        )),
        (true, Some(folder)) => Some((
            "has two pages".to_owned(),
            format!("keep the one in `{folder}`, which `dbgo explain` shows"),
        )),
    }
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
fn named_in_tests(repository: &Repository, is_test: fn(&str) -> bool) -> BTreeSet<&str> {
    let tests = repository.files.iter().filter(|(path, _)| is_test(path));
    tests
        .flat_map(|(_, text)| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-'))
        .collect()
}

fn pages<'a>(repository: &'a Repository, folder: &'a str) -> impl Iterator<Item = &'a str> {
    let names = repository
        .files
        .keys()
        .filter_map(move |path| path.strip_prefix(folder)?.strip_suffix(".md"));
    names.filter(|name| *name != "README" && !name.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = TABLES[0].path;
    const ERRORS: &str = TABLES[1].path;
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
            ["0: a page without a code"]
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

    #[test]
    fn an_error_s_page_may_be_the_diagnostic_s() {
        let files = [
            (TABLE, "    (\"missing-variable\", 1)\n"),
            (
                ERRORS,
                "    (\"missing-variable\", 1)\n    (\"env-file\", 1)\n    (\"not-ours\", 1)\n",
            ),
            ("docs/diagnostics/missing-variable.md", ""),
            ("docs/errors/env-file.md", ""),
            ("docs/errors/gone.md", ""),
            ("tests/tests/tool/errors.rs", "missing-variable"),
            ("runtime/src/config/tests.rs", "env-file"),
            ("runtime/src/config/mod.rs", "not-ours"),
        ];
        assert_eq!(
            found(&files),
            [
                "3: `not-ours` has no page",
                "3: no test names `not-ours`",
                "0: a page without a code"
            ]
        );
    }

    #[test]
    fn a_second_page_that_nobody_sees_alarms() {
        let files = [
            (ERRORS, "    (\"env-file\", 1)\n"),
            ("docs/diagnostics/env-file.md", ""),
            ("docs/errors/env-file.md", ""),
            ("runtime/tests/execute/errors.rs", "env-file"),
        ];
        assert_eq!(
            found(&files),
            ["0: a page without a code", "1: `env-file` has two pages"]
        );
    }
}
