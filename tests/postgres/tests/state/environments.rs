//! Environments, plans, project versions.

use crate::fixture::*;
use dbgo_runtime::state::*;
use std::collections::BTreeMap;

#[test]
fn an_environment_is_created_once() {
    on_both(|address| {
        let mut state = open(address);
        let prod = Environment {
            protected: true,
            expires_at: Some(at(9)),
            base: text("main"),
            base_revision: 4,
            ..environment("prod")
        };
        assert!(state.create_environment(PROJECT, &prod).unwrap());
        let other = Environment {
            engine: text("other"),
            ..environment("prod")
        };
        assert!(!state.create_environment(PROJECT, &other).unwrap());
        assert_eq!(
            state.environment(PROJECT, "prod").unwrap(),
            Some(prod.clone())
        );
        assert_eq!(state.environment("other", "prod").unwrap(), None);
        assert!(state.history(PROJECT, "prod", 9).unwrap().is_empty());

        let dev = Environment {
            revision: 1,
            project_version: text("p1"),
            ..environment("dev")
        };
        assert!(state.create_environment(PROJECT, &dev).unwrap());
        assert!(state.create_environment("other", &dev).unwrap());
        assert_eq!(
            state.environments(PROJECT).unwrap(),
            [dev.clone(), prod.clone()]
        );
        let known = state.known(&scope()).unwrap();
        assert_eq!(known.environments["prod"], prod);
        assert_eq!(known.environments.len(), 2);
        assert!(known.is_empty(), "environments aren't in the engine");
        let history = state.history(PROJECT, "dev", 9).unwrap();
        assert_eq!(
            (history[0].revision, history[0].action.as_str()),
            (1, "create")
        );
        assert_eq!((history[0].at, history[0].by.as_str()), (at(1), "ana"));
    });
}

#[test]
fn what_an_environment_points_to_is_not_updated() {
    on_both(|address| {
        let mut state = open(address);
        let prod = environment("prod");
        state.create_environment(PROJECT, &prod).unwrap();
        let changed = Environment {
            protected: true,
            expires_at: Some(at(100)),
            base: text("dev"),
            base_revision: 2,
            changed_at: at(50),
            changed_by: text("bob"),
            ..prod.clone()
        };
        let bold = Environment {
            revision: 7,
            project_version: text("p9"),
            pending_plan: text("x"),
            intent: text("{}"),
            created_at: at(77),
            ..changed.clone()
        };
        assert!(!state.update_environment(PROJECT, &bold, 1).unwrap());
        assert_eq!(state.environment(PROJECT, "prod").unwrap(), Some(prod));
        assert!(state.update_environment(PROJECT, &bold, 0).unwrap());
        assert_eq!(state.environment(PROJECT, "prod").unwrap(), Some(changed));
        let missing = environment("nowhere");
        assert!(!state.update_environment(PROJECT, &missing, 0).unwrap());
    });
}

#[test]
fn a_dropped_environment_leaves_nothing_but_its_tables() {
    on_both(|address| {
        let mut state = open(address);
        state
            .create_environment(PROJECT, &environment("prod"))
            .unwrap();
        let dev = Environment {
            revision: 1,
            ..environment("dev_ana")
        };
        state.create_environment(PROJECT, &dev).unwrap();
        let one = snapshot("m", "v1");
        let preview = Snapshot {
            physical: text("p"),
            preview: text("dev_ana"),
            ..one.clone()
        };
        let mut changes = vec![published("dev_ana", &one), published("prod", &one)];
        changes.extend(built(&one));
        changes.extend(built(&preview));
        state.apply(&scope(), &changes).unwrap();
        let me = holder("ana");
        let mut claiming = claim(&me, "p1", &["t1"]);
        claiming.environment = "dev_ana";
        claiming.expected_revision = 1;
        let claimed = state.claim(&claiming).unwrap().unwrap();

        state.drop_environment(PROJECT, "dev_ana").unwrap();
        assert_eq!(state.environment(PROJECT, "dev_ana").unwrap(), None);
        assert!(state.history(PROJECT, "dev_ana", 9).unwrap().is_empty());
        assert!(state.leases(PROJECT, ENGINE).unwrap().is_empty());
        assert!(
            !state
                .heartbeat(PROJECT, ENGINE, claimed.token, LEASE)
                .unwrap()
        );
        let late = finish(claimed.token, "p1", vec![]);
        assert!(!state.finish(&scope(), &late).unwrap());
        let known = state.known(&scope()).unwrap();
        assert!(known.published.is_empty());
        assert_eq!(known.previews.len(), 1, "they go when they are old");
        assert_eq!(known.elsewhere.iter().count(), 1);
        assert_eq!((known.snapshots.len(), known.objects.len()), (1, 2));
    });
}

#[test]
fn plans_are_found_by_either_end_of_their_ids() {
    on_both(|address| {
        let mut state = open(address);
        let first = plan("0123456789abcdef", "new");
        let second = StoredPlan {
            created_at: at(6),
            environment: text("dev"),
            ..plan("0123aaaabbbbcdef", "new")
        };
        for plan in [&first, &second] {
            state.save_plan(PROJECT, plan).unwrap();
        }
        state
            .save_plan("other", &plan("0123456789abcdef", "new"))
            .unwrap();
        let found = |state: &mut State, id: &str| -> Vec<String> {
            let plans = state.plan(PROJECT, id).unwrap();
            plans.into_iter().map(|plan| plan.id).collect()
        };
        let both = [second.id.clone(), first.id.clone()];
        assert_eq!(found(&mut state, "0123"), both);
        assert_eq!(found(&mut state, "cdef"), both);
        assert_eq!(
            found(&mut state, "89abcdef"),
            std::slice::from_ref(&first.id)
        );
        assert_eq!(
            found(&mut state, "0123aaaabbbbcdef"),
            std::slice::from_ref(&second.id)
        );
        for id in [
            "456789ab",
            "%",
            "_123",
            "00123456789abcdef",
            "f0123456789abcdef",
        ] {
            assert_eq!(found(&mut state, id), [""; 0], "{id}");
        }
        assert_eq!(
            state.plans(PROJECT, None, 9).unwrap(),
            [second.clone(), first.clone()]
        );
        assert_eq!(state.plans(PROJECT, None, 1).unwrap(), [second]);
        assert_eq!(
            state.plans(PROJECT, Some("prod"), 9).unwrap(),
            std::slice::from_ref(&first)
        );
        state.set_plan_status(PROJECT, &first.id, "stale").unwrap();
        assert_eq!(
            state.plans(PROJECT, Some("prod"), 9).unwrap()[0].status,
            "stale"
        );
        let replaced = StoredPlan {
            document: text("{}"),
            ..first
        };
        state.save_plan(PROJECT, &replaced).unwrap();
        assert_eq!(state.plan(PROJECT, &replaced.id).unwrap(), [replaced]);
    });
}

#[test]
fn a_project_version_is_recorded_once_with_its_definitions() {
    on_both(|address| {
        let mut state = open(address);
        let pinned = |model: &str, definition: &str| PinnedModel {
            schema: "main".to_owned(),
            name: "orders".to_owned(),
            kind: "table".to_owned(),
            model: text(model),
            version: text("v1"),
            definition: text(definition),
        };
        let first = ProjectVersion {
            id: text("p1"),
            project_hash: text("h1"),
            commit: text("c1"),
            created_at: at(1),
            created_by: text("ana"),
            tool_version: text("0.1.0"),
            models: vec![pinned("models.a", "d1"), pinned("models.b", "d2")],
        };
        let definitions = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(id, of)| (text(id), text(of))).collect()
        };
        let large = "x".repeat(3 << 20);
        let documents = definitions(&[("d1", "one \"quoted\""), ("d2", &large)]);
        state
            .save_project_version(PROJECT, &first, (&documents, &[]))
            .unwrap();
        let later = ProjectVersion {
            created_at: at(2),
            created_by: text("bob"),
            ..first.clone()
        };
        let documents = definitions(&[("d1", "another"), ("d3", "three")]);
        state
            .save_project_version(PROJECT, &later, (&documents, &[]))
            .unwrap();
        assert_eq!(state.project_version(PROJECT, "p1").unwrap(), Some(first));
        assert_eq!(state.project_version(PROJECT, "p2").unwrap(), None);
        assert_eq!(state.project_version("other", "p1").unwrap(), None);
        let ids = ["d1", "d2", "d3", "d4"].map(text);
        let found = state.definitions(PROJECT, &ids).unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!(
            (found["d1"].as_str(), found["d3"].as_str()),
            ("one \"quoted\"", "three")
        );
        assert_eq!(found["d2"], large);
        assert!(state.definitions("other", &ids).unwrap().is_empty());
        // Who relies on a definition is told that it isn't there.
        assert_eq!(state.missing_definitions(PROJECT, &ids).unwrap(), ["d4"]);
        assert_eq!(state.missing_definitions("other", &ids).unwrap(), ids);
        let relied = (&BTreeMap::new(), &ids[..]);
        let missing = state.save_project_version(PROJECT, &later, relied);
        assert_eq!(missing.unwrap(), ["d4"]);
    });
}
