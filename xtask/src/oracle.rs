//! `cargo xtask oracle`: holds the compiler's parser and binder against the engine over the corpora.
//!
//! This crate links no engine: the work is done by an example of `dbgo-tests`, which does, and which
//! explains its options with `--help`.

use crate::test::corpora;
use crate::toolchain::Cargo;
use std::error::Error;

/// Runs the example with these options.
///
/// # Errors
/// If cargo can't be started or fails; its own messages are on the screen by then.
pub fn run(cargo: &Cargo, options: &[String]) -> Result<(), Box<dyn Error>> {
    let mut arguments = vec![
        "run",
        "--quiet",
        "-p",
        "dbgo-tests",
        "--example",
        "oracle",
        "--",
    ];
    arguments.extend(options.iter().map(String::as_str));
    let mut command = cargo.command(&arguments);
    if let Some(corpora) = corpora(cargo.root()) {
        command.env(crate::test::CORPORA, corpora);
    }
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("the comparison failed: {status}").into())
    }
}
