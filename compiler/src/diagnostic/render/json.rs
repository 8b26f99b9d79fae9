//! Findings as JSON of the schema `dbgo/diagnostics/1`.

use super::concise::severity_word;
use super::place;
use crate::diagnostic::{Diagnostic, Fix, Label};
use crate::source::SourceSet;
use crate::span::Span;
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
    fix: Option<JsonFix<'d>>,
}

/// What to write, if there is one answer; all edits belong together.
#[derive(Serialize)]
struct JsonFix<'d> {
    title: &'d str,
    edits: Vec<Location<'d>>,
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
                fix: diagnostic.fix.as_ref().map(|fix| json_fix(sources, fix)),
            })
            .collect(),
    };
    // Texts and numbers can always be written.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// An edit's `text` is what takes the place of the text there.
fn json_fix<'d>(sources: &'d SourceSet, fix: &'d Fix) -> JsonFix<'d> {
    JsonFix {
        title: &fix.title,
        edits: (fix.edits.iter())
            .map(|edit| located(sources, edit.span, &edit.text))
            .collect(),
    }
}

fn location<'d>(sources: &'d SourceSet, label: &'d Label) -> Location<'d> {
    located(sources, label.span, &label.text)
}

fn located<'d>(sources: &'d SourceSet, span: Span, text: &'d str) -> Location<'d> {
    let file = sources.file(span.file);
    let start = place(&file.text, span.start as usize);
    let end = place(&file.text, span.end as usize);
    Location {
        file: &file.path,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        start_byte: span.start,
        end_byte: span.end,
        text,
    }
}
