//! Fail points: each commit has one before and one after it, no transaction is ended in another way, and each name
//! in their table is used.

use super::Finding;
use super::repository::Repository;
use super::rust_code::{code_only, is_test_file};
use regex_lite::Regex;

/// The table of fail points.
const TABLE: &str = "runtime/src/faults/points.rs";

/// Where what is committed must be able to fail.
const COMMITTING: &[&str] = &[
    "runtime/src/execute/",
    "runtime/src/adapters/",
    "runtime/src/state/",
];

/// Functions that commit without a fail point, each with the reason.
const EXCEPT: &[(&str, &str, &str)] = &[
    (
        "runtime/src/adapters/session.rs",
        "commit",
        "the guard itself: who calls it has them",
    ),
    (
        "runtime/src/execute/commit.rs",
        "record_alone",
        "is only called by seeded bugs",
    ),
    (
        "runtime/src/state/open.rs",
        "end_reading",
        "nothing was written",
    ),
];

/// Where the word itself is sent: by what everything else commits with.
const SENT: &[&str] = &[
    "runtime/src/adapters/duckdb/session.rs",
    "runtime/src/state/database.rs",
];

pub fn check(repository: &Repository) -> Vec<Finding> {
    let mut findings = commits(repository);
    findings.extend(sent(repository));
    findings.extend(unused(repository));
    findings
}

/// Functions that commit without a fail point.
fn commits(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in repository.rust_files(COMMITTING) {
        if is_test_file(path) {
            continue;
        }
        let code = code_only(source);
        let functions = functions(&code);
        for (at, _) in code.match_indices(".commit(") {
            let around = functions.iter().filter(|function| function.holds(at));
            let Some(innermost) = around.max_by_key(|function| function.start) else {
                continue;
            };
            let is_passed = |part: &str| part.contains("fail_point(");
            let is_between =
                is_passed(&code[innermost.start..at]) && is_passed(&code[at..innermost.end]);
            let is_excepted = EXCEPT
                .iter()
                .any(|(file, name, _)| *file == path && *name == innermost.name);
            if is_excepted || is_between {
                continue;
            }
            findings.push(Finding::new(
                path,
                code[..at].matches('\n').count() + 1,
                format!("`{}` commits without a fail point on both sides", innermost.name),
                "put one before and one after the commit, with names in `runtime/src/faults/points.rs`",
            ));
        }
    }
    findings
}

/// Strings that end a transaction, beside what sends them for all.
fn sent(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in repository.rust_files(COMMITTING) {
        if is_test_file(path) || SENT.contains(&path) {
            continue;
        }
        let lines = source.lines().enumerate();
        let sent = lines.filter(|(_, line)| line.contains("\"COMMIT") || line.contains("; COMMIT"));
        findings.extend(sent.map(|(index, _)| {
            Finding::new(
                path,
                index + 1,
                "a transaction is committed by a text".to_owned(),
                "use the guard's `commit`, with a fail point before and after it",
            )
        }));
    }
    findings
}

struct Function<'a> {
    name: &'a str,
    start: usize,
    end: usize,
}

impl Function<'_> {
    fn holds(&self, at: usize) -> bool {
        (self.start..self.end).contains(&at)
    }
}

/// The functions of a file that have a body, with all that is in them.
fn functions(code: &str) -> Vec<Function<'_>> {
    // The pattern is fixed; a unit test compiles it.
    let Ok(pattern) = Regex::new(r"\bfn\s+(\w+)") else {
        return Vec::new();
    };
    let found = pattern.captures_iter(code);
    found
        .filter_map(|captures| {
            let (whole, name) = (captures.get(0)?, captures.get(1)?);
            let length = body_end(&code.as_bytes()[whole.end()..])?;
            Some(Function {
                name: name.as_str(),
                start: whole.start(),
                end: whole.end() + length,
            })
        })
        .collect()
}

/// Where the body ends that belongs to a signature; nothing for one without a body.
fn body_end(bytes: &[u8]) -> Option<usize> {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b';' if braces == 0 && brackets == 0 => return None,
            b'{' => braces += 1,
            b'}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Names of the table that nothing passes.
fn unused(repository: &Repository) -> Vec<Finding> {
    let Some(table) = repository.files.get(TABLE) else {
        return Vec::new();
    };
    let others: Vec<String> = repository
        .rust_files(&["runtime/src/"])
        .filter(|(path, _)| *path != TABLE && !is_test_file(path))
        .map(|(_, source)| code_only(source))
        .collect();
    let Ok(line) = Regex::new(r#"^\s*\("([a-z-]+)", (\w+), "#) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (index, text) in table.lines().enumerate() {
        let Some(captures) = line.captures(text) else {
            continue;
        };
        let variant = format!("Point::{}", &captures[2]);
        let uses = |code: &String| {
            let mut found = code.match_indices(&variant);
            found.any(|(at, _)| {
                let next = code[at + variant.len()..].chars().next();
                !next.is_some_and(|next| next.is_alphanumeric() || next == '_')
            })
        };
        if !others.iter().any(uses) {
            findings.push(Finding::new(
                TABLE,
                index + 1,
                format!("nothing passes the fail point `{}`", &captures[1]),
                "call `fail_point` with it where it belongs, or take it out of the table",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let findings = check(&Repository::of(files));
        findings
            .iter()
            .map(|finding| finding.message.clone())
            .collect()
    }

    #[test]
    fn a_commit_without_a_fail_point_alarms() {
        let with = "impl A { fn f(&self) -> [u8; 2] { fail_point(Point::A)?; x.commit()?; fail_point(Point::B)?; } }";
        let beside = "fn g() { fail_point(Point::A)?; }\nfn f(a: B) {\n    { x.commit().await }\n}";
        let path = "runtime/src/execute/a.rs";
        assert!(found(&[(path, with)]).is_empty());
        let alarm = ["`f` commits without a fail point on both sides"];
        assert_eq!(found(&[(path, beside)]), alarm);
        for one_sided in [
            "fn f() { fail_point(Point::A)?; x.commit()?; }",
            "fn f() { x.commit()?; fail_point(Point::A)?; }",
        ] {
            assert_eq!(found(&[(path, one_sided)]), alarm, "{one_sided}");
        }
        assert!(found(&[("runtime/src/cli/a.rs", beside)]).is_empty());
        assert!(found(&[("runtime/src/execute/tests.rs", beside)]).is_empty());
    }

    #[test]
    fn a_transaction_that_a_text_ends_alarms() {
        let source = "fn f() { driver.execute_batch(\"COMMIT\")?; }";
        let alarm = ["a transaction is committed by a text"];
        assert_eq!(found(&[("runtime/src/execute/a.rs", source)]), alarm);
        assert!(found(&[("runtime/src/state/database.rs", source)]).is_empty());
    }

    #[test]
    fn an_inner_function_isn_t_covered_by_the_outer_one() {
        let source = "fn f() { fn g() { x.commit() } fail_point(Point::A)?; }";
        assert_eq!(
            found(&[("runtime/src/adapters/a.rs", source)]),
            ["`g` commits without a fail point on both sides"]
        );
    }

    #[test]
    fn a_name_that_nothing_passes_alarms() {
        let table = "    (\"before-a\", BeforeA, \"a\"),\n    (\"before-b\", BeforeB, \"b\"),\n";
        let user = "fn f() { fail_point(Point::BeforeA, \"\")?; g(Point::BeforeBoth); }";
        let files = [(TABLE, table), ("runtime/src/execute/a.rs", user)];
        assert_eq!(found(&files), ["nothing passes the fail point `before-b`"]);
    }
}
