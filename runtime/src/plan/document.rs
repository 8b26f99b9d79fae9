//! A plan as data. The JSON of these types is `dbgo/plan/1`.

use crate::intervals::Range;
use dbgo_changes::Category;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The schema of a plan's JSON.
pub const SCHEMA: &str = "dbgo/plan/1";

/// What a plan is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Purpose {
    /// To bring the environment to the program's project.
    Apply,
    /// To bring the environment to what another one points to.
    Promote {
        /// The other environment.
        from: String,
    },
    /// To bring the environment back to an earlier revision.
    Rollback {
        /// The revision.
        to: u64,
    },
    /// To make an environment that shows what another one does.
    Create {
        /// The other environment.
        from: String,
    },
}

impl Purpose {
    /// The environment that is promoted, or that another one is made from.
    pub fn promoted(&self) -> Option<&str> {
        match self {
            Purpose::Promote { from } | Purpose::Create { from } => Some(from),
            Purpose::Apply | Purpose::Rollback { .. } => None,
        }
    }

    /// The word for it, as it stands in an environment's history.
    pub fn word(&self) -> &'static str {
        match self {
            Purpose::Apply => "apply",
            Purpose::Promote { .. } => "promote",
            Purpose::Rollback { .. } => "rollback",
            Purpose::Create { .. } => "create",
        }
    }
}

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PlanOptions {
    /// The models to change; all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub select: Vec<String>,
    /// The models to leave as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// From when on models filled by time are filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Up to when they are filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Whether changed models keep their tables, and go on with the new query.
    #[serde(default)]
    pub forward_only: bool,
    /// Whether tables are built anew though nothing changed.
    #[serde(default)]
    pub full_refresh: bool,
    /// Whether models whose tables a protected environment shows get tables of this environment's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fork: bool,
    /// Whether models that have tables of their own share those of protected environments again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_fork: bool,
    /// Models that keep rows which can't be computed again, and give them up where they are built anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destroy_history: Vec<String>,
    /// Models whose rows are computed again: the range that `start` and `end` give.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restate: Vec<String>,
    /// `name=value` for variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
}

/// Which version of the project something is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Origin {
    /// The hash of what the environment shows: its models and their versions.
    pub project_version: String,
    /// The hash of the program's project; empty where only a part of it is shown.
    pub project_hash: String,
    /// The git commit; empty where it isn't known.
    pub commit: String,
}

/// What differs in one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another name.
    Renamed,
    /// Its own query or settings are other ones.
    Modified,
    /// Something that it reads has changed, and that reaches it.
    Affected,
    /// Something that it reads has changed, and that doesn't reach it.
    Unaffected,
    /// Nothing of its data.
    Metadata,
    /// Its version is the same; there is something to do all the same.
    Unchanged,
}

/// What differs in a model's columns. Names are in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Columns {
    /// Whether there are other rows; all columns have changed then.
    #[serde(default)]
    pub rows: bool,
    /// New ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// Those that are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
    /// Those with other values or another type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// Those with a wider type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub widened: Vec<String>,
}

impl Columns {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Something that a change reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Reached {
    /// `schema.name`, or the exposure's name.
    pub name: String,
    /// Whether it is an exposure.
    #[serde(default)]
    pub exposure: bool,
    /// The columns; empty where all are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

/// Ranges of time that are filled, and in how many batches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Batches {
    /// The ranges, in order.
    pub ranges: Vec<(Timestamp, Timestamp)>,
    /// How many batches there are.
    pub batches: u64,
    /// How many intervals they hold.
    pub intervals: u64,
    /// What an interval is: `days`.
    pub unit: String,
}

impl Batches {
    /// Ranges that touch are shown as one.
    pub fn new(batches: &[Range], intervals: u64, unit: String) -> Self {
        let merged: crate::intervals::IntervalSet = batches.iter().copied().collect();
        Self {
            ranges: merged
                .ranges()
                .iter()
                .map(|range| (range.start, range.end))
                .collect(),
            batches: batches.len() as u64,
            intervals,
            unit,
        }
    }
}

/// What is done for a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Action {
    /// Nothing: its table and its view stay.
    Keep,
    /// It is built as a whole.
    Build,
    /// Ranges of it are filled.
    Fill(Batches),
    /// Its table was built before, and is shown.
    Reuse {
        /// The environments that show it, if any.
        environments: Vec<String>,
        /// When it was created.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        built_at: Option<Timestamp>,
    },
    /// Its new version has the table of the earlier one.
    Adopt {
        /// The earlier import path, where it was renamed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
        /// The earlier version.
        version: String,
        /// The table.
        physical: String,
    },
    /// The table and its rows are kept, and go on with the new query.
    Continue {
        /// The earlier version.
        version: String,
        /// The table.
        physical: String,
        /// The ranges that are filled at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fill: Option<Batches>,
    },
    /// Its view goes.
    Withdraw,
}

impl Action {
    /// Whether rows are computed.
    pub fn builds(&self) -> bool {
        matches!(
            self,
            Action::Build | Action::Fill(_) | Action::Continue { fill: Some(_), .. }
        )
    }

    /// The batches that are filled.
    pub fn fill(&self) -> Option<&Batches> {
        match self {
            Action::Fill(batches) => Some(batches),
            Action::Continue { fill, .. } => fill.as_ref(),
            _ => None,
        }
    }
}

/// The text of a query before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SqlChange {
    /// Before; empty for a new model.
    pub before: String,
    /// After; empty for one that is gone.
    pub after: String,
}

/// What a plan says of one model or seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ModelPlan {
    /// The import path.
    pub model: String,
    /// The relation: `schema.name`.
    pub relation: String,
    /// `view`, `table`, `incremental`, `scd2`, `ephemeral`, `seed` or `source`.
    pub kind: String,
    /// What differs.
    pub change: ChangeKind,
    /// How much of its data that touches; none where nothing differs, and for what is new or gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub category: Option<Category>,
    /// Why, in a few words.
    pub reason: String,
    /// The earlier import path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    /// What differs in its columns.
    #[serde(default, skip_serializing_if = "Columns::is_empty")]
    pub columns: Columns,
    /// What its change reaches downstream.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reaches: Vec<Reached>,
    /// The version that the environment shows now; empty where it shows none.
    pub version_before: String,
    /// The version that it will show; empty where it shows none.
    pub version: String,
    /// Whether its history is cut here.
    #[serde(default)]
    pub preview: bool,
    /// What is done.
    pub action: Action,
    /// The query before and after, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<SqlChange>,
    /// How long its last build took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_took_ms: Option<u64>,
}

/// What becomes of a user's view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ViewChange {
    /// It is made.
    Create,
    /// It shows something else.
    Replace,
    /// It goes.
    Drop,
}

/// A user's view that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ViewPlan {
    /// The view: `schema.name`.
    pub view: String,
    /// What becomes of it.
    pub change: ViewChange,
    /// What it will show, where that is there already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical: Option<String>,
    /// The statement, where what it will show is there already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}

/// What a plan will cost, by the last runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Estimate {
    /// In milliseconds, for one worker; `None` where nothing like it ever ran.
    pub milliseconds: Option<u64>,
    /// For how many of the models to build nothing is known.
    pub unknown: u64,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Plan {
    /// [`SCHEMA`].
    pub schema: String,
    /// The id: 32 hexadecimal digits, of which people see the last 8.
    pub id: String,
    /// The project's name.
    pub project: String,
    /// The environment.
    pub environment: String,
    /// The engine that it lives on.
    pub engine: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The environment's revision that it was made for; 0: there is no such environment yet.
    pub revision: u64,
    /// What the environment points to.
    pub from: Origin,
    /// When and by whom it was changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<(Timestamp, String)>,
    /// What it will point to.
    pub to: Origin,
    /// The clock of the plan: the end of "now" for all intervals.
    pub execution_ts: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// The version of dbgo.
    pub tool_version: String,
    /// The algorithm of versions.
    pub algorithm: String,
    /// What was asked for.
    pub options: PlanOptions,
    /// The models for which something differs or is done, in the order in which they are built.
    pub models: Vec<ModelPlan>,
    /// How many others there are.
    pub untouched: u64,
    /// The views that change.
    pub views: Vec<ViewPlan>,
    /// What it will cost.
    pub estimate: Estimate,
    /// What people should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Plan {
    /// The digits of an id that people see.
    pub fn short_id(&self) -> &str {
        short(&self.id)
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.models.is_empty() && self.views.is_empty() && self.from == self.to
    }

    /// The JSON text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`Plan::to_json`] wrote.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

/// The last 8 digits of an id.
pub fn short(id: &str) -> &str {
    let from = id.len().saturating_sub(8);
    id.get(from..).unwrap_or(id)
}
