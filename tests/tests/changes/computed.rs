//! Models as the engine computes them over data that is the same each time.

use crate::readers::Model;
use duckdb::{Config, Connection};
use std::collections::BTreeMap;

/// The data: values that repeat, and nulls.
const DATA: &str = "
create table orders as select
    (i % 50)::integer as id,
    (hash(i) % 6)::integer as customer,
    case when hash(i + 100) % 7 > 0 then (hash(i + 200) % 900 / 100)::decimal(10, 2) end as amount,
    ['paid', 'open', 'a', 'B', 'b', null][(hash(i + 300) % 6 + 1)::integer] as status,
    date '2024-01-28' + (hash(i + 400) % 9)::integer as day,
    timestamp '2024-03-31 00:30:00' + interval 1 hour * (hash(i + 500) % 9)::integer as at,
    ['a', 'b', 'C'][1:(hash(i + 600) % 4)::integer] as tags
from range(60) as numbers(i);
create table customers as select
    i::integer as id,
    ['Ada', 'ben', 'paid', '3', null][(i % 5 + 1)::integer] as name,
    ['x', 'y'][(i % 2 + 1)::integer] as region
from range(9) as numbers(i);
";

/// A model's table: each column's values in order, by its name in lower case, and the rows, with the
/// columns by name.
#[derive(Debug, PartialEq)]
pub struct Computed {
    pub columns: BTreeMap<String, Vec<String>>,
    whole: Vec<Vec<String>>,
}

impl Computed {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.whole.len()
    }
}

/// Where a state of the project stands.
#[derive(Clone, Copy)]
pub enum Schema {
    Before,
    After,
}

/// An engine in memory, with one thread, so that it does the same each time.
pub struct Engine {
    connection: Connection,
}

impl Engine {
    pub fn open() -> Self {
        let config = Config::default().with("threads", "1");
        let config = config.expect("a setting of the engine");
        let connection = Connection::open_in_memory_with_flags(config).expect("an engine");
        connection.execute_batch(DATA).expect("the data");
        Self { connection }
    }

    /// The tables of the models, each made after those before it. Those that the engine refuses,
    /// which may be of one state alone, are left out.
    pub fn computed(&self, schema: Schema, models: &[Model]) -> BTreeMap<String, Computed> {
        let schema = match schema {
            Schema::Before => "before",
            Schema::After => "after",
        };
        let fresh = format!(
            "drop schema if exists {schema} cascade; create schema {schema};
             set search_path = '{schema},main';"
        );
        self.connection.execute_batch(&fresh).expect("a schema");
        let mut tables = BTreeMap::new();
        for model in models {
            let create = format!("create table {schema}.{} as {}", model.name, model.sql());
            if self.connection.execute_batch(&create).is_ok() {
                let table = self.read(&format!("{schema}.{}", model.name));
                tables.insert(model.name.clone(), table);
            }
        }
        tables
    }

    fn read(&self, table: &str) -> Computed {
        let all = |items: &str| format!("select {items} from {table}");
        let mut typed = self.connection.prepare(&all("*")).expect("a table");
        let fields = typed.query_arrow([]).expect("rows").get_schema();
        let names = fields.fields().iter();
        let names: BTreeMap<String, usize> = names
            .map(|field| field.name().to_lowercase())
            .zip(0..)
            .collect();
        // As the engine writes the values.
        let texts = all("columns(*)::varchar");
        let mut texts = self.connection.prepare(&texts).expect("texts");
        let mut rows = texts.query([]).expect("rows");
        let mut whole = Vec::new();
        while let Some(row) = rows.next().expect("a row") {
            let value = |index| row.get::<usize, Option<String>>(index).expect("a text");
            let values = names.values();
            let values = values.map(|index| value(*index).unwrap_or("null".to_owned()));
            whole.push(values.collect::<Vec<String>>());
        }
        whole.sort();
        let of = |index: usize| {
            let mut values: Vec<String> = whole.iter().map(|row| row[index].clone()).collect();
            values.sort();
            values
        };
        Computed {
            columns: names.into_keys().zip((0..).map(of)).collect(),
            whole,
        }
    }
}
