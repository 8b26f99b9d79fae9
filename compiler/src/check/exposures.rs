//! Exposures: each column that one names must be a column of what it imports.

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::graph::{Exposure, Graph, NodeId};
use crate::parse::written_name;
use crate::resolve::Column;

/// Looks for the columns that exposures name. `columns` gives those of a node; `None` where they
/// aren't known.
pub fn check(
    graph: &Graph,
    columns: impl Fn(NodeId) -> Option<Vec<Column>>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for exposure in &graph.exposures {
        check_one(graph, exposure, &columns, diagnostics);
    }
}

fn check_one(
    graph: &Graph,
    exposure: &Exposure,
    columns: &impl Fn(NodeId) -> Option<Vec<Column>>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for import in &exposure.imports {
        let Some(target) = import.edge.target.filter(|_| import.columns.is_some()) else {
            continue;
        };
        let Some(known) = columns(target) else {
            continue;
        };
        for used in import.columns.iter().flatten() {
            if known
                .iter()
                .any(|column| column.name.eq_ignore_ascii_case(&used.value))
            {
                continue;
            }
            let message = format!(
                "`{}` has no column `{}`",
                graph.node(target).path,
                used.value
            );
            let finding = Diagnostic::error(Code::UnknownColumn, used.span, message);
            let names = known.iter().map(|column| column.name.as_str());
            diagnostics.push(match nearest(&used.value, names.clone()) {
                Some(near) => {
                    let made_at = known
                        .iter()
                        .find(|column| column.name == near)
                        .and_then(|column| column.made_at);
                    let finding = finding.hint(format!("did you mean `{near}`?")).fix_name(
                        &used.value,
                        used.span,
                        names,
                        |near| written_name(near).into_owned(),
                    );
                    match made_at {
                        Some(place) => {
                            finding.and_at(place, "a column with a similar name is made here")
                        }
                        None => finding,
                    }
                }
                None => finding.hint("name a column of it, or leave the name out"),
            });
        }
    }
}
