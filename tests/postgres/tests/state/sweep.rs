//! What is given up, and what isn't.

use crate::fixture::*;
use dbgo_runtime::state::*;
use std::collections::BTreeMap;

/// An object that no snapshot has.
fn stray(physical: &str, uses: &[&str]) -> Object {
    Object {
        physical: text(physical),
        uses: uses.iter().map(|name| text(name)).collect(),
        ..object(&snapshot("m", "v1"))
    }
}

#[test]
fn only_what_nothing_needs_is_buried() {
    on_both(|address| {
        let mut state = open(address);
        state
            .create_environment(PROJECT, &environment("prod"))
            .unwrap();
        let has = Snapshot {
            physical: text("has_snapshot"),
            ..snapshot("a", "v1")
        };
        let shown = Snapshot {
            physical: text("shown"),
            ..snapshot("b", "v1")
        };
        let mut changes = built(&has).to_vec();
        let strays = [
            "shown",
            "leased",
            "planned",
            "intended",
            "free",
            "under_kept",
        ];
        changes.extend(strays.map(|name| Change::Object(stray(name, &[]))));
        changes.push(Change::Object(stray(
            "kept_view",
            &["under_kept", "under_both"],
        )));
        changes.push(Change::Object(stray(
            "free_view",
            &["under_free", "under_both"],
        )));
        changes.push(Change::Object(stray("under_free", &[])));
        changes.push(Change::Object(stray("under_both", &[])));
        changes.push(published("elsewhere", &shown));
        state.apply(&scope(), &changes).unwrap();
        let in_plan = StoredPlan {
            document: text(r#"{"tables":["planned"]}"#),
            ..plan("p0", "new")
        };
        state.save_plan(PROJECT, &in_plan).unwrap();
        let token = state
            .claim(&claim(&holder("ana"), "p1", &["leased"]))
            .unwrap()
            .unwrap()
            .token;
        assert!(
            state
                .intend(PROJECT, "prod", ENGINE, token, r#"["intended"]"#)
                .unwrap()
        );

        let mut all: Vec<String> = strays.map(text).to_vec();
        let others = [
            "has_snapshot",
            "free_view",
            "under_free",
            "under_both",
            "unknown",
        ];
        all.extend(others.map(text));
        let buried = state.bury(&scope(), &all).unwrap();
        assert_eq!(buried, ["free", "free_view", "under_free"]);
        let known = state.known(&scope()).unwrap();
        let mut marked: Vec<&str> = known
            .objects
            .values()
            .filter(|object| object.tombstone.is_some())
            .map(|object| object.physical.as_str())
            .collect();
        marked.sort_unstable();
        assert_eq!(marked, ["free", "free_view", "under_free"]);
        assert_eq!(state.bury(&scope(), &all).unwrap(), [""; 0], "once");

        // What is made anew is needed again.
        state
            .apply(&scope(), &[Change::Object(stray("free", &[]))])
            .unwrap();
        assert_eq!(
            state.known(&scope()).unwrap().objects["free"].tombstone,
            None
        );
        // The view above it goes too.
        all.push(text("kept_view"));
        let buried = state.bury(&scope(), &all).unwrap();
        assert_eq!(buried, ["free", "kept_view", "under_both", "under_kept"]);
        state.set_plan_status(PROJECT, "p0", "stale").unwrap();
        assert_eq!(state.bury(&scope(), &all).unwrap(), ["planned"]);
    });
}

#[test]
fn a_forgotten_model_keeps_its_objects() {
    on_both(|address| {
        let mut state = open(address);
        let (own, shared) = (snapshot("m", "v1"), snapshot("m", "v2"));
        let heir = Snapshot {
            physical: shared.physical.clone(),
            ..snapshot("n", "v2")
        };
        let mut changes = [built(&own), built(&shared), built(&heir)].concat();
        for physical in [&own.physical, &shared.physical] {
            changes.push(Change::Filled {
                physical: physical.clone(),
                ranges: ranges(&[("2013-01-01", "2013-01-05")]),
            });
        }
        state.apply(&scope(), &changes).unwrap();
        assert_eq!(state.forget(&scope(), "nothing").unwrap(), 0);
        assert_eq!(state.forget(&scope(), "m").unwrap(), 2);
        let known = state.known(&scope()).unwrap();
        assert_eq!(known.snapshots.len(), 1);
        assert_eq!(known.objects.len(), 2);
        assert!(known.filled.contains_key(&shared.physical));
        assert!(!known.filled.contains_key(&own.physical));
    });
}

#[test]
fn old_records_go_and_what_is_needed_stays() {
    on_both(|address| {
        let mut state = open(address);
        state
            .create_environment(PROJECT, &environment("prod"))
            .unwrap();
        let step = |run: &str| Change::Step {
            run: text(run),
            record: StepRecord {
                position: 0,
                model: text("m"),
                version: text("v"),
                kind: text("table"),
                status: text("built"),
                rows: None,
                duration_ms: 1,
                note: String::new(),
            },
        };
        let changes = [
            run_at("old", at(0)),
            step("old"),
            ended("old"),
            run_at("open", at(0)),
            run_at("new", at(100)),
            step("new"),
            ended("new"),
        ];
        state.apply(&scope(), &changes).unwrap();
        for (id, status) in [("p1", "new"), ("p2", "applying"), ("p3", "applied")] {
            state.save_plan(PROJECT, &plan(id, status)).unwrap();
        }
        for (revision, version) in ["v1", "v2", "v3"].iter().enumerate() {
            let of = ProjectVersion {
                id: text(version),
                project_hash: text("h"),
                commit: String::new(),
                created_at: at(0),
                created_by: text("ana"),
                tool_version: text("0.1.0"),
                models: ["shared", version]
                    .map(|definition| PinnedModel {
                        schema: "main".to_owned(),
                        name: "orders".to_owned(),
                        kind: "table".to_owned(),
                        model: format!("models.{definition}"),
                        version: text("1"),
                        definition: text(definition),
                    })
                    .to_vec(),
            };
            let documents =
                BTreeMap::from([(text("shared"), text("s")), (text(version), text("d"))]);
            state
                .save_project_version(PROJECT, &of, (&documents, &[]))
                .unwrap();
            let mut claiming = claim(&holder("ana"), "p9", &[]);
            claiming.expected_revision = revision as u64;
            let token = state.claim(&claiming).unwrap().unwrap().token;
            let done = finish(token, version, vec![]);
            assert!(state.finish(&scope_of("prod"), &done).unwrap());
        }
        let now = state.now().unwrap();
        let keep_all = Retention {
            runs_since: at(0),
            plans_since: at(0),
            history_since: at(0),
        };
        assert_eq!(state.prune(PROJECT, &keep_all).unwrap(), Pruned::default());
        let retention = Retention {
            runs_since: at(50),
            plans_since: at(50),
            history_since: now + jiff::SignedDuration::from_secs(60),
        };
        let nothing = state.prune("other", &retention).unwrap();
        assert_eq!(nothing, Pruned::default());
        let pruned = state.prune(PROJECT, &retention).unwrap();
        let expected = Pruned {
            runs: 1,
            plans: 2,
            history: 2,
            project_versions: 2,
            definitions: 2,
        };
        assert_eq!(pruned, expected);
        let runs = state.runs(PROJECT, 9).unwrap();
        let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
        assert_eq!(ids, ["new", "open"]);
        assert!(state.steps("old").unwrap().is_empty());
        assert_eq!(state.steps("new").unwrap().len(), 1);
        assert_eq!(state.plans(PROJECT, None, 9).unwrap()[0].id, "p2");
        assert_eq!(state.history(PROJECT, "prod", 9).unwrap()[0].revision, 3);
        let found = state
            .definitions(PROJECT, &["shared", "v1", "v3"].map(text))
            .unwrap();
        assert!(found.contains_key("shared") && found.contains_key("v3") && found.len() == 2);
    });
}
