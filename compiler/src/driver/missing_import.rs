//! The import line that a query lacks, where only one relation can be meant.

use super::model::Work;
use crate::diagnostic::{Code, Diagnostic, Edit, Fix};
use crate::graph::{Graph, Node, NodeId};
use crate::header::{is_identifier, place_for_import};
use crate::name::same_name;
use crate::span::Span;
use std::collections::BTreeSet;

impl Work<'_> {
    /// Adds the import line to a finding about a relation that isn't imported.
    pub(super) fn with_import(&self, finding: Diagnostic) -> Diagnostic {
        if finding.fix.is_some()
            || !matches!(finding.code, Code::UndeclaredTable | Code::UnknownReference)
        {
            return finding;
        }
        match self.missing_import(&finding) {
            Some(fix) => finding.fix(fix),
            None => finding,
        }
    }

    fn missing_import(&self, finding: &Diagnostic) -> Option<Fix> {
        let span = finding.primary.as_ref()?.span;
        let written = self.text.get(span.range())?;
        let name = written.trim_start_matches(':');
        let parts: Vec<&str> = name.split('.').collect();
        let alias = *parts.last()?;
        let means_something = self.imports.contains_key(&alias.to_lowercase())
            || alias.eq_ignore_ascii_case("this")
            || (self.variables.iter()).any(|variable| same_name(&variable.name, alias));
        if means_something || !is_identifier(alias) || parts.len() > 2 {
            return None;
        }
        let graph = &self.context.outline.graph;
        let is_meant = |node: &Node| match parts.as_slice() {
            [schema, name] => {
                same_name(&node.config.schema.value, schema)
                    && same_name(&node.config.name.value, name)
            }
            _ => same_name(&node.config.name.value, alias) || stem(&node.path) == alias,
        };
        let mut meant = graph.iter().filter(|(_, node)| is_meant(node));
        let (id, node) = meant.next()?;
        if meant.next().is_some()
            || !node.is_enabled()
            || node.config.deprecated.is_some()
            || reaches(graph, id, &self.node.path)
        {
            return None;
        }
        let declared = match stem(&node.path) == alias {
            true => node.path.clone(),
            false => format!("{alias} = {}", node.path),
        };
        let file = self.node.file;
        let text = &self.context.outline.files.sources.file(file).text;
        let place = place_for_import(text, self.header);
        let line_end = if text[..place].ends_with("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        let mut edits = vec![Edit {
            span: Span::new(file, place, place),
            text: format!("-- @import: {declared}{line_end}"),
        }];
        if parts.len() == 2 {
            edits.push(Edit {
                span,
                text: format!(":{alias}"),
            });
        }
        Some(Fix {
            title: format!("import `{}`", node.path),
            edits,
        })
    }
}

/// The last part of an import path, which is its alias where none is written.
fn stem(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Whether a node imports, over others too, the one with this path: it can't be imported there.
fn reaches(graph: &Graph, from: NodeId, path: &str) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        let node = graph.node(id);
        if node.path == path {
            return true;
        }
        let targets = node.imports.iter().filter_map(|edge| edge.target);
        open.extend(targets.filter(|target| seen.insert(*target)));
    }
    false
}
