//! The audits that dbgo has: `not_null`, `unique` and `accepted_values`.

use super::arguments::{column, refused, unfit_literal};
use super::compose::{Composer, model_columns};
use super::{Composed, Surroundings};
use crate::check::variables::{canonical, literal};
use crate::diagnostic::Diagnostic;
use crate::header::{AuditArgument, AuditNote, AuditValue};
use crate::name::same_name;
use crate::span::Spanned;
use crate::sql_type::SqlType;

/// An audit that dbgo has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// No column is null.
    NotNull,
    /// No two rows have the same values in the columns, nulls aside.
    Unique,
    /// A column has one of some values, or null.
    AcceptedValues,
}

impl BuiltIn {
    /// All of them.
    pub const ALL: [BuiltIn; 3] = [BuiltIn::NotNull, BuiltIn::Unique, BuiltIn::AcceptedValues];

    /// How it is called.
    pub const fn name(self) -> &'static str {
        match self {
            BuiltIn::NotNull => "not_null",
            BuiltIn::Unique => "unique",
            BuiltIn::AcceptedValues => "accepted_values",
        }
    }

    /// The audit of a name.
    pub fn of(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|built_in| same_name(built_in.name(), name))
    }

    const fn form(self) -> &'static str {
        match self {
            BuiltIn::NotNull => "the form is `not_null(column, …)`",
            BuiltIn::Unique => "the form is `unique(column, …)`",
            BuiltIn::AcceptedValues => "the form is `accepted_values(column, ['a', 'b'])`",
        }
    }
}

/// The columns that a `not_null` names whose table has no null in them once it has passed.
pub fn proven_by(note: &AuditNote) -> impl Iterator<Item = &str> {
    let proves = BuiltIn::of(&note.name.value) == Some(BuiltIn::NotNull) && note.is_proof();
    let arguments = note.arguments.iter().filter(move |_| proves);
    arguments.filter_map(|argument| match &argument.value {
        AuditValue::Column { relation, name }
            if relation
                .as_ref()
                .is_none_or(|relation| same_name(&relation.value, "this")) =>
        {
            Some(name.value.as_str())
        }
        _ => None,
    })
}

/// Composes a call.
pub(super) fn compose(
    built_in: BuiltIn,
    note: &AuditNote,
    around: &Surroundings<'_>,
) -> Result<Composed, Vec<Diagnostic>> {
    let named = note
        .arguments
        .iter()
        .filter_map(|argument| argument.name.as_ref());
    let found: Vec<Diagnostic> = named
        .map(|name| {
            let message = format!("`{}` has no parameter names", built_in.name());
            refused(name.span, message).hint(built_in.form())
        })
        .collect();
    if !found.is_empty() {
        return Err(found);
    }
    let mut composer = Composer::new(note, around);
    let columns = match built_in {
        BuiltIn::NotNull => not_null(&mut composer, note, around)?,
        BuiltIn::Unique => unique(&mut composer, note, around)?,
        BuiltIn::AcceptedValues => accepted_values(&mut composer, note, around)?,
    };
    Ok(Composed {
        columns: model_columns(columns.into_iter(), around),
        expanded: composer.out,
        by_row: built_in != BuiltIn::Unique,
    })
}

/// The columns of the model that arguments are.
fn columns<'n>(
    built_in: BuiltIn,
    note: &AuditNote,
    arguments: &'n [AuditArgument],
    around: &Surroundings<'_>,
) -> Result<Vec<&'n Spanned<String>>, Vec<Diagnostic>> {
    let mut columns: Vec<&Spanned<String>> = Vec::new();
    let mut found = Vec::new();
    if arguments.is_empty() {
        let message = format!("`{}` needs a column", built_in.name());
        found.push(refused(note.call.span, message).hint(built_in.form()));
    }
    for argument in arguments {
        let name = match &argument.value {
            AuditValue::Column { relation, name }
                if relation
                    .as_ref()
                    .is_none_or(|relation| same_name(&relation.value, "this")) =>
            {
                name
            }
            AuditValue::Column { .. } => {
                let message = format!("`{}` looks at the model's own columns", built_in.name());
                found.push(refused(argument.span, message));
                continue;
            }
            other => {
                let message = format!(
                    "`{}` takes a column here, and this is {}",
                    built_in.name(),
                    other.what()
                );
                found.push(refused(argument.span, message).hint(built_in.form()));
                continue;
            }
        };
        let first = columns
            .iter()
            .find(|other| same_name(&other.value, &name.value));
        if let Some(first) = first {
            let message = format!("`{}` is named twice", name.value);
            found.push(refused(name.span, message).and_at(first.span, "first here"));
        }
        found.extend(column(&argument.value, around));
        columns.push(name);
    }
    match found.is_empty() {
        true => Ok(columns),
        false => Err(found),
    }
}

fn not_null<'n>(
    composer: &mut Composer<'_>,
    note: &'n AuditNote,
    around: &Surroundings<'_>,
) -> Result<Vec<&'n Spanned<String>>, Vec<Diagnostic>> {
    let columns = columns(BuiltIn::NotNull, note, &note.arguments, around)?;
    composer.made("select *\nfrom ");
    composer.audited(false, note.call.span);
    for (index, column) in columns.iter().enumerate() {
        composer.made(if index == 0 { "\nwhere " } else { " or " });
        composer.name(column);
        composer.made(" is null");
    }
    Ok(columns)
}

fn unique<'n>(
    composer: &mut Composer<'_>,
    note: &'n AuditNote,
    around: &Surroundings<'_>,
) -> Result<Vec<&'n Spanned<String>>, Vec<Diagnostic>> {
    let columns = columns(BuiltIn::Unique, note, &note.arguments, around)?;
    let list = |composer: &mut Composer<'_>| {
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                composer.made(", ");
            }
            composer.name(column);
        }
    };
    composer.made("select ");
    list(composer);
    let mut count = "times".to_owned();
    while columns
        .iter()
        .any(|column| same_name(&column.value, &count))
    {
        count.push('_');
    }
    composer.made(&format!(", count(*) as {count}\nfrom "));
    composer.audited(false, note.call.span);
    for (index, column) in columns.iter().enumerate() {
        composer.made(if index == 0 { "\nwhere " } else { " and " });
        composer.name(column);
        composer.made(" is not null");
    }
    composer.made("\ngroup by ");
    list(composer);
    composer.made("\nhaving count(*) > 1");
    Ok(columns)
}

fn accepted_values<'n>(
    composer: &mut Composer<'_>,
    note: &'n AuditNote,
    around: &Surroundings<'_>,
) -> Result<Vec<&'n Spanned<String>>, Vec<Diagnostic>> {
    let form = BuiltIn::AcceptedValues.form();
    let (first, values) = match note.arguments.as_slice() {
        [first, values] => (first, values),
        _ => {
            let message = "`accepted_values` takes a column and a list";
            return Err(vec![refused(note.call.span, message).hint(form)]);
        }
    };
    let columns = columns(
        BuiltIn::AcceptedValues,
        note,
        std::slice::from_ref(first),
        around,
    )?;
    let AuditValue::List(elements) = &values.value else {
        let message = format!(
            "`accepted_values` takes a list here, and this is {}",
            values.value.what()
        );
        return Err(vec![refused(values.span, message).hint(form)]);
    };
    if elements.is_empty() {
        let message = "a list without values lets nothing through";
        return Err(vec![refused(values.span, message)]);
    }
    let column = columns[0];
    let mut known = around.columns.iter();
    let known = known.find(|known| same_name(&known.name, &column.value));
    let sql_type = known.map_or(SqlType::Unknown, |known| known.sql_type.clone());
    let found: Vec<Diagnostic> = elements
        .iter()
        .filter_map(|element| match literal(&element.value) {
            Some(None) => Some(
                refused(element.span, "a null is let through anyway")
                    .hint("leave it out; `not_null` looks for nulls"),
            ),
            _ => unfit_literal(element, &sql_type, &column.value),
        })
        .collect();
    if !found.is_empty() {
        return Err(found);
    }
    composer.made("select *\nfrom ");
    composer.audited(false, note.call.span);
    composer.made("\nwhere ");
    composer.name(column);
    composer.made(" not in (");
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            composer.made(", ");
        }
        // A number that a text column accepts is the text of it.
        let value = match sql_type.has_unknown() {
            true => None,
            false => canonical(&element.value, &sql_type),
        };
        let value = value.unwrap_or_else(|| element.value.clone());
        composer.out.push_made(&value, element.span);
    }
    composer.made(")");
    Ok(columns)
}
