//! Contracts: `@column` lines with a type or with `not null`.

use super::OutputColumn;
use crate::audit;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::graph::Node;
use crate::header::{ColumnNote, Header, Materialized};
use crate::sql_type::{SqlType, coerce::fits_into, quote_identifier};
use crate::typed::{BodyNode, TypedColumn};

/// A model's columns after its contract.
pub struct Contracted {
    /// The columns.
    pub columns: Vec<TypedColumn>,
    /// For each column whether the contract's type is another one than the query's.
    casts: Vec<bool>,
}

impl Contracted {
    /// The body, with casts around it where the contract's types ask for them.
    pub fn wrap(&self, body: Vec<BodyNode>) -> Vec<BodyNode> {
        if !self.casts.contains(&true) {
            return body;
        }
        let items = self.columns.iter().zip(&self.casts).map(|(column, cast)| {
            let name = quote_identifier(&column.name);
            if *cast {
                format!("    cast({name} as {}) as {name}", column.sql_type)
            } else {
                format!("    {name}")
            }
        });
        let items: Vec<String> = items.collect();
        let mut wrapped = vec![BodyNode::Text(format!(
            "select\n{}\nfrom (\n",
            items.join(",\n")
        ))];
        for node in body {
            match (wrapped.last_mut(), node) {
                (Some(BodyNode::Text(before)), BodyNode::Text(text)) => before.push_str(&text),
                (_, node) => wrapped.push(node),
            }
        }
        wrapped.push(BodyNode::Text("\n)".to_owned()));
        wrapped
    }
}

/// Holds a model's columns against its contract: a column takes the type that the contract
/// gives it, if what the query makes fits into that without loss.
pub fn apply(
    header: &Header,
    node: &Node,
    columns: Vec<OutputColumn>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Contracted {
    let is_added = |name: &str| {
        let scd2 = node.config.scd2.as_ref();
        scd2.is_some_and(|scd2| scd2.is_added(name))
    };
    for note in &header.columns {
        if is_added(&note.name.value) {
            continue;
        }
        if !columns
            .iter()
            .any(|column| column.name.eq_ignore_ascii_case(&note.name.value))
        {
            diagnostics.push(missing(note, &columns));
        }
    }
    if node.materialized() == Materialized::Ephemeral {
        for span in header.columns.iter().filter_map(|note| note.not_null) {
            diagnostics.push(
                Diagnostic::error(
                    Code::ContractType,
                    span,
                    "an ephemeral model has no rows of its own on which `not null` could be checked",
                )
                .hint("leave it out, or make the model a view or a table"),
            );
        }
    }
    let stored = matches!(
        node.materialized(),
        Materialized::Table | Materialized::Incremental | Materialized::Scd2
    );
    let mut contracted = Contracted {
        columns: Vec::new(),
        casts: Vec::new(),
    };
    for column in columns {
        let note = header
            .columns
            .iter()
            .find(|note| note.name.value.eq_ignore_ascii_case(&column.name));
        let declared = note.and_then(|note| declared_type(note, &column, diagnostics));
        let checked = note.is_some_and(|note| note.not_null.is_some());
        let proven = checked || is_audited(header, &column.name);
        contracted.casts.push(
            declared
                .as_ref()
                .is_some_and(|declared| *declared != column.sql_type),
        );
        contracted.columns.push(TypedColumn {
            name: column.name,
            sql_type: declared.unwrap_or(column.sql_type),
            not_null: !column.nullable || (proven && stored),
            checked,
            description: note
                .and_then(|note| note.description.as_ref())
                .map(|text| text.value.clone())
                .unwrap_or_default(),
        });
    }
    contracted
}

/// Whether an audit keeps nulls out of a column: one that looks at every row, and of which no row
/// is written that fails.
pub fn is_audited(header: &Header, column: &str) -> bool {
    let mut proven = header.audits.iter().flat_map(audit::proven_by);
    proven.any(|name| name.eq_ignore_ascii_case(column))
}

fn missing(note: &ColumnNote, columns: &[OutputColumn]) -> Diagnostic {
    let name = &note.name.value;
    let message = format!("the contract names a column `{name}` that the query doesn't make");
    let diagnostic = Diagnostic::error(Code::ContractColumnMissing, note.name.span, message);
    match nearest(name, columns.iter().map(|column| column.name.as_str())) {
        Some(near) => {
            let made = columns
                .iter()
                .find(|column| column.name == near)
                .map(|column| column.span);
            let diagnostic = diagnostic.hint(format!("the query makes `{near}`"));
            match made {
                Some(span) => diagnostic.and_at(span, "a column with a similar name is made here"),
                None => diagnostic,
            }
        }
        None => diagnostic.hint(format!("select `{name}`, or remove the line")),
    }
}

/// The contract's type for a column; `None` if it names none, or one that doesn't fit.
fn declared_type(
    note: &ColumnNote,
    column: &OutputColumn,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<SqlType> {
    let written = note.sql_type.as_ref()?;
    let declared = match written.value.parse::<SqlType>() {
        Ok(declared) if !matches!(declared, SqlType::Other(_)) => declared,
        _ => {
            diagnostics.push(super::table::unknown_type(&written.value, written.span));
            return None;
        }
    };
    if column.sql_type.has_unknown() || fits_into(&column.sql_type, &declared) {
        return Some(declared);
    }
    // Everything can be written as text without losing anything.
    let reason = match declared {
        SqlType::Varchar => "it is meant as text",
        _ => "losing a part of it is meant",
    };
    let message = format!(
        "the contract wants `{}` as {declared}, and the query makes it {}",
        column.name, column.sql_type
    );
    diagnostics.push(
        Diagnostic::error(Code::ContractType, written.span, message)
            .saying("the contract")
            .and_at(column.span, format!("{} is made here", column.sql_type))
            .hint(format!(
                "write `cast(… as {declared})` in the query if {reason}"
            )),
    );
    None
}
