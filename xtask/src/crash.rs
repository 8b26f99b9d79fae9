//! `cargo xtask crash`: kills runs of `dbgo` everywhere and looks at what is left.
//!
//! This crate links no engine: the work is done by an example of `dbgo-tests`, which does, and which
//! explains its options with `--help`. The same cases are a test of that crate.

use crate::toolchain::Cargo;
use std::error::Error;

/// Builds the tool, with debug assertions, and runs the example with these options.
///
/// # Errors
/// If something can't be built, or a case didn't end as it must; the example has printed which.
pub fn run(cargo: &Cargo, options: &[String]) -> Result<(), Box<dyn Error>> {
    let dbgo = cargo.build_dbgo()?;
    let mut arguments = vec![
        "run",
        "--quiet",
        "-p",
        "dbgo-tests",
        "--example",
        "crash",
        "--",
    ];
    arguments.extend(options.iter().map(String::as_str));
    let mut command = cargo.command(&arguments);
    let status = command.env("DBGO_BIN", dbgo).status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("not all crashes ended well: {status}").into())
    }
}
