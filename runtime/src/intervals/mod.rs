//! Half-open ranges of instants in UTC, sets of them, the steps that divide time in a time zone, and
//! when something is due.
//!
//! A set is a list of merged ranges, never of points: what it costs grows with its gaps.
//! Nothing here knows a model, a clock or an engine.

mod cron;
mod set;
mod step;
mod zone;

pub use cron::Schedule;
pub use set::{IntervalSet, Range};
pub use step::{Missing, Step, missing, parse_instant, parse_instant_in};
pub use zone::{time_zone, wall_clock};
