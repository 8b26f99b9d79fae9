//! Shows findings to people.

use crate::arguments::Format;
use crate::embedded::DIAGNOSTIC_PAGES;
use crate::exit;
use dbgo_compiler::diagnostic::render::SarifContext;
use dbgo_compiler::diagnostic::{Code, Diagnostic, Severity, render};
use dbgo_compiler::source::{ProjectFiles, SourceSet};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Writes findings: people's forms to standard error, those for programs to standard output.
pub fn show(sources: &SourceSet, diagnostics: &[Diagnostic], format: Format) {
    show_within("", sources, diagnostics, format, Severity::Error);
}

/// Writes the findings of a project, with paths that start at its repository where a code host
/// reads them. Findings of a severity, or of a worse one, make a test fail.
pub fn show_project(
    files: &ProjectFiles,
    diagnostics: &[Diagnostic],
    format: Format,
    failing: Severity,
) {
    let prefix = match format {
        Format::Github | Format::Sarif | Format::Junit => within_repository(&files.root).1,
        Format::Full | Format::Concise | Format::Json => String::new(),
    };
    show_within(&prefix, &files.sources, diagnostics, format, failing);
}

fn show_within(
    prefix: &str,
    sources: &SourceSet,
    diagnostics: &[Diagnostic],
    format: Format,
    failing: Severity,
) {
    match format {
        Format::Full => eprint!("{}", render::full(sources, diagnostics, colour())),
        Format::Concise => eprint!("{}", render::concise(sources, diagnostics)),
        Format::Json => exit::print(&render::json(sources, diagnostics)),
        Format::Github => exit::print(&render::github(sources, diagnostics, prefix)),
        Format::Sarif => exit::print(&sarif(sources, diagnostics, prefix)),
        Format::Junit => exit::print(&render::junit(sources, diagnostics, prefix, failing)),
    }
}

fn sarif(sources: &SourceSet, diagnostics: &[Diagnostic], prefix: &str) -> String {
    let context = SarifContext {
        version: env!("CARGO_PKG_VERSION"),
        prefix,
        page: &page,
    };
    render::sarif(sources, diagnostics, &context)
}

/// The page of a code.
fn page(code: Code) -> Option<String> {
    let file = format!("{code}.md");
    let (_, page) = DIAGNOSTIC_PAGES.iter().find(|(name, _)| *name == file)?;
    Some(String::from_utf8_lossy(page).into_owned())
}

/// The git repository that a project lies in, and the project's folder within it, with a `/` at its
/// end; empty if it is the repository's root, or lies in none.
pub fn within_repository(root: &Path) -> (Option<PathBuf>, String) {
    let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
    let repository = root.ancestors().find(|folder| folder.join(".git").exists());
    let inner = repository.and_then(|repository| root.strip_prefix(repository).ok());
    let parts = inner.into_iter().flat_map(Path::components);
    let prefix = parts
        .map(|part| format!("{}/", part.as_os_str().to_string_lossy()))
        .collect();
    (repository.map(Path::to_owned), prefix)
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
