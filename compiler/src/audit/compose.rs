//! A call of an audit → the text of one query.

use super::arguments::{self, Given, matched};
use super::definition::{Definition, Position, Used};
use super::{Composed, Surroundings};
use crate::diagnostic::Diagnostic;
use crate::expand::{Expanded, ExpansionKind};
use crate::header::{AuditNote, AuditValue, ParameterKind};
use crate::lexer::lex;
use crate::name::same_name;
use crate::parse::{parse_expression, written_name};
use crate::span::{FileId, Origin, Span, Spanned};
use crate::sql_type::quote_identifier;

/// A text in the making.
pub(super) struct Composer<'c> {
    pub out: Expanded,
    note: &'c AuditNote,
    around: &'c Surroundings<'c>,
}

impl<'c> Composer<'c> {
    pub(super) fn new(note: &'c AuditNote, around: &'c Surroundings<'c>) -> Self {
        Self {
            out: Expanded::new(around.file),
            note,
            around,
        }
    }

    /// Adds something that the call as a whole asks for.
    pub(super) fn made(&mut self, text: &str) {
        self.out.push_made(text, self.note.call.span);
    }

    /// Adds a name that the header says.
    pub(super) fn name(&mut self, name: &Spanned<String>) {
        self.out.push_made(&written_name(&name.value), name.span);
    }

    /// Adds something as it is written in a file with this text.
    fn written(&mut self, written: &Spanned<String>, text: &str, origin: Origin) {
        let span = Span {
            origin,
            ..written.span
        };
        match text.get(span.range()) == Some(written.value.as_str()) {
            true => self.out.push(&written.value, span),
            false => self.out.push_made(&written.value, span),
        }
    }

    /// Adds the relation that is looked at: the model's, or those of its rows that `where` lets
    /// through.
    pub(super) fn audited(&mut self, aliased: bool, place: Span) {
        let Some(filter) = &self.note.filter else {
            return self.out.push_made(":this", place);
        };
        self.out.push_made("(select * from :this where ", place);
        self.quoted(filter.span);
        self.out.push_made("\n)", place);
        if !aliased {
            self.out.push_made(" as this", place);
        }
    }

    /// Adds what stands between single quotes in the header, where a quote is written twice.
    fn quoted(&mut self, span: Span) {
        let range = span.range();
        let (mut start, end) = (range.start + 1, range.end.saturating_sub(1));
        let text = self.around.text;
        let mut push = |from: usize, to: usize| {
            let piece = text.get(from..to).unwrap_or_default();
            self.out.push(piece, Span::new(self.around.file, from, to));
        };
        while let Some(offset) = text.get(start..end).and_then(|rest| rest.find("''")) {
            let quote = start + offset + 1;
            push(start, quote);
            start = quote + 1;
        }
        push(start, end);
    }
}

/// Why `where` is no condition: alone it is read without what stands around it in the query.
pub(super) fn unreadable_filter(note: &AuditNote, around: &Surroundings<'_>) -> Option<Diagnostic> {
    let filter = note.filter.as_ref()?;
    let mut alone = Composer::new(note, around);
    alone.quoted(filter.span);
    let (file, text) = (alone.out.file(), alone.out.text());
    let (tokens, found) = lex(file, text, 0..text.len());
    let error = match found.into_iter().next() {
        Some(error) => error,
        None => parse_expression(text, &tokens).err()?,
    };
    Some(match error.primary {
        Some(_) => alone.out.finding(error),
        None => error.at(filter.span, ""),
    })
}

/// Composes a call of an audit of the project.
pub(super) fn own(
    definition: &Definition,
    note: &AuditNote,
    around: &Surroundings<'_>,
) -> Result<Composed, Vec<Diagnostic>> {
    if definition.is_broken {
        return Err(Vec::new());
    }
    let given = matched(definition, note)?;
    let mut found = Vec::new();
    for (parameter, given) in definition.parameters.iter().zip(&given) {
        // A default was looked at where it is written.
        if let Given::Argument(value) = given {
            let span = span_of(value, note);
            found.extend(arguments::check(parameter, value, span, around));
        }
    }
    if !found.is_empty() {
        return Err(found);
    }
    let mut composer = Composer::new(note, around);
    let kind = ExpansionKind::Audit {
        name: definition.name.as_str().into(),
    };
    let origin = composer.out.add(kind, note.call.span);
    let mut writer = Writer {
        composer,
        definition,
        given,
        origin,
    };
    writer.body();
    let columns = writer.columns();
    Ok(Composed {
        expanded: writer.composer.out,
        columns,
        by_row: false,
    })
}

fn span_of(value: &AuditValue, note: &AuditNote) -> Span {
    let mut arguments = note.arguments.iter();
    let argument = arguments.find(|argument| std::ptr::eq(&argument.value, value));
    argument.map_or(note.call.span, |argument| argument.span)
}

/// Writes an audit's query.
struct Writer<'w> {
    composer: Composer<'w>,
    definition: &'w Definition,
    given: Vec<Given<'w>>,
    origin: Origin,
}

impl Writer<'_> {
    fn file(&self) -> FileId {
        self.definition.file
    }

    /// A place in the audit's file.
    fn place(&self, span: Span) -> Span {
        Span {
            origin: self.origin,
            ..span
        }
    }

    fn made(&mut self, text: &str, span: Span) {
        let place = self.place(span);
        self.composer.out.push_made(text, place);
    }

    fn body(&mut self) {
        let definition = self.definition;
        let mut from = definition.body.start;
        for found in &definition.uses {
            self.copy(from, found.span.range().start);
            match found.used {
                Used::This => self.this(found.span, found.position),
                Used::Import(index) => self.import(index, found.span, found.position),
                Used::Parameter(index) => self.parameter(index, found.span, found.position),
            }
            from = found.span.range().end;
        }
        self.copy(from, definition.body.end);
    }

    fn copy(&mut self, from: usize, to: usize) {
        let text = self.definition.text.get(from..to).unwrap_or_default();
        let place = self.place(Span::new(self.file(), from, to));
        self.composer.out.push(text, place);
    }

    fn this(&mut self, span: Span, position: Position) {
        let aliased = position != Position::Table { aliased: false };
        let place = self.place(span);
        self.composer.audited(aliased, place);
    }

    /// An import of the audit, under the alias by which the model knows it.
    fn import(&mut self, index: usize, span: Span, position: Position) {
        let edge = &self.definition.imports[index];
        let target = edge.target;
        let known = target.and_then(|target| self.composer.around.alias_of(target));
        let alias = known.unwrap_or(&edge.alias.value);
        self.made(&format!(":{alias}"), span);
        if position == (Position::Table { aliased: false }) && !same_name(alias, &edge.alias.value)
        {
            let own = format!(" as {}", quote_identifier(&edge.alias.value));
            self.made(&own, span);
        }
    }

    fn parameter(&mut self, index: usize, span: Span, position: Position) {
        let parameter = &self.definition.parameters[index];
        let name = parameter.note.name.value.as_str();
        let value = match self.given.get(index) {
            Some(Given::Argument(value) | Given::Default(value)) => *value,
            None => return,
        };
        let table = match (&parameter.note.kind, value) {
            (ParameterKind::Value(written), _) => {
                let sql_type = written.value.clone();
                return self.value(index, &sql_type, span);
            }
            (ParameterKind::Relation, value) => value.reference(),
            (
                ParameterKind::Column,
                AuditValue::Column {
                    relation,
                    name: column,
                },
            ) => {
                if !matches!(position, Position::Table { .. }) {
                    if position == Position::Value && parameter.is_table {
                        self.made(&format!("{}.", quote_identifier(name)), span);
                    }
                    return self.composer.name(column);
                }
                relation.as_ref()
            }
            (ParameterKind::Column, _) => None,
        };
        let aliased = position != Position::Table { aliased: false };
        match table.filter(|table| !same_name(&table.value, "this")) {
            Some(table) => {
                let text = self.composer.around.text;
                let reference = Spanned::new(format!(":{}", table.value), table.span);
                self.composer.written(&reference, text, Origin::WRITTEN);
            }
            None => {
                let place = self.place(span);
                self.composer.audited(true, place);
            }
        }
        if !aliased {
            self.made(&format!(" as {}", quote_identifier(name)), span);
        }
    }

    /// A value, as one of its parameter's type.
    fn value(&mut self, index: usize, sql_type: &str, span: Span) {
        let definition = self.definition;
        let (value, text, origin) = match self.given[index] {
            Given::Argument(value) => (value, self.composer.around.text, Origin::WRITTEN),
            Given::Default(value) => (value, &*definition.text, self.origin),
        };
        self.made("cast(", span);
        match value {
            AuditValue::Literal(literal) => self.composer.written(literal, text, origin),
            AuditValue::Reference(name) => {
                let reference = Spanned::new(format!(":{}", name.value), name.span);
                self.composer.written(&reference, text, origin);
            }
            AuditValue::List(elements) => {
                self.made("[", span);
                for (number, element) in elements.iter().enumerate() {
                    if number > 0 {
                        self.made(", ", span);
                    }
                    self.composer.written(element, text, origin);
                }
                self.made("]", span);
            }
            // A value that is a column was refused.
            AuditValue::Column { .. } => self.made("null", span),
        }
        self.made(&format!(" as {sql_type})"), span);
    }

    /// The columns of the model that the call names.
    fn columns(&self) -> Vec<String> {
        let values = self.given.iter().filter_map(|given| match given {
            Given::Argument(AuditValue::Column { relation, name })
                if relation
                    .as_ref()
                    .is_none_or(|relation| same_name(&relation.value, "this")) =>
            {
                Some(name)
            }
            _ => None,
        });
        model_columns(values, self.composer.around)
    }
}

/// Names of columns as the model's query gives them, each once.
pub(super) fn model_columns<'n>(
    names: impl Iterator<Item = &'n Spanned<String>>,
    around: &Surroundings<'_>,
) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for name in names {
        let mut known = around.columns.iter();
        let known = known.find(|column| same_name(&column.name, &name.value));
        if let Some(column) = known.filter(|column| !columns.contains(&column.name)) {
            columns.push(column.name.clone());
        }
    }
    columns
}
