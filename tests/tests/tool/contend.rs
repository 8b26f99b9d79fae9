//! Processes that change the same environments at the same time.

use crate::place::dbgo;
use dbgo_tests::contend::{self, Contest};
use dbgo_tests::crash::store::Home;
use std::time::Duration;

#[test]
fn who_is_in_each_other_s_way_waits_or_is_told() {
    let home = dbgo_test_postgres::server().map_or(Home::File, Home::Server);
    let folder = tempfile::tempdir().unwrap();
    let contest = Contest {
        executable: dbgo(),
        home,
        ways: contend::usual_ways(),
        processes: 4,
        time: Duration::from_secs(8),
        seed: 1,
        lakes: None,
    };
    let result = contend::run(&contest, folder.path()).unwrap();
    assert!(result.findings.is_empty(), "{}", result.findings.join("\n"));
    assert!(result.ends["done"] >= 4, "{:?}", result.ends);
}
