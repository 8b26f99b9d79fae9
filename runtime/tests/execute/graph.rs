//! Failures and their descendants, selections, order.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::contract::Materialization::{Table, View};
use dbgo_runtime::contract::ModelDef;
use dbgo_runtime::error::Kind;
use dbgo_runtime::execute::RunOptions;
use dbgo_runtime::project::Project;

const X: &[ColumnOf] = &[("x", "INTEGER", false)];
const X_NOT_NULL: &[ColumnOf] = &[("x", "INTEGER", true)];

render!(one, |facts, sql| { sql.text("SELECT 1 AS x") });
render!(read, |facts, sql| {
    sql.text("SELECT x FROM ");
    sql.relation_as(0);
});
render!(fails, |facts, sql| {
    sql.text("SELECT CAST('a' || x AS INTEGER) AS x FROM ");
    sql.relation_as(0);
});
render!(nulls, |facts, sql| {
    sql.text("SELECT CASE WHEN i > 1 THEN NULL ELSE i::INTEGER END AS x FROM range(4) AS t(i)");
});
render!(clock, |facts, sql| {
    sql.text("SELECT CAST(date_part('year', ");
    sql.execution_ts();
    sql.text(") AS INTEGER) AS x");
});

fn project(place: &Place, broken: dbgo_runtime::contract::Render) -> Project {
    place.project(models(broken), vec![], vec![])
}

fn models(broken: dbgo_runtime::contract::Render) -> Vec<ModelDef> {
    vec![
        model("models.main.root", Table, &[], X, one),
        model(
            "models.main.broken",
            Table,
            &[("r", "models.main.root")],
            X,
            broken,
        ),
        model(
            "models.main.child",
            View,
            &[("b", "models.main.broken")],
            X,
            read,
        ),
        model(
            "models.main.grandchild",
            Table,
            &[("c", "models.main.child")],
            X,
            read,
        ),
        model(
            "models.main.sibling",
            Table,
            &[("r", "models.main.root")],
            X,
            read,
        ),
    ]
}

#[test]
fn descendants_of_a_failure_are_skipped_and_siblings_go_on() {
    let place = Place::new();
    let ran = run_all(&project(&place, fails));
    assert_eq!(ran.outcome.trouble, Some(Kind::Finding));
    assert_eq!(ran.status("models.main.broken"), "failed");
    assert!(
        ran.note("models.main.broken").contains("a1"),
        "{}",
        ran.note("models.main.broken")
    );
    assert_eq!(ran.status("models.main.child"), "skipped");
    assert_eq!(ran.note("models.main.grandchild"), "needs main.child");
    assert_eq!(ran.status("models.main.sibling"), "built");
    assert!(
        ran.not_published(),
        "a run that changes versions publishes nothing after a failure"
    );
    let schemas = place.query(
        "SELECT schema_name FROM information_schema.schemata WHERE schema_name = 'main__dev_test'",
    );
    assert!(schemas.is_empty());

    // Repaired, the next run builds the rest only and publishes all.
    let ran = run_all(&project(&place, read));
    assert_eq!(ran.outcome.trouble, None);
    assert_eq!(ran.status("models.main.sibling"), "unchanged");
    assert_eq!(ran.outcome.published, 5);
    assert_eq!(
        place.query("SELECT x FROM main__dev_test.grandchild"),
        ["1"]
    );
}

render!(fails_later, |facts, sql| {
    sql.text("SELECT CASE WHEN x > 1 THEN error('too much') ELSE x END::INTEGER AS x FROM ");
    sql.relation(0);
    sql.text(" AS t");
});

#[test]
fn without_new_versions_what_passed_is_published_and_the_rest_keeps_its_rows() {
    let place = Place::new();
    place.execute(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.n AS SELECT 1::INTEGER AS x",
    ]);
    let project = place.project(
        vec![
            model("models.main.a", Table, &[("n", "sources.raw.n")], X, read),
            model(
                "models.main.b",
                Table,
                &[("a", "models.main.a")],
                X,
                fails_later,
            ),
            model(
                "models.main.v",
                View,
                &[("b", "models.main.b"), ("a", "models.main.a")],
                X,
                read,
            ),
        ],
        vec![],
        vec![place.source("n", "", X)],
    );
    assert_eq!(run_all(&project).outcome.trouble, None);
    place.execute(&["UPDATE raw.n SET x = 2"]);
    let ran = run_all(&project);
    assert_eq!(ran.status("models.main.b"), "failed");
    assert_eq!(place.query("SELECT x FROM main__dev_test.a"), ["2"]);
    assert_eq!(place.query("SELECT x FROM main__dev_test.b"), ["1"]);
    assert_eq!(place.query("SELECT x FROM main__dev_test.v"), ["1"]);
    place.execute(&["UPDATE raw.n SET x = 0"]);
    assert_eq!(run_all(&project).outcome.trouble, None);
    assert_eq!(place.query("SELECT x FROM main__dev_test.v"), ["0"]);
    // One table of each model is left, and a view.
    assert_eq!(place.physical().len(), 3, "{:?}", place.physical());
}

#[test]
fn a_broken_contract_fails_the_model_and_leaves_nothing() {
    let place = Place::new();
    let project = place.project(
        vec![model("models.main.n", Table, &[], X_NOT_NULL, nulls)],
        vec![],
        vec![],
    );
    let ran = run_all(&project);
    assert_eq!(ran.status("models.main.n"), "failed");
    assert!(
        ran.note("models.main.n")
            .starts_with("contract `not null` broken: `x` in 2 rows")
    );
    assert!(place.physical().is_empty());
    assert_eq!(place.query("SELECT count(*) FROM _dbgo.ledger"), ["0"]);
}

#[test]
fn fail_fast_starts_nothing_new() {
    let place = Place::new();
    let options = RunOptions {
        fail_fast: true,
        workers: Some(1),
        ..RunOptions::default()
    };
    let ran = run_with(&project(&place, fails), &options).unwrap();
    assert_eq!(ran.status("models.main.broken"), "failed");
    assert_eq!(
        ran.note("models.main.sibling"),
        "`--fail-fast` after main.broken"
    );
}

#[test]
fn a_selection_needs_built_parents() {
    let place = Place::new();
    let project = project(&place, read);
    let error = run_with(&project, &selected(&["child"])).err().unwrap();
    assert_eq!(
        (error.code.text(), error.kind),
        ("parent-not-built", Kind::Usage)
    );
    let ran = run_with(&project, &selected(&["+child"])).unwrap();
    assert_eq!(ran.outcome.steps.len(), 3);
    assert_eq!(place.query("SELECT x FROM main__dev_test.child"), ["1"]);
    let ran = run_with(&project, &selected(&["grandchild"])).unwrap();
    assert_eq!(
        ran.statuses().into_iter().collect::<Vec<_>>(),
        [("models.main.grandchild", "built")]
    );
    let options = RunOptions {
        exclude: vec!["kind:table".to_owned()],
        ..selected(&["result:built", "child"])
    };
    let ran = run_with(&project, &options).unwrap();
    assert_eq!(
        ran.statuses().into_iter().collect::<Vec<_>>(),
        [("models.main.child", "unchanged")]
    );
    let error = run_with(&project, &selected(&["childd"])).err().unwrap();
    assert_eq!(error.code.text(), "unknown-model");
    assert_eq!(error.hint.as_deref(), Some("did you mean `child`?"));
}

#[test]
fn a_query_that_reads_the_clock_is_never_up_to_date() {
    let place = Place::new();
    let project = place.project(
        vec![
            model("models.main.c", Table, &[], X, clock),
            model("models.main.d", Table, &[("c", "models.main.c")], X, read),
        ],
        vec![],
        vec![],
    );
    run_all(&project);
    let ran = run_all(&project);
    assert_eq!(ran.status("models.main.c"), "built");
    assert_eq!(ran.status("models.main.d"), "built");
}

render!(moment, |facts, sql| {
    sql.text("SELECT ");
    sql.execution_ts();
    sql.text(" AS x");
});

#[test]
fn the_clock_has_the_type_that_the_compiler_gives_it() {
    let place = Place::new();
    let columns = &[("x", "TIMESTAMP", true)];
    let model = model("models.main.c", Table, &[], columns, moment);
    run_all(&place.project(vec![model], vec![], vec![]));
    let kind = place.query("SELECT typeof(x) FROM main__dev_test.c");
    assert_eq!(kind, ["TIMESTAMP"]);
}

#[test]
fn many_models_in_layers_are_built_in_parallel() {
    let place = Place::new();
    let mut models = Vec::new();
    for layer in 0..3 {
        for number in 0..40 {
            let path: &'static str = text(&format!("models.l{layer}.m{number}")).as_str();
            if layer == 0 {
                models.push(model(path, Table, &[], X, one));
            } else {
                let parent =
                    text(&format!("models.l{}.m{}", layer - 1, (number * 7) % 40)).as_str();
                models.push(model(path, Table, &[("p", parent)], X, read));
            }
        }
    }
    let project = place.project(models, vec![], vec![]);
    let options = RunOptions {
        workers: Some(8),
        ..RunOptions::default()
    };
    let ran = run_with(&project, &options).unwrap();
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(
        (ran.outcome.summary.built, ran.outcome.published),
        (120, 120)
    );
    assert_eq!(run_all(&project).outcome.summary.unchanged, 120);
}

#[test]
#[ignore = "takes long without optimisation; prints times to compare"]
fn a_thousand_models() {
    let place = Place::new();
    let mut models = Vec::new();
    for layer in 0..3 {
        for number in 0..333 {
            let path: &'static str = text(&format!("models.l{layer}.m{number}")).as_str();
            if layer == 0 {
                models.push(model(path, Table, &[("s", "seeds.s")], X, read));
            } else {
                let parent =
                    text(&format!("models.l{}.m{}", layer - 1, (number * 7) % 333)).as_str();
                models.push(model(path, Table, &[("p", parent)], X, read));
            }
        }
    }
    let csv = (0..1000).fold("x\n".to_owned(), |csv, x| format!("{csv}{x}\n"));
    let seed = place.seed("s", &csv, X);
    let project = place.project(models, vec![seed], vec![]);
    let started = std::time::Instant::now();
    plain_script(
        &place.path.join("plain.duckdb"),
        &place.path.join("seeds/s.csv"),
    );
    println!("plain {:?}", started.elapsed());
    for _ in 0..2 {
        let started = std::time::Instant::now();
        let ran = run_all(&project);
        println!("run {:?}", started.elapsed());
        assert_eq!(ran.outcome.trouble, None);
    }
}

/// The same tables by statements of their own over one connection.
fn plain_script(database: &std::path::Path, seed: &std::path::Path) {
    use dbgo_runtime::adapters::{self, OpenOptions};
    let options = OpenOptions::default();
    let adapter = adapters::open("duckdb", &database.to_string_lossy(), &options).unwrap();
    let mut session = adapter.session().unwrap();
    let mut execute = |statement: &str| {
        let mut transaction = session.begin().unwrap();
        transaction.execute(statement).unwrap();
        transaction.commit().unwrap();
    };
    execute(&format!(
        "CREATE TABLE s AS FROM read_csv('{}')",
        seed.display()
    ));
    for layer in 0..3 {
        for number in 0..333 {
            let parent = match layer {
                0 => "s".to_owned(),
                _ => format!("l{}_m{}", layer - 1, (number * 7) % 333),
            };
            execute(&format!(
                "CREATE TABLE l{layer}_m{number} AS SELECT x FROM {parent}"
            ));
        }
    }
}
