//! The development loop, driven without a terminal: files are saved, events are read.

use crate::place::{Place, dbgo};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long something may take that is bound to happen.
const PATIENCE: Duration = Duration::from_secs(120);

/// A `dbgo dev --json` at work, which ends with the test.
struct Loop {
    child: Child,
    wishes: ChildStdin,
    events: Receiver<Value>,
    seen: Vec<Value>,
}

impl Loop {
    fn start(place: &Place, arguments: &[&str]) -> Self {
        let mut child = Command::new(dbgo())
            .args(["dev", "--json"])
            .args(arguments)
            .current_dir(place.path())
            .env("USER", "ana")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbgo starts");
        let (sender, events) = channel();
        let output = child.stdout.take().expect("standard output");
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).expect("a JSON object a line");
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        let wishes = child.stdin.take().expect("standard input");
        let mut started = Self {
            child,
            wishes,
            events,
            seen: Vec::new(),
        };
        started.done();
        started
    }

    /// Waits for an event that is as wished, and forgets those before it.
    #[track_caller]
    fn wait(&mut self, is_wished: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.events.recv_timeout(PATIENCE) {
                Ok(event) if is_wished(&event) => return event,
                Ok(event) => self.seen.push(event),
                Err(_) => panic!("what is awaited doesn't happen: {:#?}", self.seen),
            }
        }
    }

    #[track_caller]
    fn event(&mut self, name: &str) -> Value {
        self.wait(|event| event["event"] == name)
    }

    /// Waits until something is done that nothing broke off, and gives what happened meanwhile.
    #[track_caller]
    fn done(&mut self) -> Vec<Value> {
        self.seen.clear();
        self.wait(|event| event["event"] == "done" && event["broken_off"] == false);
        std::mem::take(&mut self.seen)
    }

    fn press(&mut self, letter: &str) {
        writeln!(self.wishes, "{letter}").expect("standard input");
    }

    /// Saves a file and gives what happens.
    #[track_caller]
    fn save(&mut self, place: &Place, path: &str, text: &str) -> Vec<Value> {
        place.write(path, text);
        self.done()
    }

    fn end(mut self) {
        self.press("q");
        let status = self.child.wait().expect("an end");
        assert_eq!(status.code(), Some(0));
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn one<'e>(events: &'e [Value], name: &str) -> &'e Value {
    let found = events.iter().find(|event| event["event"] == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {events:#?}"))
}

fn has(events: &[Value], name: &str) -> bool {
    events.iter().any(|event| event["event"] == name)
}

const ORDERS: &str = "id,amount\n1,10\n2,20\n3,30\n";

fn shop(settings: &str) -> Place {
    let settings = format!("name = \"shop\"\n{settings}");
    Place::with(&[
        ("dbgo.toml", &settings),
        ("seeds/orders.csv", ORDERS),
        (
            "models/marts/totals.sql",
            "-- @config: materialized='table'\n-- @import: orders = seeds.orders\n\
             select sum(amount) as total from :orders\n",
        ),
        (
            "models/marts/readers.sql",
            "-- @import: totals = models.marts.totals\nselect total + 1 as more from :totals\n",
        ),
    ])
}

fn totals(query: &str) -> String {
    format!(
        "-- @config: materialized='table'\n-- @import: orders = seeds.orders\n{query} from :orders\n"
    )
}

const TOTALS: &str = "models/marts/totals.sql";

#[test]
fn a_save_shows_rows_and_builds_the_model() {
    let place = shop("");
    place.dbgo(&["run"]).ends_with(0);
    let mut dev = Loop::start(&place, &[]);
    let events = dev.save(
        &place,
        TOTALS,
        &totals("select sum(amount) as total, count(*) as orders"),
    );
    let rows = one(&events, "rows");
    assert_eq!(rows["model"], "marts.totals");
    assert_eq!(rows["rows"], serde_json::json!([["60", "3"]]));
    assert_eq!(rows["has_more"], false);
    let columns = one(&events, "columns");
    assert_eq!(columns["changes"][0]["change"], "added");
    assert_eq!(columns["changes"][0]["name"], "orders");
    assert_eq!(one(&events, "downstream")["readers"], 1);
    let step = events
        .iter()
        .find(|event| event["event"] == "run_step" && event["model"] == "marts.totals");
    assert_eq!(step.expect("a step")["status"], "built");
    let loaded = one(&events, "loaded");
    assert_eq!(
        loaded["changed"],
        serde_json::json!(["models.marts.totals"])
    );
    dev.end();
    let shown = place.dbgo(&["show", "totals", "--json"]).ends_with(0);
    assert!(shown.out.contains("orders"), "{}", shown.out);
}

#[test]
fn a_broken_file_keeps_the_last_good_version() {
    let place = shop("");
    place.dbgo(&["run"]).ends_with(0);
    let mut dev = Loop::start(&place, &[]);
    let events = dev.save(&place, TOTALS, &totals("select sum(amuont) as total"));
    let findings = one(&events, "findings");
    assert_eq!(findings["has_errors"], true);
    assert!(
        findings.to_string().contains("unknown-column"),
        "{findings}"
    );
    assert!(!has(&events, "loaded") && !has(&events, "rows"));
    // What was shown last can still be asked for, once something is shown.
    let events = dev.save(&place, TOTALS, &totals("select sum(amount) + 1 as total"));
    assert_eq!(one(&events, "rows")["rows"][0][0], "61");
    dev.save(&place, "dbgo.toml", "name = \"shop\"\n[nonsense]\n");
    dev.press("s");
    let shown = dev.event("shown");
    assert!(
        shown["text"].to_string().contains("sum(amount) + 1"),
        "{shown}"
    );
    dev.done();
    dev.save(&place, "dbgo.toml", "name = \"shop\"\n");
    dev.end();
}

#[test]
fn files_come_and_go() {
    let place = shop("");
    place.dbgo(&["run"]).ends_with(0);
    let mut dev = Loop::start(&place, &[]);
    // Renamed: the reader's import leads nowhere until it is told.
    let models = place.path().join("models/marts");
    std::fs::rename(models.join("totals.sql"), models.join("sums.sql")).expect("a rename");
    assert_eq!(one(&dev.done(), "findings")["has_errors"], true);
    let events = dev.save(
        &place,
        "models/marts/readers.sql",
        "-- @import: sums = models.marts.sums\nselect total + 1 as more from :sums\n",
    );
    let loaded = one(&events, "loaded");
    assert_eq!(loaded["added"], serde_json::json!(["models.marts.sums"]));
    assert_eq!(
        loaded["removed"],
        serde_json::json!(["models.marts.totals"])
    );
    // Deleted.
    place.remove("models/marts/readers.sql");
    assert_eq!(one(&dev.done(), "loaded")["models"], 1);
    // A new folder, with a new model in it.
    std::fs::create_dir(place.path().join("models/new")).expect("a folder");
    dev.done();
    let events = dev.save(&place, "models/new/one.sql", "select 1 as id\n");
    assert_eq!(one(&events, "rows")["model"], "new.one");
    // A new seed, and a model that reads it; then other rows in it.
    dev.save(&place, "seeds/people.csv", "name\nana\n");
    let events = dev.save(
        &place,
        "models/new/people.sql",
        "-- @config: materialized='table'\n-- @import: people = seeds.people\nselect name from :people\n",
    );
    assert!(
        has(&events, "no_rows"),
        "the seed isn't loaded: {events:#?}"
    );
    dev.press("a");
    assert_eq!(one(&dev.done(), "run_finished")["failed"], 0);
    let events = dev.save(&place, "seeds/people.csv", "name\nana\nbo\n");
    let rows = one(&events, "rows");
    assert_eq!(rows["rows"], serde_json::json!([["ana"], ["bo"]]));
    // A whole folder goes.
    std::fs::rename(place.path().join("models/new"), place.path().join("old")).expect("a rename");
    assert_eq!(one(&dev.done(), "loaded")["models"], 1);
    dev.end();
}

#[test]
fn many_files_at_once_are_one_change() {
    let place = shop("");
    place.dbgo(&["run"]).ends_with(0);
    let mut dev = Loop::start(&place, &[]);
    for number in 0..500 {
        let text = format!("select {number} as id\n");
        place.write(&format!("models/many/m{number:03}.sql"), &text);
    }
    let loaded = dev.wait(|event| event["event"] == "loaded" && event["models"] == 502);
    assert!(
        loaded["added"]
            .as_array()
            .is_some_and(|added| added.len() == 500)
    );
    let note = dev.event("note");
    assert!(note["text"].to_string().contains("at once"), "{note}");
    dev.end();
}

#[test]
fn a_large_model_is_built_on_request() {
    let place = shop("[dev]\nauto_rows = 2\n");
    place.dbgo(&["run"]).ends_with(0);
    let mut dev = Loop::start(&place, &[]);
    let events = dev.save(&place, TOTALS, &totals("select sum(amount) * 2 as total"));
    assert_eq!(one(&events, "rows")["rows"][0][0], "120");
    assert_eq!(one(&events, "not_built")["most"], "2");
    assert!(!has(&events, "run_started"));
    dev.press("d");
    let events = dev.done();
    let built: Vec<&Value> = (events.iter())
        .filter(|event| event["event"] == "run_step")
        .map(|event| &event["model"])
        .collect();
    assert!(built.contains(&&Value::from("marts.readers")), "{built:?}");
    // It was built: nothing but the shown model is to be built now.
    dev.press("f");
    assert_eq!(one(&dev.done(), "run_finished")["built"], 1);
    dev.end();
}

/// A query that takes a while: so long that who waits for it gives up.
const SLOW: &str = "-- @config: materialized='table'\n\
    select count(*) as n from range(1000000) as a(x), range(1000000) as b(y) where x + y = 3\n";

#[test]
fn a_save_breaks_off_what_goes_on() {
    let place = shop("[dev]\nauto_rows = 9000000000000000000\n");
    place.dbgo(&["run"]).ends_with(0);
    let mut dev = Loop::start(&place, &[]);
    place.write("models/slow.sql", SLOW);
    dev.event("loaded");
    std::thread::sleep(Duration::from_millis(300));
    place.write(
        "models/slow.sql",
        "-- @config: materialized='table'\nselect 1 as n\n",
    );
    let broken_off = dev.event("done");
    assert_eq!(broken_off["broken_off"], true);
    let events = dev.done();
    assert_eq!(one(&events, "rows")["model"], "main.slow");
    assert_eq!(one(&events, "run_finished")["built"], 1);
    dev.end();
    place.dbgo(&["run"]).ends_with(0);
}

#[test]
fn the_engine_is_let_go_of_until_the_next_save() {
    let place = shop("");
    place.dbgo(&["run"]).ends_with(0);
    let mut dev = Loop::start(&place, &[]);
    dev.save(
        &place,
        TOTALS,
        &totals("select sum(amount) as total, 1 as one"),
    );
    let held = place.dbgo(&["show", "totals"]).ends_with(3);
    assert!(held.err.contains("database-held"), "{}", held.err);
    dev.press("o");
    dev.event("released");
    dev.done();
    place.dbgo(&["show", "totals"]).ends_with(0);
    let events = dev.save(&place, TOTALS, &totals("select sum(amount) as total"));
    assert!(has(&events, "rows"));
    place.dbgo(&["show", "totals"]).ends_with(3);
    dev.end();
}

#[test]
fn few_tables_of_a_model_stay_and_the_process_starts_anew() {
    let place = shop("");
    // Who isn't built again goes on reading the table that it was built over.
    place.remove("models/marts/readers.sql");
    place.dbgo(&["run"]).ends_with(0);
    let mut dev = Loop::start(&place, &["--patches", "6"]);
    for edit in 0..12 {
        let query = format!("select sum(amount) + {edit} as total");
        place.write(TOTALS, &totals(&query));
        let total = Value::from((60 + edit).to_string());
        dev.wait(|event| event["event"] == "rows" && event["rows"][0][0] == total);
        dev.event("run_finished");
    }
    let starts = dev
        .seen
        .iter()
        .filter(|it| it["event"] == "started")
        .count();
    assert!(starts > 0, "it never started anew");
    dev.end();
    place.dbgo(&["run"]).ends_with(0);
    let tables = place.sql(
        "select count(*) from duckdb_tables() where schema_name = '_dbgo' and table_name like '%totals%'",
    );
    let tables: u32 = tables.parse().expect("a number");
    assert!(tables <= 3, "{tables} tables of the model");
}
