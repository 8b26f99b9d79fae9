//! Seeds and sources: their columns from data, footers and `CREATE TABLE` files.

use super::kept::Typed;
use super::{KnownKind, Outline};
use crate::check;
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::Node;
use crate::header::{ColumnNote, EffectiveConfig, Header};
use crate::parse::ColumnDefinition;
use crate::resolve::{Column, Schema};
use crate::seeds::{self, SeedColumn};
use crate::source::SeedFormat;
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::typed::{TypedColumn, TypedSeed, TypedSource};

/// Types a seed by its data, or holds its data against its typing file.
pub(super) fn seed(outline: &Outline, node: &Node) -> Typed {
    let Some(file) = outline
        .files
        .seeds
        .iter()
        .find(|seed| seed.data == node.file)
    else {
        return Typed::broken(outline, node, Vec::new());
    };
    if !outline.files.is_usable(node.file) {
        return Typed::broken(outline, node, Vec::new());
    }
    let header = node.header.and_then(|typing| outline.headers.get(&typing));
    let (columns, mut diagnostics) =
        seeds::seed_columns(&outline.files, file, header, &node.config);
    if file
        .typing
        .is_some_and(|typing| !outline.files.is_usable(typing))
    {
        return Typed::broken(outline, node, diagnostics);
    }
    if let Some(header) = header.filter(|header| !header.has_body && diagnostics.is_empty()) {
        let names: Vec<&str> = columns
            .iter()
            .map(|column| column.name.value.as_str())
            .collect();
        diagnostics.extend(check::table::notes(header, &names));
    }
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Typed::broken(outline, node, diagnostics);
    }
    let columns: Vec<TypedColumn> = columns
        .iter()
        .map(|column| seed_column(column, header))
        .collect();
    let data = outline.files.sources.file(node.file);
    let config = &node.config;
    let text = |byte: u8| char::from(byte).to_string();
    let seed = TypedSeed {
        path: node.path.clone(),
        file: data.path.clone(),
        schema: config.schema.value.clone(),
        name: config.name.value.clone(),
        description: node.description.clone(),
        parquet: file.format == SeedFormat::Parquet,
        delimiter: text(config.delimiter.value),
        null: config
            .null
            .as_ref()
            .map(|null| null.value.clone())
            .unwrap_or_default(),
        quote: text(config.quote.value),
        hash: data.hash.to_hex().to_string(),
        size: file.size,
        columns,
    };
    let schema = schema(&seed.columns);
    let kind = KnownKind::Seed(Box::new(seed));
    Typed::new(outline, node, schema, kind, diagnostics)
}

/// Types a source by its `CREATE TABLE`.
pub(super) fn source(outline: &Outline, node: &Node) -> Typed {
    if !outline.files.is_usable(node.file) {
        return Typed::broken(outline, node, Vec::new());
    }
    let Some(header) = outline
        .headers
        .get(&node.file)
        .filter(|header| header.has_body)
    else {
        return Typed::broken(outline, node, Vec::new());
    };
    let definitions = match check::table::read(&outline.files, node.file, header) {
        Ok(definitions) => definitions,
        Err(found) => return Typed::broken(outline, node, found),
    };
    let mut diagnostics = Vec::new();
    let columns: Vec<TypedColumn> = definitions
        .iter()
        .map(|column| TypedColumn {
            name: column.name.value.clone(),
            sql_type: column_type(column, &mut diagnostics),
            // Only what the engine itself enforces is proven; what is merely declared isn't.
            not_null: column.enforced,
            checked: false,
            description: description(Some(header), &column.name.value),
        })
        .collect();
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Typed::broken(outline, node, diagnostics);
    }
    let config = &node.config;
    diagnostics.extend(unknown_format(config));
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Typed::broken(outline, node, diagnostics);
    }
    let optional = |setting: &Option<crate::header::Setting<String>>| {
        setting
            .as_ref()
            .map(|setting| setting.value.clone())
            .unwrap_or_default()
    };
    let source = TypedSource {
        path: node.path.clone(),
        file: outline.files.sources.file(node.file).path.clone(),
        catalog: String::new(),
        schema: config.schema.value.clone(),
        name: config.name.value.clone(),
        description: node.description.clone(),
        location: optional(&config.location),
        format: optional(&config.format),
        changed_by: optional(&config.changed_by),
        columns,
    };
    let schema = schema(&source.columns);
    let kind = KnownKind::Source(Box::new(source));
    Typed::new(outline, node, schema, kind, diagnostics)
}

/// A `location` whose name doesn't tell how its files are written.
fn unknown_format(config: &EffectiveConfig) -> Option<Diagnostic> {
    let location = config
        .location
        .as_ref()
        .filter(|_| config.format.is_none())?;
    let ending = location
        .value
        .rsplit_once('.')
        .map_or("", |(_, ending)| ending);
    if ["parquet", "csv", "json"]
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
    {
        return None;
    }
    let message = format!("`{}` doesn't tell its `format`", location.value);
    let finding = Diagnostic::error(Code::InvalidConfigValue, location.span()?, message);
    Some(finding.hint("add `format='parquet'` or `format='csv'`"))
}

/// What a reader sees of columns.
pub(super) fn schema(columns: &[TypedColumn]) -> Schema {
    Schema::known(
        columns
            .iter()
            .map(|column| Column {
                name: column.name.clone(),
                sql_type: column.sql_type.clone(),
                nullable: !column.not_null,
                made_at: None,
            })
            .collect(),
    )
}

fn seed_column(column: &SeedColumn, header: Option<&Header>) -> TypedColumn {
    TypedColumn {
        name: column.name.value.clone(),
        sql_type: column.sql_type.clone(),
        not_null: !column.nullable,
        checked: false,
        description: description(header, &column.name.value),
    }
}

fn description(header: Option<&Header>, column: &str) -> String {
    let notes = header.map_or(&[][..], |header| header.columns.as_slice());
    let note = notes
        .iter()
        .find(|note: &&ColumnNote| note.name.value.eq_ignore_ascii_case(column));
    note.and_then(|note| note.description.as_ref())
        .map(|text| text.value.clone())
        .unwrap_or_default()
}

fn column_type(column: &ColumnDefinition, diagnostics: &mut Vec<Diagnostic>) -> SqlType {
    parsed_type(&column.type_name.text, column.type_name.span, diagnostics)
}

/// Reads a type that the user wrote; what isn't one is reported.
pub(super) fn parsed_type(text: &str, span: Span, diagnostics: &mut Vec<Diagnostic>) -> SqlType {
    check::table::written_type(text, span).unwrap_or_else(|finding| {
        diagnostics.push(finding);
        SqlType::Unknown
    })
}
