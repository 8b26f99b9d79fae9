//! One model: from its tokens to its columns and the pieces of its SQL.

use super::kept::{Engine, Typed};
use super::tables::{parsed_type, schema};
use super::variants::{self, TypedVariant};
use super::{KnownKind, Memory, Outline};
use crate::audit;
use crate::check;
use crate::diagnostic::{Code, Diagnostic, Fix};
use crate::directives::{
    self, Context as Reachable, DirectiveTree, Number, Place, Value, ValueKind, Variable,
};
use crate::expand::Expanded;
use crate::expand::macros::Library;
use crate::graph::{Node, NodeId};
use crate::header::{Header, Materialized};
use crate::project::{Scalar, VariableValue};
use crate::resolve::{Names, Schema};
use crate::span::{FileId, Span};
use crate::sql_type::SqlType;
use crate::typed::{TypedColumn, TypedModel, TypedVariable};
use crate::types::oracle::TypeOracle;
use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// What all models of a project share.
pub(super) struct Context<'a> {
    pub(super) outline: &'a Outline,
    pub(super) oracle: &'a dyn TypeOracle,
    pub(super) memory: &'a Memory<'a>,
    candidates: OnceLock<BTreeMap<String, String>>,
    pub(super) places: Vec<Place>,
    pub(super) macros: Library,
    pub(super) audits: audit::Library,
    /// The hash of what all nodes depend on.
    pub(super) shared: [u8; 32],
    names_hash: OnceLock<[u8; 32]>,
    engine: OnceLock<[u8; 32]>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        outline: &'a Outline,
        oracle: &'a dyn TypeOracle,
        memory: &'a Memory<'a>,
        (macros, audits): (Library, audit::Library),
    ) -> Self {
        Self {
            outline,
            oracle,
            memory,
            candidates: OnceLock::new(),
            places: super::settings::places(&outline.settings),
            macros,
            audits,
            shared: *outline.files.shared_hash().finalize().as_bytes(),
            names_hash: OnceLock::new(),
            engine: OnceLock::new(),
        }
    }

    /// The hash of what a hint may propose.
    pub(super) fn names_hash(&self) -> [u8; 32] {
        *self.names_hash.get_or_init(|| {
            let mut hasher = blake3::Hasher::new();
            let names = self.names().iter();
            for text in names.flat_map(|(name, path)| [name, path]) {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
            // Whether an import line can be added depends on what it would name.
            for node in &self.outline.graph.nodes {
                let is_offered = node.is_enabled() && node.config.deprecated.is_none();
                hasher.update(node.path.as_bytes());
                hasher.update(node.relation().as_bytes());
                hasher.update(&[0, u8::from(is_offered)]);
                for target in node.imports.iter().filter_map(|edge| edge.target) {
                    hasher.update(&target.0.to_le_bytes());
                }
            }
            *hasher.finalize().as_bytes()
        })
    }

    /// The hash of the engine's identity. Only asked for where an engine was or is needed: it may
    /// have to be loaded.
    pub(super) fn engine(&self) -> [u8; 32] {
        *self
            .engine
            .get_or_init(|| *blake3::hash(self.oracle.identity().as_bytes()).as_bytes())
    }

    /// The hash of a file's bytes; `None` if the project has no such file.
    pub(super) fn hash_of(&self, path: &str) -> Option<[u8; 32]> {
        let sources = &self.outline.files.sources;
        Some(*sources.file(sources.find(path)?).hash.as_bytes())
    }
}

impl Names for Context<'_> {
    fn names(&self) -> &BTreeMap<String, String> {
        self.candidates.get_or_init(|| {
            let nodes = &self.outline.graph.nodes;
            // A relation goes before a file, and the last relation of a name before the others.
            let names = nodes
                .iter()
                .map(|node| (&node.config.name.value, node))
                .rev();
            let names = names.map(|(name, node)| (name.to_lowercase(), node.path.clone()));
            let relations = nodes
                .iter()
                .map(|node| (node.relation().to_lowercase(), node.path.clone()));
            names.chain(relations).collect()
        })
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Context").finish_non_exhaustive()
    }
}

/// One model at work.
pub(super) struct Work<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) node: &'a Node,
    pub(super) header: &'a Header,
    /// The model's file, or what stands for its written-out text.
    pub(super) file: FileId,
    pub(super) text: &'a str,
    /// Where the query begins in the text.
    pub(super) body_start: usize,
    /// The imports, in lower case, that lists of loops name.
    pub(super) used_by_lists: BTreeSet<String>,
    /// Whether something couldn't be written out, so that not all uses of names are known.
    pub(super) damaged: bool,
    /// What each import's alias, in lower case, gives.
    pub(super) imports: BTreeMap<String, Schema>,
    /// The same for what only its audits import.
    pub(super) audit_imports: BTreeMap<String, Schema>,
    pub(super) variables: Vec<TypedVariable>,
    /// Where each column, by its name in lower case, is made.
    pub(super) made_at: BTreeMap<String, Span>,
    /// Paths of other files of the project that the result depends on.
    pub(super) dependencies: Vec<String>,
    /// What an engine had to do with it.
    pub(super) engine: Cell<Engine>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Compiles a model. `schema_of` gives the columns of what it imports.
pub(super) fn compile(
    context: &Context<'_>,
    node: &Node,
    schema_of: impl Fn(NodeId) -> Schema,
) -> Typed {
    let outline = context.outline;
    let header = outline.headers.get(&node.file);
    let Some(header) = header.filter(|header| {
        header.has_body && !header.interrupted && outline.files.is_usable(node.file)
    }) else {
        return Typed::broken(outline, node, Vec::new());
    };
    let import_schema = |edge: &crate::graph::Edge| {
        let schema = edge.target.map_or_else(Schema::unknown, &schema_of);
        (edge.alias.value.to_lowercase(), schema)
    };
    // It outlives the work, whose text it may become.
    let written_out = [OnceCell::new(), OnceCell::new()];
    let mut work = Work {
        context,
        node,
        header,
        file: node.file,
        body_start: header.body_start,
        used_by_lists: BTreeSet::new(),
        damaged: false,
        text: &outline.files.sources.file(node.file).text,
        // Of what a damaged import names, nothing is known, as of a file that has errors.
        imports: (header.damaged.imports.iter())
            .map(|alias| (alias.clone(), Schema::unknown()))
            .chain(
                node.imports
                    .iter()
                    .filter(|edge| !edge.of_audit)
                    .map(import_schema),
            )
            .collect(),
        audit_imports: (node.imports.iter().filter(|edge| edge.of_audit))
            .map(import_schema)
            .collect(),
        variables: Vec::new(),
        made_at: BTreeMap::new(),
        dependencies: Vec::new(),
        engine: Cell::new(Engine::NotAsked),
        diagnostics: Vec::new(),
    };
    work.declare_variables();
    let model = work.model_of_text(&written_out);
    let broken = work.diagnostics.iter().any(Diagnostic::is_error);
    // Readers of a broken model still see its columns, so that their own mistakes are found.
    let schema = (model.as_ref()).map_or_else(Schema::unknown, |model| work.schema(&model.columns));
    let kind = match model {
        Some(model) if !broken => KnownKind::Model(Arc::new(model)),
        _ => KnownKind::Broken,
    };
    Typed {
        dependencies: work.dependencies,
        engine: work.engine.get(),
        ..Typed::new(outline, node, schema, kind, work.diagnostics)
    }
}

impl<'a> Work<'a> {
    /// What readers of the model see of it.
    pub(super) fn schema(&self, columns: &[TypedColumn]) -> Schema {
        // Which columns are added isn't known where the settings are wrong.
        if self.node.materialized() == Materialized::Scd2 && self.node.config.scd2.is_none() {
            return Schema::unknown();
        }
        let mut schema = schema(columns);
        schema.is_view = matches!(
            self.node.materialized(),
            Materialized::View | Materialized::Ephemeral
        );
        for column in schema.columns.iter_mut().flatten() {
            column.made_at = self.made_at.get(&column.name.to_lowercase()).copied();
        }
        schema
    }

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
            let default = declaration
                .default
                .as_ref()
                .and_then(|default| check::variables::canonical(&default.value, &sql_type));
            self.variables.push(TypedVariable {
                name: declaration.name.value.clone(),
                sql_type,
                default,
            });
        }
        let damaged = self.header.damaged.variables.iter();
        self.variables.extend(damaged.map(|name| TypedVariable {
            name: name.clone(),
            sql_type: SqlType::Unknown,
            default: None,
        }));
    }

    /// The model of its text, written out where that is needed.
    fn model_of_text(
        &mut self,
        [unfolded, with_macros]: &'a [OnceCell<Expanded>; 2],
    ) -> Option<TypedModel> {
        let expanded = self.written_out().ok()?;
        let expanded = expanded.map(|expanded| unfolded.get_or_init(|| expanded));
        if let Some(expanded) = expanded {
            self.go_on_with(expanded);
        }
        let tree = self.directives();
        let (expanded, tree) = match tree {
            Some(tree) if self.calls_macros(&tree) => {
                let written = self.macros_written_out(&tree, expanded);
                let written = with_macros.get_or_init(|| written);
                self.go_on_with(written);
                (Some(written), self.directives())
            }
            tree => (expanded, tree),
        };
        let mut model = tree.and_then(|tree| self.typed(tree));
        if let Some(expanded) = expanded {
            self.back_to_files(expanded, model.as_mut());
        }
        model
    }

    fn typed(&mut self, tree: DirectiveTree) -> Option<TypedModel> {
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
        self.report_reached(&variants.errors);
        if variants.variants.is_empty() {
            return None;
        }
        let typed = self.type_variants(&variants.variants);
        self.report_unused(&tree, &typed);
        let (before, after) = self.statements(&tree, &reachable);
        check::time_range::check(
            self.node,
            self.text,
            &variants.variants,
            &mut self.diagnostics,
        );
        let mut found = Vec::new();
        let contract = |name: &str| self.contract_type(name);
        let merged = variants::merge(&tree, &variants, &typed, contract, &mut found);
        self.diagnostics.extend(found);
        let Some(merged) = merged else {
            self.report_unknown_columns(&typed);
            return None;
        };
        self.made_at = merged
            .iter()
            .map(|column| (column.name.to_lowercase(), column.span))
            .collect();
        check::versions::clashes(self.node, &merged, &mut self.diagnostics);
        let contract =
            check::contract::apply(self.header, self.node, merged, &mut self.diagnostics);
        check::keys::check(self.node, &contract.columns, &mut self.diagnostics);
        let slots = self.slots(&tree, &variants.variants, &typed);
        let body = self.body(&tree, &slots, &contract);
        let own = self.schema(&contract.columns);
        let audits = self.audits(&own);
        let (merge, merged_by) = self.merge(&own);
        let grants = self.grants();
        let indexes = self.indexes(&own);
        let mut lineage = self.lineage(&variants, &typed, &contract.columns);
        self.add_to_lineage(
            &mut lineage,
            &contract.columns,
            &merged_by,
            [&before, &after],
        );
        let mut columns = contract.columns;
        let added = check::versions::added(self.header, self.node, &columns, &mut self.diagnostics);
        columns.extend(added);
        let mut model = self.model(&typed, columns, body, lineage);
        model.audits = audits;
        model.merge = merge;
        model.grants = grants;
        model.indexes = indexes;
        model.reads_this |= [&before, &after].into_iter().any(|block| block.reads_this);
        model.before = before.statements;
        model.after = after.statements;
        model.profile = self.profile(&model, &variants, &typed);
        Some(model)
    }

    /// A model without columns, though nothing is wrong in it nor in what it imports: its types
    /// go round in a circle through its own table.
    fn report_unknown_columns(&mut self, typed: &[TypedVariant]) {
        let is_known = |schema: &Schema| {
            let columns = schema.columns.as_ref();
            columns
                .is_some_and(|columns| columns.iter().all(|column| !column.sql_type.has_unknown()))
        };
        let is_damaged = self.header.config.damaged || !self.header.damaged.variables.is_empty();
        if is_damaged
            || self.diagnostics.iter().any(Diagnostic::is_error)
            || !self.imports.values().all(is_known)
        {
            return;
        }
        let uses = typed.iter().flat_map(|variant| &variant.relations);
        let this = uses.into_iter().find(|used| used.name == "this");
        let span = this.map_or(self.node_span(), |used| used.span);
        let finding = Diagnostic::error(
            Code::UnknownColumns,
            span,
            "the types of this model's columns can't be told",
        );
        self.diagnostics.push(match this {
            Some(_) => finding
                .note("its own table has the columns that the query gives, and here the query takes them from the table")
                .hint("read `:this` within `#if is_incremental`, so that the other rows give the types"),
            None => finding.hint("give the columns types with `cast`"),
        });
    }

    fn directives(&mut self) -> Option<DirectiveTree> {
        let lists = self
            .context
            .outline
            .settings
            .variables
            .iter()
            .filter_map(list_variable);
        let mut variables: Vec<Variable> = self
            .variables
            .iter()
            .map(condition_variable)
            .chain(lists)
            .collect();
        variables.sort_by(|left, right| left.name.cmp(&right.name));
        let range = self.body_start..self.text.len();
        let (tree, found) = directives::read(self.file, self.text, range, &variables);
        let broken = found.iter().any(Diagnostic::is_error);
        self.diagnostics.extend(found);
        (!broken).then_some(tree)
    }

    /// Takes the lines of a pragma out of the header.
    fn without_lines(&self, pragma: Span) -> Fix {
        let sources = &self.context.outline.files.sources;
        Fix::remove_lines(&sources.file(pragma.file).text, pragma)
    }

    pub(super) fn report_unused(&mut self, tree: &DirectiveTree, typed: &[TypedVariant]) {
        // With a broken query it can't be known what it would have used.
        if self.damaged || self.header.damaged.uses || typed.iter().any(TypedVariant::has_errors) {
            return;
        }
        let references: BTreeSet<String> = directives::references(self.text, &tree.tokens)
            .map(|(name, _)| name.to_lowercase())
            .chain(self.used_by_lists.iter().cloned())
            .chain(self.used_by_audits())
            .chain(
                typed
                    .iter()
                    .flat_map(|variant| variant.relations.iter().map(|used| used.name.clone())),
            )
            .collect();
        // One that names no file was reported as that.
        for edge in self
            .node
            .imports
            .iter()
            .filter(|edge| edge.target.is_some() && !edge.of_audit)
        {
            if !references.contains(&edge.alias.value.to_lowercase()) {
                let message = format!("the import `{}` is never used", edge.alias.value);
                self.diagnostics.push(
                    Diagnostic::error(Code::UnusedImport, edge.span, message)
                        .hint(format!(
                            "remove the line, or read it as `:{}`",
                            edge.alias.value
                        ))
                        .fix(self.without_lines(edge.span)),
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
                        .hint(format!(
                            "remove the line, or use it as `:{}`",
                            declaration.name.value
                        ))
                        .fix(self.without_lines(declaration.span)),
                );
            }
        }
    }
}

fn condition_variable(variable: &TypedVariable) -> Variable {
    let kind = match &variable.sql_type {
        // A null is neither less than a value nor not less: branches over it were never checked.
        _ if variable.default.as_deref() == Some("null") => None,
        SqlType::Boolean => Some(ValueKind::Boolean),
        SqlType::Varchar => Some(ValueKind::Text),
        sql_type if sql_type.is_integer() => Some(ValueKind::Integer),
        sql_type if sql_type.is_numeric() => Some(ValueKind::Number),
        _ => None,
    };
    Variable {
        name: variable.name.clone(),
        kind,
        list: None,
    }
}

/// A list of `[vars]`, which needs no declaration.
fn list_variable(variable: &crate::project::Variable) -> Option<Variable> {
    let VariableValue::List(items) = &variable.value.value else {
        return None;
    };
    let value = |scalar: &Scalar| match scalar {
        Scalar::Text(text) => Some(Value::Text(text.clone())),
        Scalar::Bool(value) => Some(Value::Boolean(*value)),
        Scalar::Integer(_) | Scalar::Number(_) => {
            let text = scalar.to_text();
            let number = Number::read(text.trim_start_matches('-'))?;
            Some(Value::Number(if text.starts_with('-') {
                number.negated()
            } else {
                number
            }))
        }
    };
    let list = items.iter().map(value).collect::<Option<Vec<Value>>>()?;
    Some(Variable {
        name: variable.name.value.clone(),
        kind: None,
        list: Some(list),
    })
}

/// The words of all conditions, in lower case.
fn conditions_text(tree: &DirectiveTree, text: &str) -> BTreeSet<String> {
    fn walk(nodes: &[directives::Node], text: &str, words: &mut BTreeSet<String>) {
        for node in nodes {
            if let directives::Node::Block { nodes, .. } = node {
                walk(nodes, text, words);
            }
            if let directives::Node::If {
                branches,
                otherwise,
                ..
            } = node
            {
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
