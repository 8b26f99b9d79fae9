//! The engine as the judge of our own parser and binder: no error where it binds, no type or name
//! that differs, no null where we say never.
//!
//! The statements of `oracle/statements.test` are always judged; those of the corpora, which aren't
//! part of dbgo, where `DBGO_CORPORA` names their folder. What deviates there and is let be stands in
//! `oracle/deviations.tsv`.

use dbgo_tests::differential::gather::Gathered;
use dbgo_tests::differential::run::{self, Plan};
use dbgo_tests::oracle::report::{self, Figures};
use dbgo_tests::oracle::verdict::{Finding, Judged};
use dbgo_tests::oracle::{benchmark, corpus, deviations, replay};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What may never be found.
const NEVER: [Finding; 6] = [
    Finding::Panic,
    Finding::FalseError,
    Finding::WrongType,
    Finding::WrongName,
    Finding::WrongNotNull,
    Finding::MissedWithEngine,
];

fn judged(path: &Path) -> Vec<Judged> {
    let statements = corpus::read(path).unwrap_or_else(|error| panic!("{error}"));
    let judged = replay::replay(&statements).unwrap_or_else(|error| panic!("{error}"));
    let title = path.file_name().unwrap_or_default().to_string_lossy();
    println!("{}", Figures::of(&judged).text(&title));
    judged
}

fn assert_never(judged: &[Judged], never: &[Finding]) {
    let wrong: Vec<String> = judged
        .iter()
        .filter_map(|query| {
            let found = query.findings();
            let first = found.iter().find(|finding| never.contains(finding))?;
            Some(format!("{} {}", first.name(), report::entry(query)))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("oracle")
        .join(name)
}

fn corpora() -> Option<PathBuf> {
    let named = std::env::var_os("DBGO_CORPORA").filter(|named| !named.is_empty());
    if named.is_none() {
        println!("skipped: DBGO_CORPORA isn't set");
    }
    named.map(PathBuf::from)
}

#[test]
fn our_own_statements_are_judged_as_the_engine_does() {
    let judged = judged(&own("statements.test"));
    let every: Vec<Finding> = Finding::ALL.iter().map(|(finding, _)| *finding).collect();
    assert_never(&judged, &every);
    let figures = Figures::of(&judged);
    for query in &judged {
        let refused = query.statement.expects_error;
        assert_eq!(query.binds(), !refused, "{}", report::entry(query));
    }
    // None of these statements may get lost, or move to a cause that isn't counted.
    assert!(figures.missed_syntax.whole >= 32);
    assert!(figures.missed_names.whole >= 131);
    assert_eq!(figures.typed_of_all.part, figures.typed_of_all.whole);
    assert!(figures.proven_not_null.part > 0, "nulls are looked for");
}

/// One mutant of each of our own statements; the example `differential` makes as many as one likes.
#[test]
fn mutants_of_our_own_statements_are_judged_as_the_engine_does() {
    let statements = corpus::read(&own("statements.test")).unwrap();
    let plan = Plan {
        seed: 1,
        mutants: 1,
        share: (0, 1),
        after: None,
    };
    let mut gathered = Gathered::default();
    run::run(&statements, &plan, &mut |event| gathered.add(event)).unwrap();
    println!("{}", gathered.text());
    assert!(gathered.mutants > 500);
    let mut wrong = gathered.templates.keys();
    let wrong = wrong.find(|(finding, _)| !finding.starts_with("missed"));
    assert!(wrong.is_none(), "{}", gathered.text());
}

/// A harness that finds nothing proves nothing.
#[test]
fn what_differs_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wrong.test");
    let text = "statement ok\ncreate table t (a integer not null)\n\n\
                query\nselect a from t\n\nstatement error\nselect b from t\n";
    std::fs::write(&path, text).expect("a file");
    let statements = corpus::read(&path).unwrap();
    let mut judged = replay::replay(&statements).unwrap();
    assert!(judged.iter().all(|query| query.findings().is_empty()));

    let [right, wrong] = &mut judged[..] else {
        panic!("two queries");
    };
    std::mem::swap(&mut right.ours, &mut wrong.ours);
    assert_eq!(right.findings(), [Finding::FalseError]);
    assert_eq!(wrong.findings(), [Finding::MissedNames]);
    std::mem::swap(&mut right.ours, &mut wrong.ours);
    let columns = right.ours.as_mut().and_then(|ours| ours.columns.as_mut());
    columns.expect("columns")[0].sql_type = dbgo_compiler::sql_type::SqlType::Date;
    assert_eq!(right.findings(), [Finding::WrongType]);
}

#[test]
fn queries_of_the_corpora_are_judged_as_the_engine_does() {
    let Some(folder) = corpora() else { return };
    let listed = std::fs::read_to_string(own("deviations.tsv")).expect("the list is there");
    let listed: BTreeSet<&str> = listed.lines().collect();
    for name in ["duckdb_tests", "duckdb_syntax_errors"] {
        let judged = judged(&folder.join(format!("{name}.jsonl")));
        assert_never(&judged, &NEVER);
        let found = deviations::lines(name, &judged);
        let new: Vec<&String> = found
            .iter()
            .filter(|line| !listed.contains(line.as_str()))
            .collect();
        assert!(
            new.is_empty(),
            "not in tests/oracle/deviations.tsv (`cargo xtask oracle --write`): {new:#?}"
        );
    }
}

#[test]
fn columns_of_the_benchmarks_are_the_engines() {
    let Some(folder) = corpora() else { return };
    for (name, columns) in [("tpch", 76), ("tpcds", 618)] {
        let (equal, wrong) = benchmark::compare(name, &folder).unwrap();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!((equal.part, equal.whole), (columns, columns));
    }
}

#[test]
fn what_the_benchmarks_prove_not_to_be_null_is_proven() {
    let Some(folder) = corpora() else { return };
    let (mut part, mut whole, mut all_missed) = (0, 0, Vec::new());
    for name in ["tpch", "tpcds"] {
        let (proven, missed) = benchmark::proven(name, &folder).unwrap();
        part += proven.part;
        whole += proven.whole;
        all_missed.extend(missed);
    }
    println!("{part} of {whole} columns proven, without {all_missed:#?}");
    assert!(
        part * 100 >= whole * 95,
        "{part} of {whole}: {all_missed:#?}"
    );
}
