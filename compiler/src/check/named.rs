//! Columns that a header names: each must be one of its relation's.

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::name::same_name;
use crate::parse::written_name;
use crate::resolve::Column;
use crate::span::Spanned;

/// Why a relation can't have a column of this name; `None` if it has. `relation` is how the
/// relation is called: "the model".
pub fn unknown(name: &Spanned<String>, columns: &[Column], relation: &str) -> Option<Diagnostic> {
    let is_named = |column: &&Column| same_name(&column.name, &name.value);
    if columns.iter().any(|column| is_named(&column)) {
        return None;
    }
    let message = format!("{relation} has no column `{}`", name.value);
    let finding = Diagnostic::error(Code::UnknownColumn, name.span, message);
    let names = columns.iter().map(|column| column.name.as_str());
    let Some(near) = nearest(&name.value, names.clone()) else {
        return Some(finding.hint("name a column that it has"));
    };
    let made_at = columns.iter().find(|column| column.name == near);
    let finding = finding.hint(format!("did you mean `{near}`?")).fix_name(
        &name.value,
        name.span,
        names,
        |near| written_name(near).into_owned(),
    );
    Some(match made_at.and_then(|column| column.made_at) {
        Some(place) => finding.and_at(place, "a column with a similar name is made here"),
        None => finding,
    })
}
