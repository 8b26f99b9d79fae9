//! Runs of `dbgo` that die at each fail point, and what is found then.

use crate::place::dbgo;
use dbgo_tests::crash::store::Home;
use dbgo_tests::crash::ways::Way;
use dbgo_tests::crash::{self, Outcome, Subject, cases};
use dbgo_tests::data;

#[test]
fn a_run_that_dies_anywhere_is_finished_by_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let subject = Subject::new(&dbgo(), folder.path());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let outcomes = crash::run(&subject, folder.path(), workers.min(4), cases::short()).unwrap();
    assert_well(outcomes);
}

/// What differs is how a plan goes on.
#[test]
fn a_plan_that_was_begun_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let subject = Subject {
        way: Way::apply(),
        ..Subject::new(&dbgo(), folder.path())
    };
    let outcomes = crash::run(&subject, folder.path(), 1, cases::of_a_plan()).unwrap();
    assert_well(outcomes);
}

/// The state is written by the same code, so that only what the server makes different is tried.
#[test]
fn a_run_whose_state_is_on_a_server_is_finished_too() {
    let Some(server) = dbgo_test_postgres::server() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let subject = Subject {
        home: Home::Server(server),
        ..Subject::new(&dbgo(), folder.path())
    };
    let outcomes = crash::run(&subject, folder.path(), 1, cases::of_the_state()).unwrap();
    assert_well(outcomes);
}

fn assert_well(outcomes: Vec<Outcome>) {
    let wrong: Vec<_> = outcomes
        .into_iter()
        .filter(|outcome| !outcome.is_well())
        .collect();
    assert!(wrong.is_empty(), "\n{}", crash::table(&wrong));
}

/// Of other commands: those commits that `run` and `apply` don't make.
#[test]
fn a_chore_that_was_killed_is_done_by_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    for (way, cases) in cases::chores() {
        let place = folder.path().join(way.name.replace(' ', "-"));
        let subject = Subject {
            way,
            ..Subject::new(&dbgo(), folder.path())
        };
        assert_well(crash::run(&subject, &place, 1, cases).unwrap());
    }
}

/// A harness that finds nothing wrong with these would find nothing.
#[test]
fn each_bug_that_is_put_in_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let subject = Subject::new(&dbgo(), folder.path());
    assert_well(crash::run(&subject, folder.path(), 1, cases::revealing()).unwrap());
}

/// All cases take long in a lake: here are those in which it differs, and the bugs; `cargo xtask crash -- --lake` does all.
#[test]
fn a_run_on_a_lake_that_dies_is_finished_by_the_next_one_and_bugs_are_found() {
    let Some(lakes) = data::lakes() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let subject = Subject {
        lakes: Some(lakes),
        ..Subject::new(&dbgo(), folder.path())
    };
    let cases = [cases::of_a_lake(), cases::revealing()].concat();
    assert_well(crash::run(&subject, folder.path(), 2, cases).unwrap());
}
