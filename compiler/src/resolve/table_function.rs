//! Functions in a `FROM`.

use super::Binder;
use super::data_columns;
use super::deep::query_of;
use super::grouping::walk;
use super::hidden::Hidden;
use super::scope::{Env, Relation, ScopeColumn};
use super::table_arguments::is_lone_star;
use super::table_function_checks::option_of;
use crate::bound::What;
use crate::name::same_name;
use crate::parse::ast;
use crate::sql_type::SqlType;
use crate::types::{Typed, Value, catalogue, tables};

/// Table functions whose columns are those of a file that somebody may write anew.
const FILE_READERS: [&str; 9] = [
    "parquet_scan",
    "read_csv",
    "read_csv_auto",
    "read_json",
    "read_json_auto",
    "read_ndjson",
    "read_ndjson_auto",
    "read_parquet",
    "read_xlsx",
];

impl Binder<'_> {
    pub(super) fn table_function(
        &mut self,
        call: &ast::Expr,
        ordinality: bool,
        alias: Option<&ast::TableAlias>,
        env: &Env<'_>,
    ) -> Relation {
        let ast::ExprKind::Function(function) = &call.kind else {
            self.volatile = true;
            return self.unknown_relation(None, call.span);
        };
        let mark = self.tree.mark();
        let name = function
            .name
            .last()
            .map_or(String::new(), |name| name.value.to_lowercase());
        let pure = ["range", "generate_series", "unnest", "repeat", "repeat_row"];
        let pure = pure.contains(&name.as_str());
        let arguments = self.table_arguments(&name, function, env);
        let plain;
        let function = match is_lone_star(function) {
            true => {
                plain = ast::Function {
                    arguments: Vec::new(),
                    ..(**function).clone()
                };
                &plain
            }
            false => &**function,
        };
        if FILE_READERS.contains(&name.as_str()) {
            self.report(data_columns::file(call.span));
        }
        let known = catalogue::find(&name).is_some_and(|entry| {
            entry.is(catalogue::Kind::Table) || entry.is(catalogue::Kind::TableMacro)
        });
        self.volatile |= !known || !pure;
        self.check_table_function(&name, function, &arguments, call.span);
        let given = self.query_of_texts(&name, function, &arguments, env);
        let macro_columns = match name.as_str() {
            "histogram" | "histogram_values" => self.histogram(&name, function, env),
            _ => None,
        };
        let relation = self.next_relation();
        let what = What::TableFunction {
            relation,
            name: name.clone(),
        };
        self.tree.close(mark, what, call.span);
        if let Some(output) = given {
            return Relation {
                id: relation,
                ..output.into_relation(Some("unnamed_subquery".to_owned()))
            };
        }
        let is_macro =
            catalogue::find(&name).is_some_and(|entry| entry.is(catalogue::Kind::TableMacro));
        let columns = macro_columns.or_else(|| function_columns(&name, function, &arguments));
        let Some(columns) = columns else {
            return Relation {
                id: relation,
                ..Relation::unknown(Some(name))
            };
        };
        let mut columns: Vec<ScopeColumn> = columns
            .into_iter()
            .map(|(name, sql_type)| ScopeColumn {
                name: Some(name),
                typed: Typed::of(sql_type),
            })
            .collect();
        if ordinality && !is_macro {
            columns.push(ScopeColumn {
                name: Some(ordinality_name(&columns, alias)),
                typed: Typed::of(SqlType::BigInt),
            });
        }
        let hidden = match name.as_str() {
            "json_each" | "json_tree" => Hidden::Json,
            _ => Hidden::Nothing,
        };
        Relation {
            id: relation,
            name: Some(name),
            columns,
            open: false,
            hidden,
            aliased: true,
            twice: ordinality && !is_macro && !reads_columns(function),
        }
    }
}

/// Whether an argument reads a table before the function. If not, the engine keeps the column of
/// `WITH ORDINALITY` in a table of its own.
fn reads_columns(function: &ast::Function) -> bool {
    let mut reads = false;
    for argument in &function.arguments {
        walk(&argument.value, &mut |part| {
            reads |= matches!(part.kind, ast::ExprKind::Name(_)) || query_of(part).is_some();
            !reads
        });
    }
    reads
}

/// The name of the column of `WITH ORDINALITY`, which no other column and no alias has.
fn ordinality_name(columns: &[ScopeColumn], alias: Option<&ast::TableAlias>) -> String {
    let aliases = alias.iter().flat_map(|alias| &alias.columns);
    let taken: Vec<&str> = columns
        .iter()
        .filter_map(|column| column.name.as_deref())
        .chain(aliases.map(|name| name.value.as_str()))
        .collect();
    let mut name = "ordinality".to_owned();
    let mut number = 0;
    while taken.iter().any(|own| same_name(own, &name)) {
        name = format!("ordinality{number}");
        number += 1;
    }
    name
}

fn is_option(argument: &ast::Argument) -> bool {
    option_of(argument).is_some()
}

/// The columns of a table function, where they are known.
fn function_columns(
    name: &str,
    function: &ast::Function,
    arguments: &[Typed],
) -> Option<Vec<(String, SqlType)>> {
    let named = function.arguments.iter().any(is_option);
    let one =
        |sql_type: SqlType| (!sql_type.has_unknown()).then(|| vec![(name.to_owned(), sql_type)]);
    match (name, arguments) {
        ("range" | "generate_series", all)
            if all
                .iter()
                .any(|typed| typed.sql_type == SqlType::TimestampTz) =>
        {
            one(SqlType::TimestampTz)
        }
        ("range" | "generate_series", [first, ..]) => one(series(first)?),
        ("unnest", [list]) => match &list.sql_type {
            SqlType::List(element) | SqlType::Array(element, _) => one((**element).clone()),
            _ => None,
        },
        // The column has the value's text as its name.
        ("repeat", [value, _]) => {
            let column = match &function.arguments.first()?.value.kind {
                ast::ExprKind::Literal(ast::Literal::Text(text)) => text.clone(),
                ast::ExprKind::Name(_) => match &value.value {
                    Value::Text(text) => text.clone(),
                    _ => return None,
                },
                _ => super::output_name::constant_name(&function.arguments.first()?.value)?,
            };
            let sql_type = value.sql_type.as_column();
            (!sql_type.has_unknown()).then(|| vec![(column, sql_type)])
        }
        ("repeat_row", _) => {
            let values = function.arguments.iter().zip(arguments);
            let columns: Vec<(String, SqlType)> = values
                .filter(|(argument, _)| !is_option(argument))
                .enumerate()
                .map(|(index, (_, typed))| (format!("column{index}"), typed.sql_type.as_column()))
                .collect();
            let known = columns.iter().all(|(_, sql_type)| !sql_type.has_unknown());
            known.then_some(columns)
        }
        ("test_vector_types", _) => {
            let placed = function.arguments.iter().zip(arguments);
            let placed = placed.filter(|(argument, _)| !is_option(argument));
            let columns: Vec<(String, SqlType)> = placed
                .zip(1..)
                .map(|((_, typed), number)| {
                    let number = if number == 1 {
                        String::new()
                    } else {
                        number.to_string()
                    };
                    (format!("test_vector{number}"), typed.sql_type.as_column())
                })
                .collect();
            let known = columns.iter().all(|(_, sql_type)| !sql_type.has_unknown());
            (known && !columns.is_empty()).then_some(columns)
        }
        // Of these the options change the columns.
        ("duckdb_logs" | "test_all_types", _) if named => None,
        _ => {
            let placed = function
                .arguments
                .iter()
                .filter(|argument| !is_option(argument));
            tables::columns(name, placed.count())
        }
    }
}

/// The type of `range(…)` and `generate_series(…)` in a `FROM`.
fn series(first: &Typed) -> Option<SqlType> {
    match &first.sql_type {
        sql_type if sql_type.is_integer() => Some(SqlType::BigInt),
        SqlType::Date | SqlType::Timestamp => Some(SqlType::Timestamp),
        SqlType::TimestampTz => Some(SqlType::TimestampTz),
        _ => None,
    }
}
