//! The audits of `audits/`: what they import, their models' runs wait for.
//!
//! An audit is no node, as nobody reads it. What it imports has to be there when its query runs,
//! which is in the transaction of the model that calls it: so the model gets an edge to it.

use super::build::{Paths, edge};
use super::{Edge, Node};
use crate::header::{Header, Headers};
use crate::name::same_name;
use crate::source::{ProjectFiles, import_path};
use crate::span::{FileId, Spanned};
use serde::{Deserialize, Serialize};

/// A file in `audits/`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Audit {
    /// The file's stem, by which it is called.
    pub name: String,
    /// The file.
    pub file: FileId,
    /// What it imports, in the order of its header.
    pub imports: Vec<Edge>,
}

/// The audits of a project, in the order of their files.
pub(super) fn audits(
    files: &ProjectFiles,
    headers: &Headers,
    nodes: &[Node],
    paths: &mut Paths<'_>,
    diagnostics: &mut Vec<crate::diagnostic::Diagnostic>,
) -> Vec<Audit> {
    let mut audits = Vec::new();
    for file in &files.audits {
        let Some(header) = headers.get(file) else {
            continue;
        };
        let path = import_path(&files.sources.file(*file).path);
        let imports = header.imports.iter();
        let imports = imports.map(|import| edge(import, nodes, true, paths, diagnostics));
        audits.push(Audit {
            name: path.rsplit('.').next().unwrap_or(&path).to_owned(),
            file: *file,
            imports: imports.collect(),
        });
    }
    audits
}

/// Adds what the audits of models import to what the models do, where they don't import it
/// themselves.
pub(super) fn add_edges(nodes: &mut [Node], headers: &Headers, audits: &[Audit]) {
    if audits.iter().all(|audit| audit.imports.is_empty()) {
        return;
    }
    for node in nodes {
        let Some(header) = node.header.and_then(|file| headers.get(&file)) else {
            continue;
        };
        for note in &header.audits {
            let called = |audit: &&Audit| same_name(&audit.name, &note.name.value);
            let Some(audit) = audits.iter().find(called) else {
                continue;
            };
            for import in audit.imports.iter().filter(|edge| edge.target.is_some()) {
                if node.imports.iter().any(|edge| edge.target == import.target) {
                    continue;
                }
                let alias = free_alias(&audit.name, &import.alias.value, node, header);
                node.imports.push(Edge {
                    alias: Spanned::new(alias, note.name.span),
                    target: import.target,
                    span: note.span,
                    of_audit: true,
                });
            }
        }
    }
}

/// An alias that nothing in the model has.
fn free_alias(audit: &str, alias: &str, node: &Node, header: &Header) -> String {
    let is_taken = |name: &str| {
        let imports = node.imports.iter().map(|edge| &edge.alias.value);
        let variables = header.variables.iter().map(|variable| &variable.name.value);
        imports.chain(variables).any(|taken| same_name(taken, name))
    };
    let mut name = format!("{audit}_{alias}");
    while is_taken(&name) {
        name.push('_');
    }
    name
}
