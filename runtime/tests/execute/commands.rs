//! What the commands print, each in a process of its own.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::cli::{
    self, RenderArguments, RunArguments, RunsArguments, ShowArguments, Terminal,
};
use dbgo_runtime::contract::Materialization::{Ephemeral, Incremental, Table, View};
use dbgo_runtime::contract::ModelDef;
use dbgo_runtime::project::Project;
use std::path::Path;
use std::process::{Command, ExitCode, Output};

const FOLDER: &str = "DBGO_TEST_FOLDER";
const COMMAND: &str = "DBGO_TEST_COMMAND";
const DATA: &[ColumnOf] = &[
    ("day", "DATE", true),
    ("big", "BIGINT", false),
    ("price", "DECIMAL(38,2)", false),
];

render!(data, |facts, sql| {
    sql.text("SELECT DATE '2013-01-01' + i::INTEGER AS day, 9007199254740993 + i AS big, ");
    sql.text("CASE WHEN i < 2 THEN 1.5::DECIMAL(38,2) END AS price FROM range(3) AS t(i)");
});
const BIG: &[ColumnOf] = &[("big", "BIGINT", false)];

const ODD: &[ColumnOf] = &[
    ("total", "HUGEINT", false),
    ("id", "UUID", false),
    ("until", "TIMESTAMP", false),
    ("small", "INTEGER", false),
];

render!(odd, |facts, sql| {
    sql.text("SELECT sum(12345) AS total, '00000000-0000-0000-0000-00000000000a'::UUID AS id, ");
    sql.text("'infinity'::TIMESTAMP AS until, 7 AS small");
});
render!(all, |facts, sql| {
    sql.text("FROM ");
    sql.relation_as(0);
});
render!(early, |facts, sql| {
    sql.text("FROM ");
    sql.relation_as(0);
    sql.text(" WHERE day < '2013-01-03'");
});
render!(by_day, |facts, sql| {
    sql.text("SELECT day, big, price FROM ");
    sql.relation_as(0);
    sql.text(" WHERE day >= ");
    sql.start_ts();
    sql.text(" AND day < ");
    sql.end_ts();
    if facts.is_incremental() {
        sql.text(" AND big > 0");
    }
});

fn project(place: &Place) -> Project {
    place.project(
        vec![
            model("models.main.data", View, &[], DATA, data),
            model(
                "models.main.early",
                Ephemeral,
                &[("d", "models.main.data")],
                DATA,
                early,
            ),
            model("models.main.odd", Ephemeral, &[], ODD, odd),
            ModelDef {
                incremental: daily("2013-01-01", "2013-01-04"),
                ..model(
                    "models.main.days",
                    Incremental,
                    &[("d", "models.main.data")],
                    DATA,
                    by_day,
                )
            },
        ],
        vec![],
        vec![],
    )
}

/// Does what the environment says, as a program would.
#[test]
#[ignore = "started by other tests as a process of its own"]
fn child_that_does_a_command() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let command = std::env::var(COMMAND).unwrap();
    let project = project(&Place::at(Path::new(&folder)));
    let terminal = Terminal::detect();
    let (word, model) = command.split_once(' ').unwrap_or((&command, ""));
    let json = command.ends_with("--json");
    let model = model.trim_end_matches("--json").trim().to_owned();
    let code = match word {
        "run-built" => {
            let place = Place::at(Path::new(&folder));
            let seed = place.carried(place.seed("s", "big\n1\n2\n", BIG));
            let reading =
                crate::fixture::model("models.main.b", Table, &[("s", "seeds.s")], BIG, all);
            let project = place.built(vec![reading], vec![seed], vec![]);
            cli::run(&project, &RunArguments::default(), &terminal)
        }
        "run" => {
            let arguments = RunArguments {
                json,
                ..RunArguments::default()
            };
            cli::run(&project, &arguments, &terminal)
        }
        "show" => cli::show(
            &project,
            &ShowArguments {
                env: None,
                model,
                limit: 2,
                json,
            },
            &terminal,
        ),
        "runs" => {
            let id = (!model.is_empty()).then_some(model);
            cli::runs(&project, &RunsArguments { id, limit: 9, json }, &terminal)
        }
        _ => {
            let arguments = RenderArguments {
                env: None,
                model,
                incremental: false,
                full_refresh: false,
                var: Vec::new(),
                json,
            };
            cli::render(&project, &arguments, &terminal)
        }
    };
    let code = (0..=255_u8)
        .find(|number| code == ExitCode::from(*number))
        .unwrap();
    std::process::exit(i32::from(code));
}

/// Standard output without the lines of the test harness, standard error, and the exit code.
fn command(place: &Place, command: &str) -> (String, String, i32) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "commands::child_that_does_a_command",
            "--ignored",
            "--nocapture",
        ])
        .current_dir(&place.path)
        .env(FOLDER, &place.path)
        .env(COMMAND, command)
        .output()
        .unwrap();
    let out = String::from_utf8(stdout).unwrap();
    let own = out.trim_start_matches("\nrunning 1 test\n").to_owned();
    (
        own,
        String::from_utf8(stderr).unwrap(),
        status.code().unwrap(),
    )
}

#[test]
fn commands_print_data_and_talk_apart() {
    let place = Place::new();
    let (out, talk, code) = command(&place, "show days");
    assert_eq!((out.as_str(), code), ("", 1));
    assert!(
        talk.contains("error[not-built]: `main.days` isn't built yet"),
        "{talk}"
    );

    let (out, talk, code) = command(&place, "run --json");
    assert_eq!(code, 0, "{talk}");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["schema"], "dbgo/run/1");
    assert_eq!(document["built"], 2);
    assert!(
        talk.starts_with("  dev_test on duckdb shop.duckdb · 4 models, 2 changed\n"),
        "{talk}"
    );
    assert!(talk.contains("incremental 3 of 3 days"), "{talk}");
    assert!(
        talk.lines().all(|line| line.chars().count() <= 80),
        "{talk}"
    );

    let (out, talk, code) = command(&place, "show days");
    assert_eq!(code, 0, "{talk}");
    assert_eq!(
        out,
        " day                      big  price\n \
         2013-01-01  9007199254740993   1.50\n \
         2013-01-02  9007199254740994   1.50\n"
    );
    assert_eq!(talk, "2 of 3 rows\n");

    let (out, _, code) = command(&place, "show early --json");
    assert_eq!(code, 0);
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["schema"], "dbgo/show/1");
    assert_eq!(document["row_count"], "2");
    assert_eq!(document["columns"][2]["type"], "DECIMAL(38,2)");
    assert_eq!(
        document["rows"][0],
        serde_json::json!(["2013-01-01", "9007199254740993", "1.50"])
    );
}

#[test]
fn values_are_shown_as_the_engine_prints_them() {
    let place = Place::new();
    assert_eq!(command(&place, "run").2, 0);
    let (out, _, _) = command(&place, "show odd");
    assert_eq!(
        out,
        " total  id                                    until     small\n \
         12345  00000000-0000-0000-0000-00000000000a  infinity      7\n"
    );
    let (out, _, _) = command(&place, "show odd --json");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    let id = "00000000-0000-0000-0000-00000000000a";
    assert_eq!(
        document["rows"][0],
        serde_json::json!(["12345", id, "infinity", 7])
    );
}

#[test]
fn render_shows_each_query_once() {
    let place = Place::new();
    let (out, talk, code) = command(&place, "render days");
    assert_eq!(code, 0, "{talk}");
    assert_eq!(
        out,
        "-- when the table is built\n\
         SELECT day, big, price FROM \"main__dev_test\".\"data\" AS \"d\" WHERE day >= :start_ts AND day < :end_ts\n\n\
         -- when rows are added\n\
         SELECT day, big, price FROM \"main__dev_test\".\"data\" AS \"d\" WHERE day >= :start_ts AND day < :end_ts AND big > 0\n\n"
    );
    assert!(!place.path.join("shop.duckdb").exists() && !place.path.join(".dbgo").exists());
    let (_, talk, code) = command(&place, "render dayss");
    assert_eq!(code, 2);
    assert!(talk.contains("hint: did you mean `days`?"), "{talk}");
}

#[test]
fn runs_are_listed_and_looked_into() {
    let place = Place::new();
    let (out, talk, code) = command(&place, "runs");
    assert_eq!(
        (out.as_str(), talk.as_str(), code),
        ("", "no runs yet\n", 0)
    );
    command(&place, "run");
    let (out, _, _) = command(&place, "runs --json");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    let id = document["runs"][0]["run"].as_str().unwrap();
    assert_eq!(document["runs"][0]["status"], "done");
    let (out, _, code) = command(&place, &format!("runs {}", &id[..4]));
    assert_eq!(code, 0);
    assert!(out.contains("models.main.days"), "{out}");
    assert_eq!(command(&place, "runs nope").2, 2);
}

#[test]
fn a_built_program_works_where_it_is_started() {
    let place = Place::new();
    let (_, talk, code) = command(&place, "run-built");
    assert_eq!(code, 0, "{talk}");
    assert!(place.path.join(".dbgo/state.db").exists());
    assert_eq!(
        place.query("SELECT sum(big)::BIGINT FROM main__dev_test.b"),
        ["3"]
    );
}
