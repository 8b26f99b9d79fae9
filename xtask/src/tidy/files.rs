//! No Rust file is longer than people read.

use super::Finding;
use super::repository::Repository;

/// The longest that a file may be, in lines.
const LONGEST: usize = 700;

/// Files that may be longer, each with the reason.
const LONGER: &[(&str, &str)] = &[];

/// Expected output of golden cases is as long as it is.
const EXPECTED: &str = "tests/cases/";

pub fn check_length(repository: &Repository) -> Vec<Finding> {
    check_length_except(repository, LONGER)
}

fn check_length_except(repository: &Repository, longer: &[(&str, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in repository
        .rust_files(&[""])
        .filter(|(path, _)| !path.starts_with(EXPECTED))
    {
        let lines = source.lines().count();
        let excepted = longer.iter().any(|(name, _)| *name == path);
        if lines > LONGEST && !excepted {
            let advice = format!("split it by what it is about: {LONGEST} is the limit");
            findings.push(Finding::new(path, 0, format!("{lines} lines"), advice));
        }
        if lines <= LONGEST && excepted {
            let advice = "take it off the list in `xtask/src/tidy/files.rs`";
            findings.push(Finding::new(path, 0, "is short enough now", advice));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_alarms_unless_it_is_listed() {
        let (long, limit) = ("x\n".repeat(LONGEST + 1), "x\n".repeat(LONGEST));
        let repository = Repository::of(&[("a.rs", &long), ("b.rs", &limit), ("c.sql", &long)]);
        let found = check_length(&repository);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].message, "701 lines");
        assert!(check_length_except(&repository, &[("a.rs", "a table")]).is_empty());
        let stale = check_length_except(&repository, &[("a.rs", "a table"), ("b.rs", "was long")]);
        assert_eq!(stale.len(), 1, "{stale:?}");
        assert_eq!(stale[0].path, "b.rs");
    }
}
