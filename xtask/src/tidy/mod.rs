//! `cargo xtask tidy`: the checks behind the invariants that ARCHITECTURE.md lists.
//!
//! Each rule is a function from the repository's files to findings, and most of what it needs to know is a table at
//! the head of its module: whoever moves a module or needs an exception edits that table. The rules look at the text
//! of the files, with comments, strings and tests taken out of Rust code; they don't resolve names.

mod dependencies;
mod diagnostics;
mod documents;
mod fail_points;
mod files;
mod machine_paths;
mod repository;
mod rust_code;
mod words;

use std::error::Error;
use std::fmt;
use std::path::Path;

use repository::Repository;

/// Something that breaks a rule, and what to do about it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the repository; empty if it is no single file.
    path: String,
    /// The line, from 1; 0 for the whole file.
    line: usize,
    /// What is wrong.
    message: String,
    /// What to do.
    advice: String,
}

impl Finding {
    fn new(
        path: &str,
        line: usize,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Finding {
        Finding {
            path: path.to_owned(),
            line,
            message: message.into(),
            advice: advice.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.path.is_empty(), self.line) {
            (true, _) => {}
            (false, 0) => write!(f, "{}: ", self.path)?,
            (false, line) => write!(f, "{}:{line}: ", self.path)?,
        }
        write!(f, "{}\n    {}", self.message, self.advice)
    }
}

/// All rules.
const RULES: [fn(&Repository) -> Vec<Finding>; 8] = [
    dependencies::check,
    words::check,
    fail_points::check,
    diagnostics::check,
    documents::check_paths,
    documents::check_crate_docs,
    files::check_length,
    machine_paths::check,
];

/// Checks the repository and prints what is found.
///
/// # Errors
/// If there are findings, or if the repository can't be read.
pub fn run(root: &Path) -> Result<(), Box<dyn Error>> {
    let findings = findings(&Repository::load(root)?);
    for finding in &findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        1 => Err("tidy: 1 finding".into()),
        number => Err(format!("tidy: {number} findings").into()),
    }
}

/// What all rules find, in the order of files.
fn findings(repository: &Repository) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(repository)).collect();
    findings.sort();
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_is_tidy() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let repository = Repository::load(root).unwrap();
        assert!(
            repository.files.contains_key("xtask/src/tidy/mod.rs"),
            "the files of the repository are seen"
        );
        let found = findings(&repository);
        let list: Vec<String> = found.iter().map(Finding::to_string).collect();
        assert!(
            found.is_empty(),
            "{} findings\n\n{}\n",
            found.len(),
            list.join("\n")
        );
    }

    #[test]
    fn a_finding_reads_as_a_place_a_fault_and_advice() {
        let finding = Finding::new("a/b.rs", 3, "names `HashMap`", "use `BTreeMap`");
        assert_eq!(
            finding.to_string(),
            "a/b.rs:3: names `HashMap`\n    use `BTreeMap`"
        );
        let finding = Finding::new("", 0, "the tree is wrong", "mend it");
        assert_eq!(finding.to_string(), "the tree is wrong\n    mend it");
    }
}
