//! Where an environment's views stand.

use super::Environment;
use crate::adapters::{BOOKKEEPING_SCHEMA, Relation as Name};
use crate::error::{Code, Error, Kind, Result};
use crate::project::{Project, Relation};
use dbgo_contract::Placement;
use std::collections::{BTreeMap, BTreeSet};

/// The view of a relation with this schema and name.
pub fn view_of((schema, name): (&str, &str), environment: &Environment) -> Name {
    let of = environment.name;
    match environment.placement {
        Placement::Plain => Name::new(schema, name),
        Placement::Table => Name::new(schema, format!("{name}__{of}")),
        _ => Name::new(format!("{schema}__{of}"), name),
    }
}

/// What tells a view from another one: an engine finds a name in any case.
pub fn view_key(schema: &str, name: &str) -> (String, String) {
    (schema.to_lowercase(), name.to_lowercase())
}

/// The schemas of an environment's views.
///
/// # Errors
/// `environment-name` where views would stand among the project's own relations, or where two of them would
/// have one name.
pub fn view_schemas(project: &Project, environment: &Environment) -> Result<BTreeSet<String>> {
    let published = project
        .relations()
        .filter(|relation| !matches!(relation, Relation::Source(_)));
    let mut views: BTreeMap<(String, String), Relation> = BTreeMap::new();
    let mut schemas = BTreeSet::new();
    for relation in published {
        let view = view_of(project.schema_and_name(relation), environment);
        let key = view_key(&view.schema, &view.name);
        if let Some(other) = views.insert(key, relation) {
            return Err(taken(project, environment, (relation, other)));
        }
        schemas.insert(view.schema);
    }
    check_schemas(project, environment, &schemas)?;
    for relation in project.relations() {
        let (schema, name) = project.schema_and_name(relation);
        match views.get(&view_key(schema, name)) {
            Some(other) if *other != relation => {
                return Err(taken(project, environment, (*other, relation)));
            }
            _ => {}
        }
    }
    Ok(schemas)
}

/// Refuses views in a schema of the project's own, where they are meant to stand apart.
fn check_schemas(
    project: &Project,
    environment: &Environment,
    schemas: &BTreeSet<String>,
) -> Result<()> {
    let refused = |schema: &str, what: &str| {
        Error::new(
            Kind::Refused,
            Code::EnvironmentName,
            format!(
                "the views of `{}` would be in `{schema}`, {what}",
                environment.name
            ),
        )
        .hint("give the environment another name")
    };
    if let Some(schema) = schemas
        .iter()
        .find(|schema| schema.eq_ignore_ascii_case(BOOKKEEPING_SCHEMA))
    {
        return Err(refused(schema, "which is dbgo's own schema"));
    }
    if environment.placement != Placement::Schema {
        return Ok(());
    }
    let real: BTreeSet<String> = project
        .relations()
        .map(|relation| project.schema_and_name(relation).0.to_lowercase())
        .collect();
    match schemas
        .iter()
        .find(|schema| real.contains(&schema.to_lowercase()))
    {
        Some(schema) => Err(refused(schema, "a schema of the project")),
        None => Ok(()),
    }
}

fn taken(
    project: &Project,
    environment: &Environment,
    (view, other): (Relation, Relation),
) -> Error {
    Error::new(
        Kind::Refused,
        Code::EnvironmentName,
        format!(
            "the view of `{}` in `{}` would have the name of `{}`",
            project.name_of(view),
            environment.name,
            project.name_of(other)
        ),
    )
    .hint("give the environment another name, or the model another `alias`")
}
