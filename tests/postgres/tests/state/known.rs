//! What was built, what is published and what ran.

use crate::fixture::*;
use dbgo_runtime::state::*;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;

#[test]
fn what_is_written_is_read_again() {
    on_both(|address| {
        let mut state = open(address);
        let one = snapshot("m", "v1");
        let kept = ranges(&[("2013-01-01", "2013-01-05"), ("2013-02-01", "2013-02-02")]);
        let filled = |ranges| Change::Filled {
            physical: one.physical.clone(),
            ranges,
        };
        let mut changes = vec![run("8f20a4d1")];
        changes.extend(built(&one));
        changes.push(filled(ranges(&[("2000-01-01", "2000-01-02")])));
        changes.push(filled(kept.clone()));
        state.apply(&scope(), &changes).unwrap();
        let identity = state.identity().to_owned();
        state.close().unwrap();

        let mut state = open(address);
        assert_eq!(state.identity(), identity);
        let known = state.known(&scope()).unwrap();
        assert_eq!(known.snapshots[&(text("m"), text("v1"))], one);
        assert_eq!(known.objects[&one.physical], object(&one));
        assert_eq!(known.filled[&one.physical], kept);
        assert_eq!(known.unfinished, ["8f20a4d1"]);
        assert!(state.has_run("8f20a4d1").unwrap() && !state.has_run("8f20a4d2").unwrap());
        let elsewhere = Scope {
            project: text("other"),
            ..scope()
        };
        assert!(state.known(&elsewhere).unwrap().is_empty());

        let physical = one.physical.clone();
        state
            .apply(&scope(), &[Change::Dropped { physical }])
            .unwrap();
        let known = state.known(&scope()).unwrap();
        assert!(known.snapshots.is_empty() && known.objects.is_empty() && known.filled.is_empty());
    });
}

#[test]
fn runs_that_were_broken_off_are_told_unless_their_plan_was_given_up() {
    on_both(|address| {
        let mut state = open(address);
        let of_plan = |id: &str, plan: &str| match run(id) {
            Change::RunStarted(record) => Change::RunStarted(RunRecord {
                plan: text(plan),
                ..record
            }),
            other => other,
        };
        let changes = [
            of_plan("done", "p0"),
            of_plan("killed", "p0"),
            of_plan("failed", "p1"),
            of_plan("given-up", "p2"),
            ended("done"),
            Change::RunEnded {
                id: text("failed"),
                status: "failed",
                duration_ms: None,
            },
        ];
        state.apply(&scope(), &changes).unwrap();
        state
            .apply(&scope_of("other"), &[of_plan("elsewhere", "p0")])
            .unwrap();
        for (id, status) in [("p1", "failed"), ("p2", "abandoned")] {
            state.save_plan(PROJECT, &plan(id, status)).unwrap();
        }
        let found = state.broken_off(&scope()).unwrap();
        let ids: Vec<&str> = found.iter().map(|run| run.id.as_str()).collect();
        assert_eq!(ids, ["failed", "killed"]);
        assert_eq!(
            (found[0].command.as_str(), found[0].started_at),
            ("apply", at(0))
        );
    });
}

#[test]
fn what_belongs_to_a_table_is_the_same_for_all_its_snapshots() {
    on_both(|address| {
        let mut state = open(address);
        let one = snapshot("m", "v1");
        let two = Snapshot {
            version: text("v2"),
            columns: vec![(text("a"), text("TEXT"))],
            ..one.clone()
        };
        let mut changes = built(&one).to_vec();
        changes.push(Change::Snapshot(two.clone()));
        state.apply(&scope(), &changes).unwrap();
        let later = Object {
            load: text("b2"),
            created_at: at(99),
            ..object(&one)
        };
        state
            .apply(&scope(), &[Change::Object(later.clone())])
            .unwrap();
        let known = state.known(&scope()).unwrap();
        let loads = |version: &str| known.snapshots[&(text("m"), text(version))].load.clone();
        assert_eq!((loads("v1"), loads("v2")), (text("b2"), text("b2")));
        let kept = Object {
            created_at: at(0),
            ..later
        };
        assert_eq!(known.objects[&one.physical], kept, "it was created once");

        let superseded = Change::Superseded {
            physical: two.physical.clone(),
            model: text("m"),
            version: text("v2"),
        };
        state.apply(&scope(), &[superseded]).unwrap();
        let known = state.known(&scope()).unwrap();
        let versions: Vec<&str> = known
            .snapshots
            .keys()
            .map(|(_, version)| version.as_str())
            .collect();
        assert_eq!(versions, ["v2"]);
    });
}

#[test]
fn a_snapshot_that_is_replaced_and_superseded_at_once_leaves_nothing() {
    on_both(|address| {
        let mut state = open(address);
        state.apply(&scope(), &built(&snapshot("m", "v1"))).unwrap();
        let moved = Snapshot {
            physical: text("other"),
            ..snapshot("m", "v1")
        };
        let mut changes = built(&moved).to_vec();
        changes.push(Change::Superseded {
            physical: text("other"),
            model: text("n"),
            version: text("v1"),
        });
        state.apply(&scope(), &changes).unwrap();
        let known = state.known(&scope()).unwrap();
        assert_eq!(known.all_snapshots().count(), 0);
    });
}

#[test]
fn a_preview_is_not_the_version_that_others_use() {
    on_both(|address| {
        let mut state = open(address);
        let whole = snapshot("m", "v1");
        let cut = Snapshot {
            physical: text("main__m__v1_1__dev_ana"),
            preview: text("dev_ana"),
            ..whole.clone()
        };
        let mut changes = built(&whole).to_vec();
        changes.extend(built(&cut));
        state.apply(&scope(), &changes).unwrap();
        let known = state.known(&scope()).unwrap();
        assert_eq!(known.snapshots[&(text("m"), text("v1"))], whole);
        let key = (text("dev_ana"), text("m"), text("v1"));
        assert_eq!(known.previews[&key], cut);
        assert_eq!(known.objects[&cut.physical].preview, "dev_ana");
        assert_eq!(known.all_snapshots().count(), 2);
    });
}

#[test]
fn the_views_of_other_environments_are_known_with_their_names() {
    on_both(|address| {
        let mut state = open(address);
        let (one, two) = (snapshot("m", "v1"), snapshot("m", "v2"));
        let changes = [
            published("dev_ana", &one),
            published("dev_bob", &one),
            published("dev_bob", &two),
            published("dev_cy", &two),
            Change::Withdrawn {
                environment: text("dev_cy"),
                model: text("m"),
            },
        ];
        state.apply(&scope(), &changes).unwrap();
        let known = state.known(&scope()).unwrap();
        assert_eq!(known.published["m"].version, "v1");
        let elsewhere: Vec<(&str, &str)> = known
            .elsewhere
            .iter()
            .map(|(environment, entry)| (environment.as_str(), entry.version.as_str()))
            .collect();
        assert_eq!(elsewhere, [("dev_bob", "v2")]);
    });
}

#[test]
fn the_writer_writes_everything_and_runs_are_listed() {
    on_both(|address| {
        let writer = Writer::start(open(address), scope(), None);
        writer.send(run("r1"));
        for position in 0..100 {
            writer.send(Change::Step {
                run: text("r1"),
                record: StepRecord {
                    position,
                    model: format!("m{position}"),
                    version: text("v"),
                    kind: text("table"),
                    status: text(if position % 2 == 0 { "built" } else { "failed" }),
                    rows: (position % 2 == 0).then_some(u64::from(u32::MAX) + position),
                    duration_ms: position,
                    note: text("it's \0 nothing"),
                },
            });
        }
        writer.send(Change::RunEnded {
            id: text("r1"),
            status: "failed",
            duration_ms: Some(12),
        });
        let mut state = writer.finish().unwrap();
        let steps = state.steps("r1").unwrap();
        let positions: Vec<u64> = steps.iter().map(|step| step.position).collect();
        assert_eq!(positions, (0..100).collect::<Vec<_>>());
        assert_eq!(steps[2].rows, Some(4_294_967_297));
        assert_eq!(
            (steps[3].rows, steps[3].note.as_str()),
            (None, "it's \u{fffd} nothing")
        );
        state.apply(&scope(), &[run_at("r2", at(1))]).unwrap();
        let runs = state.runs(PROJECT, 10).unwrap();
        let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
        assert_eq!(ids, ["r2", "r1"]);
        let first = &runs[1];
        assert_eq!(
            (first.status.as_str(), first.duration_ms),
            ("failed", Some(12))
        );
        assert_eq!(
            (first.command.as_str(), first.by.as_str()),
            ("apply", "ana")
        );
        assert_eq!(first.plan, "0a0b0c0d");
        assert_eq!(first.counts["built"], 50);
        assert!(runs[0].counts.is_empty());
        assert_eq!(state.runs(PROJECT, 1).unwrap().len(), 1);
        assert_eq!(state.known(&scope()).unwrap().unfinished, ["r2"]);
    });
}

#[test]
fn what_audits_found_is_kept_by_run() {
    on_both(|address| {
        let mut state = open(address);
        let record = |run: &str, audit: &str, failing_rows| AuditRecord {
            run: text(run),
            model: text("m"),
            audit: text(audit),
            severity: text("error"),
            status: text("failed"),
            failing_rows,
            sample: text(r#"[{"a":null}]"#),
            at: at(7),
        };
        let first = record("r1", "not_null(a)", 1);
        let changes = [
            run("r1"),
            run("r2"),
            Change::Audit(first.clone()),
            Change::Audit(record("r1", "unique(a)", 2)),
            Change::Audit(record("r2", "unique(a)", 3)),
            // The same audit again, as after a batch that was tried again.
            Change::Audit(record("r1", "unique(a)", 4)),
        ];
        state.apply(&scope(), &changes).unwrap();
        let found = state.audits(PROJECT, "r1").unwrap();
        assert_eq!(found, [first, record("r1", "unique(a)", 4)]);
        assert!(state.audits("other", "r1").unwrap().is_empty());
    });
}

#[test]
fn changes_of_others_are_noticed() {
    on_both(|address| {
        let (mut mine, mut theirs) = (open(address), open(address));
        assert!(mine.is_stale().unwrap(), "nothing was read yet");
        mine.known(&scope()).unwrap();
        assert!(!mine.is_stale().unwrap());
        mine.apply(&scope(), &[run("r1")]).unwrap();
        assert!(!mine.is_stale().unwrap(), "its own changes are known");
        theirs
            .apply(&scope(), &built(&snapshot("m", "v1")))
            .unwrap();
        assert!(mine.is_stale().unwrap());
        mine.apply(&scope(), &[run("r2")]).unwrap();
        assert!(mine.is_stale().unwrap(), "its own change hides no other");
        assert_eq!(mine.known(&scope()).unwrap().snapshots.len(), 1);
        assert!(!mine.is_stale().unwrap());
        let other = Scope {
            project: text("other"),
            ..scope()
        };
        theirs.apply(&other, &[run("r3")]).unwrap();
        assert!(
            !mine.is_stale().unwrap(),
            "another project's changes are none"
        );
    });
}

#[test]
fn the_clock_is_near_this_machine_s() {
    on_both(|address| {
        let mut state = open(address);
        let (before, now) = (jiff::Timestamp::now(), state.now().unwrap());
        let apart = now.duration_since(before).abs();
        assert!(apart < jiff::SignedDuration::from_secs(5), "{apart}");
        assert!(state.now().unwrap() >= now);
    });
}

/// Changes of few things, so that they meet.
fn changes() -> impl Strategy<Value = Vec<Change>> {
    let model = 0..3_u8;
    let change = (0..9_u8, model, 0..2_u8, 0..2_u8, 0..50_i64).prop_map(
        |(kind, model, version, table, number)| {
            let one = Snapshot {
                physical: format!("t{table}"),
                preview: text(if number % 7 == 0 { "dev_bob" } else { "" }),
                definition: number.to_string(),
                ..snapshot(&format!("m{model}"), &format!("v{version}"))
            };
            let of = if number % 3 == 0 {
                "dev_bob"
            } else {
                "dev_ana"
            };
            let change = match kind {
                0 | 1 => Change::Object(Object {
                    load: number.to_string(),
                    created_at: at(number),
                    ..object(&one)
                }),
                2 | 3 => return built(&one).to_vec(),
                4 => Change::Superseded {
                    physical: one.physical,
                    model: one.model,
                    version: one.version,
                },
                5 => Change::Filled {
                    physical: one.physical,
                    ranges: match number % 2 {
                        0 => ranges(&[("2013-01-01", "2013-01-05")]),
                        _ => ranges(&[]),
                    },
                },
                6 => published(of, &one),
                7 => Change::Withdrawn {
                    environment: text(of),
                    model: one.model,
                },
                _ if number == 0 => Change::Forgotten,
                _ => Change::Dropped {
                    physical: one.physical,
                },
            };
            vec![change]
        },
    );
    let changes = proptest::collection::vec(change, 1..12);
    changes.prop_map(|changes| changes.concat())
}

/// What is known, without the order that isn't told.
fn facts(known: &Known) -> impl PartialEq + std::fmt::Debug {
    let snapshots: BTreeMap<_, _> = known.snapshots.clone().into_iter().collect();
    let objects: BTreeMap<_, _> = known.objects.clone().into_iter().collect();
    let filled = known.filled.clone().into_iter();
    let filled: BTreeMap<_, _> = filled.filter(|(_, set)| !set.ranges().is_empty()).collect();
    let elsewhere = known.elsewhere.iter();
    let elsewhere: BTreeMap<_, _> = elsewhere
        .map(|(environment, entry)| ((environment.clone(), entry.model.clone()), entry.clone()))
        .collect();
    let previews = known.previews.clone();
    (
        snapshots,
        previews,
        objects,
        filled,
        known.published.clone(),
        elsewhere,
    )
}

/// Applying changes in memory, writing them one by one and writing them in groups come to the
/// same.
#[test]
fn memory_and_state_agree() {
    const CASES: u32 = 150;
    on_both(|address| {
        let mut state = open(address);
        let config = ProptestConfig {
            cases: CASES,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let groups = proptest::collection::vec(changes(), 1..4);
        let case = std::cell::Cell::new(0);
        let state = std::cell::RefCell::new(&mut state);
        let agree = |groups: Vec<Vec<Change>>| {
            let mut state = state.borrow_mut();
            // Each case has a project of its own, which nothing is known of.
            case.set(case.get() + 1);
            let scope = Scope {
                project: format!("p{}", case.get()),
                ..scope()
            };
            let mut memory = state.known(&scope).unwrap();
            for group in &groups {
                state.apply(&scope, group).unwrap();
                for change in group {
                    memory.apply(change, &scope.environment);
                }
            }
            let read = state.known(&scope).unwrap();
            prop_assert_eq!(facts(&read), facts(&memory));
            Ok(())
        };
        TestRunner::new(config).run(&groups, agree).unwrap();
    });
}
