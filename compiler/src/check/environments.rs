//! Environments: the schemas that they exchange must be schemas of sources.

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::graph::Graph;
use crate::header::FileKind;
use crate::project::Settings;
use std::collections::BTreeSet;

/// Looks for the schemas that `[env.X.sources]` names.
pub fn check(settings: &Settings, graph: &Graph, diagnostics: &mut Vec<Diagnostic>) {
    let named = || {
        let environments = settings.environments.iter();
        environments.flat_map(|environment| &environment.sources)
    };
    if named().next().is_none() {
        return;
    }
    // Files have no schema in the engine.
    let tables = graph
        .nodes
        .iter()
        .filter(|node| node.kind == FileKind::Source && node.config.location.is_none());
    let schemas: BTreeSet<&str> = tables
        .map(|node| node.config.schema.value.as_str())
        .collect();
    for (schema, _) in named() {
        let name = schema.value.as_str();
        if schemas.contains(name) {
            continue;
        }
        let message = format!("no table of `sources/` is in the schema `{name}`");
        let finding = Diagnostic::error(Code::InvalidSetting, schema.span, message);
        diagnostics.push(match nearest(name, schemas.iter().copied()) {
            Some(near) => finding.hint(format!("write `{near}`")),
            None if schemas.is_empty() => finding.hint("leave it out"),
            None => {
                let known: Vec<&str> = schemas.iter().copied().collect();
                finding.hint(format!("there are: `{}`", known.join("`, `")))
            }
        });
    }
}
