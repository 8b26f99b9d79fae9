//! Mutations: queries of TPC-DS with one token replaced. Where such a query gives other rows over
//! random small data than the original, its change profile has to be another one too.
//!
//! The queries aren't part of dbgo: `DBGO_CORPORA` names the folder of `tpcds.jsonl`.

#[path = "../../../compiler/tests/profiles/benchmark.rs"]
pub mod benchmark;
mod data;
mod mutate;
#[path = "../../../compiler/tests/profiles/project.rs"]
#[allow(dead_code, reason = "the tests of the compiler use all of it")]
mod project;
mod rows;

use benchmark::{Benchmark, Choices, Query, named};
use dbgo_compiler::fingerprint::Profile;
use project::profiles;
use rows::{Answer, Engine};
use std::fmt;

/// What came of the mutations.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many were made.
    pub made: usize,
    /// How many of them our compiler binds.
    pub bound: usize,
    /// How many of those the engine answered in time.
    pub answered: usize,
    /// How many of those give other rows than the original.
    pub other_rows: usize,
    /// How many queries gave rows at all.
    pub queries_with_rows: usize,
    /// Queries that the engine doesn't answer in time themselves.
    pub unanswered: Vec<String>,
    /// Those of [`other_rows`](Self::other_rows) whose profile is the original's.
    pub missed: Vec<String>,
    /// How many of those with the same rows have another profile: mostly the data didn't show it.
    pub other_profiles: usize,
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "mutations made             {}", self.made)?;
        writeln!(formatter, "  that bind                {}", self.bound)?;
        writeln!(formatter, "  answered in time         {}", self.answered)?;
        writeln!(formatter, "  with other rows          {}", self.other_rows)?;
        writeln!(
            formatter,
            "    and the same profile   {}",
            self.missed.len()
        )?;
        writeln!(
            formatter,
            "  same rows, other profile {}",
            self.other_profiles
        )?;
        write!(
            formatter,
            "queries that give rows     {}, not answered: {:?}",
            self.queries_with_rows, self.unanswered
        )
    }
}

/// Mutates each query so many times and compares rows and profiles. The same seed does the same.
pub fn run(benchmark: &Benchmark, for_each: usize, seed: u64) -> Outcome {
    let mut outcome = Outcome::default();
    let engine = Engine::open();
    for (index, query) in benchmark.queries.iter().enumerate() {
        let mut choices = Choices::new(seed.wrapping_add(index as u64));
        mutate_one(
            benchmark,
            query,
            for_each,
            &engine,
            &mut choices,
            &mut outcome,
        );
    }
    outcome
}

fn mutate_one(
    benchmark: &Benchmark,
    query: &Query,
    for_each: usize,
    engine: &Engine,
    choices: &mut Choices,
    outcome: &mut Outcome,
) {
    let mutants = mutate::mutants(&query.sql, benchmark, for_each, choices);
    outcome.made += mutants.len();
    let mut texts = benchmark.sources.clone();
    let model = |sql: &str| benchmark.model(sql, query.width);
    texts.push(("models/original.sql".to_owned(), model(&query.sql)));
    for (number, mutant) in mutants.iter().enumerate() {
        texts.push((format!("models/mutant{number}.sql"), model(&mutant.sql)));
    }
    let (profiles, found) = profiles(&texts);
    let Some(original) = profiles.get("models.original") else {
        panic!("{} doesn't compile: {found:?}", query.name);
    };
    engine.fill(&data::statements(benchmark, &query.sql, choices));
    let Answer::Rows(expected) = engine.rows(&named(&query.sql, query.width)) else {
        outcome.unanswered.push(query.name.clone());
        return;
    };
    outcome.queries_with_rows += usize::from(!expected.is_empty());
    for (number, mutant) in mutants.iter().enumerate() {
        let Some(profile) = profiles.get(&format!("models.mutant{number}")) else {
            continue;
        };
        outcome.bound += 1;
        let Answer::Rows(rows) = engine.rows(&named(&mutant.sql, query.width)) else {
            continue;
        };
        outcome.answered += 1;
        judge(
            original,
            profile,
            rows != expected,
            &format!("{}: {}", query.name, mutant.what),
            outcome,
        );
    }
}

fn judge(original: &Profile, profile: &Profile, other_rows: bool, what: &str, out: &mut Outcome) {
    let same = original.same_data(profile);
    match (other_rows, same) {
        (true, true) => {
            out.other_rows += 1;
            out.missed.push(what.to_owned());
        }
        (true, false) => out.other_rows += 1,
        (false, false) => out.other_profiles += 1,
        (false, true) => {}
    }
}
