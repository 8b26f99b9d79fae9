//! A whole corpus, file by file: statements that aren't queries are run, queries are judged.

use super::catalog::Catalog;
use super::corpus::{self, Statement};
use super::engine::{Engine, Refusal, Watch};
use super::lend::{self, Lender};
use super::ours;
use super::verdict::{self, Judged};
use dbgo_runtime::adapters::duckdb::TypeSession;
use dbgo_runtime::adapters::{EngineError, ErrorClass};
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
    let mut judged = compared(statement, prepared, engine, catalog);
    if judged.cause().is_some() && judged.accepted() {
        judged.refused_when_asked = refuses_over_empty_tables(&statement.sql, catalog);
    }
    judged
}

/// The same, without asking as `dbgo check --engine` does. A query is run only if we say of one of
/// its columns that it is never null.
pub fn compared(
    statement: &Statement,
    prepared: Result<(), Refusal>,
    engine: &Engine,
    catalog: &Catalog,
) -> Judged {
    let sql = &statement.sql;
    let ours = catch_unwind(AssertUnwindSafe(|| ours::answer(sql, catalog))).ok();
    let columns = ours.iter().flat_map(|ours| &ours.columns).flatten();
    let never_null = columns.into_iter().any(|column| !column.nullable);
    let engine = match prepared {
        Err(refusal) => verdict::Engine::Refuses(refusal),
        Ok(()) => verdict::Engine::Binds {
            columns: engine.describe(sql).ok(),
            nulls: never_null.then(|| engine.nulls(sql).ok()).flatten(),
        },
    };
    Judged {
        statement: statement.clone(),
        ours,
        engine,
        refused_when_asked: None,
    }
}

/// Whether `dbgo check --engine` takes an error for one of the query.
fn is_about_query(error: &EngineError) -> bool {
    matches!(
        error.class,
        ErrorClass::Binder | ErrorClass::Catalog | ErrorClass::Data | ErrorClass::Constraint
    )
}

/// Whether a name stands in a text as a word.
fn mentions(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + name.len()..].starts_with(part))
}

/// Asks as `dbgo check --engine` does; `None` if the tables can't be made for it, as those with
/// columns of types that only a query makes.
fn refuses_over_empty_tables(sql: &str, catalog: &Catalog) -> Option<bool> {
    let text = sql.to_lowercase();
    let typed: Vec<(&String, Vec<(&str, String)>)> = catalog
        .made
        .iter()
        .filter(|name| mentions(&text, name))
        .filter_map(|name| {
            let columns = catalog.bare.get(name)?.columns.as_ref()?.iter();
            let typed = columns.map(|column| (column.name.as_str(), column.sql_type.to_string()));
            Some((name, typed.collect()))
        })
        .collect();
    let columns: Vec<Vec<(&str, &str)>> = typed
        .iter()
        .map(|(_, columns)| {
            columns
                .iter()
                .map(|(name, kind)| (*name, kind.as_str()))
                .collect()
        })
        .collect();
    let relations: Vec<(&str, &[(&str, &str)])> = typed
        .iter()
        .zip(&columns)
        .map(|((name, _), columns)| (name.as_str(), columns.as_slice()))
        .collect();
    let mut session = TypeSession::new().ok()?;
    // A refusal for want of a table would be none of the query.
    session.columns_of(&relations, "SELECT 1").ok()?;
    let answer = session.judge(&relations, sql);
    Some(answer.is_err_and(|error| is_about_query(&error)))
}
