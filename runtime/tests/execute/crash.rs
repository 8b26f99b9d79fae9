//! Runs that end badly: killed, interrupted, kept out by another process.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::adapters::{self, OpenOptions};
use dbgo_runtime::cli::{self, RunArguments, Terminal};
use dbgo_runtime::contract::Materialization::Table;
use dbgo_runtime::error::Kind;
use dbgo_runtime::events::Event;
use dbgo_runtime::execute::{Interrupt, RunOptions, run};
use dbgo_runtime::project::Project;
use dbgo_runtime::state::{State, StateAddress};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const X: &[ColumnOf] = &[("x", "BIGINT", false)];
const FOLDER: &str = "DBGO_TEST_FOLDER";
const PATIENCE: Duration = Duration::from_secs(60);

render!(quick, |facts, sql| { sql.text("SELECT 1::BIGINT AS x") });
render!(slow, |facts, sql| {
    sql.text("SELECT count(*) AS x FROM range(100000) AS a(i), range(100000) AS b(j) WHERE (i * j) % 7 = 3 AND i <> ");
    sql.text("(SELECT x FROM ");
    sql.relation_as(0);
    sql.text(")");
});
render!(after_slow, |facts, sql| {
    sql.text("SELECT 2 * x AS x FROM ");
    sql.relation_as(0);
});

fn project(place: &Place, middle: dbgo_runtime::contract::Render) -> Project {
    place.project(
        vec![
            model("models.main.first", Table, &[], X, quick),
            model(
                "models.main.second",
                Table,
                &[("f", "models.main.first")],
                X,
                middle,
            ),
        ],
        vec![],
        vec![],
    )
}

/// The project in a process of its own, which only a test below starts.
#[test]
#[ignore = "started by other tests as a process of its own"]
fn child_that_runs_slowly() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let place = Place::at(Path::new(&folder));
    let code = cli::run(
        &project(&place, slow),
        &RunArguments::default(),
        &Terminal::plain(),
    );
    let code = if code == std::process::ExitCode::from(130) {
        130
    } else {
        1
    };
    std::process::exit(code);
}

#[test]
#[ignore = "started by other tests as a process of its own"]
fn child_that_holds_the_database() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let path = Path::new(&folder).join("shop.duckdb");
    let adapter = adapters::open("duckdb", &path.to_string_lossy(), &OpenOptions::default());
    std::fs::write(Path::new(&folder).join("held"), "").unwrap();
    std::thread::sleep(PATIENCE);
    drop(adapter);
}

fn start(name: &str, place: &Place) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("crash::{name}"),
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, &place.path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until the other process has recorded that the first model is built.
fn wait_for_first(place: &Place) {
    let path = place.path.join(".dbgo/state.db");
    wait_until("the first model", || {
        path.exists()
            && State::open(&StateAddress::Sqlite(path.clone())).is_ok_and(|mut state| {
                let runs = state.runs("shop", 1).unwrap_or_default();
                runs.first()
                    .is_some_and(|run| run.counts.contains_key("built"))
            })
    });
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn a_killed_run_is_continued_from_the_ledger() {
    let place = Place::new();
    let mut child = start("child_that_runs_slowly", &place);
    wait_for_first(&place);
    signal(&child, "-KILL");
    child.wait().unwrap();
    assert_eq!(place.query("SELECT count(*) FROM _dbgo.ledger"), ["1"]);
    assert_eq!(place.physical().len(), 1);

    let ran = run_all(&project(&place, after_slow));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(ran.status("models.main.first"), "unchanged");
    assert_eq!(place.query("SELECT x FROM main__dev_test.second"), ["2"]);
    let mut state = State::open(&StateAddress::Sqlite(place.path.join(".dbgo/state.db"))).unwrap();
    let statuses: Vec<String> = state
        .runs("shop", 9)
        .unwrap()
        .into_iter()
        .map(|run| run.status)
        .collect();
    assert_eq!(statuses, ["done", "broken off"]);
}

#[test]
fn what_was_committed_but_not_recorded_is_not_built_again() {
    let place = Place::new();
    let project = project(&place, after_slow);
    let state = place.path.join(".dbgo/state.db");
    // The state as it was when the run had begun and nothing of it was recorded yet.
    let mut copy = None;
    run(
        &project,
        &RunOptions::default(),
        &Interrupt::new(),
        &mut |event| {
            if matches!(event, Event::RunStarted { .. }) {
                copy = Some([state.clone(), wal(&state)].map(|path| std::fs::read(path).unwrap()));
            }
        },
    )
    .unwrap();
    let [main, log] = copy.unwrap();
    std::fs::write(&state, main).unwrap();
    std::fs::write(wal(&state), log).unwrap();
    let _ = std::fs::remove_file(state.with_extension("db-shm"));
    // Its lease is this process's, which lives: as if it had expired.
    let mut restored = State::open(&StateAddress::Sqlite(state)).unwrap();
    for lease in restored.leases("shop", "local").unwrap() {
        restored.release("shop", "local", lease.token).unwrap();
    }
    restored.close().unwrap();

    let ran = run_all(&project);
    assert_eq!(ran.outcome.summary.built, 0, "{:?}", ran.outcome.steps);
    assert_eq!(
        ran.outcome.published, 0,
        "the publication is found in the ledger too"
    );
}

fn wal(state: &Path) -> std::path::PathBuf {
    state.with_extension("db-wal")
}

#[test]
fn an_interrupt_leaves_every_model_old_or_new() {
    let place = Place::new();
    let interrupt = Interrupt::new();
    let wish = interrupt.clone();
    let project = project(&place, slow);
    let started = Instant::now();
    let outcome = run(&project, &RunOptions::default(), &interrupt, &mut |event| {
        if matches!(&event, Event::Started(subject) if subject.name == "main.second") {
            let wish = wish.clone();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(200));
                wish.interrupt();
            });
        }
    })
    .unwrap();
    assert!(started.elapsed() < PATIENCE);
    assert_eq!(outcome.trouble, Some(Kind::Interrupted));
    assert_eq!((outcome.summary.built, outcome.summary.cancelled), (1, 1));
    assert_eq!(outcome.published, 0);
    assert_eq!(place.physical().len(), 1);
    let ran = run_all(&self::project(&place, after_slow));
    assert_eq!(ran.status("models.main.first"), "unchanged");
    assert_eq!(ran.outcome.published, 2);
}

#[test]
fn ctrl_c_ends_a_process_with_130() {
    let place = Place::new();
    let mut child = start("child_that_runs_slowly", &place);
    wait_for_first(&place);
    signal(&child, "-INT");
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    let mut state = State::open(&StateAddress::Sqlite(place.path.join(".dbgo/state.db"))).unwrap();
    assert_eq!(state.runs("shop", 1).unwrap()[0].status, "interrupted");
}

#[test]
fn a_held_database_is_refused_with_its_holder() {
    let place = Place::new();
    let mut child = start("child_that_holds_the_database", &place);
    wait_until("the other process", || place.path.join("held").exists());
    let error = run_with(&project(&place, after_slow), &RunOptions::default()).err();
    signal(&child, "-KILL");
    child.wait().unwrap();
    let error = error.unwrap();
    assert_eq!(
        (error.code.text(), error.kind),
        ("database-held", Kind::Refused)
    );
    assert!(error.message.contains(&child.id().to_string()), "{error}");
}
