//! How the tool ends, and how it writes to a pipe that may be closed.

use dbgo_compiler::diagnostic::{Code, Diagnostic};
use std::io::Write;
use std::process::ExitCode;

/// All went well.
pub const OK: ExitCode = ExitCode::SUCCESS;

/// There are findings: an error in the project, or a model that failed.
pub const FINDINGS: ExitCode = ExitCode::FAILURE;

/// The engine failed, so that not all is known.
const ENGINE_FAILED: u8 = 4;

/// How a command ends that found something: apart, if that is a failure of the engine.
pub fn of(diagnostics: &[Diagnostic]) -> ExitCode {
    let has_failed = |found: &Diagnostic| found.code == Code::EngineFailed;
    if diagnostics.iter().any(has_failed) {
        ExitCode::from(ENGINE_FAILED)
    } else if diagnostics.iter().any(Diagnostic::is_error) {
        FINDINGS
    } else {
        OK
    }
}

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
