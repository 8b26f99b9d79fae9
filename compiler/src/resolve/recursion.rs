//! Members of a `WITH` that read themselves.

use super::Binder;
use super::scope::Output;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::name::same_name;
use crate::parse::ast;

impl Binder<'_> {
    /// Whether a name is that of a member of `WITH` that is being bound.
    pub(super) fn is_in_making(&self, name: &ast::Name) -> bool {
        self.making.contains(&name.value.to_lowercase())
    }

    /// A member reads itself where it can't.
    pub(super) fn circular(&mut self, name: &ast::Name) {
        self.report(
            Diagnostic::error(
                Code::InvalidRecursion,
                name.span,
                format!("`{}` reads itself here", name.value),
            )
            .hint(format!(
                "a member reads itself on the right side of a union: \
                 `with recursive {} as (… union all …)`",
                name.value
            )),
        );
    }

    /// What a recursion gives at each step becomes what it began with.
    pub(super) fn check_steps(&mut self, first: &Output, step: &Output) {
        for (first, step) in first.columns.iter().zip(&step.columns) {
            self.check_cast(&step.typed.sql_type, &first.typed.sql_type, step.span);
        }
    }

    /// The names that a member which may read itself gives its columns are all different.
    pub(super) fn check_member_names(&mut self, member: &ast::CommonTable, output: &Output) {
        if output.open {
            return;
        }
        // Further names are names of nothing.
        let names = member.columns.iter().take(output.columns.len());
        for (index, name) in names.enumerate() {
            let mut before = member.columns[..index].iter();
            if before.any(|other| same_name(&other.value, &name.value)) {
                let message = format!("`{}` has two columns `{}`", member.name.value, name.value);
                self.report(Diagnostic::error(Code::DuplicateName, name.span, message));
            }
        }
    }

    /// `USING KEY (a)` names columns of the member.
    pub(super) fn check_using_key(&mut self, member: &ast::CommonTable, output: &Output) {
        if output.open || output.columns.iter().any(|column| column.name.is_none()) {
            return;
        }
        let named = member.columns.iter().take(output.columns.len());
        let named = named.map(|name| name.value.as_str());
        let rest = output.columns.iter().skip(member.columns.len());
        let own: Vec<&str> = named
            .chain(rest.filter_map(|column| column.name.as_deref()))
            .collect();
        for key in &member.using_key {
            if own.iter().any(|name| same_name(name, &key.value)) {
                continue;
            }
            let mut finding = Diagnostic::error(
                Code::UnknownColumn,
                key.span,
                format!("`{}` has no column `{}`", member.name.value, key.value),
            );
            if let Some(similar) = nearest(&key.value, own.iter().copied()) {
                finding = finding.hint(format!("did you mean `{similar}`?"));
            }
            self.report(finding);
        }
    }
}
