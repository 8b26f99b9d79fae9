//! What `cargo xtask bench run` measures dbgo against: statements sent to the engine one after the other.
//!
//! `plain_script run DATABASE THREADS SCRIPT` makes a database of a script, whose statements end with a line `;`.
//! `plain_script count DATABASE LIST` prints the number of rows of each relation that is named on a line of a file.

use duckdb::{AccessMode, Config, Connection};
use std::error::Error;
use std::fs;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["run", database, threads, script] => run(database, threads, script),
        ["count", database, list] => count(database, list),
        _ => Err("usage: plain_script run DATABASE THREADS SCRIPT | count DATABASE LIST".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Each statement commits on its own. The connection is closed before this returns: what the engine then writes
/// belongs to the work.
fn run(database: &str, threads: &str, script: &str) -> Result<(), Box<dyn Error>> {
    let script = fs::read_to_string(script)?;
    let config = Config::default().with("threads", threads)?;
    let connection = Connection::open_with_flags(database, config)?;
    for statement in script
        .split("\n;\n")
        .filter(|statement| !statement.is_empty())
    {
        connection
            .execute_batch(statement)
            .map_err(|error| format!("{error}\nin {statement}"))?;
    }
    connection.close().map_err(|(_, error)| error.into())
}

fn count(database: &str, list: &str) -> Result<(), Box<dyn Error>> {
    let config = Config::default().access_mode(AccessMode::ReadOnly)?;
    let connection = Connection::open_with_flags(database, config)?;
    for relation in fs::read_to_string(list)?.lines() {
        let sql = format!("select count(*) from {relation}");
        let rows: u64 = connection.query_row(&sql, [], |row| row.get(0))?;
        println!("{relation} {rows}");
    }
    Ok(())
}
