//! Lineage as a JSON document.

use super::project::{Place, ProjectLineage, TableKind};
use super::text::Ways;
use super::{Part, UseSet, Uses};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Document<'p> {
    schema: &'static str,
    path: &'p str,
    relation: &'p str,
    kind: &'static str,
    file: &'p str,
    columns: Vec<Column<'p>>,
    /// What decides which rows there are, and what depends on them.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Sides<'p>>,
    variants: Vec<Variant<'p>>,
}

#[derive(Serialize)]
struct Column<'p> {
    name: &'p str,
    #[serde(rename = "type")]
    sql_type: String,
    #[serde(flatten)]
    sides: Sides<'p>,
}

#[derive(Serialize)]
struct Sides<'p> {
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs: Option<Vec<End<'p>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_by: Option<Vec<End<'p>>>,
}

/// The other end of a use.
#[derive(Serialize)]
struct End<'p> {
    path: &'p str,
    relation: &'p str,
    /// `null` for the rows, `"?"` for columns that can't be told.
    column: Option<&'p str>,
    uses: Vec<String>,
    /// Whether nothing lies between.
    direct: bool,
}

#[derive(Serialize)]
struct Variant<'p> {
    when: &'p str,
    columns: Vec<VariantColumn<'p>>,
    rows: Vec<End<'p>>,
}

#[derive(Serialize)]
struct VariantColumn<'p> {
    name: &'p str,
    inputs: Vec<End<'p>>,
}

/// The lineage of a table, or of one of its columns, with all inputs and users at any distance.
pub fn json(project: &ProjectLineage<'_>, table: usize, column: Option<u32>, ways: Ways) -> String {
    let own = &project.tables[table];
    let lineage = own.model().map(|model| &model.lineage);
    let numbered = (0..).zip(own.columns);
    let wanted = numbered.filter(|(position, _)| column.is_none_or(|only| only == *position));
    let columns = wanted.clone().map(|(position, column)| Column {
        name: &column.name,
        sql_type: column.sql_type.to_string(),
        sides: sides(project, table, Part::Column(position), ways),
    });
    let variants = lineage.map(|lineage| lineage.variants.iter());
    let variants = variants.into_iter().flatten().map(|variant| Variant {
        when: &variant.when,
        columns: wanted
            .clone()
            .map(|(position, column)| VariantColumn {
                name: &column.name,
                inputs: direct(project, table, variant.columns.get(position as usize)),
            })
            .collect(),
        rows: direct(project, table, Some(&variant.rows)),
    });
    let document = Document {
        schema: "dbgo/lineage/1",
        path: own.path,
        relation: &own.relation,
        kind: match own.kind {
            TableKind::Model(_) => "model",
            TableKind::Seed => "seed",
            TableKind::Source => "source",
        },
        file: own.file,
        columns: columns.collect(),
        rows: column
            .is_none()
            .then(|| sides(project, table, Part::Rows, ways)),
        variants: variants.collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn sides<'p>(project: &'p ProjectLineage<'_>, table: usize, part: Part, ways: Ways) -> Sides<'p> {
    let place = Place { table, part };
    Sides {
        inputs: ways
            .up
            .then(|| ends(project, &project.up(place), &project.inputs(place))),
        used_by: ways
            .down
            .then(|| ends(project, &project.down(place), &project.uses_of(place))),
    }
}

fn ends<'p>(
    project: &'p ProjectLineage<'_>,
    all: &BTreeMap<Place, Uses>,
    direct: &[(Place, Uses)],
) -> Vec<End<'p>> {
    let is_direct = |place: &Place| direct.iter().any(|(own, _)| own == place);
    all.iter()
        .map(|(place, uses)| end(project, *place, *uses, is_direct(place)))
        .collect()
}

fn direct<'p>(
    project: &'p ProjectLineage<'_>,
    table: usize,
    uses: Option<&UseSet>,
) -> Vec<End<'p>> {
    let places = uses.map(|uses| project.places(table, uses));
    let places = places.unwrap_or_default().into_iter();
    places
        .map(|(place, uses)| end(project, place, uses, true))
        .collect()
}

fn end<'p>(project: &'p ProjectLineage<'_>, place: Place, uses: Uses, direct: bool) -> End<'p> {
    let table = &project.tables[place.table];
    End {
        path: table.path,
        relation: &table.relation,
        column: match place.part {
            Part::Rows => None,
            Part::Any => Some("?"),
            Part::Column(position) => {
                let column = table.columns.get(position as usize);
                column.map(|column| column.name.as_str())
            }
        },
        uses: words(uses),
        direct,
    }
}

/// The ways of use as JSON has them: `passed_through`.
pub(super) fn words(uses: Uses) -> Vec<String> {
    uses.words().map(|word| word.replace(' ', "_")).collect()
}
