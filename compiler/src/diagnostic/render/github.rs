//! Findings as workflow commands of GitHub Actions, which shows them beside the lines of a pull
//! request.
//!
//! The format is that of "Workflow commands for GitHub Actions", and the escapes are those of
//! `@actions/core` (`command.ts`): `%`, `\r` and `\n` everywhere, `:` and `,` in properties too.

use super::place;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::SourceSet;
use std::fmt::Write;

/// One command a finding. `prefix` is the project's folder within the repository, with a `/` at
/// its end, or empty.
pub fn github(sources: &SourceSet, diagnostics: &[Diagnostic], prefix: &str) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let command = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let mut properties = Vec::new();
        if let Some(label) = &diagnostic.primary {
            properties.extend(location(sources, label, prefix));
        }
        properties.push(("title", diagnostic.code.text().to_owned()));
        let properties: Vec<String> = properties
            .into_iter()
            .map(|(key, value)| format!("{key}={}", escaped_property(&value)))
            .collect();
        let _ = writeln!(
            text,
            "::{command} {}::{}",
            properties.join(","),
            escaped(&said(sources, diagnostic, prefix))
        );
    }
    text
}

fn location(sources: &SourceSet, label: &Label, prefix: &str) -> Vec<(&'static str, String)> {
    let file = sources.file(label.span.file);
    let start = place(&file.text, label.span.start as usize);
    let end = place(&file.text, label.span.end as usize);
    let mut properties = vec![
        ("file", format!("{prefix}{}", file.path)),
        ("line", start.line.to_string()),
        ("endLine", end.line.to_string()),
    ];
    // Columns are refused where the lines differ; both are inclusive.
    if start.line == end.line {
        let last = end.column.saturating_sub(1).max(start.column);
        properties.push(("col", start.column.to_string()));
        properties.push(("endColumn", last.to_string()));
    }
    properties
}

/// The finding, what is said at its places, its hints and its notes.
fn said(sources: &SourceSet, diagnostic: &Diagnostic, prefix: &str) -> String {
    let mut lines = vec![diagnostic.message.clone()];
    let at_place = diagnostic
        .primary
        .iter()
        .filter(|label| !label.text.is_empty());
    lines.extend(at_place.map(|label| label.text.clone()));
    for label in &diagnostic.secondary {
        let file = sources.file(label.span.file);
        let place = place(&file.text, label.span.start as usize);
        let said = if label.text.is_empty() {
            "see also"
        } else {
            label.text.as_str()
        };
        lines.push(format!("{prefix}{}:{}: {said}", file.path, place.line));
    }
    lines.extend(diagnostic.hints.iter().map(|hint| format!("hint: {hint}")));
    lines.extend(diagnostic.notes.iter().map(|note| format!("note: {note}")));
    lines.join("\n")
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn escaped_property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
