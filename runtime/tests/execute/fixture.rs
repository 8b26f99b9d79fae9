//! Projects made by hand: real definitions and real `render` functions, in a folder of their own.

use dbgo_runtime::adapters::arrow::util::display::{ArrayFormatter, FormatOptions};
use dbgo_runtime::adapters::{self, OpenOptions};
use dbgo_runtime::contract::*;
use dbgo_runtime::error::Error;
use dbgo_runtime::events::{AuditOutcome, Event};
use dbgo_runtime::execute::{Interrupt, RunOptions, RunOutcome, run};
use dbgo_runtime::project::Project;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Defines a `render` function as generated code does.
#[macro_export]
macro_rules! render {
    ($name:ident, |$facts:ident, $sql:ident| $body:block) => {
        pub extern "C" fn $name(
            $facts: &dbgo_runtime::contract::Facts,
            $sql: &mut dbgo_runtime::contract::Sink,
        ) {
            let _ = $facts;
            $body
        }
    };
}

pub fn text(text: &str) -> Str {
    Str::new(Box::leak(text.to_owned().into_boxed_str()))
}

pub fn list<T>(items: Vec<T>) -> List<T> {
    List::new(Box::leak(items.into_boxed_slice()))
}

/// A column: its name, its type, and whether it promises no nulls.
pub type ColumnOf = (&'static str, &'static str, bool);

pub fn columns(columns: &[ColumnOf]) -> List<ColumnDef> {
    list(
        columns
            .iter()
            .map(|(name, sql_type, not_null)| ColumnDef {
                name: Str::new(name),
                sql_type: Str::new(sql_type),
                not_null: *not_null,
                description: Str::EMPTY,
            })
            .collect(),
    )
}

/// A model of the given kind that reads `imports` (alias and path).
pub fn model(
    path: &'static str,
    kind: Materialization,
    imports: &[(&'static str, &'static str)],
    of: &[ColumnOf],
    render: Render,
) -> ModelDef {
    let mut parts = path.trim_start_matches("models.").split('.');
    let (schema, name) = (parts.next().unwrap(), parts.next().unwrap());
    ModelDef {
        path: Str::new(path),
        file: text(&format!("{}.sql", path.replace('.', "/"))),
        schema: text(schema),
        name: text(name),
        description: Str::EMPTY,
        owner: Str::EMPTY,
        tags: List::new(&[]),
        materialization: kind as u8,
        incremental: IncrementalDef::NONE,
        imports: list(
            imports
                .iter()
                .map(|(alias, path)| ImportDef {
                    alias: Str::new(alias),
                    path: Str::new(path),
                })
                .collect(),
        ),
        columns: columns(of),
        variables: List::new(&[]),
        volatile: false,
        reads_this: false,
        on_schema_change: OnSchemaChange::Fail as u8,
        retries: 0,
        timeout_seconds: 0,
        scd2: Scd2Def::NONE,
        cron: Str::EMPTY,
        cron_tz: Str::EMPTY,
        history: History::Usual as u8,
        forward_only: false,
        was: Str::EMPTY,
        audits: List::new(&[]),
        merge: MergeDef::NONE,
        grants: List::new(&[]),
        indexes: List::new(&[]),
        before: List::new(&[]),
        after: List::new(&[]),
        profile: Str::EMPTY,
        lineage: Str::EMPTY,
        render,
    }
}

/// An audit, by its call. It fails on any row, and looks at the whole table.
pub fn audit(call: &'static str, render: Render) -> AuditDef {
    AuditDef {
        name: text(call.split('(').next().unwrap()),
        call: Str::new(call),
        severity: Severity::Error as u8,
        by_row: false,
        columns: List::new(&[]),
        warn_if: Str::EMPTY,
        error_if: Str::EMPTY,
        store_failures: false,
        render,
    }
}

pub fn daily(start: &'static str, end: &'static str) -> IncrementalDef {
    IncrementalDef {
        strategy: Strategy::TimeRange as u8,
        time_column: Str::new("day"),
        start: Str::new(start),
        end: Str::new(end),
        interval: Str::new("1 day"),
        ..IncrementalDef::NONE
    }
}

pub fn by_key(key: &'static [Str]) -> IncrementalDef {
    IncrementalDef {
        strategy: Strategy::UniqueKey as u8,
        unique_key: List::new(key),
        ..IncrementalDef::NONE
    }
}

pub fn appended() -> IncrementalDef {
    IncrementalDef {
        strategy: Strategy::Append as u8,
        ..IncrementalDef::NONE
    }
}

/// A project's folder, with its database and state.
pub struct Place {
    pub path: PathBuf,
    /// The default environment of its projects.
    pub environment: &'static str,
    /// `publish_timeout` of its projects, in seconds; zero: the usual.
    pub publish_timeout: u64,
    _folder: Option<tempfile::TempDir>,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            path: folder.path().to_owned(),
            environment: "dev_test",
            publish_timeout: 0,
            _folder: Some(folder),
        }
    }

    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            environment: "dev_test",
            publish_timeout: 0,
            _folder: None,
        }
    }

    /// A project of these models, with the files in `seeds/` and `sources/` as given.
    pub fn project(
        &self,
        models: Vec<ModelDef>,
        seeds: Vec<SeedDef>,
        sources: Vec<SourceDef>,
    ) -> Project {
        self.built(models, seeds, sources).in_folder(&self.path)
    }

    /// The same as a program that was built: no folder of its own.
    pub fn built(
        &self,
        models: Vec<ModelDef>,
        seeds: Vec<SeedDef>,
        sources: Vec<SourceDef>,
    ) -> Project {
        let def = ProjectDef {
            name: Str::new("shop"),
            hash: Str::new("00"),
            tool_version: Str::new("0.1.0"),
            dialect: Str::new("duckdb"),
            engines: list(vec![EngineDef {
                name: Str::new("local"),
                kind: Str::new("duckdb"),
                location: Str::new("shop.duckdb"),
                options: List::new(&[]),
                settings: List::new(&[]),
            }]),
            default_environment: Str::new(self.environment),
            state_url: Str::EMPTY,
            workers: 2,
            environments: List::new(&[]),
            run: RunDef {
                publish_timeout_seconds: self.publish_timeout,
                ..RunDef::NONE
            },
            retention: RetentionDef::NONE,
            exposures: List::new(&[]),
            variables: List::new(&[]),
            seeds: list(seeds),
            sources: list(sources),
            model_count: u32::try_from(models.len()).unwrap(),
        };
        let shard: &'static ShardDef = Box::leak(Box::new(ShardDef {
            models: list(models),
        }));
        Project::new(Box::leak(Box::new(def)), &[shard]).unwrap()
    }

    /// A seed whose file holds `content`.
    pub fn seed(&self, name: &'static str, content: &str, of: &[ColumnOf]) -> SeedDef {
        let file = format!("seeds/{name}.csv");
        std::fs::create_dir_all(self.path.join("seeds")).unwrap();
        std::fs::write(self.path.join(&file), content).unwrap();
        SeedDef {
            path: text(&format!("seeds.{name}")),
            file: text(&file),
            schema: Str::new("seeds"),
            name: Str::new(name),
            description: Str::EMPTY,
            format: SeedFormat::Csv as u8,
            delimiter: Str::EMPTY,
            null: Str::EMPTY,
            quote: Str::EMPTY,
            columns: columns(of),
            hash: text(blake3::hash(content.as_bytes()).to_hex().as_str()),
            data: List::new(&[]),
        }
    }

    /// The same seed with its bytes in the program, and no file.
    pub fn carried(&self, seed: SeedDef) -> SeedDef {
        let file = self.path.join(seed.file.as_str());
        let bytes = std::fs::read(&file).unwrap();
        std::fs::remove_file(file).unwrap();
        SeedDef {
            data: list(bytes),
            ..seed
        }
    }

    /// A source; with a location in a file, without one in a table of the database.
    pub fn source(&self, name: &'static str, location: &'static str, of: &[ColumnOf]) -> SourceDef {
        SourceDef {
            path: text(&format!("sources.raw.{name}")),
            file: text(&format!("sources/raw/{name}.sql")),
            catalog: Str::EMPTY,
            schema: Str::new("raw"),
            name: Str::new(name),
            description: Str::EMPTY,
            location: Str::new(location),
            format: Str::EMPTY,
            changed_by: Str::EMPTY,
            columns: columns(of),
        }
    }

    /// Changes the database as somebody else would.
    pub fn execute(&self, statements: &[&str]) {
        let mut session = self.session();
        let mut transaction = session.begin().unwrap();
        transaction.execute_all(statements).unwrap();
        transaction.commit().unwrap();
    }

    fn session(&self) -> adapters::Session {
        let location = self.path.join("shop.duckdb").to_string_lossy().into_owned();
        let adapter = adapters::open("duckdb", &location, &OpenOptions::default()).unwrap();
        adapter.session().unwrap()
    }

    /// The rows of a query, values joined by `|`.
    pub fn query(&self, sql: &str) -> Vec<String> {
        let result = self.session().query(sql).unwrap();
        let options = FormatOptions::default().with_null("null");
        let mut rows = Vec::new();
        for batch in &result.batches {
            for row in 0..batch.num_rows() {
                let values: Vec<String> = batch
                    .columns()
                    .iter()
                    .map(|column| {
                        ArrayFormatter::try_new(column, &options)
                            .unwrap()
                            .value(row)
                            .to_string()
                    })
                    .collect();
                rows.push(values.join("|"));
            }
        }
        rows
    }

    /// What is in `_dbgo`, without dbgo's own tables.
    pub fn physical(&self) -> Vec<String> {
        self.query(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = '_dbgo' \
             AND table_name NOT IN ('ledger', 'meta', 'published') ORDER BY 1",
        )
    }
}

/// A run with its events.
pub struct Ran {
    pub outcome: RunOutcome,
    pub events: Vec<Event>,
}

impl Ran {
    /// What became of each model, by its path.
    pub fn statuses(&self) -> BTreeMap<&str, &str> {
        let steps = self.outcome.steps.iter();
        steps
            .map(|step| (step.model.as_str(), step.status.as_str()))
            .collect()
    }

    pub fn status(&self, model: &str) -> &str {
        self.statuses().get(model).copied().unwrap_or("absent")
    }

    pub fn note(&self, model: &str) -> &str {
        let step = self
            .outcome
            .steps
            .iter()
            .find(|step| step.model == model)
            .unwrap();
        step.note.as_str()
    }

    /// What the audits of all models found, in the order of the events.
    pub fn audits(&self) -> Vec<&AuditOutcome> {
        let events = self.events.iter();
        events
            .filter_map(|event| match event {
                Event::Audited { outcome, .. } => Some(outcome),
                _ => None,
            })
            .collect()
    }

    pub fn not_published(&self) -> bool {
        self.events
            .iter()
            .any(|event| matches!(event, Event::NotPublished(_)))
    }
}

pub fn run_with(project: &Project, options: &RunOptions) -> Result<Ran, Error> {
    let mut events = Vec::new();
    let outcome = run(project, options, &Interrupt::new(), &mut |event| {
        events.push(event)
    })?;
    Ok(Ran { outcome, events })
}

pub fn run_all(project: &Project) -> Ran {
    run_with(project, &RunOptions::default()).unwrap()
}

pub fn selected(selectors: &[&str]) -> RunOptions {
    RunOptions {
        select: selectors.iter().map(|text| (*text).to_owned()).collect(),
        ..RunOptions::default()
    }
}
