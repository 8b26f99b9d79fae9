//! `cargo xtask bench plan`: a built program plans, and makes environments.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::measure::{Series, sample};
use super::models::{Model, models};
use super::report::{Line, table};
use super::run::dbgo;
use super::{Place, PlanOptions, project};
use crate::toolchain::{BenchPrograms, Cargo};

/// How long a plan may take where nothing has changed, by the number of models.
const UNCHANGED: [(u32, Duration); 2] = [
    (1000, Duration::from_millis(100)),
    (5000, Duration::from_millis(200)),
];

/// What one changed leaf may add to that.
const LEAF: Duration = Duration::from_millis(20);

/// What a table with ten years of intervals may add.
const INTERVALS: Duration = Duration::from_millis(50);

/// What pointing an environment to something may take, the engine being open.
const POINTER: Duration = Duration::from_millis(10);

/// How much longer making an environment may take than its views alone.
const VIEWS: f64 = 1.3;

/// What the peer was measured with.
const PEER: &str = "SQLMesh 0.236 on 1,000 models of this kind, as measured in late 2026, in seconds of processor time: \
                    38 for an unchanged plan, 43 to create an environment";

/// A model with a million intervals.
const YEARS: &str = "-- @config: materialized='incremental', time_column='happened_at', interval='5 minutes', start='2014-01-01', \
     end='2024-01-01'\n\
     select happened_at, 1 as n from (select unnest([timestamp '2014-01-01', timestamp '2023-12-31 23:55:00']) as happened_at)\n\
     where happened_at >= :start_ts and happened_at < :end_ts\n";

/// An environment that shows only what differs from its base, so that it has no views at first.
const POINTING: &str = "\n[env.\"pointer_*\"]\npublish = \"changed\"\n";

/// Writes a row, and removes it.
const ROW: (&str, &str) = (
    "create table main.raw_row as select 1 as row",
    "drop table main.raw_row",
);

#[derive(Default)]
struct Figures {
    unchanged: Series,
    leaf: Series,
    years: Series,
    online: Series,
    pointer: Series,
    views: Series,
    raw: Series,
    opened: Series,
    written: Series,
}

/// Takes all figures for each size of a project and prints them.
pub fn run(
    cargo: &Cargo,
    programs: &BenchPrograms,
    place: &Place,
    options: &PlanOptions,
) -> Result<(), Box<dyn Error>> {
    for count in &options.models {
        let session = Session::new(cargo, programs, place, *count)?;
        let mut figures = Figures::default();
        session.measure(options.rounds, &mut figures)?;
        println!("{count} models, {} rounds", options.rounds);
        print!("{}", table(&figures.lines(*count)));
        println!();
    }
    println!("{PEER}");
    Ok(())
}

impl Figures {
    fn lines(&self, count: u32) -> Vec<Line<'_>> {
        let bar = UNCHANGED.iter().find(|(models, _)| *models == count);
        let unchanged = self.unchanged.median();
        let line = |name, series, bar| Line { name, series, bar };
        vec![
            line("plan, unchanged", &self.unchanged, bar.map(|(_, bar)| *bar)),
            line("plan, one leaf changed", &self.leaf, Some(unchanged + LEAF)),
            line(
                "plan, with 10 years of 5 minutes",
                &self.years,
                Some(unchanged + INTERVALS),
            ),
            line("plan --online", &self.online, None),
            line("the engine, only opened", &self.opened, None),
            line("the engine, one row written", &self.written, None),
            line(
                "env create, no views",
                &self.pointer,
                Some(self.online.median() + self.writing() + POINTER),
            ),
            line(
                "env create",
                &self.views,
                Some(self.raw.median().mul_f64(VIEWS)),
            ),
            line("the same views, raw", &self.raw, None),
        ]
    }
}

impl Figures {
    /// What the engine takes for writing anything at all: at its end it writes its catalog anew.
    fn writing(&self) -> Duration {
        let written = self.written.median();
        written.saturating_sub(self.opened.median())
    }
}

struct Session<'a> {
    cargo: &'a Cargo,
    programs: &'a BenchPrograms,
    place: &'a Place,
    models: Vec<Model>,
}

impl<'a> Session<'a> {
    fn new(
        cargo: &'a Cargo,
        programs: &'a BenchPrograms,
        place: &'a Place,
        count: u32,
    ) -> Result<Self, Box<dyn Error>> {
        let folder = place.project();
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let models = models(count);
        project::write(place, &models, 2)?;
        let settings = project::settings(2) + POINTING;
        project::write_file(&folder.join("dbgo.toml"), &settings)?;
        Ok(Self {
            cargo,
            programs,
            place,
            models,
        })
    }

    fn measure(&self, rounds: u32, figures: &mut Figures) -> Result<(), Box<dyn Error>> {
        let first = self.build("first")?;
        sample(&mut self.call(&first, &["apply", "prod", "--yes"]))?;
        let path = self.leaf();
        let text = fs::read_to_string(&path)?;
        fs::write(&path, format!("{text} limit 7\n"))?;
        let leaf = self.build("leaf")?;
        fs::write(&path, text)?;
        for round in 1..=rounds {
            eprintln!(
                "xtask: {} models, round {round} of {rounds}",
                self.models.len()
            );
            let plan = &["plan", "prod"];
            figures.unchanged.add(sample(&mut self.call(&first, plan))?);
            figures.leaf.add(sample(&mut self.call(&leaf, plan))?);
            self.environments(&first, round, figures)?;
        }
        project::write_file(&self.place.project().join("models/years.sql"), YEARS)?;
        let years = self.build("years")?;
        sample(&mut self.call(&years, &["apply", "prod", "--yes"]))?;
        for _ in 0..rounds {
            figures
                .years
                .add(sample(&mut self.call(&years, &["plan", "prod"]))?);
        }
        Ok(())
    }

    /// Makes environments, and the same views without dbgo; removes all of them.
    fn environments(
        &self,
        program: &Path,
        round: u32,
        figures: &mut Figures,
    ) -> Result<(), Box<dyn Error>> {
        let online = &["plan", "prod", "--online"];
        figures.online.add(sample(&mut self.call(program, online))?);
        for (name, series) in [
            (format!("pointer_{round}"), &mut figures.pointer),
            (format!("views_{round}"), &mut figures.views),
        ] {
            let create = &["env", "create", &name, "--from", "prod"];
            series.add(sample(&mut self.call(program, create))?);
            sample(&mut self.call(program, &["env", "drop", &name, "--yes"]))?;
        }
        let (row, no_row) = ROW;
        figures.opened.add(sample(&mut self.script("select 1")?)?);
        figures.written.add(sample(&mut self.script(row)?)?);
        sample(&mut self.script(no_row)?)?;
        let (create, drop) = self.raw_views();
        figures.raw.add(sample(&mut self.script(&create)?)?);
        sample(&mut self.script(&drop)?)?;
        Ok(())
    }

    /// Statements that make, and remove, a view of each model, in one transaction.
    fn raw_views(&self) -> (String, String) {
        let mut schemas: Vec<&str> = self.models.iter().map(|model| model.schema).collect();
        schemas.dedup();
        schemas.push("seeds");
        let (mut create, mut drop) = (String::new(), String::new());
        for schema in &schemas {
            create += &format!("create schema {schema}__raw;");
            drop += &format!("drop schema {schema}__raw cascade;");
        }
        for Model { schema, name, .. } in &self.models {
            create +=
                &format!("create view {schema}__raw.{name} as select * from {schema}.{name};");
        }
        (format!("begin;{create}commit"), drop)
    }

    fn script(&self, statements: &str) -> Result<Command, Box<dyn Error>> {
        fs::write(self.place.script(), statements)?;
        let mut command = self.cargo.with_library(&self.programs.plain_script);
        command
            .arg("run")
            .arg(self.place.project().join(project::DATABASE))
            .arg("2")
            .arg(self.place.script());
        Ok(command)
    }

    /// The file of a model that nobody reads.
    fn leaf(&self) -> PathBuf {
        let last = self.models.len() - 1;
        let Model { schema, name, .. } = &self.models[last];
        let folder = self.place.project().join("models").join(schema);
        folder.join(name).with_extension("sql")
    }

    /// Builds the project's program into a folder.
    fn build(&self, name: &str) -> Result<PathBuf, Box<dyn Error>> {
        eprintln!("xtask: {} models, building the program", self.models.len());
        let folder = self.place.root.join("programs").join(name);
        let mut build = dbgo(self.cargo, &self.programs.dbgo, self.place, "build");
        // Compiled dependencies stay for the next measurement, which compiles nothing but the project.
        let compiled = self.place.root.with_file_name("bench-programs");
        build.arg("--output").arg(&folder);
        build.arg("--target-dir").arg(compiled);
        sample(&mut build)?;
        Ok(folder.join("bench"))
    }

    fn call(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = self.cargo.with_library(program);
        command.args(words).current_dir(self.place.project());
        command
    }
}
