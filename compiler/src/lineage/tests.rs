//! What changes of a project reach.

use super::Part;
use super::carried::{TableColumns, carried};
use super::impact::{Impact, impact};
use super::project::{Exposure, ExposureUse, Place, ProjectLineage};
use super::since::{State, since};
use super::text::{Ways, mermaid, text};
use crate::driver::{Memory, compile, outline};
use crate::source::ProjectFiles;
use crate::sql_type::SqlType;
use crate::typed::TypedProject;
use crate::types::oracle::{OracleQuestion, OracleRefusal, TypeOracle};
use std::collections::BTreeMap;

/// Stands for an engine where none is asked.
struct NoEngine;

impl TypeOracle for NoEngine {
    fn identity(&self) -> String {
        String::new()
    }

    fn columns(&self, question: &OracleQuestion) -> Result<Vec<(String, SqlType)>, OracleRefusal> {
        panic!("nobody is to be asked: {}", question.sql)
    }
}

const ORDERS: &str = "create table orders (order_id bigint, status varchar, amount decimal(18, 2))";

fn project(models: &[(&str, &str)]) -> TypedProject {
    let shared = [
        ("dbgo.toml", "name = 'shop'"),
        ("sources/raw/orders.sql", ORDERS),
    ];
    let texts = shared.into_iter().chain(models.iter().copied());
    let texts: BTreeMap<&str, &str> = texts.collect();
    let (files, found) = ProjectFiles::from_texts(texts);
    let memory = Memory::new(String::new(), BTreeMap::new());
    let compilation = compile(outline(files, found), &NoEngine, &memory);
    assert_eq!(compilation.diagnostics, []);
    compilation.project
}

/// A chain: everything by a star, then names, then rows.
fn chain() -> TypedProject {
    project(&[
        (
            "models/staging/all_orders.sql",
            "-- @import: sources.raw.orders\nselect * from :orders\n",
        ),
        (
            "models/marts/wide.sql",
            "-- @import: o = models.staging.all_orders\nwith own as (select o.* from :o)\nselect * exclude (order_id) from own\n",
        ),
        (
            "models/marts/paid.sql",
            "-- @import: models.staging.all_orders\nselect order_id\nfrom :all_orders\nwhere status = 'paid'\n",
        ),
        (
            "models/marts/total.sql",
            "-- @import: models.marts.wide\nselect\n    sum(wide.amount) as total\nfrom :wide\n",
        ),
        (
            "models/marts/count.sql",
            "-- @import: models.marts.paid\nselect count(*) as orders from :paid\n",
        ),
    ])
}

fn impact_of(project: &ProjectLineage<'_>, name: &str) -> Impact {
    let (table, column) = project.find(name).expect("a name");
    impact(project, table, column)
}

fn names(project: &ProjectLineage<'_>, places: impl IntoIterator<Item = Place>) -> Vec<String> {
    let mut names: Vec<String> = places
        .into_iter()
        .map(|place| project.name(place))
        .collect();
    names.sort();
    names
}

#[test]
fn a_column_that_goes_breaks_who_names_it_and_stars_hand_its_loss_on() {
    let typed = chain();
    let project = ProjectLineage::new(&typed);
    let amount = impact_of(&project, "raw.orders.amount");
    let broken: Vec<(&str, String, Option<u32>)> = amount
        .breaks
        .iter()
        .map(|found| {
            let path = project.tables[found.table].path;
            (path, project.name(found.needs), found.at)
        })
        .collect();
    let at = typed
        .models
        .iter()
        .find(|model| model.path == "models.marts.total")
        .map(|_| "-- @import: models.marts.wide\nselect\n    sum(".len() as u32);
    assert_eq!(
        broken,
        [("models.marts.total", "marts.wide.amount".to_owned(), at)]
    );
    assert_eq!(
        names(&project, amount.loses.keys().copied()),
        ["marts.wide.amount", "staging.all_orders.amount"]
    );
    assert!(amount.stops.is_empty());
    assert_eq!(
        names(&project, amount.reaches.keys().copied()),
        [
            "marts.total.total",
            "marts.wide.amount",
            "staging.all_orders.amount"
        ]
    );
}

#[test]
fn what_a_star_leaves_out_is_named() {
    let typed = chain();
    let project = ProjectLineage::new(&typed);
    let id = impact_of(&project, "raw.orders.order_id");
    let broken: Vec<&str> = (id.breaks.iter())
        .map(|found| project.tables[found.table].path)
        .collect();
    assert_eq!(broken, ["models.marts.paid", "models.marts.wide"]);
}

#[test]
fn a_condition_reaches_rows_and_all_that_is_made_of_them() {
    let typed = chain();
    let project = ProjectLineage::new(&typed);
    let status = impact_of(&project, "staging.all_orders.status");
    let rows = status
        .reaches
        .keys()
        .filter(|place| place.part == Part::Rows);
    assert_eq!(names(&project, rows.copied()), ["marts.paid"]);
    let reached = names(&project, status.reaches.keys().copied());
    assert!(
        reached.contains(&"marts.count.orders".to_owned()),
        "{reached:?}"
    );
    assert!(
        !reached.contains(&"marts.total.total".to_owned()),
        "{reached:?}"
    );
}

#[test]
fn a_table_that_goes_breaks_its_readers_and_stops_theirs() {
    let typed = chain();
    let project = ProjectLineage::new(&typed);
    let all = impact_of(&project, "all_orders");
    let path = |table: usize| project.tables[table].path;
    let broken: Vec<&str> = all.breaks.iter().map(|found| path(found.table)).collect();
    assert_eq!(broken, ["models.marts.paid", "models.marts.wide"]);
    let stopped: Vec<&str> = all.stops.iter().map(|table| path(*table)).collect();
    assert_eq!(stopped, ["models.marts.count", "models.marts.total"]);
}

#[test]
fn exposures_are_reached_through_what_they_use() {
    let typed = chain();
    let mut project = ProjectLineage::new(&typed);
    let (wide, amount) = project.find("marts.wide.amount").expect("a column");
    let (count, _) = project.find("marts.count").expect("a table");
    let exposure = |name: &str, table, columns| Exposure {
        name: name.to_owned(),
        uses: vec![ExposureUse { table, columns }],
    };
    project.exposures = vec![
        exposure("amounts", wide, Some(vec![amount.expect("a position")])),
        exposure("counts", count, None),
    ];
    let found = |name: &str| -> Vec<(usize, bool)> {
        let impact = impact_of(&project, name);
        let found = impact.exposures.iter();
        found.map(|found| (found.exposure, found.breaks)).collect()
    };
    assert_eq!(found("raw.orders.amount"), [(0, true)]);
    assert_eq!(found("raw.orders.status"), [(1, false)]);
    assert_eq!(found("raw.orders.order_id"), []);
}

#[test]
fn names_are_found_by_path_relation_and_stem() {
    let typed = chain();
    let project = ProjectLineage::new(&typed);
    let whole = project.find("models.marts.wide").expect("a path");
    for name in ["marts.wide", "wide"] {
        assert_eq!(project.find(name), Ok(whole));
    }
    let column = project.find("wide.AMOUNT").expect("a column");
    assert_eq!(column, (whole.0, Some(1)));
    let hint = |name: &str| project.find(name).expect_err("nothing").hint;
    assert_eq!(hint("wid").as_deref(), Some("did you mean `wide`?"));
    assert_eq!(
        hint("wide.amuont").as_deref(),
        Some("did you mean `amount`?")
    );
    assert_eq!(hint("wid.amount").as_deref(), Some("did you mean `wide`?"));
}

#[test]
fn a_column_is_followed_to_its_sources_and_to_its_readers() {
    let typed = chain();
    let project = ProjectLineage::new(&typed);
    let both = Ways {
        up: true,
        down: true,
    };
    let (table, column) = project.find("wide.amount").expect("a column");
    insta::assert_snapshot!(text(&project, table, column, both));
    let (table, _) = project.find("paid").expect("a table");
    insta::assert_snapshot!(text(&project, table, None, both));
    insta::assert_snapshot!(mermaid(&project, table, None, both));
}

#[test]
fn states_of_a_project_are_compared() {
    let model = |text: &'static str| ("models/a.sql", text);
    let reader = (
        "models/b.sql",
        "-- @import: models.a\nselect a.order_id + 1 as next from :a\n",
    );
    let before = project(&[
        model("-- @import: sources.raw.orders\nselect order_id, status from :orders\n"),
        reader,
        ("models/gone.sql", "select 1 as one\n"),
    ]);
    let after = project(&[
        model("-- @import: sources.raw.orders\nselect order_id, amount from :orders\n"),
        reader,
        ("models/new.sql", "select 1 as one\n"),
    ]);
    let (before, after) = (ProjectLineage::new(&before), ProjectLineage::new(&after));
    let found = since(&before, &after);
    let changes: Vec<(&str, State)> = found
        .changes
        .iter()
        .map(|change| (change.path.as_str(), change.state))
        .collect();
    assert_eq!(
        changes,
        [
            ("models.a", State::Modified),
            ("models.gone", State::Removed),
            ("models.new", State::Added)
        ]
    );
    assert_eq!(found.changes[0].added, ["amount"]);
    assert_eq!(found.changes[0].removed, ["status"]);
    // The other model reads neither the column that came nor the one that went.
    assert_eq!(found.reached, []);
    assert_eq!(since(&after, &after).changes, []);
}

#[test]
fn a_column_that_is_computed_otherwise_reaches_only_its_readers() {
    let model = |twice: &'static str| ("models/a.sql", twice);
    let readers = [
        (
            "models/b.sql",
            "-- @import: models.a\nselect a.twice + 1 as next from :a\n",
        ),
        (
            "models/c.sql",
            "-- @import: models.a\nselect a.order_id from :a\n",
        ),
    ];
    let state = |text| project(&[model(text), readers[0], readers[1]]);
    let before = state(
        "-- @import: sources.raw.orders\nselect order_id, amount * 2 as twice from :orders\n",
    );
    let after = state(
        "-- @import: sources.raw.orders\nselect order_id, amount * 3 as twice from :orders\n",
    );
    let (before, after) = (ProjectLineage::new(&before), ProjectLineage::new(&after));
    let found = since(&before, &after);
    let changes: Vec<(&str, &[String], bool)> = found
        .changes
        .iter()
        .map(|change| (change.path.as_str(), change.changed.as_slice(), change.rows))
        .collect();
    assert_eq!(changes, [("models.a", &["twice".to_owned()][..], false)]);
    let reached: Vec<&str> = found
        .reached
        .iter()
        .map(|table| table.path.as_str())
        .collect();
    assert_eq!(reached, ["models.b"]);
    insta::assert_snapshot!(super::since_text::markdown(&found, "main"));
}

#[test]
fn a_program_carries_names_and_the_union_of_the_variants() {
    let mut project = project(&[
        ("seeds/rates.csv", "Currency,Rate\nEUR,1.1\n"),
        (
            "models/paid.sql",
            "-- @config: materialized='incremental', unique_key='order_id'\n\
             -- @import: r = seeds.rates\n\
             -- @import: o = sources.raw.orders\n\
             select o.order_id, r.rate as \"Rate\" from :o as o cross join :r as r\n\
             #if is_incremental\n\
             where o.amount > (select max(t.rate) from :this as t)\n\
             #endif\n",
        ),
    ]);
    let carried_text = |project: &TypedProject| {
        let tables = TableColumns::of(project);
        carried(&project.models[0], &tables).to_text()
    };
    let rows =
        r#"[[0,null,1],[1,null,1],[1,"order_id",16],[1,"amount",8],[null,null,8],[null,"rate",8]]"#;
    assert_eq!(
        carried_text(&project),
        format!(
            r#"{{"r":{rows},"c":[{{"n":"order_id","i":[[1,"order_id",1]]}},{{"n":"rate","i":[[0,"rate",1]]}}]}}"#
        )
    );
    // A column of an import that isn't known any more, and one that the query doesn't give.
    project.seeds[0].columns.truncate(1);
    let mut model = (*project.models[0]).clone();
    model.lineage.columns.truncate(1);
    project.models[0] = std::sync::Arc::new(model);
    let text = carried_text(&project);
    let unknown = r#"{"n":"rate","i":[[0,null,32],[1,null,32],[1,"order_id",32]"#;
    assert!(text.contains(unknown), "{text}");
}
