//! A model's text with its loops, includes and macro calls written out, and the way back.

use super::model::Work;
use crate::diagnostic::{Code, Diagnostic};
use crate::directives::{DirectiveTree, Reached};
use crate::expand::macros::{Caller, write_out};
use crate::expand::{self, Expanded, SeedText, Surroundings};
use crate::source::SeedFormat;
use crate::span::{FileId, Span};
use crate::typed::TypedModel;
use std::collections::BTreeSet;

impl<'a> Work<'a> {
    /// Writes the model out; `None` if its own text is to be compiled as it is.
    ///
    /// # Errors
    /// The structure of the text can't be read, which is reported.
    pub(super) fn written_out(&mut self) -> Result<Option<Expanded>, ()> {
        let range = self.body_start..self.text.len();
        let outline = self.context.outline;
        if !expand::may_unfold(self.text.get(range.clone()).unwrap_or_default()) {
            return Ok(None);
        }
        let seed = |edge: &crate::graph::Edge| {
            let target = outline.graph.node(edge.target?);
            let is_file = |seed: &&crate::source::SeedFile| seed.data == target.file;
            let seed = outline.files.seeds.iter().find(is_file)?;
            let text = &*outline.files.sources.file(seed.data).text;
            let data = SeedText {
                text: (seed.format == SeedFormat::Csv).then_some(text),
                file: seed.data,
                options: target.config.csv_options(),
            };
            Some((edge.alias.value.to_lowercase(), data))
        };
        let around = Surroundings {
            files: &outline.files,
            variables: &outline.settings.variables,
            imports: &self.imports,
            seeds: self.node.imports.iter().filter_map(seed).collect(),
        };
        let all_seeds: BTreeSet<FileId> = around.seeds.values().map(|seed| seed.file).collect();
        let (unfolded, found) = expand::unfold(self.file, self.text, range, &around);
        self.damaged = found.iter().any(Diagnostic::is_error);
        if self.damaged {
            // The cause may lie in the data of any of them.
            self.depend_on_seeds(&all_seeds);
        }
        self.diagnostics.extend(found);
        match unfolded {
            Some(unfolded) => {
                self.depend_on_seeds(&unfolded.seeds);
                self.used_by_lists = unfolded.used;
                Ok(Some(unfolded.expanded))
            }
            None if self.damaged => Err(()),
            None => Ok(None),
        }
    }

    /// What loops go over is in the seeds' data, and not in their columns alone.
    fn depend_on_seeds(&mut self, seeds: &BTreeSet<FileId>) {
        let files = &self.context.outline.files;
        for seed in files.seeds.iter().filter(|seed| seeds.contains(&seed.data)) {
            for file in [Some(seed.data), seed.typing].into_iter().flatten() {
                self.dependencies
                    .push(files.sources.file(file).path.clone());
            }
        }
    }

    /// Whether the text calls macros.
    pub(super) fn calls_macros(&self, tree: &DirectiveTree) -> bool {
        self.context.macros.may_be_called(self.text, tree)
    }

    /// Writes the calls of macros out. `expanded` is the text, if it was written out before.
    pub(super) fn macros_written_out(
        &mut self,
        tree: &DirectiveTree,
        expanded: Option<&Expanded>,
    ) -> Expanded {
        let caller = Caller {
            text: self.text,
            file: self.file,
            body_start: self.body_start,
            expanded,
        };
        let (written, found) = write_out(&self.context.macros, caller, tree);
        self.damaged |= found.iter().any(Diagnostic::is_error);
        self.diagnostics.extend(found);
        written
    }

    /// Goes on with a written-out text instead of the model's own.
    pub(super) fn go_on_with(&mut self, expanded: &'a Expanded) {
        self.file = expanded.file();
        self.text = expanded.text();
        self.body_start = 0;
    }

    /// Makes all places that leave the model's stage places of the user's files.
    pub(super) fn back_to_files(&mut self, expanded: &Expanded, model: Option<&mut TypedModel>) {
        let found = std::mem::take(&mut self.diagnostics);
        for finding in found {
            let finding = expanded.finding(finding);
            // What each round of a loop says is said once.
            let is_same = |other: &Diagnostic| {
                other.code == finding.code
                    && other.message == finding.message
                    && place(other) == place(&finding)
            };
            if !self.diagnostics.iter().any(is_same) {
                self.diagnostics.push(finding);
            }
        }
        for span in self.made_at.values_mut() {
            *span = expanded.place(*span);
        }
        let Some(model) = model else { return };
        let named = model.lineage.named.iter_mut().map(|named| &mut named.at);
        let columns = model.profile.columns.iter_mut();
        let obstacles = columns.filter_map(|column| Some(&mut column.obstacle.as_mut()?.at));
        for at in named.chain(obstacles) {
            let span = Span {
                start: *at,
                end: at.saturating_add(1),
                ..Span::new(expanded.file(), 0, 0)
            };
            *at = expanded.place_in(self.node.file, span).start;
        }
    }

    /// Reports each `#error` that a variant reaches.
    pub(super) fn report_reached(&mut self, errors: &[Reached]) {
        for error in errors {
            let Some(message) = &error.message else {
                continue;
            };
            let message = match message.trim() {
                "" => "a variant of this model reaches an `#error`",
                text => text,
            };
            let finding = Diagnostic::error(Code::ErrorDirective, error.span, message);
            self.diagnostics.push(finding);
        }
    }
}

fn place(found: &Diagnostic) -> Option<Span> {
    found.primary.as_ref().map(|label| label.span)
}
