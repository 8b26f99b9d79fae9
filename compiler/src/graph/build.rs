//! From headers to the graph.

use super::{Edge, Graph, Node, NodeId, audits, cycles, exposures, former};
use crate::diagnostic::{Code, Diagnostic, Fix, Severity, nearest, only_near};
use crate::header::{EffectiveConfig, FileKind, Header, Headers, Import};
use crate::parallel::side_by_side;
use crate::project::Settings;
use crate::source::{ProjectFiles, import_path};
use crate::span::{FileId, Span};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::LazyLock;

/// The header of a file that has none.
static NOTHING: LazyLock<Header> = LazyLock::new(Header::default);

/// Builds the graph of a project. `headers` holds those of the models, sources and typing files
/// that could be read.
pub fn build(
    files: &ProjectFiles,
    settings: &Settings,
    headers: &Headers,
) -> (Graph, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut nodes = nodes(files, settings, headers, &mut diagnostics);
    if files.models.is_empty() {
        diagnostics.push(
            Diagnostic::without_place(Code::NoModels, Severity::Error, "the project has no models")
                .hint("put a query into `models/first.sql`"),
        );
    } else if let Some(place) = all_disabled(&nodes) {
        diagnostics.push(
            Diagnostic::error(Code::NoModels, place, "all models are disabled")
                .hint("leave out `enabled=false` for one of them"),
        );
    }
    let by_path = super::paths(&nodes);
    let mut paths = Paths {
        nodes: &by_path,
        near: BTreeMap::new(),
    };
    for index in 0..nodes.len() {
        let header = nodes[index].header.and_then(|file| headers.get(&file));
        let imports = &header.unwrap_or(&NOTHING).imports;
        let edges: Vec<Edge> = imports
            .iter()
            .map(|import| {
                let is_enabled = nodes[index].is_enabled();
                edge(import, &nodes, is_enabled, &mut paths, &mut diagnostics)
            })
            .collect();
        nodes[index].imports = edges;
    }
    let exposures = exposures::exposures(files, headers, &nodes, &mut paths, &mut diagnostics);
    let audits = audits::audits(files, headers, &nodes, &mut paths, &mut diagnostics);
    audits::add_edges(&mut nodes, headers, &audits);
    let mut graph = Graph {
        nodes,
        order: Vec::new(),
        exposures,
        audits,
        by_path,
    };
    duplicate_relations(&graph, &mut diagnostics);
    former::check(&graph, &mut diagnostics);
    diagnostics.extend(cycles::find(&graph));
    graph.order = order(&graph);
    (graph, diagnostics)
}

/// Where the first model is disabled, if all are.
fn all_disabled(nodes: &[Node]) -> Option<Span> {
    let mut models = nodes.iter().filter(|node| node.kind == FileKind::Model);
    let first = models.next().filter(|node| !node.is_enabled())?;
    models.all(|node| !node.is_enabled()).then(|| {
        first
            .config
            .enabled
            .span()
            .unwrap_or(Span::new(first.file, 0, 0))
    })
}

/// All nodes, without their edges.
fn nodes(
    files: &ProjectFiles,
    settings: &Settings,
    headers: &Headers,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Node> {
    let models = files
        .models
        .iter()
        .map(|file| (FileKind::Model, *file, Some(*file)));
    let tables = files
        .tables
        .iter()
        .map(|file| (FileKind::Source, *file, Some(*file)));
    let seeds = files
        .seeds
        .iter()
        .map(|seed| (FileKind::Seed, seed.data, seed.typing));
    let makers: Vec<_> = models.chain(tables).chain(seeds).collect();
    let made = side_by_side(&makers, |(kind, file, header)| {
        node(files, settings, headers, (kind, file, header))
    });
    let mut nodes = Vec::with_capacity(made.len());
    for (node, found) in made {
        nodes.push(node);
        diagnostics.extend(found);
    }
    nodes.sort_by(|a, b| (&a.path, a.file).cmp(&(&b.path, b.file)));
    nodes
}

/// A node without its edges, and what is wrong with what holds for it.
fn node(
    files: &ProjectFiles,
    settings: &Settings,
    headers: &Headers,
    (kind, file, header_file): (FileKind, FileId, Option<FileId>),
) -> (Node, Vec<Diagnostic>) {
    let path = &files.sources.file(file).path;
    let header = header_file.and_then(|file| headers.get(&file));
    let place = header_file.unwrap_or(file);
    let said = header.unwrap_or(&NOTHING);
    let (config, found) = EffectiveConfig::new(kind, place, path, said, settings);
    let node = Node {
        kind,
        path: import_path(path),
        file,
        header: header_file,
        is_enabled: config.enabled.value,
        config: config.into(),
        description: said.description_text(),
        imports: Vec::new(),
    };
    // A file that couldn't be read says nothing that could be wrong.
    let found = if header.is_some() { found } else { Vec::new() };
    (node, found)
}

/// The edge of an import; `is_enabled` tells whether who imports takes part.
pub(super) fn edge(
    import: &Import,
    nodes: &[Node],
    is_enabled: bool,
    paths: &mut Paths<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Edge {
    let target = paths.nodes.get(&import.path.value).copied();
    match target {
        None => diagnostics.push(unknown_import(import, paths)),
        Some(id) => {
            let node = &nodes[id.0 as usize];
            if !node.is_enabled() && is_enabled {
                let finding = Diagnostic::error(
                    Code::UnknownImport,
                    import.path.span,
                    format!("`{}` is disabled", import.path.value),
                )
                .hint("enable it, or disable what imports it");
                diagnostics.push(match node.config.enabled.span() {
                    Some(place) => finding.and_at(place, "disabled here"),
                    None => finding,
                });
            } else if let Some(deprecated) = &node.config.deprecated {
                let message = format!(
                    "`{}` is deprecated: {}",
                    import.path.value, deprecated.value
                );
                let finding =
                    Diagnostic::warning(Code::DeprecatedImport, import.path.span, message);
                diagnostics.push(match deprecated.span() {
                    Some(place) => finding.and_at(place, "said here"),
                    None => finding,
                });
            }
        }
    }
    Edge {
        alias: import.alias.clone(),
        target,
        span: import.span,
        of_audit: false,
    }
}

/// The import paths that there are, and which of them is nearest to one that isn't: many files may
/// import what was renamed, and looking through all paths takes long.
pub(super) struct Paths<'g> {
    nodes: &'g BTreeMap<String, NodeId>,
    near: BTreeMap<String, Option<&'g str>>,
}

impl<'g> Paths<'g> {
    fn nearest(&mut self, path: &str) -> Option<&'g str> {
        if let Some(near) = self.near.get(path) {
            return *near;
        }
        let paths = || self.nodes.keys().map(String::as_str);
        // The right name in the wrong folder is likelier than another name in the same one.
        let last = path.rsplit('.').next();
        let near = paths()
            .find(|other| other.rsplit('.').next() == last)
            .or_else(|| nearest(path, paths()));
        self.near.insert(path.to_owned(), near);
        near
    }

    /// The path that can only be meant: the one file of this name, else the one that is near.
    fn meant(&self, path: &str) -> Option<&'g str> {
        let paths = || self.nodes.keys().map(String::as_str);
        let last = path.rsplit('.').next();
        let mut same = paths().filter(|other| other.rsplit('.').next() == last);
        match (same.next(), same.next()) {
            (Some(only), None) => Some(only),
            // A slip in the name, or one in its folders.
            (None, _) => {
                let (folder, name) = path.rsplit_once('.')?;
                let within = paths().filter_map(|other| other.rsplit_once('.'));
                let within = within.filter(|(other, _)| *other == folder);
                let near = only_near(name, within.map(|(_, name)| name))?;
                paths().find(|other| other.rsplit_once('.') == Some((folder, near)))
            }
            _ => None,
        }
    }
}

fn unknown_import(import: &Import, paths: &mut Paths<'_>) -> Diagnostic {
    let path = import.path.value.as_str();
    let finding = Diagnostic::error(
        Code::UnknownImport,
        import.path.span,
        format!("there is no `{path}`"),
    );
    match paths.nearest(path) {
        Some(near) => {
            let finding = finding.hint(format!("write `{near}`"));
            match paths.meant(path) {
                Some(meant) => finding.fix(Fix::replace(import.path.span, meant)),
                None => finding,
            }
        }
        None => finding.hint(format!(
            "an import path is a file's path with dots: this one would be `{}.sql`",
            path.replace('.', "/")
        )),
    }
}

fn duplicate_relations(graph: &Graph, diagnostics: &mut Vec<Diagnostic>) {
    let mut makers: BTreeMap<String, &Node> = BTreeMap::new();
    for (_, node) in graph.iter().filter(|(_, node)| node.is_enabled()) {
        let Some(first) = makers.get(&node.relation().to_lowercase()) else {
            makers.insert(node.relation().to_lowercase(), node);
            continue;
        };
        diagnostics.push(
            Diagnostic::error(
                Code::DuplicateRelation,
                naming_place(node),
                format!(
                    "`{}` and `{}` make the same relation `{}`",
                    first.path,
                    node.path,
                    node.relation()
                ),
            )
            .and_at(naming_place(first), "made here first")
            .hint("rename one of the files, or give it an `alias` or a `schema`"),
        );
    }
}

/// Where a relation gets its name: the header's `alias` or `schema`, else the top of the file.
fn naming_place(node: &Node) -> Span {
    let place = node.header.unwrap_or(node.file);
    [&node.config.name, &node.config.schema]
        .into_iter()
        .filter_map(|setting| setting.span())
        .find(|span| span.file == place)
        .unwrap_or(Span::new(place, 0, 0))
}

/// The enabled nodes, each after all it imports: Kahn's algorithm, always taking the first path.
fn order(graph: &Graph) -> Vec<NodeId> {
    let mut missing: Vec<usize> = vec![0; graph.nodes.len()];
    let mut readers: Vec<Vec<NodeId>> = vec![Vec::new(); graph.nodes.len()];
    for (id, node) in graph.iter() {
        for target in node.imports.iter().filter_map(|edge| edge.target) {
            if graph.node(target).is_enabled() {
                missing[id.0 as usize] += 1;
                readers[target.0 as usize].push(id);
            }
        }
    }
    let mut ready: BinaryHeap<Reverse<NodeId>> = graph
        .iter()
        .filter(|(id, node)| node.is_enabled() && missing[id.0 as usize] == 0)
        .map(|(id, _)| Reverse(id))
        .collect();
    let mut order = Vec::new();
    while let Some(Reverse(id)) = ready.pop() {
        order.push(id);
        for reader in &readers[id.0 as usize] {
            let missing = &mut missing[reader.0 as usize];
            *missing -= 1;
            if *missing == 0 && graph.node(*reader).is_enabled() {
                ready.push(Reverse(*reader));
            }
        }
    }
    order
}
