//! `cargo xtask bench`: how long dbgo takes and how much memory, beside the same SQL as a plain script.
//!
//! Nothing here passes or fails by a clock: machines differ, so figures are only shown, each with the bar that the
//! project has set itself. What does fail is a run whose models don't have the rows that the script's tables have.
//! Figures of the script and of dbgo are taken in turns in one run, as a machine is faster in one hour than in another.

mod check;
mod data;
mod dev;
mod measure;
mod models;
mod plan;
mod project;
mod report;
mod run;
mod uniform;

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::toolchain::Cargo;

/// What is measured.
#[derive(Subcommand)]
pub enum Bench {
    /// `dbgo run`, cold, warm and with nothing changed, against the same SQL as a plain script
    Run(Options),
    /// `dbgo check` and `dbgo graph` of projects of growing size: cold, unchanged and after an edit
    Check(CheckOptions),
    /// `dbgo dev`: from a save to the rows of the saved model, to another type of a column, to what is wrong
    Dev(DevOptions),
    /// A built program: `plan`, unchanged and with a change, and `env create`, against the same views made by a script
    Plan(PlanOptions),
}

/// The size of a measurement.
#[derive(Args)]
pub struct Options {
    /// How many models the project has, in three layers
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(20..=9999))]
    models: u32,
    /// How often each figure is taken; the median is shown
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// The engine's threads, in dbgo and in the script [default: one for each processor]
    #[arg(long)]
    threads: Option<u32>,
}

/// The sizes of a measurement of the compiler alone.
#[derive(Args)]
pub struct CheckOptions {
    /// How many models the project has; several sizes show how the cost grows
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 5000, 20_000], value_parser = clap::value_parser!(u32).range(100..=99_999))]
    models: Vec<u32>,
    /// How often each figure is taken; the median is shown
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// The sizes of a measurement of the development loop.
#[derive(Args)]
pub struct DevOptions {
    /// How many models the project has; several sizes show how the cost grows
    #[arg(long, value_delimiter = ',', default_values_t = [50, 5000], value_parser = clap::value_parser!(u32).range(50..=99_999))]
    models: Vec<u32>,
    /// How often the model is saved; the median is shown
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    edits: u32,
}

/// The sizes of a measurement of plans.
#[derive(Args)]
pub struct PlanOptions {
    /// How many models the project has; several sizes show how the cost grows
    #[arg(long, value_delimiter = ',', default_values_t = [1000, 5000], value_parser = clap::value_parser!(u32).range(20..=9999))]
    models: Vec<u32>,
    /// How often each figure is taken; the median is shown
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

impl Options {
    fn threads(&self) -> u32 {
        let processors =
            || std::thread::available_parallelism().map_or(1, |count| count.get() as u32);
        self.threads.unwrap_or_else(processors)
    }
}

/// Takes the figures and prints them.
///
/// # Errors
/// If a build or a measured program fails, or if dbgo's rows aren't the script's.
pub fn run(cargo: &Cargo, bench: &Bench) -> Result<(), Box<dyn Error>> {
    match bench {
        Bench::Run(options) => {
            eprintln!("xtask: building dbgo and the plain script in the release profile");
            let programs = cargo.build_for_bench()?;
            let place = Place::new(&programs.dbgo)?;
            run::run(cargo, &programs, &place, options)
        }
        Bench::Plan(options) => {
            eprintln!("xtask: building dbgo and the plain script in the release profile");
            let programs = cargo.build_for_bench()?;
            let place = Place::new(&programs.dbgo)?;
            plan::run(cargo, &programs, &place, options)
        }
        Bench::Dev(options) => {
            eprintln!("xtask: building dbgo in the release profile");
            let dbgo = cargo.build_released_dbgo()?;
            let place = Place::new(&dbgo)?;
            dev::run(cargo, &dbgo, &place, options)
        }
        Bench::Check(options) => {
            eprintln!("xtask: building dbgo in the release profile");
            let dbgo = cargo.build_released_dbgo()?;
            let place = Place::new(&dbgo)?;
            check::run(cargo, &dbgo, &place, options)
        }
    }
}

/// The folders of a measurement, in cargo's target directory: a disk as real projects lie on.
struct Place {
    root: PathBuf,
}

impl Place {
    /// A new, empty place, for an executable in `<target>/release`.
    fn new(dbgo: &Path) -> Result<Place, Box<dyn Error>> {
        let target = dbgo
            .parent()
            .and_then(Path::parent)
            .ok_or("the executable has no folder above it")?;
        let root = target.join("bench");
        if root.exists() {
            std::fs::remove_dir_all(&root)?;
        }
        std::fs::create_dir_all(root.join("script"))?;
        Ok(Place { root })
    }

    /// The folder of the project.
    fn project(&self) -> PathBuf {
        self.root.join("project")
    }

    /// What dbgo takes for the user's cache folder.
    fn user_cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// The script's statements.
    fn script(&self) -> PathBuf {
        self.root.join("script/script.sql")
    }

    /// The script's database.
    fn script_database(&self) -> PathBuf {
        self.root.join("script/script.duckdb")
    }
}
