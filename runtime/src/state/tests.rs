//! The state database as its users see it, on a file of its own for each test.

use super::*;
use crate::intervals::{IntervalSet, Range, parse_instant};
use jiff::Timestamp;
use std::collections::BTreeMap;

fn scope() -> Scope {
    Scope {
        project: "shop".to_owned(),
        engine: "local".to_owned(),
        environment: "dev_ana".to_owned(),
    }
}

fn snapshot(model: &str, version: &str) -> Snapshot {
    Snapshot {
        model: model.to_owned(),
        version: version.to_owned(),
        physical: format!("main__{model}__{version}_1"),
        generation: 1,
        kind: "table".to_owned(),
        load: "b1".to_owned(),
        reads: BTreeMap::from([("seeds.x".to_owned(), "l\"1".to_owned())]),
        columns: vec![("a".to_owned(), "DECIMAL(18,2)".to_owned())],
        definition: String::new(),
        uses: vec!["main__p__v_1".to_owned()],
        loaded_at: Timestamp::from_second(1_700_000_000).unwrap(),
        audits: vec!["a1".to_owned(), "b2".to_owned()],
        preview: String::new(),
    }
}

fn object(snapshot: &Snapshot) -> Object {
    Object {
        physical: snapshot.physical.clone(),
        kind: snapshot.kind.clone(),
        model: snapshot.model.clone(),
        version: snapshot.version.clone(),
        generation: snapshot.generation,
        load: snapshot.load.clone(),
        reads: snapshot.reads.clone(),
        uses: snapshot.uses.clone(),
        loaded_at: snapshot.loaded_at,
        created_at: Timestamp::UNIX_EPOCH,
        preview: snapshot.preview.clone(),
        tombstone: None,
    }
}

fn range(start: &str, end: &str) -> Range {
    Range::new(parse_instant(start).unwrap(), parse_instant(end).unwrap()).unwrap()
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = StateAddress::Sqlite(folder.path().join("deep/state.db"));
    let mut state = State::open(&path).unwrap();
    let one = snapshot("m", "v1");
    let ranges: IntervalSet = [
        range("2013-01-01", "2013-01-05"),
        range("2013-02-01", "2013-02-02"),
    ]
    .into_iter()
    .collect();
    let filled = |ranges: &IntervalSet| Change::Filled {
        physical: one.physical.clone(),
        ranges: ranges.clone(),
    };
    let run = RunRecord {
        id: "8f20a4d1".to_owned(),
        command: "run".to_owned(),
        plan: String::new(),
        by: "ana".to_owned(),
        project_hash: "h".to_owned(),
        started_at: Timestamp::UNIX_EPOCH,
    };
    let changes = [
        Change::RunStarted(run),
        Change::Object(object(&one)),
        Change::Snapshot(one.clone()),
        filled(&[range("2000-01-01", "2000-01-02")].into_iter().collect()),
        filled(&ranges),
    ];
    state.apply(&scope(), &changes).unwrap();
    let identity = state.identity().to_owned();
    state.close().unwrap();

    let mut state = State::open(&path).unwrap();
    assert_eq!(state.identity(), identity);
    let known = state.known(&scope()).unwrap();
    assert_eq!(known.snapshots[&("m".to_owned(), "v1".to_owned())], one);
    assert_eq!(known.filled[&one.physical], ranges);
    assert_eq!(known.unfinished, ["8f20a4d1"]);
    assert!(state.has_run("8f20a4d1").unwrap() && !state.has_run("8f20a4d2").unwrap());
    let elsewhere = Scope {
        project: "other".to_owned(),
        ..scope()
    };
    assert!(state.known(&elsewhere).unwrap().snapshots.is_empty());

    let dropped = Change::Dropped {
        physical: one.physical.clone(),
    };
    state.apply(&scope(), &[dropped]).unwrap();
    let known = state.known(&scope()).unwrap();
    assert!(known.snapshots.is_empty() && known.objects.is_empty() && known.filled.is_empty());
}

#[test]
fn the_writer_writes_everything_and_runs_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(&StateAddress::Sqlite(folder.path().join("state.db"))).unwrap();
    let writer = Writer::start(state, scope(), None);
    writer.send(Change::RunStarted(RunRecord {
        id: "r1".to_owned(),
        command: "run".to_owned(),
        plan: String::new(),
        by: "ana".to_owned(),
        project_hash: "h".to_owned(),
        started_at: Timestamp::UNIX_EPOCH,
    }));
    for position in 0..100 {
        writer.send(Change::Step {
            run: "r1".to_owned(),
            record: StepRecord {
                position,
                model: format!("m{position}"),
                version: "v".to_owned(),
                kind: "table".to_owned(),
                status: if position % 2 == 0 { "built" } else { "failed" }.to_owned(),
                rows: (position % 2 == 0).then_some(u64::from(u32::MAX) + position),
                duration_ms: position,
                note: "it's".to_owned(),
            },
        });
    }
    writer.send(Change::RunEnded {
        id: "r1".to_owned(),
        status: "failed",
        duration_ms: Some(12),
    });
    let mut state = writer.finish().unwrap();
    let steps = state.steps("r1").unwrap();
    assert_eq!(steps.len(), 100);
    assert_eq!(steps[2].rows, Some(4_294_967_297));
    assert_eq!((steps[3].rows, steps[3].note.as_str()), (None, "it's"));
    let runs = state.runs("shop", 10).unwrap();
    assert_eq!(
        (runs[0].status.as_str(), runs[0].duration_ms),
        ("failed", Some(12))
    );
    assert_eq!(runs[0].counts["built"], 50);
    assert!(state.known(&scope()).unwrap().unfinished.is_empty());
}

#[test]
fn a_layout_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = StateAddress::Sqlite(folder.path().join("state.db"));
    let mut state = State::open(&path).unwrap();
    let later = "UPDATE layout SET version = 9999";
    let later = state.write(("shop", "test"), async |database| {
        Ok(database.run(later, &[]).await?)
    });
    later.unwrap();
    let error = State::open(&path).err().unwrap();
    assert_eq!(error.code.text(), "state-moved-on");
    assert_eq!(error.kind, crate::error::Kind::Refused);
}

#[test]
fn many_may_make_the_database_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = StateAddress::Sqlite(folder.path().join("state.db"));
    let opened: Vec<_> = std::thread::scope(|threads| {
        let opening: Vec<_> = (0..6)
            .map(|_| threads.spawn(|| State::open(&path)))
            .collect();
        opening
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let identities: Vec<String> = opened
        .into_iter()
        .map(|state| state.unwrap().identity().to_owned())
        .collect();
    assert!(
        identities.iter().all(|identity| *identity == identities[0]),
        "{identities:?}"
    );
}

#[test]
fn changes_of_others_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = StateAddress::Sqlite(folder.path().join("state.db"));
    let (mut mine, mut theirs) = (State::open(&path).unwrap(), State::open(&path).unwrap());
    mine.known(&scope()).unwrap();
    assert!(!mine.is_stale().unwrap());
    let one = snapshot("m", "v1");
    theirs.apply(&scope(), &[Change::Snapshot(one)]).unwrap();
    assert!(mine.is_stale().unwrap());
    assert_eq!(mine.known(&scope()).unwrap().snapshots.len(), 1);
    assert!(!mine.is_stale().unwrap());
}
