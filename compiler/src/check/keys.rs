//! Keys and time columns: each must be a column of the model.

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::graph::Node;
use crate::header::Incremental;
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::typed::TypedColumn;

/// Looks for the columns that a model's settings name.
pub fn check(node: &Node, columns: &[TypedColumn], diagnostics: &mut Vec<Diagnostic>) {
    match &node.config.incremental {
        Some(Incremental::TimeRange(range)) => {
            let column = &range.time_column;
            let span = column.span().unwrap_or(Span::new(node.file, 0, 0));
            named(
                node,
                "time_column",
                &column.value,
                span,
                columns,
                diagnostics,
            );
            has_time("time_column", &column.value, span, columns, diagnostics);
        }
        Some(Incremental::UniqueKey(key)) => {
            for column in &key.value {
                named(
                    node,
                    "unique_key",
                    &column.value,
                    column.span,
                    columns,
                    diagnostics,
                );
            }
        }
        Some(Incremental::Append) | None => {}
    }
    for column in node.config.grain.iter().flat_map(|grain| &grain.value) {
        named(
            node,
            "grain",
            &column.value,
            column.span,
            columns,
            diagnostics,
        );
    }
}

fn named(
    node: &Node,
    key: &str,
    name: &str,
    span: Span,
    columns: &[TypedColumn],
    diagnostics: &mut Vec<Diagnostic>,
) {
    if columns
        .iter()
        .any(|column| column.name.eq_ignore_ascii_case(name))
    {
        return;
    }
    let message = format!("`{key}` names a column `{name}` that the query doesn't make");
    let diagnostic = Diagnostic::error(Code::UnknownKeyColumn, span, message);
    let names = columns.iter().map(|column| column.name.as_str());
    diagnostics.push(match nearest(name, names.clone()) {
        Some(near) => {
            let diagnostic = diagnostic.hint(format!("the query makes `{near}`"));
            // What a folder says holds for other models too.
            if span.file != node.file {
                diagnostics.push(diagnostic);
                return;
            }
            let written = |near: &str| format!("'{}'", near.replace('\'', "''"));
            diagnostic.fix_name(name, span, names, written)
        }
        None => diagnostic.hint(format!("select `{name}`, or name another column")),
    });
}

fn has_time(
    key: &str,
    name: &str,
    span: Span,
    columns: &[TypedColumn],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(column) = columns
        .iter()
        .find(|column| column.name.eq_ignore_ascii_case(name))
    else {
        return;
    };
    let sql_type = &column.sql_type;
    if sql_type.has_unknown() || sql_type.is_timestamp() || *sql_type == SqlType::Date {
        return;
    }
    let message = format!("`{key}` is `{name}`, which is {sql_type} and not a date or timestamp");
    diagnostics.push(
        Diagnostic::error(Code::UnknownKeyColumn, span, message).hint(format!(
            "cast it in the query: `cast({name} as timestamp) as {name}`"
        )),
    );
}
