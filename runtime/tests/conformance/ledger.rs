//! dbgo's own tables in the engine.

use crate::Subject;
use dbgo_runtime::adapters::{ErrorClass, LedgerEntry, TimeRange};

fn entry(batch_id: &str) -> LedgerEntry {
    LedgerEntry {
        batch_id: batch_id.to_owned(),
        run_id: "run".to_owned(),
        model: "models.o'clock".to_owned(),
        version: "0123".to_owned(),
        physical_table: "work__t__0123_1".to_owned(),
        range: Some(TimeRange {
            start: "2024-02-29T00:00:00Z".parse().unwrap(),
            end: "2024-03-01T00:00:00.000001Z".parse().unwrap(),
        }),
        rows: 7,
        token: 3,
        details: "{\"a\":1}".to_owned(),
    }
}

pub fn bookkeeping_is_created_once(subject: &Subject) {
    let mut session = subject.session();
    let meta = session.create_bookkeeping("state-1").unwrap();
    assert_eq!((meta.state_id.as_str(), meta.epoch), ("state-1", 0));
    let again = session.create_bookkeeping("state-2").unwrap();
    assert_eq!(again, meta);
    assert_eq!(subject.number("select count(*) from _dbgo.meta"), 1);
    session.adopt("state-3").unwrap();
    let meta = session.meta().unwrap().unwrap();
    assert_eq!(meta.state_id, "state-3");
}

pub fn a_ledger_has_a_mark(subject: &Subject) {
    let mut session = subject.session();
    session.create_bookkeeping("state").unwrap();
    let empty = session.ledger_mark().unwrap();
    let mut transaction = session.begin().unwrap();
    transaction.record(&entry("one")).unwrap();
    transaction.commit().unwrap();
    let one = session.ledger_mark().unwrap();
    assert_ne!(one, empty);
    assert_eq!(subject.session().ledger_mark().unwrap(), one);
}

pub fn no_bookkeeping_no_ledger(subject: &Subject) {
    let mut session = subject.session();
    assert_eq!(session.ledger().unwrap(), []);
    assert_eq!(session.committed_batch("x").unwrap(), None);
    assert_eq!(session.relations(&["_dbgo"]).unwrap(), []);
}

pub fn entries_come_back(subject: &Subject) {
    let mut session = subject.session();
    session.create_bookkeeping("state").unwrap();
    let unranged = LedgerEntry {
        range: None,
        details: String::new(),
        ..entry("b'2")
    };
    for entry in [entry("b1"), unranged.clone()] {
        let mut transaction = session.begin().unwrap();
        transaction.record(&entry).unwrap();
        transaction.commit().unwrap();
    }
    let ledger = session.ledger().unwrap();
    let entries: Vec<_> = ledger.iter().map(|batch| &batch.entry).collect();
    assert_eq!(entries, [&entry("b1"), &unranged]);
    let now = jiff::Timestamp::now().as_second();
    assert!((ledger[0].committed_at.as_second() - now).abs() < 60);
    let found = session.committed_batch("b'2").unwrap();
    assert_eq!(found.map(|batch| batch.entry), Some(unranged));
    assert_eq!(session.committed_batch("b3").unwrap(), None);
}

pub fn entry_and_rows_share_their_fate(subject: &Subject) {
    let mut session = subject.session();
    session.create_bookkeeping("state").unwrap();
    for commit in [false, true] {
        let mut transaction = session.begin().unwrap();
        transaction
            .execute("create table _dbgo.t as select 1 as id")
            .unwrap();
        transaction.record(&entry("b1")).unwrap();
        match commit {
            true => transaction.commit().unwrap(),
            false => transaction.rollback().unwrap(),
        }
        assert_eq!(session.committed_batch("b1").unwrap().is_some(), commit);
        assert_eq!(session.query("select * from _dbgo.t").is_ok(), commit);
    }
}

pub fn batch_ids_are_unique(subject: &Subject) {
    let mut session = subject.session();
    session.create_bookkeeping("state").unwrap();
    let (mut first, mut second) = (subject.session(), subject.session());
    let mut one = first.begin().unwrap();
    let mut other = second.begin().unwrap();
    one.record(&entry("b1")).unwrap();
    let result = other.record(&entry("b1"));
    one.commit().unwrap();
    let error = result.and_then(|()| other.commit()).unwrap_err();
    let class = &error.class;
    assert!(
        *class == ErrorClass::Constraint || class.is_retryable(),
        "{error:?}"
    );
    let mut third = first.begin().unwrap();
    let result = third.record(&entry("b1"));
    let error = result.and_then(|()| third.commit()).unwrap_err();
    assert_eq!(error.class, ErrorClass::Constraint, "{error:?}");
    assert_eq!(session.ledger().unwrap().len(), 1);
}

/// Transactions that write different batches at once never stand in each other's way.
pub fn parallel_batches_dont_conflict(subject: &Subject) {
    subject.session().create_bookkeeping("state").unwrap();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            scope.spawn(move || {
                let mut session = subject.session();
                for index in 0..50 {
                    let mut transaction = session.begin().unwrap();
                    transaction
                        .record(&entry(&format!("{worker}/{index}")))
                        .unwrap();
                    transaction.commit().unwrap();
                }
            });
        }
    });
    assert_eq!(subject.session().ledger().unwrap().len(), 200);
}
