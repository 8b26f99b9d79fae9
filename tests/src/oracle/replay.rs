//! A whole corpus, file by file: statements that aren't queries are run, queries are judged.

use super::catalog::Catalog;
use super::corpus::{self, Statement};
use super::engine::{Engine, Watch};
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
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Vec<Judged>)>> = Mutex::default();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let work = || -> Result<(), String> {
            let watch = Watch::start();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(file) = files.get(index) else { break };
                let judged = replay_file(file, &Engine::open(&watch)?);
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
            thread.join().map_err(|_| "a thread panicked".to_owned())??;
        }
        Ok::<(), String>(())
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().flat_map(|(_, judged)| judged).collect())
}

fn replay_file(statements: &[Statement], engine: &Engine) -> Vec<Judged> {
    let mut judged = Vec::new();
    let mut catalog = None;
    for statement in statements {
        if statement.is_query() {
            let catalog = catalog.get_or_insert_with(|| Catalog::read(engine));
            judged.push(judge(statement, engine, catalog));
        } else {
            // What fails here was meant to, or lacks what the corpus doesn't have.
            let _ = engine.execute(&statement.sql);
            catalog = None;
        }
    }
    judged
}

/// Puts one query before both.
pub fn judge(statement: &Statement, engine: &Engine, catalog: &Catalog) -> Judged {
    let sql = &statement.sql;
    let ours = catch_unwind(AssertUnwindSafe(|| ours::answer(sql, catalog))).ok();
    let engine = match engine.prepare(sql) {
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
