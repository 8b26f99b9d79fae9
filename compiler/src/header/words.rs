//! The words that values of `@config` choose from.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$docs:meta])* $name:ident { $($(#[$variant_docs:meta])* $variant:ident $text:literal,)* }) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_docs])* $variant,)* }

        impl $name {
            /// The words, in the order of the language's description.
            pub const WORDS: &'static [&'static str] = &[$($text,)*];

            /// The word that means this.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What a word means.
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use words;

words! {
    /// What becomes of a model's query.
    Materialized {
        /// A view over its parents' tables.
        View "view",
        /// A table, rebuilt as a whole.
        Table "table",
        /// A common table expression in its readers.
        Ephemeral "ephemeral",
        /// A table that is added to.
        Incremental "incremental",
        /// A table of versions of rows.
        Scd2 "scd2",
    }
}

words! {
    /// How an incremental model takes new rows.
    Strategy {
        /// A batch replaces its range of the time column.
        TimeRange "time_range",
        /// A batch replaces the rows with the same key.
        UniqueKey "unique_key",
        /// A batch replaces the partitions that it touches.
        Partition "partition",
        /// A batch is added.
        Append "append",
    }
}

words! {
    /// What becomes of a row outside its batch's range.
    Outside {
        /// The batch fails.
        Error "error",
        /// The row is left out.
        Drop "drop",
        /// The row is kept.
        Keep "keep",
    }
}

words! {
    /// What happens when an incremental model's columns change.
    OnSchemaChange {
        /// The run is refused.
        Fail "fail",
        /// New columns are added.
        Append "append",
        /// Columns are added and dropped.
        Sync "sync",
        /// The table keeps its columns.
        Ignore "ignore",
    }
}

words! {
    /// Whether a model's rows can be computed again.
    History {
        /// They can.
        Rebuild "rebuild",
        /// They can't: the table is kept whatever happens.
        Keep "keep",
    }
}

words! {
    /// What becomes of a row's last version when the row is gone.
    HardDeletes {
        /// It stays open.
        Ignore "ignore",
        /// It ends.
        Close "close",
    }
}

words! {
    /// What rows that an audit finds mean.
    Severity {
        /// Nothing of the batch is written.
        Error "error",
        /// They are told.
        Warn "warn",
    }
}

/// Words that are known, but whose meaning isn't built yet.
pub(super) const LATER_MATERIALIZED: &[&str] = &["materialized_view"];
