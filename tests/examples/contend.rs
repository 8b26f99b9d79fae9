//! Processes that change the same environments at the same time.
//!
//! `contend [--processes N] [--seconds N] [--seed N] [--file]`

use dbgo_tests::contend::{self, Contest};
use dbgo_tests::crash::store::Home;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "usage: contend [--processes N] [--seconds N] [--seed N] [--file]

  --processes N  how many there are at once [default: 8]
  --seconds N    for how long new ones are started [default: 60]
  --seed N       what the choices follow from [default: 1]
  --file         with the state in a file of SQLite, and not on a server of Postgres

`DBGO_BIN` names the tool.";

struct Options {
    processes: usize,
    seconds: u64,
    seed: u64,
    file: bool,
}

fn main() -> ExitCode {
    let done = options().and_then(|options| match options {
        Some(options) => run(&options),
        None => {
            println!("{USAGE}");
            Ok(())
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `None` where help is asked for.
fn options() -> Result<Option<Options>, Box<dyn Error>> {
    let mut options = Options {
        processes: 8,
        seconds: 60,
        seed: 1,
        file: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--help" => return Ok(None),
            "--file" => {
                options.file = true;
                continue;
            }
            _ => {}
        }
        let value = words
            .next()
            .ok_or_else(|| format!("`{word}` needs a value"))?;
        match word.as_str() {
            "--processes" => options.processes = value.parse()?,
            "--seconds" => options.seconds = value.parse()?,
            "--seed" => options.seed = value.parse()?,
            _ => return Err(format!("unknown option `{word}`\n{USAGE}").into()),
        }
    }
    Ok(Some(options))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let executable = std::env::var_os("DBGO_BIN").ok_or("DBGO_BIN doesn't name the tool")?;
    let folder = tempfile::tempdir()?;
    let home = match options.file {
        true => Home::File,
        false => Home::Server(dbgo_test_postgres::server().ok_or("there is no Postgres")?),
    };
    let contest = Contest {
        executable: executable.into(),
        home,
        ways: contend::usual_ways(),
        processes: options.processes,
        time: Duration::from_secs(options.seconds),
        seed: options.seed,
    };
    let result = contend::run(&contest, folder.path())?;
    for (how, count) in &result.ends {
        println!("{count:>6}  {how}");
    }
    for finding in &result.findings {
        println!("{finding}");
    }
    match result.findings.len() {
        0 => Ok(()),
        count => Err(format!("{count} findings").into()),
    }
}
