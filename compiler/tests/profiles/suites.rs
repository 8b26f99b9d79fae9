//! Edits that mean nothing, of the models of the language suites, `tests/language/*.md`.

use crate::benchmark::Choices;
use crate::neutral::edited;
use crate::project::profiles;
use dbgo_compiler::diagnostic::Diagnostic;
use dbgo_compiler::fingerprint::{ObstacleKind, Profile};
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;
use std::path::Path;

/// The files of one project: path and text.
type Files = Vec<(String, String)>;

/// A project for each heading, with the files that the suite shares.
fn projects() -> Vec<Files> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/language");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the suites")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    paths.sort();
    paths
        .iter()
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).expect("a suite");
            of_suite(&text)
        })
        .collect()
}

fn of_suite(text: &str) -> Vec<Files> {
    let mut projects: Vec<Files> = vec![Vec::new()];
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        if let Some((path, content)) = &mut open {
            if line.starts_with("```") {
                let file = (std::mem::take(path), std::mem::take(content));
                projects.last_mut().expect("one").push(file);
                open = None;
            } else {
                content.push_str(line);
                content.push('\n');
            }
        } else if let Some(fence) = line.strip_prefix("```") {
            let path = fence.split_whitespace().nth(1).unwrap_or_default();
            open = Some((path.to_owned(), String::new()));
        } else if line.starts_with("##") {
            projects.push(Vec::new());
        }
    }
    let shared = projects.remove(0);
    for project in &mut projects {
        let own: Files = std::mem::take(project);
        let before = shared
            .iter()
            .filter(|(path, _)| own.iter().all(|(other, _)| other != path));
        *project = before.chain(&own).cloned().collect();
        project.retain(|(path, _)| path.contains('.'));
    }
    projects
}

/// A model's text with its body edited. A file with directives is left as it is, since they are
/// lines.
fn edited_model(text: &str, names: &[String], choices: &mut Choices) -> String {
    let is_directive = |line: &str| {
        let line = line.trim_start();
        line.starts_with('#') && line[1..].starts_with(|first: char| first.is_alphabetic())
    };
    if text.lines().any(is_directive) {
        return text.to_owned();
    }
    let header: usize = text
        .split_inclusive('\n')
        .take_while(|line| line.starts_with("--") || line.trim().is_empty())
        .map(str::len)
        .sum();
    let (header, body) = text.split_at(header);
    format!("{header}{}\n", edited(body, names, choices))
}

/// Whether the text of a query stands for it, with its parentheses and aliases.
pub fn is_opaque(profile: &Profile) -> bool {
    let mut obstacles = profile.columns.iter().filter_map(|column| column.obstacle);
    obstacles.any(|obstacle| obstacle.kind == ObstacleKind::Opaque)
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|character: char| !character.is_alphanumeric() && character != '_')
        .map(str::to_lowercase)
}

#[test]
fn edits_that_mean_nothing_keep_the_profiles_of_the_suites() {
    let projects = projects();
    // Of what has errors not all is known, so that its text stands for it.
    let whole = |project: &Files| {
        let (profiles, found) = profiles(project);
        match found.iter().any(Diagnostic::is_error) {
            true => BTreeMap::new(),
            false => profiles,
        }
    };
    let plain: Vec<BTreeMap<String, Profile>> = projects.iter().map(whole).collect();
    let models = plain.iter().flat_map(BTreeMap::values);
    let count = models.filter(|profile| !is_opaque(profile)).count();
    assert!(count > 100, "{count} models");
    let mut runner = TestRunner::new(Config {
        cases: 3,
        failure_persistence: None,
        ..Config::default()
    });
    let held = runner.run(&proptest::num::u64::ANY, |seed| {
        let mut choices = Choices::new(seed);
        for (project, plain) in projects.iter().zip(&plain) {
            let mut texts = project.clone();
            for (index, (path, text)) in project.iter().enumerate() {
                if path.starts_with("models/") && path.ends_with(".sql") {
                    // What other files name may be a column of this one.
                    let others = project.iter().filter(|(other, _)| other != path);
                    let names: Vec<String> = others
                        .flat_map(|(_, text)| words(text))
                        .chain(
                            text.lines()
                                .filter(|it| it.starts_with("--"))
                                .flat_map(words),
                        )
                        .collect();
                    texts[index].1 = edited_model(text, &names, &mut choices);
                }
            }
            let (changed, found) = profiles(&texts);
            for (path, profile) in plain.iter().filter(|(_, profile)| !is_opaque(profile)) {
                let same = changed
                    .get(path)
                    .is_some_and(|changed| changed.same_data(profile));
                assert!(same, "seed {seed}: {path} of {texts:#?}\n{found:#?}");
            }
        }
        Ok(())
    });
    held.expect("profiles stay the same");
}
