//! Golden projects: each folder of `tests/cases` that holds a `dbgo.toml` is checked from disk, as
//! `dbgo check` does, and what people see is held against its `expected.txt`.
//!
//! Where a case has a folder `generated`, so is the Rust of its bodies and definition, and where it
//! has an `expected.json`, so are the findings as JSON. `DBGO_UPDATE=1` writes what there is.

use crate::markdown::repository;
use crate::project::compile_files;
use dbgo_compiler::codegen::{body, definition, format_file, shard};
use dbgo_compiler::diagnostic::render;
use dbgo_compiler::lineage::carried::{TableColumns, carried};
use dbgo_compiler::source::read_project;
use dbgo_compiler::typed::TypedProject;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn projects_on_disk_give_what_is_expected() {
    let wanted = std::env::var("DBGO_TEST").unwrap_or_default();
    let mut cases: Vec<PathBuf> = fs::read_dir(repository().join("tests/cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|case| case.join("dbgo.toml").is_file() && case.to_string_lossy().contains(&wanted))
        .collect();
    cases.sort();
    assert!(
        !cases.is_empty() || !wanted.is_empty(),
        "there are no cases"
    );
    let failures: Vec<String> = cases.iter().flat_map(|case| run(case)).collect();
    assert!(
        failures.is_empty(),
        "{}\n\n(`DBGO_UPDATE=1` takes these over)\n",
        failures.join("\n\n")
    );
}

fn run(case: &Path) -> Vec<String> {
    let (files, found) = read_project(case);
    let compilation = compile_files(files, found);
    let (sources, found) = (&compilation.outline.files.sources, &compilation.diagnostics);
    let mut given = BTreeMap::from([(
        "expected.txt".to_owned(),
        render::full(sources, found, false),
    )]);
    if case.join("expected.json").is_file() {
        given.insert("expected.json".to_owned(), render::json(sources, found));
    }
    if case.join("generated").is_dir() {
        given.extend(generated(&compilation.project));
    }
    let mut differences: Vec<String> = given
        .iter()
        .filter_map(|(path, text)| difference(case, path, text))
        .collect();
    differences.extend(left_over(case, &given));
    differences
}

/// The bodies and the definition of a project, as they are compiled.
fn generated(project: &TypedProject) -> BTreeMap<String, String> {
    let tables = TableColumns::of(project);
    let text = |model| format_file(body::body(model, &carried(model, &tables)));
    let bodies: Vec<(&str, String)> = project
        .models
        .iter()
        .map(|model| (model.path.as_str(), text(model)))
        .collect();
    let shard = shard::shard_sources(bodies.iter().map(|(path, text)| (*path, text.as_str())));
    let definition = definition::definition_sources(project, &"0".repeat(64));
    let mut files = BTreeMap::new();
    for (folder, tree) in [("bodies", &shard), ("definition", &definition)] {
        for (path, bytes) in tree.iter() {
            let text = String::from_utf8_lossy(bytes).into_owned();
            // The version of the tool changes with each release.
            let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
            files.insert(format!("generated/{folder}/{path}"), text);
        }
    }
    files
}

fn difference(case: &Path, path: &str, given: &str) -> Option<String> {
    let file = case.join(path);
    if std::env::var_os("DBGO_UPDATE").is_some() {
        fs::create_dir_all(file.parent()?).unwrap();
        fs::write(&file, given).unwrap();
        return None;
    }
    let wanted = fs::read_to_string(&file).unwrap_or_default();
    (wanted != given).then(|| {
        format!(
            "{} differs\n{}",
            file.display(),
            changed_lines(&wanted, given)
        )
    })
}

/// Files of `generated` that nothing generates any more.
fn left_over(case: &Path, given: &BTreeMap<String, String>) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found)
            } else {
                found.push(path)
            }
        }
    }
    let mut found = Vec::new();
    walk(&case.join("generated"), &mut found);
    found.retain(|path| {
        !path
            .strip_prefix(case)
            .is_ok_and(|path| given.contains_key(&*path.to_string_lossy()))
    });
    found
        .iter()
        .map(|path| format!("{} isn't generated", path.display()))
        .collect()
}

/// The lines between what two texts have in common at their start and at their end.
fn changed_lines(wanted: &str, given: &str) -> String {
    let (wanted, given): (Vec<&str>, Vec<&str>) =
        (wanted.lines().collect(), given.lines().collect());
    let start = wanted
        .iter()
        .zip(&given)
        .take_while(|(left, right)| left == right)
        .count();
    let rest = wanted.len().min(given.len()) - start;
    let backwards = wanted.iter().rev().zip(given.iter().rev());
    let end = backwards
        .take(rest)
        .take_while(|(left, right)| left == right)
        .count();
    let lines = |sign: char, lines: &[&str]| -> Vec<String> {
        lines[start..lines.len() - end]
            .iter()
            .map(|line| format!("  {sign} {line}"))
            .collect()
    };
    let mut shown = vec![format!("  @ line {}", start + 1)];
    shown.extend(lines('-', &wanted));
    shown.extend(lines('+', &given));
    shown.join("\n")
}

#[test]
fn a_difference_shows_the_lines_that_changed() {
    assert_eq!(
        changed_lines("a\nb\nc\n", "a\nx\ny\nc\n"),
        "  @ line 2\n  - b\n  + x\n  + y"
    );
    assert_eq!(changed_lines("a\na\n", "a\n"), "  @ line 2\n  - a");
}

#[test]
fn the_example_has_no_findings() {
    assert_eq!(findings(&repository().join("example-project")), "");
}

#[test]
fn a_new_project_has_no_findings() {
    let folder = tempfile::tempdir().unwrap();
    copy(&repository().join("templates/init"), folder.path());
    assert_eq!(findings(folder.path()), "");
}

/// Copies a template, whose project is called `shop`.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            let text = fs::read_to_string(entry.path()).unwrap();
            fs::write(place, text.replace("{{name}}", "shop")).unwrap();
        }
    }
}

/// What checking a project finds; all its models are typed if that is nothing.
fn findings(folder: &Path) -> String {
    let (files, found) = read_project(folder);
    let compilation = compile_files(files, found);
    let shown = render::full(
        &compilation.outline.files.sources,
        &compilation.diagnostics,
        false,
    );
    assert!(!shown.is_empty() || compilation.project.models.len() == compilation.models);
    shown
}
