//! A file in `audits/`: its parameters, and where they stand in its query.

use crate::diagnostic::{Code, Diagnostic, Fix, nearest};
use crate::directives::directive_line;
use crate::expand::macros;
use crate::graph;
use crate::header::{Header, ParameterKind, ParameterNote, is_identifier};
use crate::lexer::{Lexer, lex};
use crate::name::same_name;
use crate::parse::ast::{ExprKind, TableKind};
use crate::parse::walk::{self, AnyNode};
use crate::parse::{is_alias, parse_query};
use crate::span::{FileId, Span};
use crate::sql_type::SqlType;
use crate::token::{Token, TokenKind};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// The clock of a run, which an audit may read as a model may.
const CLOCK: &str = "execution_ts";

/// An audit of the project.
#[derive(Debug)]
pub struct Definition {
    /// The file's stem.
    pub name: String,
    /// The file.
    pub file: FileId,
    /// Whether something is wrong with it, which has been reported.
    pub is_broken: bool,
    /// What it imports: aliases and their targets.
    pub(super) imports: Vec<graph::Edge>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) text: Arc<str>,
    /// Where its query stands, without the semicolon.
    pub(super) body: Range<usize>,
    /// Every `:name` in it but the clock, in the order of the text.
    pub(super) uses: Vec<Use>,
}

/// A parameter.
#[derive(Debug)]
pub(super) struct Parameter {
    pub note: ParameterNote,
    /// The type of a value; unknown for columns and relations.
    pub sql_type: SqlType,
    /// Whether it is read as a relation somewhere.
    pub is_table: bool,
}

/// A place of a `:name`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    pub span: Span,
    pub used: Used,
    pub position: Position,
}

/// What a `:name` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Used {
    This,
    Parameter(usize),
    Import(usize),
}

/// Where a `:name` stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// As something that is read, with an alias of its own behind it or without.
    Table { aliased: bool },
    /// As an argument of a macro, which may be a table or a value.
    Given,
    /// Behind a dot: `this.:column`.
    Field,
    /// Within an expression.
    Value,
}

/// An audit's query with its parameters as they are, for what can be told without any call.
#[derive(Debug)]
pub struct Generic {
    /// The text, as long as the file's; a parameter behind a dot is a name.
    pub text: String,
    /// Where the query stands in it.
    pub body: Range<usize>,
    /// What is read but no import, so that its columns aren't known.
    pub relations: Vec<String>,
    /// What stands for a value.
    pub values: Vec<(String, SqlType)>,
}

impl Definition {
    /// An audit that can't be called.
    pub(super) fn broken(audit: &graph::Audit) -> Self {
        Self {
            name: audit.name.clone(),
            file: audit.file,
            is_broken: true,
            imports: Vec::new(),
            parameters: Vec::new(),
            text: Arc::from(""),
            body: 0..0,
            uses: Vec::new(),
        }
    }

    /// Reads a file.
    pub(super) fn read(
        audit: &graph::Audit,
        text: &Arc<str>,
        header: &Header,
        macros: &macros::Library,
    ) -> (Self, Vec<Diagnostic>) {
        let mut reading = Reading {
            definition: Self {
                imports: audit.imports.clone(),
                text: Arc::clone(text),
                is_broken: audit.imports.iter().any(|edge| edge.target.is_none())
                    || header.imports.len() != audit.imports.len()
                    || !header.damaged.imports.is_empty(),
                ..Self::broken(audit)
            },
            header,
            diagnostics: Vec::new(),
        };
        reading.name();
        reading.parameters();
        reading.query(macros);
        let Reading {
            mut definition,
            diagnostics,
            ..
        } = reading;
        definition.is_broken |= diagnostics.iter().any(Diagnostic::is_error);
        (definition, diagnostics)
    }

    /// Its query, to be looked at by itself; `None` if something is wrong with it.
    pub fn generic(&self) -> Option<Generic> {
        if self.is_broken {
            return None;
        }
        let parameters = self.parameters.iter();
        let is_table = |parameter: &&Parameter| parameter.is_table;
        let name = |parameter: &Parameter| parameter.note.name.value.to_lowercase();
        Some(Generic {
            text: generic_text(&self.text, &self.uses),
            body: self.body.clone(),
            relations: parameters.clone().filter(is_table).map(name).collect(),
            values: parameters
                .filter(|parameter| parameter.note.kind != ParameterKind::Relation)
                .map(|parameter| (name(parameter), parameter.sql_type.clone()))
                .collect(),
        })
    }

    /// The imports by their aliases in lower case, with what each stands for.
    pub fn imports(&self) -> impl Iterator<Item = (String, graph::NodeId)> {
        let imports = self.imports.iter();
        imports.filter_map(|edge| Some((edge.alias.value.to_lowercase(), edge.target?)))
    }
}

/// The text in which a parameter behind a dot is a name: its colon is a blank.
fn generic_text(text: &str, uses: &[Use]) -> String {
    let mut text = text.to_owned();
    for found in uses
        .iter()
        .filter(|found| found.position == Position::Field)
    {
        let colon = found.span.start as usize;
        text.replace_range(colon..=colon, " ");
    }
    text
}

struct Reading<'h> {
    definition: Definition,
    header: &'h Header,
    diagnostics: Vec<Diagnostic>,
}

fn malformed(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::MalformedAudit, span, message)
}

impl Reading<'_> {
    /// An audit is called by its file's name.
    fn name(&mut self) {
        let name = &self.definition.name;
        if !is_identifier(name) {
            let message = format!("`{name}` can't be the name of an audit");
            let top = Span::new(self.definition.file, 0, 0);
            self.diagnostics.push(
                Diagnostic::error(Code::InvalidFileName, top, message)
                    .hint("use letters, digits and `_`"),
            );
        }
    }

    fn parameters(&mut self) {
        for note in &self.header.parameters {
            let sql_type = match &note.kind {
                ParameterKind::Value(written) => {
                    let read = crate::check::table::written_type(&written.value, written.span);
                    read.unwrap_or_else(|finding| {
                        self.diagnostics.push(finding);
                        SqlType::Unknown
                    })
                }
                ParameterKind::Column | ParameterKind::Relation => SqlType::Unknown,
            };
            if let Some(default) = &note.default {
                let found = super::arguments::unfit(default, &sql_type, &note.name.value);
                self.diagnostics.extend(found);
            }
            self.definition.parameters.push(Parameter {
                note: note.clone(),
                sql_type,
                is_table: false,
            });
        }
    }

    fn query(&mut self, macros: &macros::Library) {
        let text = Arc::clone(&self.definition.text);
        let range = self.header.body_start..text.len();
        if let Some(finding) = directive(self.definition.file, &text, range.clone()) {
            self.diagnostics.push(finding);
            return;
        }
        let (tokens, found) = lex(self.definition.file, &text, range);
        if !found.is_empty() {
            self.diagnostics.extend(found);
            return;
        }
        let is_sql = |token: &&Token| token.kind != TokenKind::Comment;
        let tokens: Vec<Token> = tokens.iter().filter(is_sql).copied().collect();
        self.body(&tokens);
        let references = self.references(&tokens);
        let found = self.places(&tokens, references, macros);
        if self.diagnostics.iter().any(Diagnostic::is_error) {
            return;
        }
        self.unused();
        if let Some(finding) = found.and_then(|tables| self.fitting(tables)) {
            self.diagnostics.push(finding);
        }
    }

    /// Where the query stands: up to the semicolon that closes it.
    fn body(&mut self, tokens: &[Token]) {
        let text = &self.definition.text;
        let is_semicolon = |token: &&Token| {
            token.kind == TokenKind::Symbol && text.get(token.span.range()) == Some(";")
        };
        let last = tokens.iter().rev().find(|token| !is_semicolon(token));
        if let (Some(first), Some(last)) = (tokens.first(), last) {
            self.definition.body = first.span.range().start..last.span.range().end;
        }
    }

    /// Every `:name`, with what it means and whether it stands behind a dot. What means nothing is
    /// reported.
    fn references(&mut self, tokens: &[Token]) -> Vec<Use> {
        let text = Arc::clone(&self.definition.text);
        let written = |token: &Token| text.get(token.span.range()).unwrap_or_default();
        let mut uses = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            if token.kind != TokenKind::Reference {
                continue;
            }
            let name = written(token).trim_start_matches(':');
            if same_name(name, CLOCK) {
                continue;
            }
            let before = index.checked_sub(1).and_then(|before| tokens.get(before));
            let is_field = before.is_some_and(|before| written(before) == ".");
            let next = tokens.get(index + 1);
            let aliased = next.is_some_and(|next| is_alias(next.kind, written(next)));
            match self.meaning(name) {
                Some(used) => uses.push(Use {
                    span: token.span,
                    used,
                    position: match is_field {
                        true => Position::Field,
                        false => Position::Table { aliased },
                    },
                }),
                None => {
                    let finding = self.unknown(name, token.span);
                    self.diagnostics.push(finding);
                }
            }
        }
        uses
    }

    fn meaning(&self, name: &str) -> Option<Used> {
        let definition = &self.definition;
        if same_name(name, "this") {
            return Some(Used::This);
        }
        let mut parameters = definition.parameters.iter();
        let parameter =
            parameters.position(|parameter| same_name(&parameter.note.name.value, name));
        let mut imports = definition.imports.iter();
        let import = imports.position(|edge| same_name(&edge.alias.value, name));
        parameter.map(Used::Parameter).or(import.map(Used::Import))
    }

    fn unknown(&self, name: &str, span: Span) -> Diagnostic {
        let message = format!("`:{name}` is no parameter and no import of this audit");
        let finding = Diagnostic::error(Code::UnknownReference, span, message);
        if ["start_ts", "end_ts", "start_date", "end_date"].contains(&name) {
            return finding.hint("an audit looks at all rows, and knows no range of a batch");
        }
        let parameters = self.definition.parameters.iter();
        let parameters = parameters.map(|parameter| parameter.note.name.value.as_str());
        let imports = self.definition.imports.iter();
        let imports = imports.map(|edge| edge.alias.value.as_str());
        let names = parameters.chain(imports).chain(["this"]);
        match nearest(name, names.clone()) {
            Some(near) => finding.hint(format!("did you mean `:{near}`?")).fix_name(
                name,
                span,
                names,
                |near| format!(":{near}"),
            ),
            None => finding.hint(format!("declare it: `-- @param: {name} column`")),
        }
    }

    /// Reads the query and settles where each `:name` stands. Gives how many relations are read;
    /// `None` if the query can't be read, which is reported.
    fn places(
        &mut self,
        tokens: &[Token],
        mut uses: Vec<Use>,
        macros: &macros::Library,
    ) -> Option<usize> {
        let text = generic_text(&self.definition.text, &uses);
        let (generic, _) = lex(self.definition.file, &text, self.definition.body.clone());
        let query = match parse_query(&text, &generic) {
            Ok(query) => query,
            Err(error) => {
                let place = tokens.first().map(|token| token.span);
                let place = place.unwrap_or(Span::new(self.definition.file, 0, 0));
                self.diagnostics.push(match error.primary {
                    Some(_) => error,
                    None => error.at(place, ""),
                });
                return None;
            }
        };
        let (mut values, mut given) = (BTreeSet::new(), BTreeSet::new());
        let mut tables = 0;
        walk::query(&query, &mut |node| match node {
            AnyNode::Expression(expr) => match &expr.kind {
                ExprKind::Reference(name) => {
                    values.insert(name.span.start);
                }
                ExprKind::Function(function) => {
                    let name = function.name.last().map_or("", |name| name.value.as_str());
                    if macros.has(name) {
                        let arguments = function.arguments.iter();
                        given.extend(arguments.map(|argument| argument.value.span.start));
                    }
                }
                _ => {}
            },
            AnyNode::Table(table) => match table.kind {
                TableKind::Join(_) | TableKind::Nested(_) => {}
                _ => tables += 1,
            },
            AnyNode::Query(_) => {}
        });
        for found in &mut uses {
            if found.position != Position::Field && values.contains(&found.span.start) {
                found.position = match given.contains(&found.span.start) {
                    true => Position::Given,
                    false => Position::Value,
                };
            }
            if let (Used::Parameter(index), Position::Table { .. }) = (found.used, found.position) {
                self.definition.parameters[index].is_table = true;
            }
        }
        self.definition.uses = uses;
        Some(tables)
    }

    /// What is declared and never read.
    fn unused(&mut self) {
        let is_used = |used: Used| (self.definition.uses.iter()).any(|found| found.used == used);
        let mut found = Vec::new();
        for (index, parameter) in self.definition.parameters.iter().enumerate() {
            if !is_used(Used::Parameter(index)) {
                let name = &parameter.note.name.value;
                let message = format!("the parameter `{name}` is never used");
                let finding = malformed(parameter.note.span, message);
                found.push(finding.hint(format!("remove the line, or use it as `:{name}`")));
            }
        }
        for (index, edge) in self.definition.imports.iter().enumerate() {
            // One that names no file was reported as that.
            if edge.target.is_some() && !is_used(Used::Import(index)) {
                let alias = &edge.alias.value;
                let message = format!("the import `{alias}` is never used");
                found.push(
                    Diagnostic::error(Code::UnusedImport, edge.span, message)
                        .hint(format!("remove the line, or read it as `:{alias}`"))
                        .fix(Fix::remove_lines(&self.definition.text, edge.span)),
                );
            }
        }
        self.diagnostics.extend(found);
    }

    /// What a parameter can't be at its place, and an audit that looks at nothing of its caller's.
    fn fitting(&self, tables: usize) -> Option<Diagnostic> {
        for found in &self.definition.uses {
            let misplaced = match found.used {
                Used::Parameter(index) => self.misplaced(found, index, tables),
                Used::This | Used::Import(_) if found.position == Position::Field => {
                    let message = "a relation can't stand behind a dot";
                    Some(malformed(found.span, message))
                }
                // The binder says what is wrong with a relation in an expression.
                Used::This | Used::Import(_) => None,
            };
            if misplaced.is_some() {
                return misplaced;
            }
        }
        let reads = |used: Used| (self.definition.uses.iter()).any(|found| found.used == used);
        let is_table = |parameter: &Parameter| parameter.is_table;
        if reads(Used::This) || self.definition.parameters.iter().any(is_table) {
            return None;
        }
        let top = Span::new(
            self.definition.file,
            self.definition.body.start,
            self.definition.body.end,
        );
        Some(match self.definition.parameters.is_empty() {
            true => Diagnostic::error(
                Code::NotBuiltYet,
                top,
                "an audit of no model in particular isn't built yet",
            )
            .hint("read the audited relation as `:this`, and call the audit in a model's header"),
            false => malformed(top, "this audit never reads `:this`, the audited relation")
                .hint("read it: `from :this`"),
        })
    }

    fn misplaced(&self, found: &Use, index: usize, tables: usize) -> Option<Diagnostic> {
        let parameter = &self.definition.parameters[index];
        let name = &parameter.note.name.value;
        match (&parameter.note.kind, found.position) {
            (ParameterKind::Column, Position::Value) if !parameter.is_table && tables > 1 => Some(
                malformed(
                    found.span,
                    format!("`:{name}` could be a column of several relations here"),
                )
                .hint(format!("say of which: `this.:{name}`")),
            ),
            (ParameterKind::Relation, Position::Field | Position::Value) => Some(malformed(
                found.span,
                format!("`:{name}` is a relation, not a value"),
            )),
            (ParameterKind::Value(_), Position::Table { .. } | Position::Field) => Some(malformed(
                found.span,
                format!("`:{name}` is a value, not a relation or a column"),
            )),
            _ => None,
        }
    }
}

/// A directive in a range of a file.
fn directive(file: FileId, text: &str, range: Range<usize>) -> Option<Diagnostic> {
    let end = range.end;
    let mut lexer = Lexer::new(file, text, range);
    while lexer.skip_space() {
        let position = lexer.position();
        if let Some((line, _)) = directive_line(text, position, end) {
            let span = Span::new(file, position, line);
            return Some(
                Diagnostic::error(
                    Code::NotBuiltYet,
                    span,
                    "directives in audits aren't built yet",
                )
                .hint("write the query without them, or two audits"),
            );
        }
        lexer.next_token();
    }
    None
}
