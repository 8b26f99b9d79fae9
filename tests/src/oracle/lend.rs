//! Tables that a file of a corpus lacks, lent by another one.
//!
//! A corpus may hold each text once: a `CREATE TABLE` that several files have in common then stands
//! in the first of them only. Where the engine misses a table, statements that make one of its name
//! are tried, those of near files first, until the engine takes the query. As the engine judges the
//! query over whatever was lent, a wrong choice costs a case, and can't make a wrong one right.

use super::corpus::Statement;
use super::engine::{Engine, Refusal};
use std::collections::BTreeMap;

/// The most statements that are tried for one table.
const MOST_TRIES: usize = 12;

/// The longest statement that fills a lent table.
const MOST_BYTES: usize = 2000;

/// How many tables may be lent to one query.
const MOST_TABLES: usize = 4;

/// The statements of a corpus that make tables and views, by the name in lower case.
pub struct Lender<'s> {
    makers: BTreeMap<String, Vec<&'s Statement>>,
    /// The statements that fill a table, by file and name.
    fillers: BTreeMap<(&'s str, String), Vec<&'s Statement>>,
}

impl<'s> Lender<'s> {
    /// Looks through a corpus.
    pub fn new(statements: &'s [Statement]) -> Lender<'s> {
        let mut makers: BTreeMap<String, Vec<&Statement>> = BTreeMap::new();
        let mut fillers: BTreeMap<(&str, String), Vec<&Statement>> = BTreeMap::new();
        for statement in statements.iter().filter(|made| !made.expects_error) {
            if let Some(name) = made_relation(statement) {
                makers.entry(name).or_default().push(statement);
            } else if statement.class == "INSERT"
                && let Some(name) = words(&statement.sql).nth(2)
            {
                let key = (statement.file.as_str(), name.to_lowercase());
                fillers.entry(key).or_default().push(statement);
            }
        }
        Lender { makers, fillers }
    }

    /// Prepares a query, with tables lent to it where some are missing. Gives whether something
    /// was lent beside the engine's answer.
    pub fn prepare(&self, query: &Statement, engine: &Engine) -> (Result<(), Refusal>, bool) {
        let first = engine.prepare(&query.sql);
        let Some(missing) = first.as_ref().err().and_then(missing_table) else {
            return (first, false);
        };
        match self.lend(query, engine, &missing, MOST_TABLES) {
            Some(answer) => (answer, true),
            None => (first, false),
        }
    }

    /// `None` if nothing fits; then all is as before.
    fn lend(
        &self,
        query: &Statement,
        engine: &Engine,
        missing: &str,
        most: usize,
    ) -> Option<Result<(), Refusal>> {
        let makers = self.makers.get(missing)?;
        let mut near: Vec<&Statement> = makers.clone();
        near.retain(|maker| most_digits(&maker.sql) < 6);
        near.sort_by_key(|maker| std::cmp::Reverse(shared_folders(&maker.file, &query.file)));
        for maker in near.into_iter().take(MOST_TRIES) {
            if engine.execute(&without_rows(maker)).is_err() {
                continue;
            }
            let answer = match engine.prepare(&query.sql) {
                Ok(()) => Some(Ok(())),
                Err(refusal) => match missing_table(&refusal) {
                    Some(next) if next != missing && most > 1 => {
                        self.lend(query, engine, &next, most - 1)
                    }
                    Some(_) => None,
                    None => query.expects_error.then_some(Err(refusal)),
                },
            };
            if answer.is_some() {
                self.fill(maker, missing, engine);
                return answer;
            }
            remove(engine, missing);
        }
        None
    }

    fn fill(&self, maker: &Statement, name: &str, engine: &Engine) {
        let key = (maker.file.as_str(), name.to_owned());
        let fillers = self.fillers.get(&key).into_iter().flatten();
        for statement in fillers.filter(|filler| filler.sql.len() < MOST_BYTES) {
            let _ = engine.execute(&statement.sql);
        }
    }
}

/// `CREATE TABLE … AS` makes an empty table; other statements are as they were.
fn without_rows(statement: &Statement) -> String {
    let sql = statement.sql.trim().trim_end_matches(';');
    match statement.class.as_str() {
        "CTAS" => format!("{sql} WITH NO DATA"),
        _ => sql.to_owned(),
    }
}

/// The digits of the longest number in a statement: how many rows or bytes it may make.
fn most_digits(sql: &str) -> usize {
    let digits = |part: &str| part.chars().filter(char::is_ascii_digit).count();
    let numbers = sql.split(|c: char| !c.is_ascii_digit() && c != '_');
    numbers.map(digits).max().unwrap_or(0)
}

/// Runs a statement that isn't a query. A file may make a relation several times and drop it in
/// between by a statement that the corpus has elsewhere.
pub fn run(statement: &Statement, engine: &Engine) {
    let sql = &statement.sql;
    if sql.contains("repeat(") && most_digits(sql) > 7 {
        // A constant of so many bytes is made before anything can be interrupted.
        return;
    }
    let Err(refusal) = engine.execute(sql) else {
        return;
    };
    if !statement.expects_error
        && refusal.message.contains("already exists")
        && let Some(name) = made_relation(statement)
    {
        remove(engine, &name);
        let _ = engine.execute(sql);
    } else if refusal.kind == "INTERRUPT" {
        let _ = engine.execute(&without_rows(statement));
    }
}

fn remove(engine: &Engine, name: &str) {
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    if engine.execute(&format!("DROP TABLE {quoted}")).is_err() {
        let _ = engine.execute(&format!("DROP VIEW {quoted}"));
    }
}

/// The relation that a statement makes, if its name has one part.
fn made_relation(statement: &Statement) -> Option<String> {
    if !["CREATE_TABLE", "CTAS", "CREATE_VIEW"].contains(&statement.class.as_str()) {
        return None;
    }
    let before_name = [
        "create",
        "or",
        "replace",
        "temp",
        "temporary",
        "table",
        "view",
        "recursive",
        "if",
        "not",
        "exists",
    ];
    let name =
        words(&statement.sql).find(|word| !before_name.contains(&word.to_lowercase().as_str()))?;
    Some(name.to_lowercase())
}

/// The words of a statement's start; a name is in quotes no more.
fn words(sql: &str) -> impl Iterator<Item = &str> {
    sql.split(|c: char| c.is_whitespace() || c == '(' || c == ';')
        .filter(|word| !word.is_empty())
        .map(|word| word.trim_matches('"'))
}

/// `Table with name X does not exist!`
pub fn missing_table(refusal: &Refusal) -> Option<String> {
    let (_, rest) = refusal.message.split_once("Table with name ")?;
    let (name, _) = rest.split_once(" does not exist")?;
    Some(name.trim_matches('"').to_lowercase())
}

fn shared_folders(one: &str, other: &str) -> usize {
    let pairs = one.split('/').zip(other.split('/'));
    pairs.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(class: &str, sql: &str) -> Statement {
        Statement {
            sql: sql.to_owned(),
            file: "a/b.test".to_owned(),
            line: 1,
            class: class.to_owned(),
            expects_error: false,
        }
    }

    #[test]
    fn makers_are_named() {
        let name = |sql| made_relation(&statement("CREATE_TABLE", sql));
        assert_eq!(name("create table T(a int)").as_deref(), Some("t"));
        assert_eq!(
            name("CREATE OR REPLACE TEMP VIEW \"v w\" AS SELECT 1").as_deref(),
            Some("v")
        );
        assert_eq!(
            name("create table if not exists x as select 1").as_deref(),
            Some("x")
        );
        assert_eq!(made_relation(&statement("SELECT", "select 1")), None);
    }

    #[test]
    fn the_missing_table_is_read() {
        let refusal = |message: &str| Refusal {
            kind: "Catalog".to_owned(),
            message: message.to_owned(),
            position: None,
        };
        let found = missing_table(&refusal("Table with name Tbl does not exist!"));
        assert_eq!(found.as_deref(), Some("tbl"));
        assert_eq!(
            missing_table(&refusal("Scalar Function with name f does not exist!")),
            None
        );
    }
}
