//! Findings with the lines they are about, as people read them on a terminal.

use super::lines::boundary;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{SourceFile, SourceSet};
use crate::span::FileId;
use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet,
};
use std::collections::BTreeSet;
use std::ops::Range;

/// The width that long source lines are cut to, in columns.
const WIDTH: usize = 80;

/// Every finding with its source lines, its hints and its notes, and a blank line after each. The
/// first finding of each code names the command that tells more about it.
pub fn full(sources: &SourceSet, diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(WIDTH);
    let mut explained = BTreeSet::new();
    let mut text = String::new();
    for diagnostic in diagnostics {
        let is_first = explained.insert(diagnostic.code);
        text.push_str(&one(sources, diagnostic, is_first, &renderer));
        text.push_str("\n\n");
    }
    text
}

fn one(sources: &SourceSet, diagnostic: &Diagnostic, explain: bool, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.text());
    let snippets = by_file(diagnostic)
        .into_iter()
        .map(|(file, labels)| element(sources.file(file), &labels));
    let mut groups = vec![Group::with_title(title).elements(snippets)];
    let more = explain.then(|| format!("`dbgo explain {}` tells more", diagnostic.code));
    let hints = diagnostic
        .hints
        .iter()
        .map(|hint| (Level::HELP.with_name("hint"), hint));
    let notes = diagnostic
        .notes
        .iter()
        .chain(&more)
        .map(|note| (Level::NOTE, note));
    for (level, line) in hints.chain(notes) {
        groups.push(Group::with_title(level.secondary_title(line.as_str())));
    }
    if diagnostic.primary.is_some() {
        return renderer.render(&groups);
    }
    // Without lines to show, nothing has to stand between the finding and its hints.
    let parts: Vec<String> = groups
        .into_iter()
        .map(|group| renderer.render(&[group]))
        .collect();
    parts.join("\n")
}

/// The labels by their files, the primary one's first; the others in the order they come.
fn by_file(diagnostic: &Diagnostic) -> Vec<(FileId, Vec<(AnnotationKind, &Label)>)> {
    let mut files: Vec<(FileId, Vec<(AnnotationKind, &Label)>)> = Vec::new();
    let primary = diagnostic
        .primary
        .iter()
        .map(|label| (AnnotationKind::Primary, label));
    let secondary = diagnostic
        .secondary
        .iter()
        .map(|label| (AnnotationKind::Context, label));
    for (kind, label) in primary.chain(secondary) {
        match files.iter_mut().find(|(file, _)| *file == label.span.file) {
            Some((_, labels)) => labels.push((kind, label)),
            None => files.push((label.span.file, vec![(kind, label)])),
        }
    }
    files
}

/// How many lines are kept around the labels of a file: what annotate-snippets shows at most.
const LINES_AROUND: usize = 2;

/// A file that has no text to show, such as one that can't be read, is only named.
fn element<'s>(file: &'s SourceFile, labels: &[(AnnotationKind, &'s Label)]) -> Element<'s> {
    if file.text.is_empty() && labels.iter().all(|(_, label)| label.text.is_empty()) {
        return Origin::path(file.path.as_str()).into();
    }
    snippet(file, labels).into()
}

/// A snippet of only the part of a file that its labels lie in, so that the cost of rendering
/// doesn't grow with the file.
fn snippet<'s>(
    file: &'s SourceFile,
    labels: &[(AnnotationKind, &'s Label)],
) -> Snippet<'s, Annotation<'s>> {
    let text: &str = &file.text;
    let ranges: Vec<Range<usize>> = labels
        .iter()
        .map(|(_, label)| {
            let start = boundary(text, label.span.start as usize);
            start..boundary(text, label.span.end as usize).max(start)
        })
        .collect();
    let first = ranges.iter().map(|range| range.start).min().unwrap_or(0);
    let last = ranges.iter().map(|range| range.end).max().unwrap_or(0);
    let from = lines_before(text, first, LINES_AROUND);
    let to = lines_after(text, last, LINES_AROUND);
    let line = text[..from].bytes().filter(|byte| *byte == b'\n').count() + 1;
    let annotations = labels.iter().zip(ranges).map(|((kind, label), range)| {
        let annotation = kind.span(range.start - from..range.end - from);
        if label.text.is_empty() {
            annotation
        } else {
            annotation.label(label.text.as_str())
        }
    });
    Snippet::source(&text[from..to])
        .line_start(line)
        .path(file.path.as_str())
        .annotations(annotations)
}

fn lines_before(text: &str, at: usize, count: usize) -> usize {
    let ends = text[..at].rmatch_indices('\n').map(|(end, _)| end + 1);
    ends.into_iter().nth(count).unwrap_or(0)
}

fn lines_after(text: &str, at: usize, count: usize) -> usize {
    let mut ends = text[at..].match_indices('\n').map(|(end, _)| at + end + 1);
    ends.nth(count).unwrap_or(text.len())
}
