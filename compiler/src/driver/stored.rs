//! What a header says of a model's relation in the engine: who may read it, and its indexes.

use super::model::Work;
use crate::check::named;
use crate::diagnostic::{Code, Diagnostic};
use crate::header::Materialized;
use crate::name::same_name;
use crate::project::EngineKind;
use crate::resolve::Schema;
use crate::span::Spanned;
use crate::typed::{Grant, Index};

impl Work<'_> {
    /// Who may read the model.
    pub(super) fn grants(&mut self) -> Vec<Grant> {
        let Some(first) = self.header.grants.first() else {
            return Vec::new();
        };
        if self.node.materialized() == Materialized::Ephemeral {
            let message = "an ephemeral model has no relation that somebody could read";
            let finding = Diagnostic::error(Code::WrongMaterialization, first.span, message);
            self.diagnostics
                .push(finding.hint("leave the line out, or make the model a view or a table"));
        }
        let engines = &self.context.outline.settings.engines;
        // DuckDB has no users: who can open the file can read all of it.
        if engines
            .iter()
            .all(|engine| matches!(engine.kind, EngineKind::DuckDb | EngineKind::DuckLake))
        {
            let message = "`@grant` does nothing: DuckDB has no users to grant anything to";
            self.diagnostics.push(
                Diagnostic::warning(Code::IgnoredGrant, first.span, message)
                    .note("who can open the database can read all of it"),
            );
        }
        let grants = self.header.grants.iter().map(|note| Grant {
            privilege: note.privilege.value.clone(),
            to: note.to.iter().map(|name| name.value.clone()).collect(),
        });
        grants.collect()
    }

    /// The model's indexes.
    pub(super) fn indexes(&mut self, own: &Schema) -> Vec<Index> {
        let header = self.header;
        let mut indexes = Vec::new();
        for note in &header.indexes {
            if !self.has_table() {
                let kind = self.node.materialized().word();
                let message = format!("an index needs a table, and `materialized` is `{kind}`");
                let finding = Diagnostic::error(Code::WrongMaterialization, note.span, message);
                self.diagnostics.push(
                    finding.hint("leave the line out, or make the model a table or incremental"),
                );
                continue;
            }
            indexes.push(Index {
                unique: note.unique,
                columns: self.own_columns(&note.columns, own),
            });
        }
        indexes
    }

    /// Columns of the model as its query names them. One that isn't there is reported.
    pub(super) fn own_columns(&mut self, names: &[Spanned<String>], own: &Schema) -> Vec<String> {
        let columns = own.columns.as_deref().unwrap_or_default();
        let mut found = Vec::new();
        for name in names {
            match columns
                .iter()
                .find(|column| same_name(&column.name, &name.value))
            {
                Some(column) => found.push(column.name.clone()),
                None => self
                    .diagnostics
                    .extend(named::unknown(name, columns, "the model")),
            }
        }
        found
    }

    /// Whether the model's rows are kept in a table.
    pub(super) fn has_table(&self) -> bool {
        let kind = self.node.materialized();
        self.header.config.damaged
            || matches!(
                kind,
                Materialized::Table | Materialized::Incremental | Materialized::Scd2
            )
    }
}
