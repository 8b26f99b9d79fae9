//! `cargo xtask bench check`: a project of many equal models through `dbgo check` and `dbgo graph`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::measure::{Sample, Series, sample};
use super::report::{Line, table};
use super::run::{dbgo, forget_libraries};
use super::{CheckOptions, Place, uniform};
use crate::toolchain::Cargo;

/// How many models the bars are for.
const MODELS_OF_THE_BARS: u32 = 5000;

/// How long a check without any cache may take, on two cores.
const COLD: Duration = Duration::from_millis(800);

/// How long a check may take after the query of one model was edited.
const EDITED: Duration = Duration::from_millis(50);

/// How long the graph may take.
const GRAPH: Duration = Duration::from_millis(100);

/// How much memory a check may have at its peak.
const MEMORY: u64 = 100_000_000;

/// What another compiler was measured with. It keeps nothing between runs.
const PEER: &str = "Rocky 1.71, 5,000 models of this shape on two cores, as measured in late 2026: check 1.10 to 1.26 s, \
                    103 MB; graph 0.17 s";

/// What is measured of a project.
#[derive(Default)]
struct Figures {
    reading: Series,
    cold: Series,
    unchanged: Series,
    edited: Series,
    graph_cold: Series,
    graph: Series,
}

/// Takes all figures for each size of a project and prints them.
pub fn run(
    cargo: &Cargo,
    dbgo: &Path,
    place: &Place,
    options: &CheckOptions,
) -> Result<(), Box<dyn Error>> {
    for count in &options.models {
        let project = place.project();
        if project.exists() {
            fs::remove_dir_all(&project)?;
        }
        uniform::write(&project, *count)?;
        let session = Session {
            cargo,
            dbgo,
            place,
            count: *count,
        };
        let mut figures = Figures::default();
        for round in 1..=options.rounds {
            eprintln!("xtask: {count} models, round {round} of {}", options.rounds);
            session.round(round, &mut figures)?;
        }
        println!("{count} models, {} rounds", options.rounds);
        print!("{}", table(&figures.lines(*count)));
        println!();
    }
    println!(
        "the bar of memory is {} MB at {MODELS_OF_THE_BARS} models",
        MEMORY / 1_000_000
    );
    println!("{PEER}");
    Ok(())
}

impl Figures {
    fn lines(&self, count: u32) -> Vec<Line<'_>> {
        let bar = |bar| (count == MODELS_OF_THE_BARS).then_some(bar);
        let line = |name, series, bar| Line { name, series, bar };
        vec![
            line("reading the files", &self.reading, None),
            line("dbgo check, cold", &self.cold, bar(COLD)),
            line("dbgo check, unchanged", &self.unchanged, None),
            line("dbgo check, one edit", &self.edited, bar(EDITED)),
            line("dbgo graph, cold", &self.graph_cold, bar(GRAPH)),
            line("dbgo graph, unchanged", &self.graph, bar(GRAPH)),
        ]
    }
}

struct Session<'a> {
    cargo: &'a Cargo,
    dbgo: &'a Path,
    place: &'a Place,
    count: u32,
}

impl Session<'_> {
    fn round(&self, round: u32, figures: &mut Figures) -> Result<(), Box<dyn Error>> {
        figures.reading.add(read_all(&self.place.project())?);
        forget_libraries(self.place)?;
        figures.graph_cold.add(sample(&mut self.command("graph"))?);
        forget_libraries(self.place)?;
        figures.cold.add(sample(&mut self.command("check"))?);
        figures.unchanged.add(sample(&mut self.command("check"))?);
        self.edit(round)?;
        figures.edited.add(sample(&mut self.command("check"))?);
        figures.graph.add(sample(&mut self.command("graph"))?);
        Ok(())
    }

    fn command(&self, word: &str) -> Command {
        dbgo(self.cargo, self.dbgo, self.place, word)
    }

    /// Edits the query of a model in the middle, to what it wasn't in any round before.
    fn edit(&self, round: u32) -> Result<(), Box<dyn Error>> {
        let index = uniform::model_to_edit(self.count);
        let path = uniform::model_path(index, self.count);
        let text = uniform::model(index, self.count, Some(100 + round));
        Ok(fs::write(self.place.project().join(path), text)?)
    }
}

/// Finds and reads all files of a folder, by one thread: what no compiler without a cache can do without.
fn read_all(folder: &Path) -> Result<Sample, Box<dyn Error>> {
    let started = Instant::now();
    let mut folders: Vec<PathBuf> = vec![folder.join("models"), folder.join("sources")];
    let mut bytes = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                bytes += fs::read(entry.path())?.len();
            }
        }
    }
    let time = started.elapsed();
    if bytes == 0 {
        return Err("the project has no files".into());
    }
    Ok(Sample {
        time,
        peak_memory: 0,
    })
}
