//! The pages of `docs/diagnostics`: each code has one, its example gives that finding and no other,
//! and what is mended gives none.

use crate::markdown::{Document, Section, documents, repository};
use crate::project::{compile, files_of, shown};
use dbgo_compiler::diagnostic::Code;
use std::collections::BTreeSet;
use std::fs;

/// Codes whose cause is the machine, or a text that no page can show: the test that makes each.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    (
        "invalid-utf8",
        MACHINE,
        "a_file_that_is_not_utf8_is_named_with_its_first_bad_byte",
    ),
    (
        "file-too-large",
        MACHINE,
        "a_query_of_more_than_4_mib_is_refused",
    ),
    (
        "too-deep",
        MACHINE,
        "a_query_that_is_nested_too_deep_is_refused",
    ),
    (
        "unreadable-file",
        MACHINE,
        "a_file_that_cannot_be_read_is_named",
    ),
    (
        "project-file-missing",
        MACHINE,
        "a_folder_without_a_project_is_refused",
    ),
    ("rustc-missing", MACHINE, "a_missing_rustc_is_named"),
    (
        "rustc-too-old",
        MACHINE,
        "a_rustc_that_is_too_old_is_refused",
    ),
    (
        "linker-missing",
        "compiler/src/build/rustc.rs",
        "a_missing_linker_is_not_a_fault_of_dbgo",
    ),
    ("libduckdb-missing", MACHINE, "a_missing_library_is_named"),
    (
        "unwritable",
        MACHINE,
        "a_folder_that_cannot_be_written_is_named",
    ),
    (
        "generated-code",
        MACHINE,
        "code_that_rustc_refuses_is_a_fault_of_dbgo",
    ),
    (
        "crates-unavailable",
        MACHINE,
        "crates_that_cannot_be_downloaded_are_said",
    ),
    (
        "program-not-built",
        MACHINE,
        "a_program_that_cannot_be_built_shows_what_cargo_said",
    ),
    (
        "seeds-too-large",
        MACHINE,
        "seeds_too_large_for_a_program_are_refused",
    ),
    (
        "engine-failed",
        MACHINE,
        "an_engine_that_fails_is_no_fault_of_the_query",
    ),
    (
        "parsed-by-engine",
        MACHINE,
        "a_query_that_only_the_engine_reads_is_typed_by_it",
    ),
    (
        "missing-variable",
        "runtime/src/config/expand.rs",
        "a_missing_variable_is_named_with_its_place",
    ),
];

const MACHINE: &str = "tests/tests/compile/machine.rs";

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let pages: BTreeSet<String> = documents("docs/diagnostics")
        .into_iter()
        .map(|page| page.path)
        .collect();
    let wanted: BTreeSet<String> = Code::ALL
        .iter()
        .map(|code| format!("docs/diagnostics/{code}.md"))
        .collect();
    assert_eq!(pages, wanted);
}

#[test]
fn what_no_page_can_show_is_tested_elsewhere() {
    for (code, file, test) in ELSEWHERE {
        assert!(code.parse::<Code>().is_ok(), "there is no code `{code}`");
        let text = fs::read_to_string(repository().join(file)).expect(file);
        assert!(
            text.contains(&format!("fn {test}()")),
            "{code}: `{file}` has no test `{test}`"
        );
    }
}

#[test]
fn examples_give_their_finding_and_mended_ones_none() {
    let wanted = std::env::var("DBGO_TEST").unwrap_or_default();
    let mut failures = Vec::new();
    for page in documents("docs/diagnostics")
        .iter()
        .filter(|page| page.path.contains(&wanted))
    {
        if let Err(fault) = check(page) {
            failures.push(format!("{}: {fault}", page.path));
        }
    }
    let shown = Code::ALL.len() - ELSEWHERE.len();
    assert!(shown >= 45, "only {shown} codes are shown by their pages");
    assert!(
        failures.is_empty(),
        "{} pages fail\n\n{}\n",
        failures.len(),
        failures.join("\n\n")
    );
}

fn check(page: &Document) -> Result<(), String> {
    let code: Code = page
        .title
        .parse()
        .map_err(|()| format!("`{}` is no code", page.title))?;
    if !page.path.ends_with(&format!("/{code}.md")) {
        return Err("the title is another code than the file's name".to_owned());
    }
    if page.introduction.trim().is_empty() {
        return Err("nothing is said about it".to_owned());
    }
    let section = |heading: &str| {
        page.section(heading)
            .ok_or(format!("`## {heading}` is missing"))
    };
    let (example, mended) = (section("Example")?, section("Mended")?);
    if ELSEWHERE
        .iter()
        .any(|(elsewhere, ..)| *elsewhere == code.text())
    {
        return Ok(());
    }
    let found = compile_section(example)?;
    let codes: BTreeSet<Code> = found
        .diagnostics
        .iter()
        .map(|finding| finding.code)
        .collect();
    if codes != BTreeSet::from([code]) {
        let sources = &found.outline.files.sources;
        return Err(format!(
            "the example gives\n{}",
            shown(sources, &found.diagnostics)
        ));
    }
    let found = compile_section(mended)?;
    if !found.diagnostics.is_empty() {
        let sources = &found.outline.files.sources;
        return Err(format!(
            "what is mended gives\n{}",
            shown(sources, &found.diagnostics)
        ));
    }
    Ok(())
}

fn compile_section(section: &Section) -> Result<dbgo_compiler::driver::Compilation, String> {
    let heading = section.headings.join(" ");
    if !section.blocks.iter().any(|block| block.name.contains('.')) {
        return Err(format!("`## {heading}` has no files"));
    }
    Ok(compile(&files_of(&section.blocks)))
}
