//! Findings as JSON of the schema `dbgo/diagnostics/1`.

use super::concise::severity_word;
use super::place;
use crate::diagnostic::{Diagnostic, Label};
use crate::source::SourceSet;
use serde::Serialize;

#[derive(Serialize)]
struct Document<'d> {
    schema: &'static str,
    diagnostics: Vec<Finding<'d>>,
}

#[derive(Serialize)]
struct Finding<'d> {
    code: &'static str,
    severity: &'static str,
    message: &'d str,
    primary: Option<Location<'d>>,
    secondary: Vec<Location<'d>>,
    hints: &'d [String],
    notes: &'d [String],
}

/// Lines and columns count from 1, columns in characters; bytes from 0; ends are exclusive.
#[derive(Serialize)]
struct Location<'d> {
    file: &'d str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    start_byte: u32,
    end_byte: u32,
    text: &'d str,
}

/// Findings for other programs.
pub fn json(sources: &SourceSet, diagnostics: &[Diagnostic]) -> String {
    let document = Document {
        schema: "dbgo/diagnostics/1",
        diagnostics: diagnostics
            .iter()
            .map(|diagnostic| Finding {
                code: diagnostic.code.text(),
                severity: severity_word(diagnostic.severity),
                message: &diagnostic.message,
                primary: diagnostic
                    .primary
                    .as_ref()
                    .map(|label| location(sources, label)),
                secondary: diagnostic
                    .secondary
                    .iter()
                    .map(|label| location(sources, label))
                    .collect(),
                hints: &diagnostic.hints,
                notes: &diagnostic.notes,
            })
            .collect(),
    };
    // Texts and numbers can always be written.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn location<'d>(sources: &'d SourceSet, label: &'d Label) -> Location<'d> {
    let file = sources.file(label.span.file);
    let start = place(&file.text, label.span.start as usize);
    let end = place(&file.text, label.span.end as usize);
    Location {
        file: &file.path,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        start_byte: label.span.start,
        end_byte: label.span.end,
        text: &label.text,
    }
}
