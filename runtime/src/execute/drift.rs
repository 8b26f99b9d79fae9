//! What was altered by hand: tables and views of an environment that aren't as the state says.
//!
//! Of a table its columns are looked at, and not its rows: whoever changed rows by hand has to say so, by
//! `restate` or `--full-refresh`. Of a view its text is looked at.

use super::failure::opening_failed;
use super::interrupt::Interrupt;
use super::opening::{self, Opening};
use super::slots::PhysicalSlots;
use crate::adapters::{BOOKKEEPING_SCHEMA, CatalogRelation, EngineError, Relation, RelationKind};
use crate::environments::view_key;
use crate::error::Result;
use crate::project::{self, BatchFacts, Project, compose};
use crate::situation::{Histories, Request, physical_relation, show_query, source_text};
use crate::state::{Change, Snapshot};
use crate::version::fingerprint;
use dbgo_contract::{Materialization, OnSchemaChange};
use std::collections::{BTreeMap, HashMap};

/// Something that was altered by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Altered {
    /// What, in one line.
    pub text: String,
    /// The table or view in `_dbgo`, where it is one.
    physical: Option<String>,
}

/// Opens the engine, and gives a line for each thing that was altered.
///
/// # Errors
/// An engine that is held or fails, a state that fails.
pub fn drift(project: &Project, environment: Option<&str>) -> Result<Vec<String>> {
    let request = Request {
        environment: environment.map(str::to_owned),
        ..Request::default()
    };
    let mut opening = opening::open(project, &request, None, &Interrupt::new())?;
    let mut found = opening.notes.clone();
    found.extend(altered(&mut opening)?.into_iter().map(|it| it.text));
    Ok(found)
}

/// Tells what was altered by hand; with `repair`, what this environment may build anew is forgotten, so that
/// a plan builds it anew. Gives what people should know.
///
/// # Errors
/// What the engine says, and `no-history` and the like for names in `destroyed`.
pub fn mend_drift(
    opening: &mut Opening<'_>,
    (repair, destroyed): (bool, &[String]),
) -> Result<Vec<String>> {
    let found = altered(opening)?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    if !repair {
        let hint = "`--repair` makes what was altered by hand anew".to_owned();
        return Ok(found.into_iter().map(|it| it.text).chain([hint]).collect());
    }
    let histories = Histories::of(&opening.situation, destroyed)?;
    let mut notes = Vec::new();
    let mut mended = BTreeMap::new();
    for altered in found {
        let physical = altered.physical.as_deref();
        match physical.and_then(|it| why_kept(opening, it, &histories)) {
            Some(why) => notes.push(format!("{}: {why}", altered.text)),
            None => {
                mended.extend(altered.physical.map(|physical| (physical, ())));
                notes.push(format!("{}: made anew", altered.text));
            }
        }
    }
    for physical in mended.into_keys() {
        // The table stays until what is built in its place is shown.
        let change = Change::Superseded {
            physical,
            model: String::new(),
            version: String::new(),
        };
        let environment = opening.situation.place.environment.name;
        opening.situation.known.apply(&change, environment);
        opening.changes.push(change);
    }
    let situation = &mut opening.situation;
    situation.versions = situation.place.versions(&situation.known)?;
    Ok(notes)
}

/// Why a table isn't built anew.
fn why_kept(opening: &Opening<'_>, physical: &str, histories: &Histories) -> Option<String> {
    let situation = &opening.situation;
    let project = situation.place.project;
    let known = &situation.known;
    let mut elsewhere = known.elsewhere.of_table(physical);
    let protected =
        elsewhere.find(|(environment, _)| crate::situation::is_protected(known, environment));
    if let Some((environment, _)) = protected {
        return Some(format!(
            "`{environment}` shows it, so that it is repaired there"
        ));
    }
    let object = known.objects.get(physical)?;
    let keeps = match project.model_at(&object.model) {
        Some((index, model)) => histories.keep(index, model),
        None => super::retire::keeps_history(project, object),
    };
    keeps.then(|| {
        format!(
            "its rows can't be computed again: put it back by hand, or add `--destroy-history {}`",
            object.model
        )
    })
}

/// All that was altered of what the environment shows.
fn altered(opening: &mut Opening<'_>) -> Result<Vec<Altered>> {
    let engine = opening.situation.place.engine.clone();
    let failed = |error: EngineError| opening_failed(&error, &engine);
    let mut found = user_views(opening).map_err(failed)?;
    let shown = shown(opening);
    if shown.is_empty() {
        return Ok(found);
    }
    let relations = opening.session.relations(&[BOOKKEEPING_SCHEMA]);
    let relations: HashMap<String, CatalogRelation> = relations
        .map_err(failed)?
        .into_iter()
        .map(|relation| (relation.relation.name.clone(), relation))
        .collect();
    let mut views = Vec::new();
    for snapshot in shown {
        let Some(relation) = relations.get(&snapshot.physical) else {
            continue;
        };
        let texts = columns(opening, &snapshot, relation);
        if texts.is_empty() && snapshot.kind == "view" {
            let query = query_of(opening, &snapshot);
            views.extend(query.map(|query| (physical_relation(&snapshot.physical), query)));
        }
        found.extend(texts.into_iter().map(|text| Altered {
            text,
            physical: Some(snapshot.physical.clone()),
        }));
    }
    let altered = opening.session.are_altered(&views).map_err(failed)?;
    for ((view, _), altered) in views.into_iter().zip(altered) {
        if altered == Some(true) {
            found.push(Altered {
                text: format!("the view `_dbgo.{}` has another query", view.name),
                physical: Some(view.name),
            });
        }
    }
    Ok(found)
}

/// What was altered of the users' views.
fn user_views(opening: &mut Opening<'_>) -> std::result::Result<Vec<Altered>, EngineError> {
    let dialect = opening.adapter.dialect();
    let mut found = Vec::new();
    let mut views = Vec::new();
    for shown in opening.situation.known.published.values() {
        let view = Relation::new(&shown.view_schema, &shown.view_name);
        let name = format!("{}.{}", view.schema, view.name);
        let text = match opening.users.get(&view_key(&view.schema, &view.name)) {
            None => Some(format!("the view `{name}` is gone")),
            Some(RelationKind::Table) => {
                Some(format!("`{name}` is a table that this project didn't make"))
            }
            Some(RelationKind::View) => {
                views.push((view, show_query(dialect, &shown.physical)));
                None
            }
        };
        found.extend(text.map(|text| Altered {
            text,
            physical: None,
        }));
    }
    let altered = opening.session.are_altered(&views)?;
    for ((view, _), altered) in views.into_iter().zip(altered) {
        if altered == Some(true) {
            found.push(Altered {
                text: format!("the view `{}.{}` has another query", view.schema, view.name),
                physical: None,
            });
        }
    }
    Ok(found)
}

/// The snapshots that the environment shows.
fn shown(opening: &Opening<'_>) -> Vec<Snapshot> {
    let known = &opening.situation.known;
    let mut found: BTreeMap<&str, &Snapshot> = BTreeMap::new();
    for snapshot in known.all_snapshots() {
        let shown = known.published.get(&snapshot.model);
        if shown.is_some_and(|shown| {
            shown.physical == snapshot.physical && shown.version == snapshot.version
        }) {
            found.insert(&snapshot.physical, snapshot);
        }
    }
    found.into_values().cloned().collect()
}

/// What was altered of the columns of a table or view in `_dbgo`.
fn columns(opening: &Opening<'_>, snapshot: &Snapshot, table: &CatalogRelation) -> Vec<String> {
    let physical = &snapshot.physical;
    let project = opening.situation.place.project;
    let model = project.model_at(&snapshot.model);
    // Such a table needn't have what its model has now.
    let differs = model.is_some_and(|(_, model)| model.on_schema_change == OnSchemaChange::Ignore);
    let grows = matches!(snapshot.kind.as_str(), "incremental" | "scd2");
    if grows && (differs || model.is_none()) {
        return Vec::new();
    }
    let plain = |sql_type: &str| sql_type.replace(['"', ' '], "").to_lowercase();
    let mut found = Vec::new();
    for (name, sql_type) in &snapshot.columns {
        let mut columns = table.columns.iter();
        match columns.find(|it| it.name.eq_ignore_ascii_case(name)) {
            None => found.push(format!("the column `{name}` of `_dbgo.{physical}` is gone")),
            Some(column) if plain(&column.sql_type) != plain(sql_type) => found.push(format!(
                "the column `{name}` of `_dbgo.{physical}` is {} and was {sql_type}",
                column.sql_type
            )),
            Some(_) => {}
        }
    }
    let is_known = |name: &str| {
        let mut columns = snapshot.columns.iter();
        columns.any(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    let others = table
        .columns
        .iter()
        .filter(|it| !grows && !is_known(&it.name));
    found.extend(others.map(|it| format!("the column `{}` of `_dbgo.{physical}` is new", it.name)));
    found
}

/// The query that a view was made of, if it is the one that this program would make it of.
fn query_of(opening: &Opening<'_>, snapshot: &Snapshot) -> Option<String> {
    let situation = &opening.situation;
    let project = situation.place.project;
    let (index, model) = project.model_at(&snapshot.model)?;
    let texts = texts(opening, index, snapshot);
    let slots = PhysicalSlots {
        dialect: opening.adapter.dialect(),
        model,
        texts: &texts,
        this: None,
        range: None,
        now: situation.place.now,
    };
    let facts = &situation.place.facts;
    let composed = compose(project, index, facts, BatchFacts::default(), &slots);
    let sql = composed.ok()?.sql;
    (fingerprint([sql.as_str()]) == snapshot.definition).then_some(sql)
}

/// The text of everything that a view's query reads, through ephemeral models too.
fn texts(
    opening: &Opening<'_>,
    index: usize,
    snapshot: &Snapshot,
) -> HashMap<project::Relation, String> {
    let situation = &opening.situation;
    let (place, known) = (&situation.place, &situation.known);
    let project = place.project;
    let dialect = opening.adapter.dialect();
    let mut texts = HashMap::new();
    let mut waiting = project.model(index).imports.clone();
    while let Some(relation) = waiting.pop() {
        let text = match relation {
            project::Relation::Source(source) => {
                let source = &project.sources()[source];
                Some(source_text((project, &place.facts), source, dialect))
            }
            project::Relation::Model(parent)
                if project.model(parent).materialization == Materialization::Ephemeral =>
            {
                waiting.extend(&project.model(parent).imports);
                None
            }
            stored => {
                let path = project.path_of(stored);
                let mut used = snapshot.uses.iter();
                let used = used.find(|used| {
                    let object = known.objects.get(*used);
                    object.is_some_and(|object| object.model == path)
                });
                used.map(|used| dialect.relation(&physical_relation(used)))
            }
        };
        texts.extend(text.map(|text| (relation, text)));
    }
    texts
}
