//! A process that is paused while it writes: it has the database, and goes on later.

use crate::place::{Place, dbgo};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Signals a process; `kill` is a program on every Unix.
fn signal(pid: u32, name: &str) {
    let kill = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(kill.unwrap().success());
}

#[test]
fn a_process_that_was_paused_keeps_others_out_and_goes_on() {
    let place = Place::with(&[(
        "models/a.sql",
        "-- @config: materialized='table'\nselect 1 as x\n",
    )]);
    let reached = place.path().join("reached");
    let mut paused = Command::new(dbgo())
        .arg("run")
        .current_dir(place.path())
        .env("USER", "ana")
        .env("DBGO_FAILPOINT", "before-batch-commit=stop")
        .env("DBGO_FAILPOINT_REACHED", &reached)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while !reached.exists() {
        assert!(started.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    let refused = place.dbgo(&["run"]).ends_with(3);
    signal(paused.id(), "-CONT");
    assert!(
        refused.err.contains("error[database-held]"),
        "{}",
        refused.err
    );
    let holder = format!("process {}", paused.id());
    assert!(refused.err.contains(&holder), "{}", refused.err);
    assert!(paused.wait().unwrap().success());
    let again = place.dbgo(&["run"]).ends_with(0);
    assert!(again.err.contains("1 up to date"), "{}", again.err);
}
