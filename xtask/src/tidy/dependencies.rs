//! What a package must not be built from: the compiler has no database driver, the runtime no SQL parser.

use std::collections::BTreeSet;

use super::Finding;
use super::repository::Repository;

/// What one package may not depend on, directly or through others.
pub struct Limit {
    /// The package.
    pub package: &'static str,
    /// The packages that may not be in its tree.
    forbidden: Forbidden,
    /// What to do instead.
    advice: &'static str,
}

enum Forbidden {
    Packages(&'static [&'static str]),
    Everything,
}

/// All limits.
pub const LIMITS: [Limit; 4] = [
    Limit {
        package: "dbgo-compiler",
        forbidden: Forbidden::Packages(&[
            "duckdb",
            "libduckdb-sys",
            "sqlx",
            "rusqlite",
            "postgres",
            "tokio-postgres",
        ]),
        advice: "the compiler never talks to a database: pass what it needs through a trait that `compiler/cli` fills in",
    },
    Limit {
        package: "dbgo-runtime",
        forbidden: Forbidden::Packages(&["sqlparser", "dbgo-compiler"]),
        advice: "the runtime never parses project files: let the compiler put what it needs into `ProjectDef`",
    },
    Limit {
        package: "dbgo-changes",
        forbidden: Forbidden::Packages(&[
            "dbgo",
            "duckdb",
            "libduckdb-sys",
            "sqlx",
            "sqlparser",
            "tokio",
            "jiff",
        ]),
        advice: "compiler and runtime both know this crate: it compares data and needs nothing but serde",
    },
    Limit {
        package: "dbgo-contract",
        forbidden: Forbidden::Everything,
        advice: "generated code is compiled against the contract alone: keep it free of dependencies",
    },
];

pub fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for limit in &LIMITS {
        let Some(tree) = repository.dependencies.get(limit.package) else {
            continue;
        };
        for name in tree {
            let is_forbidden = match limit.forbidden {
                Forbidden::Everything => true,
                // `sqlx` brings its parts (`sqlx-core`, `sqlx-sqlite`), any of which is a driver as well.
                Forbidden::Packages(packages) => packages.iter().any(|package| {
                    name.strip_prefix(package)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
                }),
            };
            if is_forbidden {
                let message = format!(
                    "`{}` is built from `{name}` (see `cargo tree -p {0} -i {name}`)",
                    limit.package
                );
                findings.push(Finding::new("", 0, message, limit.advice));
            }
        }
    }
    findings
}

/// The names of the packages in the output of `cargo tree --prefix none --format {p}`, without the package itself.
pub fn names(tree: &str, package: &str) -> BTreeSet<String> {
    let first_words = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    first_words
        .filter(|name| *name != package)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings_for(package: &str, tree: &str) -> Vec<String> {
        let mut repository = Repository::default();
        repository
            .dependencies
            .insert(package.to_owned(), names(tree, package));
        check(&repository)
            .iter()
            .map(|finding| finding.message.clone())
            .collect()
    }

    #[test]
    fn a_driver_below_the_compiler_alarms() {
        let tree = "dbgo-compiler v0.1.0 (/r/compiler)\nserde v1.0.0\nduckdb v1.10505.0\nsqlx-sqlite v0.9.0 (*)\n";
        let found = findings_for("dbgo-compiler", tree);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].contains("`duckdb`") && found[1].contains("`sqlx-sqlite`"),
            "{found:?}"
        );
    }

    #[test]
    fn a_parser_below_the_runtime_alarms() {
        assert_eq!(
            findings_for(
                "dbgo-runtime",
                "dbgo-runtime v0.1.0\nsqlparser v0.63.0\nduckdb v1.0.0"
            )
            .len(),
            1
        );
    }

    #[test]
    fn the_compiler_below_what_both_sides_know_alarms() {
        let tree = "dbgo-changes v0.1.0\nserde v1.0.0\ndbgo-compiler v0.1.0";
        assert_eq!(findings_for("dbgo-changes", tree).len(), 1);
        assert_eq!(findings_for("dbgo-runtime", tree).len(), 1);
        let tree = "dbgo-changes v0.1.0\nserde v1.0.0\nserde_json v1.0.0";
        assert!(findings_for("dbgo-changes", tree).is_empty());
    }

    #[test]
    fn anything_below_the_contract_alarms() {
        assert_eq!(
            findings_for("dbgo-contract", "dbgo-contract v0.1.0\nserde v1.0.0").len(),
            1
        );
        assert_eq!(
            findings_for("dbgo-contract", "dbgo-contract v0.1.0\n").len(),
            0
        );
    }

    #[test]
    fn a_name_that_only_begins_alike_is_fine() {
        assert!(
            findings_for(
                "dbgo-compiler",
                "dbgo-compiler v0.1.0\npostgresql_like v1.0.0"
            )
            .is_empty()
        );
    }
}
