//! Runs whose database another process takes over while they go on.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::adapters::{self, OpenOptions};
use dbgo_runtime::contract::Materialization::Table;
use dbgo_runtime::error::Kind;
use dbgo_runtime::events::Event;
use dbgo_runtime::execute::{Interrupt, RunOptions, RunOutcome, run};
use dbgo_runtime::project::Project;

const X: &[ColumnOf] = &[("x", "BIGINT", false)];

render!(one, |facts, sql| { sql.text("SELECT 1::BIGINT AS x") });
render!(two, |facts, sql| { sql.text("SELECT 2::BIGINT AS x") });
render!(reading, |facts, sql| {
    sql.text("SELECT 10 * x AS x FROM ");
    sql.relation_as(0);
});

fn project(place: &Place, first: dbgo_runtime::contract::Render) -> Project {
    let imports = [("f", "models.main.first")];
    place.project(
        vec![
            model("models.main.first", Table, &[], X, first),
            model("models.main.second", Table, &imports, X, reading),
        ],
        vec![],
        vec![],
    )
}

/// What another process would do that took this one for dead. This process can do it because it
/// has the file open.
fn take_over(place: &Place) {
    let location = place.path.join("shop.duckdb");
    let options = OpenOptions::default();
    let adapter = adapters::open("duckdb", &location.to_string_lossy(), &options).unwrap();
    let mut session = adapter.session().unwrap();
    let meta = session.meta().unwrap().unwrap();
    session
        .fence(&meta.state_id, meta.epoch + 1, "process 4711")
        .unwrap();
}

/// Runs while another process takes the database over when an event comes.
fn run_taken_over(
    place: &Place,
    project: &Project,
    when: impl Fn(&Event) -> bool,
) -> (dbgo_runtime::error::Result<RunOutcome>, Vec<Event>) {
    let mut events = Vec::new();
    let outcome = run(
        project,
        &RunOptions::default(),
        &Interrupt::new(),
        &mut |event| {
            if when(&event) {
                take_over(place);
            }
            events.push(event);
        },
    );
    (outcome, events)
}

fn batches(place: &Place) -> Vec<String> {
    place.query("SELECT entry ->> 'model' FROM _dbgo.ledger ORDER BY 1")
}

#[test]
fn a_batch_after_a_take_over_is_rolled_back() {
    let place = Place::new();
    run_all(&project(&place, one));
    let changed = project(&place, two);
    let (outcome, events) = run_taken_over(
        &place,
        &changed,
        |event| matches!(event, Event::Started(subject) if subject.name == "main.second"),
    );
    let outcome = outcome.unwrap();
    assert_eq!(outcome.trouble, Some(Kind::Refused));
    assert_eq!(outcome.trouble.unwrap().exit_status(), 3);
    let told = events.iter().find_map(|event| match event {
        Event::Failed {
            message, detail, ..
        } => Some((message.as_str(), detail.as_str())),
        _ => None,
    });
    assert_eq!(
        told,
        Some((
            "lease 2 on the database isn't valid: process 4711 holds it with lease 3",
            "note: `dbgo explain fenced` tells more"
        ))
    );
    let (first, second) = ("models.main.first", "models.main.second");
    assert_eq!(batches(&place), ["", first, first, second]);
    assert_eq!(place.query("SELECT x FROM main__dev_test.second"), ["10"]);

    let ran = run_all(&changed);
    assert_eq!(ran.status(first), "unchanged", "it was committed before");
    assert_eq!(place.query("SELECT x FROM main__dev_test.second"), ["20"]);
}

#[test]
fn a_publication_after_a_take_over_is_refused() {
    let place = Place::new();
    run_all(&project(&place, one));
    let changed = project(&place, two);
    let (outcome, _) = run_taken_over(
        &place,
        &changed,
        |event| matches!(event, Event::Built { subject, .. } if subject.name == "main.second"),
    );
    let error = outcome.err().unwrap();
    assert_eq!((error.code.text(), error.kind), ("fenced", Kind::Refused));
    assert_eq!(place.query("SELECT x FROM main__dev_test.second"), ["10"]);
    let revision = "SELECT revision FROM _dbgo.published";
    assert_eq!(place.query(revision), ["1"]);

    // The publication had begun, so that the next run ends it before anything else.
    let ran = run_all(&changed);
    assert_eq!((ran.outcome.summary.built, ran.outcome.published), (0, 0));
    assert_eq!(place.query("SELECT x FROM main__dev_test.second"), ["20"]);
    assert_eq!(place.query(revision), ["2"]);
}

#[test]
fn each_opening_has_a_larger_lease() {
    let place = Place::new();
    for number in ["1", "2", "3"] {
        run_all(&project(&place, one));
        assert_eq!(place.query("SELECT epoch FROM _dbgo.meta"), [number]);
    }
    let tokens = "SELECT DISTINCT entry ->> 'token' FROM _dbgo.ledger";
    assert_eq!(place.query(tokens), ["1"], "nothing was written later");
}

#[test]
fn a_publication_waits_for_others_as_long_as_the_project_says() {
    let mut place = Place::new();
    place.publish_timeout = 1;
    run_all(&project(&place, one));
    let location = place.path.join("shop.duckdb");
    let options = OpenOptions::default();
    let adapter = adapters::open("duckdb", &location.to_string_lossy(), &options).unwrap();
    let mut session = adapter.session().unwrap();
    let mut transaction = session.begin().unwrap();
    transaction
        .execute("CREATE OR REPLACE VIEW main__dev_test.first AS SELECT 5::BIGINT AS x")
        .unwrap();
    let changed = project(&place, two);
    let begun = std::time::Instant::now();
    let error = run_with(&changed, &RunOptions::default()).err().unwrap();
    assert!(begun.elapsed() >= std::time::Duration::from_secs(1));
    let shown = error.to_string();
    assert!(
        shown.contains("write-write conflict")
            && shown.contains("tried for 1")
            && shown.contains("`publish_timeout` of `[run]`"),
        "{shown}"
    );
    transaction.rollback().unwrap();
    let seen = || place.query("SELECT x::VARCHAR FROM main__dev_test.first");
    assert_eq!(seen(), ["1"], "the earlier view still stands");
    drop((session, adapter));
    run_all(&changed);
    assert_eq!(seen(), ["2"]);
}
