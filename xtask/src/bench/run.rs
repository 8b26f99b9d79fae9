//! `cargo xtask bench run`

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::measure::{Series, sample};
use super::models::{Model, models};
use super::report::{Line, table};
use super::{Options, Place, project};
use crate::toolchain::{BenchPrograms, Cargo};

/// How much longer than the script a run may take that was compiled before.
const WARM_FACTOR: f64 = 1.2;

/// What compiling everything may add to that.
const COMPILING: Duration = Duration::from_millis(1500);

/// How long a run may take when nothing has changed.
const UNCHANGED: Duration = Duration::from_millis(300);

/// What is measured.
#[derive(Default)]
struct Figures {
    script: Series,
    cold: Series,
    warm: Series,
    unchanged: Series,
}

/// Takes all figures in turns and prints them.
pub fn run(
    cargo: &Cargo,
    programs: &BenchPrograms,
    place: &Place,
    options: &Options,
) -> Result<(), Box<dyn Error>> {
    let models = models(options.models);
    project::write(place, &models, options.threads())?;
    let session = Session {
        cargo,
        programs,
        place,
        threads: options.threads().to_string(),
    };
    let mut figures = Figures::default();
    for round in 1..=options.rounds {
        eprintln!("xtask: round {round} of {}", options.rounds);
        session.round(&mut figures)?;
    }
    session.compare_rows(&models)?;
    println!(
        "{} models, {} threads, {} rounds",
        models.len(),
        session.threads,
        options.rounds
    );
    print!("{}", table(&figures.lines()));
    println!(
        "the rows of all {} models are as many as the script's",
        models.len()
    );
    Ok(())
}

impl Figures {
    fn lines(&self) -> Vec<Line<'_>> {
        let warm = self.script.median().mul_f64(WARM_FACTOR);
        vec![
            Line {
                name: "plain script",
                series: &self.script,
                bar: None,
            },
            Line {
                name: "dbgo run, warm",
                series: &self.warm,
                bar: Some(warm),
            },
            Line {
                name: "dbgo run, cold",
                series: &self.cold,
                bar: Some(warm + COMPILING),
            },
            Line {
                name: "dbgo run, unchanged",
                series: &self.unchanged,
                bar: Some(UNCHANGED),
            },
        ]
    }
}

struct Session<'a> {
    cargo: &'a Cargo,
    programs: &'a BenchPrograms,
    place: &'a Place,
    threads: String,
}

impl Session<'_> {
    /// The order matters: a warm run needs the libraries of the cold one, an unchanged run the data of the warm one.
    fn round(&self, figures: &mut Figures) -> Result<(), Box<dyn Error>> {
        remove_database(&self.place.script_database())?;
        figures.script.add(sample(&mut self.script())?);

        self.forget_data()?;
        self.forget_libraries()?;
        figures.cold.add(sample(&mut self.dbgo_run())?);

        self.forget_data()?;
        figures.warm.add(sample(&mut self.dbgo_run())?);
        figures.unchanged.add(sample(&mut self.dbgo_run())?);
        Ok(())
    }

    fn script(&self) -> Command {
        let mut command = self.cargo.with_library(&self.programs.plain_script);
        command
            .arg("run")
            .arg(self.place.script_database())
            .arg(&self.threads)
            .arg(self.place.script());
        command
    }

    fn dbgo_run(&self) -> Command {
        dbgo(self.cargo, &self.programs.dbgo, self.place, "run")
    }

    /// No data and no state.
    fn forget_data(&self) -> Result<(), Box<dyn Error>> {
        remove_database(&self.place.project().join(project::DATABASE))?;
        let own = self.place.project().join(".dbgo");
        if own.exists() {
            for entry in fs::read_dir(own)? {
                let entry = entry?;
                if entry.file_name().to_string_lossy().starts_with("state.db") {
                    fs::remove_file(entry.path())?;
                }
            }
        }
        Ok(())
    }

    /// Nothing of what dbgo compiled.
    fn forget_libraries(&self) -> Result<(), Box<dyn Error>> {
        forget_libraries(self.place)
    }

    /// Every model must have as many rows as its table in the script's database.
    fn compare_rows(&self, models: &[Model]) -> Result<(), Box<dyn Error>> {
        let list = self.place.root.join("relations.txt");
        let names: Vec<String> = models
            .iter()
            .map(|model| format!("{}.{}", model.schema, model.name))
            .collect();
        fs::write(&list, names.join("\n"))?;
        let expected = self.counts(&self.place.script_database(), &list)?;
        let found = self.counts(&self.place.project().join(project::DATABASE), &list)?;
        if expected.lines().count() != models.len() {
            return Err("the script's database doesn't have all models".into());
        }
        for (expected, found) in expected.lines().zip(found.lines()) {
            if expected != found {
                return Err(format!("the script made `{expected}`, dbgo `{found}`").into());
            }
        }
        let empty = expected.lines().filter(|line| line.ends_with(" 0")).count();
        eprintln!("xtask: {empty} of {} models have no rows", models.len());
        Ok(())
    }

    fn counts(&self, database: &Path, list: &Path) -> Result<String, Box<dyn Error>> {
        let mut command = self.cargo.with_library(&self.programs.plain_script);
        let output = command.arg("count").arg(database).arg(list).output()?;
        if output.status.success() {
            Ok(String::from_utf8(output.stdout)?)
        } else {
            Err(format!(
                "counting rows failed: {}",
                String::from_utf8_lossy(&output.stderr)
            )
            .into())
        }
    }
}

/// `dbgo` in the project's folder, with a user's cache of its own.
pub fn dbgo(cargo: &Cargo, dbgo: &Path, place: &Place, command_word: &str) -> Command {
    let mut command = cargo.with_library(dbgo);
    command
        .arg(command_word)
        .current_dir(place.project())
        .env("XDG_CACHE_HOME", place.user_cache());
    command
}

/// Removes all that was compiled: beside the project, and in the user's cache.
pub fn forget_libraries(place: &Place) -> Result<(), Box<dyn Error>> {
    for folder in [place.project().join(".dbgo"), place.user_cache()] {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}

fn remove_database(path: &Path) -> Result<(), Box<dyn Error>> {
    for path in [path.to_path_buf(), path.with_extension("duckdb.wal")] {
        if path.exists() {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
