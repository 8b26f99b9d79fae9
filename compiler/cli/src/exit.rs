//! How the tool ends, and how it writes to a pipe that may be closed.

use std::io::Write;
use std::process::ExitCode;

/// All went well.
pub const OK: ExitCode = ExitCode::SUCCESS;

/// There are findings: an error in the project, or a model that failed.
pub const FINDINGS: ExitCode = ExitCode::FAILURE;

/// Says that something is refused because of what somebody else does meanwhile.
pub fn refused(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(3)
}

/// Says that the call itself is wrong.
pub fn usage(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(2)
}

/// Writes data to standard output. A reader that stops reading, as `head` does, is no error.
pub fn print(text: &str) {
    let mut output = std::io::stdout().lock();
    let _ = output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush());
}
