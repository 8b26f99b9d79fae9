//! The headers and the graph of a project, kept for the next compilation.
//!
//! They are one value, as a graph is checked whole. It holds while the project has the same files
//! and none of its headers changed; an edit below a header changes nothing. If a header changed,
//! the headers of the other files are kept still, and the graph is made anew.

use super::{Outline, side_by_side};
use crate::cache::{Store, Table};
use crate::diagnostic::{Code, Diagnostic};
use crate::graph::{self, Graph, Node};
use crate::header::{self, FileKind, Header};
use crate::project;
use crate::source::ProjectFiles;
use crate::span::FileId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many headers or nodes one value holds, so that several are read side by side.
const CHUNK: usize = 512;

/// The name of the value with all that isn't a header or node.
const HEAD: &str = "head";

/// What tells whether the rest holds, and what isn't in chunks.
#[derive(Serialize, Deserialize)]
struct Head {
    /// The hash of the files' names, of the project's file and of what all nodes depend on.
    files: [u8; 32],
    /// The hash of each file's bytes when its header was read.
    hashes: Vec<[u8; 32]>,
    /// The files with findings in their headers.
    with_findings: BTreeSet<u32>,
    headers: usize,
    nodes: usize,
    /// What was found in headers, and in the graph.
    findings: (Vec<Diagnostic>, Vec<Diagnostic>),
    order: Vec<graph::NodeId>,
}

/// Headers by their files, in order.
type Headers = Vec<(FileId, Header)>;

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
    let (headers, graph, findings) = match kept {
        Some(kept) if kept.is_whole => (kept.headers, kept.graph, kept.findings),
        kept => {
            let known = kept.map(|kept| kept.headers).unwrap_or_default();
            let (headers, in_headers) = parse_others(&files, known);
            let (graph, in_graph) = graph::build(&files, &settings, &headers);
            let findings = (in_headers, in_graph);
            keep(&files, &headers, &graph, &findings, store);
            (headers, graph, findings)
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
        graph,
        diagnostics,
    }
}

/// The headers of all files, of which some are known already and without findings.
fn parse_others(
    files: &ProjectFiles,
    known: BTreeMap<FileId, Header>,
) -> (BTreeMap<FileId, Header>, Vec<Diagnostic>) {
    let missing: Vec<(FileId, FileKind)> = header::kinds(files)
        .filter(|(file, _)| !known.contains_key(file))
        .collect();
    let parsed = side_by_side(&missing, |(file, kind)| {
        header::parse(file, &files.sources.file(file).text, kind)
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
    headers: BTreeMap<FileId, Header>,
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
        let headers: Headers = read_chunks(store, 'h', head.headers)?;
        let nodes: Vec<Node> = read_chunks(store, 'n', head.nodes)?;
        let known = headers.len();
        let kinds: BTreeMap<FileId, FileKind> = header::kinds(files).collect();
        let headers: BTreeMap<FileId, Header> = headers
            .into_iter()
            .filter(|(file, header)| {
                let source = files.sources.file(*file);
                // After an edit the header may still be the same.
                head.hashes.get(file.0 as usize) == Some(source.hash.as_bytes())
                    || !head.with_findings.contains(&file.0)
                        && kinds.get(file).is_some_and(|kind| {
                            let (now, found) = header::parse(*file, &source.text, *kind);
                            found.is_empty() && now == *header
                        })
            })
            .collect();
        let is_whole = headers.len() == known;
        let headers = match is_whole {
            true => headers,
            // What was found in them has to be found again.
            false => headers
                .into_iter()
                .filter(|(file, _)| !head.with_findings.contains(&file.0))
                .collect(),
        };
        Some(Self {
            headers,
            is_whole,
            graph: Graph::new(nodes, head.order),
            findings: head.findings,
        })
    }
}

/// Puts headers and graph into the store.
fn keep(
    files: &ProjectFiles,
    headers: &BTreeMap<FileId, Header>,
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
        headers: headers.len(),
        nodes: graph.nodes.len(),
        findings: findings.clone(),
        order: graph.order.clone(),
    };
    // Without a place it can't be told which file has to be read again.
    if findings.0.iter().any(|found| found.primary.is_none()) {
        return;
    }
    let headers: Vec<(&FileId, &Header)> = headers.iter().collect();
    put_chunks(store, 'h', &headers);
    put_chunks(store, 'n', &graph.nodes);
    if let Ok(bytes) = postcard::to_stdvec(&head) {
        store.put(Table::Outline, HEAD, bytes);
    }
}

fn put_chunks<T: Serialize>(store: &mut Store, kind: char, items: &[T]) {
    for (index, chunk) in items.chunks(CHUNK).enumerate() {
        // One that can't be written isn't there to be read.
        let bytes = postcard::to_stdvec(chunk).unwrap_or_default();
        store.put(Table::Outline, &format!("{kind}{index:06}"), bytes);
    }
}

fn read_chunks<T>(store: &Store, kind: char, count: usize) -> Option<Vec<T>>
where
    T: for<'de> Deserialize<'de> + Send,
{
    let indexes: Vec<usize> = (0..count.div_ceil(CHUNK)).collect();
    let chunks = side_by_side(&indexes, |index: usize| {
        let bytes = store.get(Table::Outline, &format!("{kind}{index:06}"))?;
        postcard::from_bytes::<Vec<T>>(bytes).ok()
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
