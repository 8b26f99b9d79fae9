//! Lineage against what the engine does: the values of one input column are changed, and only
//! output columns whose lineage names it may change.
//!
//! The tables are small, so half of their rows are first given the values that the query asks
//! for, and keys few values: else many results would be empty. Then, for each query:
//!
//! - all columns that its lineage doesn't name become null at once: nothing may change;
//! - each column that it names is changed in several ways, one after the other: nothing else may
//!   change, and each output that it is named for should, in one of the ways.
//!
//! What none of the ways shows stands in `tests/oracle/lineage_unshown.tsv`, with the reason.
//! Outputs are compared as multisets of values, without the query's last `LIMIT`: which of several
//! equal rows it leaves is the engine's own choice.

use crate::given::{Given, Query};
use crate::inputs::{Input, Inputs, inputs_of};
use crate::rows::{Rows, try_rows_of};
use dbgo_compiler::resolve::Column;
use dbgo_compiler::sql_type::SqlType;
use duckdb::{Config, Connection};
use std::collections::{BTreeMap, BTreeSet};

/// What isn't shown: query, input, outputs (or `rows`), reason.
const UNSHOWN: &str = include_str!("../../oracle/lineage_unshown.tsv");

/// Of how many queries one is tried; with `DBGO_ALL=1` all are.
const PART: usize = 12;

#[test]
fn perturbed_inputs_change_only_columns_whose_lineage_names_them() {
    let Some(given) = Given::find("tpcds") else {
        return;
    };
    let all = std::env::var_os("DBGO_ALL").is_some_and(|value| !value.is_empty());
    let extension = given.extension.to_str().expect("a path in UTF-8");
    let extension = extension.replace('\'', "''");
    let config = Config::default().with("threads", "1").expect("a setting");
    let connection = Connection::open_in_memory_with_flags(config).expect("a database");
    connection
        .execute_batch(&format!(
            "create schema base; create schema ground; load '{extension}'; \
             call dsdgen(sf = 0.01, schema = 'base')"
        ))
        .expect("the tables can be made");
    let tables = tables(&connection);
    let mut said = BTreeSet::new();
    let mut without_result = BTreeSet::new();
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (index, query) in given.queries.iter().enumerate() {
        if !all && index % PART != 0 {
            continue;
        }
        let query = Query {
            name: query.name.clone(),
            sql: without_limit(&query.sql),
        };
        let mut trial = Trial {
            connection: &connection,
            inputs: inputs_of(&query, &tables),
            tables: &tables,
            query: &query,
            wrong: Vec::new(),
            said: BTreeSet::new(),
        };
        if trial.run() == 0 {
            without_result.insert(query.name.clone());
        }
        tried += trial.inputs.all().len();
        wrong.append(&mut trial.wrong);
        said.append(&mut trial.said);
    }
    println!("{tried} inputs, {} of them aren't shown", said.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let names = |name: &str| {
        all || given
            .queries
            .iter()
            .position(|query| query.name == name)
            .is_some_and(|index| index % PART == 0)
    };
    let lines = UNSHOWN.lines().filter(|line| !line.starts_with('#'));
    let listed: BTreeSet<String> = lines
        .filter(|line| line.split('\t').next().is_some_and(names))
        .map(|line| {
            let (what, reason) = line.rsplit_once('\t').expect("a reason");
            assert!(!reason.is_empty(), "no reason: {line}");
            let query = line.split('\t').next().unwrap_or_default();
            let is_empty = without_result.contains(query);
            assert_eq!(reason.starts_with("no result"), is_empty, "{line}");
            what.to_owned()
        })
        .collect();
    let more: Vec<&String> = said.difference(&listed).collect();
    let fewer: Vec<&String> = listed.difference(&said).collect();
    assert!(
        more.is_empty() && fewer.is_empty(),
        "not shown, and not listed:\n{more:#?}\nlisted, and shown:\n{fewer:#?}"
    );
}

/// What the tables hold before they are changed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// What the generator made.
    Plain,
    /// Every second row has the values that the query asks for.
    Asked,
    /// That, and large tables have few rows and keys, so that more of them meet.
    Dense,
}

/// Whether a table is one of those that others describe.
fn is_large(table: &str) -> bool {
    table.ends_with("_sales") || table.ends_with("_returns") || table == "inventory"
}

/// How much a result can show: how many different values it has that are neither null nor zero.
fn worth(columns: &[Vec<Option<String>>]) -> usize {
    let different = columns.iter().map(|values| {
        let values: BTreeSet<&str> = values.iter().flatten().map(String::as_str).collect();
        let zero = |value: &&&str| value.parse::<f64>().is_ok_and(|number| number == 0.0);
        values.iter().filter(|value| !zero(value)).count().min(20)
    });
    different.sum()
}

/// One query.
struct Trial<'t> {
    connection: &'t Connection,
    tables: &'t BTreeMap<String, Vec<Column>>,
    query: &'t Query,
    inputs: Inputs,
    wrong: Vec<String>,
    said: BTreeSet<String>,
}

impl Trial<'_> {
    /// Gives how much the unchanged result can show.
    fn run(&mut self) -> usize {
        let named = self.inputs.all();
        let mut best = None;
        for ground in [Ground::Asked, Ground::Dense, Ground::Plain] {
            if let Some(columns) = self.ground(ground, &named) {
                let worth = worth(&columns);
                if best.is_none_or(|(most, _)| worth > most) {
                    best = Some((worth, ground));
                }
            }
        }
        let (worth, ground) = best.expect("the query is right");
        let before = self.ground(ground, &named).expect("it was right before");
        self.change_unnamed(&named, &before);
        for input in &named {
            self.change(input, &before);
        }
        worth
    }

    /// Makes all tables and gives the query's columns over them.
    fn ground(&self, ground: Ground, named: &BTreeSet<Input>) -> Option<Vec<Vec<Option<String>>>> {
        for table in &self.inputs.tables {
            self.make_ground(ground, table, named).ok()?;
            self.view(table, &BTreeMap::new());
        }
        self.columns()
    }

    /// A table whose every second row has the values that the query asks for, and for each named
    /// column another one with its values in another order.
    fn make_ground(
        &self,
        ground: Ground,
        table: &str,
        named: &BTreeSet<Input>,
    ) -> duckdb::Result<()> {
        let own = |column: &&Column| named.contains(&(table.to_owned(), column.name.clone()));
        let mut replaced = Vec::new();
        for column in &self.tables[table] {
            let name = &column.name;
            let value = match ground {
                Ground::Plain => None,
                Ground::Asked => self.asked(table, column),
                Ground::Dense => self.dense(table, column).or(self.asked(table, column)),
            };
            replaced.extend(value.map(|value| format!("({value})::{} as {name}", column.sql_type)));
        }
        let replaced = match replaced.is_empty() {
            true => String::new(),
            false => format!(" replace ({})", replaced.join(", ")),
        };
        let filter = match ground == Ground::Dense && is_large(table) {
            true => "where rowid < 1500",
            false => "",
        };
        let mut sql = format!(
            "create or replace temp table hit as select *{replaced}, rowid as _row from base.{table} {filter} order by rowid; \
             create or replace table ground.{table} as select hit.*"
        );
        let mut joined = String::new();
        for (index, column) in self.tables[table].iter().filter(own).enumerate() {
            let name = &column.name;
            sql.push_str(&format!(", s{index}.{name} as _{name}"));
            joined.push_str(&format!(
                " positional join (select {name} from hit order by hash(_row + {index} + 1)) as s{index}"
            ));
        }
        sql.push_str(&format!(" from hit{joined}"));
        self.connection.execute_batch(&sql)
    }

    /// A column that has, in every second row, a value that the query asks for.
    fn asked(&self, table: &str, column: &Column) -> Option<String> {
        let name = &column.name;
        let values = self
            .inputs
            .literals
            .get(&(table.to_owned(), name.clone()))?;
        let (count, values) = (values.len(), values.join(", "));
        Some(format!(
            "case when rowid % 2 = 0 then [{values}][1 + (rowid // 2) % {count}]::{} else {name} end",
            column.sql_type
        ))
    }

    /// A key of a large table with few values, so that more rows meet.
    fn dense(&self, table: &str, column: &Column) -> Option<String> {
        let name = &column.name;
        if name.ends_with("date_sk") && is_large(table) {
            let days = self.inputs.days.iter();
            let near = days.map(|day| format!("d_date between {day}::date and {day}::date + 12"));
            let near: Vec<String> = near.collect();
            let near = match near.is_empty() {
                true => "true".to_owned(),
                false => near.join(" or "),
            };
            return Some(format!(
                "(select list(d_date_sk order by hash(d_date_sk)) from base.date_dim where rowid % 2 = 0 and ({near}))[1 + rowid % 24]"
            ));
        }
        let keys = [
            ("customer_sk", 6),
            ("item_sk", 8),
            ("addr_sk", 6),
            ("_number", 80),
        ];
        let (_, count) = keys.iter().find(|(end, _)| name.ends_with(end))?;
        let is_key_of_others = is_large(table) || name == "c_current_addr_sk";
        is_key_of_others.then(|| format!("1 + hash({name}) % {count}"))
    }

    /// The table as the query sees it, with some columns changed.
    fn view(&self, table: &str, changed: &BTreeMap<&str, String>) {
        let columns = self.tables[table].iter().map(|column| {
            let name = column.name.as_str();
            match changed.get(name) {
                Some(value) => format!("({value})::{} as {name}", column.sql_type),
                None => name.to_owned(),
            }
        });
        let columns: Vec<String> = columns.collect();
        self.execute(&format!(
            "create or replace view main.{table} as select {} from ground.{table}",
            columns.join(", ")
        ));
    }

    fn execute(&self, sql: &str) {
        let done = self.connection.execute_batch(sql);
        done.unwrap_or_else(|error| panic!("{}: {error}\n{sql}", self.query.name));
    }

    /// The outputs' values, each column's in order; `None` where the engine refuses.
    fn columns(&self) -> Option<Vec<Vec<Option<String>>>> {
        let rows = try_rows_of(self.connection, &self.query.sql).ok()?;
        Some(multisets(&rows))
    }

    fn change_unnamed(&mut self, named: &BTreeSet<Input>, before: &[Vec<Option<String>>]) {
        for table in self.inputs.tables.clone() {
            let unnamed = self.tables[&table]
                .iter()
                .filter(|column| !named.contains(&(table.clone(), column.name.clone())));
            let nulls = unnamed.map(|column| (column.name.as_str(), "null".to_owned()));
            self.view(&table, &nulls.collect());
        }
        let after = self.columns();
        if after.as_deref() != Some(before) {
            self.wrong.push(format!(
                "{}: what the lineage doesn't name changes the result",
                self.query.name
            ));
        }
        for table in self.inputs.tables.clone() {
            self.view(&table, &BTreeMap::new());
        }
    }

    /// Changes one input in several ways.
    fn change(&mut self, input: &Input, before: &[Vec<Option<String>>]) {
        let (table, name) = input;
        let own = self.inputs.of_columns.get(input).cloned();
        let mut unshown: BTreeSet<usize> = own.unwrap_or_default();
        let mut rows_unshown = self.inputs.of_rows.contains(input);
        for value in self.ways(input) {
            if unshown.is_empty() && !rows_unshown {
                break;
            }
            self.view(table, &BTreeMap::from([(name.as_str(), value.clone())]));
            let Some(after) = self.columns() else {
                continue;
            };
            for (output, values) in after.iter().enumerate() {
                if *values == before[output] {
                    continue;
                }
                if !self.inputs.may_change(input, output) {
                    self.wrong.push(format!(
                        "{}: {table}.{name} as {value} changes output {output}",
                        self.query.name
                    ));
                }
                unshown.remove(&output);
                rows_unshown = false;
            }
        }
        self.view(table, &BTreeMap::new());
        let mut say = |what: String| {
            self.said
                .insert(format!("{}\t{table}.{name}\t{what}", self.query.name));
        };
        if rows_unshown {
            say("rows".to_owned());
        }
        let told_by_rows = rows_unshown && self.inputs.of_rows.contains(input);
        if !unshown.is_empty() && !told_by_rows {
            let outputs: Vec<String> = unshown.iter().map(usize::to_string).collect();
            say(format!("outputs {}", outputs.join(" ")));
        }
    }

    /// Other values of a column, as SQL.
    fn ways(&self, input: &Input) -> Vec<String> {
        let (table, name) = input;
        let mut columns = self.tables[table].iter();
        let column = columns
            .find(|column| column.name == *name)
            .expect("a column");
        let mut ways = vec![
            format!("_{name}"),
            format!("case when _row % 3 = 0 then null else _{name} end"),
        ];
        for literal in self.inputs.literals.get(input).into_iter().flatten() {
            ways.push(format!(
                "case when _row % 5 < 4 then {literal} else _{name} end"
            ));
        }
        ways.push(match &column.sql_type {
            sql_type if sql_type.is_numeric() => {
                format!("case when _row % 2 = 0 then {name} + 1 else {name} end")
            }
            SqlType::Date => format!("{name} + interval 40 days"),
            SqlType::Varchar => {
                format!("case when _row % 2 = 0 then 'x' || {name} else {name} end")
            }
            _ => "null".to_owned(),
        });
        ways.push("null".to_owned());
        if column.sql_type.is_numeric() {
            ways.push(format!("{name} * 7 % 90"));
            ways.push(format!("-{name}"));
        }
        ways
    }
}

/// Each column's values in order. Sums of floating-point numbers depend on who adds what first,
/// so that their last digits don't count.
fn multisets(rows: &Rows) -> Vec<Vec<Option<String>>> {
    let columns = rows.types.iter().enumerate().map(|(index, kind)| {
        let values = rows.rows.iter().map(|row| row[index].clone());
        let mut values: Vec<Option<String>> = match kind.starts_with("Float") {
            true => values.map(|value| value.map(rounded)).collect(),
            false => values.collect(),
        };
        values.sort();
        values
    });
    columns.collect()
}

fn rounded(value: String) -> String {
    match value.parse::<f64>() {
        Ok(number) => format!("{number:.6e}"),
        Err(_) => value,
    }
}

/// The query without a `LIMIT` at its end.
fn without_limit(sql: &str) -> String {
    let sql = sql.trim_end();
    match sql.to_lowercase().rfind("limit") {
        Some(place) if sql[place + 5..].trim().parse::<u32>().is_ok() => sql[..place].to_owned(),
        _ => sql.to_owned(),
    }
}

/// The tables with their columns.
fn tables(connection: &Connection) -> BTreeMap<String, Vec<Column>> {
    let mut statement = connection
        .prepare(
            "select table_name, column_name, data_type from duckdb_columns() \
             where schema_name = 'base' order by table_name, column_index",
        )
        .expect("a query");
    let rows = statement.query_map([], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get(1)?,
            row.get::<_, String>(2)?,
        ))
    });
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for row in rows.expect("rows") {
        let (table, name, sql_type) = row.expect("a row");
        tables.entry(table).or_default().push(Column {
            name,
            sql_type: sql_type.parse().expect("a type"),
            nullable: true,
            made_at: None,
        });
    }
    tables
}
