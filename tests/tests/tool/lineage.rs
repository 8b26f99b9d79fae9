//! `dbgo lineage` and `dbgo impact`.

use crate::place::Place;
use std::process::Command;

const SOURCE: (&str, &str) = (
    "sources/raw/orders.sql",
    "create table orders (order_id bigint, status varchar, amount decimal(18, 2))",
);

const PAID: (&str, &str) = (
    "models/marts/paid.sql",
    "-- @import: sources.raw.orders\nselect\n    order_id,\n    amount * 2 as twice\nfrom :orders\nwhere status = 'paid'\n",
);

const TOTAL: (&str, &str) = (
    "models/marts/total.sql",
    "-- @import: models.marts.paid\nselect sum(paid.twice) as total from :paid\n",
);

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn lineage_goes_down_to_sources_and_up_to_readers() {
    let place = Place::with(&[SOURCE, PAID, TOTAL]);
    let shown = place
        .dbgo(&["lineage", "total.total", "--up"])
        .ends_with(0)
        .out;
    assert_eq!(
        shown,
        "marts.total.total  DECIMAL(38,2)\n\n  made of\n    \
         rows of marts.paid                             aggregated\n    \
         marts.paid.twice                               aggregated\n      \
         raw.orders.amount                            computed\n"
    );
    let down = place
        .dbgo(&["lineage", "raw.orders.status", "--down"])
        .ends_with(0)
        .out;
    assert!(down.contains("rows of marts.paid"), "{down}");
    assert!(!down.contains("made of"), "{down}");
    for line in down.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let document = json(&place.dbgo(&["lineage", "paid", "--json"]).ends_with(0).out);
    assert_eq!(document["schema"], "dbgo/lineage/1");
    let twice = &document["columns"][1];
    assert_eq!(twice["name"], "twice");
    let inputs = twice["inputs"].as_array().expect("inputs");
    let amount = inputs.iter().find(|input| input["column"] == "amount");
    assert_eq!(
        amount.expect("an input")["uses"],
        serde_json::json!(["computed"])
    );
    let drawn = place
        .dbgo(&["lineage", "paid", "--format", "mermaid"])
        .ends_with(0)
        .out;
    assert!(drawn.starts_with("flowchart LR\n"), "{drawn}");
}

#[test]
fn names_that_mean_nothing_are_answered_with_the_nearest() {
    let place = Place::with(&[SOURCE, PAID]);
    for command in ["lineage", "impact"] {
        let model = place.dbgo(&[command, "pid"]).ends_with(2).err;
        assert!(model.contains("did you mean `paid`?"), "{model}");
        let column = place.dbgo(&[command, "paid.twise"]).ends_with(2).err;
        assert!(column.contains("did you mean `twice`?"), "{column}");
    }
    place.dbgo(&["impact"]).ends_with(2);
    place.write("models/marts/bad.sql", "select nothing from nowhere\n");
    place.dbgo(&["lineage", "paid"]).ends_with(1);
}

#[test]
fn impact_tells_what_breaks_and_what_changes() {
    let place = Place::with(&[SOURCE, PAID, TOTAL]);
    let shown = place
        .dbgo(&["impact", "raw.orders.status"])
        .ends_with(0)
        .out;
    assert!(shown.contains("breaks  marts.paid"), "{shown}");
    assert!(shown.contains("models/marts/paid.sql:6"), "{shown}");
    assert!(shown.contains("stops   marts.total"), "{shown}");
    assert!(shown.contains("rows of marts.paid"), "{shown}");
    let document = json(
        &place
            .dbgo(&["impact", "marts.paid", "--json"])
            .ends_with(0)
            .out,
    );
    assert_eq!(document["schema"], "dbgo/impact/1");
    assert_eq!(document["breaks"][0]["path"], "models.marts.total");
    place
        .dbgo(&["impact", "paid", "--format", "markdown"])
        .ends_with(2);
}

#[test]
fn impact_since_a_revision_is_markdown() {
    let place = Place::with(&[SOURCE, PAID, TOTAL]);
    git(&place, &["init", "--quiet"]);
    git(&place, &["add", "."]);
    let name = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
    let commit = [
        "-c",
        "commit.gpgsign=false",
        "commit",
        "--quiet",
        "-m",
        "first",
    ];
    git(&place, &[&name[..], &commit[..]].concat());
    let same = place.dbgo(&["impact", "--since", "HEAD"]).ends_with(0).out;
    assert_eq!(same, "## nothing differs since `HEAD`\n");
    place.write(PAID.0, &PAID.1.replace("* 2", "* 3"));
    let changed = place.dbgo(&["impact", "--since", "HEAD"]).ends_with(0).out;
    assert!(
        changed.starts_with("## 1 table differs since `HEAD`\n"),
        "{changed}"
    );
    assert!(
        changed.contains("| ~ | `marts.paid` | breaking: computes `twice` otherwise |"),
        "{changed}"
    );
    assert!(changed.contains("| `marts.total` |"), "{changed}");
    let document = place
        .dbgo(&["impact", "--since", "HEAD", "--json"])
        .ends_with(0)
        .out;
    assert_eq!(json(&document)["changes"][0]["state"], "modified");
    let unknown = place
        .dbgo(&["impact", "--since", "nowhere"])
        .ends_with(2)
        .err;
    assert!(
        unknown.contains("there is no revision `nowhere`"),
        "{unknown}"
    );
}

#[test]
fn the_examples_of_the_page_are_true() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/lineage.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let place = Place::initialized(true);
    let mut count = 0;
    for block in page.split("```text\n").skip(1) {
        let block = block.split("```").next().expect("a block");
        let (call, expected) = block.split_once('\n').expect("a call and its output");
        let call = call.strip_prefix("$ dbgo ").expect("a call of dbgo");
        let arguments: Vec<&str> = call.split(' ').collect();
        assert_eq!(place.dbgo(&arguments).ends_with(0).out, expected);
        count += 1;
    }
    assert_eq!(count, 2);
}

fn git(place: &Place, arguments: &[&str]) {
    let done = Command::new("git")
        .args(arguments)
        .current_dir(place.path())
        .status()
        .expect("git starts");
    assert!(done.success(), "git {arguments:?}");
}
