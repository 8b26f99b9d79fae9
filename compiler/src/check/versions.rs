//! The columns that are added to an `scd2` model: when a version of a row begins and ends.

use super::OutputColumn;
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::Node;
use crate::header::{ColumnNote, Header, RowChange, Scd2, Setting};
use crate::name::same_name;
use crate::sql_type::SqlType;
use crate::typed::TypedColumn;

/// A column of its query that has the name of an added one.
pub fn clashes(node: &Node, columns: &[OutputColumn], diagnostics: &mut Vec<Diagnostic>) {
    let Some(scd2) = &node.config.scd2 else {
        return;
    };
    for (key, name) in [
        ("valid_from", &scd2.valid_from),
        ("valid_to", &scd2.valid_to),
    ] {
        let mut columns = columns.iter();
        let Some(column) = columns.find(|column| same_name(&column.name, &name.value)) else {
            continue;
        };
        let message = format!(
            "the query makes a column `{}`, and `scd2` adds one of this name",
            column.name
        );
        let finding = Diagnostic::error(Code::DuplicateColumn, column.span, message);
        let finding = finding.hint(format!(
            "give it another name, or the added one: `{key}='…'` in `@config`"
        ));
        diagnostics.push(match name.span() {
            Some(place) => finding.and_at(place, "the added one is named here"),
            None => finding,
        });
    }
}

/// The columns that are added to those of the query, which the contract has been applied to.
pub fn added(
    header: &Header,
    node: &Node,
    columns: &[TypedColumn],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<TypedColumn> {
    let Some(scd2) = &node.config.scd2 else {
        return Vec::new();
    };
    let sql_type = time_type(scd2, columns);
    let mut column = |name: &Setting<String>, not_null: bool| {
        let mut notes = header.columns.iter();
        let note = notes.find(|note| same_name(&note.name.value, &name.value));
        if let Some(note) = note {
            held_against(note, &sql_type, not_null, diagnostics);
        }
        let description = note.and_then(|note| note.description.as_ref());
        TypedColumn {
            name: name.value.clone(),
            sql_type: sql_type.clone(),
            not_null,
            checked: false,
            description: description
                .map(|text| text.value.clone())
                .unwrap_or_default(),
        }
    };
    vec![
        column(&scd2.valid_from, true),
        column(&scd2.valid_to, false),
    ]
}

/// The type of the column that says when a row was changed; a timestamp where it is the run's clock
/// that says so.
fn time_type(scd2: &Scd2, columns: &[TypedColumn]) -> SqlType {
    let RowChange::UpdatedAt(updated_at) = &scd2.change else {
        return SqlType::Timestamp;
    };
    let mut columns = columns.iter();
    let column = columns.find(|column| same_name(&column.name, &updated_at.value));
    match column.map(|column| &column.sql_type) {
        Some(sql_type) if sql_type.is_timestamp() || *sql_type == SqlType::Date => sql_type.clone(),
        // That it is none was reported with the key.
        _ => SqlType::Timestamp,
    }
}

/// A contract can say of an added column only what holds anyway.
fn held_against(
    note: &ColumnNote,
    sql_type: &SqlType,
    not_null: bool,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let name = &note.name.value;
    let mut refuse = |span, message: String, hint: &str| {
        diagnostics.push(Diagnostic::error(Code::ContractType, span, message).hint(hint));
    };
    if let Some(written) = &note.sql_type {
        let is_same = written
            .value
            .parse::<SqlType>()
            .is_ok_and(|declared| declared == *sql_type);
        if !is_same {
            let message = format!(
                "the contract wants `{name}` as {}, and `scd2` makes it {sql_type}",
                written.value
            );
            refuse(written.span, message, "leave out the type");
        }
    }
    if let (Some(span), false) = (note.not_null, not_null) {
        let message = format!("`{name}` is null in the present version of a row");
        refuse(span, message, "leave out `not null`");
    }
}
