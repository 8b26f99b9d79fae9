//! A whole corpus, file by file: statements that aren't queries are run, queries are judged.

use super::catalog::Catalog;
use super::corpus::{self, Statement};
use super::engine::{Engine, Refusal, Watch};
use super::lend::{self, Lender};
use super::ours;
use super::verdict::{self, Judged};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// As much stack as the main thread of a program has.
const STACK: usize = 8 * 1024 * 1024;

/// Judges all queries of a corpus, in its order.
///
/// # Errors
/// If an engine can't be opened.
pub fn replay(statements: &[Statement]) -> Result<Vec<Judged>, String> {
    let files = corpus::by_file(statements);
    let lender = Lender::new(statements);
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Vec<Judged>)>> = Mutex::default();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let work = || -> Result<(), String> {
            let watch = Watch::start();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(file) = files.get(index) else { break };
                let judged = replay_file(file, &Engine::open(&watch)?, &lender);
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.push((index, judged));
            }
            watch.stop();
            Ok(())
        };
        let spawn = |_| {
            let builder = std::thread::Builder::new().stack_size(STACK);
            builder.spawn_scoped(scope, work)
        };
        let threads: Vec<_> = (0..workers).map(spawn).collect();
        for thread in threads {
            let thread = thread.map_err(|error| error.to_string())?;
            thread
                .join()
                .map_err(|_| "a thread panicked".to_owned())??;
        }
        Ok::<(), String>(())
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().flat_map(|(_, judged)| judged).collect())
}

fn replay_file(statements: &[Statement], engine: &Engine, lender: &Lender<'_>) -> Vec<Judged> {
    let mut judged = Vec::new();
    let mut catalog = None;
    let mut objects = false;
    for statement in statements {
        if statement.is_query() {
            let (prepared, lent) = lender.prepare(statement, engine);
            if lent {
                catalog = None;
            }
            let catalog = catalog.get_or_insert_with(|| Catalog::read(engine, objects));
            judged.push(judge(statement, prepared, engine, catalog));
        } else {
            objects |= ["CREATE_MACRO", "CREATE_TYPE"].contains(&statement.class.as_str());
            // What fails here was meant to, or lacks what the corpus doesn't have.
            lend::run(statement, engine);
            catalog = None;
        }
    }
    judged
}

/// Puts one query before us, and with it what the engine says.
fn judge(
    statement: &Statement,
    prepared: Result<(), Refusal>,
    engine: &Engine,
    catalog: &Catalog,
) -> Judged {
    let sql = &statement.sql;
    let ours = catch_unwind(AssertUnwindSafe(|| ours::answer(sql, catalog))).ok();
    let engine = match prepared {
        Err(refusal) => verdict::Engine::Refuses(refusal),
        Ok(()) => verdict::Engine::Binds {
            columns: engine.describe(sql).ok(),
            nulls: engine.nulls(sql).ok(),
        },
    };
    Judged {
        statement: statement.clone(),
        ours,
        engine,
    }
}
