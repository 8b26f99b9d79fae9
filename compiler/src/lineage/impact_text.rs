//! The impact of a change as people read it, and as JSON.

use super::impact::{Break, Impact};
use super::json::words;
use super::project::{Place, ProjectLineage};
use super::{Part, Uses};
use serde::Serialize;
use std::fmt::Write;

/// Where names end in a line.
const NAME_WIDTH: usize = 36;

/// The line of a byte of a file, from 1; both are those of the project.
pub type LineOf<'a> = &'a dyn Fn(&str, u32) -> Option<usize>;

/// The impact in lines of 80 columns.
pub fn text(
    project: &ProjectLineage<'_>,
    table: usize,
    column: Option<u32>,
    impact: &Impact,
    line_of: LineOf<'_>,
) -> String {
    let own = &project.tables[table];
    let typed = column.and_then(|position| own.columns.get(position as usize));
    let mut text = match typed {
        Some(column) => format!("{}.{}  {}\n", own.relation, column.name, column.sql_type),
        None => format!("{} · {}\n", own.relation, own.file),
    };
    let mut lost = String::new();
    for found in &impact.breaks {
        let name = &project.tables[found.table].relation;
        let why = why(project, found, line_of);
        let _ = writeln!(lost, "    breaks  {name:NAME_WIDTH$} {why}");
    }
    for (place, from) in &impact.loses {
        let name = project.name(*place);
        let from = project.name(*from);
        let _ = writeln!(
            lost,
            "    loses   {name:NAME_WIDTH$} a star gives it of {from}"
        );
    }
    for table in &impact.stops {
        let name = &project.tables[*table].relation;
        let _ = writeln!(lost, "    stops   {name:NAME_WIDTH$} reads what breaks");
    }
    section("if it goes or is renamed", "nothing else", &lost, &mut text);
    let mut reached = String::new();
    for (place, uses) in shown(impact, column.is_none()) {
        let name = match place.part {
            Part::Rows => format!("rows of {}", project.name(place)),
            _ => project.name(place),
        };
        let words: Vec<&str> = uses.words().collect();
        let width = NAME_WIDTH + 8;
        let _ = writeln!(reached, "    {name:width$} {}", words.join(", "));
    }
    section(
        "if its type or its values change",
        "nothing else",
        &reached,
        &mut text,
    );
    let mut outside = String::new();
    for found in &impact.exposures {
        let name = &project.exposures[found.exposure].name;
        let through = found.through.iter();
        let through: Vec<&str> = through
            .map(|table| project.tables[*table].relation.as_str())
            .collect();
        let word = if found.breaks { "breaks" } else { "reads" };
        let through = through.join(", ");
        let _ = writeln!(outside, "    {word:7} {name:NAME_WIDTH$} through {through}");
    }
    if !outside.is_empty() {
        section("exposures", "", &outside, &mut text);
    }
    text
}

fn section(title: &str, empty: &str, lines: &str, text: &mut String) {
    let _ = writeln!(text, "\n  {title}");
    match lines.is_empty() {
        true => {
            let _ = writeln!(text, "    {empty}");
        }
        false => text.push_str(lines),
    }
}

/// What is reached, without the columns of tables whose rows are: they all are. Where those of
/// them that are reached in another way too are worth a line, they have one.
fn shown(impact: &Impact, only_tables: bool) -> Vec<(Place, Uses)> {
    let decides = Uses::CONDITION.and(Uses::GROUPING);
    let rows_of = |place: &Place| Place {
        part: Part::Rows,
        ..*place
    };
    let is_shown = |place: &Place, uses: Uses| match impact.reaches.get(&rows_of(place)) {
        _ if place.part == Part::Rows => true,
        Some(_) if only_tables => false,
        Some(rows) => !uses.without(decides).without(*rows).is_empty(),
        None => true,
    };
    let reached = impact.reaches.iter();
    reached
        .filter(|(place, uses)| is_shown(place, **uses))
        .map(|(place, uses)| (*place, *uses))
        .collect()
}

fn why(project: &ProjectLineage<'_>, found: &Break, line_of: LineOf<'_>) -> String {
    let file = project.tables[found.table].file;
    match (found.at, found.needs.part) {
        (Some(at), _) => match line_of(file, at) {
            Some(line) => format!("{file}:{line}"),
            None => file.to_owned(),
        },
        (None, Part::Rows) => "imports it".to_owned(),
        (None, _) => format!("the header of {file} names it"),
    }
}

#[derive(Serialize)]
struct Document<'p> {
    schema: &'static str,
    path: &'p str,
    relation: &'p str,
    column: Option<&'p str>,
    breaks: Vec<JsonBreak<'p>>,
    loses: Vec<JsonLost<'p>>,
    stops: Vec<&'p str>,
    reaches: Vec<JsonReached<'p>>,
    exposures: Vec<JsonExposure<'p>>,
}

#[derive(Serialize)]
struct JsonBreak<'p> {
    path: &'p str,
    file: &'p str,
    line: Option<usize>,
    needs: String,
}

#[derive(Serialize)]
struct JsonLost<'p> {
    path: &'p str,
    column: Option<&'p str>,
    made_of: String,
}

#[derive(Serialize)]
struct JsonReached<'p> {
    path: &'p str,
    /// `null` for the rows.
    column: Option<&'p str>,
    uses: Vec<String>,
}

#[derive(Serialize)]
struct JsonExposure<'p> {
    name: &'p str,
    breaks: bool,
    through: Vec<&'p str>,
}

/// The impact as a JSON document.
pub fn json(
    project: &ProjectLineage<'_>,
    table: usize,
    column: Option<u32>,
    impact: &Impact,
    line_of: LineOf<'_>,
) -> String {
    let path = |table: usize| project.tables[table].path;
    let own = &project.tables[table];
    let document = Document {
        schema: "dbgo/impact/1",
        path: own.path,
        relation: &own.relation,
        column: column.and_then(|position| column_name(project, table, Part::Column(position))),
        breaks: (impact.breaks.iter())
            .map(|found| {
                let file = project.tables[found.table].file;
                JsonBreak {
                    path: path(found.table),
                    file,
                    line: found.at.and_then(|at| line_of(file, at)),
                    needs: project.name(found.needs),
                }
            })
            .collect(),
        loses: (impact.loses.iter())
            .map(|(place, from)| JsonLost {
                path: path(place.table),
                column: column_name(project, place.table, place.part),
                made_of: project.name(*from),
            })
            .collect(),
        stops: impact.stops.iter().map(|table| path(*table)).collect(),
        reaches: (impact.reaches.iter())
            .map(|(place, uses)| JsonReached {
                path: path(place.table),
                column: column_name(project, place.table, place.part),
                uses: words(*uses),
            })
            .collect(),
        exposures: (impact.exposures.iter())
            .map(|found| JsonExposure {
                name: &project.exposures[found.exposure].name,
                breaks: found.breaks,
                through: found.through.iter().map(|table| path(*table)).collect(),
            })
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn column_name<'p>(project: &'p ProjectLineage<'_>, table: usize, part: Part) -> Option<&'p str> {
    match part {
        Part::Rows => None,
        Part::Any => Some("?"),
        Part::Column(position) => {
            let column = project.tables[table].columns.get(position as usize);
            column.map(|column| column.name.as_str())
        }
    }
}
