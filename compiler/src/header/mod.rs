//! Headers: from a file's text to its pragmas, every value with its place.
//!
//! A header is the `--` comments from the top of a file to the first line that is neither blank
//! nor a comment. The graph of a project needs no more than its headers; no query is read here,
//! and nothing after the header is looked at but the directives that may not stand above a query.
//!
//! [`parse`] reads one file. [`EffectiveConfig`] puts what a header says over the defaults of its
//! folders.

pub mod audits;
pub mod config;
mod cron;
mod damage;
mod declarations;
pub mod effective;
mod exposure;
mod headers;
mod lines;
mod own_config;
mod pragmas;
pub mod relation;
pub mod time;
mod tokens;
mod values;
mod words;
mod zone;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use crate::diagnostic::Diagnostic;
use crate::source::ProjectFiles;
use crate::span::{FileId, Span, Spanned};
use serde::{Deserialize, Serialize};

pub use audits::{AuditArgument, AuditNote, AuditValue, ParameterKind, ParameterNote, Threshold};
pub use config::{Checked, Config, ConfigValue, FileKind};
pub use effective::{
    EffectiveConfig, FolderPlace, Incremental, RowChange, Scd2, Setting, SettingSource, TimeRange,
};
pub use headers::Headers;
pub use own_config::OwnConfig;
pub use relation::{GrantNote, IndexNote, MergeClause, MergeNote, WrittenSql};
pub use tokens::is_identifier;
pub(crate) use words::words;
pub use words::{HardDeletes, History, Materialized, OnSchemaChange, Outside, Severity, Strategy};

/// What the header of a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// `@config`
    pub config: OwnConfig,
    /// `@import`, in the order of the file.
    pub imports: Vec<Import>,
    /// `@column`, in the order of the file.
    pub columns: Vec<ColumnNote>,
    /// `@var`, in the order of the file.
    pub variables: Vec<VariableDeclaration>,
    /// `@exposure`, in a file of `exposures/`.
    pub exposure: Option<ExposureNote>,
    /// `@uses`, in the order of the file.
    pub uses: Vec<ColumnUse>,
    /// `@audit`, in the order of the file.
    pub audits: Vec<AuditNote>,
    /// `@param`, in the order of a file of `audits/`.
    pub parameters: Vec<ParameterNote>,
    /// The clauses of `@merge`, in the order of the file.
    pub merge: Vec<MergeNote>,
    /// `@grant`, in the order of the file.
    pub grants: Vec<GrantNote>,
    /// `@index`, in the order of the file.
    pub indexes: Vec<IndexNote>,
    /// `@description`, one a line.
    pub description: Vec<Spanned<String>>,
    /// The byte where the body begins: the start of the first line that isn't the header's.
    pub body_start: usize,
    /// Whether anything but white space and comments follows the header.
    pub has_body: bool,
    /// The names that imports and variables which couldn't be read would have declared, as far as
    /// they can be told. Nothing is to be said of their uses.
    pub damaged: Damaged,
    /// Whether a directive stands where it can't, so that what follows isn't the query alone.
    pub interrupted: bool,
}

/// What pragmas that couldn't be read would have declared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damaged {
    /// Aliases of imports.
    pub imports: Vec<String>,
    /// Names of variables.
    pub variables: Vec<String>,
    /// Whether one of them may have used imports and variables.
    pub uses: bool,
}

/// `@import: alias = path`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The name that the body uses; without `alias =` the last part of the path, and then its
    /// place is that part.
    pub alias: Spanned<String>,
    /// The import path: `models.staging.stg_orders`.
    pub path: Spanned<String>,
    /// The whole pragma, from `@` on.
    pub span: Span,
}

/// `@column: name [type] [not null] ["text"]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnNote {
    /// The name.
    pub name: Spanned<String>,
    /// The type as it was written; with one, this is a contract.
    pub sql_type: Option<Spanned<String>>,
    /// The place of `not null`.
    pub not_null: Option<Span>,
    /// What the column means.
    pub description: Option<Spanned<String>>,
    /// The whole pragma, from `@` on.
    pub span: Span,
}

/// `@var: name type = default`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariableDeclaration {
    /// The name.
    pub name: Spanned<String>,
    /// The type as it was written.
    pub sql_type: Spanned<String>,
    /// The default as SQL, as it was written.
    pub default: Option<Spanned<String>>,
    /// The whole pragma, from `@` on.
    pub span: Span,
}

/// `@exposure: type='dashboard', owner='…', url='…'`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExposureNote {
    /// `type`: what it is; `None` where that couldn't be read, which was reported.
    pub kind: Option<Spanned<String>>,
    /// Who answers for it.
    pub owner: Option<Spanned<String>>,
    /// Where it is found.
    pub url: Option<Spanned<String>>,
    /// The whole pragma, from `@` on.
    pub span: Span,
}

/// An element of `@uses: alias.column, …`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnUse {
    /// The alias of an import.
    pub alias: Spanned<String>,
    /// The column.
    pub column: Spanned<String>,
}

impl ColumnUse {
    /// The alias and the column.
    pub fn span(&self) -> Span {
        self.alias.span.to(self.column.span)
    }
}

impl Header {
    /// The description in one line; empty where there is none.
    pub fn description_text(&self) -> String {
        let lines: Vec<&str> = self
            .description
            .iter()
            .map(|line| line.value.as_str())
            .collect();
        lines.join(" ")
    }
}

/// Reads the header of a file.
///
/// All that can be read is in the result, beside the findings about the rest.
pub fn parse(file: FileId, text: &str, kind: FileKind) -> (Header, Vec<Diagnostic>) {
    pragmas::parse(file, text, kind)
}

/// The byte where another `@import` line can be added: behind the last import, else behind the
/// last line of the header that is no blank one, else at the top.
pub fn place_for_import(text: &str, header: &Header) -> usize {
    let line_end = |at: usize| text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
    if let Some(last) = header.imports.iter().map(|import| import.span.end).max() {
        return line_end((last as usize).min(text.len()));
    }
    let written = text[..header.body_start.min(text.len())].trim_end();
    match written.is_empty() {
        true => 0,
        false => line_end(written.len()),
    }
}

/// The files that have headers and could be read: models, sources, typing files, exposures and
/// audits.
pub fn kinds(files: &ProjectFiles) -> impl Iterator<Item = (FileId, FileKind)> {
    let typings = files.seeds.iter().filter_map(|seed| seed.typing);
    (files.models.iter().map(|file| (*file, FileKind::Model)))
        .chain(files.tables.iter().map(|file| (*file, FileKind::Source)))
        .chain(typings.map(|file| (file, FileKind::Seed)))
        .chain(
            files
                .exposures
                .iter()
                .map(|file| (*file, FileKind::Exposure)),
        )
        .chain(files.audits.iter().map(|file| (*file, FileKind::Audit)))
        .filter(|(file, _)| files.is_usable(*file))
}

/// Reads the headers of all files that have one and could be read.
pub fn parse_all(files: &ProjectFiles) -> (Headers, Vec<Diagnostic>) {
    let mut headers = Headers::default();
    let mut diagnostics = Vec::new();
    for (file, kind) in kinds(files) {
        let (header, found) = parse(file, &files.sources.file(file).text, kind);
        headers.insert(file, header);
        diagnostics.extend(found);
    }
    (headers, diagnostics)
}
