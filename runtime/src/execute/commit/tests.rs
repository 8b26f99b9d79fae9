//! Commits that fail at an engine whose answers are given.

use super::*;
use crate::adapters::session::{Access, Cancel, Connection, QueryResult};
use crate::adapters::{
    Capabilities, CatalogRelation, CatalogTable, Column, CommittedBatch, Dialect, EngineMeta,
    Fence, LedgerEntry, OpenOptions, PublishedRevision, Relation, RelationKind, duckdb,
};
use std::sync::Arc;

const TOKEN: u64 = 7;

/// What the engine does when a commit's answer is an error.
#[derive(Clone)]
struct Answers {
    class: ErrorClass,
    committed: bool,
    reachable: bool,
}

struct Engine {
    answers: Answers,
    real: duckdb::DuckDb,
}

struct Given(Answers);

struct NoCancel;

impl Cancel for NoCancel {
    fn cancel(&self) {}
}

fn broken<T>(class: ErrorClass) -> Result<T, EngineError> {
    Err(EngineError::new(class, "it broke"))
}

impl Connection for Given {
    fn begin(&mut self, _: Access) -> Result<(), EngineError> {
        Ok(())
    }
    fn commit(&mut self) -> Result<(), EngineError> {
        broken(self.0.class.clone())
    }
    fn rollback(&mut self) -> Result<(), EngineError> {
        Ok(())
    }
    fn execute(&mut self, _: &str) -> Result<u64, EngineError> {
        Ok(0)
    }
    fn query(&mut self, _: &str) -> Result<QueryResult, EngineError> {
        broken(ErrorClass::Refused)
    }
    fn replace_batches(&mut self, _: &[&str], _: &[CommittedBatch]) -> Result<(), EngineError> {
        broken(ErrorClass::Refused)
    }
    fn are_altered(&mut self, _: &[(Relation, String)]) -> Result<Vec<Option<bool>>, EngineError> {
        broken(ErrorClass::Refused)
    }
    fn forget_batches(&mut self, _: &[&str]) -> Result<u64, EngineError> {
        broken(ErrorClass::Refused)
    }
    fn used_bytes(&mut self) -> Result<u64, EngineError> {
        broken(ErrorClass::Refused)
    }
    fn record(&mut self, _: &LedgerEntry) -> Result<(), EngineError> {
        Ok(())
    }
    fn create_bookkeeping(&mut self, _: &str) -> Result<EngineMeta, EngineError> {
        broken(ErrorClass::Refused)
    }
    fn tables(&mut self) -> Result<Vec<CatalogTable>, EngineError> {
        Ok(Vec::new())
    }
    fn meta(&mut self) -> Result<Option<EngineMeta>, EngineError> {
        Ok(None)
    }
    fn fence(&mut self, _: &Fence<'_>) -> Result<u64, EngineError> {
        Ok(1)
    }
    fn hold_fence(&mut self, _: u64) -> Result<(), EngineError> {
        Ok(())
    }
    fn record_published(&mut self, _: &PublishedRevision) -> Result<u64, EngineError> {
        Ok(1)
    }
    fn published(&mut self) -> Result<Vec<PublishedRevision>, EngineError> {
        Ok(Vec::new())
    }
    fn adopt(&mut self, _: &str) -> Result<(), EngineError> {
        Ok(())
    }
    fn ledger_mark(&mut self) -> Result<String, EngineError> {
        Ok(String::new())
    }
    fn ledger(&mut self) -> Result<Vec<CommittedBatch>, EngineError> {
        Ok(Vec::new())
    }
    fn committed_batch(&mut self, id: &str) -> Result<Option<CommittedBatch>, EngineError> {
        let entry = LedgerEntry {
            batch_id: id.to_owned(),
            run_id: String::new(),
            model: String::new(),
            version: String::new(),
            physical_table: String::new(),
            range: None,
            rows: 0,
            token: 0,
            details: String::new(),
        };
        Ok(self.0.committed.then_some(CommittedBatch {
            entry,
            committed_at: jiff::Timestamp::UNIX_EPOCH,
        }))
    }
    fn relations(&mut self, _: &[&str]) -> Result<Vec<CatalogRelation>, EngineError> {
        Ok(Vec::new())
    }
    fn names(&mut self, _: &[&str]) -> Result<Vec<(Relation, RelationKind)>, EngineError> {
        Ok(Vec::new())
    }
    fn describe(&mut self, _: &str) -> Result<Vec<Column>, EngineError> {
        Ok(Vec::new())
    }
    fn set_statement_timeout(&mut self, _: Option<Duration>) {}
    fn canceller(&self) -> Arc<dyn Cancel> {
        Arc::new(NoCancel)
    }
}

impl Adapter for Engine {
    fn kind(&self) -> &'static str {
        "given"
    }
    fn version(&self) -> &str {
        ""
    }
    fn capabilities(&self) -> Capabilities {
        self.real.capabilities()
    }
    fn dialect(&self) -> &dyn Dialect {
        self.real.dialect()
    }
    fn session(&self) -> Result<Session, EngineError> {
        if self.answers.reachable {
            Ok(Session::new(Box::new(Given(self.answers.clone()))))
        } else {
            broken(ErrorClass::Lost)
        }
    }
    fn flush(&self) -> Result<(), EngineError> {
        Ok(())
    }
}

/// Whether it counts as committed, whether it stays in doubt, and how often it was tried.
fn result(class: ErrorClass, committed: bool, reachable: bool) -> (bool, bool, u32) {
    patient(class, (committed, reachable), Patience::Tries(2))
}

fn patient(
    class: ErrorClass,
    (committed, reachable): (bool, bool),
    patience: Patience,
) -> (bool, bool, u32) {
    let answers = Answers {
        class,
        committed,
        reachable,
    };
    let mut session = Session::new(Box::new(Given(answers.clone())));
    let engine = Engine {
        answers,
        real: duckdb::DuckDb::open(":memory:", &OpenOptions::default()).unwrap(),
    };
    let (interrupt, in_doubt) = (Interrupt::new(), AtomicBool::new(false));
    let mut tries = 0;
    let done = Committer {
        adapter: &engine,
        session: &mut session,
        interrupt: &interrupt,
        in_doubt: &in_doubt,
        token: TOKEN,
        timeout: None,
    }
    .transact((What::Batch, "run/m/1", patience), |_| {
        tries += 1;
        Ok(())
    });
    (done.is_ok(), in_doubt.into_inner(), tries)
}

#[test]
fn the_ledger_decides_where_a_commit_is_in_doubt() {
    for class in [ErrorClass::Lost, ErrorClass::Io, ErrorClass::Other] {
        assert_eq!(result(class.clone(), true, true), (true, false, 1));
        assert!(!result(class.clone(), false, true).0);
        assert_eq!(result(class, false, false), (false, true, 1));
    }
    assert_eq!(result(ErrorClass::Lost, false, true), (false, false, 3));
}

#[test]
fn an_error_that_tells_that_nothing_was_committed_leaves_no_doubt() {
    assert_eq!(
        result(ErrorClass::Constraint, true, false),
        (false, false, 1)
    );
    assert_eq!(result(ErrorClass::Retry, true, false), (false, false, 3));
}

#[test]
fn a_publication_is_tried_again_until_its_time_is_over() {
    let moment = Patience::Time(Duration::from_millis(400));
    let begun = Instant::now();
    let (done, in_doubt, tries) = patient(ErrorClass::Retry, (false, true), moment);
    assert!(!done && !in_doubt && tries > LEAST_RETRIES + 1, "{tries}");
    assert!(begun.elapsed() >= Duration::from_millis(400));
    let no_time = Patience::Time(Duration::ZERO);
    let few = (false, false, LEAST_RETRIES + 1);
    assert_eq!(patient(ErrorClass::Retry, (false, true), no_time), few);
    let long = Patience::Time(Duration::from_secs(3600));
    assert_eq!(patient(ErrorClass::Lost, (false, true), long), few);
    assert_eq!(
        patient(ErrorClass::Constraint, (false, true), long),
        (false, false, 1)
    );
}
