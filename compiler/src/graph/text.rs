//! The graph as text: DOT, Mermaid and JSON. Only enabled nodes are drawn; JSON has all.

use super::{Exposure, ExposureImport, Graph, Node, NodeId};
use crate::header::FileKind;
use crate::source::SourceSet;
use serde::Serialize;
use std::fmt::Write;

impl Graph {
    /// The graph in Graphviz' language.
    pub fn to_dot(&self) -> String {
        let mut text = String::from("digraph models {\n  rankdir=LR;\n  node [shape=box];\n");
        for (_, node) in self.drawn() {
            let shape = match node.kind {
                FileKind::Model => "",
                FileKind::Seed => ", shape=note",
                FileKind::Source => ", shape=cylinder",
                FileKind::Exposure | FileKind::Audit => ", shape=house",
            };
            let _ = writeln!(
                text,
                "  \"{}\" [label=\"{}\\n{}\"{shape}];",
                node.path,
                node.relation().replace('\\', "\\\\").replace('"', "\\\""),
                node.kind_word()
            );
        }
        for (from, to) in self.arrows() {
            let _ = writeln!(
                text,
                "  \"{}\" -> \"{}\";",
                self.node(from).path,
                self.node(to).path
            );
        }
        for exposure in &self.exposures {
            let _ = writeln!(
                text,
                "  \"{}\" [label=\"{}\\n{}\", shape=house];",
                exposure.path, exposure.name, exposure.kind
            );
        }
        for (from, to) in self.uses() {
            let _ = writeln!(
                text,
                "  \"{}\" -> \"{}\";",
                self.node(from).path,
                self.exposures[to].path
            );
        }
        text.push_str("}\n");
        text
    }

    /// The graph in Mermaid's language.
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        for (id, node) in self.drawn() {
            let (open, close) = match node.kind {
                FileKind::Model => ("[", "]"),
                FileKind::Seed => ("[/", "/]"),
                FileKind::Source => ("[(", ")]"),
                FileKind::Exposure | FileKind::Audit => (">", "]"),
            };
            let label = node.relation().replace('"', "#quot;");
            let _ = writeln!(text, "  n{}{open}\"{label}\"{close}", id.0);
        }
        for (from, to) in self.arrows() {
            let _ = writeln!(text, "  n{} --> n{}", from.0, to.0);
        }
        for (index, exposure) in self.exposures.iter().enumerate() {
            let _ = writeln!(text, "  e{index}>\"{}\"]", exposure.name);
        }
        for (from, to) in self.uses() {
            let _ = writeln!(text, "  n{} --> e{to}", from.0);
        }
        text
    }

    /// The graph as JSON of the schema `dbgo/graph/1`.
    pub fn to_json(&self, sources: &SourceSet) -> String {
        let document = Document {
            schema: "dbgo/graph/1",
            nodes: self
                .nodes
                .iter()
                .map(|node| self.json_node(node, sources))
                .collect(),
            order: self
                .order
                .iter()
                .map(|id| self.node(*id).path.as_str())
                .collect(),
            exposures: self
                .exposures
                .iter()
                .map(|exposure| self.json_exposure(exposure, sources))
                .collect(),
        };
        // Texts and lists of texts can always be written.
        serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
    }

    fn json_node<'g>(&'g self, node: &'g Node, sources: &'g SourceSet) -> JsonNode<'g> {
        JsonNode {
            path: &node.path,
            kind: match node.kind {
                FileKind::Model => "model",
                FileKind::Seed => "seed",
                FileKind::Source => "source",
                FileKind::Exposure => "exposure",
                FileKind::Audit => "audit",
            },
            materialized: (node.kind == FileKind::Model).then(|| node.materialized().word()),
            schema: &node.config.schema.value,
            name: &node.config.name.value,
            file: &sources.file(node.file).path,
            enabled: node.is_enabled(),
            tags: &node.config.tags.value,
            owner: node.config.owner.as_ref().map(|owner| owner.value.as_str()),
            description: &node.description,
            imports: node
                .imports
                .iter()
                .filter_map(|edge| {
                    edge.target.map(|target| JsonImport {
                        alias: &edge.alias.value,
                        path: &self.node(target).path,
                    })
                })
                .collect(),
        }
    }

    fn json_exposure<'g>(
        &'g self,
        exposure: &'g Exposure,
        sources: &'g SourceSet,
    ) -> JsonExposure<'g> {
        let import = |import: &'g ExposureImport| {
            let columns = import.columns.as_ref();
            Some(JsonUse {
                alias: &import.edge.alias.value,
                path: &self.node(import.edge.target?).path,
                columns: columns.map(|columns| {
                    let names = columns.iter().map(|column| column.value.as_str());
                    names.collect()
                }),
            })
        };
        JsonExposure {
            path: &exposure.path,
            name: &exposure.name,
            kind: &exposure.kind,
            file: &sources.file(exposure.file).path,
            owner: exposure.owner.as_deref(),
            url: exposure.url.as_deref(),
            description: &exposure.description,
            imports: exposure.imports.iter().filter_map(import).collect(),
        }
    }

    /// Each pair of a drawn node and the index of an exposure that uses it once, ordered.
    fn uses(&self) -> Vec<(NodeId, usize)> {
        let exposures = self.exposures.iter().enumerate();
        let mut uses: Vec<(NodeId, usize)> = exposures
            .flat_map(|(index, exposure)| {
                let targets = exposure.imports.iter();
                let targets = targets.filter_map(|import| import.edge.target);
                targets.map(move |target| (target, index))
            })
            .filter(|(target, _)| self.node(*target).is_enabled())
            .collect();
        uses.sort_unstable();
        uses.dedup();
        uses
    }

    fn drawn(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.iter().filter(|(_, node)| node.is_enabled())
    }

    /// Each pair of an imported and an importing node once, ordered.
    fn arrows(&self) -> Vec<(NodeId, NodeId)> {
        let mut arrows: Vec<(NodeId, NodeId)> = self
            .drawn()
            .flat_map(|(id, node)| {
                let targets = node.imports.iter().filter_map(|edge| edge.target);
                targets.map(move |target| (target, id))
            })
            .filter(|(target, _)| self.node(*target).is_enabled())
            .collect();
        arrows.sort_unstable();
        arrows.dedup();
        arrows
    }
}

#[derive(Serialize)]
struct Document<'g> {
    schema: &'static str,
    nodes: Vec<JsonNode<'g>>,
    order: Vec<&'g str>,
    exposures: Vec<JsonExposure<'g>>,
}

#[derive(Serialize)]
struct JsonExposure<'g> {
    path: &'g str,
    name: &'g str,
    #[serde(rename = "type")]
    kind: &'g str,
    file: &'g str,
    owner: Option<&'g str>,
    url: Option<&'g str>,
    description: &'g str,
    imports: Vec<JsonUse<'g>>,
}

/// What an exposure imports; `columns` is null where it uses all.
#[derive(Serialize)]
struct JsonUse<'g> {
    alias: &'g str,
    path: &'g str,
    columns: Option<Vec<&'g str>>,
}

#[derive(Serialize)]
struct JsonNode<'g> {
    path: &'g str,
    kind: &'static str,
    materialized: Option<&'static str>,
    schema: &'g str,
    name: &'g str,
    file: &'g str,
    enabled: bool,
    tags: &'g [String],
    owner: Option<&'g str>,
    description: &'g str,
    imports: Vec<JsonImport<'g>>,
}

#[derive(Serialize)]
struct JsonImport<'g> {
    alias: &'g str,
    path: &'g str,
}
