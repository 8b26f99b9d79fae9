//! What stands in the slots of a query: physical names to run it, users' names to show it.

use super::naming::view_name;
use crate::adapters::{Dialect, FileFormat, Relation as Name, SourceFiles, TimeRange};
use crate::error::{Code, Error, Kind, Result};
use crate::intervals::{Range, wall_clock};
use crate::project::{Model, Project, Relation, Slots, quote};
use dbgo_contract::{ModelDef, PieceKind, SourceDef};
use jiff::Timestamp;
use std::collections::HashMap;

/// The type of a model's time column, as its columns say.
pub fn time_type(model: &ModelDef) -> Option<&'static str> {
    let name = model.incremental.time_column.as_str();
    model
        .columns
        .iter()
        .find(|column| column.name.as_str().eq_ignore_ascii_case(name))
        .map(|column| column.sql_type.as_str())
}

/// A range as a model's time column holds it. A column of dates holds those of the zone in which the
/// model's intervals begin, every other type instants.
pub fn column_range(model: &Model, range: Range) -> TimeRange {
    let is_date = time_type(model.def).is_some_and(|kind| kind.eq_ignore_ascii_case("DATE"));
    let shown = |instant| match is_date {
        true => wall_clock(instant, &model.zone),
        false => instant,
    };
    TimeRange {
        start: shown(range.start),
        end: shown(range.end),
    }
}

/// Where a source's rows are, as text for a `FROM`.
pub fn source_text(project: &Project, source: &SourceDef, dialect: &dyn Dialect) -> String {
    if source.location.is_empty() {
        let name = if source.catalog.is_empty() {
            Name::new(source.schema.as_str(), source.name.as_str())
        } else {
            Name::in_catalog(
                source.catalog.as_str(),
                source.schema.as_str(),
                source.name.as_str(),
            )
        };
        return dialect.relation(&name);
    }
    let location = source.location.as_str();
    let location = if location.contains("://") {
        location.to_owned()
    } else {
        project
            .resolve_path(location)
            .to_string_lossy()
            .into_owned()
    };
    let columns = source
        .columns
        .iter()
        .map(|column| crate::adapters::Column::new(column.name.as_str(), column.sql_type.as_str()))
        .collect();
    dialect.source_files(&SourceFiles {
        format: file_format(source.format.as_str(), &location),
        location,
        columns,
    })
}

/// The format that a source declares, or the one that its files' names tell.
fn file_format(format: &str, location: &str) -> FileFormat {
    let declared = if format.is_empty() { location } else { format }.to_ascii_lowercase();
    if declared.ends_with("csv") || declared.ends_with("csv.gz") {
        FileFormat::Csv
    } else if declared.ends_with("json") || declared.ends_with("jsonl") {
        FileFormat::Json
    } else {
        FileFormat::Parquet
    }
}

/// The slots of a query that is about to run.
pub struct PhysicalSlots<'a> {
    pub dialect: &'a dyn Dialect,
    pub model: &'a Model,
    /// The text of every relation that the query may read.
    pub texts: &'a HashMap<Relation, String>,
    /// The model's own table, or what an audit looks at, where there is one.
    pub this: Option<Name>,
    /// The batch's range.
    pub range: Option<Range>,
    pub now: Timestamp,
}

impl Slots for PhysicalSlots<'_> {
    fn relation(&self, relation: Relation) -> Result<String> {
        self.texts.get(&relation).cloned().ok_or_else(|| {
            Error::new(
                Kind::Failed,
                Code::BrokenProject,
                format!("`{}` reads something that isn't built", self.model.def.file),
            )
        })
    }

    fn this(&self) -> Result<String> {
        self.this
            .as_ref()
            .map(|name| self.dialect.relation(name))
            .ok_or_else(|| {
                Error::new(
                    Kind::Finding,
                    Code::NoTableYet,
                    "`:this` is read before there is a table",
                )
                .hint("put it between `#if is_incremental` and `#endif`")
            })
    }

    fn bound(&self, kind: PieceKind) -> Result<String> {
        let time = time_type(self.model.def).unwrap_or("TIMESTAMP");
        let range = || {
            self.range.ok_or_else(|| {
                Error::new(
                    Kind::Finding,
                    Code::NoRange,
                    "the query reads bounds that it doesn't have",
                )
            })
        };
        let bounds = || range().map(|range| column_range(self.model, range));
        let date = |instant| self.dialect.date(wall_clock(instant, &self.model.zone));
        Ok(match kind {
            PieceKind::StartTimestamp => self.dialect.instant(bounds()?.start, time),
            PieceKind::EndTimestamp => self.dialect.instant(bounds()?.end, time),
            PieceKind::StartDate => date(range()?.start),
            PieceKind::EndDate => date(range()?.end),
            // The type that the compiler gives it, in every model.
            _ => self.dialect.instant(self.now, "TIMESTAMP"),
        })
    }
}

/// The slots of a query that is shown: relations as users name them, bounds as placeholders.
pub struct ShownSlots<'a> {
    /// The project.
    pub project: &'a Project,
    /// The environment; with none, relations have the names that the project gives them.
    pub environment: Option<&'a str>,
    /// The model that is shown.
    pub model: usize,
    /// With one, sources in files are read as it reads them; without, they have their names.
    pub dialect: Option<&'a dyn Dialect>,
}

impl Slots for ShownSlots<'_> {
    fn relation(&self, relation: Relation) -> Result<String> {
        let names = self.project.schema_and_name(relation);
        if let Relation::Source(index) = relation {
            let source = &self.project.sources()[index];
            if let Some(dialect) = self.dialect {
                return Ok(source_text(self.project, source, dialect));
            }
        }
        let name = match (relation, self.environment) {
            (Relation::Source(_), _) | (_, None) => Name::new(names.0, names.1),
            (_, Some(environment)) => view_name(names, environment),
        };
        Ok(format!("{}.{}", quote(&name.schema), quote(&name.name)))
    }

    fn this(&self) -> Result<String> {
        self.relation(Relation::Model(self.model))
    }

    fn bound(&self, kind: PieceKind) -> Result<String> {
        Ok(match kind {
            PieceKind::StartTimestamp => ":start_ts",
            PieceKind::EndTimestamp => ":end_ts",
            PieceKind::StartDate => ":start_date",
            PieceKind::EndDate => ":end_date",
            _ => ":execution_ts",
        }
        .to_owned())
    }
}
