//! Runs the stages over a whole project, models side by side, and gathers what they find.
//!
//! Nothing here reads a disk: the files come from [`source`](crate::source), answers of an engine
//! from a [`TypeOracle`], what that said before from a [`Memory`], and what was typed before from a
//! [`Store`].

mod audits;
mod bound_text;
mod definition;
mod kept;
mod levels;
mod lineage;
mod materialization;
mod memory;
mod merge;
mod missing_import;
mod model;
mod nodes;
mod outline;
mod profile;
mod question;
mod settings;
mod statements;
mod stored;
mod tables;
mod typing;
mod variants;
mod writing_out;

use crate::audit;
use crate::cache::Store;
use crate::check;
use crate::diagnostic::{Code, Diagnostic, render};
use crate::expand::macros::Library;
use crate::graph::{self, Exposure, ExposureImport, Graph};
use crate::header::{self, FileKind, Headers};
use crate::project::Settings;
use crate::source::ProjectFiles;
use crate::span::Span;
use crate::typed::{TypedExposure, TypedModel, TypedProject, TypedSeed, TypedSource};
use crate::types::oracle::TypeOracle;
use nodes::{Nodes, Settled, Values};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

pub use memory::{Learned, Memory, Remembered};

/// A project up to its graph: all that can be known without reading a query.
#[derive(Debug)]
pub struct Outline {
    /// The files.
    pub files: ProjectFiles,
    /// `dbgo.toml`
    pub settings: Settings,
    /// The headers of all `.sql` files.
    pub headers: Headers,
    /// The names of all variables that a header declares.
    pub declared: BTreeSet<String>,
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
    /// How many models, seeds and sources were typed; the others were as before.
    pub typed: usize,
}

impl Compilation {
    /// Whether the project can't be built.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Reads settings and headers and makes the graph.
pub fn outline(files: ProjectFiles, found: Vec<Diagnostic>) -> Outline {
    outline_changed(files, found, &mut Store::none())
}

/// The same as [`outline`], but reads only those headers whose files changed since the store got
/// them. What was read is put into the store.
pub fn outline_changed(files: ProjectFiles, found: Vec<Diagnostic>, store: &mut Store) -> Outline {
    outline::outline(files, found, store)
}

/// What is wrong with a project.
#[derive(Debug)]
pub struct Checked {
    /// The project up to its graph.
    pub outline: Outline,
    /// All findings in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// How many models were looked at.
    pub models: usize,
    /// How many models, seeds and sources were typed; the others were as before.
    pub typed: usize,
}

impl Checked {
    /// Whether the project can't be built.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Compiles a project, with nothing kept from before.
pub fn compile(outline: Outline, oracle: &dyn TypeOracle, memory: &Memory<'_>) -> Compilation {
    compile_changed(outline, oracle, memory, &mut Store::none())
}

/// Compiles a project: the models, seeds and sources that depend on something that changed since
/// the store got them. What is typed is put into the store.
pub fn compile_changed(
    outline: Outline,
    oracle: &dyn TypeOracle,
    memory: &Memory<'_>,
    store: &mut Store,
) -> Compilation {
    let (settled, nodes) = settle(outline, oracle, memory, store, Values::Taken);
    Compilation {
        project: taken(&settled.outline, nodes),
        outline: settled.outline,
        diagnostics: settled.diagnostics,
        models: settled.models,
        typed: settled.typed,
    }
}

/// A project, compiled for who has the code of most of its models already.
#[derive(Debug)]
pub struct Renewal {
    /// The project up to its graph.
    pub outline: Outline,
    /// The typed project; of its models only those whose identity wasn't known, and what these
    /// import.
    pub project: TypedProject,
    /// All models, ordered by path.
    pub models: Vec<Identified>,
    /// All findings in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// How many models, seeds and sources were typed; the others were as before.
    pub typed: usize,
}

impl Renewal {
    /// Whether the project can't be built.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// A model by what its generated code depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// The import path.
    pub path: String,
    /// The hash of all that its code is made of; `None` for what may be another one the next time.
    pub identity: Option<[u8; 32]>,
}

/// Compiles a project as [`compile_changed`] does, and takes only those models whose identity
/// `is_known` doesn't know.
pub fn renew(
    outline: Outline,
    oracle: &dyn TypeOracle,
    memory: &Memory<'_>,
    store: &mut Store,
    is_known: &(dyn Fn(&[u8; 32]) -> bool + Sync),
) -> Renewal {
    let (settled, nodes) = settle(outline, oracle, memory, store, Values::Unknown(is_known));
    let graph = &settled.outline.graph;
    let models = (graph.iter().zip(&nodes))
        .filter(|((_, node), _)| node.kind == FileKind::Model)
        .filter_map(|((_, node), settled)| {
            Some(Identified {
                path: node.path.clone(),
                identity: settled.as_ref()?.identity,
            })
        })
        .collect();
    Renewal {
        project: taken(&settled.outline, nodes),
        outline: settled.outline,
        models,
        diagnostics: settled.diagnostics,
        typed: settled.typed,
    }
}

/// Finds what is wrong with a project, as [`compile_changed`] does, without the typed project.
pub fn check_changed(
    outline: Outline,
    oracle: &dyn TypeOracle,
    memory: &Memory<'_>,
    store: &mut Store,
) -> Checked {
    settle(outline, oracle, memory, store, Values::Left).0
}

/// The typed project of those nodes whose values were taken.
fn taken(outline: &Outline, nodes: Vec<Option<Settled>>) -> TypedProject {
    let mut project = TypedProject {
        settings: settings::settings(&outline.settings),
        exposures: exposures(&outline.graph),
        ..TypedProject::default()
    };
    for value in nodes.into_iter().flatten().filter_map(|node| node.value) {
        match value {
            KnownKind::Model(model) => project.models.push(model),
            KnownKind::Seed(seed) => project.seeds.push(*seed),
            KnownKind::Source(source) => project.sources.push(*source),
            KnownKind::Broken => {}
        }
    }
    project
}

fn settle(
    outline: Outline,
    oracle: &dyn TypeOracle,
    memory: &Memory<'_>,
    store: &mut Store,
    values: Values<'_>,
) -> (Checked, Vec<Option<Settled>>) {
    let (macros, found) = Library::new(&outline.files);
    let (audits, in_audits) =
        audit::Library::new(&outline.files, &outline.headers, &outline.graph, &macros);
    let context = model::Context::new(&outline, oracle, memory, (macros, audits));
    let Nodes {
        nodes,
        findings: mut diagnostics,
        typed,
    } = nodes::settle(&context, store, values);
    diagnostics.extend(found);
    diagnostics.extend(in_audits);
    diagnostics.extend(outline.diagnostics.iter().cloned());
    if !diagnostics.iter().any(Diagnostic::is_error) {
        let lost = outline.graph.nodes.iter().zip(&nodes);
        let lost = lost.filter(|(_, node)| node.as_ref().is_some_and(|node| node.is_broken));
        diagnostics.extend(lost.map(|(node, _)| vanished(node)));
    }
    let with_headers = header::kinds(&outline.files).map(|(file, _)| file);
    let fragments = outline.files.fragments.iter().copied();
    let texts = with_headers
        .chain(fragments)
        .map(|file| &*outline.files.sources.file(file).text);
    let unused = check::variables::unused(&outline.settings, &outline.declared, texts);
    diagnostics.extend(unused);
    check::environments::check(&outline.settings, &outline.graph, &mut diagnostics);
    render::sort(&outline.files.sources, &mut diagnostics);
    let models = outline
        .graph
        .iter()
        .filter(|(_, node)| node.kind == FileKind::Model && node.is_enabled())
        .count();
    let checked = Checked {
        outline,
        diagnostics,
        models,
        typed,
    };
    (checked, nodes)
}

/// A relation that can't be built though no error says why: nothing leaves a project in silence.
fn vanished(node: &graph::Node) -> Diagnostic {
    let message = format!("the columns of `{}` can't be told", node.path);
    Diagnostic::error(Code::UnknownColumns, Span::new(node.file, 0, 0), message)
        .hint("this is a fault of dbgo: please report it with this file")
}

/// A node of the graph, typed: what the program needs of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum KnownKind {
    Model(Arc<TypedModel>),
    Seed(Box<TypedSeed>),
    Source(Box<TypedSource>),
    /// It has errors, which were reported.
    Broken,
}

fn exposures(graph: &Graph) -> Vec<TypedExposure> {
    let read = |import: &ExposureImport| {
        let columns = import.columns.iter().flatten();
        let path = graph.node(import.edge.target?).path.clone();
        Some((
            path,
            columns.map(|name| name.value.to_lowercase()).collect(),
        ))
    };
    let exposure = |exposure: &Exposure| TypedExposure {
        path: exposure.path.clone(),
        name: exposure.name.clone(),
        kind: exposure.kind.clone(),
        owner: exposure.owner.clone().unwrap_or_default(),
        url: exposure.url.clone().unwrap_or_default(),
        reads: exposure.imports.iter().filter_map(read).collect(),
    };
    graph.exposures.iter().map(exposure).collect()
}
