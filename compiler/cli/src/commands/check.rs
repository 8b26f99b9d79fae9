//! `dbgo check`: every mistake of the project, and nothing is run.

use super::fix;
use crate::arguments::{CheckArguments, Deny, Format};
use crate::workspace::Workspace;
use crate::{exit, report};
use dbgo_compiler::diagnostic::{Diagnostic, Severity};
use std::path::Path;
use std::process::ExitCode;

/// Checks the project.
pub fn check(directory: &Path, arguments: &CheckArguments) -> Result<ExitCode, ExitCode> {
    let judge = arguments.engine.into();
    let (checked, took) = if arguments.fix {
        fix::fix(directory, judge)?
    } else {
        Workspace::open(directory)?.check(judge)
    };
    let format = if arguments.json {
        Format::Json
    } else {
        arguments.format
    };
    let diagnostics = &checked.diagnostics;
    let denies_warnings = arguments.deny == Some(Deny::Warnings);
    let failing = match denies_warnings {
        true => Severity::Warning,
        false => Severity::Error,
    };
    report::show_project(&checked.outline.files, diagnostics, format, failing);
    eprintln!("{}", report::summary(diagnostics, checked.models, took));
    if let Some(line) = fixable(diagnostics) {
        eprintln!("{line}");
    }
    let warned = diagnostics
        .iter()
        .any(|found| found.severity == Severity::Warning);
    let denied = denies_warnings && warned;
    let code = if denied && !checked.has_errors() {
        exit::FINDINGS
    } else {
        exit::of(diagnostics)
    };
    // The process ends here: to give back the memory piece by piece would only take time.
    std::mem::forget(checked);
    Ok(code)
}

/// How many findings have a fix; `None` if none has.
fn fixable(diagnostics: &[Diagnostic]) -> Option<String> {
    let count = diagnostics
        .iter()
        .filter(|found| found.fix.is_some())
        .count();
    let have = match count {
        0 => return None,
        1 => "1 has a fix".to_owned(),
        count => format!("{count} have a fix"),
    };
    Some(format!("{have}: `dbgo check --fix` writes it"))
}
