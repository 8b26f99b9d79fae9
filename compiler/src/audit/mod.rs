//! Audits: queries that give the rows of a model that are wrong.
//!
//! An audit is a file in `audits/`, whose query reads the audited relation as `:this` and its
//! parameters as `:name`, or one of those that are built in. A call of it in a header,
//! `@audit: name(args)`, is composed into the text of one query, with the way back from each byte
//! to the files that the user wrote. What that query means is the binder's matter: here names are
//! told apart by their places alone.
//!
//! | file | what |
//! |---|---|
//! | `definition` | a file in `audits/` → its parameters, and where they stand |
//! | `arguments` | the arguments of a call → what each parameter gets |
//! | `built_in` | `not_null`, `unique`, `accepted_values` |
//! | `compose` | a call → a text |

mod arguments;
mod built_in;
mod compose;
mod definition;

use crate::diagnostic::{Code, Diagnostic};
use crate::expand::Expanded;
use crate::expand::macros;
use crate::graph::{Edge, Graph, NodeId};
use crate::header::{AuditNote, Headers};
use crate::name::same_name;
use crate::resolve::{Column, Schema};
use crate::source::ProjectFiles;
use crate::span::{FileId, Span};
use std::collections::BTreeMap;

pub use built_in::{BuiltIn, proven_by};
pub use definition::{Definition, Generic};

/// The audits of a project.
#[derive(Debug, Default)]
pub struct Library {
    definitions: Vec<Definition>,
}

/// What a call of an audit may see of its model.
pub struct Surroundings<'a> {
    /// The model's file.
    pub file: FileId,
    /// Its text.
    pub text: &'a str,
    /// The columns of the model.
    pub columns: &'a [Column],
    /// What the model imports, by alias in lower case.
    pub imports: &'a BTreeMap<String, Schema>,
    /// The names of the model's variables.
    pub variables: Vec<&'a str>,
    /// What the model and its audits import.
    pub edges: &'a [Edge],
}

impl<'a> Surroundings<'a> {
    /// The alias by which the model, or the audit for it, imports a node.
    fn alias_of(&self, target: NodeId) -> Option<&'a str> {
        let mut edges = self.edges.iter();
        let edge = edges.find(|edge| edge.target == Some(target))?;
        Some(edge.alias.value.as_str())
    }
}

/// A call of an audit, composed.
#[derive(Debug)]
pub struct Composed {
    /// The query.
    pub expanded: Expanded,
    /// The columns of the model that the call names.
    pub columns: Vec<String>,
    /// Whether each row is right or wrong by itself.
    pub by_row: bool,
}

/// An audit of some name.
#[derive(Clone, Copy, Debug)]
pub enum Audit<'l> {
    /// A file's.
    Own(&'l Definition),
    /// One that dbgo has.
    BuiltIn(BuiltIn),
}

impl Library {
    /// Reads all files in `audits/`.
    pub fn new(
        files: &ProjectFiles,
        headers: &Headers,
        graph: &Graph,
        macros: &macros::Library,
    ) -> (Self, Vec<Diagnostic>) {
        let mut library = Self::default();
        let mut diagnostics = Vec::new();
        for audit in &graph.audits {
            let Some(header) = headers.get(&audit.file).filter(|header| header.has_body) else {
                library.definitions.push(Definition::broken(audit));
                continue;
            };
            let source = files.sources.file(audit.file);
            let (definition, found) = Definition::read(audit, &source.text, header, macros);
            diagnostics.extend(found);
            diagnostics.extend(library.taken(&definition, files));
            library.definitions.push(definition);
        }
        (library, diagnostics)
    }

    /// Why an audit can't have its name.
    fn taken(&self, audit: &Definition, files: &ProjectFiles) -> Option<Diagnostic> {
        let top = Span::new(audit.file, 0, 0);
        let error = |message: String| {
            Diagnostic::error(Code::DuplicateAudit, top, message).hint("rename the file")
        };
        if BuiltIn::of(&audit.name).is_some() {
            return Some(error(format!("the audit `{}` is built in", audit.name)));
        }
        let mut others = self.definitions.iter();
        let first = others.find(|other| same_name(&other.name, &audit.name))?;
        let path = &files.sources.file(first.file).path;
        let message = format!("there are two audits `{}`", audit.name);
        let first = Span::new(first.file, 0, 0);
        Some(error(message).and_at(first, format!("the first is `{path}`")))
    }

    /// The audit of a name.
    pub fn find(&self, name: &str) -> Option<Audit<'_>> {
        if let Some(built_in) = BuiltIn::of(name) {
            return Some(Audit::BuiltIn(built_in));
        }
        let mut own = self.definitions.iter();
        own.find(|own| same_name(&own.name, name)).map(Audit::Own)
    }

    /// The names of all audits that a model may call.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        let own = self.definitions.iter().map(|own| own.name.as_str());
        own.chain(BuiltIn::ALL.iter().map(|built_in| built_in.name()))
    }

    /// The audits of the project.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }
}

impl Audit<'_> {
    /// Composes a call.
    ///
    /// # Errors
    /// What is wrong with the call; nothing if that has been reported already.
    pub fn compose(
        &self,
        note: &AuditNote,
        around: &Surroundings<'_>,
    ) -> Result<Composed, Vec<Diagnostic>> {
        if let Some(error) = compose::unreadable_filter(note, around) {
            return Err(vec![error]);
        }
        match self {
            Audit::Own(definition) => compose::own(definition, note, around),
            Audit::BuiltIn(built_in) => built_in::compose(*built_in, note, around),
        }
    }
}
