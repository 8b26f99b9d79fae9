//! What stands in the slots of a query that is shown, and where a source's rows are.

use crate::adapters::{Dialect, FileFormat, Relation as Name, SourceFiles};
use crate::environments::{Environment, view_of};
use crate::error::Result;
use crate::project::{PlanFacts, Project, Relation, Slots, quote};
use dbgo_contract::{PieceKind, SourceDef};

/// Where a source's rows are, as text for a `FROM`.
pub fn source_text(
    (project, facts): (&Project, &PlanFacts),
    source: &'static SourceDef,
    dialect: &dyn Dialect,
) -> String {
    if source.location.is_empty() {
        let schema = facts.source_schema(source.schema.as_str());
        let name = if source.catalog.is_empty() {
            Name::new(schema, source.name.as_str())
        } else {
            Name::in_catalog(source.catalog.as_str(), schema, source.name.as_str())
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

/// The slots of a query that is shown: relations as users name them, bounds as placeholders.
pub struct ShownSlots<'a> {
    /// The project.
    pub project: &'a Project,
    /// The environment; with none, relations have the names that the project gives them.
    pub environment: Option<&'a Environment>,
    /// The model that is shown.
    pub model: usize,
    /// With one, sources are read as it reads them; without, they have their names.
    pub dialect: Option<(&'a dyn Dialect, &'a PlanFacts)>,
}

impl Slots for ShownSlots<'_> {
    fn relation(&self, relation: Relation) -> Result<String> {
        let names = self.project.schema_and_name(relation);
        if let Relation::Source(index) = relation {
            let source = &self.project.sources()[index];
            if let Some((dialect, facts)) = self.dialect {
                return Ok(source_text((self.project, facts), source, dialect));
            }
        }
        let name = match (relation, self.environment) {
            (Relation::Source(_), _) | (_, None) => Name::new(names.0, names.1),
            (_, Some(environment)) => view_of(names, environment),
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
