//! Former names: a model that can't be built anew says under which one its table was made.

use super::{Graph, Node};
use crate::diagnostic::{Code, Diagnostic};
use crate::header::Setting;
use std::collections::BTreeMap;

/// Looks at `was`: nobody may have the name any more, and only one model may have had it.
pub(super) fn check(graph: &Graph, diagnostics: &mut Vec<Diagnostic>) {
    let mut taken: BTreeMap<&str, &Setting<String>> = BTreeMap::new();
    for node in graph.nodes.iter().filter(|node| can_have_one(node)) {
        let Some(was) = &node.config.was else {
            continue;
        };
        let Some(span) = was.span() else { continue };
        let wrong = |message| Diagnostic::error(Code::InvalidConfigValue, span, message);
        let name = was.value.as_str();
        if name == node.path {
            let message = format!("`{name}` is what this model is called now");
            diagnostics.push(wrong(message).hint("leave `was` out, or write its former name"));
        } else if graph.find(name).is_some() {
            let message = format!("there is still a model `{name}`, which has its own table");
            diagnostics.push(wrong(message).hint("remove that one, or leave `was` out"));
        } else if let Some(first) = taken.get(name) {
            let finding = wrong(format!("two models say that they were `{name}`"));
            diagnostics.push(match first.span() {
                Some(place) => finding.and_at(place, "the other one"),
                None => finding,
            });
        } else {
            taken.insert(name, was);
        }
    }
}

/// Whether a node may have a former name; the settings of the others are left as they are kept.
fn can_have_one(node: &Node) -> bool {
    use crate::header::{FileKind, Materialized};
    node.kind == FileKind::Model
        && matches!(
            node.materialized(),
            Materialized::Incremental | Materialized::Scd2
        )
}
