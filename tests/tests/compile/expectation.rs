//! What a test of the language expects, and how it is held against a compilation.
//!
//! In SQL it stands in comments at the end of the line that it is about:
//!
//! - `-- error: [code] "part of what is said"`, also `warning` and `note`; any number of parts, each
//!   of which must occur in the message, a label, a hint or a note;
//! - `-- type: DECIMAL(18,2) NOT NULL`, the type of the column that the line makes;
//! - `-- columns: a BIGINT, b VARCHAR NOT NULL`, on any line: all columns of the model in order;
//! - `-- lineage: orders.amount computed`, the lineage of the column that the line makes, and
//!   `-- rows: orders.status condition`, on any line: what decides the model's rows.
//!
//! For places that can't hold such a comment, a block `text expect` has lines of the form
//! `models/a.sql:2:12 error[code] "part"`, without the place for findings that have none.
//!
//! A block `text rendered` is the query of `models/a.sql` as the program gets it, with loops and
//! macros written out; what the program fills in is written as `:name`. A block `text beside` is
//! what runs beside that query: its audits, the statements before and after it, how it is merged.

use crate::lineage::LineageOf;
use crate::markdown::Block;
use crate::project::shown;
use dbgo_compiler::diagnostic::{Code, Diagnostic, Severity, render};
use dbgo_compiler::driver::Compilation;
use dbgo_compiler::source::SourceSet;
use dbgo_compiler::typed::{BodyNode, Slot, TypedColumn, TypedModel};
use std::fmt;

/// Everything that a test expects.
#[derive(Default)]
pub struct Expectations {
    findings: Vec<Finding>,
    types: Vec<Type>,
    columns: Vec<Columns>,
    rendered: Option<String>,
    beside: Option<String>,
    lineage: Vec<LineageOf>,
}

#[derive(Debug, PartialEq)]
struct Finding {
    severity: Severity,
    code: Code,
    place: Option<Place>,
    parts: Vec<String>,
}

#[derive(Debug, PartialEq)]
struct Place {
    path: String,
    line: usize,
    column: Option<usize>,
}

/// The type of one column.
struct Type {
    path: String,
    line: usize,
    name: String,
    wanted: String,
}

/// All columns of a model.
struct Columns {
    path: String,
    wanted: String,
}

const KINDS: [(&str, Severity); 3] = [
    ("error", Severity::Error),
    ("warning", Severity::Warning),
    ("note", Severity::Note),
];

impl Expectations {
    /// Reads what the blocks of a test expect.
    ///
    /// # Errors
    /// What can't be read, with its line in the document.
    pub fn read<'t>(blocks: impl IntoIterator<Item = &'t Block>) -> Result<Self, String> {
        let mut expectations = Self::default();
        for block in blocks {
            if block.name == "rendered" {
                expectations.rendered = Some(block.text.trim_end().to_owned());
                continue;
            }
            if block.name == "beside" {
                expectations.beside = Some(block.text.trim_end().to_owned());
                continue;
            }
            let lines = block.text.lines().enumerate();
            for (index, line) in lines {
                let read = match block.name.as_str() {
                    "expect" => expectations.listed(line),
                    path if path.ends_with(".sql") => expectations.comments(path, index + 1, line),
                    _ => Ok(()),
                };
                read.map_err(|fault| format!("line {}: {fault}", block.line + index))?;
            }
        }
        Ok(expectations)
    }

    fn listed(&mut self, line: &str) -> Result<(), String> {
        if line.trim().is_empty() {
            return Ok(());
        }
        let (head, parts) = line.split_at(line.find('"').unwrap_or(line.len()));
        let (place, kind) = match head.trim().rsplit_once(' ') {
            Some((place, kind)) => (Some(place.trim()), kind),
            None => (None, head.trim()),
        };
        let place = place.map(place_of).transpose()?;
        let (severity, code) = kind
            .trim_end_matches(']')
            .split_once('[')
            .ok_or("`kind[code]` is missing")?;
        self.findings.push(Finding {
            severity: severity_of(severity)?,
            code: code_of(code)?,
            place,
            parts: quoted(parts),
        });
        Ok(())
    }

    fn comments(&mut self, path: &str, line: usize, text: &str) -> Result<(), String> {
        let mut remarks = text.split("-- ");
        let code_before = remarks.next().unwrap_or_default();
        for remark in remarks {
            let Some((kind, rest)) = remark.split_once(':') else {
                continue;
            };
            let rest = rest.trim();
            match kind {
                "type" => {
                    let name = name_of(code_before);
                    self.types.push(Type {
                        path: path.to_owned(),
                        line,
                        name,
                        wanted: rest.to_owned(),
                    });
                }
                "columns" => self.columns.push(Columns {
                    path: path.to_owned(),
                    wanted: rest.to_owned(),
                }),
                "lineage" | "rows" => self.lineage.push(LineageOf {
                    path: path.to_owned(),
                    line,
                    column: (kind == "lineage").then(|| name_of(code_before)),
                    wanted: rest.to_owned(),
                }),
                "error" | "warning" | "note" => {
                    let code = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
                    let (code, parts) = code.ok_or("`[code]` is missing")?;
                    let place = Place {
                        path: path.to_owned(),
                        line,
                        column: None,
                    };
                    self.findings.push(Finding {
                        severity: severity_of(kind)?,
                        code: code_of(code)?,
                        place: Some(place),
                        parts: quoted(parts),
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Every difference between what is expected and what was found, as text.
    pub fn differences(&self, compilation: &Compilation) -> Vec<String> {
        let sources = &compilation.outline.files.sources;
        let mut unexpected: Vec<&Diagnostic> = compilation.diagnostics.iter().collect();
        let mut differences = Vec::new();
        for expected in &self.findings {
            match unexpected
                .iter()
                .position(|found| expected.is(sources, found))
            {
                Some(index) => {
                    unexpected.remove(index);
                }
                None => differences.push(format!("  expected, and not found:\n    {expected}")),
            }
        }
        if !unexpected.is_empty() {
            let unexpected: Vec<Diagnostic> = unexpected.into_iter().cloned().collect();
            differences.push(format!(
                "  found, and not expected:\n{}",
                shown(sources, &unexpected)
            ));
        }
        differences.extend(
            self.types
                .iter()
                .filter_map(|expected| expected.difference(compilation)),
        );
        differences.extend(
            self.columns
                .iter()
                .filter_map(|expected| expected.difference(compilation)),
        );
        let shown = |wanted: &Option<String>, show: fn(&TypedModel) -> String| {
            let mut models = compilation.project.models.iter();
            let model = models.find(|model| model.path == "models.a");
            let found = model.map_or_else(|| "nothing".to_owned(), |model| show(model));
            let wanted = wanted.as_ref()?;
            (found.trim_end() != wanted).then(|| format!("  `models/a.sql` is written as\n{found}"))
        };
        differences.extend(shown(&self.rendered, |model| written(model, &model.body)));
        differences.extend(shown(&self.beside, beside));
        let lineage = self.lineage.iter();
        differences.extend(lineage.filter_map(|expected| expected.difference(compilation)));
        differences
    }
}

/// A text of a model.
fn written(model: &TypedModel, body: &[BodyNode]) -> String {
    let mut text = String::new();
    for node in body {
        match node {
            BodyNode::Text(piece) => text.push_str(piece),
            BodyNode::Slot(Slot::Relation { import, .. }) => {
                text.push_str(&format!(":{}", model.imports[*import as usize].0));
            }
            BodyNode::Slot(Slot::This { .. }) => text.push_str(":this"),
            BodyNode::Slot(Slot::Variable(variable)) => {
                text.push_str(&format!(":{}", model.variables[*variable as usize].name));
            }
            BodyNode::Slot(slot) => text.push_str(&format!("{slot:?}")),
            BodyNode::If {
                branches,
                otherwise,
            } => {
                for (condition, nodes) in branches {
                    let nodes = written(model, nodes);
                    text.push_str(&format!("{{if {condition:?}: {}}}", nodes.trim_end()));
                }
                if !otherwise.is_empty() {
                    let nodes = written(model, otherwise);
                    text.push_str(&format!("{{else: {}}}", nodes.trim_end()));
                }
            }
        }
    }
    text
}

/// What runs beside a model's query.
fn beside(model: &TypedModel) -> String {
    let mut parts = Vec::new();
    for audit in &model.audits {
        parts.push(format!("-- audit {}", audit.call));
        parts.push(written(model, &audit.body));
    }
    for (when, statements) in [("before", &model.before), ("after", &model.after)] {
        for statement in statements {
            parts.push(format!("-- {when}"));
            parts.push(written(model, statement));
        }
    }
    let merge = &model.merge;
    for (what, text) in [
        ("on", &merge.on),
        ("update", &merge.update.join(", ")),
        ("delete when", &merge.delete_when),
    ] {
        if !text.is_empty() {
            parts.push(format!("-- merge {what}"));
            parts.push(text.clone());
        }
    }
    for index in &model.indexes {
        let unique = if index.unique { "unique " } else { "" };
        parts.push(format!("-- {unique}index {}", index.columns.join(", ")));
    }
    for grant in &model.grants {
        parts.push(format!(
            "-- grant {} to {}",
            grant.privilege,
            grant.to.join(", ")
        ));
    }
    parts.join("\n")
}

impl Finding {
    fn is(&self, sources: &SourceSet, found: &Diagnostic) -> bool {
        let place = found.primary.as_ref().map(|label| {
            let file = sources.file(label.span.file);
            let place = render::place(&file.text, label.span.start as usize);
            (file.path.as_str(), place.line, place.column)
        });
        let is_there = match (&self.place, place) {
            (None, None) => true,
            (Some(expected), Some((path, line, column))) => {
                expected.path == path
                    && expected.line == line
                    && expected.column.is_none_or(|it| it == column)
            }
            _ => false,
        };
        let said = everything_said(found);
        is_there
            && self.code == found.code
            && self.severity == found.severity
            && self.parts.iter().all(|part| said.contains(part.as_str()))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { path, line, column }) = &self.place {
            write!(formatter, "{path}:{line}")?;
            if let Some(column) = column {
                write!(formatter, ":{column}")?;
            }
            write!(formatter, " ")?;
        }
        let word = KINDS
            .iter()
            .find(|(_, severity)| *severity == self.severity)
            .map_or("", |(word, _)| word);
        write!(formatter, "{word}[{}]", self.code)?;
        self.parts
            .iter()
            .try_for_each(|part| write!(formatter, " \"{part}\""))
    }
}

impl Type {
    fn difference(&self, compilation: &Compilation) -> Option<String> {
        let Self {
            path,
            line,
            name,
            wanted,
        } = self;
        let columns = match columns_of(compilation, path) {
            Ok(columns) => columns,
            Err(fault) => return Some(fault),
        };
        let Some(column) = columns.iter().find(|column| column.name == *name) else {
            return Some(format!(
                "  {path}:{line}: the model has no column `{name}`: {}",
                listed(columns)
            ));
        };
        let found = type_of(column);
        (found != *wanted).then(|| format!("  {path}:{line}: `{name}` is of another type\n    expected {wanted}\n    found    {found}"))
    }
}

impl Columns {
    fn difference(&self, compilation: &Compilation) -> Option<String> {
        let Self { path, wanted } = self;
        match columns_of(compilation, path).map(listed) {
            Ok(found) if found == *wanted => None,
            Ok(found) => Some(format!(
                "  {path} has other columns\n    expected {wanted}\n    found    {found}"
            )),
            Err(fault) => Some(fault),
        }
    }
}

fn columns_of<'c>(compilation: &'c Compilation, path: &str) -> Result<&'c [TypedColumn], String> {
    let model = compilation
        .project
        .models
        .iter()
        .find(|model| model.file == path);
    model
        .map(|model| model.columns.as_slice())
        .ok_or_else(|| format!("  {path}: the model isn't typed"))
}

fn listed(columns: &[TypedColumn]) -> String {
    let columns = columns
        .iter()
        .map(|column| format!("{} {}", column.name, type_of(column)));
    columns.collect::<Vec<_>>().join(", ")
}

fn type_of(column: &TypedColumn) -> String {
    let not_null = if column.not_null { " NOT NULL" } else { "" };
    format!("{}{not_null}", column.sql_type)
}

fn everything_said(found: &Diagnostic) -> String {
    let labels = found
        .primary
        .iter()
        .chain(&found.secondary)
        .map(|label| label.text.as_str());
    let others = found.hints.iter().chain(&found.notes).map(String::as_str);
    let all: Vec<&str> = std::iter::once(found.message.as_str())
        .chain(labels)
        .chain(others)
        .collect();
    all.join("\n")
}

fn place_of(text: &str) -> Result<Place, String> {
    let mut parts = text.rsplitn(3, ':');
    let mut number = || parts.next().and_then(|part| part.parse().ok());
    match (number(), number(), parts.next()) {
        (Some(column), Some(line), Some(path)) => Ok(Place {
            path: path.to_owned(),
            line,
            column: Some(column),
        }),
        _ => Err(format!("`{text}` isn't `path:line:column`")),
    }
}

fn severity_of(word: &str) -> Result<Severity, String> {
    let kind = KINDS.iter().find(|(kind, _)| *kind == word);
    kind.map(|(_, severity)| *severity)
        .ok_or_else(|| format!("there is no kind `{word}`"))
}

fn code_of(text: &str) -> Result<Code, String> {
    text.parse()
        .map_err(|()| format!("there is no code `{text}`"))
}

/// The texts between pairs of `"`.
fn quoted(text: &str) -> Vec<String> {
    text.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The name of the column that a line of a select list makes: its last word.
fn name_of(line: &str) -> String {
    let item = line.trim().trim_end_matches(',').trim_end();
    if let Some(inner) = item.strip_suffix('"') {
        return inner.rsplit('"').next().unwrap_or_default().to_owned();
    }
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    item.rsplit(|c| !is_part(c))
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn comments_name_their_line() {
    let text = "select\n    a.id, -- type: BIGINT\n    amout -- error: [unknown-column] \"amout\" \"write `amount`\"\nfrom :a\n-- columns: id BIGINT, amout INTEGER\n";
    let block = Block {
        language: "sql".to_owned(),
        name: "models/a.sql".to_owned(),
        text: text.to_owned(),
        line: 7,
    };
    let read = Expectations::read([&block]).unwrap();
    assert_eq!(
        (read.types[0].name.as_str(), read.types[0].wanted.as_str()),
        ("id", "BIGINT")
    );
    assert_eq!(
        read.findings[0].to_string(),
        "models/a.sql:3 error[unknown-column] \"amout\" \"write `amount`\""
    );
    assert_eq!(read.columns[0].wanted, "id BIGINT, amout INTEGER");
}

#[test]
fn listed_findings_have_a_place_or_none() {
    let mut read = Expectations::default();
    read.listed("models/a.sql:2:12 error[unknown-config-key] \"write `materialized`\"")
        .unwrap();
    read.listed("error[no-models]").unwrap();
    assert_eq!(
        read.findings[0].to_string(),
        "models/a.sql:2:12 error[unknown-config-key] \"write `materialized`\""
    );
    assert_eq!(read.findings[1].place, None);
    assert!(read.listed("models/a.sql:2 error[no-models]").is_err());
    assert!(read.listed("error[no-such-code]").is_err());
}
