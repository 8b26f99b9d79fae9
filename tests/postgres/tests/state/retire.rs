//! Versions that environments needed once.

use crate::fixture::*;
use dbgo_runtime::state::*;
use std::collections::{BTreeMap, BTreeSet};

/// Points an environment to a project version that has these models, as `model version`.
fn point(state: &mut State, environment_name: &str, id: &str, models: &[(&str, &str)]) {
    let of = ProjectVersion {
        id: text(id),
        project_hash: text("h"),
        commit: String::new(),
        created_at: at(0),
        created_by: text("ana"),
        tool_version: text("0.1.0"),
        models: models
            .iter()
            .map(|(model, version)| PinnedModel {
                schema: text("main"),
                name: text(model),
                kind: text("table"),
                model: text(model),
                version: text(version),
                definition: text("d"),
            })
            .collect(),
    };
    let documents = BTreeMap::from([(text("d"), text("{}"))]);
    state
        .save_project_version(PROJECT, &of, (&documents, &[]))
        .unwrap();
    let row = state.environment(PROJECT, environment_name).unwrap();
    let claim = Claim {
        environment: environment_name,
        expected_revision: row.unwrap().revision,
        ..claim(&holder("ana"), "p1", &[])
    };
    let token = state.claim(&claim).unwrap().unwrap().token;
    let done = finish(token, id, vec![]);
    assert!(state.finish(&scope_of(environment_name), &done).unwrap());
}

fn build(state: &mut State, versions: &[(&str, &str)]) -> Vec<String> {
    let snapshots: Vec<Snapshot> = versions
        .iter()
        .map(|(model, version)| snapshot(model, version))
        .collect();
    let changes: Vec<Change> = snapshots.iter().flat_map(built).collect();
    state.apply(&scope(), &changes).unwrap();
    snapshots.into_iter().map(|it| it.physical).collect()
}

fn versions(state: &mut State, since: jiff::Timestamp) -> Vec<String> {
    let needed = state.needed(PROJECT, since, &BTreeSet::new()).unwrap();
    let mut versions: Vec<String> = needed
        .versions
        .iter()
        .map(|(model, version)| format!("{model} {version}"))
        .collect();
    versions.sort();
    versions
}

const LONG_AGO: i64 = 0;

fn soon(state: &mut State) -> jiff::Timestamp {
    state.now().unwrap() + jiff::SignedDuration::from_secs(60)
}

#[test]
fn versions_are_needed_as_long_as_the_history_that_names_them() {
    on_both(|address| {
        let mut state = open(address);
        for name in ["prod", "dev_ana"] {
            state
                .create_environment(PROJECT, &environment(name))
                .unwrap();
        }
        point(&mut state, "prod", "a", &[("m", "1"), ("n", "1")]);
        point(&mut state, "prod", "b", &[("m", "2")]);
        let soon = soon(&mut state);
        assert_eq!(versions(&mut state, at(LONG_AGO)), ["m 1", "m 2", "n 1"]);
        assert_eq!(versions(&mut state, soon), ["m 2"]);

        // Of an environment for development the last three versions of what it still has.
        for (id, version) in [("c", "3"), ("d", "4"), ("e", "5"), ("f", "6")] {
            point(&mut state, "dev_ana", id, &[("m", version), ("gone", "1")]);
        }
        point(&mut state, "dev_ana", "g", &[("m", "6")]);
        assert_eq!(versions(&mut state, soon), ["m 2", "m 4", "m 5", "m 6"]);
        let gone = BTreeSet::from([text("dev_ana")]);
        let needed = state.needed(PROJECT, soon, &gone).unwrap();
        assert_eq!(needed.versions.len(), 1);
    });
}

#[test]
fn only_old_versions_that_nobody_needs_are_retired() {
    on_both(|address| {
        let mut state = open(address);
        state
            .create_environment(PROJECT, &environment("prod"))
            .unwrap();
        let names = build(
            &mut state,
            &[
                ("m", "now"),
                ("m", "before"),
                ("m", "planned"),
                ("m", "shown"),
                ("m", "free"),
            ],
        );
        point(&mut state, "prod", "a", &[("m", "before")]);
        point(&mut state, "prod", "b", &[("m", "now")]);
        let shown = snapshot("m", "shown");
        let changes = [published("elsewhere", &shown)];
        state.apply(&scope(), &changes).unwrap();
        let in_plan = StoredPlan {
            document: text(r#"{"version":"planned"}"#),
            ..plan("p0", "new")
        };
        state.save_plan(PROJECT, &in_plan).unwrap();
        let soon = soon(&mut state);
        let mut since = KeptSince {
            versions: at(LONG_AGO),
            history: at(LONG_AGO),
        };
        assert_eq!(state.retire(&scope(), &names, since).unwrap(), [""; 0]);
        since.versions = soon;
        let free = snapshot("m", "free").physical;
        assert_eq!(
            state.retire(&scope(), &names, since).unwrap(),
            std::slice::from_ref(&free)
        );
        let known = state.known(&scope()).unwrap();
        assert_eq!(known.snapshots.len(), 4);
        assert!(known.objects[&free].tombstone.is_some());
        assert_eq!(state.retire(&scope(), &names, since).unwrap(), [""; 0]);

        state.set_plan_status(PROJECT, "p0", "stale").unwrap();
        since.history = soon;
        let retired = state.retire(&scope(), &names, since).unwrap();
        let expected = ["before", "planned"].map(|version| snapshot("m", version).physical);
        assert_eq!(retired, expected);
    });
}

#[test]
fn what_is_to_be_dropped_is_claimed_by_who_drops_it_alone() {
    on_both(|address| {
        let mut state = open(address);
        state
            .create_environment(PROJECT, &environment("prod"))
            .unwrap();
        let names = build(&mut state, &[("m", "1")]);
        let tables: Vec<&str> = names.iter().map(String::as_str).collect();
        let dropping = |holder: &Holder| Claim {
            environment: "",
            ..claim(holder, "", &tables)
        };
        let (janitor, other) = (
            holder("janitor"),
            Holder {
                host: text("elsewhere"),
                ..holder("other")
            },
        );
        let applying = state.claim(&claim(&other, "p1", &tables)).unwrap().unwrap();
        let refused = state.claim_engine(&dropping(&janitor)).unwrap();
        assert!(matches!(refused, Err(Refusal::Held(_))), "{refused:?}");
        state.release(PROJECT, ENGINE, applying.token).unwrap();

        let claimed = state.claim_engine(&dropping(&janitor)).unwrap().unwrap();
        assert!(claimed.token > applying.token);
        let refused = state.claim(&claim(&other, "p1", &tables)).unwrap();
        assert!(matches!(refused, Err(Refusal::Held(_))), "{refused:?}");
        state.release(PROJECT, ENGINE, claimed.token).unwrap();
        assert!(state.leases(PROJECT, ENGINE).unwrap().is_empty());
    });
}
