//! First runs, runs with nothing to do, and changes of versions.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::contract::Materialization::{Ephemeral, Table, View};
use dbgo_runtime::contract::*;
use dbgo_runtime::error::{Code, Kind};
use dbgo_runtime::execute::RunOptions;
use dbgo_runtime::project::Project;

const ORDERS: &[ColumnOf] = &[("id", "INTEGER", true), ("amount", "DECIMAL(18,2)", false)];

render!(stg_orders, |facts, sql| {
    sql.text("SELECT id, amount FROM ");
    sql.relation_as(0);
    sql.text(" -- all of them");
});
render!(stg_orders_doubled, |facts, sql| {
    sql.text("SELECT id, amount * 2 AS amount FROM ");
    sql.relation_as(0);
});
render!(large, |facts, sql| {
    sql.text("WITH picked AS (FROM ");
    sql.relation_as(0);
    sql.text(" WHERE orders.amount >= ");
    sql.variable(0);
    sql.text(") SELECT * FROM picked");
});
render!(totals, |facts, sql| {
    sql.text("WITH marts__large AS (SELECT 1 AS x) SELECT count(*) AS orders, sum(a.amount) AS total FROM ");
    sql.relation(0);
    sql.text(" AS a JOIN ");
    sql.relation(0);
    sql.text(" AS b USING (id), marts__large ORDER BY 1");
});

fn variable(model: ModelDef) -> ModelDef {
    const VARIABLES: &[VariableDef] = &[VariableDef {
        name: Str::new("min_amount"),
        sql_type: Str::new("DECIMAL(18,2)"),
        default: Str::new("10"),
    }];
    ModelDef {
        variables: List::new(VARIABLES),
        ..model
    }
}

fn project(place: &Place, csv: &str, staging: Render) -> Project {
    let totals_columns = &[
        ("orders", "BIGINT", true),
        ("total", "DECIMAL(38,2)", false),
    ];
    place.project(
        vec![
            model(
                "models.staging.stg_orders",
                View,
                &[("orders", "seeds.orders")],
                ORDERS,
                staging,
            ),
            variable(model(
                "models.marts.large",
                Ephemeral,
                &[("orders", "models.staging.stg_orders")],
                ORDERS,
                large,
            )),
            model(
                "models.marts.totals",
                Table,
                &[("large", "models.marts.large")],
                totals_columns,
                totals,
            ),
        ],
        vec![place.seed("orders", csv, ORDERS)],
        vec![],
    )
}

const CSV: &str = "id,amount\n1,5.00\n2,10.00\n3,20.50\n";
const TOTALS: &str = "SELECT * FROM marts__dev_test.totals";

#[test]
fn a_first_run_builds_everything_and_a_second_one_nothing() {
    let place = Place::new();
    let project = project(&place, CSV, stg_orders);
    let first = run_all(&project);
    assert_eq!(first.outcome.trouble, None, "{:?}", first.outcome.steps);
    assert_eq!(first.outcome.summary.built, 3);
    assert_eq!(place.query(TOTALS), ["2|30.50"]);
    assert_eq!(
        place.query("SELECT count(*) FROM staging__dev_test.stg_orders"),
        ["3"]
    );
    assert_eq!(
        place.query("SELECT count(*) FROM seeds__dev_test.orders"),
        ["3"]
    );
    let before = place.physical();

    let second = run_all(&project);
    assert_eq!(second.outcome.summary.built, 0);
    assert_eq!(
        second.note("models.marts.totals"),
        "unchanged: 1 input, same load"
    );
    assert_eq!(
        second.note("models.staging.stg_orders"),
        "unchanged: same query and tables"
    );
    assert_eq!(second.note("seeds.orders"), "unchanged: same content");
    assert_eq!(second.outcome.published, 0);
    assert_eq!(place.physical(), before);
}

#[test]
fn a_changed_seed_reaches_its_readers_and_nothing_else() {
    let place = Place::new();
    run_all(&project(&place, CSV, stg_orders));
    let changed = project(&place, "id,amount\n1,50.00\n", stg_orders);
    let ran = run_all(&changed);
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(place.query(TOTALS), ["1|50.00"]);
}

#[test]
fn another_version_is_built_beside_and_the_first_one_is_found_again() {
    let place = Place::new();
    run_all(&project(&place, CSV, stg_orders));
    let ran = run_all(&project(&place, CSV, stg_orders_doubled));
    assert_eq!(ran.status("models.staging.stg_orders"), "built");
    assert_eq!(ran.status("models.marts.totals"), "built");
    assert_eq!(place.query(TOTALS), ["3|71.00"]);
    let back = run_all(&project(&place, CSV, stg_orders));
    assert_eq!(back.outcome.summary.built, 0, "{:?}", back.outcome.steps);
    assert_eq!(place.query(TOTALS), ["2|30.50"]);
}

#[test]
fn a_variable_of_the_command_line_is_another_version() {
    let place = Place::new();
    let project = project(&place, CSV, stg_orders);
    run_all(&project);
    let options = RunOptions {
        variables: vec!["min_amount=20".to_owned()],
        ..RunOptions::default()
    };
    let ran = run_with(&project, &options).unwrap();
    assert_eq!(ran.status("models.staging.stg_orders"), "unchanged");
    assert_eq!(ran.status("models.marts.totals"), "built");
    assert_eq!(place.query(TOTALS), ["1|20.50"]);
    let wrong = RunOptions {
        variables: vec!["min_amount=a lot".to_owned()],
        ..RunOptions::default()
    };
    assert_eq!(
        run_with(&project, &wrong).err().unwrap().code.text(),
        "variable-value"
    );
}

#[test]
fn a_full_refresh_builds_the_next_generation_and_drops_the_last() {
    let place = Place::new();
    let project = project(&place, CSV, stg_orders);
    run_all(&project);
    let options = RunOptions {
        full_refresh: true,
        ..RunOptions::default()
    };
    let ran = run_with(&project, &options).unwrap();
    assert_eq!(ran.status("models.marts.totals"), "built");
    let tables: Vec<String> = place
        .physical()
        .into_iter()
        .filter(|name| name.starts_with("marts__totals"))
        .collect();
    assert_eq!(tables.len(), 1, "{tables:?}");
    assert!(tables[0].ends_with("_2"));
    assert_eq!(place.query(TOTALS), ["2|30.50"]);
}

#[test]
fn nothing_of_somebody_else_is_replaced() {
    let place = Place::new();
    place.execute(&[
        "CREATE SCHEMA marts__dev_test",
        "CREATE TABLE marts__dev_test.totals (a INT)",
    ]);
    let project = project(&place, CSV, stg_orders);
    let error = run_with(&project, &RunOptions::default()).err().unwrap();
    assert_eq!((error.code.text(), error.kind), ("not-ours", Kind::Refused));
    assert!(error.message.contains("marts__dev_test.totals"));
    assert!(place.physical().is_empty());
}

render!(from_file, |facts, sql| {
    sql.text("SELECT id, amount FROM ");
    sql.relation_as(0);
});
render!(from_table, |facts, sql| {
    sql.text("SELECT id, amount FROM ");
    sql.relation(0);
    sql.text(" AS t");
});

#[test]
fn somebody_elses_view_is_found_in_any_case() {
    let place = Place::new();
    place.execute(&[
        "CREATE SCHEMA \"Marts__Dev_Test\"",
        "CREATE VIEW \"Marts__Dev_Test\".\"Totals\" AS SELECT 1 AS mine",
    ]);
    let project = project(&place, CSV, stg_orders);
    let error = run_with(&project, &RunOptions::default()).err().unwrap();
    assert_eq!((error.code.text(), error.kind), ("not-ours", Kind::Refused));
    place.execute(&["DROP VIEW Marts__Dev_Test.Totals"]);
    assert_eq!(run_all(&project).outcome.published, 3);
    assert_eq!(run_all(&project).outcome.published, 0);
}

#[test]
fn a_file_proves_itself_and_a_table_counts_as_changed() {
    let place = Place::new();
    std::fs::write(place.path.join("orders.csv"), CSV).unwrap();
    place.execute(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.t AS SELECT 1::INTEGER AS id, 2::DECIMAL(18,2) AS amount",
    ]);
    let project = place.project(
        vec![
            model(
                "models.main.a",
                Table,
                &[("f", "sources.raw.f")],
                ORDERS,
                from_file,
            ),
            model(
                "models.main.b",
                Table,
                &[("t", "sources.raw.t")],
                ORDERS,
                from_table,
            ),
        ],
        vec![],
        vec![
            place.source("f", "orders.csv", ORDERS),
            place.source("t", "", ORDERS),
        ],
    );
    let first = run_all(&project);
    assert_eq!(first.outcome.trouble, None, "{:?}", first.outcome.steps);
    let second = run_all(&project);
    assert_eq!(second.status("models.main.a"), "unchanged");
    assert_eq!(second.status("models.main.b"), "built");
    std::fs::write(place.path.join("orders.csv"), format!("{CSV}4,1.00\n")).unwrap();
    assert_eq!(run_all(&project).status("models.main.a"), "built");
    assert_eq!(place.query("SELECT count(*) FROM main__dev_test.a"), ["4"]);
}

#[test]
fn a_model_that_is_gone_takes_its_view_with_it() {
    let place = Place::new();
    run_all(&project(&place, CSV, stg_orders));
    let smaller = place.project(
        vec![model(
            "models.staging.stg_orders",
            View,
            &[("orders", "seeds.orders")],
            ORDERS,
            stg_orders,
        )],
        vec![place.seed("orders", CSV, ORDERS)],
        vec![],
    );
    run_all(&smaller);
    let left = place.query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts__dev_test'",
    );
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_lost_database_is_built_anew_and_a_lost_state_is_read_from_the_ledger() {
    let place = Place::new();
    let project = project(&place, CSV, stg_orders);
    run_all(&project);
    std::fs::remove_dir_all(place.path.join(".dbgo")).unwrap();
    let ran = run_all(&project);
    assert_eq!(ran.outcome.summary.built, 0, "{:?}", ran.outcome.steps);
    assert_eq!(ran.outcome.published, 0);
    std::fs::remove_file(place.path.join("shop.duckdb")).unwrap();
    let refused = run_with(&project, &RunOptions::default()).err().unwrap();
    assert_eq!(refused.code, Code::TablesGone, "{refused:?}");
    let rebuilding = RunOptions {
        rebuild: true,
        ..RunOptions::default()
    };
    let ran = run_with(&project, &rebuilding).unwrap();
    assert_eq!(ran.outcome.summary.built, 3, "{:?}", ran.outcome.steps);
    assert_eq!(place.query(TOTALS), ["2|30.50"]);
}
