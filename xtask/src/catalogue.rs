//! `cargo xtask catalogue`: writes the compiler's list of functions anew from the linked engine.
//!
//! This crate links no engine: the work is done by an example of `dbgo-tests`, which does.

use std::error::Error;
use std::process::Command;

/// What cargo is called with.
pub const ARGUMENTS: [&str; 6] = [
    "run",
    "--quiet",
    "-p",
    "dbgo-tests",
    "--example",
    "catalogue",
];

/// Runs cargo, which has been given [`ARGUMENTS`] and an environment in which it finds libduckdb.
///
/// # Errors
/// If cargo can't be started or fails; its own messages are on the screen by then.
pub fn run(cargo: &mut Command) -> Result<(), Box<dyn Error>> {
    let status = cargo.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("the list of functions wasn't written: {status}").into())
    }
}
