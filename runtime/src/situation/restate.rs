//! Ranges of time that are done again though they are filled.
//!
//! The old rows stay visible until each batch has replaced them. What reads a model that is done again is
//! done again too: the same range where it is filled by time, as a whole where it isn't.

use super::histories::Histories;
use super::place::Situation;
use super::window::{Window, span_of, step_of};
use crate::environments::first_instant;
use crate::error::{Code, Error, Kind, Result};
use crate::intervals::{IntervalSet, Missing, Range, missing};
use crate::plan::PlanOptions;
use crate::project::{Model, Relation};
use std::collections::BTreeMap;

/// The ranges of models that are done again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restated {
    ranges: BTreeMap<usize, Range>,
}

/// The protected environment that shows the table of a model here, which nobody else writes.
fn shared_with<'s>(situation: &'s Situation<'_>, index: usize) -> Option<&'s str> {
    let path = situation.place.project.model(index).def.path.as_str();
    let here = (&situation.known, situation.place.environment.name);
    super::previews::shared_with(here, path, situation.versions.model(index))
}

impl Restated {
    /// What `--restate` asks for, with all that reads it.
    ///
    /// # Errors
    /// `unknown-model`, `not-an-interval` without a range that can be read.
    pub fn of(
        situation: &Situation<'_>,
        options: &PlanOptions,
        histories: &Histories,
    ) -> Result<Self> {
        let mut ranges = BTreeMap::new();
        if options.restate.is_empty() {
            return Ok(Self { ranges });
        }
        let range = range(situation, options)?;
        let project = situation.place.project;
        for name in &options.restate {
            let Relation::Model(index) = project.find(name)? else {
                return Err(Error::new(
                    Kind::Usage,
                    Code::NotAModel,
                    format!("`{name}` is no model, so nothing of it is computed"),
                ));
            };
            let model = project.model(index);
            if histories.keep(index, model) {
                return Err(Error::new(
                    Kind::Refused,
                    Code::HistoryKept,
                    format!("the rows of `{}` can't be computed again", model.relation()),
                )
                .hint(format!(
                    "`--destroy-history {}` gives them up all the same",
                    model.relation()
                )));
            }
            if let Some(environment) = shared_with(situation, index) {
                return Err(Error::new(
                    Kind::Refused,
                    Code::ProtectedEnvironment,
                    format!(
                        "`{}` is shared with `{environment}`, which is protected",
                        model.relation()
                    ),
                )
                .hint(format!(
                    "compute its rows again there: `--env {environment}`; `--fork` gives `{}` a table of its own",
                    situation.place.environment.name
                )));
            }
            for reached in project.graph().reach(index, usize::MAX, true) {
                let kept = histories.keep(reached, project.model(reached))
                    || shared_with(situation, reached).is_some();
                if !kept {
                    ranges.insert(reached, range);
                }
            }
        }
        Ok(Self { ranges })
    }

    /// The range of a model that is done again.
    pub fn range(&self, model: usize) -> Option<Range> {
        self.ranges.get(&model).copied()
    }

    /// The batches of a range that is done again, as wide as whole intervals.
    pub fn missing(window: &Window, model: &Model, range: Range) -> Result<Missing> {
        let step = step_of(model)?;
        let whole = span_of(window, model)?;
        let wanted = Range::new(step.floor(range.start), step.ceiling(range.end));
        let inside = wanted.and_then(|wanted| {
            Range::new(
                wanted.start.max(whole.0),
                wanted.end.min(step.floor(whole.1)),
            )
        });
        let Some(inside) = inside else {
            return Ok(Missing {
                batches: Vec::new(),
                intervals: 0,
                all: 0,
            });
        };
        let def = &model.def.incremental;
        let bounds = (inside.start, inside.end);
        Ok(missing(
            bounds,
            &IntervalSet::new(),
            &step,
            0,
            def.batch_size,
        ))
    }
}

fn range(situation: &Situation<'_>, options: &PlanOptions) -> Result<Range> {
    let now = situation.place.now;
    let refused = |message: &str| {
        Error::new(Kind::Usage, Code::NotAnInterval, message)
            .hint("write `--start 2024-01-01 --end 2024-02-01`; the end isn't included")
    };
    let Some(start) = &options.start else {
        return Err(refused("nothing says from when on rows are computed again"));
    };
    let start = first_instant(start, now)?;
    let end = match &options.end {
        Some(end) => first_instant(end, now)?,
        None => now,
    };
    Range::new(start, end)
        .ok_or_else(|| refused("the range holds nothing: it ends before it begins"))
}
