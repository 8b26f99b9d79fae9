//! Functions in a `FROM`.

use super::Binder;
use super::data_columns;
use super::scope::{Env, Found, OF_JSON, Relation, ScopeColumn};
use crate::bound::What;
use crate::diagnostic::{Code, Diagnostic};
use crate::name::same_name;
use crate::parse::ast;
use crate::sql_type::SqlType;
use crate::types::{Typed, catalogue, tables};

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

/// Functions that are called for each row of what stands beside them.
const IN_AND_OUT: [&str; 6] = [
    "generate_series",
    "json_each",
    "json_tree",
    "range",
    "summary",
    "unnest",
];

impl Binder<'_> {
    pub(super) fn table_function(
        &mut self,
        call: &ast::Expr,
        ordinality: Option<&[ast::Name]>,
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
        // The others take a plain name for a text.
        let reads_columns = pure || name == "json_each" || name == "json_tree";
        let arguments: Vec<Typed> = function
            .arguments
            .iter()
            .map(|argument| {
                if argument.name.is_some() || matches!(argument.value.kind, ast::ExprKind::Star(_))
                {
                    let name = argument.name.as_ref();
                    let span = name.map_or(argument.value.span, |name| {
                        name.span.to(argument.value.span)
                    });
                    let text = self.plain_text(span);
                    self.tree.leaf(What::Opaque(text), span);
                    Typed::unknown()
                } else if name != "repeat_row" && name != "repeat" && reads_columns {
                    self.expression(&argument.value, env)
                } else {
                    self.quietly(|binder| binder.expression(&argument.value, env))
                }
            })
            .collect();
        if FILE_READERS.contains(&name.as_str()) {
            self.report(data_columns::file(call.span));
        }
        if !IN_AND_OUT.contains(&name.as_str())
            && catalogue::find(&name).is_some_and(|entry| entry.is(catalogue::Kind::Table))
        {
            self.check_constant_parameters(&name, function, env);
        }
        let known = catalogue::find(&name).is_some_and(|entry| {
            entry.is(catalogue::Kind::Table) || entry.is(catalogue::Kind::TableMacro)
        });
        self.volatile |= !known || !pure;
        self.check_table_function(&name, function, &arguments, call.span);
        let relation = self.next_relation();
        let what = What::TableFunction {
            relation,
            name: name.clone(),
        };
        self.tree.close(mark, what, call.span);
        let Some(columns) = function_columns(&name, function, &arguments) else {
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
        if let Some(aliases) = ordinality {
            let taken = columns.iter().filter_map(|column| column.name.clone());
            let taken = taken.chain(aliases.iter().map(|alias| alias.value.clone()));
            columns.push(ScopeColumn {
                name: Some(ordinality_name(&taken.collect::<Vec<String>>())),
                typed: Typed::of(SqlType::BigInt),
            });
        }
        let constant = self.columns_within(call.span).next().is_none();
        Relation {
            id: relation,
            hidden: match name.as_str() {
                "json_each" | "json_tree" => OF_JSON,
                _ => &[],
            },
            twofold: ordinality.is_some() && constant && name != "unnest",
            name: Some(name),
            columns,
            open: false,
        }
    }
}

impl Binder<'_> {
    /// Functions that read no rows can't read the columns of a table beside them.
    fn check_constant_parameters(&mut self, called: &str, function: &ast::Function, env: &Env<'_>) {
        let mut found = None;
        for argument in &function.arguments {
            super::grouping::walk(&argument.value, &mut |part| {
                if let ast::ExprKind::Name(names) = &part.kind {
                    let column = match names.as_slice() {
                        [only] => matches!(env.find(&only.value), Found::Column(..)),
                        [table, column, ..] => env
                            .relation_with(&table.value, &column.value)
                            .is_some_and(|(scope, index)| {
                                scope.relations[index].position(&column.value).is_some()
                            }),
                        [] => false,
                    };
                    found = found.or(column.then_some(part.span));
                }
                found.is_none() && super::deep::query_of(part).is_none()
            });
        }
        if let Some(span) = found {
            let message = format!("`{called}` takes constants, and no column of another table");
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
    }
}

/// The name of the column that `WITH ORDINALITY` adds.
fn ordinality_name(taken: &[String]) -> String {
    let mut candidate = "ordinality".to_owned();
    let mut number = 0;
    while taken.iter().any(|name| same_name(name, &candidate)) {
        candidate = format!("ordinality{number}");
        number += 1;
    }
    candidate
}

/// Whether an argument is an option with a name. `num_rows = 3` is a comparison to the parser, and
/// an option to the engine.
fn is_option(argument: &ast::Argument) -> bool {
    argument.name.is_some()
        || matches!(&argument.value.kind, ast::ExprKind::Binary { operator, left, .. }
            if operator == "=" && matches!(left.kind, ast::ExprKind::Name(_)))
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
        ("range" | "generate_series", [first, ..]) => one(series(first)?),
        ("unnest", [list]) => match &list.sql_type {
            SqlType::List(element) | SqlType::Array(element, _) => one((**element).clone()),
            _ => None,
        },
        // The column has the value's text as its name.
        ("repeat", [value, _]) => {
            let column = match &function.arguments.first()?.value.kind {
                ast::ExprKind::Literal(ast::Literal::Text(text)) => text.clone(),
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
        _ if named => None,
        _ => tables::columns(name, arguments.len()),
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
