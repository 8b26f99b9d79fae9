//! Findings as SARIF 2.1.0, the "Static Analysis Results Interchange Format" of OASIS, which code
//! hosts and editors read.

use super::place;
use crate::diagnostic::{Code, Diagnostic, Fix, Label, Severity};
use crate::source::SourceSet;
use crate::span::Span;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a log says of its tool and project.
pub struct SarifContext<'c> {
    /// dbgo's version.
    pub version: &'c str,
    /// The project's folder within the repository, with a `/` at its end, or empty.
    pub prefix: &'c str,
    /// The page of a code, as Markdown.
    pub page: &'c dyn Fn(Code) -> Option<String>,
}

/// A log with one run.
pub fn sarif(
    sources: &SourceSet,
    diagnostics: &[Diagnostic],
    context: &SarifContext<'_>,
) -> String {
    let codes: BTreeSet<Code> = diagnostics.iter().map(|found| found.code).collect();
    let codes: Vec<Code> = codes.into_iter().collect();
    let writer = Writer {
        sources,
        prefix: context.prefix,
    };
    let mut occurrences = BTreeMap::new();
    let results = diagnostics
        .iter()
        .map(|found| writer.result(found, &codes, &mut occurrences))
        .collect();
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "dbgo",
                    version: context.version,
                    rules: codes.iter().map(|code| rule(*code, context)).collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            results,
        }],
    };
    // Texts and numbers can always be written.
    serde_json::to_string_pretty(&log).unwrap_or_default() + "\n"
}

fn rule(code: Code, context: &SarifContext<'_>) -> Rule {
    let markdown = (context.page)(code);
    Rule {
        id: code.text(),
        short_description: Message::of(code.summary()),
        help: markdown.map(|markdown| Help {
            text: markdown.clone(),
            markdown,
        }),
    }
}

/// How often a code was found on lines with one text.
type Occurrences = BTreeMap<(Code, String, String), usize>;

struct Writer<'w> {
    sources: &'w SourceSet,
    prefix: &'w str,
}

impl<'w> Writer<'w> {
    fn result(
        &self,
        found: &Diagnostic,
        codes: &[Code],
        occurrences: &mut Occurrences,
    ) -> ResultObject {
        let mut text = vec![found.message.clone()];
        text.extend(found.hints.iter().map(|hint| format!("hint: {hint}")));
        text.extend(found.notes.iter().map(|note| format!("note: {note}")));
        ResultObject {
            rule_id: found.code.text(),
            rule_index: codes.iter().position(|code| *code == found.code),
            level: match found.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            },
            message: Message::of(text.join("\n")),
            locations: (found.primary.iter())
                .map(|label| self.location(label, None))
                .collect(),
            related_locations: (found.secondary.iter().enumerate())
                .map(|(index, label)| self.location(label, Some(index)))
                .collect(),
            fixes: found.fix.iter().map(|fix| self.fix(fix)).collect(),
            partial_fingerprints: self.fingerprints(found, occurrences),
        }
    }

    fn location(&self, label: &Label, id: Option<usize>) -> Location {
        Location {
            id,
            physical_location: PhysicalLocation {
                artifact_location: self.artifact(label.span),
                region: self.region(label.span),
            },
            message: (!label.text.is_empty()).then(|| Message::of(label.text.as_str())),
        }
    }

    fn artifact(&self, span: Span) -> ArtifactLocation {
        let path = &self.sources.file(span.file).path;
        ArtifactLocation {
            uri: uri(&format!("{}{path}", self.prefix)),
            uri_base_id: "%SRCROOT%",
        }
    }

    /// Ends are exclusive.
    fn region(&self, span: Span) -> Region {
        let text = &self.sources.file(span.file).text;
        let start = place(text, span.start as usize);
        let end = place(text, span.end as usize);
        Region {
            start_line: start.line,
            start_column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }

    fn fix(&self, fix: &Fix) -> FixObject {
        let mut changes: Vec<ArtifactChange> = Vec::new();
        for edit in &fix.edits {
            let artifact_location = self.artifact(edit.span);
            let replacement = Replacement {
                deleted_region: self.region(edit.span),
                inserted_content: Content {
                    text: edit.text.clone(),
                },
            };
            let same = |change: &&mut ArtifactChange| {
                change.artifact_location.uri == artifact_location.uri
            };
            match changes.iter_mut().find(same) {
                Some(change) => change.replacements.push(replacement),
                None => changes.push(ArtifactChange {
                    artifact_location,
                    replacements: vec![replacement],
                }),
            }
        }
        FixObject {
            description: Message::of(fix.title.as_str()),
            artifact_changes: changes,
        }
    }

    /// What stays the same when lines above a finding come and go: a hash of its code, its file and
    /// its line's text, with a number where there are several.
    fn fingerprints(
        &self,
        found: &Diagnostic,
        occurrences: &mut Occurrences,
    ) -> BTreeMap<&'static str, String> {
        let (path, line) = match &found.primary {
            None => (String::new(), found.message.clone()),
            Some(label) => {
                let file = self.sources.file(label.span.file);
                let at = place(&file.text, label.span.start as usize).line;
                let line = file.text.lines().nth(at - 1).unwrap_or_default();
                (file.path.clone(), line.trim().to_owned())
            }
        };
        let mut hasher = blake3::Hasher::new();
        for part in [found.code.text(), &path, &line] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let hash = hasher.finalize().to_hex();
        let number = occurrences.entry((found.code, path, line)).or_default();
        *number += 1;
        let print = format!("{}:{number}", &hash[..16]);
        BTreeMap::from([("primaryLocationLineHash", print)])
    }
}

/// A relative path as a URI reference (RFC 3986): what isn't unreserved is percent-encoded.
fn uri(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(byte));
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[derive(Serialize)]
struct Log<'l> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'l>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'l> {
    tool: Tool<'l>,
    column_kind: &'static str,
    results: Vec<ResultObject>,
}

#[derive(Serialize)]
struct Tool<'l> {
    driver: Driver<'l>,
}

#[derive(Serialize)]
struct Driver<'l> {
    name: &'static str,
    version: &'l str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Help>,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

impl Message {
    fn of(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }
}

/// A `result` of the specification.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultObject {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<FixObject>,
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FixObject {
    description: Message,
    artifact_changes: Vec<ArtifactChange>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Content,
}

#[derive(Serialize)]
struct Content {
    text: String,
}
