//! Processes that change the same environments at the same time.

use crate::place::dbgo;
use dbgo_test_postgres::Server;
use dbgo_tests::contend::{self, Contest};
use dbgo_tests::crash::store::Home;
use dbgo_tests::data;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

#[test]
fn who_is_in_each_other_s_way_waits_or_is_told() {
    let home = dbgo_test_postgres::server().map_or(Home::File, Home::Server);
    contend(home, None);
}

#[test]
fn who_writes_a_lake_at_the_same_time_builds_nothing_twice() {
    if let Some(lakes) = data::lakes() {
        contend(Home::Server(lakes.0), Some(lakes));
    }
}

fn contend(home: Home, lakes: Option<(&'static Server, PathBuf)>) {
    // One contest keeps the machine busy enough.
    static ONE: Mutex<()> = Mutex::new(());
    let _turn = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let contest = Contest {
        executable: dbgo(),
        home,
        ways: contend::usual_ways(),
        processes: 4,
        time: Duration::from_secs(8),
        // Each contest has schemas of its own.
        seed: 1 + u64::from(lakes.is_some()),
        lakes,
    };
    let result = contend::run(&contest, folder.path()).unwrap();
    assert!(result.findings.is_empty(), "{}", result.findings.join("\n"));
    assert!(result.ends["done"] >= 4, "{:?}", result.ends);
}
