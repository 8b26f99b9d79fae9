//! One model: from its tokens to its columns and the pieces of its SQL.

use super::question::Question;
use super::tables::{parsed_type, schema};
use super::variants::{self, TypedVariant};
use super::{Known, KnownKind, Memory, Outline};
use crate::check;
use crate::diagnostic::{Code, Diagnostic};
use crate::directives::{self, Context as Reachable, DirectiveTree, Place, ValueKind, Variable};
use crate::graph::Node;
use crate::header::{Header, Incremental, Materialized};
use crate::parse::{ast, parse_query};
use crate::print::{Printer, SlotPlace, Slots};
use crate::project::VariableValue;
use crate::resolve::{BindInput, RelationUse, Schema, bind};
use crate::span::{FileId, Span};
use crate::sql_type::SqlType;
use crate::token::Token;
use crate::typed::{self, Slot, TypedModel, TypedVariable};
use crate::types::oracle::{OracleRefusal, TypeOracle};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The names of the batch's bounds and of the run's clock.
const BOUNDS: [(&str, Slot); 5] = [
    ("start_ts", Slot::StartTimestamp),
    ("end_ts", Slot::EndTimestamp),
    ("start_date", Slot::StartDate),
    ("end_date", Slot::EndDate),
    ("execution_ts", Slot::ExecutionTimestamp),
];

/// What all models of a project share.
pub(super) struct Context<'a> {
    outline: &'a Outline,
    oracle: &'a dyn TypeOracle,
    memory: &'a Memory,
    /// Names of relations and files, in lower case, with the import paths that they stand for.
    candidates: BTreeMap<String, String>,
    places: Vec<Place>,
}

impl<'a> Context<'a> {
    pub(super) fn new(outline: &'a Outline, oracle: &'a dyn TypeOracle, memory: &'a Memory) -> Self {
        let mut candidates = BTreeMap::new();
        for (_, node) in outline.graph.iter() {
            candidates.insert(node.relation().to_lowercase(), node.path.clone());
            candidates.entry(node.config.name.value.to_lowercase()).or_insert_with(|| node.path.clone());
        }
        let places = super::engine_kinds(&outline.settings)
            .into_iter()
            .map(|kind| Place { env: "*".to_owned(), engine: kind.word().to_owned() })
            .collect();
        Self { outline, oracle, memory, candidates, places }
    }
}

/// One model at work.
struct Work<'a> {
    context: &'a Context<'a>,
    node: &'a Node,
    header: &'a Header,
    file: FileId,
    text: &'a str,
    /// What each import's alias, in lower case, gives.
    imports: BTreeMap<String, Schema>,
    variables: Vec<TypedVariable>,
    diagnostics: Vec<Diagnostic>,
}

/// Compiles a model. `known` holds what it imports.
pub(super) fn compile(context: &Context<'_>, node: &Node, known: &[Option<Known>]) -> (Known, Vec<Diagnostic>) {
    let outline = context.outline;
    let header = outline.headers.get(&node.file);
    let Some(header) = header.filter(|header| header.has_body && outline.files.is_usable(node.file)) else {
        return (Known::broken(), Vec::new());
    };
    let import_schema = |edge: &crate::graph::Edge| {
        let target = edge.target.and_then(|id| known[id.0 as usize].as_ref());
        let schema = target.map_or_else(Schema::unknown, |known| known.schema.clone());
        (edge.alias.value.to_lowercase(), schema)
    };
    let mut work = Work {
        context,
        node,
        header,
        file: node.file,
        text: &outline.files.sources.file(node.file).text,
        imports: node.imports.iter().map(import_schema).collect(),
        variables: Vec::new(),
        diagnostics: Vec::new(),
    };
    work.declare_variables();
    let model = work.typed();
    let broken = work.diagnostics.iter().any(Diagnostic::is_error);
    let known = match model {
        Some(model) if !broken => {
            Known { schema: schema(&model.columns), kind: KnownKind::Model(Arc::new(model)) }
        }
        // Readers of a broken model still see its columns, so that their own mistakes are found.
        Some(model) => Known { schema: schema(&model.columns), kind: KnownKind::Broken },
        None => Known::broken(),
    };
    (known, work.diagnostics)
}

impl Work<'_> {
    fn declare_variables(&mut self) {
        for declaration in &self.header.variables {
            let sql_type = parsed_type(
                &declaration.sql_type.value,
                declaration.sql_type.span,
                &mut self.diagnostics,
            );
            check::variables::check(
                declaration,
                &sql_type,
                &self.context.outline.settings,
                &mut self.diagnostics,
            );
            self.variables.push(TypedVariable {
                name: declaration.name.value.clone(),
                sql_type,
                default: declaration.default.as_ref().map(|default| default.value.clone()),
            });
        }
    }

    fn typed(&mut self) -> Option<TypedModel> {
        let tree = self.directives()?;
        let reachable = Reachable {
            dialect: self.context.outline.settings.dialect.word().to_owned(),
            incremental: self.stored(),
            places: self.context.places.clone(),
        };
        let variants = match directives::variants(self.text, &tree, &reachable) {
            Ok(variants) => variants,
            Err(error) => {
                self.diagnostics.push(error);
                return None;
            }
        };
        let typed = self.type_variants(&variants.variants);
        self.report_unused(&tree, &typed);
        check::time_range::check(self.node, self.text, &variants.variants, &mut self.diagnostics);
        let merged = variants::merge(&tree, &variants, &typed, &mut self.diagnostics)?;
        let contract = check::contract::apply(self.header, self.node, merged, &mut self.diagnostics);
        check::keys::check(self.node, &contract.columns, &mut self.diagnostics);
        let body = self.body(&tree, &typed, &contract);
        Some(self.model(&typed, contract.columns, body))
    }

    fn directives(&mut self) -> Option<DirectiveTree> {
        let mut variables: Vec<Variable> = self.variables.iter().map(condition_variable).collect();
        variables.sort_by(|left, right| left.name.cmp(&right.name));
        let range = self.header.body_start..self.text.len();
        let (tree, found) = directives::read(self.file, self.text, range, &variables);
        let broken = found.iter().any(Diagnostic::is_error);
        self.diagnostics.extend(found);
        (!broken).then_some(tree)
    }

    /// Types all variants. Those that read the model's own table come last, as its columns are
    /// what the others give.
    fn type_variants(&mut self, variants: &[directives::Variant]) -> Vec<TypedVariant> {
        let time_type = self.time_type(variants);
        let mut typed: Vec<Option<TypedVariant>> = vec![None; variants.len()];
        let reads_this = |variant: &directives::Variant| {
            directives::references(self.text, &variant.tokens).any(|(name, _)| name.eq_ignore_ascii_case("this"))
        };
        let (last, first): (Vec<usize>, Vec<usize>) =
            (0..variants.len()).partition(|index| reads_this(&variants[*index]));
        let mut own = self.stored().then(Schema::unknown);
        for index in first {
            let variant = self.type_variant(&variants[index].tokens, own.as_ref(), &time_type);
            if let (Some(columns), true) = (&variant.columns, self.stored()) {
                own = Some(Schema::known(columns.iter().map(variants::OutputColumn::column).collect()));
            }
            typed[index] = Some(variant);
        }
        for index in last {
            typed[index] = Some(self.type_variant(&variants[index].tokens, own.as_ref(), &time_type));
        }
        let typed: Vec<TypedVariant> = typed.into_iter().flatten().collect();
        let mut seen: BTreeSet<(Code, Option<Span>)> = BTreeSet::new();
        for variant in &typed {
            for found in &variant.diagnostics {
                // What several variants share is reported once.
                if seen.insert((found.code, found.primary.as_ref().map(|label| label.span))) {
                    self.diagnostics.push(found.clone());
                }
            }
        }
        typed
    }

    /// Whether the model has a table of its own that its query may read.
    fn stored(&self) -> bool {
        self.node.materialized() == Materialized::Incremental || self.header.config.is_filling_unclear()
    }

    /// Whether the model has batches of a range. Where its header says something wrong about
    /// that, it is taken to have them: the cause was reported.
    fn has_range(&self) -> bool {
        match &self.node.config.incremental {
            Some(incremental) => matches!(incremental, Incremental::TimeRange(_)),
            None => self.stored(),
        }
    }

    /// The type of the time column, which the bounds of a batch have: that of the first variant.
    fn time_type(&self, variants: &[directives::Variant]) -> SqlType {
        let Some(Incremental::TimeRange(range)) = &self.node.config.incremental else {
            return SqlType::Timestamp;
        };
        let own = Some(Schema::unknown());
        let columns = variants
            .first()
            .and_then(|variant| self.type_variant(&variant.tokens, own.as_ref(), &SqlType::Timestamp).columns);
        let column = columns.and_then(|columns| {
            columns.into_iter().find(|column| column.name.eq_ignore_ascii_case(&range.time_column.value))
        });
        match column.map(|column| column.sql_type) {
            Some(sql_type @ (SqlType::Date | SqlType::TimestampTz)) => sql_type,
            Some(sql_type) if sql_type.is_timestamp() => sql_type,
            _ => SqlType::Timestamp,
        }
    }

    /// The names of variables and bounds with their types.
    fn names(&self, time_type: &SqlType) -> BTreeMap<String, SqlType> {
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

    fn type_variant(&self, tokens: &[Token], this: Option<&Schema>, time_type: &SqlType) -> TypedVariant {
        let names = self.names(time_type);
        match parse_query(self.text, tokens) {
            Ok(query) => self.bound(tokens, query, this, names),
            Err(error) => self.unparsed(tokens, error, this, &names),
        }
    }

    fn bound(
        &self,
        tokens: &[Token],
        query: ast::Query,
        this: Option<&Schema>,
        names: BTreeMap<String, SqlType>,
    ) -> TypedVariant {
        let input = BindInput {
            imports: self.imports.clone(),
            this: this.cloned(),
            variables: names.clone(),
            candidates: self.context.candidates.clone(),
            text: self.text,
            unique_columns: true,
        };
        let bound = bind(&query, &input);
        let mut variant = TypedVariant::of_bound(query, &bound);
        check::data_columns::check(self.text, tokens, &mut variant.diagnostics);
        self.add_unseen_uses(&mut variant, tokens, &names);
        self.take_declared_columns(&mut variant);
        if bound.is_complete() || variant.columns.is_some() || variant.has_errors() {
            return variant;
        }
        match self.ask(tokens, &variant.relations, this, &names) {
            Answer::Columns(columns) => variant.fill(&bound, columns),
            Answer::Refused(refusal, span) => variant.diagnostics.push(engine_refuses(&refusal, span)),
            Answer::Failed(refusal, span) => variant.diagnostics.push(engine_fails(&refusal, span)),
            Answer::NotAsked => {}
        }
        variant
    }

    /// Where columns depend on data, those of the contract are the model's. A view can't be made
    /// of such a query: its columns would change without it.
    fn take_declared_columns(&self, variant: &mut TypedVariant) {
        let depends_on_data = |found: &Diagnostic| found.code == Code::ColumnsDependOnData;
        let stored = matches!(self.node.materialized(), Materialized::Table | Materialized::Incremental);
        let notes = &self.header.columns;
        let typed = !notes.is_empty() && notes.iter().all(|note| note.sql_type.is_some());
        if variant.diagnostics.is_empty() || !variant.diagnostics.iter().all(depends_on_data) || !stored || !typed {
            return;
        }
        variant.diagnostics.clear();
        let column = |note: &crate::header::ColumnNote| variants::OutputColumn {
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
        if error.code != Code::SyntaxError {
            variant.diagnostics.push(error);
            return variant;
        }
        match self.ask(tokens, &variant.relations, this, names) {
            Answer::Columns(columns) => {
                let span = error.primary.as_ref().map_or(self.node_span(), |label| label.span);
                variant.set_columns(columns, span);
                variant.diagnostics.push(
                    Diagnostic::note_at(Code::ParsedByEngine, span, "the engine reads this query, and dbgo's own parser doesn't")
                        .note("its columns are typed by the engine; mistakes in it are found by the engine only"),
                );
            }
            Answer::Refused(..) | Answer::Failed(..) | Answer::NotAsked => variant.diagnostics.push(error),
        }
        variant
    }

    fn node_span(&self) -> Span {
        Span::new(self.file, self.header.body_start, self.text.len())
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
            let target = edge.target.map(|id| self.context.outline.graph.node(id).path.clone());
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
        let Some((question, map)) = question.build() else { return Answer::NotAsked };
        let answer = self.context.memory.answer(&question, || self.context.oracle.columns(&question));
        match answer {
            Ok(columns) => Answer::Columns(columns),
            Err(refusal) => {
                let span = refusal.position.and_then(|position| map.span_at(position));
                let span = span.unwrap_or_else(|| self.first_token_span(tokens));
                if refusal.is_about_query { Answer::Refused(refusal, span) } else { Answer::Failed(refusal, span) }
            }
        }
    }

    fn first_token_span(&self, tokens: &[Token]) -> Span {
        tokens.first().map_or_else(|| self.node_span(), |token| token.span)
    }

    /// A value for each variable, as SQL, for questions to the engine.
    fn variable_values(&self) -> BTreeMap<String, String> {
        let configured = |name: &str| {
            let variables = &self.context.outline.settings.variables;
            let variable = variables.iter().find(|variable| variable.name.value.eq_ignore_ascii_case(name))?;
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
    fn uses_by_tokens(&self, tokens: &[Token], names: &BTreeMap<String, SqlType>) -> Vec<RelationUse> {
        crate::parse::relation_uses_by_tokens(self.text, tokens)
            .into_iter()
            .filter(|found| !names.contains_key(&found.name))
            .collect()
    }

    /// Adds the relations of those parts of a query that have no tree, such as `PIVOT :orders ON …`.
    fn add_unseen_uses(
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

    fn report_unused(&mut self, tree: &DirectiveTree, typed: &[TypedVariant]) {
        // With a broken query it can't be known what it would have used.
        if typed.iter().any(TypedVariant::has_errors) {
            return;
        }
        let references: BTreeSet<String> = directives::references(self.text, &tree.tokens)
            .map(|(name, _)| name.to_lowercase())
            .chain(typed.iter().flat_map(|variant| variant.relations.iter().map(|used| used.name.clone())))
            .collect();
        for edge in &self.node.imports {
            if !references.contains(&edge.alias.value.to_lowercase()) {
                let message = format!("the import `{}` is never used", edge.alias.value);
                self.diagnostics.push(
                    Diagnostic::error(Code::UnusedImport, edge.span, message)
                        .hint(format!("remove the line, or read it as `:{}`", edge.alias.value)),
                );
            }
        }
        let in_conditions = conditions_text(tree, self.text);
        for declaration in &self.header.variables {
            let name = declaration.name.value.to_lowercase();
            if !references.contains(&name) && !in_conditions.contains(&name) {
                let message = format!("the variable `{}` is never used", declaration.name.value);
                self.diagnostics.push(
                    Diagnostic::error(Code::UnusedVariable, declaration.span, message)
                        .hint(format!("remove the line, or use it as `:{}`", declaration.name.value)),
                );
            }
        }
    }

    fn body(
        &self,
        tree: &DirectiveTree,
        typed: &[TypedVariant],
        contract: &check::contract::Contracted,
    ) -> Vec<typed::BodyNode> {
        let slots = self.slots(tree, typed);
        let variables: Vec<String> = self.variables.iter().map(|variable| variable.name.clone()).collect();
        let dialect = self.context.outline.settings.dialect.word();
        let printer = Printer { text: self.text, dialect, slots: &slots, variables: &variables };
        contract.wrap(printer.body(tree))
    }

    fn slots(&self, tree: &DirectiveTree, typed: &[TypedVariant]) -> Slots {
        let mut slots = Slots::default();
        let import = |name: &str| {
            let index = self.node.imports.iter().position(|edge| edge.alias.value.eq_ignore_ascii_case(name));
            index.and_then(|index| u32::try_from(index).ok())
        };
        for used in typed.iter().flat_map(|variant| &variant.relations) {
            let slot = match import(&used.name) {
                Some(import) => Slot::Relation { import, aliased: used.aliased },
                None => Slot::This { aliased: used.aliased },
            };
            slots.insert(SlotPlace { span: used.span, slot });
        }
        for (name, span) in directives::references(self.text, &tree.tokens) {
            let variable = self.variables.iter().position(|variable| variable.name.eq_ignore_ascii_case(name));
            let bound = BOUNDS.iter().find(|(bound, _)| bound.eq_ignore_ascii_case(name));
            let slot = match (variable, bound) {
                (Some(index), _) => Slot::Variable(u32::try_from(index).unwrap_or(u32::MAX)),
                (None, Some((_, slot))) => *slot,
                (None, None) => continue,
            };
            slots.insert(SlotPlace { span, slot });
        }
        slots
    }

    fn model(
        &self,
        typed: &[TypedVariant],
        columns: Vec<typed::TypedColumn>,
        body: Vec<typed::BodyNode>,
    ) -> TypedModel {
        let config = &self.node.config;
        let import = |edge: &crate::graph::Edge| {
            let target = edge.target.map(|id| self.context.outline.graph.node(id).path.clone());
            (edge.alias.value.clone(), target.unwrap_or_default())
        };
        TypedModel {
            path: self.node.path.clone(),
            file: self.context.outline.files.sources.file(self.file).path.clone(),
            schema: config.schema.value.clone(),
            name: config.name.value.clone(),
            description: self.node.description.clone(),
            owner: config.owner.as_ref().map(|owner| owner.value.clone()).unwrap_or_default(),
            tags: config.tags.value.clone(),
            materialization: materialization(self.node),
            imports: self.node.imports.iter().map(import).collect(),
            columns,
            variables: self.variables.clone(),
            volatile: typed.iter().any(|variant| variant.volatile),
            reads_this: typed.iter().any(|variant| variant.reads_this),
            on_schema_change: on_schema_change(config.on_schema_change.value),
            retries: config.retries.value,
            timeout_seconds: config.timeout.as_ref().map_or(0, |timeout| timeout.value.seconds),
            body,
        }
    }
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
    Diagnostic::error(Code::EngineRefuses, span, format!("the engine refuses this query: {}", refusal.message))
}

fn engine_fails(refusal: &OracleRefusal, span: Span) -> Diagnostic {
    let message = format!("the engine, which types this query, fails: {}", refusal.message);
    Diagnostic::error(Code::EngineRefuses, span, message)
}

fn condition_variable(variable: &TypedVariable) -> Variable {
    let kind = match &variable.sql_type {
        SqlType::Boolean => Some(ValueKind::Boolean),
        SqlType::Varchar => Some(ValueKind::Text),
        sql_type if sql_type.is_numeric() => Some(ValueKind::Number),
        _ => None,
    };
    Variable { name: variable.name.clone(), kind, constant: None }
}

/// The words of all conditions, in lower case.
fn conditions_text(tree: &DirectiveTree, text: &str) -> BTreeSet<String> {
    fn walk(nodes: &[directives::Node], text: &str, words: &mut BTreeSet<String>) {
        for node in nodes {
            if let directives::Node::If { branches, otherwise, .. } = node {
                for branch in branches {
                    let condition = text.get(branch.condition.span.range()).unwrap_or_default();
                    let is_word = |character: char| character.is_alphanumeric() || character == '_';
                    words.extend(condition.split(|c| !is_word(c)).map(str::to_lowercase));
                    walk(&branch.nodes, text, words);
                }
                if let Some(otherwise) = otherwise {
                    walk(&otherwise.nodes, text, words);
                }
            }
        }
    }
    let mut words = BTreeSet::new();
    walk(&tree.nodes, text, &mut words);
    words
}

fn materialization(node: &Node) -> typed::Materialization {
    match node.materialized() {
        Materialized::View => typed::Materialization::View,
        Materialized::Table => typed::Materialization::Table,
        Materialized::Ephemeral => typed::Materialization::Ephemeral,
        Materialized::Incremental => typed::Materialization::Incremental(incremental(node)),
    }
}

fn incremental(node: &Node) -> typed::Incremental {
    let mut settings = typed::Incremental {
        strategy: typed::Strategy::Append,
        time_column: None,
        unique_key: Vec::new(),
        start: None,
        end: None,
        interval: None,
        lookback: 0,
        batch_size: 0,
        outside: typed::Outside::Error,
    };
    match &node.config.incremental {
        Some(Incremental::TimeRange(range)) => {
            settings.strategy = typed::Strategy::TimeRange;
            settings.time_column = Some(range.time_column.value.clone());
            settings.start = Some(range.start.value.text.clone());
            settings.end = range.end.as_ref().map(|end| end.value.text.clone());
            settings.interval = Some(range.interval.value.text.clone());
            settings.lookback = range.lookback.value;
            settings.batch_size = range.batch_size.as_ref().map_or(0, |size| size.value);
            settings.outside = match range.outside.value {
                crate::header::Outside::Error => typed::Outside::Error,
                crate::header::Outside::Drop => typed::Outside::Drop,
                crate::header::Outside::Keep => typed::Outside::Keep,
            };
        }
        Some(Incremental::UniqueKey(key)) => {
            settings.strategy = typed::Strategy::UniqueKey;
            settings.unique_key = key.value.iter().map(|column| column.value.clone()).collect();
        }
        Some(Incremental::Append) | None => {}
    }
    settings
}

fn on_schema_change(rule: crate::header::OnSchemaChange) -> typed::OnSchemaChange {
    match rule {
        crate::header::OnSchemaChange::Fail => typed::OnSchemaChange::Fail,
        crate::header::OnSchemaChange::Append => typed::OnSchemaChange::Append,
        crate::header::OnSchemaChange::Sync => typed::OnSchemaChange::Sync,
        crate::header::OnSchemaChange::Ignore => typed::OnSchemaChange::Ignore,
    }
}
