//! The times between which models are filled, and what is missing there.

use super::previews::is_filled_by_time;
use crate::error::{Code, Error, Kind, Result};
use crate::intervals::{IntervalSet, Missing, Step, missing, parse_instant_in};
use crate::project::{Model, Project};
use crate::state::Known;
use crate::version::Versions;
use jiff::Timestamp;

/// The times between which models are filled.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The clock: no interval is filled that hasn't ended.
    pub now: Timestamp,
    /// Nothing before it is filled.
    pub from: Option<Timestamp>,
    /// Nothing from it on is filled.
    pub until: Option<Timestamp>,
}

/// The text of the length of a model's intervals.
pub(crate) fn interval_of(model: &Model) -> &'static str {
    match model.def.incremental.interval.as_str() {
        "" => "1 day",
        text => text,
    }
}

/// The length of a model's intervals.
pub fn step_of(model: &Model) -> Result<Step> {
    let text = interval_of(model);
    let step = Step::parse(text)
        .ok_or_else(|| unreadable(format!("`{text}` is no length of an interval")))?;
    Ok(step.in_zone(model.zone.clone()))
}

/// The instants between which a model is filled.
pub fn span_of(window: &Window, model: &Model) -> Result<(jiff::Timestamp, jiff::Timestamp)> {
    let def = &model.def.incremental;
    let start = instant(model, def.start.as_str(), "start")?;
    let start = window.from.map_or(start, |from| from.max(start));
    let end = if def.end.is_empty() {
        window.now
    } else {
        instant(model, def.end.as_str(), "end")?.min(window.now)
    };
    Ok((start, window.until.map_or(end, |until| until.min(end))))
}

/// What is missing in a model's table that has these ranges.
pub fn missing_in(window: &Window, model: &Model, filled: &IntervalSet) -> Result<Missing> {
    let def = &model.def.incremental;
    let (step, span) = (step_of(model)?, span_of(window, model)?);
    Ok(missing(span, filled, &step, def.lookback, def.batch_size))
}

/// The word for a model's intervals.
pub fn unit_of_model(model: &Model, count: u64) -> String {
    unit_of(interval_of(model), count)
}

/// Whether a model's table may be read by one that is run without it: it is published in this
/// version, or nothing is missing in it. A first fill that failed leaves a table that has some of
/// its ranges.
pub fn is_readable(
    (known, environment): (&Known, &str),
    (project, versions): (&Project, &Versions),
    window: &Window,
    index: usize,
) -> bool {
    let model = project.model(index);
    let (path, version) = (model.def.path.as_str(), versions.model(index));
    let Some(snapshot) = known.snapshot(environment, path, version) else {
        return false;
    };
    let published = known.published.get(path);
    if !is_filled_by_time(model) || published.is_some_and(|entry| entry.version == version) {
        return true;
    }
    let filled = known.filled.get(&snapshot.physical);
    let filled = filled.cloned().unwrap_or_default();
    missing_in(window, model, &filled).is_ok_and(|missing| missing.batches.is_empty())
}

fn instant(model: &Model, text: &str, key: &str) -> Result<jiff::Timestamp> {
    if text.is_empty() {
        return Err(unreadable(format!(
            "a model filled by time needs a `{key}`"
        )));
    }
    parse_instant_in(text, &model.zone).ok_or_else(|| {
        unreadable(format!(
            "`{key}='{text}'` is neither a date nor a timestamp"
        ))
    })
}

/// The word for intervals of a length: `days` for `1 day`, otherwise `intervals`.
pub(crate) fn unit_of(text: &str, count: u64) -> String {
    let unit = text
        .strip_prefix("1 ")
        .map_or("interval", |unit| unit.trim());
    let unit = unit.strip_suffix('s').unwrap_or(unit);
    if count == 1 {
        unit.to_owned()
    } else {
        format!("{unit}s")
    }
}

fn unreadable(message: impl Into<String>) -> Error {
    Error::new(Kind::Finding, Code::NotAnInterval, message)
}
