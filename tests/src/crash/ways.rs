//! The commands whose processes die, and those that finish what they left behind.

use std::time::Duration;

/// The environment whose views are looked at, but where another one is what is changed.
pub const ENVIRONMENT: &str = "dev";

/// Commands, one after the other. `${ENV}` stands for the environment that is looked at.
pub type Commands = Vec<&'static [&'static str]>;

/// What is done to the project.
#[derive(Clone)]
pub struct Way {
    /// Its name.
    pub name: &'static str,
    /// Lines of `dbgo.toml` that it needs.
    pub settings: &'static str,
    /// The environment that is changed.
    pub environment: &'static str,
    /// The commands that come before, with the new release in the folder.
    pub prepare: Commands,
    /// How long after them nothing happens.
    pub rest: Duration,
    /// The commands whose processes die.
    pub publish: Commands,
    /// The commands that finish what a process left behind. All but the last may have nothing to do,
    /// and be refused for that.
    pub recover: Commands,
    /// How those end that have nothing to do.
    pub nothing_to_do: i32,
    /// The commands that must have nothing to do in the end.
    pub again: Commands,
    /// Whether all tables have the rows of the new release in the end, and aren't only of its version.
    pub fills: bool,
    /// Whether the state knows in the end that nobody is at work. What a dead process left there is in nobody's way,
    /// and stays where nothing is left to do.
    pub rests: bool,
    /// Whether it publishes again, with nothing to change, what was published and not told to the state.
    pub publishes_again: bool,
}

impl Way {
    /// `dbgo run`, which is its own recovery.
    pub fn run() -> Self {
        Self {
            name: "run",
            settings: "",
            environment: ENVIRONMENT,
            prepare: vec![],
            rest: Duration::ZERO,
            publish: vec![&["run"]],
            recover: vec![&["run"]],
            nothing_to_do: 2,
            again: vec![&["run"]],
            fills: true,
            rests: true,
            publishes_again: false,
        }
    }

    /// `dbgo apply`, after which the same plan goes on.
    pub fn apply() -> Self {
        Self {
            name: "apply",
            // An apply that has nothing to do drops nothing either.
            publish: vec![&["apply", "${ENV}", "--yes"], &["janitor", "--yes"]],
            recover: vec![
                &["apply", "${ENV}", "--continue"],
                &["apply", "${ENV}", "--yes"],
                &["janitor", "--yes"],
            ],
            again: vec![&["apply", "${ENV}", "--yes"], &["janitor", "--yes"]],
            fills: false,
            // Who has nothing to do leaves it to the next run to note which one was broken off.
            rests: false,
            ..Self::run()
        }
    }

    /// `dbgo run` where everything is published already.
    pub fn again() -> Self {
        Self {
            name: "run again",
            prepare: vec![&["run"]],
            ..Self::run()
        }
    }

    /// `dbgo janitor` of tables, batches and records that are old enough.
    pub fn janitor() -> Self {
        Self {
            name: "janitor",
            settings: "[retention]\nversions = \"1 s\"\nhistory = \"1 s\"\n",
            // A run would drop the old tables itself.
            prepare: vec![&["apply", "${ENV}", "--yes"]],
            rest: Duration::from_millis(1500),
            publish: vec![&["janitor", "--yes"]],
            // The batches go once state and engine agree on them.
            recover: vec![
                &["janitor", "--yes"],
                &["state", "reconcile"],
                &["janitor", "--yes"],
            ],
            again: vec![&["janitor", "--yes"]],
            fills: false,
            rests: false,
            ..Self::run()
        }
    }

    /// `dbgo promote` to an environment that shows nothing yet.
    pub fn promote() -> Self {
        Self {
            name: "promote",
            environment: "prod",
            prepare: vec![&["run"]],
            publish: vec![&["promote", ENVIRONMENT, "${ENV}", "--yes"]],
            recover: vec![
                &["apply", "${ENV}", "--continue"],
                &["promote", ENVIRONMENT, "${ENV}", "--yes"],
            ],
            ..Self::run()
        }
    }

    /// `dbgo env drop`.
    pub fn drop() -> Self {
        Self {
            name: "env drop",
            publish: vec![&["env", "drop", "${ENV}", "--yes"]],
            recover: vec![&["env", "drop", "${ENV}", "--yes"], &["env", "list"]],
            again: vec![&["env", "list"]],
            publishes_again: true,
            ..Self::run()
        }
    }

    /// `dbgo state forget` of a table, which the next run builds anew.
    pub fn forget() -> Self {
        Self {
            name: "state forget",
            prepare: vec![&["run"]],
            publish: vec![&["state", "forget", "marts.revenue", "--yes"], &["run"]],
            recover: vec![&["state", "forget", "marts.revenue", "--yes"], &["run"]],
            ..Self::run()
        }
    }

    /// `dbgo state import` of what another state had, and a run on it.
    pub fn import() -> Self {
        Self {
            name: "state import",
            prepare: vec![&["state", "export", "shop.jsonl"]],
            publish: vec![&["state", "import", "shop.jsonl"], &["run"]],
            recover: vec![&["state", "import", "shop.jsonl"], &["run"]],
            nothing_to_do: 3,
            ..Self::run()
        }
    }
}
