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
    let (compilation, took) = if arguments.fix {
        fix::fix(directory)?
    } else {
        Workspace::open(directory)?.compile()
    };
    let format = if arguments.json {
        Format::Json
    } else {
        arguments.format
    };
    let diagnostics = &compilation.diagnostics;
    report::show_project(&compilation.outline.files, diagnostics, format);
    eprintln!("{}", report::summary(diagnostics, compilation.models, took));
    if let Some(line) = fixable(diagnostics) {
        eprintln!("{line}");
    }
    let warned = diagnostics
        .iter()
        .any(|found| found.severity == Severity::Warning);
    let denied = arguments.deny == Some(Deny::Warnings) && warned;
    Ok(if denied && !compilation.has_errors() {
        exit::FINDINGS
    } else {
        exit::of(diagnostics)
    })
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
