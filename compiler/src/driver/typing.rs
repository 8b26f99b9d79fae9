//! Types the variants of a model: by our own binder, and where it doesn't know, by the engine.

use super::kept::Engine;
use super::model::Work;
use super::question::Question;
use super::variants::TypedVariant;
use crate::check::{self, OutputColumn};
use crate::diagnostic::{Code, Diagnostic};
use crate::directives;
use crate::header::{ColumnNote, Incremental, Materialized};
use crate::parse::{ast, parse_query};
use crate::project::VariableValue;
use crate::resolve::{BindInput, Candidates, Column, RelationUse, Schema, bind, data_columns};
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::token::{Token, TokenKind};
use crate::types::oracle::OracleRefusal;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

impl Work<'_> {
    /// Types all variants. Those that read the model's own table come last, as its columns are
    /// what the others give.
    pub(super) fn type_variants(&mut self, variants: &[directives::Variant]) -> Vec<TypedVariant> {
        let time_type = self.time_type(variants);
        let mut typed: Vec<Option<TypedVariant>> = vec![None; variants.len()];
        let (last, first): (Vec<usize>, Vec<usize>) =
            (0..variants.len()).partition(|index| self.reads_this(&variants[*index]));
        let mut own = self.stored().then(Schema::unknown);
        for index in first {
            let variant = self.type_variant(&variants[index].tokens, own.as_ref(), &time_type);
            if let (Some(columns), true) = (&variant.columns, self.stored()) {
                own = Some(self.own_table(columns));
            }
            typed[index] = Some(variant);
        }
        for index in last {
            typed[index] =
                Some(self.type_variant(&variants[index].tokens, own.as_ref(), &time_type));
        }
        let typed: Vec<TypedVariant> = typed.into_iter().flatten().collect();
        let mut seen: BTreeSet<(Code, Option<Span>)> = BTreeSet::new();
        for variant in &typed {
            for found in &variant.diagnostics {
                // What several variants share is reported once.
                if seen.insert((found.code, found.primary.as_ref().map(|label| label.span))) {
                    self.diagnostics.push(self.with_import(found.clone()));
                }
            }
        }
        typed
    }

    fn reads_this(&self, variant: &directives::Variant) -> bool {
        directives::references(self.text, &variant.tokens)
            .any(|(name, _)| name.eq_ignore_ascii_case("this"))
    }

    /// The model's own table, which has the columns of its query with the types of its contract.
    /// Any variant may have written a row, so that only a contract or an audit keeps nulls out of a
    /// column.
    fn own_table(&self, columns: &[OutputColumn]) -> Schema {
        let own = |column: &OutputColumn| {
            let note = self.note(&column.name);
            let declared = note.and_then(declared_type);
            Column {
                nullable: note.is_none_or(|note| note.not_null.is_none())
                    && !check::contract::is_audited(self.header, &column.name),
                sql_type: declared.unwrap_or_else(|| column.sql_type.clone()),
                ..column.column()
            }
        };
        Schema::known(columns.iter().map(own).collect())
    }

    /// The type that the contract gives a column.
    pub(super) fn contract_type(&self, column: &str) -> Option<SqlType> {
        self.note(column).and_then(declared_type)
    }

    fn note(&self, column: &str) -> Option<&ColumnNote> {
        let mut notes = self.header.columns.iter();
        notes.find(|note| note.name.value.eq_ignore_ascii_case(column))
    }

    /// Whether the model has a table of its own that its query may read.
    pub(super) fn stored(&self) -> bool {
        self.node.materialized() == Materialized::Incremental || self.header.config.damaged
    }

    /// Whether the model has batches of a range. Where its header says something wrong about
    /// that, it is taken to have them: the cause was reported.
    pub(super) fn has_range(&self) -> bool {
        match &self.node.config.incremental {
            Some(incremental) => matches!(incremental, Incremental::TimeRange(_)),
            None => self.stored(),
        }
    }

    /// The type that the bounds of a batch have, which is that of the time column: its contract's,
    /// else the one that a variant gives which doesn't read the model's own table.
    pub(super) fn time_type(&self, variants: &[directives::Variant]) -> SqlType {
        let Some(Incremental::TimeRange(range)) = &self.node.config.incremental else {
            return SqlType::Timestamp;
        };
        let name = &range.time_column.value;
        let declared = self.contract_type(name);
        match declared.or_else(|| self.typed_column(name, variants)) {
            // Others are written as timestamps.
            Some(sql_type @ (SqlType::Date | SqlType::TimestampTz | SqlType::TimestampNs)) => {
                sql_type
            }
            _ => SqlType::Timestamp,
        }
    }

    /// The type of a column, found with bounds that are timestamps.
    fn typed_column(&self, name: &str, variants: &[directives::Variant]) -> Option<SqlType> {
        let variant = variants
            .iter()
            .find(|variant| !self.reads_this(variant))
            .or(variants.first())?;
        let own = Some(Schema::unknown());
        let typed = self.type_variant(&variant.tokens, own.as_ref(), &SqlType::Timestamp);
        let mut columns = typed.columns?.into_iter();
        let column = columns.find(|column| column.name.eq_ignore_ascii_case(name))?;
        Some(column.sql_type)
    }

    /// The names of variables and bounds with their types.
    pub(super) fn names(&self, time_type: &SqlType) -> BTreeMap<String, SqlType> {
        let mut names: BTreeMap<String, SqlType> = self
            .variables
            .iter()
            .map(|variable| (variable.name.to_lowercase(), variable.sql_type.clone()))
            .collect();
        if self.has_range() {
            for name in ["start_ts", "end_ts"] {
                names.insert(name.to_owned(), time_type.clone());
            }
            for name in ["start_date", "end_date"] {
                names.insert(name.to_owned(), SqlType::Date);
            }
        }
        names.insert("execution_ts".to_owned(), SqlType::Timestamp);
        names
    }

    fn type_variant(
        &self,
        tokens: &[Token],
        this: Option<&Schema>,
        time_type: &SqlType,
    ) -> TypedVariant {
        let names = self.names(time_type);
        match parse_query(self.text, tokens).and_then(|query| self.query_for_a_model(query)) {
            Ok(query) => self.bound(tokens, query, this, names),
            Err(error) if error.primary.is_none() => {
                // A variant without a single token has no place of its own.
                let error = error.at(self.node_span(), "");
                self.unparsed(tokens, error, this, &names)
            }
            Err(error) => self.unparsed(tokens, error, this, &names),
        }
    }

    /// Refuses what is a query behind a `FROM` only: alone it tells about one.
    fn query_for_a_model(&self, query: ast::Query) -> Result<ast::Query, Diagnostic> {
        let ast::QueryBody::Special(span, _) = query.body else {
            return Ok(query);
        };
        let written = self.text.get(span.range()).unwrap_or_default();
        let word = written.split_whitespace().next().unwrap_or_default();
        let tells = ["describe", "desc", "show", "summarize"];
        if !tells.iter().any(|known| known.eq_ignore_ascii_case(word)) {
            return Ok(query);
        }
        let place = Span::new(
            span.file,
            span.start as usize,
            span.start as usize + word.len(),
        );
        let message = format!("a model is a query, and `{word}` begins another statement");
        Err(Diagnostic::error(Code::NotAQuery, place, message)
            .hint(format!("read what it tells: `select * from ({word} …)`")))
    }

    fn bound(
        &self,
        tokens: &[Token],
        query: ast::Query,
        this: Option<&Schema>,
        names: BTreeMap<String, SqlType>,
    ) -> TypedVariant {
        let input = BindInput {
            imports: Cow::Borrowed(&self.imports),
            this: this.cloned(),
            variables: names.clone(),
            candidates: Candidates::Of(self.context),
            text: self.text,
            unique_columns: true,
        };
        let mut bound = bind(&query, &input);
        let mut variant = TypedVariant::of_bound(query, &mut bound);
        data_columns::check(self.text, tokens, &mut variant.diagnostics);
        self.add_unseen_uses(&mut variant, tokens, &names);
        self.take_declared_columns(&mut variant);
        if variant.has_errors() {
            return variant;
        }
        if bound.is_complete() {
            if self.context.oracle.judges_every_query() {
                let refused = self.judged(tokens, &variant.relations, this, &names);
                variant.diagnostics.extend(refused);
            }
            return variant;
        }
        if variant.columns.is_some() {
            return variant;
        }
        match self.ask(tokens, &variant.relations, this, &names) {
            Answer::Columns(columns) => variant.fill(&bound, columns),
            Answer::Refused(refusal, span) => {
                variant.diagnostics.push(engine_refuses(&refusal, span))
            }
            Answer::Failed(refusal, span) => variant.diagnostics.push(engine_fails(&refusal, span)),
            Answer::NotAsked => {}
        }
        variant
    }

    /// The engine's refusal of a query that our own binder knows all about. What the engine fails
    /// in for another reason, such as an extension that isn't loaded, is no mistake of the query.
    pub(super) fn judged(
        &self,
        tokens: &[Token],
        relations: &[RelationUse],
        this: Option<&Schema>,
        names: &BTreeMap<String, SqlType>,
    ) -> Option<Diagnostic> {
        match self.ask(tokens, relations, this, names) {
            Answer::Refused(refusal, span) => Some(engine_refuses(&refusal, span)),
            Answer::Columns(_) | Answer::Failed(..) | Answer::NotAsked => None,
        }
    }

    /// Where columns depend on data, those of the contract are the model's. A view can't be made
    /// of such a query: its columns would change without it.
    fn take_declared_columns(&self, variant: &mut TypedVariant) {
        let depends_on_data = |found: &Diagnostic| found.code == Code::ColumnsDependOnData;
        let stored = matches!(
            self.node.materialized(),
            Materialized::Table | Materialized::Incremental | Materialized::Scd2
        );
        let notes = &self.header.columns;
        let typed = !notes.is_empty() && notes.iter().all(|note| note.sql_type.is_some());
        if variant.diagnostics.is_empty()
            || !variant.diagnostics.iter().all(depends_on_data)
            || !stored
            || !typed
        {
            return;
        }
        variant.diagnostics.clear();
        let column = |note: &crate::header::ColumnNote| OutputColumn {
            name: note.name.value.clone(),
            sql_type: SqlType::Unknown,
            nullable: true,
            span: note.name.span,
        };
        variant.columns = Some(notes.iter().map(column).collect());
    }

    /// A variant that our own parser can't read: if the engine can, it is typed by the engine.
    fn unparsed(
        &self,
        tokens: &[Token],
        error: Diagnostic,
        this: Option<&Schema>,
        names: &BTreeMap<String, SqlType>,
    ) -> TypedVariant {
        let mut variant = TypedVariant::unparsed(self.uses_by_tokens(tokens, names));
        // The engine reads parameters, and a model has none. What is too deep for dbgo may not be
        // for the engine.
        let has_parameter = tokens
            .iter()
            .any(|token| token.kind == TokenKind::Parameter);
        if !matches!(error.code, Code::SyntaxError | Code::TooDeep) || has_parameter {
            variant.diagnostics.push(error);
            return variant;
        }
        match self.ask(tokens, &variant.relations, this, names) {
            Answer::Columns(columns) => {
                let span = error
                    .primary
                    .as_ref()
                    .map_or(self.node_span(), |label| label.span);
                variant.set_columns(columns, span);
                variant.diagnostics.push(
                    Diagnostic::note_at(Code::ParsedByEngine, span, "the engine reads this query, and dbgo's own parser doesn't")
                        .note("its columns are typed by the engine; mistakes in it are found by the engine only"),
                );
            }
            // Whether the engine could read it isn't known.
            Answer::Failed(refusal, span) => variant.diagnostics.push(engine_fails(&refusal, span)),
            Answer::Refused(..) | Answer::NotAsked => variant.diagnostics.push(error),
        }
        variant
    }

    pub(super) fn node_span(&self) -> Span {
        Span::new(self.file, self.body_start, self.text.len())
    }

    /// Asks the engine for a variant's columns, if all that it reads is known.
    fn ask(
        &self,
        tokens: &[Token],
        relations: &[RelationUse],
        this: Option<&Schema>,
        names: &BTreeMap<String, SqlType>,
    ) -> Answer {
        let paths = self.node.imports.iter().map(|edge| {
            let target = edge
                .target
                .map(|id| self.context.outline.graph.node(id).path.clone());
            (edge.alias.value.to_lowercase(), target.unwrap_or_default())
        });
        let question = Question {
            text: self.text,
            tokens,
            relations,
            imports: &self.imports,
            paths: &paths.collect(),
            this,
            names,
            defaults: &self.variable_values(),
        };
        let Some((question, map)) = question.build() else {
            return Answer::NotAsked;
        };
        let answer = self.context.memory.answer(&question, || {
            with_engine_stack(|| self.context.oracle.columns(&question))
        });
        let failed = answer
            .as_ref()
            .is_err_and(|refusal| !refusal.is_about_query);
        let engine = if failed {
            Engine::Failed
        } else {
            Engine::Asked
        };
        self.engine.set(self.engine.get().max(engine));
        match answer {
            Ok(columns) => Answer::Columns(columns),
            Err(refusal) => {
                let span = refusal.position.and_then(|position| map.span_at(position));
                let span = span.unwrap_or_else(|| self.first_token_span(tokens));
                if refusal.is_about_query {
                    Answer::Refused(refusal, span)
                } else {
                    Answer::Failed(refusal, span)
                }
            }
        }
    }

    fn first_token_span(&self, tokens: &[Token]) -> Span {
        tokens
            .first()
            .map_or_else(|| self.node_span(), |token| token.span)
    }

    /// A value for each variable, as SQL, for questions to the engine.
    fn variable_values(&self) -> BTreeMap<String, String> {
        let configured = |name: &str| {
            let variables = &self.context.outline.settings.variables;
            let variable = variables
                .iter()
                .find(|variable| variable.name.value == name)?;
            match &variable.value.value {
                VariableValue::Scalar(scalar) => Some(scalar.to_sql()),
                VariableValue::List(_) => None,
            }
        };
        self.variables
            .iter()
            .filter_map(|variable| {
                let value = configured(&variable.name).or_else(|| variable.default.clone())?;
                Some((variable.name.to_lowercase(), value))
            })
            .collect()
    }

    /// Where relations are used in a variant that has no tree: each `:alias`, with a look at the
    /// next token for an alias.
    fn uses_by_tokens(
        &self,
        tokens: &[Token],
        names: &BTreeMap<String, SqlType>,
    ) -> Vec<RelationUse> {
        crate::parse::relation_uses_by_tokens(self.text, tokens)
            .into_iter()
            .filter(|found| !names.contains_key(&found.name))
            .collect()
    }

    /// Adds the relations of those parts of a query that have no tree, such as `PIVOT :orders ON …`.
    pub(super) fn add_unseen_uses(
        &self,
        variant: &mut TypedVariant,
        tokens: &[Token],
        names: &BTreeMap<String, SqlType>,
    ) {
        for found in self.uses_by_tokens(tokens, names) {
            if !variant.relations.iter().any(|seen| seen.span == found.span) {
                variant.reads_this |= found.name == "this";
                variant.relations.push(found);
            }
        }
    }
}

/// The stack that an engine may need: it walks trees of a thousand levels, and has no bound but
/// their number.
const ENGINE_STACK: usize = 32 * 1024 * 1024;

fn with_engine_stack<T>(ask: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(ENGINE_STACK, ENGINE_STACK, ask)
}

/// The type of a contract, if it is one; what isn't is reported with the contract.
fn declared_type(note: &ColumnNote) -> Option<SqlType> {
    let written = note.sql_type.as_ref()?;
    let sql_type = written.value.parse::<SqlType>().ok()?;
    (!matches!(sql_type, SqlType::Other(_))).then_some(sql_type)
}

/// What the engine says of a variant.
enum Answer {
    Columns(Vec<(String, SqlType)>),
    Refused(OracleRefusal, Span),
    /// Something that the query reads isn't known, which was reported there.
    NotAsked,
    /// The engine failed for a reason that isn't in the query.
    Failed(OracleRefusal, Span),
}

fn engine_refuses(refusal: &OracleRefusal, span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::EngineRefuses,
        span,
        format!("the engine refuses this query: {}", refusal.message),
    )
}

fn engine_fails(refusal: &OracleRefusal, span: Span) -> Diagnostic {
    let message = format!(
        "the engine, which types this query, fails: {}",
        refusal.message
    );
    Diagnostic::error(Code::EngineFailed, span, message)
}
