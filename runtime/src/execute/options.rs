//! What a run is asked for, and what it gives.

use crate::error::Kind;
use crate::events::Summary;
use crate::plan::Author;
use crate::state::StepRecord;
use std::time::Duration;

/// What a run is asked for.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// The environment; the project's default without one.
    pub environment: Option<String>,
    /// The models to look at; all if empty.
    pub select: Vec<String>,
    /// The models to leave out.
    pub exclude: Vec<String>,
    /// Whether tables are built anew though nothing changed.
    pub full_refresh: bool,
    /// Models that give up rows which can't be computed again, where they are built anew.
    pub destroy_history: Vec<String>,
    /// Whether all views are made anew, as they may have been altered by hand.
    pub repair: bool,
    /// Whether everything is built anew in an engine that has nothing of what the state knows of.
    pub rebuild: bool,
    /// Whether versions of the models that are built go at once that nobody shows and that aren't among
    /// the last few of an environment for development.
    pub forgets_versions: bool,
    /// How many models are built at once; as the project says if nothing is given.
    pub workers: Option<usize>,
    /// Whether the first failure keeps others from starting.
    pub fail_fast: bool,
    /// `name=value` for variables.
    pub variables: Vec<String>,
    /// How long to wait for an engine that another process holds.
    pub wait: Option<Duration>,
    /// Who asks, and of which commit the program is.
    pub author: Author,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct RunOutcome {
    /// The counts.
    pub summary: Summary,
    /// What became of each model and seed, in the order they ended.
    pub steps: Vec<StepRecord>,
    /// How many views changed.
    pub published: usize,
    /// What the process ends with; nothing if all went well.
    pub trouble: Option<Kind>,
}
