//! `dbgo check`: every mistake of the project, and nothing is run.

use crate::arguments::{CheckArguments, Deny, Format};
use crate::workspace::Workspace;
use crate::{exit, report};
use dbgo_compiler::diagnostic::Severity;
use std::path::Path;
use std::process::ExitCode;

/// Checks the project.
pub fn check(directory: &Path, arguments: &CheckArguments) -> Result<ExitCode, ExitCode> {
    let (checked, took) = Workspace::open(directory)?.check(arguments.engine.into());
    let format = if arguments.json {
        Format::Json
    } else {
        arguments.format
    };
    report::show(&checked.outline.files.sources, &checked.diagnostics, format);
    eprintln!(
        "{}",
        report::summary(&checked.diagnostics, checked.models, took)
    );
    let warned = checked
        .diagnostics
        .iter()
        .any(|found| found.severity == Severity::Warning);
    let denied = arguments.deny == Some(Deny::Warnings) && warned;
    let has_errors = checked.has_errors();
    // The process ends here: to give back the memory piece by piece would only take time.
    std::mem::forget(checked);
    Ok(if has_errors || denied {
        exit::FINDINGS
    } else {
        exit::OK
    })
}
