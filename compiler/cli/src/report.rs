//! Shows findings to people.

use crate::arguments::Format;
use crate::exit;
use dbgo_compiler::diagnostic::{Diagnostic, Severity, render};
use dbgo_compiler::source::SourceSet;
use std::io::IsTerminal;
use std::time::Duration;

/// Writes findings: people's forms to standard error, JSON to standard output.
pub fn show(sources: &SourceSet, diagnostics: &[Diagnostic], format: Format) {
    match format {
        Format::Json => exit::print(&render::json(sources, diagnostics)),
        Format::Concise => eprint!("{}", render::concise(sources, diagnostics)),
        Format::Full => eprint!("{}", render::full(sources, diagnostics, colour())),
    }
}

/// Whether standard error shows colours.
pub fn colour() -> bool {
    std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The line that ends a check: `2 errors in 1 of 41 models, checked in 38 ms`.
pub fn summary(diagnostics: &[Diagnostic], models: usize, took: Duration) -> String {
    let count = |severity| {
        diagnostics
            .iter()
            .filter(|found| found.severity == severity)
            .count()
    };
    let errors = count(Severity::Error);
    let warnings = count(Severity::Warning);
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(plural(errors, "error"));
    }
    if warnings > 0 {
        parts.push(plural(warnings, "warning"));
    }
    let found = if parts.is_empty() {
        "no errors".to_owned()
    } else {
        parts.join(" and ")
    };
    let mut files: Vec<_> = diagnostics
        .iter()
        .filter(|found| found.severity < Severity::Note)
        .filter_map(|found| found.primary.as_ref())
        .map(|label| label.span.file)
        .collect();
    files.sort();
    files.dedup();
    let place = if files.is_empty() {
        String::new()
    } else {
        format!(" in {}", plural(files.len(), "file"))
    };
    format!(
        "{found}{place}, {} checked in {}",
        plural(models, "model"),
        milliseconds(took)
    )
}

/// `1 error`, `2 errors`
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

fn milliseconds(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        format!("{} ms", took.as_millis().max(1))
    } else {
        format!("{:.2} s", took.as_secs_f64())
    }
}
