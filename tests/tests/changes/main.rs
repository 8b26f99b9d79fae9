//! What a change of a model is said to leave alone, against the rows of an engine.
//!
//! Each edit of `tests/oracle/meaning_changes.tsv` is made to a model that many others read, in
//! two layers. Both states of the project are compiled and computed over the same data: whatever has
//! no effective change must have the same rows, and each column without one the same values.

mod computed;
mod edits;
mod readers;

use computed::{Computed, Engine, Schema};
use dbgo_changes::{EffectiveChange, Graph, ModelLineage, OwnChange, Profile, Table};
use dbgo_compiler::driver::{Memory, compile, outline};
use dbgo_compiler::lineage::carried::{TableColumns, carried};
use dbgo_compiler::source::ProjectFiles;
use dbgo_compiler::sql_type::SqlType;
use dbgo_compiler::typed::TypedProject;
use dbgo_compiler::types::oracle::{OracleQuestion, OracleRefusal, TypeOracle};
use edits::{Edit, edits};
use readers::{Model, readers};
use std::collections::{BTreeMap, BTreeSet};

/// Stands for an engine where none is asked.
struct NoEngine;

impl TypeOracle for NoEngine {
    fn identity(&self) -> String {
        String::new()
    }

    fn columns(&self, _: &OracleQuestion) -> Result<Vec<(String, SqlType)>, OracleRefusal> {
        Err(OracleRefusal {
            message: "nobody is asked".to_owned(),
            position: None,
            is_about_query: false,
        })
    }
}

fn compiled(models: &BTreeMap<String, Vec<Model>>) -> TypedProject {
    let mut texts = vec![("dbgo.toml".to_owned(), "name = 'shop'".to_owned())];
    for (name, statement) in edits::SOURCES {
        texts.push((format!("sources/{name}.sql"), statement.to_owned()));
    }
    for (folder, models) in models {
        for model in models {
            texts.push((
                format!("models/{folder}/{}.sql", model.name),
                model.text(folder),
            ));
        }
    }
    let texts = texts.iter();
    let texts = texts.map(|(path, text)| (path.as_str(), text.as_str()));
    let (files, found) = ProjectFiles::from_texts(texts);
    let memory = Memory::new(String::new(), BTreeMap::new());
    compile(outline(files, found), &NoEngine, &memory).project
}

/// What a program carries of each model: its profile and its place in the graph, through their texts.
fn carries(project: &TypedProject) -> BTreeMap<String, (Profile, Table)> {
    let tables = TableColumns::of(project);
    let models = project.models.iter().map(|model| {
        let profile = model.profile.to_text();
        let lineage = carried(model, &tables).to_text();
        let table = Table {
            path: model.path.clone(),
            imports: model.imports.iter().map(|(_, path)| path.clone()).collect(),
            lineage: ModelLineage::from_text(&lineage).expect("a lineage"),
        };
        let profile = Profile::from_text(&profile).expect("a profile");
        (model.path.clone(), (profile, table))
    });
    models.collect()
}

/// The effective changes from one state of a project to another one. A model of one state alone is
/// left out of it.
fn effective(before: &TypedProject, after: &TypedProject) -> BTreeMap<String, EffectiveChange> {
    let (old, new) = (carries(before), carries(after));
    let own = new.iter().filter_map(|(path, (profile, _))| {
        let (old, _) = old.get(path)?;
        let nobody = BTreeSet::new();
        Some((
            path.clone(),
            OwnChange::between(Some(old), profile, &nobody),
        ))
    });
    let own = own.collect();
    let tables = new.into_values().map(|(_, table)| table);
    Graph::new(tables.collect(), Vec::new()).effective(&own)
}

/// What came of it.
#[derive(Debug, Default)]
struct Counts {
    /// Models that both states have and the engine computes.
    models: usize,
    /// Those without an effective change.
    unaffected: usize,
    /// Those whose rows are said to be others.
    rows: usize,
    /// Columns that are said to be the same, of models of which others aren't.
    columns: usize,
    /// Models with an effective change and another table.
    different: usize,
}

/// What the rows say against an effective change.
fn contradiction(
    before: &Computed,
    after: &Computed,
    change: &EffectiveChange,
    counts: &mut Counts,
) -> Option<String> {
    if change.rows {
        return None;
    }
    if before.rows() != after.rows() {
        return Some(format!("{} rows, then {}", before.rows(), after.rows()));
    }
    for (name, values) in &before.columns {
        let is_same = !change.columns.contains(name) && !change.removed.contains(name);
        if !is_same {
            continue;
        }
        counts.columns += usize::from(!change.is_empty());
        if after.columns.get(name) != Some(values) {
            return Some(format!("other values in `{name}`"));
        }
    }
    (change.is_empty() && before != after).then(|| "other rows".to_owned())
}

#[test]
fn what_is_not_reached_has_the_same_rows() {
    let edits = edits();
    let [before, after] = [Edit::before, Edit::after].map(|side| {
        let edits = edits.iter();
        let models = edits.map(|edit| (edit.folder(), readers(side(edit), &edit.columns())));
        models.collect::<BTreeMap<String, Vec<Model>>>()
    });
    let effective = effective(&compiled(&before), &compiled(&after));
    let engine = Engine::open();
    let (mut counts, mut wrong) = (Counts::default(), Vec::new());
    let unaffected = EffectiveChange::default();
    for (folder, models) in &before {
        let [old, new] = [(Schema::Before, models), (Schema::After, &after[folder])]
            .map(|(schema, models)| engine.computed(schema, models));
        for (name, before) in &old {
            let Some(after) = new.get(name) else { continue };
            let path = format!("models.{folder}.{name}");
            let change = effective.get(&path).unwrap_or(&unaffected);
            counts.models += 1;
            counts.unaffected += usize::from(change.is_empty());
            counts.rows += usize::from(change.rows);
            counts.different += usize::from(!change.is_empty() && before != after);
            let found = contradiction(before, after, change, &mut counts);
            wrong.extend(found.map(|found| format!("{path}: {found}, though {change:?}")));
        }
    }
    println!("{counts:?}");
    assert!(
        wrong.is_empty(),
        "{} in all\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    // Else the test couldn't fail.
    let enough = [
        (counts.models, 800),
        (counts.unaffected, 400),
        (counts.columns, 100),
        (counts.different, 200),
    ];
    assert!(
        enough.iter().all(|(count, least)| count >= least),
        "{counts:?}"
    );
}
