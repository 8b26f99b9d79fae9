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
use dbgo_compiler::fingerprint::{ObstacleKind, Profile};
use project::profiles;
use rows::{Answer, Engine, Rows};
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
    /// Those whose rows say something else than the two profiles.
    pub missed: Vec<String>,
    /// How many of the queries have a part that nobody looked into.
    pub opaque: usize,
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
            "  against their profiles   {}",
            self.missed.len()
        )?;
        writeln!(
            formatter,
            "  same rows, other profile {}",
            self.other_profiles
        )?;
        writeln!(formatter, "queries not looked into    {}", self.opaque)?;
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
    let is_opaque = |kind| kind == ObstacleKind::Opaque;
    let mut obstacles = original.columns.iter().filter_map(|it| it.obstacle);
    outcome.opaque += usize::from(obstacles.any(|obstacle| is_opaque(obstacle.kind)));
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
        outcome.judge(
            (original, &expected),
            (profile, &rows),
            &format!("{}: {}", query.name, mutant.what),
        );
    }
}

/// A query's profile, and its rows in the order of their texts.
type Found<'a> = (&'a Profile, &'a Rows);

impl Outcome {
    fn judge(&mut self, original: Found<'_>, mutant: Found<'_>, what: &str) {
        let same = original.0.same_data(mutant.0);
        match original.1 != mutant.1 {
            true => self.other_rows += 1,
            false => self.other_profiles += usize::from(!same),
        }
        if let Some(contradiction) = contradiction(original, mutant) {
            self.missed.push(format!("{what}: {contradiction}"));
        }
    }
}

/// What the rows say against the profiles: if these say that the rows are the same, then so is
/// their number, and each column that is the same has the same values.
fn contradiction((before, expected): Found<'_>, (after, found): Found<'_>) -> Option<String> {
    if before.rows != after.rows {
        return None;
    }
    if expected.len() != found.len() {
        return Some(format!("{} rows, not {}", found.len(), expected.len()));
    }
    let values = |rows: &Rows, column: usize| {
        let mut values: Vec<String> = rows.iter().map(|row| row[column].clone()).collect();
        values.sort();
        values
    };
    let columns = before.columns.iter().zip(&after.columns).enumerate();
    for (index, (old, new)) in columns {
        let same = old.values == new.values && old.sql_type == new.sql_type;
        if same && values(expected, index) != values(found, index) {
            return Some(format!("other values in `{}`", new.name));
        }
    }
    (before.same_data(after) && expected != found).then(|| "other rows".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbgo_compiler::fingerprint::ColumnProfile;

    #[test]
    fn rows_contradict_profiles() {
        let column = |name: &str| ColumnProfile {
            name: name.to_owned(),
            sql_type: "INTEGER".to_owned(),
            values: Default::default(),
            obstacle: None,
        };
        let profile = Profile {
            columns: vec![column("a"), column("b")],
            ..Profile::default()
        };
        let rows = |rows: &[[&str; 2]]| -> Rows {
            let texts = |row: &[&str; 2]| row.iter().map(|it| (*it).to_owned()).collect();
            rows.iter().map(texts).collect()
        };
        let before = rows(&[["1", "2"], ["3", "4"]]);
        let of = |after: &Rows| contradiction((&profile, &before), (&profile, after));
        assert_eq!(of(&before), None);
        for after in [
            rows(&[["1", "2"]]),
            rows(&[["1", "2"], ["3", "5"]]),
            rows(&[["1", "4"], ["3", "2"]]),
        ] {
            assert!(of(&after).is_some(), "{after:?}");
        }
    }
}
