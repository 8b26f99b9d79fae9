//! One line a finding: `file:line:column: error[code]: message`.

use super::place;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::SourceSet;
use std::fmt::Write;

/// Findings for editors and logs, one a line.
pub fn concise(sources: &SourceSet, diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        if let Some(label) = &diagnostic.primary {
            let file = sources.file(label.span.file);
            let place = place(&file.text, label.span.start as usize);
            let _ = write!(text, "{}:{}:{}: ", file.path, place.line, place.column);
        }
        let _ = writeln!(
            text,
            "{}[{}]: {}",
            severity_word(diagnostic.severity),
            diagnostic.code,
            diagnostic.message
        );
    }
    text
}

pub(super) fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
