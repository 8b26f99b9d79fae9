//! What can be put into a query: what the corpus's file knows, and what the engine knows.

use super::source::Source;
use crate::crash::random::Random;
use crate::oracle::catalog::Catalog;
use dbgo_compiler::types::catalogue;
use std::collections::VecDeque;

/// The most texts of one kind that are kept of a file.
const MOST: usize = 60;

/// The longest text that is kept.
const LONGEST: usize = 120;

pub const LITERALS: &[&str] = &[
    "1",
    "0",
    "-1",
    "2.5",
    "1e10",
    "12345678901234567890",
    "'a'",
    "''",
    "'1'",
    "null",
    "true",
    "[1, 2]",
    "['a', null]",
    "[]",
    "{'a': 1}",
    "{'a': {'b': 'x'}}",
    "row(1, 'a')",
    "(1, 2)",
    "map {'k': 1}",
    "date '2024-01-01'",
    "timestamp '2024-01-01 10:00:00'",
    "time '10:00:00'",
    "timestamptz '2024-01-01 10:00:00+00'",
    "interval 1 day",
    "interval '2' month",
    "1::tinyint",
    "1::hugeint",
    "1.5::decimal(9, 3)",
    "1::decimal(38, 10)",
    "'x'::blob",
    "uuid()",
    "'1'::json",
    "[1, 2]::integer[2]",
    "[[1], [2]]",
    "'1010'::bit",
    "1::float",
    "1::ubigint",
    "null::integer",
    "null::varchar[]",
    "union_value(a := 1)",
    "'{\"a\": [1]}'::json",
    "1::variant",
    "random()",
    "current_date",
    "now()",
    "1_000",
    "0xFF",
    "1::uhugeint",
    "'2024-01-01'",
    "'[1, 2]'",
    "x -> x + 1",
    "lambda x: x + 1",
    "lambda x, y: x + y",
    "*",
    "columns(*)",
    "#1",
    "#2",
    "default",
    "rowid",
    "?",
];

pub const TYPES: &[&str] = &[
    "integer",
    "varchar",
    "bigint",
    "tinyint",
    "hugeint",
    "double",
    "float",
    "decimal(9, 3)",
    "decimal(38, 37)",
    "decimal(39, 2)",
    "decimal(4, 5)",
    "decimal",
    "boolean",
    "date",
    "timestamp",
    "timestamptz",
    "timestamp_ns",
    "time",
    "timetz",
    "interval",
    "blob",
    "bit",
    "uuid",
    "json",
    "integer[]",
    "integer[3]",
    "varchar[][]",
    "struct(a integer)",
    "struct(a integer, b varchar)",
    "map(varchar, integer)",
    "union(a integer, b varchar)",
    "nothing",
    "variant",
    "ubigint",
    "integer[0]",
    "enum('a', 'b')",
    "\"integer\"",
    "varchar(10)",
    "struct(a integer)[]",
    "bignum",
    "uhugeint",
    "real",
    "text",
    "char(3)",
    "time_ns",
    "geometry",
    "numeric(10)",
    "null",
    "any",
];

pub const OPERATORS: &[&str] = &[
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "||",
    "=",
    "<>",
    "<",
    ">=",
    "and",
    "or",
    "->",
    "->>",
    "^",
    "**",
    "&",
    "|",
    "<<",
    ">>",
    "^@",
    "is distinct from",
    "is not distinct from",
    "like",
    "ilike",
    "glob",
    "not like",
    "similar to",
    "in",
    "not in",
    "~",
    "!~",
    "~~",
    "!~~*",
    "@>",
    "<@",
    "&&",
    "<->",
    "<=>",
    "==",
    "!=",
    "is",
    "collate",
    "between 1 and",
    "::",
    ".",
    ":=",
    "=>",
    "at time zone",
    "xor",
    "<-",
    "@@",
    "!",
];

pub const WINDOWS: &[&str] = &[
    "row_number",
    "rank",
    "dense_rank",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
    "ntile",
    "percent_rank",
    "cume_dist",
    "fill",
];

pub const WORDS: &[&str] = &[
    "select",
    "from",
    "where",
    "group by",
    "having",
    "order by",
    "limit",
    "offset",
    "qualify",
    "distinct",
    "all",
    "as",
    "on",
    "using",
    "join",
    "left",
    "natural",
    "asof",
    "lateral",
    "with",
    "recursive",
    "union",
    "intersect",
    "except",
    "by name",
    "not",
    "null",
    "is",
    "in",
    "between",
    "case",
    "when",
    "then",
    "else",
    "end",
    "cast",
    "over",
    "partition by",
    "filter",
    "within group",
    "exclude",
    "replace",
    "rename",
    "values",
    "pivot",
    "unpivot",
    "for",
    "asc",
    "desc",
    "nulls first",
    "nulls last",
    "window",
    "rows",
    "range",
    "groups",
    "preceding",
    "following",
    "current row",
    "unbounded",
    "tablesample",
    "using sample",
    "at",
    "escape",
    "interval",
    "collate",
    "any",
    "some",
    "exists",
    "materialized",
    "not materialized",
    "with ordinality",
    "ignore nulls",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    ":",
    "::",
    ";",
    "*",
    "=",
    "'a'",
    "1",
    "a",
    "\"a\"",
    "$1",
    "@",
    "#1",
    "positional",
    "semi",
    "anti",
    "cross",
    "full outer",
    "row",
    "map",
    "array",
    "struct",
    "lambda",
    "extract",
    "position",
    "overlay",
    "substring",
    "trim",
    "grouping sets",
    "cube",
    "rollup",
    "try",
    "try_cast",
    "default",
    "fetch first 1 rows only",
    "for update",
    "exclude current row",
    "percent",
];

/// The texts that changes draw from.
pub struct Pool {
    /// Expressions of the file's queries.
    expressions: VecDeque<String>,
    /// What its queries read.
    tables: VecDeque<String>,
    /// Its queries.
    queries: VecDeque<String>,
    /// Relations that its statements made, and their columns.
    relations: Vec<(String, Vec<String>)>,
    functions: Vec<&'static str>,
    aggregates: Vec<&'static str>,
    table_functions: Vec<&'static str>,
}

/// Functions whose calls do something, or take long.
const LEFT_OUT: [&str; 9] = [
    "checkpoint",
    "force_checkpoint",
    "sleep_ms",
    "set_config",
    "write_log",
    "repeat_row",
    "enable_logging",
    "disable_logging",
    "truncate_duckdb_logs",
];

impl Pool {
    /// A pool without anything of a file.
    pub fn new() -> Pool {
        let plain = |name: &&str| {
            let letters = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            letters && !LEFT_OUT.contains(name)
        };
        let functions: Vec<&str> = catalogue::callable_names().filter(plain).collect();
        let is_aggregate = |name: &&str| {
            let entry = catalogue::find(name);
            entry.is_some_and(|entry| entry.is(catalogue::Kind::Aggregate))
        };
        Pool {
            expressions: VecDeque::new(),
            tables: VecDeque::new(),
            queries: VecDeque::new(),
            relations: Vec::new(),
            aggregates: functions.iter().copied().filter(is_aggregate).collect(),
            functions,
            table_functions: catalogue::table_names().filter(plain).collect(),
        }
    }

    /// Takes over the relations that there are.
    pub fn set_relations(&mut self, catalog: &Catalog) {
        let made = catalog.made.iter().filter_map(|name| {
            let columns = catalog.bare.get(name)?.columns.as_ref()?.iter();
            let columns = columns.map(|column| column.name.clone());
            Some((name.clone(), columns.collect()))
        });
        self.relations = made.collect();
    }

    /// Keeps the parts of a query.
    pub fn learn(&mut self, source: &Source<'_>) {
        let parts = [
            (&mut self.expressions, &source.expressions),
            (&mut self.tables, &source.tables),
            (&mut self.queries, &source.queries),
        ];
        for (kept, places) in parts {
            for place in places {
                let text = source.at(place);
                if text.len() <= LONGEST && !text.is_empty() {
                    kept.push_back(text.to_owned());
                }
            }
            while kept.len() > MOST {
                kept.pop_front();
            }
        }
    }

    /// A column, of a relation that there is or of none.
    pub fn column(&self, random: &mut Random) -> String {
        let columns = match self.relations.len() {
            0 => &[],
            _ => random.of(&self.relations).1.as_slice(),
        };
        match random.below(8) {
            0 => "nothing".to_owned(),
            1 => "rowid".to_owned(),
            _ if columns.is_empty() => "i".to_owned(),
            _ => quoted(random.of::<String>(columns)),
        }
    }

    /// A relation that there is.
    pub fn relation(&self, random: &mut Random) -> String {
        match self.relations.len() {
            0 => "range(3)".to_owned(),
            _ => quoted(&random.of(&self.relations).0),
        }
    }

    /// An expression.
    pub fn expression(&self, random: &mut Random) -> String {
        match random.below(5) {
            0 => word(LITERALS, random).to_owned(),
            1 => self.column(random),
            2 => self.call(random),
            _ => kept(&self.expressions, random).unwrap_or_else(|| "1".to_owned()),
        }
    }

    /// Something for a `FROM`.
    pub fn table(&self, random: &mut Random) -> String {
        match random.below(4) {
            0 => self.table_call(random),
            1 => kept(&self.tables, random).unwrap_or_else(|| "range(2)".to_owned()),
            _ => self.relation(random),
        }
    }

    /// A query.
    pub fn query(&self, random: &mut Random) -> String {
        kept(&self.queries, random).unwrap_or_else(|| "select 1 as i, 'a' as s".to_owned())
    }

    /// The name of a function, an aggregate or a window function.
    pub fn function(&self, random: &mut Random) -> &'static str {
        match random.below(6) {
            0 => word(WINDOWS, random),
            1 | 2 => word(&self.aggregates, random),
            _ => word(&self.functions, random),
        }
    }

    /// A call with a few arguments.
    fn call(&self, random: &mut Random) -> String {
        let name = self.function(random);
        format!("{name}({})", self.arguments(random))
    }

    fn table_call(&self, random: &mut Random) -> String {
        let name = match random.below(4) {
            0 => self.function(random),
            _ => word(&self.table_functions, random),
        };
        format!("{name}({})", self.arguments(random))
    }

    fn arguments(&self, random: &mut Random) -> String {
        let count = random.below(4);
        let given: Vec<String> = (0..count).map(|_| self.simple(random)).collect();
        given.join(", ")
    }

    /// A literal, a column or an expression of the file.
    pub fn simple(&self, random: &mut Random) -> String {
        match random.below(3) {
            0 => self.column(random),
            1 => kept(&self.expressions, random).unwrap_or_else(|| "1".to_owned()),
            _ => word(LITERALS, random).to_owned(),
        }
    }
}

fn kept(texts: &VecDeque<String>, random: &mut Random) -> Option<String> {
    match texts.len() {
        0 => None,
        count => texts.get(random.below(count as u64) as usize).cloned(),
    }
}

fn quoted(name: &str) -> String {
    dbgo_compiler::parse::written_name(name).into_owned()
}

/// One of several texts.
pub fn word(words: &[&'static str], random: &mut Random) -> &'static str {
    let chosen: &&'static str = random.of(words);
    chosen
}
