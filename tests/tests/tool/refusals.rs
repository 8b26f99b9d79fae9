//! What is wrong stops a command before anything is touched.

use crate::place::{Called, Place, dbgo};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const ORDERS: &str = "id,amount,status\n1,10,paid\n2,20,void\n";

fn shop() -> Place {
    Place::with(&[
        ("seeds/orders.csv", ORDERS),
        (
            "models/staging/stg_orders.sql",
            "-- @import: raw = seeds.orders\nselect id, amount, status from :raw\n",
        ),
        (
            "models/marts/paid.sql",
            "-- @config: materialized='table'\n-- @import: orders = models.staging.stg_orders\nselect id, amount from :orders where status = 'paid'\n",
        ),
        (
            "models/marts/totals.sql",
            "-- @import: orders = models.staging.stg_orders\nselect status, sum(amount) as total from :orders group by status\n",
        ),
    ])
}

#[test]
fn a_renamed_column_is_reported_at_every_use_and_the_database_is_not_touched() {
    let place = shop();
    place.dbgo(&["run"]).ends_with(0);
    place.write(
        "models/staging/stg_orders.sql",
        "-- @import: raw = seeds.orders\nselect id, amount, status as state from :raw\n",
    );
    let before = place.files();
    let check = place.dbgo(&["check", "--format", "concise"]).ends_with(1);
    for place in [
        "models/marts/paid.sql:3:38",
        "models/marts/totals.sql:2:8",
        "models/marts/totals.sql:2:59",
    ] {
        assert!(
            check
                .err
                .contains(&format!("{place}: error[unknown-column]")),
            "{place}\n{}",
            check.err
        );
    }
    place.dbgo(&["run"]).ends_with(1);
    assert_eq!(place.files(), before);
}

/// What only the engine knows of a constant is found by the engine, and answered from the cache the
/// second time; a variable without a value is no reason to refuse.
#[test]
fn the_engine_judges_every_query_where_it_is_asked_to() {
    let place = shop();
    place.write(
        "models/marts/paid.sql",
        "-- @import: orders = models.staging.stg_orders\n-- @var: share double = 0.5\n\
         select quantile_cont(amount, :share) as part from :orders\n",
    );
    let wrong = "-- @import: orders = models.staging.stg_orders\n\
                 select case when md5('a') = 'b' then 0 when\n\
                 #if env == 'prod'\n'2'\n\
                 #else\n'SIDEWAYS'\n#endif\n\
                 = 1 then amount end as found from :orders\n";
    place.write("models/marts/totals.sql", wrong);
    place.dbgo(&["check"]).ends_with(0);
    for _ in 0..2 {
        let found = place
            .dbgo(&["check", "--engine", "--format", "concise"])
            .ends_with(1);
        assert!(
            found.err.contains("models/marts/totals.sql:") && found.err.contains("engine-refuses"),
            "{}",
            found.err
        );
        assert!(!found.err.contains("paid.sql"), "{}", found.err);
    }
    // What it said is told only where it is asked.
    place.dbgo(&["check"]).ends_with(0);
    let built = place.dbgo(&["build", "--interfaces"]).ends_with(1);
    assert!(built.err.contains("engine-refuses"), "{}", built.err);
    place.write("models/marts/totals.sql", &wrong.replace("SIDEWAYS", "1"));
    place.dbgo(&["check", "--engine"]).ends_with(0);
}

#[test]
fn a_variable_that_is_not_set_is_named() {
    let place = Place::with(&[
        (
            "dbgo.toml",
            "name = \"shop\"\n[engine.local]\ntype = \"duckdb\"\npath = \"${SHOP_DATABASE}\"\n",
        ),
        ("models/a/one.sql", "select 1 as id\n"),
    ]);
    place.dbgo(&["check"]).ends_with(0);
    let before = place.files();
    let run = place.dbgo(&["run"]).ends_with(1);
    assert!(
        run.err
            .contains("`${SHOP_DATABASE}` in `path` of `[engine.local]` in `dbgo.toml`"),
        "{}",
        run.err
    );
    assert_eq!(place.files(), before, "nothing is written");
    place
        .dbgo_with(&["run"], &[("SHOP_DATABASE", "a.duckdb")])
        .ends_with(0);
    assert!(place.path().join("a.duckdb").is_file());
}

#[test]
fn without_a_rustc_nothing_is_written() {
    let place = shop();
    let before = place.files();
    let run = place
        .dbgo_with(&["run"], &[("DBGO_RUSTC", "/nowhere/rustc")])
        .ends_with(1);
    assert!(
        run.err.contains("error[rustc-missing]") && run.err.contains("`DBGO_RUSTC` names it"),
        "{}",
        run.err
    );
    assert_eq!(place.files(), before);
    place
        .dbgo_with(&["check"], &[("DBGO_RUSTC", "/nowhere/rustc")])
        .ends_with(0);
}

#[test]
fn a_database_that_another_process_holds_is_refused_with_its_holder() {
    let place = shop();
    place.dbgo(&["run"]).ends_with(0);
    // A second `dbgo` holds the file while its slow model runs.
    place.write(
        "models/marts/slow.sql",
        "-- @config: materialized='table'\nselect count(*) as n from range(100000) a, range(1000000) b where a.range * b.range % 7 = 3\n",
    );
    let mut holder = Command::new(dbgo())
        .args(["run", "--select", "slow"])
        .current_dir(place.path())
        .env("USER", "ana")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("dbgo starts");
    // Its first line comes when it has opened the database.
    let mut line = String::new();
    let mut talk = BufReader::new(holder.stderr.take().expect("what the holder says"));
    talk.read_line(&mut line).expect("what the holder says");
    let refused = place.dbgo(&["run", "--select", "paid"]);
    let interrupted = Command::new("kill")
        .args(["-INT", &holder.id().to_string()])
        .status();
    let ended = holder.wait().expect("the holder ends");
    interrupted.expect("kill");
    let refused = refused.ends_with(3);
    assert!(
        refused.err.contains(&holder.id().to_string()),
        "{}",
        refused.err
    );
    assert_eq!(ended.code(), Some(130));
    let after: Called = place.dbgo(&["run", "--select", "paid"]).ends_with(0);
    assert!(after.err.contains("marts.paid"), "{}", after.err);
}
