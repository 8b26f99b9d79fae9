//! The static definitions that generated code hands over: a project, its shards, its models.
//!
//! Optional text is empty when absent, optional numbers are zero. Choices are numbers of a
//! `repr(u8)` enum; [`Materialization::from_number`] and its like check what they read.

use crate::render::Render;
use crate::text::{List, Str};

/// A project: everything but its models, which come in [`ShardDef`]s.
#[repr(C)]
#[derive(Debug)]
pub struct ProjectDef {
    /// The name; state and physical tables are keyed by it.
    pub name: Str,
    /// 64 hexadecimal digits that change with anything the project is made of.
    pub hash: Str,
    /// The version of `dbgo` that generated this.
    pub tool_version: Str,
    /// The SQL dialect that the models are written in.
    pub dialect: Str,
    /// The engines, in the order of the project's file; at least one.
    pub engines: List<EngineDef>,
    /// The environment that a command without one means, with `${VAR}` unexpanded.
    pub default_environment: Str,
    /// The address of the state database with `${VAR}` unexpanded; empty: `sqlite:.dbgo/state.db`.
    pub state_url: Str,
    /// How many models run at once; zero: as many as the machine has processors.
    pub workers: u32,
    /// The environments that the project declares, in the order of its file.
    pub environments: List<EnvironmentDef>,
    /// What surrounds every run: `[run]`.
    pub run: RunDef,
    /// How long what isn't needed any more is kept: `[retention]`.
    pub retention: RetentionDef,
    /// Who uses what, ordered by path.
    pub exposures: List<ExposureDef>,
    /// The project's own values of variables: `[vars]`.
    pub variables: List<SettingDef>,
    /// The seeds, ordered by path.
    pub seeds: List<SeedDef>,
    /// The sources, ordered by path.
    pub sources: List<SourceDef>,
    /// How many models all shards hold together, which tells a shard that is missing.
    pub model_count: u32,
}

/// A place where tables live.
#[repr(C)]
#[derive(Debug)]
pub struct EngineDef {
    /// The name: `local` in `[engine.local]`.
    pub name: Str,
    /// The type: `duckdb` or `ducklake`.
    pub kind: Str,
    /// The database file, or the address of the server, with `${VAR}` unexpanded.
    pub location: Str,
    /// What else the type needs, with `${VAR}` unexpanded: `data` and `extensions` of a lake.
    pub options: List<SettingDef>,
    /// The engine's own settings: `[engine.local.settings]`.
    pub settings: List<SettingDef>,
}

/// An environment, or a pattern of environments, that the project declares: `[env.prod]`.
#[repr(C)]
#[derive(Debug)]
pub struct EnvironmentDef {
    /// The name, or a pattern with `*`: `dev_*`.
    pub pattern: Str,
    /// The engine's name; empty: the only one.
    pub engine: Str,
    /// Whether only a stored plan, or `--yes`, may change it.
    pub protected: bool,
    /// How long it lives after its last change, in seconds; zero: for ever.
    pub ttl_seconds: u64,
    /// From when on models filled by time are filled, which makes them previews: a date, a
    /// timestamp, or `30 days ago`; empty: from their own start.
    pub start: Str,
    /// A [`Placement`], as its number.
    pub views: u8,
    /// A [`Publication`], as its number.
    pub publish: u8,
    /// The environment's own values of variables: `[env.X.vars]`.
    pub variables: List<SettingDef>,
    /// Other schemas for sources, by the schema that the project's files name: `[env.X.sources]`.
    pub sources: List<SettingDef>,
}

/// What surrounds every run: `[run]`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RunDef {
    /// Statements that run before anything is built, in a transaction of their own.
    pub before: List<Str>,
    /// Statements that run after everything is published, in a transaction of their own.
    pub after: List<Str>,
    /// How long a lease holds without a heartbeat, in seconds; zero: 30.
    pub lease_seconds: u64,
    /// The longest that a publication waits for others, in seconds; zero: 300.
    pub publish_timeout_seconds: u64,
}

/// The default for projects that say nothing.
impl RunDef {
    /// What a project has that says nothing.
    pub const NONE: RunDef = RunDef {
        before: List::new(&[]),
        after: List::new(&[]),
        lease_seconds: 0,
        publish_timeout_seconds: 0,
    };
}

/// How long what isn't needed any more is kept: `[retention]`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct RetentionDef {
    /// Versions that no environment shows, in seconds; zero: 7 days.
    pub versions_seconds: u64,
    /// The history of environments, and what it needs to be rolled back to, in seconds; zero:
    /// 90 days.
    pub history_seconds: u64,
}

/// The default for projects that say nothing.
impl RetentionDef {
    /// What a project has that says nothing.
    pub const NONE: RetentionDef = RetentionDef {
        versions_seconds: 0,
        history_seconds: 0,
    };
}

/// Somebody outside who uses models: a file in `exposures/`.
#[repr(C)]
#[derive(Debug)]
pub struct ExposureDef {
    /// Its path: `exposures.board_pack`.
    pub path: Str,
    /// Its name: `board_pack`.
    pub name: Str,
    /// What it is: `dashboard`.
    pub kind: Str,
    /// Who answers for it; empty where nobody is named.
    pub owner: Str,
    /// Where it is; empty where nobody says.
    pub url: Str,
    /// What it uses.
    pub reads: List<ExposureReadDef>,
}

/// A relation that an exposure uses.
#[repr(C)]
#[derive(Debug)]
pub struct ExposureReadDef {
    /// The import path.
    pub path: Str,
    /// The columns, in lower case; empty: all.
    pub columns: List<Str>,
}

/// A key and a value, both as text.
#[repr(C)]
#[derive(Debug)]
pub struct SettingDef {
    /// The key.
    pub name: Str,
    /// The value as text: numbers and booleans as SQL writes them, lists as JSON.
    pub value: Str,
}

/// Some of a project's models: those that are compiled together.
#[repr(C)]
#[derive(Debug)]
pub struct ShardDef {
    /// The models, ordered by path.
    pub models: List<ModelDef>,
}

/// A column of a model, a seed or a source.
#[repr(C)]
#[derive(Debug)]
pub struct ColumnDef {
    /// The name as the query gives it.
    pub name: Str,
    /// The type, written as DuckDB writes it: `DECIMAL(18,2)`.
    pub sql_type: Str,
    /// Whether the model promises that no row has a null here, which is checked in its transaction.
    pub not_null: bool,
    /// The description; empty where there is none.
    pub description: Str,
}

/// A relation that a model reads, by the alias it gives it.
#[repr(C)]
#[derive(Debug)]
pub struct ImportDef {
    /// The alias: `orders` in `:orders`.
    pub alias: Str,
    /// The import path: `models.staging.stg_orders`.
    pub path: Str,
}

/// A variable that a model declares.
#[repr(C)]
#[derive(Debug)]
pub struct VariableDef {
    /// The name.
    pub name: Str,
    /// The type, written as DuckDB writes it.
    pub sql_type: Str,
    /// The default: `null`, a text in quotes, a boolean, or a number without blanks and `_`; empty
    /// where there is none.
    pub default: Str,
}

/// A model: what it is and how its SQL is written.
#[repr(C)]
#[derive(Debug)]
pub struct ModelDef {
    /// The import path: `models.finance.revenue`.
    pub path: Str,
    /// The file, relative to the project's folder.
    pub file: Str,
    /// The schema of its relation.
    pub schema: Str,
    /// The name of its relation.
    pub name: Str,
    /// The description; empty where there is none.
    pub description: Str,
    /// Who answers for it; empty where nobody is named.
    pub owner: Str,
    /// Its tags.
    pub tags: List<Str>,
    /// A [`Materialization`], as its number.
    pub materialization: u8,
    /// How an incremental model is filled; all zero for the others.
    pub incremental: IncrementalDef,
    /// What it reads, in the order of its header, and behind that what only its audits read.
    pub imports: List<ImportDef>,
    /// Its columns, in the order of its query.
    pub columns: List<ColumnDef>,
    /// The variables it declares.
    pub variables: List<VariableDef>,
    /// Whether its query may give other rows though nothing it reads has changed.
    pub volatile: bool,
    /// Whether its query reads the model's own table, so that its batches run in order.
    pub reads_this: bool,
    /// An [`OnSchemaChange`], as its number.
    pub on_schema_change: u8,
    /// How often a failure that may pass is tried again.
    pub retries: u32,
    /// The longest that one of its statements may take, in seconds; zero: no limit.
    pub timeout_seconds: u64,
    /// How versions of rows are kept; all empty for models that aren't `scd2`.
    pub scd2: Scd2Def,
    /// When it is due: a cron expression; empty: always.
    pub cron: Str,
    /// The time zone of the cron expression; empty: UTC.
    pub cron_tz: Str,
    /// A [`History`], as its number.
    pub history: u8,
    /// Whether a change of its query keeps the table and its rows.
    pub forward_only: bool,
    /// The former import path of a model that can't be built anew; empty without one.
    pub was: Str,
    /// What must hold before its rows are published, in the order of its header.
    pub audits: List<AuditDef>,
    /// How a merge by key goes on; all empty for the usual way.
    pub merge: MergeDef,
    /// Who may read it.
    pub grants: List<GrantDef>,
    /// Its indexes.
    pub indexes: List<IndexDef>,
    /// Write the statements that run before its rows are written, in the batch's transaction. One
    /// that writes nothing under a batch's facts isn't there.
    pub before: List<Render>,
    /// Write the statements that run after its rows are written, in the batch's transaction; the
    /// same holds for them.
    pub after: List<Render>,
    /// The change profile, as JSON of `dbgo-changes`.
    pub profile: Str,
    /// What its columns are made of, as JSON of `dbgo-changes`.
    pub lineage: Str,
    /// Writes its SQL.
    pub render: Render,
}

/// How versions of rows are kept: slowly changing dimension, type 2.
#[repr(C)]
#[derive(Debug)]
pub struct Scd2Def {
    /// The columns that name a row over its versions.
    pub unique_key: List<Str>,
    /// The column that says when a row was changed; empty: the columns in `check` tell.
    pub updated_at: Str,
    /// The columns whose change makes a new version.
    pub check: List<Str>,
    /// A [`HardDeletes`], as its number.
    pub hard_deletes: u8,
    /// The column in which a version begins.
    pub valid_from: Str,
    /// The column in which a version ends; null in the present one.
    pub valid_to: Str,
}

/// The default for models that aren't `scd2`.
impl Scd2Def {
    /// What a model has that isn't `scd2`.
    pub const NONE: Scd2Def = Scd2Def {
        unique_key: List::new(&[]),
        updated_at: Str::EMPTY,
        check: List::new(&[]),
        hard_deletes: 0,
        valid_from: Str::EMPTY,
        valid_to: Str::EMPTY,
    };
}

/// A query that gives the rows that are wrong.
#[repr(C)]
#[derive(Debug)]
pub struct AuditDef {
    /// The name: `not_null`.
    pub name: Str,
    /// The call as it is written: `not_null(year)`.
    pub call: Str,
    /// A [`Severity`], as its number.
    pub severity: u8,
    /// Whether each row is right or wrong by itself, so that a batch's rows suffice.
    pub by_row: bool,
    /// The columns of the model that the call names.
    pub columns: List<Str>,
    /// A comparison with the number of failing rows at which it warns: `> 10`; empty: `> 0`.
    pub warn_if: Str,
    /// A comparison with the number of failing rows at which it fails; empty: `> 0`.
    pub error_if: Str,
    /// Whether failing rows are kept in a table.
    pub store_failures: bool,
    /// Writes the query; `:this` is what is audited.
    pub render: Render,
}

/// How a merge by key goes on, as conditions and names over the aliases `this` and `new`.
#[repr(C)]
#[derive(Debug)]
pub struct MergeDef {
    /// A condition beside the key's; empty without one.
    pub on: Str,
    /// The columns that are updated; empty: all.
    pub update: List<Str>,
    /// When a row is removed; empty: never.
    pub delete_when: Str,
}

/// The default.
impl MergeDef {
    /// The usual way.
    pub const NONE: MergeDef = MergeDef {
        on: Str::EMPTY,
        update: List::new(&[]),
        delete_when: Str::EMPTY,
    };
}

/// Who may do what with a model's relation.
#[repr(C)]
#[derive(Debug)]
pub struct GrantDef {
    /// The privilege: `select`.
    pub privilege: Str,
    /// Who has it.
    pub to: List<Str>,
}

/// An index.
#[repr(C)]
#[derive(Debug)]
pub struct IndexDef {
    /// Whether its values are unique.
    pub unique: bool,
    /// Its columns.
    pub columns: List<Str>,
}

/// How an incremental model is filled.
#[repr(C)]
#[derive(Debug)]
pub struct IncrementalDef {
    /// A [`Strategy`], as its number.
    pub strategy: u8,
    /// The column that says when a row happened; empty without one.
    pub time_column: Str,
    /// The key that a merge goes by.
    pub unique_key: List<Str>,
    /// The first instant to fill, as a date or timestamp, without an offset in the time zone of the
    /// intervals; empty without one.
    pub start: Str,
    /// The instant to fill up to (exclusive); empty: the last interval that has ended.
    pub end: Str,
    /// The length of an interval: `1 day`.
    pub interval: Str,
    /// The time zone in which intervals begin; empty: UTC.
    pub interval_tz: Str,
    /// The columns that tell partitions apart, for the strategy `partition`.
    pub partition_by: List<Str>,
    /// How many intervals before the missing ones are done again.
    pub lookback: u32,
    /// How many intervals one batch holds; zero: all.
    pub batch_size: u32,
    /// An [`Outside`], as its number.
    pub outside: u8,
}

/// The default for models that aren't incremental.
impl IncrementalDef {
    /// What a model that isn't incremental has.
    pub const NONE: IncrementalDef = IncrementalDef {
        strategy: 0,
        time_column: Str::EMPTY,
        unique_key: List::new(&[]),
        start: Str::EMPTY,
        end: Str::EMPTY,
        interval: Str::EMPTY,
        interval_tz: Str::EMPTY,
        partition_by: List::new(&[]),
        lookback: 0,
        batch_size: 0,
        outside: 0,
    };
}

/// Data in the repository.
#[repr(C)]
#[derive(Debug)]
pub struct SeedDef {
    /// The import path: `seeds.airlines`.
    pub path: Str,
    /// The file, relative to the project's folder.
    pub file: Str,
    /// The schema of its relation.
    pub schema: Str,
    /// The name of its relation.
    pub name: Str,
    /// The description; empty where there is none.
    pub description: Str,
    /// A [`SeedFormat`], as its number.
    pub format: u8,
    /// What separates the values of a CSV; empty: a comma.
    pub delimiter: Str,
    /// The text that stands for a null in a CSV.
    pub null: Str,
    /// The quote of a CSV; empty: `"`.
    pub quote: Str,
    /// Its columns.
    pub columns: List<ColumnDef>,
    /// 64 hexadecimal digits: the hash of the file's bytes.
    pub hash: Str,
    /// The file's bytes in a built program; empty in a library, which reads the file.
    pub data: List<u8>,
}

/// A table that somebody else fills.
#[repr(C)]
#[derive(Debug)]
pub struct SourceDef {
    /// The import path: `sources.raw.orders`.
    pub path: Str,
    /// The file, relative to the project's folder.
    pub file: Str,
    /// The catalog; empty: the engine's own.
    pub catalog: Str,
    /// The schema of its relation.
    pub schema: Str,
    /// The name of its relation.
    pub name: Str,
    /// The description; empty where there is none.
    pub description: Str,
    /// The file or pattern that holds the data, relative to the project; empty for a table.
    pub location: Str,
    /// The format of the files: `parquet`, `csv`, `json`.
    pub format: Str,
    /// A SQL expression over the source that changes when its data does; empty without one.
    pub changed_by: Str,
    /// Its columns.
    pub columns: List<ColumnDef>,
}

macro_rules! numbered {
    ($(#[$docs:meta])* $name:ident { $($(#[$variant_docs:meta])* $variant:ident = $number:literal $text:literal,)* }) => {
        $(#[$docs])*
        #[repr(u8)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_docs])* $variant = $number,)* }

        impl $name {
            /// Reads the number that crossed the border; `None` for an unknown one.
            pub const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The word that a project's files use for it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

numbered! {
    /// What becomes of a model's query.
    Materialization {
        /// A view over its parents' tables.
        View = 0 "view",
        /// A table, rebuilt aside as a whole.
        Table = 1 "table",
        /// A common table expression in its readers.
        Ephemeral = 2 "ephemeral",
        /// A table that is added to.
        Incremental = 3 "incremental",
        /// A table of versions of rows.
        Scd2 = 4 "scd2",
    }
}

numbered! {
    /// How an incremental model takes new rows.
    Strategy {
        /// Not incremental.
        None = 0 "none",
        /// A batch replaces its range of the time column.
        TimeRange = 1 "time_range",
        /// A batch replaces the rows with the same key.
        UniqueKey = 2 "unique_key",
        /// A batch is added.
        Append = 3 "append",
        /// A batch replaces the partitions that it touches.
        Partition = 4 "partition",
    }
}

numbered! {
    /// What becomes of a row outside its batch's range.
    Outside {
        /// The batch fails.
        Error = 0 "error",
        /// The row is left out.
        Drop = 1 "drop",
        /// The row is kept.
        Keep = 2 "keep",
    }
}

numbered! {
    /// What happens when an incremental model's columns change.
    OnSchemaChange {
        /// The run is refused.
        Fail = 0 "fail",
        /// New columns are added.
        Append = 1 "append",
        /// Columns are added and dropped.
        Sync = 2 "sync",
        /// The table keeps its columns.
        Ignore = 3 "ignore",
    }
}

numbered! {
    /// How a seed's file is written.
    SeedFormat {
        /// Comma-separated values.
        Csv = 0 "csv",
        /// Apache Parquet.
        Parquet = 1 "parquet",
    }
}

numbered! {
    /// Where an environment's views stand.
    Placement {
        /// As its name says: plain in `prod`, in schemas of their own elsewhere.
        Usual = 0 "usual",
        /// `finance__dev.revenue`.
        Schema = 1 "schema",
        /// `finance.revenue__dev`.
        Table = 2 "table",
        /// `finance.revenue`.
        Plain = 3 "plain",
    }
}

numbered! {
    /// Which views an environment has.
    Publication {
        /// Those of all models.
        All = 0 "all",
        /// Those of models that differ from its base.
        Changed = 1 "changed",
    }
}

numbered! {
    /// Whether a model's rows can be computed again.
    History {
        /// As its kind says: kept for `scd2` and `append`, computed again for the others.
        Usual = 0 "usual",
        /// They can.
        Rebuild = 1 "rebuild",
        /// They can't: the table is kept whatever happens.
        Keep = 2 "keep",
    }
}

numbered! {
    /// What becomes of a row's last version when the row is gone.
    HardDeletes {
        /// It stays open.
        Ignore = 0 "ignore",
        /// It ends.
        Close = 1 "close",
    }
}

numbered! {
    /// What failing rows mean.
    Severity {
        /// Nothing of the batch is written.
        Error = 0 "error",
        /// They are told.
        Warn = 1 "warn",
    }
}
