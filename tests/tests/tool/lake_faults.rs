//! What happens to those who write a lake when one of them stands still, or loses its connection, at the worst time.

use crate::lake::{A, LOG, batches, project, texts};
use crate::paused::{Paused, signal};
use crate::place::Place;
use dbgo_test_postgres::{Cut, Proxy};
use dbgo_tests::data::{Data, lakes};
use std::time::{Duration, Instant};

/// A table that grows by one row with each batch, and nothing else.
const ONE: &str = "-- @config: materialized='incremental', strategy='append'\nselect 1 as id\n";

/// The statement, as its message ends.
const COMMIT: &str = "COMMIT\0";

/// Another checkout of the same project, with the same lake and the same state.
fn checkout(place: &Place, files: &[(&str, &str)]) -> Place {
    let other = Place::with(files);
    let state = place.path().join(".dbgo/state.db");
    let state = format!("[state]\nurl = \"sqlite:{}\"\n", state.display());
    other.write("dbgo.toml", &format!("{}{state}", place.read("dbgo.toml")));
    other
}

/// How many rows the table of the model `core.log` has, and how many batches the ledger tells of it.
fn rows_and_batches(data: &Data) -> (String, usize) {
    let rows = texts(data, "SELECT count(*)::VARCHAR FROM core__dev_ana.log");
    let of_log = batches(data);
    let of_log = of_log.iter().filter(|batch| batch.contains("core.log"));
    (rows.concat(), of_log.count())
}

/// A connection that breaks while a commit is under way says nothing of it, and the server may still be about to do it:
/// who asks the ledger too early finds nothing.
#[test]
fn a_commit_that_comes_late_isn_t_done_twice() {
    const LATE: Duration = Duration::from_secs(3);
    let files = [("models/core/a.sql", A), ("models/core/log.sql", LOG)];
    let Some((place, data)) = project(&files, "1 min") else {
        return;
    };
    place.dbgo(&["run"]).ends_with(0);
    // The table is there by now, so that nothing but its rows would tell of a second batch.
    place.write("models/core/a.sql", &A.replace("10", "12"));
    let (server, _) = lakes().expect("a server");
    let proxy = Proxy::start(server, Cut::Late(LATE), COMMIT).expect("a port");
    place.write("dbgo.toml", &proxy.through(&place.read("dbgo.toml")));
    let point = "before-batch-commit@core.log=stop";
    let paused = Paused::at(&place, point, &["run", "--workers", "1"]);
    proxy.cut(1);
    let begun = Instant::now();
    signal(paused.pid(), "-CONT");
    let ended = paused.ended();
    assert_eq!(proxy.left(), 0, "nothing was cut: {}", ended.err);
    // Whatever comes late has come by then.
    std::thread::sleep((LATE + Duration::from_secs(2)).saturating_sub(begun.elapsed()));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(rows_and_batches(&data), ("2".to_owned(), 2));
}

/// Between the lease in the state and the fence in the engine somebody else may come, who finds no fence to take away.
#[test]
fn who_is_taken_over_before_it_has_a_fence_gets_none() {
    let Some((place, data)) = project(&[("models/core/a.sql", A)], "5 seconds") else {
        return;
    };
    place.dbgo(&["run"]).ends_with(0);
    place.write("models/core/log.sql", ONE);
    let files = [("models/core/a.sql", A), ("models/core/log.sql", ONE)];
    let other = checkout(&place, &files);
    let first = Paused::at(&place, "before-fence-commit=stop", &["run"]);
    let second = Paused::at(
        &other,
        "before-batch-commit@core.log=stop",
        &["run", "--wait", "60"],
    );
    signal(first.pid(), "-CONT");
    let ended = first.ended();
    signal(second.pid(), "-CONT");
    let taken = second.ended();
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    assert_eq!(taken.code, Some(0), "{}", taken.err);
    assert_eq!(rows_and_batches(&data), ("1".to_owned(), 1));
}

#[test]
fn who_stands_still_anywhere_is_taken_over_and_changes_nothing_any_more() {
    for point in [
        "after-batch-commit@core.log",
        "after-state-commit@intend",
        "before-publication-commit",
        "after-publication-commit",
    ] {
        let files = [("models/core/a.sql", A), ("models/core/log.sql", LOG)];
        let Some((place, data)) = project(&files, "5 seconds") else {
            return;
        };
        let other = checkout(&place, &files);
        let paused = Paused::at(&place, &format!("{point}=stop"), &["run"]);
        let taken = other.dbgo(&["run", "--wait", "60"]);
        signal(paused.pid(), "-CONT");
        let ended = paused.ended();
        assert_eq!(taken.code, Some(0), "{point}: {}", taken.err);
        assert_eq!(ended.code, Some(3), "{point}: {}", ended.err);
        assert_eq!(rows_and_batches(&data), ("1".to_owned(), 1), "{point}");
        let again = other.dbgo(&["run"]).ends_with(0);
        assert!(again.err.contains("2 up to date"), "{point}: {}", again.err);
    }
}
