//! Which ranges of time a model's table has, and which are missing.

use super::place::Situation;
use super::previews::is_filled_by_time;
use super::window::{span_of, step_of};
use crate::error::Result;
use crate::intervals::{IntervalSet, Range};

/// What is filled of a model that is filled by time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The ranges that its table has, within the times that it is filled between here.
    pub filled: IntervalSet,
    /// The ranges that it doesn't have.
    pub missing: IntervalSet,
    /// How many intervals it has.
    pub filled_intervals: u64,
    /// How many it doesn't have.
    pub missing_intervals: u64,
    /// Whether it is a preview, whose history is cut here.
    pub preview: bool,
}

impl Situation<'_> {
    /// What is filled of a model in the version that it has here; nothing of one that isn't filled by
    /// time.
    ///
    /// # Errors
    /// `not-an-interval`.
    pub fn coverage(&self, index: usize) -> Result<Option<Coverage>> {
        let model = self.place.project.model(index);
        if !is_filled_by_time(model) {
            return Ok(None);
        }
        let preview = self.versions.is_preview(index);
        let window = self.place.window(preview);
        let step = step_of(model)?;
        let (start, end) = span_of(&window, model)?;
        let whole = Range::new(step.floor(start), step.floor(end));
        let wanted: IntervalSet = whole.into_iter().collect();
        let (path, version) = (model.def.path.as_str(), self.versions.model(index));
        let environment = self.place.environment.name;
        let snapshot = self.known.snapshot(environment, path, version);
        let filled = snapshot.and_then(|snapshot| self.known.filled.get(&snapshot.physical));
        let filled = wanted.intersection(&filled.cloned().unwrap_or_default());
        let missing = wanted.difference(&filled);
        let count = |set: &IntervalSet| set.ranges().iter().map(|range| step.count(*range)).sum();
        Ok(Some(Coverage {
            filled_intervals: count(&filled),
            missing_intervals: count(&missing),
            filled,
            missing,
            preview,
        }))
    }
}
