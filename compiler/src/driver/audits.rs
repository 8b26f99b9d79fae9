//! The audits of a model, and the audits of a project by themselves: bound as queries are.

use super::bound_text::BoundText;
use super::model::{Context, Work};
use crate::audit::{Audit, Composed, Definition, Surroundings};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::directives;
use crate::expand::Expanded;
use crate::expand::macros::{Caller, write_out};
use crate::graph::NodeId;
use crate::header::{AuditNote, Materialized, Severity, Threshold};
use crate::lexer::lex;
use crate::parse::parse_query;
use crate::print::Slots;
use crate::resolve::{BindInput, Candidates, Schema, bind};
use crate::span::Spanned;
use crate::sql_type::SqlType;
use crate::typed::{BodyNode, TypedAudit};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The name of the run's clock, which an audit may read.
const CLOCK: &str = "execution_ts";

impl Work<'_> {
    /// The audits of a model with these columns. What is wrong with one is reported.
    pub(super) fn audits(&mut self, own: &Schema) -> Vec<TypedAudit> {
        let notes = self.header.audits.iter();
        let audits = notes.map(|note| self.audit(note, own));
        let mut typed = Vec::new();
        let mut found = Vec::new();
        for audit in audits.collect::<Vec<_>>() {
            match audit {
                Ok(audit) => typed.push(audit),
                Err(more) => found.extend(more),
            }
        }
        self.diagnostics.extend(found);
        self.depend_on_audits();
        typed
    }

    /// A model depends on the files of the audits that it calls.
    fn depend_on_audits(&mut self) {
        let context = self.context;
        for note in &self.header.audits {
            if let Some(Audit::Own(definition)) = context.audits.find(&note.name.value) {
                let source = context.outline.files.sources.file(definition.file);
                self.dependencies.push(source.path.clone());
            }
        }
    }

    /// The names of imports and variables, in lower case, that audits use.
    pub(super) fn used_by_audits(&self) -> Vec<String> {
        let mut used = Vec::new();
        for note in &self.header.audits {
            let arguments = note.arguments.iter();
            let named = arguments.filter_map(|argument| argument.value.reference());
            used.extend(named.map(|name| name.value.to_lowercase()));
            if let Some(filter) = &note.filter {
                let (tokens, _) = lex(self.file, &filter.value, 0..filter.value.len());
                let names = directives::references(&filter.value, &tokens);
                used.extend(names.map(|(name, _)| name.to_lowercase()));
            }
        }
        used
    }

    fn audit(&self, note: &AuditNote, own: &Schema) -> Result<TypedAudit, Vec<Diagnostic>> {
        if self.node.materialized() == Materialized::Ephemeral {
            let message = "an ephemeral model has no rows of its own that could be audited";
            let finding = Diagnostic::error(Code::WrongMaterialization, note.call.span, message)
                .hint("leave it out, or make the model a view or a table");
            return Err(vec![finding]);
        }
        let library = &self.context.audits;
        let Some(audit) = library.find(&note.name.value) else {
            return Err(vec![unknown(note, library.names())]);
        };
        let sources = &self.context.outline.files.sources;
        let variables = self.variables.iter();
        let around = Surroundings {
            file: self.node.file,
            text: &sources.file(self.node.file).text,
            columns: own.columns.as_deref().unwrap_or_default(),
            imports: &self.imports,
            variables: variables.map(|variable| variable.name.as_str()).collect(),
            edges: &self.node.imports,
        };
        let composed = audit.compose(note, &around)?;
        let Composed {
            expanded,
            columns,
            by_row,
        } = composed;
        let body = self.audit_body(expanded, own)?;
        let threshold = |threshold: &Spanned<Threshold>| threshold.value.to_string();
        let severity = note.severity.as_ref();
        Ok(TypedAudit {
            name: note.name.value.clone(),
            call: note.call.value.clone(),
            warns: severity.is_some_and(|severity| severity.value == Severity::Warn),
            by_row,
            columns,
            warn_if: note.warn_if.as_ref().map(threshold),
            error_if: note.error_if.as_ref().map(threshold),
            store_failures: note.store_failures,
            body,
        })
    }

    /// The query of an audit, with what the runtime fills in.
    fn audit_body(
        &self,
        composed: Expanded,
        own: &Schema,
    ) -> Result<Vec<BodyNode>, Vec<Diagnostic>> {
        let imports = self.imports.iter().chain(&self.audit_imports);
        let imports = imports.map(|(alias, schema)| (alias.clone(), schema.clone()));
        let variables = self.variables.iter();
        let variables =
            variables.map(|variable| (variable.name.to_lowercase(), variable.sql_type.clone()));
        let names = variables.chain([(CLOCK.to_owned(), SqlType::Timestamp)]);
        let bound = BoundText::new(
            self,
            composed,
            Some(placeless(own)),
            imports.collect(),
            names.collect(),
        )?;
        let work = bound.work(self);
        let mut slots = Slots::default();
        work.add_relation_slots(&bound.variant.relations, &mut slots);
        work.value_slots(&bound.tree, &mut slots);
        Ok(work.printed(&slots, |printer| printer.body(&bound.tree)))
    }
}

/// Columns without the places where they are made, which may lie in a text that is no file.
pub(super) fn placeless(schema: &Schema) -> Schema {
    let mut schema = schema.clone();
    for column in schema.columns.iter_mut().flatten() {
        column.made_at = None;
    }
    schema
}

fn unknown<'n>(note: &AuditNote, names: impl Iterator<Item = &'n str> + Clone) -> Diagnostic {
    let name = &note.name.value;
    let message = format!("there is no audit `{name}`");
    let finding = Diagnostic::error(Code::UnknownAudit, note.name.span, message);
    match nearest(name, names.clone()) {
        Some(near) => finding.hint(format!("did you mean `{near}`?")).fix_name(
            name,
            note.name.span,
            names,
            str::to_owned,
        ),
        None => finding.hint(format!("write its query into `audits/{name}.sql`")),
    }
}

/// What is wrong with the audits of a project, whoever calls them. `schema_of` gives the columns
/// of what they import.
pub(super) fn check_definitions(
    context: &Context<'_>,
    schema_of: impl Fn(NodeId) -> Schema,
) -> Vec<Diagnostic> {
    let definitions = context.audits.definitions().iter();
    definitions
        .flat_map(|definition| check_definition(context, definition, &schema_of))
        .collect()
}

fn check_definition(
    context: &Context<'_>,
    definition: &Definition,
    schema_of: &impl Fn(NodeId) -> Schema,
) -> Vec<Diagnostic> {
    let Some(generic) = definition.generic() else {
        return Vec::new();
    };
    let (mut tree, _) = directives::read(definition.file, &generic.text, generic.body.clone(), &[]);
    let mut expanded = None;
    if context.macros.may_be_called(&generic.text, &tree) {
        let caller = Caller {
            text: &generic.text,
            file: definition.file,
            body_start: generic.body.start,
            expanded: None,
        };
        let (written, found) = write_out(&context.macros, caller, &tree);
        if found.iter().any(Diagnostic::is_error) {
            return found;
        }
        let text = written.text();
        (tree, _) = directives::read(written.file(), text, 0..text.len(), &[]);
        expanded = Some(written);
    }
    let text = expanded.as_ref().map_or(&*generic.text, Expanded::text);
    let back = |found: Diagnostic| match &expanded {
        Some(expanded) => expanded.finding(found),
        None => found,
    };
    let query = match parse_query(text, &tree.tokens) {
        Ok(query) => query,
        Err(error) => return vec![back(error)],
    };
    let imports = definition.imports();
    let mut imports: BTreeMap<String, Schema> = imports
        .map(|(alias, target)| (alias, schema_of(target)))
        .collect();
    let unknown = generic.relations.into_iter();
    imports.extend(unknown.map(|name| (name, Schema::unknown())));
    let clock = (CLOCK.to_owned(), SqlType::Timestamp);
    let input = BindInput {
        imports: Cow::Owned(imports),
        this: Some(Schema::unknown()),
        variables: generic.values.into_iter().chain([clock]).collect(),
        candidates: Candidates::Of(context),
        text,
        unique_columns: false,
    };
    bind(&query, &input)
        .diagnostics
        .into_iter()
        .map(back)
        .collect()
}
