//! Lineage as people read it, in lines of 80 columns, and in Mermaid's language.

use super::project::{Place, ProjectLineage};
use super::{Part, UseSet, Uses};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Which way lineage is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways {
    /// What it is made of.
    pub up: bool,
    /// What is made of it.
    pub down: bool,
}

/// Where the ways of use stand in a line.
const USE_COLUMN: usize = 50;

/// The widest line.
const WIDTH: usize = 80;

/// A table with all its columns, or one of them as a tree.
pub fn text(project: &ProjectLineage<'_>, table: usize, column: Option<u32>, ways: Ways) -> String {
    let writer = Writer { project };
    match column {
        Some(position) => {
            let part = Part::Column(position);
            writer.column(Place { table, part }, ways)
        }
        None => writer.table(table, ways),
    }
}

struct Writer<'p> {
    project: &'p ProjectLineage<'p>,
}

impl Writer<'_> {
    fn column(&self, place: Place, ways: Ways) -> String {
        let table = &self.project.tables[place.table];
        let mut text = self.project.name(place);
        if let Part::Column(position) = place.part {
            let column = table.columns.get(position as usize);
            let sql_type = column.map(|column| column.sql_type.to_string());
            let _ = write!(text, "  {}", sql_type.unwrap_or_default());
        }
        text.push('\n');
        if ways.up {
            self.made_of(place, &mut text);
        }
        if ways.down {
            self.used_by(place, &mut text);
        }
        text
    }

    /// What a column is made of, as a tree, and what decides its rows, at any distance.
    fn made_of(&self, place: Place, text: &mut String) {
        let table = &self.project.tables[place.table];
        let Some(model) = table.model() else {
            let _ = writeln!(text, "\n  a column of {}", table.file);
            return;
        };
        let mut seen = BTreeSet::from([place]);
        let mut tree = String::new();
        self.tree(&self.own_inputs(place), 4, &mut seen, &mut tree, &|place| {
            self.own_inputs(place)
        });
        text.push_str("\n  made of\n");
        text.push_str(match tree.is_empty() {
            true => "    nothing: it is a constant\n",
            false => &tree,
        });
        let decides = Uses::CONDITION.and(Uses::GROUPING).and(Uses::UNKNOWN);
        let rows = self.project.up(Place {
            part: Part::Rows,
            ..place
        });
        let mut lines = String::new();
        for (place, uses) in rows {
            let uses = uses.only(decides);
            if place.part != Part::Rows && !uses.is_empty() {
                line(4, &self.project.name(place), uses, "", &mut lines);
            }
        }
        if !lines.is_empty() {
            let _ = writeln!(text, "\n  in rows decided by\n{lines}");
            text.pop();
        }
        let Part::Column(position) = place.part else {
            return;
        };
        let variants = model.lineage.variants.iter();
        let variants: Vec<(&str, &UseSet)> = variants
            .filter_map(|variant| {
                let uses = variant.columns.get(position as usize)?;
                Some((variant.when.as_str(), uses))
            })
            .collect();
        if variants.windows(2).all(|pair| pair[0].1 == pair[1].1) {
            return;
        }
        for (when, uses) in variants {
            let _ = writeln!(text, "\n  when {when}");
            self.inputs(place.table, uses, 4, text);
        }
    }

    /// What a column is made of by itself.
    fn own_inputs(&self, place: Place) -> Vec<(Place, Uses)> {
        let model = self.project.tables[place.table].model();
        let lineage = model.map(|model| &model.lineage);
        match (place.part, lineage) {
            (Part::Column(position), Some(lineage)) => {
                let column = lineage.columns.get(position as usize);
                let uses = column.map(|column| self.project.places(place.table, &column.uses));
                uses.unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn used_by(&self, place: Place, text: &mut String) {
        let mut seen = BTreeSet::from([place]);
        let mut tree = String::new();
        let next = |place: Place| {
            let mut users = self.project.uses_of(place);
            // The columns of rows that are others are all of the table's.
            users.retain(|(user, _)| place.part != Part::Rows || user.table != place.table);
            together(users)
        };
        self.tree(&next(place), 4, &mut seen, &mut tree, &next);
        text.push_str("\n  used by\n");
        text.push_str(match tree.is_empty() {
            true => "    nothing in this project\n",
            false => &tree,
        });
    }

    /// Lines for places and, moved to the right, what is next to each; a place's next ones once.
    fn tree(
        &self,
        places: &[(Place, Uses)],
        indent: usize,
        seen: &mut BTreeSet<Place>,
        text: &mut String,
        next: &dyn Fn(Place) -> Vec<(Place, Uses)>,
    ) {
        for (place, uses) in places {
            let further = next(*place);
            let is_new = seen.insert(*place);
            let remark = match is_new || further.is_empty() {
                true => "",
                false => " (above)",
            };
            line(indent, &self.named(*place), *uses, remark, text);
            if is_new {
                self.tree(&further, indent + 2, seen, text, next);
            }
        }
    }

    fn named(&self, place: Place) -> String {
        match place.part {
            Part::Rows => format!("rows of {}", self.project.name(place)),
            _ => self.project.name(place),
        }
    }

    fn table(&self, table: usize, ways: Ways) -> String {
        let own = &self.project.tables[table];
        let mut text = format!("{} · {}\n", own.relation, own.file);
        let lineage = own.model().map(|model| &model.lineage);
        for (position, column) in (0..).zip(own.columns) {
            let part = Part::Column(position);
            let place = Place { table, part };
            let _ = writeln!(text, "\n  {}  {}", column.name, column.sql_type);
            if ways.up {
                for (place, uses) in self.own_inputs(place) {
                    line(4, &self.named(place), uses, "", &mut text);
                }
            }
            if ways.down {
                for (user, uses) in together(self.project.uses_of(place)) {
                    line(4, &format!("→ {}", self.named(user)), uses, "", &mut text);
                }
            }
        }
        if let (Some(lineage), true) = (lineage, ways.up) {
            let mut lines = String::new();
            let rows = lineage.rows.iter();
            let rows: UseSet = rows.filter(|(input, _)| input.part != Part::Rows).collect();
            self.inputs(table, &rows, 4, &mut lines);
            if !lines.is_empty() {
                let _ = write!(text, "\n  in rows decided by\n{lines}");
            }
        }
        self.neighbours(table, ways, &mut text);
        text
    }

    fn inputs(&self, table: usize, uses: &UseSet, indent: usize, text: &mut String) {
        for (place, uses) in self.project.places(table, uses) {
            line(indent, &self.named(place), uses, "", text);
        }
    }

    /// The tables that it reads and those that read it.
    fn neighbours(&self, table: usize, ways: Ways, text: &mut String) {
        let names = |tables: &mut dyn Iterator<Item = usize>| {
            let names: BTreeSet<&str> = tables
                .map(|table| self.project.tables[table].relation.as_str())
                .collect();
            names.into_iter().collect::<Vec<&str>>()
        };
        let own = &self.project.tables[table];
        let reads = names(&mut own.imports.iter().copied().flatten());
        let readers = names(&mut own.readers.iter().copied());
        for (word, names, wanted) in [("reads", reads, ways.up), ("read by", readers, ways.down)] {
            if wanted && !names.is_empty() {
                let _ = write!(text, "\n{}", wrapped(word, &names));
            }
        }
    }
}

/// The uses of each place together, in the places' order.
fn together(uses: Vec<(Place, Uses)>) -> Vec<(Place, Uses)> {
    let mut all: BTreeMap<Place, Uses> = BTreeMap::new();
    for (place, uses) in uses {
        let known = all.entry(place).or_default();
        *known = known.and(uses);
    }
    all.into_iter().collect()
}

fn line(indent: usize, name: &str, uses: Uses, remark: &str, text: &mut String) {
    let words: Vec<&str> = uses.words().collect();
    let width = USE_COLUMN.saturating_sub(indent);
    let _ = writeln!(
        text,
        "{:indent$}{name:width$} {}{remark}",
        "",
        words.join(", ")
    );
}

/// A list behind a word, broken where a line is full.
fn wrapped(word: &str, names: &[&str]) -> String {
    let mut text = String::new();
    let mut line = format!("  {word}");
    for (index, name) in names.iter().enumerate() {
        let comma = if index + 1 < names.len() { "," } else { "" };
        if line.chars().count() + name.chars().count() + 2 > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = " ".repeat(word.len() + 2);
        }
        let _ = write!(line, " {name}{comma}");
    }
    text.push_str(&line);
    text.push('\n');
    text
}

/// The columns that a table or one of its columns is made of, and that are made of it, as a
/// Mermaid flowchart: a box for each table, a dotted arrow for what only decides.
pub fn mermaid(
    project: &ProjectLineage<'_>,
    table: usize,
    column: Option<u32>,
    ways: Ways,
) -> String {
    let places = places(project, table, column, ways);
    let mut boxes: BTreeMap<usize, Vec<Place>> = BTreeMap::new();
    for place in &places {
        boxes.entry(place.table).or_default().push(*place);
    }
    let number = |place: &Place| places.iter().position(|own| own == place);
    let mut text = String::from("flowchart LR\n");
    for (table, columns) in boxes {
        let name = label(&project.tables[table].relation);
        let _ = writeln!(text, "  subgraph t{table}[\"{name}\"]");
        for place in columns {
            let whole = project.name(place);
            let name = match place.part {
                Part::Rows => "rows",
                _ => whole.rsplit('.').next().unwrap_or(&whole),
            };
            let index = number(&place).unwrap_or_default();
            let _ = writeln!(text, "    c{index}[\"{}\"]", label(name));
        }
        text.push_str("  end\n");
    }
    let values = Uses::PASSED.and(Uses::COMPUTED).and(Uses::AGGREGATED);
    for (to, place) in places.iter().enumerate() {
        for (input, uses) in own(project, *place) {
            let Some(from) = number(&input) else { continue };
            let words: Vec<&str> = uses.words().collect();
            let words = words.join(", ");
            let _ = match uses.has(values) {
                true => writeln!(text, "  c{from} -->|{words}| c{to}"),
                false => writeln!(text, "  c{from} -.->|{words}| c{to}"),
            };
        }
    }
    text
}

/// What a place is made of, a column without what decides its rows.
fn own(project: &ProjectLineage<'_>, place: Place) -> Vec<(Place, Uses)> {
    let model = project.tables[place.table].model();
    let Some(lineage) = model.map(|model| &model.lineage) else {
        return Vec::new();
    };
    let mut inputs = match place.part {
        Part::Column(position) => {
            let column = lineage.columns.get(position as usize);
            column.map_or(Vec::new(), |column| {
                project.places(place.table, &column.uses)
            })
        }
        _ => project.inputs(place),
    };
    // That rows are there is drawn where nothing else of the table makes the value.
    let values = Uses::PASSED.and(Uses::COMPUTED).and(Uses::AGGREGATED);
    let made_of: BTreeSet<usize> = inputs
        .iter()
        .filter(|(input, uses)| input.part != Part::Rows && uses.has(values))
        .map(|(input, _)| input.table)
        .collect();
    inputs.retain(|(input, _)| {
        input.part != Part::Rows || place.part == Part::Rows || !made_of.contains(&input.table)
    });
    inputs
}

/// The places of a drawing.
fn places(
    project: &ProjectLineage<'_>,
    table: usize,
    column: Option<u32>,
    ways: Ways,
) -> Vec<Place> {
    let parts: Vec<Part> = match column {
        Some(position) if ways.up => vec![Part::Column(position), Part::Rows],
        Some(position) => vec![Part::Column(position)],
        None => (0..)
            .zip(project.tables[table].columns)
            .map(|(position, _)| Part::Column(position))
            .chain([Part::Rows])
            .collect(),
    };
    let mut places = BTreeSet::new();
    for part in parts {
        let place = Place { table, part };
        places.insert(place);
        if ways.up {
            places.extend(project.up(place).into_keys());
        }
        // Of one column's table the rows are there for what decides them.
        if ways.down && (column.is_none() || part != Part::Rows) {
            places.extend(project.down(place).into_keys());
        }
    }
    places.into_iter().collect()
}

fn label(text: &str) -> String {
    text.replace('"', "#quot;")
}
