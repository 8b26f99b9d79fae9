//! Kills runs of `dbgo` at all fail points, and holds what is left against what must hold.
//!
//! `crash [--apply] [--long] [--postgres] [--workers N] [--kills N] [--seed N] [--only WORD]`

use dbgo_runtime::faults::Bug;
use dbgo_tests::crash::store::Home;
use dbgo_tests::crash::{self, Outcome, Subject, Way, cases, random};
use dbgo_tests::options::{self, Known, Options};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str =
    "usage: crash [--apply] [--long] [--postgres] [--workers N] [--kills N] [--seed N] [--only WORD]

  --apply      with `dbgo apply`, and not with `dbgo run`
  --long       two fail points in a row, each with each, and kills at random times as well
  --postgres   with the state on a server of Postgres, which is started for that
  --kills N    how many of those [default: 1000]
  --seed N     what their times follow from [default: 1]
  --workers N  how many processes die at once [default: one for each processor]
  --only WORD  only cases whose name contains the word

`DBGO_BIN` names the tool, built with debug assertions.";

const KNOWN: Known = Known {
    usage: USAGE,
    flags: &["--apply", "--long", "--postgres"],
    values: &["--workers", "--kills", "--seed", "--only"],
};

fn main() -> ExitCode {
    options::main(&KNOWN, run)
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let executable = std::env::var_os("DBGO_BIN").ok_or("DBGO_BIN doesn't name the tool")?;
    let folder = tempfile::tempdir()?;
    let home = match options.has("--postgres") {
        true => Home::Server(dbgo_test_postgres::server().ok_or("there is no Postgres")?),
        false => Home::File,
    };
    let way = match options.has("--apply") {
        true => Way::apply(),
        false => Way::run(),
    };
    let subject = Subject {
        home,
        way,
        ..Subject::new(Path::new(&executable), folder.path())
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = options.number("--workers", processors)?;
    let (kills, seed) = (
        options.number("--kills", 1000)?,
        options.number("--seed", 1)?,
    );
    let only = options.text("--only");
    let mut cases = cases::short();
    cases.retain(|case| case.to_string().contains(only));
    let started = Instant::now();
    let outcomes = crash::run(&subject, folder.path(), workers, cases)?;
    print!("{}", crash::table(&outcomes));
    let mut wrong = summary("cases", &outcomes, started);
    if only.is_empty() {
        wrong += seeded(Path::new(&executable), folder.path())?;
    }
    if options.has("--long") {
        let started = Instant::now();
        let outcomes = random::pairs(&subject, folder.path(), workers)?;
        print!("{}", crash::table(&with_findings(&outcomes)));
        wrong += summary("pairs", &outcomes, started);
        let started = Instant::now();
        let count = (workers, kills);
        let outcomes = random::kills(&subject, folder.path(), count, seed)?;
        print!("{}", crash::table(&with_findings(&outcomes)));
        wrong += summary("kills at random times", &outcomes, started);
    }
    match wrong {
        0 => Ok(()),
        wrong => Err(format!("{wrong} didn't end as they must").into()),
    }
}

/// Puts each bug in and looks whether a case finds it; gives the number of those that none finds.
fn seeded(executable: &Path, folder: &Path) -> Result<usize, Box<dyn Error>> {
    let mut missed = 0;
    for bug in Bug::ALL {
        match crash::seeded(executable, folder, *bug)?.first() {
            Some(first) => println!("seeded bug {}: found by {}", bug.text(), first.case),
            None => {
                missed += 1;
                println!("seeded bug {}: NOT FOUND", bug.text());
            }
        }
    }
    Ok(missed)
}

fn with_findings(outcomes: &[Outcome]) -> Vec<Outcome> {
    outcomes
        .iter()
        .filter(|outcome| !outcome.findings.is_empty())
        .cloned()
        .collect()
}

/// Prints how many there were; gives the number of those with findings.
fn summary(what: &str, outcomes: &[Outcome], started: Instant) -> usize {
    let wrong = with_findings(outcomes).len();
    let seconds = started.elapsed().as_secs();
    println!(
        "{} {what} in {seconds} s, {wrong} with findings",
        outcomes.len()
    );
    wrong
}
