//! A text beside a model's query, such as an audit's, bound as a query of the model.

use super::model::Work;
use super::variants::TypedVariant;
use crate::diagnostic::{Code, Diagnostic};
use crate::directives::{self, DirectiveTree};
use crate::expand::Expanded;
use crate::expand::macros::{Caller, write_out};
use crate::parse::parse_query;
use crate::resolve::{BindInput, Candidates, Schema, bind};
use crate::sql_type::SqlType;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// The bounds of a batch, which a text beside the query can't know.
const BOUNDS: [&str; 4] = ["start_ts", "end_ts", "start_date", "end_date"];

/// A text that was bound without an error.
pub(super) struct BoundText {
    /// The text, its macros written out.
    pub expanded: Expanded,
    pub tree: DirectiveTree,
    pub variant: TypedVariant,
    imports: BTreeMap<String, Schema>,
}

impl BoundText {
    /// Binds a text of a model. `this` is the model's own table, `names` what may stand for a
    /// value.
    ///
    /// # Errors
    /// What is wrong, with places in the user's files.
    pub(super) fn new(
        model: &Work<'_>,
        composed: Expanded,
        this: Option<Schema>,
        imports: BTreeMap<String, Schema>,
        names: BTreeMap<String, SqlType>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let expanded = with_macros(model, composed)?;
        let (tree, found) = read(&expanded);
        let back = |found: Vec<Diagnostic>| -> Vec<Diagnostic> {
            let found = found.into_iter();
            found.map(|finding| expanded.finding(finding)).collect()
        };
        if !found.is_empty() {
            return Err(back(found));
        }
        let found: Vec<Diagnostic> = directives::references(expanded.text(), &tree.tokens)
            .filter(|(name, _)| BOUNDS.contains(&name.to_ascii_lowercase().as_str()))
            .map(|(name, span)| {
                let message = format!("`:{name}` isn't known here");
                Diagnostic::error(Code::UnknownReference, span, message)
                    .hint("an audit looks at all rows, and knows no range of a batch")
            })
            .collect();
        if !found.is_empty() {
            return Err(back(found));
        }
        let query =
            parse_query(expanded.text(), &tree.tokens).map_err(|error| back(vec![error]))?;
        let input = BindInput {
            imports: Cow::Borrowed(&imports),
            this: this.clone(),
            variables: names.clone(),
            candidates: Candidates::Of(model.context),
            text: expanded.text(),
            unique_columns: false,
        };
        let mut bound = bind(&query, &input);
        let variant = TypedVariant::of_bound(query, &mut bound);
        let mut text = Self {
            expanded,
            tree,
            variant,
            imports,
        };
        text.judge(model, this.as_ref(), &names);
        let found = std::mem::take(&mut text.variant.diagnostics);
        match found.iter().any(Diagnostic::is_error) {
            true => {
                let found = found.into_iter();
                Err(found
                    .map(|finding| text.expanded.finding(finding))
                    .collect())
            }
            false => Ok(text),
        }
    }

    /// Adds what the engine says, where it judges every query, and the relations that the tree
    /// doesn't show.
    fn judge(
        &mut self,
        model: &Work<'_>,
        this: Option<&Schema>,
        names: &BTreeMap<String, SqlType>,
    ) {
        let mut variant = self.variant.clone();
        let work = self.work(model);
        work.add_unseen_uses(&mut variant, &self.tree.tokens, names);
        if !variant.has_errors() && model.context.oracle.judges_every_query() {
            let refused = work.judged(&self.tree.tokens, &variant.relations, this, names);
            variant.diagnostics.extend(refused);
            model.engine.set(model.engine.get().max(work.engine.get()));
        }
        drop(work);
        self.variant = variant;
    }

    /// The model at work on this text.
    pub(super) fn work<'t>(&'t self, model: &Work<'t>) -> Work<'t> {
        Work {
            context: model.context,
            node: model.node,
            header: model.header,
            file: self.expanded.file(),
            text: self.expanded.text(),
            body_start: 0,
            used_by_lists: BTreeSet::new(),
            damaged: false,
            imports: self.imports.clone(),
            audit_imports: BTreeMap::new(),
            variables: model.variables.clone(),
            made_at: BTreeMap::new(),
            dependencies: Vec::new(),
            engine: Cell::default(),
            diagnostics: Vec::new(),
        }
    }
}

fn read(expanded: &Expanded) -> (DirectiveTree, Vec<Diagnostic>) {
    let text = expanded.text();
    directives::read(expanded.file(), text, 0..text.len(), &[])
}

/// Writes out the calls of macros.
fn with_macros(model: &Work<'_>, composed: Expanded) -> Result<Expanded, Vec<Diagnostic>> {
    let (tree, _) = read(&composed);
    let macros = &model.context.macros;
    if !macros.may_be_called(composed.text(), &tree) {
        return Ok(composed);
    }
    let caller = Caller {
        text: composed.text(),
        file: composed.file(),
        body_start: 0,
        expanded: Some(&composed),
    };
    // Its findings have places in the user's files.
    let (written, found) = write_out(macros, caller, &tree);
    match found.iter().any(Diagnostic::is_error) {
        true => Err(found),
        false => Ok(written),
    }
}
