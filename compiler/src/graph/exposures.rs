//! Exposures: who uses what the project makes. They are no nodes, as nobody reads them.

use super::build::{Paths, edge};
use super::{Edge, Graph, Node, NodeId};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::header::{ColumnUse, Header, Headers};
use crate::name::same_name;
use crate::source::{ProjectFiles, import_path};
use crate::span::{FileId, Spanned};
use serde::{Deserialize, Serialize};

/// Something outside the project that uses it, such as a dashboard.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Exposure {
    /// The file's path with dots: `exposures.finance.board_pack`.
    pub path: String,
    /// The file's stem: `board_pack`.
    pub name: String,
    /// The file.
    pub file: FileId,
    /// `type`: `dashboard`, `report` and so on; empty where it couldn't be read.
    pub kind: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where it is found.
    pub url: Option<String>,
    /// What it means; empty where nobody says.
    pub description: String,
    /// What it uses, in the order of its header.
    pub imports: Vec<ExposureImport>,
}

/// A relation that an exposure uses.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExposureImport {
    /// The import.
    pub edge: Edge,
    /// The columns that it uses, in the order of its header; `None` for all.
    pub columns: Option<Vec<Spanned<String>>>,
}

impl Exposure {
    /// Whether a column of a node is used.
    pub fn uses(&self, node: NodeId, column: &str) -> bool {
        let imports = self.imports.iter();
        imports
            .filter(|import| import.edge.target == Some(node))
            .any(|import| {
                let mut named = import.columns.iter().flatten();
                import.columns.is_none() || named.any(|used| same_name(&used.value, column))
            })
    }
}

impl Graph {
    /// The exposures that use a column of a node, ordered by path; with `None` those that use any
    /// of its columns.
    pub fn exposures_of<'g>(
        &'g self,
        node: NodeId,
        column: Option<&'g str>,
    ) -> impl Iterator<Item = &'g Exposure> {
        self.exposures.iter().filter(move |exposure| match column {
            Some(column) => exposure.uses(node, column),
            None => (exposure.imports.iter()).any(|import| import.edge.target == Some(node)),
        })
    }
}

/// The exposures of a project, ordered by path.
pub(super) fn exposures(
    files: &ProjectFiles,
    headers: &Headers,
    nodes: &[Node],
    paths: &mut Paths<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Exposure> {
    let mut exposures: Vec<Exposure> = files
        .exposures
        .iter()
        .filter_map(|file| {
            let header = headers.get(file)?;
            let path = import_path(&files.sources.file(*file).path);
            Some(exposure(path, *file, header, nodes, paths, diagnostics))
        })
        .collect();
    exposures.sort_by(|left, right| left.path.cmp(&right.path));
    exposures
}

fn exposure(
    path: String,
    file: FileId,
    header: &Header,
    nodes: &[Node],
    paths: &mut Paths<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Exposure {
    for used in &header.uses {
        diagnostics.extend(unknown_alias(used, header));
    }
    let imports = header.imports.iter().map(|import| {
        let mut columns = Vec::new();
        for used in &header.uses {
            if same_name(&used.alias.value, &import.alias.value) {
                columns.push(used.column.clone());
            }
        }
        ExposureImport {
            edge: edge(import, nodes, true, paths, diagnostics),
            columns: (!columns.is_empty()).then_some(columns),
        }
    });
    let imports = imports.collect();
    let note = header.exposure.as_ref();
    let text = |value: Option<&Spanned<String>>| value.map(|value| value.value.clone());
    Exposure {
        name: path.rsplit('.').next().unwrap_or(&path).to_owned(),
        path,
        file,
        kind: text(note.and_then(|note| note.kind.as_ref())).unwrap_or_default(),
        owner: text(note.and_then(|note| note.owner.as_ref())),
        url: text(note.and_then(|note| note.url.as_ref())),
        description: header.description_text(),
        imports,
    }
}

/// An alias in `@uses` that no import declares. Of one that couldn't be read nothing is said.
fn unknown_alias(used: &ColumnUse, header: &Header) -> Option<Diagnostic> {
    let alias = &used.alias;
    let aliases = || {
        let imports = header.imports.iter();
        imports.map(|import| import.alias.value.as_str())
    };
    let damaged = header.damaged.imports.iter().map(String::as_str);
    if aliases()
        .chain(damaged)
        .any(|known| same_name(known, &alias.value))
    {
        return None;
    }
    let message = format!("`{}` is no import of this exposure", alias.value);
    let finding = Diagnostic::error(Code::UnknownReference, alias.span, message);
    Some(match nearest(&alias.value, aliases()) {
        Some(near) => finding.hint(format!("did you mean `{near}`?")).fix_name(
            &alias.value,
            alias.span,
            aliases(),
            str::to_owned,
        ),
        None => finding.hint(format!("import it: `-- @import: {} = …`", alias.value)),
    })
}
