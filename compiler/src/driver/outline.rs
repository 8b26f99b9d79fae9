//! The headers and the graph of a project, kept for the next compilation.
//!
//! They are one value, as a graph is checked whole. It holds while the project has the same files
//! and none of its headers changed; an edit below a header changes nothing. If a header changed,
//! the headers of the other files are kept still, and the graph is made anew.

use super::Outline;
use crate::cache::{Lazy, Store, Table};
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{self, Graph, Node};
use crate::header::{self, FileKind, Headers};
use crate::parallel::side_by_side;
use crate::project;
use crate::source::ProjectFiles;
use crate::span::FileId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many nodes one value holds, so that several are read side by side.
const CHUNK: usize = 512;

/// The name of the value with all that isn't a header or node.
const HEAD: &str = "head";

/// The name of the value with the headers.
const HEADERS: &str = "headers";

/// What tells whether the rest holds, and what isn't in chunks.
#[derive(Serialize, Deserialize)]
struct Head {
    /// The hash of the files' names, of the project's file and of what all nodes depend on.
    files: [u8; 32],
    /// The hash of each file's bytes when its header was read.
    hashes: Vec<[u8; 32]>,
    /// The files with findings in their headers.
    with_findings: BTreeSet<u32>,
    declared: BTreeSet<String>,
    nodes: usize,
    /// What was found in headers, and in the graph.
    findings: (Vec<Diagnostic>, Vec<Diagnostic>),
    order: Vec<graph::NodeId>,
    exposures: Vec<graph::Exposure>,
    audits: Vec<graph::Audit>,
}

/// Reads settings and headers and makes the graph; what hasn't changed is taken from the store,
/// and what is new put into it.
pub(super) fn outline(files: ProjectFiles, found: Vec<Diagnostic>, store: &mut Store) -> Outline {
    let mut diagnostics = found;
    let text = Arc::clone(&files.sources.file(files.settings).text);
    let (settings, found) = project::parse(files.settings, &text);
    // Of a text that couldn't be read whole, nothing more is to be said.
    if files.is_usable(files.settings) {
        diagnostics.extend(found);
    }
    let kept = Kept::read(&files, store);
    let (headers, declared, graph, findings) = match kept {
        Some(kept) if kept.is_whole => (kept.headers, kept.declared, kept.graph, kept.findings),
        kept => {
            let known = kept.map(|kept| kept.headers).unwrap_or_default();
            let (headers, in_headers) = parse_others(&files, known);
            let (graph, in_graph) = graph::build(&files, &settings, &headers);
            let findings = (in_headers, in_graph);
            let declared = declared(&headers);
            keep(&files, &headers, &declared, &graph, &findings, store);
            (headers, declared, graph, findings)
        }
    };
    let (in_headers, mut in_graph) = findings;
    diagnostics.extend(in_headers);
    if diagnostics
        .iter()
        .any(|found| found.code == Code::UnreadableFile)
    {
        // There may be models in what couldn't be read.
        in_graph.retain(|found| found.code != Code::NoModels);
    }
    diagnostics.extend(in_graph);
    Outline {
        files,
        settings,
        headers,
        declared,
        graph,
        diagnostics,
    }
}

/// The names of all variables that a header declares.
fn declared(headers: &Headers) -> BTreeSet<String> {
    let declarations = headers.iter().flat_map(|(_, header)| &header.variables);
    declarations
        .map(|declaration| declaration.name.value.clone())
        .collect()
}

/// The headers of all files, of which some are known already and without findings.
fn parse_others(files: &ProjectFiles, known: Headers) -> (Headers, Vec<Diagnostic>) {
    let missing: Vec<(FileId, FileKind)> = header::kinds(files)
        .filter(|(file, _)| !known.contains_key(file))
        .collect();
    let parsed = side_by_side(&missing, |(file, kind)| {
        let (header, found) = header::parse(file, &files.sources.file(file).text, kind);
        // A header is large, and a pointer to it is quickly moved.
        (Lazy::from(header), found)
    });
    let mut headers = known;
    let mut diagnostics = Vec::new();
    for ((file, _), (header, found)) in missing.into_iter().zip(parsed) {
        headers.insert(file, header);
        diagnostics.extend(found);
    }
    (headers, diagnostics)
}

/// What the store has of a project with these files.
struct Kept {
    /// The headers that hold.
    headers: Headers,
    declared: BTreeSet<String>,
    /// Whether these are all, so that the graph holds as well.
    is_whole: bool,
    graph: Graph,
    findings: (Vec<Diagnostic>, Vec<Diagnostic>),
}

impl Kept {
    fn read(files: &ProjectFiles, store: &Store) -> Option<Self> {
        let head: Head = postcard::from_bytes(store.get(Table::Outline, HEAD)?).ok()?;
        if head.files != identity(files) || head.hashes.len() != files.sources.len() {
            return None;
        }
        let nodes = read_chunks(store, head.nodes)?;
        let headers = store.get(Table::Outline, HEADERS)?;
        let mut headers: Headers = postcard::from_bytes(headers).ok()?;
        let known = headers.len();
        let changed: BTreeMap<FileId, FileKind> = header::kinds(files)
            .filter(|(file, _)| {
                let hash = files.sources.file(*file).hash;
                head.hashes.get(file.0 as usize) != Some(hash.as_bytes())
            })
            .collect();
        headers.retain(|file, header| {
            let Some(kind) = changed.get(&file) else {
                return true;
            };
            // After an edit the header may still be the same.
            let (now, found) = header::parse(file, &files.sources.file(file).text, *kind);
            found.is_empty() && !head.with_findings.contains(&file.0) && now == **header
        });
        let is_whole = headers.len() == known;
        if !is_whole {
            // What was found in them has to be found again.
            headers.retain(|file, _| !head.with_findings.contains(&file.0));
        }
        Some(Self {
            headers,
            declared: head.declared,
            is_whole,
            graph: Graph::new(nodes, head.order, head.exposures, head.audits),
            findings: head.findings,
        })
    }
}

/// Puts headers and graph into the store.
fn keep(
    files: &ProjectFiles,
    headers: &Headers,
    declared: &BTreeSet<String>,
    graph: &Graph,
    findings: &(Vec<Diagnostic>, Vec<Diagnostic>),
    store: &mut Store,
) {
    let places = findings.0.iter().filter_map(|found| found.primary.as_ref());
    let head = Head {
        files: identity(files),
        hashes: files
            .sources
            .iter()
            .map(|(_, file)| *file.hash.as_bytes())
            .collect(),
        with_findings: places.map(|label| label.span.file.0).collect(),
        declared: declared.clone(),
        nodes: graph.nodes.len(),
        findings: findings.clone(),
        order: graph.order.clone(),
        exposures: graph.exposures.clone(),
        audits: graph.audits.clone(),
    };
    // Without a place it can't be told which file has to be read again.
    if findings.0.iter().any(|found| found.primary.is_none()) {
        return;
    }
    put_chunks(store, &graph.nodes);
    if let (Ok(head), Ok(headers)) = (postcard::to_stdvec(&head), postcard::to_stdvec(headers)) {
        store.put(Table::Outline, HEAD, head);
        store.put(Table::Outline, HEADERS, headers);
    }
}

fn put_chunks(store: &mut Store, items: &[Node]) {
    let chunks: Vec<&[Node]> = items.chunks(CHUNK).collect();
    // One that can't be written isn't there to be read.
    let written = side_by_side(&chunks, |chunk| {
        postcard::to_stdvec(chunk).unwrap_or_default()
    });
    for (index, bytes) in written.into_iter().enumerate() {
        store.put(Table::Outline, &chunk_name(index), bytes);
    }
}

fn chunk_name(index: usize) -> String {
    format!("nodes {index:06}")
}

fn read_chunks(store: &Store, count: usize) -> Option<Vec<Node>> {
    let indexes: Vec<usize> = (0..count.div_ceil(CHUNK)).collect();
    let chunks = side_by_side(&indexes, |index: usize| {
        let bytes = store.get(Table::Outline, &chunk_name(index))?;
        postcard::from_bytes::<Vec<Node>>(bytes).ok()
    });
    let mut items = Vec::with_capacity(count);
    for chunk in chunks {
        items.extend(chunk?);
    }
    (items.len() == count).then_some(items)
}

/// A hash of what the graph depends on besides headers: which files there are and what they are,
/// and the bytes of those that belong to no node.
fn identity(files: &ProjectFiles) -> [u8; 32] {
    let mut hasher = files.shared_hash();
    for (file, source) in files.sources.iter() {
        hasher.update(&(source.path.len() as u64).to_le_bytes());
        hasher.update(source.path.as_bytes());
        hasher.update(&[u8::from(files.is_usable(file))]);
    }
    *hasher.finalize().as_bytes()
}
