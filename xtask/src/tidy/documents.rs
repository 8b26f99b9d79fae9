//! Documents name only what exists, and each crate says what it is.

use super::Finding;
use super::repository::Repository;

/// The documents whose words are checked; a folder stands for all Markdown in it.
const DOCUMENTS: [&str; 4] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/"];

/// A word in backticks that begins with one of these is a path of this repository.
const FOLDERS: [&str; 7] = [
    "compiler/",
    "runtime/",
    "templates/",
    "example-project/",
    "tests/",
    "xtask/",
    "docs/",
];

/// Where the name of a place ends and something else begins: a pattern, a placeholder, a line, an item, an anchor.
const NOT_OF_A_NAME: [char; 8] = ['*', '<', '{', '…', ':', '#', ' ', '$'];

pub fn check_paths(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in &repository.files {
        if !is_document(path) {
            continue;
        }
        for (line, word) in words_in_backticks(text) {
            let is_path = FOLDERS.iter().any(|folder| word.starts_with(folder));
            if is_path && !exists(repository, word) {
                let message = format!("`{word}` doesn't exist");
                findings.push(Finding::new(
                    path,
                    line,
                    message,
                    "name the place where it is now, or drop the sentence",
                ));
            }
        }
    }
    findings
}

fn is_document(path: &str) -> bool {
    path.ends_with(".md")
        && DOCUMENTS.iter().any(|document| {
            path == *document || (document.ends_with('/') && path.starts_with(document))
        })
}

/// What stands between backticks outside of fenced blocks, with the line.
fn words_in_backticks(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    let prose = text.lines().enumerate().filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    });
    prose.flat_map(|(index, line)| {
        line.split('`')
            .skip(1)
            .step_by(2)
            .map(move |word| (index + 1, word))
    })
}

/// Whether a file or folder of that name exists; of a pattern only the folder before the pattern is looked for.
fn exists(repository: &Repository, word: &str) -> bool {
    let name = match word.find(NOT_OF_A_NAME) {
        // The part of the name that the pattern is in doesn't count, but `a/b.rs:12` is all of `a/b.rs`.
        Some(end) if matches!(word[end..].chars().next(), Some(':' | '#' | ' ')) => &word[..end],
        Some(end) => word[..end]
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder),
        None => word,
    };
    let name = name.trim_end_matches('/');
    let is_it = |path: &String| {
        path.strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    repository.files.keys().any(is_it)
}

pub fn check_crate_docs(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    let manifests = repository
        .files
        .keys()
        .filter_map(|path| path.strip_suffix("Cargo.toml"));
    for folder in manifests.filter(|folder| !folder.starts_with("tests/cases/")) {
        for root in ["src/lib.rs", "src/main.rs"] {
            let path = format!("{folder}{root}");
            if repository
                .files
                .get(&path)
                .is_some_and(|source| !begins_with_docs(source))
            {
                let advice = "begin it with `//!`: what the crate is, and what it is not";
                findings.push(Finding::new(&path, 1, "the crate has no docs", advice));
            }
        }
    }
    findings
}

/// Whether `//!` comes before the first item; attributes of the crate, comments and empty lines may stand before it.
fn begins_with_docs(source: &str) -> bool {
    let mut lines = source.lines().map(str::trim);
    let first = lines.find(|line| {
        let is_comment = line.starts_with("//") && !line.starts_with("//!");
        !(line.is_empty() || line.starts_with("#![") || is_comment)
    });
    first.is_some_and(|line| {
        line.strip_prefix("//!")
            .is_some_and(|text| !text.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(document: &str) -> Vec<String> {
        let files = [
            ("README.md", document),
            ("compiler/src/parse/mod.rs", ""),
            ("tests/language/columns.md", ""),
        ];
        check_paths(&Repository::of(&files))
            .iter()
            .map(|finding| finding.message.clone())
            .collect()
    }

    #[test]
    fn a_path_that_is_gone_alarms() {
        assert_eq!(
            paths("see `compiler/src/gone.rs` and `tests/gone/*.md`").len(),
            2
        );
        assert_eq!(
            paths("see `compiler/src/par`"),
            ["`compiler/src/par` doesn't exist"]
        );
    }

    #[test]
    fn paths_that_exist_are_fine() {
        let text = "`compiler/`, `compiler/src/parse`, `compiler/src/parse/mod.rs:12`, `compiler/src/parse/mod.rs::f`,\n\
                    `tests/language/*.md`, `tests/language/<feature>.md`, `cargo xtask test`, `models/a.sql`";
        assert_eq!(paths(text), [""; 0]);
        assert_eq!(paths("```\n`docs/gone.md`\n```\n"), [""; 0]);
    }

    #[test]
    fn other_documents_are_not_looked_at() {
        let files = [
            ("example-project/README.md", "`docs/gone.md`"),
            ("docs/language.md", "`docs/gone.md`"),
        ];
        assert_eq!(check_paths(&Repository::of(&files)).len(), 1);
    }

    #[test]
    fn a_crate_without_docs_alarms() {
        let crate_with = |source| {
            check_crate_docs(&Repository::of(&[
                ("a/Cargo.toml", ""),
                ("a/src/lib.rs", source),
            ]))
            .len()
        };
        assert_eq!(crate_with("use std::fs;\n//! late"), 1);
        assert_eq!(crate_with("//!\nfn f() {}"), 1);
        assert_eq!(crate_with(""), 1);
        assert_eq!(crate_with("#![no_std]\n// licence\n\n//! A crate."), 0);
    }
}
