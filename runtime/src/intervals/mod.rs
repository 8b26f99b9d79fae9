//! Half-open ranges of instants in UTC, sets of them, and the steps that divide time.
//!
//! A set is a list of merged ranges, never of points: what it costs grows with its gaps.
//! Nothing here knows a model, a clock or an engine.

mod set;
mod step;

pub use set::{IntervalSet, Range};
pub use step::{Missing, Step, missing, parse_instant};
