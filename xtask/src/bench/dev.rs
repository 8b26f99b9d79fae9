//! `cargo xtask bench dev`: how long it takes from a save to the rows of the saved model.
//!
//! The clock runs from the close of the file to the line of the event that says it.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use super::measure::{Sample, Series, sample};
use super::project::write_file;
use super::report::{Line, table};
use super::run::{dbgo, forget_libraries};
use super::{DevOptions, Place, uniform};
use crate::toolchain::Cargo;

/// How many rows the saved model reads.
const ROWS: u32 = 10_000;

/// How many models read the saved one.
const READERS: u32 = 20;

/// What the medians should not pass, by the number of models: rows, findings.
const BARS: [(u32, Duration, Duration); 2] = [
    (50, Duration::from_millis(150), Duration::from_millis(50)),
    (5000, Duration::from_millis(200), Duration::from_millis(100)),
];

/// What an edit that changes the type of a column may take until all is checked and loaded.
const RETYPED: Duration = Duration::from_millis(250);

/// The memory that the engine may take.
const MEMORY_LIMIT: &str = "256MB";

/// The saved model.
const EDITED: &str = "models/bench/edited.sql";

#[derive(Default)]
struct Figures {
    rows: Series,
    retyped: Series,
    findings: Series,
}

/// Takes all figures for each size of a project and prints them.
pub fn run(
    cargo: &Cargo,
    program: &Path,
    place: &Place,
    options: &DevOptions,
) -> Result<(), Box<dyn Error>> {
    for count in &options.models {
        write(place, *count)?;
        forget_libraries(place)?;
        sample(dbgo(cargo, program, place, "run").args(["--select", "+bench.edited"]))?;
        let mut development = Development::start(cargo, program, place)?;
        let mut figures = Figures::default();
        let memory = development.measure(place, options, &mut figures)?;
        development.end()?;
        println!("{count} models, {} edits", options.edits);
        print!("{}", table(&figures.lines(*count)));
        println!(
            "95th percentile: rows {:.3} s, retyped {:.3} s, findings {:.3} s",
            figures.rows.percentile(95).as_secs_f64(),
            figures.retyped.percentile(95).as_secs_f64(),
            figures.findings.percentile(95).as_secs_f64()
        );
        if let Some((early, late)) = memory {
            println!(
                "resident: {} MB after 10 edits, {} MB after {}",
                early / 1000,
                late / 1000,
                options.edits
            );
        }
        println!();
    }
    Ok(())
}

impl Figures {
    fn lines(&self, count: u32) -> Vec<Line<'_>> {
        let bars = BARS.iter().find(|(models, _, _)| *models == count);
        let line = |name, series, bar| Line { name, series, bar };
        vec![
            line("save to rows", &self.rows, bars.map(|(_, rows, _)| *rows)),
            line("save to loaded, another type", &self.retyped, Some(RETYPED)),
            line(
                "save to findings",
                &self.findings,
                bars.map(|(_, _, findings)| *findings),
            ),
        ]
    }
}

/// Writes the uniform project with a seed, a table over it, the model that is saved, and its readers.
fn write(place: &Place, count: u32) -> Result<(), Box<dyn Error>> {
    let project = place.project();
    if project.exists() {
        fs::remove_dir_all(&project)?;
    }
    uniform::write(&project, count)?;
    let settings = fs::read_to_string(project.join("dbgo.toml"))?;
    let settings = settings.replace(
        "threads =",
        &format!("memory_limit = \"{MEMORY_LIMIT}\"\nthreads ="),
    );
    write_file(&project.join("dbgo.toml"), &settings)?;
    let lines: Vec<String> = (0..ROWS).map(|id| format!("{id},{}", id % 97)).collect();
    let seed = format!("id,amount\n{}\n", lines.join("\n"));
    write_file(&project.join("seeds/numbers.csv"), &seed)?;
    let base = "-- @import: seeds.numbers\nselect id, amount from :numbers\n";
    write_file(&project.join("models/bench/base.sql"), base)?;
    write_file(&project.join(EDITED), &edited("amount + 0"))?;
    for reader in 0..READERS {
        let text = "-- @import: models.bench.edited\nselect id, amount from :edited\n";
        write_file(
            &project.join(format!("models/bench/reader_{reader:02}.sql")),
            text,
        )?;
    }
    Ok(())
}

fn edited(amount: &str) -> String {
    format!("-- @import: models.bench.base\nselect id, {amount} as amount from :base\n")
}

/// A `dbgo dev` at work.
struct Development {
    child: Child,
    wishes: ChildStdin,
    events: BufReader<ChildStdout>,
}

impl Development {
    fn start(cargo: &Cargo, program: &Path, place: &Place) -> Result<Self, Box<dyn Error>> {
        let mut command = dbgo(cargo, program, place, "dev");
        let mut child = command
            .arg("--json")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let wishes = child.stdin.take().ok_or("no standard input")?;
        let events = child.stdout.take().ok_or("no standard output")?;
        let mut development = Self {
            child,
            wishes,
            events: BufReader::new(events),
        };
        development.wait("done")?;
        Ok(development)
    }

    /// Waits for an event.
    fn wait(&mut self, name: &str) -> Result<(), Box<dyn Error>> {
        let wanted = format!("\"event\":\"{name}\"");
        let mut line = String::new();
        while !line.contains(&wanted) {
            line.clear();
            if self.events.read_line(&mut line)? == 0 {
                return Err("the development loop ended".into());
            }
        }
        Ok(())
    }

    /// Saves the model, and gives how long it takes until an event. Then all is awaited that follows.
    fn save(&mut self, place: &Place, text: &str, event: &str) -> Result<Sample, Box<dyn Error>> {
        fs::write(place.project().join(EDITED), text)?;
        let saved = Instant::now();
        self.wait(event)?;
        let time = saved.elapsed();
        self.wait("done")?;
        Ok(Sample {
            time,
            peak_memory: 0,
        })
    }

    /// Takes the figures. The resident set is read after 10 edits and at the end, in kilobytes.
    fn measure(
        &mut self,
        place: &Place,
        options: &DevOptions,
        figures: &mut Figures,
    ) -> Result<Option<(u64, u64)>, Box<dyn Error>> {
        let mut early = None;
        for edit in 0..options.edits {
            let text = edited(&format!("amount + {}", edit + 1));
            figures.rows.add(self.save(place, &text, "rows")?);
            if edit == 9 {
                early = self.resident();
            }
        }
        let late = self.resident();
        for edit in 0..options.edits.min(100) {
            let kind = if edit % 2 == 0 { "double" } else { "hugeint" };
            let text = edited(&format!("cast(amount + {edit} as {kind})"));
            figures.retyped.add(self.save(place, &text, "loaded")?);
            let text = edited(&format!("amuont + {edit}"));
            figures.findings.add(self.save(place, &text, "findings")?);
        }
        Ok(early.zip(late))
    }

    /// The resident set in kilobytes, where the system tells it.
    fn resident(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    }

    fn end(mut self) -> Result<(), Box<dyn Error>> {
        writeln!(self.wishes, "q")?;
        let status = self.child.wait()?;
        match status.success() {
            true => Ok(()),
            false => Err(format!("the development loop ended: {status}").into()),
        }
    }
}
