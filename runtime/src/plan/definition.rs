//! What the state keeps of a model, a seed or a source, to compare it and to show it later.
//!
//! A definition has an id of its own, a hash of all that it is made of, so that finding out that nothing
//! has changed needs no definition at all.

use crate::error::Result;
use crate::project::{BatchFacts, Model, PlanFacts, Project, Relation, compose, rendered_by};
use crate::situation::ShownSlots;
use crate::version::{Digest, Versions};
use dbgo_changes::{ModelLineage, Profile};
use dbgo_contract::{ColumnDef, ModelDef};
use serde::{Deserialize, Serialize};

/// What is kept of a model, a seed or a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// The import path.
    pub path: String,
    /// The file, relative to the project's folder.
    pub file: String,
    /// The schema of its relation.
    pub schema: String,
    /// The name of its relation.
    pub name: String,
    /// `view`, `table`, `incremental`, `scd2`, `ephemeral`, `seed` or `source`.
    pub kind: String,
    /// A hash of its own query and settings.
    pub own: String,
    /// A hash of the values that it takes from outside.
    pub values: String,
    /// Its columns: name and type.
    pub columns: Vec<(String, String)>,
    /// Its description.
    pub description: String,
    /// Who answers for it.
    pub owner: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// What it reads: alias and import path.
    pub imports: Vec<(String, String)>,
    /// Its audits, as they are written.
    pub audits: Vec<String>,
    /// The change profile as text; empty for what has no query.
    pub profile: String,
    /// What its columns are made of, as text; empty for what has no query.
    pub lineage: String,
    /// The query that builds it, over the names that the project gives to relations.
    pub sql: String,
    /// Whether it would be another one in an environment of another name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reads_environment: bool,
    /// The variables that it declares, with the values that they are given; none where its own default
    /// holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<(String, Option<String>)>,
}

impl Definition {
    /// The profile, if there is one that this version of dbgo can read.
    pub fn profile(&self) -> Option<Profile> {
        Profile::from_text(&self.profile).ok()
    }

    /// The lineage, if there is one that this version of dbgo can read.
    pub fn lineage(&self) -> Option<ModelLineage> {
        ModelLineage::from_text(&self.lineage).ok()
    }

    /// The JSON text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The definition of a relation of the program's project.
    ///
    /// # Errors
    /// A variable without a value.
    pub fn of(
        project: &Project,
        relation: Relation,
        (versions, facts): (&Versions, &PlanFacts),
    ) -> Result<Self> {
        let (schema, name) = project.schema_and_name(relation);
        let start = Self {
            path: project.path_of(relation).to_owned(),
            schema: schema.to_owned(),
            name: name.to_owned(),
            ..Self::default()
        };
        Ok(match relation {
            Relation::Model(index) => {
                let model = project.model(index);
                let def = model.def;
                let slots = ShownSlots {
                    project,
                    environment: None,
                    model: index,
                    dialect: None,
                };
                let sql = compose(project, index, facts, BatchFacts::default(), &slots);
                Self {
                    file: def.file.to_string(),
                    kind: model.kind().to_owned(),
                    own: versions.own(index).to_owned(),
                    values: versions.values(index).to_owned(),
                    columns: columns(def.columns.as_slice()),
                    description: def.description.to_string(),
                    owner: def.owner.to_string(),
                    tags: def.tags.iter().map(ToString::to_string).collect(),
                    imports: imports(def),
                    audits: def
                        .audits
                        .iter()
                        .map(|audit| audit.call.to_string())
                        .collect(),
                    profile: def.profile.to_string(),
                    lineage: def.lineage.to_string(),
                    sql: sql?.sql,
                    reads_environment: reads_environment(project, model, facts)?,
                    variables: variables(def, facts),
                    ..start
                }
            }
            Relation::Seed(index) => {
                let seed = &project.seeds()[index];
                Self {
                    file: seed.file.to_string(),
                    kind: "seed".to_owned(),
                    own: versions.seed_definition(index).to_owned(),
                    columns: columns(seed.columns.as_slice()),
                    description: seed.description.to_string(),
                    ..start
                }
            }
            Relation::Source(index) => {
                let source = &project.sources()[index];
                Self {
                    file: source.file.to_string(),
                    kind: "source".to_owned(),
                    own: source_place(project, index, facts),
                    columns: columns(source.columns.as_slice()),
                    description: source.description.to_string(),
                    ..start
                }
            }
        })
    }
}

/// Whether a model's query or its statements are other ones in an environment that the project declares,
/// or in any other, with the same values of variables.
fn reads_environment(project: &Project, model: &Model, facts: &PlanFacts) -> Result<bool> {
    let environments = project.def.environments.iter();
    let names = environments.map(|environment| environment.pattern.as_str());
    let text = |environment: &'static str| -> Result<Vec<String>> {
        let facts = PlanFacts {
            environment,
            ..facts.clone()
        };
        let def = model.def;
        let renders = [def.render].into_iter();
        let renders = renders.chain(def.before.iter().chain(def.after.iter()).copied());
        let mut texts = Vec::new();
        for render in renders {
            for batch in BatchFacts::ALL {
                let pieces = rendered_by(render, model, &facts, batch)?.pieces;
                let pieces = pieces.iter();
                texts.extend(pieces.map(|it| format!("{} {} {}", it.kind, it.index, it.text)));
            }
        }
        Ok(texts)
    };
    let here = text(facts.environment)?;
    for name in names.chain([""]) {
        if text(name)? != here {
            return Ok(true);
        }
    }
    Ok(false)
}

fn variables(def: &ModelDef, facts: &PlanFacts) -> Vec<(String, Option<String>)> {
    let names = def.variables.iter().map(|variable| variable.name.as_str());
    names
        .map(|name| {
            let given = facts.variables.given(name).map(str::to_owned);
            (name.to_owned(), given)
        })
        .collect()
}

/// Where a source's rows are, without its columns.
fn source_place(project: &Project, index: usize, facts: &PlanFacts) -> String {
    let source = &project.sources()[index];
    let mut digest = Digest::new("source place");
    digest.text(source.catalog.as_str());
    digest.text(facts.source_schema(source.schema.as_str()));
    digest.text(source.name.as_str());
    digest.text(source.location.as_str());
    digest.text(source.format.as_str());
    digest.finish()
}

fn columns(columns: &[ColumnDef]) -> Vec<(String, String)> {
    columns
        .iter()
        .map(|column| (column.name.to_string(), column.sql_type.to_string()))
        .collect()
}

fn imports(def: &ModelDef) -> Vec<(String, String)> {
    def.imports
        .iter()
        .map(|import| (import.alias.to_string(), import.path.to_string()))
        .collect()
}

/// The id of the definition that [`Definition::of`] would give. The query's text isn't looked at:
/// the hash of its meaning and the profile's hash of its text stand for it.
pub fn definition_id(
    project: &Project,
    relation: Relation,
    versions: &Versions,
    facts: &PlanFacts,
) -> String {
    let mut digest = Digest::new("definition");
    let (schema, name) = project.schema_and_name(relation);
    digest.text(project.path_of(relation));
    digest.text(schema);
    digest.text(name);
    let columns = match relation {
        Relation::Model(index) => {
            let def = project.model(index).def;
            digest.text(versions.own(index));
            digest.text(versions.values(index));
            of_model(&mut digest, def);
            def.columns
        }
        Relation::Seed(index) => {
            let seed = &project.seeds()[index];
            digest.text(versions.seed_definition(index));
            digest.text(seed.file.as_str());
            digest.text(seed.description.as_str());
            seed.columns
        }
        Relation::Source(index) => {
            let source = &project.sources()[index];
            digest.text(&source_place(project, index, facts));
            digest.text(source.file.as_str());
            digest.text(source.description.as_str());
            source.columns
        }
    };
    for column in columns.iter() {
        digest.text(column.name.as_str());
        digest.text(column.sql_type.as_str());
        digest.text(column.description.as_str());
    }
    digest.finish()
}

fn of_model(digest: &mut Digest, def: &ModelDef) {
    digest.number(u64::from(def.materialization));
    for text in [
        def.file,
        def.description,
        def.owner,
        def.profile,
        def.lineage,
    ] {
        digest.text(text.as_str());
    }
    digest.number(def.tags.as_slice().len() as u64);
    for tag in def.tags.iter() {
        digest.text(tag.as_str());
    }
    for import in def.imports.iter() {
        digest.text(import.alias.as_str());
        digest.text(import.path.as_str());
    }
    for audit in def.audits.iter() {
        digest.text(audit.call.as_str());
    }
}
