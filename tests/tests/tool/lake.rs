//! Tables in DuckLake, which several processes write side by side.

use crate::paused::{Paused, signal};
use crate::place::Place;
use dbgo_runtime::adapters::{self, ErrorClass, Fence, OpenOptions, Session};
use dbgo_tests::data::{Data, Lake, lakes};
use std::path::Path;

/// A project in a lake of its own, with leases of so long; nothing where there can be none, which is said.
pub fn project(files: &[(&str, &str)], lease: &str) -> Option<(Place, Data)> {
    let (server, extensions) = lakes()?;
    let place = Place::with(files);
    let schema = server.fresh();
    let (_, schema) = schema.split_once("schema=").expect("a schema");
    let lake = Lake::new((server, &extensions), schema, &place.path().join("lake"));
    let data = Data::Lake(lake);
    let settings = format!(
        "name = \"shop\"\n{}[run]\nlease = \"{lease}\"\n",
        data.settings()
    );
    place.write("dbgo.toml", &settings);
    Some((place, data))
}

/// Another checkout of the project, with other models, the same lake and the same state.
fn beside(place: &Place) -> Place {
    let other = Place::with(&[("models/other/c.sql", A)]);
    let settings = place.read("dbgo.toml");
    let state = place.path().join(".dbgo/state.db");
    let state = format!("[state]\nurl = \"sqlite:{}\"\n", state.display());
    other.write("dbgo.toml", &format!("{settings}{state}"));
    other
}

/// The values of a query's only column.
pub fn texts(data: &Data, query: &str) -> Vec<String> {
    let connection = data.read().expect("a lake");
    let mut statement = connection.prepare(query).expect("a query");
    let rows = statement.query_map([], |row| row.get(0)).expect("rows");
    rows.map(|row| row.expect("a text")).collect()
}

/// Each batch of the ledger that is about a model.
pub fn batches(data: &Data) -> Vec<String> {
    texts(
        data,
        "SELECT batch_id FROM _dbgo.ledger WHERE entry ->> 'model' <> '' ORDER BY batch_id",
    )
}

pub const A: &str = "-- @config: materialized='table'\nselect range as id from range(10)\n";
const B: &str = "-- @import: a = models.core.a\nselect count(*) as n from :a\n";
pub const LOG: &str = "-- @config: materialized='incremental', strategy='append'\n\
    -- @import: a = models.core.a\nselect max(id) as id from :a\n";

#[test]
fn a_project_lives_in_a_lake() {
    let files = [("models/core/a.sql", A), ("models/core/b.sql", B)];
    let Some((place, data)) = project(&files, "10 minutes") else {
        return;
    };
    let run = place.dbgo(&["run"]).ends_with(0);
    assert!(run.err.contains("2 built"), "{}", run.err);
    let again = place.dbgo(&["run"]).ends_with(0);
    assert!(again.err.contains("2 up to date"), "{}", again.err);
    let shown = place.dbgo(&["show", "core.b"]).ends_with(0);
    assert!(shown.out.contains("10"), "{}", shown.out);

    // Another environment shows the same tables; what changes is built aside.
    let applied = place.dbgo(&["apply", "prod", "--yes"]).ends_with(0);
    assert!(applied.err.contains("2 to reuse"), "{}", applied.err);
    place.write("models/core/a.sql", &A.replace("10", "12"));
    place.dbgo(&["run"]).ends_with(0);
    let n = |schema: &str| texts(&data, &format!("SELECT n::VARCHAR FROM {schema}.b"));
    assert_eq!(
        (n("core__dev_ana"), n("core")),
        (vec!["12".to_owned()], vec!["10".to_owned()])
    );
    place
        .dbgo(&["promote", "dev_ana", "prod", "--yes"])
        .ends_with(0);
    assert_eq!(n("core"), ["12"]);
    place
        .dbgo(&["env", "rollback", "prod", "--yes"])
        .ends_with(0);
    assert_eq!(n("core"), ["10"]);

    // Who looks at the lake with another client sees the views as well.
    let tables = "SELECT table_name FROM duckdb_tables() WHERE schema_name = '_dbgo'
        AND table_name LIKE 'core__a%' ORDER BY 1";
    assert_eq!(texts(&data, tables).len(), 2);
    place
        .dbgo(&["env", "drop", "dev_ana", "--yes"])
        .ends_with(0);
    place.dbgo(&["janitor", "--yes"]).ends_with(0);
    assert_eq!(n("core"), ["10"]);
}

#[test]
fn whoever_was_killed_leaves_what_the_next_one_goes_on_with() {
    let files = [("models/core/a.sql", A), ("models/core/log.sql", LOG)];
    let Some((place, data)) = project(&files, "10 minutes") else {
        return;
    };
    for point in [
        "before-bookkeeping-commit",
        "after-bookkeeping-commit",
        "before-fence-commit",
        "after-fence-commit",
        "before-batch-commit@core.a",
        "after-batch-commit@core.a",
        "before-batch-commit@core.log",
        "after-batch-commit@core.log",
        "before-publication-commit",
        "after-publication-commit",
    ] {
        let killed = format!("{point}=kill");
        let ended = place.dbgo_with(&["run"], &[("DBGO_FAILPOINT", &killed)]);
        assert_eq!(ended.code, None, "{point}: {}", ended.err);
    }
    let run = place.dbgo(&["run"]).ends_with(0);
    assert!(run.err.contains("2 up to date"), "{}", run.err);
    assert_eq!(batches(&data).len(), 2);
    let fences =
        "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'fence\\_%' ESCAPE '\\'";
    assert_eq!(texts(&data, fences).len(), 1, "those of the dead are gone");
    let log = texts(&data, "SELECT count(*)::VARCHAR FROM core__dev_ana.log");
    let told = texts(
        &data,
        "SELECT count(*)::VARCHAR FROM _dbgo.ledger WHERE entry ->> 'model' = 'models.core.log'",
    );
    assert_eq!(log, told, "a row for each batch");
}

#[test]
fn who_was_paused_and_taken_over_commits_nothing_any_more() {
    let log = "-- @config: materialized='incremental', strategy='append'\nselect 1 as id\n";
    let Some((place, data)) = project(&[("models/core/log.sql", log)], "5 seconds") else {
        return;
    };
    let paused = Paused::at(&place, "before-batch-commit=stop", &["run"]);
    let refused = place.dbgo(&["run"]).ends_with(3);
    assert!(refused.err.contains("error[lease-held]"), "{}", refused.err);
    assert!(
        refused.err.contains(&format!("process {}", paused.pid())),
        "{}",
        refused.err
    );
    // Its lease ends meanwhile.
    let taken = place.dbgo(&["run", "--wait", "60"]).ends_with(0);
    assert!(taken.err.contains("1 built"), "{}", taken.err);
    signal(paused.pid(), "-CONT");
    let ended = paused.ended();
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    assert_eq!(batches(&data).len(), 1);
    let rows = texts(&data, "SELECT count(*)::VARCHAR FROM core__dev_ana.log");
    assert_eq!(rows, ["1"]);
}

#[test]
fn two_environments_go_side_by_side_and_build_what_both_need_once() {
    let files = [("models/core/a.sql", A), ("models/core/b.sql", B)];
    let Some((place, data)) = project(&files, "10 minutes") else {
        return;
    };
    let paused = Paused::at(
        &place,
        "before-batch-commit@core.a=stop",
        &["apply", "one", "--yes"],
    );
    // The same tables: who comes second waits, or is told who builds them.
    let refused = place.dbgo(&["apply", "two", "--yes"]).ends_with(3);
    assert!(refused.err.contains("the table `core__"), "{}", refused.err);
    assert!(
        refused.err.contains(&format!("process {}", paused.pid())),
        "{}",
        refused.err
    );
    // Others: it isn't in the way.
    let other = beside(&place);
    let third = other.dbgo(&["apply", "three", "--yes"]).ends_with(0);
    assert!(third.err.contains("1 built"), "{}", third.err);
    // A plan that was made before is carried out once the first one is done, with nothing left to build.
    let waiting = Paused::start(&place, &["apply", "two", "--yes", "--wait", "60"]);
    std::thread::sleep(std::time::Duration::from_millis(500));
    signal(paused.pid(), "-CONT");
    assert_eq!(paused.ended().code, Some(0));
    let second = waiting.ended();
    assert_eq!(second.code, Some(0), "{}", second.err);
    let built = batches(&data);
    assert_eq!(built.len(), 3, "{built:?}\n{}", second.err);
    for environment in ["one", "two"] {
        let n = format!("SELECT n::VARCHAR FROM core__{environment}.b");
        assert_eq!(texts(&data, &n), ["10"]);
    }
    let table = "SELECT count(*)::VARCHAR FROM duckdb_tables() WHERE table_name LIKE 'core__a%'";
    assert_eq!(texts(&data, table), ["1"]);
}

#[test]
fn tables_that_nobody_needs_go_when_nobody_else_is_at_work() {
    let Some((place, data)) = project(&[("models/core/a.sql", A)], "10 minutes") else {
        return;
    };
    place.dbgo(&["run"]).ends_with(0);
    let other = beside(&place);
    let paused = Paused::at(
        &other,
        "before-batch-commit=stop",
        &["apply", "two", "--yes"],
    );
    place.dbgo(&["run", "--full-refresh"]).ends_with(0);
    let tables =
        "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'core__a%' ORDER BY 1";
    assert_eq!(texts(&data, tables).len(), 2, "somebody is at work");
    let refused = place.dbgo(&["janitor", "--yes"]);
    let told = format!("process {}", paused.pid());
    assert!(
        refused.err.contains(&told) || refused.out.contains(&told),
        "{}{}",
        refused.out,
        refused.err
    );
    signal(paused.pid(), "-CONT");
    paused.ended().ends_with(0);
    place.dbgo(&["run"]).ends_with(0);
    let left = texts(&data, tables);
    assert!(left.len() == 1 && left[0].ends_with("_2"), "{left:?}");
}

#[test]
fn each_lease_has_a_fence_of_its_own() {
    let Some((_place, Data::Lake(lake))) = project(&[], "30 s") else {
        return;
    };
    let options = OpenOptions {
        options: vec![
            ("data".to_owned(), lake.data.display().to_string()),
            (
                "extensions".to_owned(),
                lake.extensions.display().to_string(),
            ),
        ],
        project: "shop".to_owned(),
        ..OpenOptions::default()
    };
    let adapter = adapters::open("ducklake", &lake.catalog, &options).expect("a lake");
    let [mut one, mut two] = [(); 2].map(|()| adapter.session().expect("a session"));
    one.create_bookkeeping("state").expect("tables");
    let fence = |token, ended| Fence {
        state_id: "state",
        token,
        holder: "ana",
        ended,
    };
    one.take_fence(&fence(3, &[])).expect("a fence");
    two.take_fence(&fence(4, &[])).expect("another one");
    let mut known = one.fences().expect("fences");
    known.sort_unstable();
    assert_eq!(known, [3, 4]);

    // Both write; then one is taken over in the midst of its transaction.
    let write = |session: &mut Session, token, statement: &str| {
        let mut transaction = session.begin()?;
        transaction.check_fence(token)?;
        transaction.execute(statement)?;
        transaction.commit()
    };
    write(&mut one, 3, "CREATE TABLE _dbgo.a__a__1_1 AS SELECT 1 AS x").expect("a table");
    write(&mut two, 4, "CREATE TABLE _dbgo.a__b__1_1 AS SELECT 1 AS x").expect("a table");
    let mut transaction = one.begin().expect("a transaction");
    transaction.check_fence(3).expect("it holds");
    let insert = "INSERT INTO _dbgo.a__a__1_1 VALUES (2)";
    transaction.execute(insert).expect("a row");
    two.take_fence(&fence(5, &[3])).expect("a fence");
    let error = transaction.commit().expect_err("it was taken over");
    assert_eq!(error.class, ErrorClass::Retry, "{error}");
    let error = write(&mut one, 3, insert).expect_err("it has no fence");
    assert_eq!(error.class, ErrorClass::Fenced, "{error}");
    write(&mut two, 4, "INSERT INTO _dbgo.a__b__1_1 VALUES (2)").expect("it still has one");
    let rows = one.query("SELECT * FROM _dbgo.a__a__1_1").expect("rows");
    assert_eq!(rows.row_count(), 1);

    // Another state writes nothing, and a batch is there once.
    let foreign = Fence {
        state_id: "other",
        ..fence(9, &[])
    };
    let error = one.take_fence(&foreign).expect_err("another state");
    assert_eq!(error.class, ErrorClass::Fenced, "{error}");
}

/// A project whose lake can't be opened.
fn out_of_reach(files: &[(&str, &str)], extensions: &Path) -> Place {
    let place = Place::with(files);
    let settings = format!(
        "name = \"shop\"\n[engine.lake]\ntype = \"ducklake\"\n\
         catalog = \"postgres://ana:geheim@127.0.0.1:9/shop?schema=lake\"\ndata = \"lake\"\n\
         extensions = \"{}\"\n",
        extensions.display()
    );
    place.write("dbgo.toml", &settings);
    place
}

#[test]
fn an_extension_that_is_missing_is_named() {
    let place = out_of_reach(&[("models/core/a.sql", A)], Path::new("nowhere"));
    let run = place.dbgo(&["run"]).ends_with(1);
    assert!(run.err.contains("error[extension-missing]"), "{}", run.err);
    assert!(
        run.err.contains("duckdb-extension-postgres-scanner"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("geheim"), "{}", run.err);
}

#[test]
fn a_catalogue_that_can_t_be_reached_is_told_without_its_password() {
    let Some((_, extensions)) = lakes() else {
        return;
    };
    let place = out_of_reach(&[("models/core/a.sql", A)], &extensions);
    let run = place.dbgo(&["run"]).ends_with(4);
    assert!(run.err.contains("error[engine-failed]"), "{}", run.err);
    assert!(
        run.err.contains("the catalogue can't be reached"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("geheim"), "{}", run.err);
}

#[test]
fn what_a_lake_can_t_hold_is_refused_before_anything_is_built() {
    let enumerated = "-- @config: materialized='table'\n\
        select 'a'::enum('a', 'b') as size, 1 as id\n";
    let place = out_of_reach(&[("models/core/a.sql", enumerated)], Path::new("nowhere"));
    let plan = place.dbgo(&["plan"]).ends_with(1);
    assert!(
        plan.err.contains("error[engine-cannot-hold]"),
        "{}",
        plan.err
    );
    assert!(
        plan.err
            .contains("the column `size` of `core.a`: `ENUM('a', 'b')`"),
        "{}",
        plan.err
    );
    // A view holds nothing.
    place.write("models/core/a.sql", "select 'a'::enum('a', 'b') as size\n");
    place.dbgo(&["plan"]).ends_with(0);
    place.write(
        "models/core/a.sql",
        &A.replace("-- @", "-- @index: (id)\n-- @"),
    );
    let plan = place.dbgo(&["plan"]).ends_with(1);
    assert!(plan.err.contains("DuckLake has no indexes"), "{}", plan.err);
}
