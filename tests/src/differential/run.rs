//! The mutants of a corpus, judged.

use super::mutate;
use super::pool::Pool;
use super::reduce::reduced;
use super::source::Source;
use super::template::template;
use crate::crash::random::Random;
use crate::oracle::catalog::Catalog;
use crate::oracle::corpus::{self, Statement};
use crate::oracle::engine::{Engine, Watch};
use crate::oracle::lend::{self, Lender};
use crate::oracle::verdict::{Cause, Judged};
use crate::oracle::{replay, report};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many queries of one template are made shorter.
const REDUCED: usize = 2;

/// Where a run stands: the file, the query in it and its mutant, each from 0.
pub type Position = [usize; 3];

/// What is done.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// All mutants follow from it.
    pub seed: u64,
    /// Mutants of each query.
    pub mutants: usize,
    /// Which part of the files is taken, and of how many.
    pub share: (usize, usize),
    /// Mutants up to this one are left out.
    pub after: Option<Position>,
}

/// What happens.
#[derive(Debug)]
pub enum Event {
    /// A mutant is about to be judged.
    Begins(Position),
    /// It was, and both say the same, or what they say can't be compared.
    Same,
    /// It was, and they differ.
    Differs(Difference),
}

/// A difference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The name of the finding.
    pub finding: String,
    /// What it has in common with others.
    pub template: String,
    /// The query with both answers, and the tables that it names.
    pub entry: String,
}

/// Judges the mutants of all queries of a corpus.
///
/// # Errors
/// If an engine can't be opened.
pub fn run(
    statements: &[Statement],
    plan: &Plan,
    report: &mut dyn FnMut(Event),
) -> Result<(), String> {
    let lender = Lender::new(statements);
    let watch = Watch::start();
    let mut run = Run {
        plan,
        lender: &lender,
        report,
        seen: BTreeMap::new(),
        position: [0; 3],
        after: plan.after,
    };
    let (own, shares) = plan.share;
    for (index, file) in corpus::by_file(statements).into_iter().enumerate() {
        if index % shares != own || plan.after.is_some_and(|after| index < after[0]) {
            continue;
        }
        run.file(index, file, &watch)?;
    }
    watch.stop();
    Ok(())
}

struct Run<'r> {
    plan: &'r Plan,
    lender: &'r Lender<'r>,
    report: &'r mut dyn FnMut(Event),
    seen: BTreeMap<(&'static str, String), usize>,
    position: Position,
    after: Option<Position>,
}

impl Run<'_> {
    /// A file again and again, with a new engine where one was broken.
    fn file(
        &mut self,
        index: usize,
        statements: &[Statement],
        watch: &Arc<Watch>,
    ) -> Result<(), String> {
        loop {
            self.position = [index, 0, 0];
            let engine = Engine::open(watch)?;
            if self.replay(statements, &engine) {
                return Ok(());
            }
            self.after = Some(self.position);
        }
    }

    /// Whether the engine lasted to the end.
    fn replay(&mut self, statements: &[Statement], engine: &Engine) -> bool {
        let mut pool = Pool::new();
        let mut catalog = None;
        for statement in statements {
            if !statement.is_query() {
                lend::run(statement, engine);
                catalog = None;
                continue;
            }
            let (prepared, lent) = self.lender.prepare(statement, engine);
            if lent {
                catalog = None;
            }
            let catalog = catalog.get_or_insert_with(|| {
                let read = Catalog::read(engine, true);
                pool.set_relations(&read);
                read
            });
            let judged = replay::compared(statement, prepared, engine, catalog);
            let comparable = !matches!(judged.cause(), Some(Cause::Apart(_)))
                && judged
                    .ours
                    .as_ref()
                    .is_some_and(|ours| ours.outside.is_none());
            if comparable {
                let text = mutate::without_comments(&statement.sql);
                pool.learn(&Source::read(&text));
                if !self.query(statement, &text, &pool, (engine, catalog)) {
                    return false;
                }
            }
            self.position[1] += 1;
        }
        true
    }

    /// The mutants of one query. Whether the engine lasted.
    fn query(
        &mut self,
        statement: &Statement,
        text: &str,
        pool: &Pool,
        judge: (&Engine, &Catalog),
    ) -> bool {
        for number in 0..self.plan.mutants {
            self.position[2] = number;
            if self.after.is_some_and(|after| self.position <= after) {
                continue;
            }
            let key = format!("{} {number} {}", self.plan.seed, statement.place());
            let hash = blake3::hash(key.as_bytes());
            let seed = hash.as_bytes().first_chunk().copied().unwrap_or_default();
            let mut random = Random::new(u64::from_le_bytes(seed));
            let Some(mutant) = mutate::mutant(text, pool, &mut random) else {
                continue;
            };
            (self.report)(Event::Begins(self.position));
            let judged = judged(statement, mutant, judge);
            let event = self.event(&judged, judge);
            (self.report)(event);
            if judged.cause() == Some(Cause::Apart("a fault of the engine"))
                && judge.0.prepare("select 1").is_err()
            {
                return false;
            }
        }
        true
    }

    fn event(&mut self, judged: &Judged, judge: (&Engine, &Catalog)) -> Event {
        let Some(found) = template(judged) else {
            return Event::Same;
        };
        let count = self.seen.entry(found.clone()).or_default();
        *count += 1;
        let statement = &judged.statement;
        let again = |sql: &str| self::judged(statement, sql.to_owned(), judge);
        let entry = match *count <= REDUCED {
            true => {
                let same = |sql: &str| template(&again(sql)).as_ref() == Some(&found);
                let shorter = again(&reduced(&statement.sql, same));
                let holds = template(&shorter).as_ref() == Some(&found);
                entry(if holds { &shorter } else { judged }, judge.1)
            }
            false => entry(judged, judge.1),
        };
        Event::Differs(Difference {
            finding: found.0.to_owned(),
            template: found.1,
            entry,
        })
    }
}

fn judged(statement: &Statement, sql: String, (engine, catalog): (&Engine, &Catalog)) -> Judged {
    let mutant = Statement {
        sql,
        // All tables are there, so that what is missing is missed by the query.
        expects_error: true,
        ..statement.clone()
    };
    let prepared = engine.prepare(&mutant.sql);
    replay::compared(&mutant, prepared, engine, catalog)
}

fn entry(judged: &Judged, catalog: &Catalog) -> String {
    let mut text = report::entry(judged);
    let named = judged.statement.sql.to_lowercase();
    for name in catalog.made.iter().filter(|name| named.contains(*name)) {
        let columns = catalog
            .bare
            .get(name)
            .and_then(|schema| schema.columns.as_ref());
        let columns = columns.into_iter().flatten().map(|column| {
            let null = if column.nullable { "" } else { " not null" };
            format!("{} {}{null}", column.name, column.sql_type)
        });
        let columns: Vec<String> = columns.take(12).collect();
        text.push_str(&format!("  table   {name}({})\n", columns.join(", ")));
    }
    text
}
