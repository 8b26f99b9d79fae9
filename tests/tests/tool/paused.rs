//! A process that is paused while it writes: it has the database, and goes on later.

use crate::place::{Called, Place, dbgo};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Signals a process; `kill` is a program on every Unix.
pub fn signal(pid: u32, name: &str) {
    let kill = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(kill.unwrap().success());
}

/// A call of `dbgo` that goes on beside the test.
pub struct Paused(Child);

impl Paused {
    /// Calls `dbgo` in the folder of a place.
    pub fn start(place: &Place, words: &[&str]) -> Self {
        Self::with(place, words, &[])
    }

    /// Calls it, and waits until it has reached a fail point, at which it stops.
    pub fn at(place: &Place, point: &str, words: &[&str]) -> Self {
        let reached = place.path().join("reached");
        // That of an earlier one says nothing of this one.
        let _ = std::fs::remove_file(&reached);
        let reached_text = reached.to_string_lossy();
        let variables = [
            ("DBGO_FAILPOINT", point),
            ("DBGO_FAILPOINT_REACHED", &*reached_text),
        ];
        let paused = Self::with(place, words, &variables);
        let started = Instant::now();
        while !reached.exists() {
            assert!(started.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(20));
        }
        paused
    }

    fn with(place: &Place, words: &[&str], variables: &[(&str, &str)]) -> Self {
        let child = Command::new(dbgo())
            .args(words)
            .current_dir(place.path())
            .env("USER", "ana")
            .env("NO_COLOR", "1")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Self(child.unwrap())
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Waits for its end.
    pub fn ended(self) -> Called {
        Called::of(&self.0.wait_with_output().unwrap())
    }
}

#[test]
fn a_process_that_was_paused_keeps_others_out_and_goes_on() {
    let place = Place::with(&[(
        "models/a.sql",
        "-- @config: materialized='table'\nselect 1 as x\n",
    )]);
    let paused = Paused::at(&place, "before-batch-commit=stop", &["run"]);
    let refused = place.dbgo(&["run"]).ends_with(3);
    signal(paused.pid(), "-CONT");
    assert!(
        refused.err.contains("error[database-held]"),
        "{}",
        refused.err
    );
    let holder = format!("process {}", paused.pid());
    assert!(refused.err.contains(&holder), "{}", refused.err);
    paused.ended().ends_with(0);
    let again = place.dbgo(&["run"]).ends_with(0);
    assert!(again.err.contains("1 up to date"), "{}", again.err);
}
