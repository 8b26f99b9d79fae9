//! Processes that change the same environments at the same time.
//!
//! `contend [--processes N] [--seconds N] [--seed N] [--file] [--lake]`

use dbgo_tests::contend::{self, Contest};
use dbgo_tests::crash::store::Home;
use dbgo_tests::data;
use dbgo_tests::options::{self, Known, Options};
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "usage: contend [--processes N] [--seconds N] [--seed N] [--file] [--lake]

  --processes N  how many there are at once [default: 8]
  --seconds N    for how long new ones are started [default: 60]
  --seed N       what the choices follow from [default: 1]
  --file         with the state in a file of SQLite, and not on a server of Postgres
  --lake         with the tables in DuckLake, and not in a database file

`DBGO_BIN` names the tool.";

const KNOWN: Known = Known {
    usage: USAGE,
    flags: &["--file", "--lake"],
    values: &["--processes", "--seconds", "--seed"],
};

fn main() -> ExitCode {
    options::main(&KNOWN, run)
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let executable = std::env::var_os("DBGO_BIN").ok_or("DBGO_BIN doesn't name the tool")?;
    let folder = tempfile::tempdir()?;
    let home = match options.has("--file") {
        true => Home::File,
        false => Home::Server(dbgo_test_postgres::server().ok_or("there is no Postgres")?),
    };
    let contest = Contest {
        executable: executable.into(),
        home,
        ways: contend::usual_ways(),
        processes: options.number("--processes", 8)?,
        time: Duration::from_secs(options.number("--seconds", 60)?),
        seed: options.number("--seed", 1)?,
        lakes: match options.has("--lake") {
            true => Some(data::lakes().ok_or("there is no lake")?),
            false => None,
        },
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
