//! A project with every name resolved and every column typed: what the code generator reads.

mod materialization;
mod settings;

use crate::fingerprint::Profile;
use crate::header::History;
use crate::lineage::Lineage;
use crate::sql_type::SqlType;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub use materialization::{
    Checked, Incremental, Materialization, Outside, RowChange, Scd2, Strategy,
};
pub use settings::{
    EngineSettings, EnvironmentSettings, ProjectSettings, RetentionSettings, RunSettings,
};

/// A project, whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TypedProject {
    /// The project's settings as a program carries them.
    pub settings: ProjectSettings,
    /// The models, ordered by path; disabled ones are left out.
    pub models: Vec<Arc<TypedModel>>,
    /// The seeds, ordered by path.
    pub seeds: Vec<TypedSeed>,
    /// The sources, ordered by path.
    pub sources: Vec<TypedSource>,
    /// Who uses what, ordered by path.
    pub exposures: Vec<TypedExposure>,
}

/// A typed column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypedColumn {
    /// The name as the query gives it.
    pub name: String,
    /// The type.
    pub sql_type: SqlType,
    /// Whether no row has a null here: proven, or checked in the model's transaction.
    pub not_null: bool,
    /// Whether a contract asks for the check.
    pub checked: bool,
    /// The description.
    pub description: String,
}

/// A model, typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypedModel {
    /// The import path.
    pub path: String,
    /// The file, relative to the project's folder.
    pub file: String,
    /// The schema of its relation.
    pub schema: String,
    /// The name of its relation.
    pub name: String,
    /// The description.
    pub description: String,
    /// Who answers for it.
    pub owner: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// What becomes of its query.
    pub materialization: Materialization,
    /// Aliases and paths of what it reads, in the order of its header.
    pub imports: Vec<(String, String)>,
    /// Its columns.
    pub columns: Vec<TypedColumn>,
    /// Its variables.
    pub variables: Vec<TypedVariable>,
    /// Whether its rows may differ though nothing it reads has changed.
    pub volatile: bool,
    /// Whether it reads its own table.
    pub reads_this: bool,
    /// `on_schema_change`
    pub on_schema_change: OnSchemaChange,
    /// `retries`
    pub retries: u32,
    /// `timeout` in seconds; zero for none.
    pub timeout_seconds: u64,
    /// `cron`; empty for always.
    pub cron: String,
    /// `cron_tz`; empty for UTC.
    pub cron_tz: String,
    /// `history`; `None` for what its kind says.
    pub history: Option<History>,
    /// `forward_only`
    pub forward_only: bool,
    /// `was`; empty without one.
    pub was: String,
    /// What must hold before its rows are published, in the order of its header.
    pub audits: Vec<TypedAudit>,
    /// How a merge by key goes on.
    pub merge: Merge,
    /// Who may read it.
    pub grants: Vec<Grant>,
    /// Its indexes.
    pub indexes: Vec<Index>,
    /// The statements that run before its rows are written, each with branches and slots.
    pub before: Vec<Vec<BodyNode>>,
    /// The statements that run after its rows are written.
    pub after: Vec<Vec<BodyNode>>,
    /// Its SQL as pieces, slots and branches.
    pub body: Vec<BodyNode>,
    /// What its data is made of.
    pub profile: Profile,
    /// What its columns are made of.
    pub lineage: Lineage,
}

impl TypedModel {
    /// The columns that its query gives: all but those that are added to the versions of rows.
    pub fn query_columns(&self) -> &[TypedColumn] {
        let added = match &self.materialization {
            Materialization::Scd2(_) => Scd2::ADDED,
            _ => 0,
        };
        &self.columns[..self.columns.len().saturating_sub(added)]
    }
}

/// A query that gives the rows that are wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypedAudit {
    /// The audit's name.
    pub name: String,
    /// The call as it is written, in one line.
    pub call: String,
    /// Whether failing rows are told and no more, instead of being an error.
    pub warns: bool,
    /// Whether each row is right or wrong by itself.
    pub by_row: bool,
    /// The columns of the model that the call names.
    pub columns: Vec<String>,
    /// The number of failing rows at which it warns: `> 10`; `None` for any.
    pub warn_if: Option<String>,
    /// The number of failing rows at which it is an error.
    pub error_if: Option<String>,
    /// Whether failing rows are kept.
    pub store_failures: bool,
    /// The query, with slots; the audited relation is the model's own.
    pub body: Vec<BodyNode>,
}

/// How a merge by key goes on; conditions are SQL over the aliases `this` and `new`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// What must hold besides the key; empty for nothing.
    pub on: String,
    /// The columns that are updated, as the query names them; empty for all.
    pub update: Vec<String>,
    /// Which rows are removed; empty for none.
    pub delete_when: String,
}

impl Merge {
    /// Whether a merge goes its usual way.
    pub fn is_usual(&self) -> bool {
        *self == Merge::default()
    }
}

/// Who may do what with a model's relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The privilege: `select`.
    pub privilege: String,
    /// Who has it.
    pub to: Vec<String>,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Whether no two rows have the same values.
    pub unique: bool,
    /// Its columns, as the query names them.
    pub columns: Vec<String>,
}

/// A declared variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypedVariable {
    /// The name.
    pub name: String,
    /// The type.
    pub sql_type: SqlType,
    /// The default as SQL; `None` without one.
    pub default: Option<String>,
}

/// What happens when an incremental model's columns change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum OnSchemaChange {
    #[default]
    Fail,
    Append,
    Sync,
    Ignore,
}

/// A part of a model's SQL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum BodyNode {
    /// The user's text, byte for byte, or what a contract puts around it.
    Text(String),
    /// A place that the runtime fills.
    Slot(Slot),
    /// `#if`: the first branch whose condition holds, else `otherwise`.
    If {
        /// The conditions with what they guard.
        branches: Vec<(BodyCondition, Vec<BodyNode>)>,
        /// `#else`
        otherwise: Vec<BodyNode>,
    },
}

/// A place in a model's SQL that the runtime fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Slot {
    /// The import at this index; `aliased` if the text goes on with an alias.
    Relation {
        import: u32,
        aliased: bool,
    },
    /// The model's own table.
    This {
        aliased: bool,
    },
    /// The variable at this index.
    Variable(u32),
    StartTimestamp,
    EndTimestamp,
    StartDate,
    EndDate,
    ExecutionTimestamp,
}

/// When a branch is taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum BodyCondition {
    Constant(bool),
    IsIncremental,
    FullRefresh,
    Environment(String),
    Engine(String),
    /// A variable compared with a literal, both as text.
    Variable {
        index: u32,
        comparison: Comparison,
        literal: String,
    },
    Not(Box<BodyCondition>),
    And(Box<BodyCondition>, Box<BodyCondition>),
    Or(Box<BodyCondition>, Box<BodyCondition>),
}

/// How a variable is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A seed, typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypedSeed {
    /// The import path.
    pub path: String,
    /// The file, relative to the project's folder.
    pub file: String,
    /// The schema of its relation.
    pub schema: String,
    /// The name of its relation.
    pub name: String,
    /// The description.
    pub description: String,
    /// Whether it is Parquet, and not CSV.
    pub parquet: bool,
    /// `delimiter`; empty for a comma.
    pub delimiter: String,
    /// `null`
    pub null: String,
    /// `quote`; empty for `"`.
    pub quote: String,
    /// Its columns.
    pub columns: Vec<TypedColumn>,
    /// The hash of the file's bytes, in hexadecimal.
    pub hash: String,
    /// How many bytes the file has.
    pub size: u64,
}

/// A source, typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypedSource {
    /// The import path.
    pub path: String,
    /// The file, relative to the project's folder.
    pub file: String,
    /// `catalog`; empty for the engine's own.
    pub catalog: String,
    /// The schema of its relation.
    pub schema: String,
    /// The name of its relation.
    pub name: String,
    /// The description.
    pub description: String,
    /// `location`; empty for a table.
    pub location: String,
    /// `format`
    pub format: String,
    /// `changed_by`
    pub changed_by: String,
    /// Its columns.
    pub columns: Vec<TypedColumn>,
}

/// Somebody outside the project who uses it, such as a dashboard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TypedExposure {
    /// The file's path with dots: `exposures.finance.board_pack`.
    pub path: String,
    /// The file's stem: `board_pack`.
    pub name: String,
    /// `type`
    pub kind: String,
    /// `owner`; empty where nobody is named.
    pub owner: String,
    /// `url`; empty where nobody says.
    pub url: String,
    /// The import paths that it uses, each with the columns in lower case; none for all.
    pub reads: Vec<(String, Vec<String>)>,
}
