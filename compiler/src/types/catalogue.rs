//! The functions of DuckDB 1.5.5, as data.
//!
//! `functions.tsv` is generated from `duckdb_functions()` of the linked engine and sorted by
//! name. Columns: name, kind, parameter types (`;` between them; names for macros), type of
//! further arguments, result, stability (`c` consistent, `q` consistent within a query, `v`
//! volatile), for macros their definition, for functions in `FROM` the names and types of their options. The text is only indexed when it is first needed; the signatures of a name are
//! read when that name is.

use crate::sql_type::SqlType;
use std::sync::OnceLock;

/// The list itself: a line per overload, with name, kind, parameters, further parameters, result and stability between tabs.
pub const DATA: &str = include_str!("functions.tsv");

/// What a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From values to a value.
    Scalar,
    /// From rows to a value, also as a window.
    Aggregate,
    /// An expression with a name.
    Macro,
    /// Stands in `FROM`.
    Table,
    /// A query with a name, stands in `FROM`.
    TableMacro,
}

/// A type in a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// This type.
    Type(SqlType),
    /// Any type.
    Any,
    /// A decimal of any precision.
    Decimal,
    /// A type of the name's own: the same wherever the name stands.
    Template(String),
    /// A list of it.
    List(Box<Parameter>),
    /// A map.
    Map(Box<Parameter>, Box<Parameter>),
    /// A lambda.
    Lambda,
    /// Any struct, union, array or other type that the signature says no more of.
    Vague(String),
}

/// One overload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The parameters.
    pub parameters: Vec<Parameter>,
    /// The type of any number of further arguments.
    pub more: Option<Parameter>,
    /// The result.
    pub result: Parameter,
}

/// All that the engine has under one name.
#[derive(Debug)]
pub struct Entry {
    /// The name in lower case.
    pub name: &'static str,
    lines: &'static str,
    signatures: OnceLock<Vec<Signature>>,
    table_signatures: OnceLock<Vec<Signature>>,
}

/// What the engine has under a name. Case doesn't matter.
pub fn find(name: &str) -> Option<&'static Entry> {
    let name = name.to_lowercase();
    let entries = entries();
    entries
        .binary_search_by(|entry| entry.name.cmp(&name))
        .ok()
        .map(|index| &entries[index])
}

/// The names of everything that can be called in an expression.
pub fn callable_names() -> impl Iterator<Item = &'static str> {
    entries()
        .iter()
        .filter(|entry| {
            entry.name.starts_with(|c: char| c.is_ascii_alphabetic())
                && (entry.is(Kind::Scalar) || entry.is(Kind::Aggregate) || entry.is(Kind::Macro))
        })
        .map(|entry| entry.name)
}

/// The names of everything that can stand in a `FROM` with arguments.
pub fn table_names() -> impl Iterator<Item = &'static str> {
    entries()
        .iter()
        .filter(|entry| entry.is(Kind::Table) || entry.is(Kind::TableMacro))
        .map(|entry| entry.name)
}

fn entries() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    ENTRIES.get_or_init(index)
}

fn index() -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::with_capacity(1024);
    let mut start = 0;
    let mut end = 0;
    let mut current = "";
    let mut finish = |name: &'static str, lines: &'static str| {
        if !name.is_empty() {
            entries.push(Entry {
                name,
                lines,
                signatures: OnceLock::new(),
                table_signatures: OnceLock::new(),
            });
        }
    };
    for line in DATA.split_inclusive('\n') {
        let name = line.split('\t').next().unwrap_or_default();
        if name != current {
            finish(current, &DATA[start..end]);
            (current, start) = (name, end);
        }
        end += line.len();
    }
    finish(current, &DATA[start..end]);
    entries
}

impl Entry {
    /// Whether it is a function of this kind, maybe among others.
    pub fn is(&self, kind: Kind) -> bool {
        let word = match kind {
            Kind::Scalar => "scalar",
            Kind::Aggregate => "aggregate",
            Kind::Macro => "macro",
            Kind::Table => "table",
            Kind::TableMacro => "table_macro",
        };
        self.columns().any(|columns| columns[1] == word)
    }

    /// Whether a call without the name of a schema is one of a macro. The schema `pg_catalog` has
    /// macros with the names of some functions.
    pub fn is_macro(&self) -> bool {
        self.is(Kind::Macro) && !self.is(Kind::Scalar) && !self.is(Kind::Aggregate)
    }

    /// Whether the same arguments always give the same result.
    pub fn is_consistent(&self) -> bool {
        self.columns()
            .all(|columns| !matches!(columns[5], "q" | "v"))
    }

    /// The numbers of arguments that it takes if it is a macro and nothing else; `None` too if one
    /// of its parameters may be left out.
    pub fn macro_counts(&self) -> Option<Vec<usize>> {
        // The one macro whose last parameter has a default.
        if self.name == "array_to_string_comma_default" {
            return None;
        }
        self.columns()
            .map(|columns| match (columns[1], columns[2]) {
                ("macro", "") => Some(0),
                ("macro", parameters) => Some(parameters.split(';').count()),
                _ => None,
            })
            .collect()
    }

    /// Whether each call may give another result, even with the same arguments in one query.
    pub fn is_volatile(&self) -> bool {
        self.columns().any(|columns| columns[5] == "v")
    }

    /// The overloads of its scalar and aggregate functions.
    pub fn signatures(&self) -> &[Signature] {
        self.signatures.get_or_init(|| {
            self.columns()
                .filter(|columns| matches!(columns[1], "scalar" | "aggregate"))
                .map(|columns| signature(&columns))
                .collect()
        })
    }

    /// The overloads of its functions in `FROM`. What they give isn't in the list.
    pub fn table_signatures(&self) -> &[Signature] {
        self.table_signatures.get_or_init(|| {
            self.columns()
                .filter(|columns| columns[1] == "table")
                .map(|columns| signature(&columns))
                .collect()
        })
    }

    /// The names that arguments of its functions in `FROM` may have, in lower case, with their
    /// types; `ANY` is one of them.
    pub fn options(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let tables = self.columns().filter(|columns| columns[1] == "table");
        tables
            .flat_map(|columns| columns[6].split(';'))
            .filter_map(|option| option.split_once(' '))
    }

    /// The macros under this name: their parameters, and their definition.
    pub fn macros(&self) -> impl Iterator<Item = (Vec<&'static str>, &'static str)> {
        let macros = self.columns().filter(|columns| columns[1] == "macro");
        macros.map(|columns| {
            let parameters = columns[2].split(';').filter(|name| !name.is_empty());
            (parameters.collect(), columns[6])
        })
    }

    fn columns(&self) -> impl Iterator<Item = [&'static str; 7]> + use<> {
        self.lines.lines().map(|line| {
            let mut columns = [""; 7];
            for (column, text) in columns.iter_mut().zip(line.split('\t')) {
                *column = text;
            }
            columns
        })
    }
}

fn signature(columns: &[&'static str; 7]) -> Signature {
    let parameters = columns[2];
    Signature {
        parameters: if parameters.is_empty() {
            Vec::new()
        } else {
            parameters.split(';').map(parameter).collect()
        },
        more: (!columns[3].is_empty()).then(|| parameter(columns[3])),
        result: parameter(columns[4]),
    }
}

/// Reads a type of a signature.
fn parameter(text: &str) -> Parameter {
    if let Some(element) = text.strip_suffix("[]") {
        return match parameter(element) {
            Parameter::Type(element) => Parameter::Type(SqlType::list(element)),
            element => Parameter::List(Box::new(element)),
        };
    }
    match text {
        "ANY" => Parameter::Any,
        "DECIMAL" => Parameter::Decimal,
        "T" | "K" | "V" => Parameter::Template(text.to_owned()),
        "LAMBDA" => Parameter::Lambda,
        "LIST" => Parameter::List(Box::new(Parameter::Any)),
        "MAP" => Parameter::Map(Box::new(Parameter::Any), Box::new(Parameter::Any)),
        "MAP(K, V)" => Parameter::Map(
            Box::new(Parameter::Template("K".to_owned())),
            Box::new(Parameter::Template("V".to_owned())),
        ),
        _ => match text.parse::<SqlType>() {
            Ok(sql_type) if concrete(&sql_type) => Parameter::Type(sql_type),
            _ => Parameter::Vague(text.to_owned()),
        },
    }
}

fn concrete(sql_type: &SqlType) -> bool {
    !sql_type.any(&|part| match part {
        SqlType::Other(_) => !part.is_geometry() && !part.is_variant(),
        SqlType::Unknown => true,
        SqlType::Struct(fields) | SqlType::Union(fields) => fields.is_empty(),
        _ => false,
    })
}
