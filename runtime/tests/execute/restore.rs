//! State and engine that have come apart: copies put back, databases exchanged, state deleted.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::contract::Materialization::{Incremental, Table};
use dbgo_runtime::contract::*;
use dbgo_runtime::error::Kind;
use dbgo_runtime::execute::RunOptions;
use dbgo_runtime::project::Project;

const DAYS: &[ColumnOf] = &[("day", "DATE", true)];
const X: &[ColumnOf] = &[("x", "INTEGER", false)];

render!(every_day, |facts, sql| {
    sql.text("SELECT ");
    sql.start_date();
    sql.text(" AS day");
});
render!(one, |facts, sql| { sql.text("SELECT 1 AS x") });
render!(two, |facts, sql| { sql.text("SELECT 2 AS x") });

fn days(place: &Place, end: &'static str) -> Project {
    let incremental = IncrementalDef {
        batch_size: 1,
        ..daily("2013-01-01", end)
    };
    let model = model("models.main.days", Incremental, &[], DAYS, every_day);
    let model = ModelDef {
        incremental,
        ..model
    };
    place.project(vec![model], vec![], vec![])
}

fn tables(place: &Place, names: &[(&'static str, Render)]) -> Project {
    let models = names
        .iter()
        .map(|(path, render)| model(path, Table, &[], X, *render));
    place.project(models.collect(), vec![], vec![])
}

const COUNT: &str = "SELECT count(*) FROM main__dev_test.days";

#[test]
fn an_older_copy_of_the_database_is_filled_again() {
    let place = Place::new();
    let (database, copy) = (place.path.join("shop.duckdb"), place.path.join("copy"));
    run_all(&days(&place, "2013-01-03"));
    std::fs::copy(&database, &copy).unwrap();
    let project = days(&place, "2013-01-06");
    run_all(&project);
    assert_eq!(place.query(COUNT), ["5"]);

    std::fs::copy(&copy, &database).unwrap();
    let ran = run_all(&project);
    assert_eq!(ran.status("models.main.days"), "built");
    assert_eq!(place.query(COUNT), ["5"]);
    let ran = run_all(&project);
    assert_eq!(ran.note("models.main.days"), "complete: 5 of 5 days");
}

#[test]
fn an_older_copy_of_the_state_is_completed_from_the_ledger() {
    let place = Place::new();
    let (state, copy) = (place.path.join(".dbgo/state.db"), place.path.join("copy"));
    run_all(&days(&place, "2013-01-03"));
    std::fs::copy(&state, &copy).unwrap();
    let project = days(&place, "2013-01-06");
    run_all(&project);
    for name in ["state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(place.path.join(".dbgo").join(name));
    }
    std::fs::copy(&copy, &state).unwrap();
    let ran = run_all(&project);
    assert_eq!(ran.note("models.main.days"), "complete: 5 of 5 days");
    assert_eq!(place.query(COUNT), ["5"]);
    // Tokens go on growing although the copy knows smaller ones.
    let ran = run_all(&days(&place, "2013-01-07"));
    assert_eq!(ran.status("models.main.days"), "built");
    assert_eq!(place.query(COUNT), ["6"]);
}

#[test]
fn another_state_database_is_refused_unless_it_is_new() {
    let place = Place::new();
    let project = days(&place, "2013-01-03");
    let (state, first) = (place.path.join(".dbgo"), place.path.join("first"));
    run_all(&project);
    std::fs::rename(&state, &first).unwrap();
    assert_eq!(
        run_all(&project).status("models.main.days"),
        "unchanged",
        "a new state reads the ledger"
    );
    std::fs::remove_dir_all(&state).unwrap();
    std::fs::rename(&first, &state).unwrap();
    let error = run_with(&project, &RunOptions::default()).err().unwrap();
    assert_eq!(
        (error.code.text(), error.kind),
        ("state-differs", Kind::Refused)
    );
    assert!(error.hint.is_some());
}

#[test]
fn a_newer_layout_is_refused() {
    let place = Place::new();
    let project = days(&place, "2013-01-03");
    run_all(&project);
    place.execute(&["UPDATE _dbgo.meta SET format = 99"]);
    let error = run_with(&project, &RunOptions::default()).err().unwrap();
    assert_eq!(
        (error.code.text(), error.kind),
        ("state-moved-on", Kind::Refused)
    );
}

#[test]
fn a_model_that_came_back_is_ours_after_the_state_is_lost() {
    let place = Place::new();
    let both = [("models.main.a", one as Render), ("models.main.b", two)];
    run_all(&tables(&place, &both));
    run_all(&tables(&place, &both[..1]));
    run_all(&tables(&place, &both));
    std::fs::remove_dir_all(place.path.join(".dbgo")).unwrap();
    for _ in 0..2 {
        let ran = run_all(&tables(&place, &both));
        assert_eq!((ran.outcome.summary.built, ran.outcome.published), (0, 0));
    }
}

#[test]
fn what_another_environment_shows_is_kept_after_the_state_is_lost() {
    let mut place = Place::new();
    let folder = place.path.clone();
    let ana = ("dev_ana", [("models.main.a", one as Render)]);
    let bob = ("dev_bob", [("models.main.a", two as Render)]);
    let mut run_in = |(environment, models): &(&'static str, [(&'static str, Render); 1]),
                      full_refresh| {
        place.environment = environment;
        let options = RunOptions {
            full_refresh,
            ..RunOptions::default()
        };
        run_with(&tables(&place, models), &options).unwrap()
    };
    run_in(&ana, false);
    run_in(&ana, true);
    std::fs::remove_dir_all(folder.join(".dbgo")).unwrap();
    run_in(&bob, false);
    run_in(&bob, true);
    let ran = run_in(&ana, false);
    assert_eq!((ran.outcome.summary.built, ran.outcome.published), (0, 0));
    assert_eq!(place.query("SELECT x FROM main__dev_ana.a"), ["1"]);
}

#[test]
fn a_refused_run_writes_nothing_into_the_database() {
    let place = Place::new();
    let project = tables(&place, &[("models.main.a", one)]);
    let error = run_with(&project, &selected(&["nope"])).err().unwrap();
    assert_eq!(error.kind, Kind::Usage);
    let schemas = "SELECT count(*) FROM duckdb_schemas() WHERE schema_name = '_dbgo'";
    assert_eq!(place.query(schemas), ["0"]);
}
