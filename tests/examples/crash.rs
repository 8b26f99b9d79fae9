//! Kills runs of `dbgo` at all fail points, and holds what is left against what must hold.
//!
//! `crash [--apply] [--long] [--postgres] [--lake] [--workers N] [--kills N] [--others N] [--seed N] [--only WORD]`

use dbgo_runtime::faults::Bug;
use dbgo_tests::crash::store::Home;
use dbgo_tests::crash::ways::Way;
use dbgo_tests::crash::{self, Outcome, Subject, cases, random};
use dbgo_tests::data;
use dbgo_tests::options::{self, Known, Options};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const USAGE: &str =
    "usage: crash [--apply] [--long] [--postgres] [--lake] [--workers N] [--kills N] [--others N] [--seed N] [--only WORD]

  --apply      with `dbgo apply`, and not with `dbgo run`
  --long       each death twice in a row, and kills at random times as well
  --postgres   with the state on a server of Postgres, which is started for that
  --lake       with the tables in DuckLake, whose catalogue is on such a server
  --kills N    how many are killed at random times [default: 1000]
  --others N   how many other deaths follow each death, beside the same one [default: 3]
  --seed N     what the times and the other deaths follow from [default: 1]
  --workers N  how many processes die at once [default: one for each processor]
  --only WORD  only `cases`, `chores`, `bugs`, `pairs` or `random`, or cases whose name contains the word

`DBGO_BIN` names the tool, built with debug assertions; `DBGO_LAKE_EXTENSIONS` the extensions of a lake.";

const KNOWN: Known = Known {
    usage: USAGE,
    flags: &["--apply", "--long", "--postgres", "--lake"],
    values: &["--workers", "--kills", "--others", "--seed", "--only"],
};

/// The parts of all that there is.
const PARTS: &[&str] = &["cases", "chores", "bugs", "pairs", "random"];

/// How often each seeded bug must be found where everything is done.
const BUG_ROUNDS: usize = 10;

fn main() -> ExitCode {
    options::main(&KNOWN, run)
}

/// What is asked for.
struct Long<'a> {
    options: &'a Options,
    subject: Subject,
    folder: &'a Path,
    workers: usize,
    seed: u64,
    /// What didn't end as it must.
    wrong: usize,
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let executable = std::env::var_os("DBGO_BIN").ok_or("DBGO_BIN doesn't name the tool")?;
    let folder = tempfile::tempdir()?;
    let home = match options.has("--postgres") {
        true => Home::Server(dbgo_test_postgres::server().ok_or("there is no Postgres")?),
        false => Home::File,
    };
    let lakes = match options.has("--lake") {
        true => Some(data::lakes().ok_or("there can be no lake")?),
        false => None,
    };
    let way = match options.has("--apply") {
        true => Way::apply(),
        false => Way::run(),
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let mut long = Long {
        options,
        subject: Subject {
            home,
            lakes,
            way,
            ..Subject::new(Path::new(&executable), folder.path())
        },
        folder: folder.path(),
        workers: options.number("--workers", processors)?,
        seed: options.number("--seed", 1)?,
        wrong: 0,
    };
    println!("seed {}", long.seed);
    long.cases()?;
    if !options.has("--apply") {
        long.chores()?;
    }
    long.bugs()?;
    if options.has("--long") {
        long.pairs()?;
        long.random()?;
    }
    match long.wrong {
        0 => Ok(()),
        wrong => Err(format!("{wrong} didn't end as they must").into()),
    }
}

impl Long<'_> {
    /// Whether a part is to be done.
    fn does(&self, part: &str) -> bool {
        let only = self.options.text("--only");
        only.is_empty() || only == part
    }

    /// The word that names of cases have to contain.
    fn word(&self) -> &str {
        let only = self.options.text("--only");
        if PARTS.contains(&only) { "" } else { only }
    }

    fn cases(&mut self) -> Result<(), Box<dyn Error>> {
        if !self.does("cases") && self.word().is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        let mut cases = cases::short();
        cases.retain(|case| case.to_string().contains(self.word()));
        let outcomes = crash::run(&self.subject, self.folder, self.workers, cases)?;
        print!("{}", crash::table(&outcomes));
        self.summary("cases", &outcomes, started);
        Ok(())
    }

    /// Other commands than those that publish.
    fn chores(&mut self) -> Result<(), Box<dyn Error>> {
        if !self.does("chores") && self.word().is_empty() {
            return Ok(());
        }
        for (way, mut cases) in cases::chores() {
            let started = Instant::now();
            cases.retain(|case| case.to_string().contains(self.word()));
            if cases.is_empty() {
                continue;
            }
            let folder = self.folder.join(way.name.replace(' ', "-"));
            let subject = Subject {
                way,
                ..self.subject.clone()
            };
            let outcomes = crash::run(&subject, &folder, 1, cases)?;
            print!("{}", crash::table(&outcomes));
            let what = format!("cases of `{}`", subject.way.name);
            self.summary(&what, &outcomes, started);
        }
        Ok(())
    }

    /// Puts each bug in and looks whether each case that must finds it, each time.
    fn bugs(&mut self) -> Result<(), Box<dyn Error>> {
        if !self.does("bugs") {
            return Ok(());
        }
        let rounds = if self.options.has("--long") {
            BUG_ROUNDS
        } else {
            1
        };
        let started = Instant::now();
        let cases: Vec<_> = (0..rounds).flat_map(|_| cases::revealing()).collect();
        let outcomes = crash::run(&self.subject, self.folder, self.workers, cases)?;
        let (found, missed): (Vec<_>, Vec<_>) = outcomes.iter().partition(|it| it.is_well());
        for outcome in missed {
            println!("NOT FOUND: {}", outcome.case);
        }
        for bug in Bug::ALL {
            let of_bug = |outcomes: &[&Outcome]| {
                let name = bug.text();
                let mine = outcomes.iter().filter(|it| it.case.starts_with(name));
                mine.count()
            };
            let all: Vec<&Outcome> = outcomes.iter().collect();
            println!(
                "seeded bug {}: found {} times of {}",
                bug.text(),
                of_bug(&found),
                of_bug(&all)
            );
        }
        self.summary("cases with seeded bugs", &outcomes, started);
        Ok(())
    }

    fn pairs(&mut self) -> Result<(), Box<dyn Error>> {
        if !self.does("pairs") {
            return Ok(());
        }
        let others = self.options.number("--others", 3)?;
        let pairs = random::pairs(cases::short(), others, self.seed);
        let started = Instant::now();
        let outcomes = random::killed_twice(&self.subject, self.folder, self.workers, pairs)?;
        print!("{}", crash::table(&with_findings(&outcomes)));
        self.summary("pairs", &outcomes, started);
        Ok(())
    }

    fn random(&mut self) -> Result<(), Box<dyn Error>> {
        if !self.does("random") {
            return Ok(());
        }
        let kills = self.options.number("--kills", 1000)?;
        let started = Instant::now();
        let outcomes = random::kills(&self.subject, self.folder, (self.workers, kills), self.seed)?;
        print!("{}", crash::table(&with_findings(&outcomes)));
        self.summary("rounds of random times", &outcomes, started);
        Ok(())
    }

    /// Prints how many there were, and notes those with findings.
    fn summary(&mut self, what: &str, outcomes: &[Outcome], started: Instant) {
        let wrong = with_findings(outcomes).len();
        let deaths: usize = outcomes.iter().map(|outcome| outcome.deaths).sum();
        let took = started.elapsed();
        let each = took / u32::try_from(deaths.max(1)).unwrap_or(u32::MAX);
        let recovered: Duration = outcomes.iter().map(|outcome| outcome.recovered).sum();
        let mean = recovered / u32::try_from(outcomes.len().max(1)).unwrap_or(u32::MAX);
        println!(
            "{} {what}, {deaths} killed, in {} s ({:.2} s for each; recovered in {:.2} s), {wrong} not as they must be",
            outcomes.len(),
            took.as_secs(),
            each.as_secs_f64(),
            mean.as_secs_f64()
        );
        self.wrong += wrong;
    }
}

fn with_findings(outcomes: &[Outcome]) -> Vec<Outcome> {
    outcomes
        .iter()
        .filter(|outcome| !outcome.is_well())
        .cloned()
        .collect()
}
