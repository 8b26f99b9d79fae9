//! What becomes of a model's query: how its rows get into its table.

use crate::header::HardDeletes;
use serde::{Deserialize, Serialize};

/// What becomes of a model's query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Materialization {
    /// `view`
    View,
    /// `table`
    Table,
    /// `ephemeral`
    Ephemeral,
    /// `incremental`
    Incremental(Incremental),
    /// `scd2`
    Scd2(Scd2),
}

/// How versions of rows are kept. The columns that they begin and end in are the last ones of the
/// model, in this order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scd2 {
    /// `unique_key`
    pub unique_key: Vec<String>,
    /// What tells that a row has changed.
    pub change: RowChange,
    /// `hard_deletes`
    pub hard_deletes: HardDeletes,
    /// `valid_from`
    pub valid_from: String,
    /// `valid_to`
    pub valid_to: String,
}

impl Scd2 {
    /// How many columns are added to those of the query.
    pub const ADDED: usize = 2;
}

/// What tells that a row has changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum RowChange {
    /// `updated_at`
    UpdatedAt(String),
    /// `check`
    Check(Checked),
}

/// The columns whose change makes a new version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// Whether they are all but the key's, because nobody chose some.
    pub all: bool,
    /// Their names.
    pub columns: Vec<String>,
}

/// How an incremental model is filled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incremental {
    /// `strategy`
    pub strategy: Strategy,
    /// `time_column`
    pub time_column: Option<String>,
    /// `unique_key`
    pub unique_key: Vec<String>,
    /// `start`, as written.
    pub start: Option<String>,
    /// `end`, as written.
    pub end: Option<String>,
    /// `interval`, in its one form.
    pub interval: Option<String>,
    /// `interval_tz`; `None` for UTC.
    pub interval_tz: Option<String>,
    /// `partition_by`
    pub partition_by: Vec<String>,
    /// `lookback`
    pub lookback: u32,
    /// `batch_size`; zero for all at once.
    pub batch_size: u32,
    /// `outside`
    pub outside: Outside,
}

/// How an incremental model takes new rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Strategy {
    TimeRange,
    UniqueKey,
    Partition,
    Append,
}

/// What becomes of a row outside its batch's range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Outside {
    #[default]
    Error,
    Drop,
    Keep,
}
