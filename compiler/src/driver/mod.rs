//! Runs the stages over a whole project, models side by side, and gathers what they find.
//!
//! Nothing here reads a disk: the files come from [`source`](crate::source), answers of an engine
//! from a [`TypeOracle`], and what earlier runs found from a [`Memory`].

mod definition;
mod levels;
mod memory;
mod missing_import;
mod model;
mod question;
mod tables;
mod typing;
mod variants;
mod writing_out;

use crate::check;
use crate::diagnostic::{Code, Diagnostic, render};
use crate::graph::{self, Graph, NodeId};
use crate::header::{self, FileKind, Header};
use crate::project::{self, EngineKind, Settings, VariableValue};
use crate::resolve::Schema;
use crate::source::ProjectFiles;
use crate::span::{FileId, Span};
use crate::typed::{
    EngineSettings, ProjectSettings, TypedModel, TypedProject, TypedSeed, TypedSource,
};
use crate::types::oracle::TypeOracle;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use levels::side_by_side;
pub use memory::{Memory, Remembered};

/// A project up to its graph: all that can be known without reading a query.
#[derive(Debug)]
pub struct Outline {
    /// The files.
    pub files: ProjectFiles,
    /// `dbgo.toml`
    pub settings: Settings,
    /// The headers of all `.sql` files.
    pub headers: BTreeMap<FileId, Header>,
    /// Who imports whom.
    pub graph: Graph,
    /// What was found so far.
    pub diagnostics: Vec<Diagnostic>,
}

/// A project, compiled as far as it goes.
#[derive(Debug)]
pub struct Compilation {
    /// The project up to its graph.
    pub outline: Outline,
    /// The typed project; whole only if there is no error.
    pub project: TypedProject,
    /// All findings in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// How many models were looked at.
    pub models: usize,
}

impl Compilation {
    /// Whether the project can't be built.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Reads settings and headers and makes the graph.
pub fn outline(files: ProjectFiles, found: Vec<Diagnostic>) -> Outline {
    let mut diagnostics = found;
    let text = Arc::clone(&files.sources.file(files.settings).text);
    let (settings, found) = project::parse(files.settings, &text);
    // Of a text that couldn't be read whole, nothing more is to be said.
    if files.is_usable(files.settings) {
        diagnostics.extend(found);
    }
    let (headers, found) = header::parse_all(&files);
    diagnostics.extend(found);
    let (graph, mut found) = graph::build(&files, &settings, &headers);
    if diagnostics
        .iter()
        .any(|found| found.code == Code::UnreadableFile)
    {
        // There may be models in what couldn't be read.
        found.retain(|found| found.code != Code::NoModels);
    }
    diagnostics.extend(found);
    Outline {
        files,
        settings,
        headers,
        graph,
        diagnostics,
    }
}

/// Compiles a project.
pub fn compile(outline: Outline, oracle: &dyn TypeOracle, memory: &Memory) -> Compilation {
    let (known, mut diagnostics) = typed_nodes(&outline, oracle, memory);
    let mut project = TypedProject {
        settings: settings(&outline.settings),
        ..TypedProject::default()
    };
    let columns = |id: NodeId| {
        let node = known.get(id.0 as usize)?.as_ref()?;
        node.schema.columns.as_deref()
    };
    check::exposures::check(&outline.graph, columns, &mut diagnostics);
    let mut lost = Vec::new();
    for (index, node) in known.into_iter().enumerate() {
        let Some(node) = node else { continue };
        match node.kind {
            KnownKind::Model(model) => project.models.push(model),
            KnownKind::Seed(seed) => project.seeds.push(*seed),
            KnownKind::Source(source) => project.sources.push(*source),
            KnownKind::Broken => lost.push(index),
        }
    }
    diagnostics.extend(outline.diagnostics.iter().cloned());
    if !diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.extend(
            lost.into_iter()
                .map(|index| vanished(&outline.graph.nodes[index])),
        );
    }
    let texts = outline
        .headers
        .iter()
        .map(|(file, header)| (header, &*outline.files.sources.file(*file).text));
    let fragments = outline.files.fragments.iter();
    let fragments = fragments.map(|file| &*outline.files.sources.file(*file).text);
    let unused = check::variables::unused(&outline.settings, texts, fragments);
    diagnostics.extend(unused);
    render::sort(&outline.files.sources, &mut diagnostics);
    let models = outline
        .graph
        .iter()
        .filter(|(_, node)| node.kind == FileKind::Model && node.is_enabled())
        .count();
    Compilation {
        outline,
        project,
        diagnostics,
        models,
    }
}

/// A relation that can't be built though no error says why: nothing leaves a project in silence.
fn vanished(node: &graph::Node) -> Diagnostic {
    let message = format!("the columns of `{}` can't be told", node.path);
    Diagnostic::error(Code::UnknownColumns, Span::new(node.file, 0, 0), message)
        .hint("this is a fault of dbgo: please report it with this file")
}

/// A node of the graph, typed: what its readers see of it, and what the program needs of it.
#[derive(Clone, Debug)]
struct Known {
    schema: Schema,
    kind: KnownKind,
}

#[derive(Clone, Debug)]
enum KnownKind {
    Model(Arc<TypedModel>),
    Seed(Box<TypedSeed>),
    Source(Box<TypedSource>),
    /// It has errors, which were reported.
    Broken,
}

impl Known {
    fn broken() -> Self {
        Self {
            schema: Schema::unknown(),
            kind: KnownKind::Broken,
        }
    }
}

/// Types all nodes, each after those that it imports, and gives them in the order of the graph.
fn typed_nodes(
    outline: &Outline,
    oracle: &dyn TypeOracle,
    memory: &Memory,
) -> (Vec<Option<Known>>, Vec<Diagnostic>) {
    let mut known: Vec<Option<Known>> = vec![None; outline.graph.nodes.len()];
    let mut diagnostics = Vec::new();
    let context = model::Context::new(outline, oracle, memory);
    for level in levels::levels(&outline.graph) {
        let typed = levels::side_by_side(&level, |id: NodeId| {
            let node = outline.graph.node(id);
            match node.kind {
                FileKind::Model => model::compile(&context, node, &known),
                FileKind::Seed => tables::seed(outline, node),
                FileKind::Source => tables::source(outline, node),
                // An exposure is no node: nobody reads it.
                FileKind::Exposure => (Known::broken(), Vec::new()),
            }
        });
        for (id, (node, found)) in level.into_iter().zip(typed) {
            known[id.0 as usize] = Some(node);
            diagnostics.extend(found);
        }
    }
    (known, diagnostics)
}

fn settings(settings: &Settings) -> ProjectSettings {
    let engine = |engine: &project::Engine| EngineSettings {
        name: engine.name.value.clone(),
        kind: engine.kind.word().to_owned(),
        location: engine.location.value.clone(),
        settings: engine
            .settings
            .iter()
            .map(|(name, value)| (name.value.clone(), value.value.to_text()))
            .collect(),
    };
    ProjectSettings {
        name: settings.name.value.clone(),
        dialect: settings.dialect.word().to_owned(),
        engines: settings.engines.iter().map(engine).collect(),
        default_environment: settings.default_environment.clone(),
        state_url: settings
            .state_url
            .as_ref()
            .map(|url| url.value.clone())
            .unwrap_or_default(),
        workers: settings.workers.unwrap_or(0),
        variables: settings
            .variables
            .iter()
            .filter_map(|variable| match &variable.value.value {
                VariableValue::Scalar(scalar) => {
                    Some((variable.name.value.clone(), scalar.to_text()))
                }
                VariableValue::List(_) => None,
            })
            .collect(),
    }
}

/// The type of the engine that environments live on, for conditions on `engine`.
fn engine_kinds(settings: &Settings) -> Vec<EngineKind> {
    settings.engines.iter().map(|engine| engine.kind).collect()
}
