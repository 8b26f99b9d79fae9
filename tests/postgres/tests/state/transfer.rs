//! Copies of a state as lines of JSON.

use crate::fixture::*;
use dbgo_runtime::error::Kind;
use dbgo_runtime::state::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A state with something in each table.
fn fill(state: &mut State, project: &str) {
    let scope = Scope {
        project: text(project),
        ..scope_of("prod")
    };
    state
        .create_environment(project, &environment("prod"))
        .unwrap();
    state.save_plan(project, &plan("p1", "new")).unwrap();
    let one = snapshot("m", "it's \"v1\"\n\\ \u{1f986}");
    let id = format!("run_of_{project}");
    let mut changes = vec![
        run(&id),
        Change::Step {
            run: id.clone(),
            record: StepRecord {
                position: 3,
                model: text("m"),
                version: text("v"),
                kind: text("table"),
                status: text("built"),
                rows: None,
                duration_ms: u64::MAX,
                note: text("\u{0}"),
            },
        },
        Change::Audit(AuditRecord {
            run: id.clone(),
            model: text("m"),
            audit: text("not_null(a)"),
            severity: text("warn"),
            status: text("passed"),
            failing_rows: 0,
            sample: text("[]"),
            at: at(3),
        }),
        Change::Filled {
            physical: one.physical.clone(),
            ranges: ranges(&[("1600-01-01", "2013-01-05")]),
        },
        Change::Ledger { mark: text("7") },
        published("prod", &one),
    ];
    changes.extend(built(&one));
    state.apply(&scope, &changes).unwrap();
    let version = ProjectVersion {
        id: text("pv1"),
        project_hash: text("h"),
        commit: String::new(),
        created_at: at(0),
        created_by: text("ana"),
        tool_version: text("0.1.0"),
        models: vec![],
    };
    let documents = BTreeMap::from([(text("d1"), "d".repeat(2 << 20))]);
    state
        .save_project_version(project, &version, (&documents, &[]))
        .unwrap();
    let ana = holder("ana");
    for revision in [0, 1] {
        let mut claiming = claim(&ana, "p1", &["t1"]);
        // The claim's project is borrowed for as long as the program runs.
        claiming.project = if project == PROJECT { PROJECT } else { "other" };
        claiming.expected_revision = revision;
        let token = state.claim(&claiming).unwrap().unwrap().token;
        if revision == 0 {
            assert!(state.finish(&scope, &finish(token, "pv1", vec![])).unwrap());
        }
    }
}

fn export(state: &mut State, project: Option<&str>) -> Vec<u8> {
    let mut out = Vec::new();
    state.export(project, &mut out).unwrap();
    out
}

#[test]
fn what_is_exported_is_imported() {
    on_both(|from| {
        let mut state = open(from);
        fill(&mut state, PROJECT);
        fill(&mut state, "other");
        let (copy, expected) = (export(&mut state, None), lines(&mut state));
        let table = |line: &String| -> String {
            let line: Value = serde_json::from_str(line).unwrap();
            line["table"].as_str().unwrap().to_owned()
        };
        let tables: BTreeSet<String> = expected.iter().map(table).collect();
        assert_eq!(tables.len(), 16, "every table has something: {tables:?}");
        let identity = state.identity().to_owned();
        on_both(|to| {
            let mut copied = open(to);
            assert_ne!(copied.identity(), identity);
            copied.import(&mut copy.as_slice()).unwrap();
            assert_eq!(copied.identity(), identity);
            assert_eq!(open(to).identity(), identity);
            assert_eq!(lines(&mut copied), expected);
        });
    });
}

#[test]
fn a_copy_of_one_project_goes_beside_others() {
    on_both(|address| {
        let folder = tempfile::tempdir().unwrap();
        let mut from = open(&sqlite(&folder));
        fill(&mut from, PROJECT);
        fill(&mut from, "other");
        let copy = export(&mut from, Some(PROJECT));
        let mut to = open(address);
        fill(&mut to, "other");
        let (identity, before) = (to.identity().to_owned(), lines(&mut to));
        to.import(&mut copy.as_slice()).unwrap();
        assert_eq!(
            to.identity(),
            identity,
            "it has an engine of its own already"
        );
        assert_eq!(export(&mut to, Some(PROJECT)).len(), copy.len());
        let after = lines(&mut to);
        assert!(before.iter().all(|line| after.contains(line)));

        let error = to.import(&mut copy.as_slice()).unwrap_err();
        assert_eq!(
            (error.code.text(), error.kind),
            ("state-import", Kind::Refused)
        );
        assert!(error.message.contains("`shop`"), "{error}");
        assert_eq!(lines(&mut to), after, "nothing is changed");
    });
}

#[test]
fn what_is_no_copy_is_refused_and_nothing_of_it_stays() {
    on_both(|address| {
        let folder = tempfile::tempdir().unwrap();
        let mut from = open(&sqlite(&folder));
        fill(&mut from, PROJECT);
        let copy = String::from_utf8(export(&mut from, None)).unwrap();
        let lines_of = |copy: &str| copy.lines().map(str::to_owned).collect::<Vec<_>>();
        let with = |change: &dyn Fn(&mut Vec<String>)| {
            let mut lines = lines_of(&copy);
            change(&mut lines);
            lines.join("\n")
        };
        let mut state = open(address);
        for (broken, code) in [
            (String::new(), "state-import"),
            (text("[]\n"), "state-import"),
            (
                copy.replacen("dbgo/state/1", "dbgo/state/2", 1),
                "state-import",
            ),
            (
                copy.replacen("\"layout\":1", "\"layout\":2", 1),
                "state-moved-on",
            ),
            (
                copy.replacen("\"layout\":1", "\"layout\":0", 1),
                "state-outdated",
            ),
            (
                copy.replacen("[\"shop\"]", "[\"other\"]", 1),
                "state-import",
            ),
            (
                with(&|lines| lines.push(text("{\"table\":\"runs\""))),
                "state-import",
            ),
            (
                with(&|lines| lines.push(text("{\"table\":\"x\",\"row\":{}}"))),
                "state-import",
            ),
            (
                with(&|lines| lines.push(text("{\"table\":\"runs\",\"row\":{}}"))),
                "state-import",
            ),
            (
                with(&|lines| lines.push(lines.last().unwrap().clone())),
                "state-import",
            ),
            (
                copy.replacen("\"position\":3", "\"position\":\"3\"", 1),
                "state-import",
            ),
            (
                copy.replacen("\"position\":3", "\"position\":null", 1),
                "state-import",
            ),
        ] {
            let error = state.import(&mut broken.as_bytes()).unwrap_err();
            assert_eq!(error.code.text(), code, "{error}");
            assert!(lines(&mut state).is_empty());
        }
        let identity = state.identity().to_owned();
        assert_eq!(open(address).identity(), identity);
        state.import(&mut copy.as_bytes()).unwrap();
        let mut before = lines(&mut from);
        before.sort();
        assert_eq!(lines(&mut state), before);
    });
}
