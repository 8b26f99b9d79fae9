//! Which part of the product may name what: who reads files, who prints, who speaks to a database.

use super::Finding;
use super::repository::Repository;
use super::rust_code::{code_only, is_test_file, is_word};

/// Names that only some places may use.
struct Rule {
    /// The folders that the rule is about.
    within: &'static [&'static str],
    /// The folders or files among them that may use the names, each with the reason.
    except: &'static [(&'static str, &'static str)],
    /// The names.
    names: Names,
    /// What to do instead.
    advice: &'static str,
}

enum Names {
    /// Pieces of code as they are written: `fs::read`, `println!`, `.exists()`.
    Words(&'static [&'static str]),
    /// A crate, at the beginning of a path or of a `use`.
    Crate(&'static str),
}

const COMPILER: &[&str] = &["compiler/src/"];
const PRODUCT: &[&str] = &["compiler/", "runtime/"];

const RULES: [Rule; 11] = [
    Rule {
        within: COMPILER,
        except: &[
            ("compiler/src/source", "reads the project's files"),
            ("compiler/src/cache", "reads cached values"),
            (
                "compiler/src/emit",
                "compares with what is on disk, to write only what changed",
            ),
            ("compiler/src/build", "looks for what was built before"),
        ],
        names: Names::Words(&[
            "fs::{",
            "fs::*",
            "fs::read",
            "fs::read_to_string",
            "fs::read_dir",
            "fs::read_link",
            "fs::metadata",
            "fs::symlink_metadata",
            "fs::canonicalize",
            "fs::exists",
            "File::open",
            "OpenOptions",
            ".exists()",
            ".is_file()",
            ".is_dir()",
            ".read_dir()",
            ".canonicalize()",
        ]),
        advice: "only `source` and `cache` read the project: take the contents as a value",
    },
    Rule {
        within: COMPILER,
        except: &[
            ("compiler/src/emit", "writes the generated code"),
            ("compiler/src/cache", "writes cached values"),
            ("compiler/src/build", "puts what rustc made in its place"),
        ],
        names: Names::Words(&[
            "fs::{",
            "fs::*",
            "fs::write",
            "fs::create_dir",
            "fs::create_dir_all",
            "fs::remove_file",
            "fs::remove_dir",
            "fs::remove_dir_all",
            "fs::rename",
            "fs::copy",
            "fs::hard_link",
            "fs::set_permissions",
            "File::create",
            "File::create_new",
            "OpenOptions",
        ]),
        advice: "only `emit` and `cache` write files: return what is to be written",
    },
    Rule {
        within: COMPILER,
        except: &[("compiler/src/build", "calls rustc and cargo")],
        names: Names::Words(&[
            "process::Command",
            "process::{",
            "Command::new",
            "process::exit",
        ]),
        advice: "only `build` starts processes",
    },
    Rule {
        within: COMPILER,
        except: &[],
        names: Names::Words(&[
            "println!",
            "eprintln!",
            "print!",
            "eprint!",
            "dbg!",
            "io::stdout",
            "io::stderr",
        ]),
        advice: "stages never print: return a diagnostic, `compiler/cli` shows it",
    },
    Rule {
        within: COMPILER,
        except: &[],
        names: Names::Words(&["std::time", "Instant::now", "SystemTime"]),
        advice: "the same bytes in give the same bytes out: a stage never looks at a clock",
    },
    Rule {
        within: COMPILER,
        except: &[],
        names: Names::Words(&["HashMap", "HashSet", "hash_map", "hash_set"]),
        advice: "the order of a hash map differs between runs: use `BTreeMap`, `BTreeSet` or a sorted `Vec`",
    },
    Rule {
        within: &["runtime/changes/"],
        except: &[],
        names: Names::Words(&[
            "std::fs",
            "std::env",
            "std::process",
            "std::time",
            "println!",
            "eprintln!",
            "HashMap",
            "HashSet",
        ]),
        advice: "the comparison of two versions is a pure function: take what it needs as a value",
    },
    Rule {
        within: PRODUCT,
        except: &[("compiler/src/parse", "turns the parser's tree into ours")],
        names: Names::Crate("sqlparser"),
        advice: "only `compiler/src/parse` names the SQL parser: work on our own tree",
    },
    Rule {
        within: PRODUCT,
        except: &[("runtime/src/state", "owns the state database")],
        names: Names::Crate("sqlx"),
        advice: "only `runtime/src/state` speaks to the state database: add a method there",
    },
    Rule {
        within: PRODUCT,
        except: &[("runtime/src/adapters", "speaks to the engines")],
        names: Names::Crate("duckdb"),
        advice: "only `runtime/src/adapters` speaks to an engine: go through the adapter trait",
    },
    Rule {
        within: &["runtime/src/plan/", "runtime/src/plan.rs"],
        except: &[],
        names: Names::Words(&["execute::"]),
        advice: "a plan is complete data before anything runs: `plan` never imports `execute`",
    },
];

pub fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in repository
        .rust_files(PRODUCT)
        .filter(|(path, _)| !is_test_file(path))
    {
        let rules: Vec<&Rule> = RULES.iter().filter(|rule| rule.applies_to(path)).collect();
        let code = code_only(source);
        for (index, line) in code.lines().enumerate() {
            for rule in &rules {
                if let Some(name) = rule.names.found_in(line) {
                    findings.push(Finding::new(
                        path,
                        index + 1,
                        format!("names `{name}`"),
                        rule.advice,
                    ));
                }
            }
        }
    }
    findings
}

impl Rule {
    fn applies_to(&self, path: &str) -> bool {
        self.within.iter().any(|folder| path.starts_with(folder))
            && !self.except.iter().any(|(place, _)| is_in(path, place))
    }
}

/// Whether a file is a place, is in it, or is the module file of it: `a/b`, `a/b/c.rs` and `a/b.rs` are all in `a/b`.
fn is_in(path: &str, place: &str) -> bool {
    path.strip_prefix(place)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest == ".rs")
}

impl Names {
    /// The first of the names in a line of code.
    fn found_in(&self, line: &str) -> Option<&'static str> {
        match self {
            Names::Words(words) => words.iter().copied().find(|word| contains_word(line, word)),
            Names::Crate(name) => names_crate(line, name).then_some(*name),
        }
    }
}

/// Whether a piece of code stands in a line, and not as a part of a longer name.
fn contains_word(line: &str, word: &str) -> bool {
    line.match_indices(word)
        .any(|(at, _)| stands_alone(line, at, word))
}

fn stands_alone(line: &str, at: usize, word: &str) -> bool {
    let (bytes, end) = (line.as_bytes(), at + word.len());
    let joined_before = is_word(word.as_bytes()[0]) && at > 0 && is_word(bytes[at - 1]);
    let joined_after = is_word(bytes[end - 1]) && bytes.get(end).is_some_and(|byte| is_word(*byte));
    !joined_before && !joined_after
}

/// Whether a line has `name::…` or `use name`, where `name` is no module inside another path (`adapters::name::…`).
fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + name.len()..]);
        let begins_path = match before.strip_suffix("::") {
            Some(parent) => {
                !parent.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | '>'))
            }
            None => true,
        };
        let is_path = after.starts_with("::");
        let is_use = before.trim_end().ends_with("use") && !before.trim_start().starts_with("mod");
        stands_alone(line, at, name) && begins_path && (is_path || is_use)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, source: &str) -> Vec<String> {
        check(&Repository::of(&[(path, source)]))
            .iter()
            .map(|finding| finding.message.clone())
            .collect()
    }

    #[test]
    fn reading_outside_its_places_alarms() {
        let source = "use std::fs;\nfn f() { fs::read_to_string(p); }\n";
        assert_eq!(
            found("compiler/src/types/mod.rs", source),
            ["names `fs::read_to_string`"]
        );
        assert_eq!(
            found("compiler/src/types/mod.rs", "use std::fs::{read};"),
            ["names `fs::{`"; 2]
        );
        assert_eq!(
            found("compiler/src/types/mod.rs", "if path.exists() {}"),
            ["names `.exists()`"]
        );
        assert!(found("compiler/src/source/mod.rs", source).is_empty());
        assert!(found("compiler/src/cache.rs", source).is_empty());
        assert!(found("compiler/cli/src/main.rs", source).is_empty());
        assert!(!found("compiler/src/sources.rs", source).is_empty());
    }

    #[test]
    fn writing_outside_its_places_alarms() {
        let source = "fn f() { std::fs::write(p, t); }";
        assert_eq!(
            found("compiler/src/source/mod.rs", source),
            ["names `fs::write`"]
        );
        assert!(found("compiler/src/emit/mod.rs", source).is_empty());
    }

    #[test]
    fn processes_outside_build_alarm() {
        let source = "use std::process::Command;";
        assert_eq!(
            found("compiler/src/emit/mod.rs", source),
            ["names `process::Command`"]
        );
        assert!(found("compiler/src/build/rustc.rs", source).is_empty());
        assert!(found("compiler/src/emit/mod.rs", "std::process::id()").is_empty());
    }

    #[test]
    fn printing_alarms_everywhere_in_the_compiler() {
        for source in [
            "println!(\"x\")",
            "eprintln!()",
            "print!()",
            "dbg!(x)",
            "std::io::stdout()",
        ] {
            assert_eq!(
                found("compiler/src/build/mod.rs", source).len(),
                1,
                "{source}"
            );
        }
        assert!(
            found(
                "compiler/src/print/mod.rs",
                "fn sprint() {} use crate::print;"
            )
            .is_empty()
        );
        assert!(found("compiler/cli/src/main.rs", "println!()").is_empty());
    }

    #[test]
    fn clocks_alarm() {
        assert_eq!(
            found("compiler/src/cache/mod.rs", "use std::time::Duration;").len(),
            1
        );
        assert_eq!(
            found("compiler/src/cache/mod.rs", "Instant::now()").len(),
            1
        );
        assert!(
            found(
                "compiler/src/types/mod.rs",
                "use crate::header::time::Instant; enum Type { Instant }"
            )
            .is_empty()
        );
    }

    #[test]
    fn hash_maps_alarm() {
        assert_eq!(
            found("compiler/src/resolve/mod.rs", "let m: HashMap<u8, u8>;").len(),
            1
        );
        assert!(found("runtime/src/lib.rs", "let m: HashMap<u8, u8>;").is_empty());
    }

    #[test]
    fn what_compares_versions_is_pure() {
        let path = "runtime/changes/src/effective.rs";
        assert_eq!(found(path, "use std::fs;"), ["names `std::fs`"]);
        assert_eq!(found(path, "let seen: HashSet<u8>;").len(), 1);
        assert!(found(path, "use std::collections::BTreeSet;").is_empty());
        assert!(found("runtime/src/config.rs", "use std::fs;").is_empty());
    }

    #[test]
    fn crates_outside_their_modules_alarm() {
        for (name, home) in [
            ("sqlparser", "compiler/src/parse/mod.rs"),
            ("sqlx", "runtime/src/state/mod.rs"),
            ("duckdb", "runtime/src/adapters/duckdb/mod.rs"),
        ] {
            for source in [
                format!("use {name}::A;"),
                format!("let x = ::{name}::a();"),
                format!("use {name};"),
            ] {
                assert_eq!(
                    found("runtime/src/execute/mod.rs", &source),
                    [format!("names `{name}`")],
                    "{source}"
                );
                assert_eq!(
                    found("compiler/src/types/mod.rs", &source).len(),
                    1,
                    "{source}"
                );
                assert!(found(home, &source).is_empty(), "{source}");
            }
        }
        let own_module =
            "use crate::adapters::duckdb::Adapter; mod duckdb; use libduckdb::x; let duckdb = 1;";
        assert!(found("runtime/src/execute/mod.rs", own_module).is_empty());
    }

    #[test]
    fn a_plan_that_imports_execution_alarms() {
        assert_eq!(
            found("runtime/src/plan/mod.rs", "use crate::execute::run;").len(),
            1
        );
        assert!(found("runtime/src/cli/mod.rs", "use crate::execute::run;").is_empty());
    }

    #[test]
    fn comments_strings_and_tests_are_free() {
        let source = "// HashMap\nconst A: &str = \"println!\";\n#[cfg(test)]\nmod tests { use std::fs::{self}; }\n";
        assert!(found("compiler/src/types/mod.rs", source).is_empty());
        assert!(found("compiler/src/types/tests.rs", "println!()").is_empty());
    }
}
