//! `dbgo check`: its formats, its fixes and how it ends.

use crate::place::Place;
use serde_json::Value;
use std::fs;

const ORDERS: &str = "select 1 as order_id, 2.5 as amount\n";
const REVENUE: &str = "-- @import: models.staging.orders\n-- @import: models.staging.rates\nselect amuont from :orders\n";

fn shop() -> Place {
    Place::with(&[
        ("models/staging/orders.sql", ORDERS),
        ("models/staging/rates.sql", "select 1 as rate\n"),
        ("models/marts/revenue.sql", REVENUE),
    ])
}

fn read(place: &Place, path: &str) -> String {
    fs::read_to_string(place.path().join(path)).expect(path)
}

#[test]
fn fixes_are_written_and_told_until_nothing_is_left() {
    let place = shop();
    let before = place.dbgo(&["check"]).ends_with(1);
    assert!(before.err.contains("1 has a fix"), "{}", before.err);
    assert_eq!(read(&place, "models/marts/revenue.sql"), REVENUE);
    let fixed = place.dbgo(&["check", "--fix"]).ends_with(0);
    assert_eq!(
        read(&place, "models/marts/revenue.sql"),
        "-- @import: models.staging.orders\nselect amount from :orders\n"
    );
    for line in [
        "fixed models/marts/revenue.sql:3:8:",
        "write `amount`",
        // The unused import shows only when the query can be read whole.
        "fixed models/marts/revenue.sql:2:4:",
        "2 fixes written",
        "no errors",
    ] {
        assert!(fixed.err.contains(line), "{line}\n{}", fixed.err);
    }
    let again = place.dbgo(&["check", "--fix"]).ends_with(0);
    assert!(!again.err.contains("fixed"), "{}", again.err);
}

#[test]
fn what_has_no_fix_remains() {
    let place = shop();
    place.write("models/marts/other.sql", "select nothing as one\n");
    let fixed = place.dbgo(&["check", "--fix", "--json"]).ends_with(1);
    let document: Value = serde_json::from_str(&fixed.out).expect("JSON");
    let left = document["diagnostics"].as_array().expect("findings");
    assert_eq!(left.len(), 1, "{left:#?}");
    assert_eq!(left[0]["code"], "unknown-column");
    assert_eq!(left[0]["primary"]["file"], "models/marts/other.sql");
    assert!(left[0]["fix"].is_null());
    assert!(fixed.err.contains("2 fixes written"), "{}", fixed.err);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_leaves_all_as_they_were() {
    use std::os::unix::fs::PermissionsExt;
    let place = shop();
    place.write("models/marts/second.sql", REVENUE);
    let path = place.path().join("models/marts/second.sql");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).expect("permissions");
    let refused = place.dbgo(&["check", "--fix"]).ends_with(1);
    assert!(refused.err.contains("error[unwritable]"), "{}", refused.err);
    assert_eq!(read(&place, "models/marts/revenue.sql"), REVENUE);
    let leftover = |entry: std::io::Result<fs::DirEntry>| {
        entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .starts_with('.')
    };
    let mut entries = fs::read_dir(place.path().join("models/marts")).expect("a folder");
    assert!(!entries.any(leftover));
}

#[test]
fn github_sees_paths_from_the_repository() {
    let place = shop();
    let alone = place.dbgo(&["check", "--format", "github"]).ends_with(1);
    assert!(
        alone
            .out
            .starts_with("::error file=models/marts/revenue.sql,line=3,"),
        "{}",
        alone.out
    );
    let outer = Place::empty();
    fs::create_dir(outer.path().join(".git")).expect("a folder");
    for path in [
        "dbgo.toml",
        "models/staging/orders.sql",
        "models/marts/revenue.sql",
    ] {
        outer.write(&format!("data/shop/{path}"), &read(&place, path));
    }
    let inner = outer.dbgo(&["-C", "data/shop", "check", "--format", "github"]);
    let inner = inner.ends_with(1);
    assert!(
        inner
            .out
            .contains("::error file=data/shop/models/marts/revenue.sql,line=2,"),
        "{}",
        inner.out
    );
    let log = outer.dbgo(&["-C", "data/shop", "check", "--format", "sarif"]);
    let log: Value = serde_json::from_str(&log.ends_with(1).out).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("results");
    let location = &results[0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(location["uri"], "data/shop/models/marts/revenue.sql");
    let help = &log["runs"][0]["tool"]["driver"]["rules"][0]["help"]["markdown"];
    assert!(
        help.as_str()
            .is_some_and(|page| page.contains("## Example"))
    );
}

#[test]
fn the_exit_code_tells_a_finding_from_a_wrong_call() {
    let place = shop();
    place.dbgo(&["check", "--format", "concise"]).ends_with(1);
    place.dbgo(&["check", "--format", "xml"]).ends_with(2);
    place.dbgo(&["check", "--fix"]).ends_with(0);
    place.write("dbgo.toml", "name = \"shop\"\n[vars]\nunused = 1\n");
    place.dbgo(&["check"]).ends_with(0);
    place.dbgo(&["check", "--deny", "warnings"]).ends_with(1);
    let warned = place.dbgo(&["check", "--format", "github"]).ends_with(0);
    assert!(warned.out.starts_with("::warning "), "{}", warned.out);
}

#[test]
fn exposures_are_drawn_in_each_format() {
    let place = shop();
    place.dbgo(&["check", "--fix"]).ends_with(0);
    place.write(
        "exposures/board_pack.sql",
        "-- @exposure: type='dashboard'\n-- @import: models.marts.revenue\n",
    );
    let drawn = |format| place.dbgo(&["graph", "--format", format]).ends_with(0).out;
    assert!(drawn("dot").contains("\"models.marts.revenue\" -> \"exposures.board_pack\""));
    assert!(drawn("mermaid").contains(">\"board_pack\"]"));
    let json: Value = serde_json::from_str(&drawn("json")).expect("JSON");
    assert_eq!(
        json["exposures"][0]["imports"][0]["path"],
        "models.marts.revenue"
    );
    place.dbgo(&["run"]).ends_with(0);
}

#[test]
fn an_exposure_is_reached_by_the_columns_that_it_uses() {
    let place = Place::with(&[
        ("models/staging/orders.sql", ORDERS),
        (
            "models/marts/revenue.sql",
            "-- @import: models.staging.orders\nselect order_id, amount * 2 as doubled from :orders\n",
        ),
        (
            "exposures/board_pack.sql",
            "-- @exposure: type='dashboard'\n-- @import: models.marts.revenue\n-- @uses: revenue.doubled\n",
        ),
    ]);
    let impact = |column| place.dbgo(&["impact", column]).ends_with(0).out;
    assert!(impact("staging.orders.amount").contains("board_pack"));
    assert!(!impact("staging.orders.order_id").contains("board_pack"));
}
