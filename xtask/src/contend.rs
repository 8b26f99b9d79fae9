//! `cargo xtask contend`: processes of `dbgo` that change the same environments at the same time.
//!
//! The work is done by an example of `dbgo-tests`, which explains its options with `--help`. A short
//! form is a test of that crate.

use crate::extensions::LAKE;
use crate::toolchain::Cargo;
use std::error::Error;

/// Builds the tool and runs the example with these options.
///
/// # Errors
/// If something can't be built, or something didn't hold; the example has printed what.
pub fn run(cargo: &Cargo, options: &[String]) -> Result<(), Box<dyn Error>> {
    let dbgo = cargo.build_dbgo()?;
    let mut arguments = vec![
        "run",
        "--quiet",
        "-p",
        "dbgo-tests",
        "--example",
        "contend",
        "--",
    ];
    arguments.extend(options.iter().map(String::as_str));
    let mut command = cargo.command(&arguments);
    if options.iter().any(|option| option == "--lake") {
        command.env(LAKE.variable, LAKE.folder()?);
    }
    let status = command.env("DBGO_BIN", dbgo).status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("not all that must hold did: {status}").into())
    }
}
