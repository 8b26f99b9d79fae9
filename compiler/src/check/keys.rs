//! Keys and time columns: each must be a column of the model.

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::graph::Node;
use crate::header::{Checked, Incremental, RowChange, Setting};
use crate::span::{Span, Spanned};
use crate::sql_type::SqlType;
use crate::typed::TypedColumn;

/// Looks for the columns that a model's settings name among those that its query makes.
pub fn check(node: &Node, columns: &[TypedColumn], diagnostics: &mut Vec<Diagnostic>) {
    let mut keys = Keys {
        node,
        columns,
        diagnostics,
    };
    match &node.config.incremental {
        Some(Incremental::TimeRange(range)) => keys.time("time_column", &range.time_column),
        Some(Incremental::UniqueKey(key)) => keys.all("unique_key", &key.value),
        Some(Incremental::Partition(by)) => keys.all("partition_by", &by.value),
        Some(Incremental::Append) | None => {}
    }
    if let Some(scd2) = &node.config.scd2 {
        keys.all("unique_key", &scd2.unique_key.value);
        match &scd2.change {
            RowChange::UpdatedAt(column) => keys.time("updated_at", column),
            RowChange::Check(checked) => {
                if let Checked::Columns(names) = &checked.value {
                    keys.all("check", names);
                }
            }
        }
    }
    if let Some(grain) = &node.config.grain {
        keys.all("grain", &grain.value);
    }
}

struct Keys<'a> {
    node: &'a Node,
    columns: &'a [TypedColumn],
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Keys<'_> {
    /// Columns that a key lists.
    fn all(&mut self, key: &str, names: &[Spanned<String>]) {
        for name in names {
            named(
                self.node,
                key,
                &name.value,
                name.span,
                self.columns,
                self.diagnostics,
            );
        }
    }

    /// The one column that a key names, which has to be a time.
    fn time(&mut self, key: &str, column: &Setting<String>) {
        let span = column.span().unwrap_or(Span::new(self.node.file, 0, 0));
        let name = Spanned::new(column.value.clone(), span);
        self.all(key, std::slice::from_ref(&name));
        has_time(key, &name.value, span, self.columns, self.diagnostics);
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
