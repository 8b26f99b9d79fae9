//! Every kind of error that ends a command or a model: its name and what it means in one line.
//!
//! The table is the only list: `dbgo explain` reads the page `docs/errors/<name>.md`, and the
//! project's own checks hold the table against the pages and the tests. A name that the compiler's
//! diagnostics have too means the same there, and has its page there, in `docs/diagnostics`.

use std::fmt;

macro_rules! codes {
    ($(($text:literal, $name:ident, $summary:literal),)*) => {
        /// A kind of error. Its text is in kebab-case and never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $summary] $name,)* }

        impl Code {
            /// All codes, ordered as in the table.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The name that people see: `database-held`.
            pub const fn text(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// What it means, in one line.
            pub const fn summary(self) -> &'static str {
                match self { $(Code::$name => $summary,)* }
            }
        }
    };
}

codes! {
    // Settings
    ("missing-variable", MissingVariable, "an environment variable that `dbgo.toml` names isn't set"),
    ("env-file", EnvFile, "the file `.env` can't be read"),
    ("state-address", StateAddress, "the address of the state isn't one"),
    ("environment-name", EnvironmentName, "the environment's name can't be used"),
    ("environment-start", EnvironmentStart, "the `start` of an environment or of a plan can't be read"),
    ("unknown-engine", UnknownEngine, "nothing says which engine an environment lives on, or it names one that doesn't exist"),
    ("unknown-variable", UnknownVariable, "`--var` names a variable that no model declares"),
    ("variable-value", VariableValue, "a variable has no value, or one that doesn't fit its type"),
    // What a command names
    ("unknown-model", UnknownModel, "a command names a model, seed or source that doesn't exist"),
    ("ambiguous-model", AmbiguousModel, "a command names something that several relations are called"),
    ("not-a-model", NotAModel, "a seed or source is named where a model is needed"),
    ("unknown-selector", UnknownSelector, "`--select` or `--exclude` has a method that doesn't exist"),
    ("parent-not-built", ParentNotBuilt, "a selected model reads one that is neither selected nor built"),
    ("not-built", NotBuilt, "`show` is asked for a relation that isn't built yet"),
    ("unknown-run", UnknownRun, "`runs` is asked for a run that doesn't exist"),
    ("ambiguous-run", AmbiguousRun, "`runs` is asked for an id that several runs begin with"),
    // What a run would overwrite or contradict
    ("database-held", DatabaseHeld, "another process has the database file open"),
    ("fenced", Fenced, "another process took over the database that this one was writing to"),
    ("not-ours", NotOurs, "a view would replace something that this project didn't make"),
    ("columns-changed", ColumnsChanged, "a model that keeps its history has other columns than its table"),
    ("tables-gone", TablesGone, "the database has lost tables that can't be computed again"),
    ("state-moved-on", StateMovedOn, "a newer version of dbgo wrote the state database"),
    ("state-outdated", StateOutdated, "an older version of dbgo wrote the state database"),
    ("state-import", StateImport, "a copy of a state can't be read, or the state isn't empty"),
    ("state-differs", StateDiffers, "another state database wrote the engine's tables"),
    ("seed-changed", SeedChanged, "a seed was changed while a run started"),
    // Environments and plans
    ("unknown-environment", UnknownEnvironment, "a command names an environment that doesn't exist"),
    ("environment-exists", EnvironmentExists, "an environment that is to be created is there already"),
    ("protected-environment", ProtectedEnvironment, "a protected environment may not be changed so"),
    ("other-project", OtherProject, "an environment records another version of the project than this program"),
    ("unknown-plan", UnknownPlan, "a command names a plan that doesn't exist"),
    ("stale-plan", StalePlan, "what a plan was made for has changed since"),
    ("pending-plan", PendingPlan, "a plan that was begun has to be ended first"),
    ("nothing-pending", NothingPending, "there is no begun plan to continue or abandon"),
    ("base-moved", BaseMoved, "the environment that a promotion goes to has changed since its base was taken"),
    ("needs-confirmation", NeedsConfirmation, "a change needs a person's word, and nobody can be asked"),
    ("lease-held", LeaseHeld, "another process changes the same environment"),
    ("version-gone", VersionGone, "tables of an earlier version are gone, so it can't be shown again"),
    ("history-kept", HistoryKept, "rows that can't be computed again would be lost"),
    ("no-history", NoHistory, "`--destroy-history` names a model whose rows can be computed again"),
    ("not-an-interval", NotAnInterval, "a range of time can't be read, or a model isn't filled by time"),
    // What fails
    ("seed-unreadable", SeedUnreadable, "a seed's file can't be read"),
    ("no-table-yet", NoTableYet, "a query reads `:this` before there is a table"),
    ("no-range", NoRange, "a query reads bounds of a range that it doesn't have"),
    ("read-only-folder", ReadOnlyFolder, "nothing can be written to the project's folder"),
    ("engine-failed", EngineFailed, "the engine can't be opened, or failed outside of any model"),
    ("extension-missing", ExtensionMissing, "an extension that the engine needs isn't there"),
    ("engine-cannot-hold", EngineCannotHold, "a column's type or an index that the engine can't hold"),
    ("state-failed", StateFailed, "the state database can't be opened, read or written"),
    ("broken-project", BrokenProject, "the compiled project contradicts itself"),
    ("interrupted", Interrupted, "somebody interrupted the command"),
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_is_in_kebab_case_and_there_once() {
        let mut seen = HashSet::new();
        for code in Code::ALL {
            let text = code.text();
            let words = text.split('-');
            let is_word = |word: &str| {
                !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase())
            };
            assert!(words.into_iter().all(is_word), "{text}");
            assert!(seen.insert(text), "{text} is there twice");
        }
    }
}
