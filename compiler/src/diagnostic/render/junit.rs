//! Findings as JUnit XML, which CI servers show as a list of tests.
//!
//! There is one format by custom only; this keeps to what the schema of Jenkins' xUnit plugin
//! (`junit-10.xsd`) and the documents of GitLab ("Unit test reports") have in common: suites, cases
//! with a name and a class, and at most one failure in each.

use super::concise::severity_word;
use super::place;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::SourceSet;
use crate::span::FileId;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Where findings of no file stand.
const PROJECT: &str = "project";

/// A suite with a case for each file, which fails if the file has a finding of this severity or a
/// worse one; what is found beside that is the case's output. So a server tells which files began to
/// fail and which are mended, whatever their number of findings. `prefix` is the project's folder
/// within the repository, with a `/` at its end, or empty.
pub fn junit(
    sources: &SourceSet,
    diagnostics: &[Diagnostic],
    prefix: &str,
    failing: Severity,
) -> String {
    let mut found: BTreeMap<Option<FileId>, Vec<&Diagnostic>> = BTreeMap::from([(None, vec![])]);
    for diagnostic in diagnostics {
        let file = diagnostic.primary.as_ref().map(|label| label.span.file);
        found.entry(file).or_default().push(diagnostic);
    }
    let mut cases = vec![(PROJECT.to_owned(), found.remove(&None).unwrap_or_default())];
    cases.extend(sources.iter().map(|(id, file)| {
        let path = format!("{prefix}{}", file.path);
        (path, found.remove(&Some(id)).unwrap_or_default())
    }));
    cases[1..].sort_by(|one, other| one.0.cmp(&other.0));
    let failures = (cases.iter())
        .filter(|(_, found)| found.iter().any(|it| it.severity <= failing))
        .count();
    let counts = format!("tests=\"{}\" failures=\"{failures}\"", cases.len());
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dbgo\" {counts}>\n  \
         <testsuite name=\"dbgo check\" {counts} errors=\"0\" skipped=\"0\">\n"
    );
    for (path, found) in &cases {
        text.push_str(&case(sources, path, found, failing));
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn case(sources: &SourceSet, path: &str, found: &[&Diagnostic], failing: Severity) -> String {
    let name = escaped_attribute(path);
    let file = match path {
        PROJECT => String::new(),
        _ => format!(" file=\"{name}\""),
    };
    let opening = format!("    <testcase classname=\"dbgo.check\" name=\"{name}\"{file}");
    let (failures, others): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        found.iter().partition(|it| it.severity <= failing);
    if found.is_empty() {
        return format!("{opening}/>\n");
    }
    let mut text = format!("{opening}>\n");
    if let Some(first) = failures.first() {
        let _ = writeln!(
            text,
            "      <failure type=\"{}\" message=\"{}\">{}</failure>",
            first.code,
            escaped_attribute(&headline(first, failures.len() - 1)),
            escaped(&said(sources, path, &failures))
        );
    }
    if !others.is_empty() {
        let output = escaped(&said(sources, path, &others));
        let _ = writeln!(text, "      <system-out>{output}</system-out>");
    }
    text.push_str("    </testcase>\n");
    text
}

/// The first finding, and how many there are besides.
fn headline(first: &Diagnostic, more: usize) -> String {
    match more {
        0 => first.message.clone(),
        more => format!("{} (and {more} more)", first.message),
    }
}

/// Each finding with its place, what is said there, its hints and its notes.
fn said(sources: &SourceSet, path: &str, found: &[&Diagnostic]) -> String {
    let mut lines = Vec::new();
    for diagnostic in found {
        let at = diagnostic.primary.as_ref().map(|label| {
            let text = &sources.file(label.span.file).text;
            let place = place(text, label.span.start as usize);
            format!("{path}:{}:{}: ", place.line, place.column)
        });
        lines.push(format!(
            "{}{}[{}]: {}",
            at.unwrap_or_default(),
            severity_word(diagnostic.severity),
            diagnostic.code,
            diagnostic.message
        ));
        let at_place = (diagnostic.primary.iter()).filter(|label| !label.text.is_empty());
        lines.extend(at_place.map(|label| format!("    {}", label.text)));
        lines.extend((diagnostic.hints.iter()).map(|hint| format!("    hint: {hint}")));
        lines.extend((diagnostic.notes.iter()).map(|note| format!("    note: {note}")));
    }
    lines.join("\n")
}

/// Text as XML 1.0 takes it between tags: what it has no way to write becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            '\n' | '\t' => escaped.push(character),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The same within quotes, where readers take a bare line end for a space.
fn escaped_attribute(text: &str) -> String {
    escaped(text).replace('\n', "&#10;").replace('\t', "&#9;")
}
