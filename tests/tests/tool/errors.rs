//! Errors that end a command: their words, their exit codes, and that they change nothing.

use crate::place::{Called, Place, dbgo};
use std::process::Command;

const SETTINGS: &str =
    "name = \"shop\"\n[engine.local]\ntype = \"duckdb\"\npath = \"shop.duckdb\"\n";

const EVENTS: &str = "-- @config: materialized='incremental', strategy='append'\n\
                      -- @import: orders = seeds.orders\n\
                      select id, amount from :orders\n\
                      #if is_incremental\n\
                      where id > (select max(id) from :this)\n\
                      #endif\n";

/// A project that has run once, with a table that keeps its history.
fn shop() -> Place {
    let place = Place::with(&[
        ("dbgo.toml", SETTINGS),
        ("seeds/orders.csv", "id,amount\n1,10\n2,20\n"),
        (
            "models/staging/large.sql",
            "-- @config: materialized='table'\n-- @import: orders = seeds.orders\n-- @var: least integer = 0\nselect id, amount from :orders where amount > :least\n",
        ),
        ("models/marts/events.sql", EVENTS),
        ("models/marts/twin.sql", "select 1 as id\n"),
        ("models/staging/twin.sql", "select 2 as id\n"),
    ]);
    place.dbgo(&["run"]).ends_with(0);
    place
}

/// Fails the test unless the call printed exactly this error first, and no data.
#[track_caller]
fn says(called: &Called, error: &str) {
    assert!(
        called.out.is_empty() && called.err.starts_with(error),
        "expected:\n{error}\nout:\n{}\nerr:\n{}",
        called.out,
        called.err
    );
}

/// A wrong call: its arguments, its exit code, and what it says.
type Wrong = (&'static [&'static str], i32, &'static str);

const CALLS: &[Wrong] = &[
    (
        &["show", "larg"],
        2,
        "error[unknown-model]: there is no model named `larg`\nhint: did you mean `large`?\n",
    ),
    (
        &["run", "--select", "source:nothing"],
        2,
        "error[unknown-model]: there is no source named `nothing`\n",
    ),
    (
        &["render", "twin"],
        2,
        "error[ambiguous-model]: `twin` may be `marts.twin` or `staging.twin`\n",
    ),
    (
        &["render", "seeds.orders"],
        2,
        "error[not-a-model]: `seeds.orders` is no model and has no query\n",
    ),
    (
        &["run", "--select", "colour:red"],
        2,
        "error[unknown-selector]: `colour:` in `colour:red` is no way to select models\nhint: known are `path:`",
    ),
    (
        &["run", "--var", "least"],
        2,
        "error[variable-value]: `least` gives a variable no value\nhint: write `--var least=value`\n",
    ),
    (
        &["run", "--var", "least=much"],
        2,
        "error[variable-value]: `least` of `models/staging/large.sql`: `much` isn't of type INTEGER\n",
    ),
    (
        &["run", "--var", "most=1"],
        2,
        "error[unknown-variable]: no model declares a variable named `most`\n",
    ),
    (
        &["runs", "nothing"],
        2,
        "error[unknown-run]: there is no run `nothing`\nhint: `runs` lists them\n",
    ),
];

#[test]
fn a_wrong_call_is_refused_and_changes_nothing() {
    let place = shop();
    let before = place.files();
    for (arguments, code, error) in CALLS {
        let called = place.dbgo(arguments).ends_with(*code);
        says(&called, error);
        assert_eq!(place.files(), before, "{arguments:?}");
    }
}

#[test]
fn wrong_settings_are_refused_and_change_nothing() {
    let cases = [
        (
            ".env",
            "SHOP=1\nnonsense\n".to_owned(),
            1,
            "error[env-file]: line 2 of `.env` isn't `NAME=value`\n",
        ),
        (
            "dbgo.toml",
            format!("{SETTINGS}[env]\ndefault = \"dev_${{SHOP_BRANCH}}\"\n"),
            1,
            "error[missing-variable]: `${SHOP_BRANCH}` in `default` of `[env]` in `dbgo.toml` has no value\nhint: set `SHOP_BRANCH` in the environment or in `.env`\n",
        ),
        (
            "dbgo.toml",
            format!("{SETTINGS}[env]\ndefault = \"deadbeef\"\n"),
            1,
            "error[environment-name]: an environment named `deadbeef` can't be told from the id of a plan\n",
        ),
        (
            "dbgo.toml",
            format!("{SETTINGS}[env]\ndefault = \"${{SHOP_BRANCH:-...}}\"\n"),
            1,
            "error[environment-name]: `...` gives the environment no name\n",
        ),
        (
            "dbgo.toml",
            format!("{SETTINGS}[state]\nurl = \"${{SHOP_STATE:-mysql://db/shop}}\"\n"),
            1,
            "error[state-address]: a state can't be in a database of type `mysql`\nhint: write `url = \"sqlite:.dbgo/state.db\"`",
        ),
        (
            "models/marts__dev_ana/other.sql",
            "select 1 as id\n".to_owned(),
            3,
            "error[environment-name]: the views of `dev_ana` would be in `marts__dev_ana`, a schema of the project\n",
        ),
        (
            "dbgo.toml",
            SETTINGS.replace("shop.duckdb", "nowhere/shop.duckdb"),
            4,
            "error[engine-failed]: `nowhere/shop.duckdb`: Cannot open file",
        ),
    ];
    for (path, text, code, error) in cases {
        let place = shop();
        place.write(path, &text);
        let before = place.files();
        let called = place.dbgo(&["run"]).ends_with(code);
        says(&called, error);
        assert_eq!(place.files(), before, "{error}");
    }
}

#[test]
fn a_relation_without_rows_is_not_shown() {
    let place = Place::with(&[("models/a/one.sql", "select 1 as id\n")]);
    let called = place.dbgo(&["show", "one"]).ends_with(1);
    says(
        &called,
        "error[not-built]: `a.one` isn't built yet\nhint: `run` builds it\n",
    );
}

#[test]
fn an_id_that_several_runs_begin_with_is_refused() {
    let place = Place::with(&[("models/a/one.sql", "select 1 as id\n")]);
    // Ids begin with one of sixteen digits: of seventeen runs, two begin with the same one.
    for _ in 0..17 {
        place.dbgo(&["run"]).ends_with(0);
    }
    let refused = "0123456789abcdef".chars().any(|digit| {
        let called = place.dbgo(&["runs", &digit.to_string()]);
        let error = format!("error[ambiguous-run]: several runs begin with `{digit}`\n");
        called.code == Some(2) && called.err == error
    });
    assert!(refused);
}

#[test]
fn a_table_that_keeps_its_history_is_never_altered_unasked() {
    let place = shop();
    place.write(
        "models/marts/events.sql",
        &EVENTS.replace("select id, amount", "select id, amount, 1 as pieces"),
    );
    let before = place.files();
    let called = place.dbgo(&["run"]).ends_with(3);
    says(
        &called,
        "error[columns-changed]: `marts.events` keeps its history, and its columns changed: `pieces` added\nhint: set `on_schema_change='append'`, `'sync'` or `'ignore'`\n",
    );
    assert_eq!(place.files(), before);
}

#[test]
fn a_lost_history_is_not_replaced_by_a_new_one() {
    let place = shop();
    let database = place.path().join("shop.duckdb");
    let kept = place.path().join("shop.backup");
    std::fs::rename(&database, &kept).expect("the database");
    let called = place.dbgo(&["run"]).ends_with(3);
    says(
        &called,
        "error[tables-gone]: `shop.duckdb` has lost tables that can't be computed again: `marts.events`\nhint: put the database back",
    );
    std::fs::rename(&kept, &database).expect("the database");
    let again = place.dbgo(&["run"]).ends_with(0);
    assert!(again.err.contains("up to date"), "{}", again.err);
}

#[test]
fn a_lost_history_begins_anew_when_it_is_forgotten() {
    let place = shop();
    std::fs::remove_file(place.path().join("shop.duckdb")).expect("the database");
    place.dbgo(&["run", "--rebuild"]).ends_with(3);
    place
        .dbgo(&[
            "state",
            "forget",
            "marts.events",
            "--destroy-history",
            "--yes",
        ])
        .ends_with(0);
    place.dbgo(&["run"]).ends_with(0);
    let shown = place.dbgo(&["show", "events", "--json"]).ends_with(0);
    assert!(shown.out.contains("\"row_count\": \"2\""), "{}", shown.out);
}

#[test]
fn a_file_that_is_no_state_is_left_as_it_is() {
    let place = shop();
    let state = place.path().join(".dbgo/state.db");
    std::fs::remove_dir_all(place.path().join(".dbgo")).expect("the state's folder");
    let nonsense = "this is no database, whatever its name says\n".repeat(100);
    place.write(".dbgo/state.db", &nonsense);
    let called = place.dbgo(&["run"]).ends_with(4);
    says(
        &called,
        "error[state-failed]: the state database failed: error returned from database: (code: 26) file is not a database\nhint: the state is in `",
    );
    let left = std::fs::read_to_string(&state).expect("the file");
    assert_eq!(left, nonsense);
    std::fs::remove_file(&state).expect("the file");
    // The ledger in the database knows what was built.
    let again = place.dbgo(&["run"]).ends_with(0);
    assert!(again.err.contains("up to date"), "{}", again.err);
}

#[test]
fn a_model_that_reads_itself_before_there_is_a_table_fails_alone() {
    let place = Place::with(&[
        ("models/a/good.sql", "select 1 as id\n"),
        (
            "models/a/early.sql",
            "-- @config: materialized='incremental', unique_key='id'\nselect 1 as id where 1 not in (select id from :this)\n",
        ),
    ]);
    let called = place.dbgo(&["run"]).ends_with(1);
    for part in [
        "`:this` is read before there is a table\n",
        "hint: put it between `#if is_incremental` and `#endif`\n",
        "note: `dbgo explain no-table-yet` tells more\n",
        "1 built, 1 failed",
    ] {
        assert!(called.err.contains(part), "{part}\n{}", called.err);
    }
}

/// A limit for the size of a file is to who writes what a full disk is.
#[cfg(unix)]
#[test]
fn a_full_disk_fails_the_model_and_leaves_what_was_there() {
    let log = "-- @config: materialized='incremental', strategy='append'\n-- @import: models.a\n\
               select count(*) as n from :a\n";
    let place = Place::with(&[
        (
            "models/a.sql",
            "-- @config: materialized='table'\nselect 1::ubigint as x\n",
        ),
        ("models/log.sql", log),
    ]);
    place.dbgo(&["run"]).ends_with(0);
    place.write(
        "models/a.sql",
        "-- @config: materialized='table'\nselect hash(range) as x from range(4000000)\n",
    );
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 24000; exec \"$0\" run"])
        .arg(dbgo())
        .current_dir(place.path())
        .env("USER", "ana")
        .env("NO_COLOR", "1")
        .output()
        .expect("a shell");
    let full = Called::of(&output).ends_with(4);
    assert!(
        full.err.contains("main.log             skipped"),
        "{}",
        full.err
    );
    let counts = "select concat((select count(*) from main__dev_ana.a), ' ', \
                  (select count(*) from main__dev_ana.log))";
    assert_eq!(place.sql(counts), "1 1");
    place.dbgo(&["run"]).ends_with(0);
    assert_eq!(place.sql(counts), "4000000 2");
}

/// The same for the state alone: a plan writes nothing else.
#[cfg(unix)]
#[test]
fn a_full_disk_under_the_state_loses_nothing() {
    let model = |value: u32| format!("select {value} as x\n");
    let place = Place::with(&[("models/a.sql", &model(1))]);
    place.dbgo(&["run"]).ends_with(0);
    let before = place
        .dbgo(&["state", "export", "before.jsonl"])
        .ends_with(0);
    place.write("models/a.sql", &model(2));
    // Compiled before, so that the plan finds its libraries.
    place.dbgo(&["show", "a"]).ends_with(0);
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" plan"])
        .arg(dbgo())
        .current_dir(place.path())
        .env("USER", "ana")
        .env("NO_COLOR", "1")
        .output()
        .expect("a shell");
    let full = Called::of(&output).ends_with(4);
    assert!(full.err.contains("error[state-failed]"), "{}", full.err);
    let plans = place.dbgo(&["plans", "--json"]).ends_with(0);
    assert!(plans.out.contains("\"plans\": []"), "{}", plans.out);
    let after = place.dbgo(&["state", "export", "after.jsonl"]).ends_with(0);
    assert_eq!(
        (before.err.is_empty(), place.read("before.jsonl")),
        (after.err.is_empty(), place.read("after.jsonl"))
    );
    place.dbgo(&["plan", "--detect"]).ends_with(5);
    place.dbgo(&["run"]).ends_with(0);
    place.dbgo(&["plan", "--detect"]).ends_with(0);
}
