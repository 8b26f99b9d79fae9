//! Runs of `dbgo` that die at each fail point, and what is found then.

use crate::place::dbgo;
use dbgo_runtime::faults::Bug;
use dbgo_tests::crash::store::Home;
use dbgo_tests::crash::{self, Outcome, Subject, Way, cases};

#[test]
fn a_run_that_dies_anywhere_is_finished_by_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let subject = Subject::new(&dbgo(), folder.path());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let outcomes = crash::run(&subject, folder.path(), workers.min(4), cases::short()).unwrap();
    assert_no_findings(outcomes);
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
    assert_no_findings(outcomes);
}

/// What was made anew and not shown yet isn't made anew once more, and what was appended isn't appended again.
#[test]
fn a_full_refresh_that_dies_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let subject = Subject {
        way: Way::full_refresh(),
        ..Subject::new(&dbgo(), folder.path())
    };
    let outcomes = crash::run(&subject, folder.path(), 2, cases::of_a_full_refresh()).unwrap();
    assert_no_findings(outcomes);
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
    assert_no_findings(outcomes);
}

fn assert_no_findings(outcomes: Vec<Outcome>) {
    let wrong: Vec<_> = outcomes
        .into_iter()
        .filter(|outcome| !outcome.findings.is_empty())
        .collect();
    assert!(wrong.is_empty(), "\n{}", crash::table(&wrong));
}

/// A harness that finds nothing wrong with these would find nothing.
#[test]
fn each_bug_that_is_put_in_is_found() {
    let folder = tempfile::tempdir().unwrap();
    for bug in Bug::ALL {
        let found = crash::seeded(&dbgo(), folder.path(), *bug).unwrap();
        assert!(!found.is_empty(), "{}", bug.text());
    }
}
