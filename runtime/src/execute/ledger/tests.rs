//! Ledgers that are pruned.

use super::*;
use crate::adapters::LedgerEntry;
use crate::state::{Published, Snapshot};

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(day * 86_400).unwrap()
}

fn snapshot(physical: &str, version: &str, load: &str) -> Snapshot {
    Snapshot {
        model: "models.m".to_owned(),
        version: version.to_owned(),
        physical: physical.to_owned(),
        generation: 1,
        kind: "incremental".to_owned(),
        load: load.to_owned(),
        reads: BTreeMap::new(),
        columns: Vec::new(),
        definition: String::new(),
        uses: Vec::new(),
        loaded_at: at(0),
        audits: Vec::new(),
        preview: String::new(),
    }
}

fn row(id: usize, range: Option<(i64, i64)>, details: Details) -> CommittedBatch {
    let table = details.snapshot.as_ref().map(|it| it.physical.clone());
    CommittedBatch {
        entry: LedgerEntry {
            batch_id: format!("b{id}"),
            run_id: String::new(),
            model: String::new(),
            version: String::new(),
            physical_table: table.unwrap_or_default(),
            range: range.map(|(start, end)| TimeRange {
                start: at(start),
                end: at(end),
            }),
            rows: 1,
            token: 1,
            details: Details {
                project: "shop".to_owned(),
                ..details
            }
            .to_json(),
        },
        committed_at: at(i64::try_from(id).unwrap()),
    }
}

fn batch(id: usize, physical: &str, version: &str, range: Option<(i64, i64)>) -> CommittedBatch {
    let details = Details {
        snapshot: Some(snapshot(physical, version, &format!("l{id}"))),
        current: true,
        ..Details::default()
    };
    row(id, range, details)
}

fn shown(id: usize, version: &str) -> CommittedBatch {
    let entry = Published {
        model: "models.m".to_owned(),
        version: version.to_owned(),
        physical: "p".to_owned(),
        view_schema: "main".to_owned(),
        view_name: "m".to_owned(),
        columns: String::new(),
    };
    let details = Details {
        environment: "prod".to_owned(),
        published: vec![entry],
        ..Details::default()
    };
    row(id, None, details)
}

fn ids(compaction: &Compaction) -> Vec<&str> {
    compaction.removed.iter().map(String::as_str).collect()
}

#[test]
fn batches_of_days_become_one() {
    let days = (0..10_usize).map(|id| {
        let day = i64::try_from(id).unwrap();
        batch(id, "p", "v", Some((day, day + 1)))
    });
    let ledger: Vec<CommittedBatch> = days.collect();
    let compaction = compact(&ledger, "shop", at(100));
    assert_eq!(ids(&compaction), ["b1", "b2", "b3", "b4", "b5", "b6", "b7"]);
    let [longer] = &compaction.changed[..] else {
        panic!("{compaction:?}");
    };
    assert_eq!(longer.entry.batch_id, "b8");
    assert_eq!((longer.entry.rows, longer.committed_at), (8, at(8)));
    let range = longer.entry.range.unwrap();
    assert_eq!((range.start, range.end), (at(1), at(9)));
    let after = compacted(&ledger, &compaction);
    assert_eq!(after.len(), 3);
    assert_eq!(compact(&after, "shop", at(100)), Compaction::default());
    // What isn't old, and what is another project's, stays.
    assert_eq!(ids(&compact(&ledger, "shop", at(4))), ["b1", "b2"]);
    assert_eq!(compact(&ledger, "other", at(100)), Compaction::default());
}

#[test]
fn a_gap_stays_one() {
    let ledger = [
        batch(0, "p", "v", Some((0, 1))),
        batch(1, "p", "v", Some((1, 2))),
        batch(2, "p", "v", Some((2, 3))),
        batch(3, "p", "v", Some((5, 6))),
        batch(4, "p", "v", Some((2, 3))),
        batch(5, "p", "v", Some((9, 10))),
    ];
    let compaction = compact(&ledger, "shop", at(100));
    assert_eq!(ids(&compaction), ["b1", "b2"]);
    assert_eq!(compaction.changed.len(), 1);
    assert_eq!(compaction.changed[0].entry.batch_id, "b4");
}

#[test]
fn rows_without_ranges_go_but_for_the_first_and_the_last() {
    let appended = (0..5).map(|id| batch(id, "p", "v", None));
    let ledger: Vec<CommittedBatch> = appended.collect();
    assert_eq!(ids(&compact(&ledger, "shop", at(9))), ["b1", "b2", "b3"]);
    // A table that another version goes on with, and a second table of the same version.
    let mut taken = batch(2, "p", "w", None);
    let mut details: Details = serde_json::from_str(&taken.entry.details).unwrap();
    details.supersedes = true;
    taken.entry.details = details.to_json();
    let ledger = [
        batch(0, "p", "v", None),
        batch(1, "p", "v", None),
        taken,
        batch(3, "p", "w", None),
        batch(4, "p", "w", None),
        batch(5, "q", "w", None),
    ];
    assert_eq!(ids(&compact(&ledger, "shop", at(9))), ["b3"]);
}

#[test]
fn publications_go_whose_views_were_changed_again() {
    let gone = |id| {
        let details = Details {
            environment: "prod".to_owned(),
            withdrawn: vec!["models.m".to_owned()],
            ..Details::default()
        };
        row(id, None, details)
    };
    let ledger = [
        batch(0, "p", "v", None),
        shown(1, "v"),
        gone(2),
        shown(3, "v"),
    ];
    assert_eq!(ids(&compact(&ledger, "shop", at(9))), ["b2", "b1"]);
    assert_eq!(ids(&compact(&ledger, "shop", at(2))), ["b1"]);
    let ledger = [batch(0, "p", "v", None), shown(1, "v"), gone(2)];
    assert_eq!(ids(&compact(&ledger, "shop", at(9))), ["b1"]);
}

#[test]
fn rows_that_nobody_can_read_stay() {
    let mut broken = batch(1, "p", "v", None);
    broken.entry.details = "{".to_owned();
    let ledger = [
        batch(0, "p", "v", None),
        broken,
        batch(2, "p", "v", None),
        batch(3, "p", "v", None),
    ];
    assert_eq!(ids(&compact(&ledger, "shop", at(9))), ["b2"]);
}
