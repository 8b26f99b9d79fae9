//! Plans, environments and pointers, as people use them.

use crate::place::{Called, Place};

const SETTINGS: &str = "name = \"shop\"\n\
    [env]\ndefault = \"dev\"\n\
    [env.prod]\nprotected = true\n\
    [env.short]\nstart = \"2024-01-03\"\n";

const ORDERS: &str = "id,day,amount\n1,2024-01-01,10\n2,2024-01-02,20\n3,2024-01-03,30\n";

const STAGED: &str = "-- @config: materialized='table'\n-- @import: orders = seeds.orders\n\
    select id, day, amount from :orders\n";

const TOTALS: &str = "-- @config: materialized='table'\n-- @import: staged = models.staging.staged\n\
    select count(*) as orders, sum(amount) as total from :staged\n";

const DAYS: &str = "-- @config: materialized='table'\n-- @import: staged = models.staging.staged\n\
    select distinct day from :staged\n";

const DAILY: &str = "-- @config: materialized='incremental', time_column='day', start='2024-01-01', end='2024-01-04', batch_size=1\n\
    -- @import: orders = seeds.orders\n\
    select day, sum(amount) as total from :orders where day >= :start_date and day < :end_date group by day\n";

const EVENTS: &str = "-- @config: materialized='incremental', strategy='append'\n\
    -- @import: orders = seeds.orders\n\
    select id from :orders\n\
    #if is_incremental\nwhere id > (select max(id) from :this)\n#endif\n";

fn shop() -> Place {
    Place::with(&[
        ("dbgo.toml", SETTINGS),
        ("seeds/orders.csv", ORDERS),
        ("models/staging/staged.sql", STAGED),
        ("models/marts/totals.sql", TOTALS),
        ("models/marts/days.sql", DAYS),
        ("models/marts/daily.sql", DAILY),
        ("models/marts/events.sql", EVENTS),
    ])
}

fn applied(place: &Place, environment: &str) {
    place.dbgo(&["apply", environment, "--yes"]).ends_with(0);
}

#[track_caller]
fn says(called: &Called, words: &str) {
    let all = format!("{}{}", called.out, called.err);
    assert!(all.contains(words), "expected `{words}` in\n{all}");
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The rows that an environment shows, as one text.
fn shown(place: &Place, environment: &str, model: &str) -> String {
    let called = place.dbgo(&["show", model, "--env", environment, "--json"]);
    json(&called.ends_with(0).out)["rows"].to_string()
}

fn plan(place: &Place, arguments: &[&str]) -> serde_json::Value {
    let mut all = vec!["plan"];
    all.extend(arguments);
    all.push("--json");
    json(&place.dbgo(&all).ends_with(0).out)
}

fn action<'a>(plan: &'a serde_json::Value, relation: &str) -> &'a str {
    let models = plan["models"].as_array().expect("models");
    let model = models.iter().find(|model| model["relation"] == relation);
    model.map_or("none", |model| {
        model["action"]["do"].as_str().unwrap_or("?")
    })
}

#[test]
fn a_change_that_reads_no_changed_column_rebuilds_nothing() {
    let place = shop();
    applied(&place, "prod");
    assert_eq!(plan(&place, &["prod"])["models"], serde_json::json!([]));
    let doubled = STAGED.replace("amount from", "amount * 2 as amount from");
    place.write("models/staging/staged.sql", &doubled);
    let changed = plan(&place, &["prod"]);
    assert_eq!(action(&changed, "staging.staged"), "build");
    assert_eq!(action(&changed, "marts.totals"), "build");
    assert_eq!(action(&changed, "marts.days"), "adopt");
    applied(&place, "prod");
    assert_eq!(shown(&place, "prod", "totals"), r#"[["3","120"]]"#);

    // Metadata alone rebuilds nothing, and a revert shows the earlier tables again.
    place.write(
        "models/staging/staged.sql",
        &format!("-- @description: all orders\n{doubled}"),
    );
    let described = plan(&place, &["prod"]);
    assert_eq!(action(&described, "staging.staged"), "keep");
    place.write("models/staging/staged.sql", STAGED);
    let reverted = plan(&place, &["prod"]);
    assert_eq!(action(&reverted, "staging.staged"), "reuse");
    assert_eq!(action(&reverted, "marts.totals"), "reuse");
    let taken_back = place
        .dbgo(&["env", "rollback", "prod", "--yes"])
        .ends_with(0);
    says(&taken_back, "reused");
    assert_eq!(shown(&place, "prod", "totals"), r#"[["3","60"]]"#);
}

#[test]
fn a_stored_plan_is_carried_out_as_it_was_shown_or_not_at_all() {
    let place = shop();
    let first = plan(&place, &["prod"])["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let short = &first[first.len() - 8..];
    says(&place.dbgo(&["plans"]).ends_with(0), short);
    place.dbgo(&["apply", short]).ends_with(0);
    says(
        &place.dbgo(&["apply", short]).ends_with(3),
        "error[stale-plan]",
    );
    says(
        &place.dbgo(&["apply", "00000000"]).ends_with(2),
        "error[unknown-plan]",
    );

    place.write(
        "models/marts/days.sql",
        &DAYS.replace("distinct day", "distinct day, id"),
    );
    let second = plan(&place, &["prod"])["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    place.write(
        "models/marts/days.sql",
        &DAYS.replace("distinct day", "distinct id"),
    );
    let stale = place.dbgo(&["apply", &second]).ends_with(3);
    says(&stale, "this program is of another version of the project");
    place.dbgo(&["plan", "prod", "--detect"]).ends_with(5);
    says(
        &place.dbgo(&["apply", "prod"]).ends_with(3),
        "error[needs-confirmation]",
    );
    says(
        &place.dbgo(&["run", "prod"]).ends_with(3),
        "error[other-project]",
    );
    applied(&place, "prod");
    place.dbgo(&["plan", "prod", "--detect"]).ends_with(0);
    says(
        &place.dbgo(&["apply", "prod", "--continue"]).ends_with(2),
        "error[nothing-pending]",
    );
}

#[test]
fn environments_are_pointers() {
    let place = shop();
    applied(&place, "prod");
    place
        .dbgo(&["env", "create", "staging", "--from", "prod"])
        .ends_with(0);
    let again = place.dbgo(&["env", "create", "staging", "--from", "prod"]);
    says(&again.ends_with(3), "error[environment-exists]");
    assert_eq!(
        shown(&place, "staging", "totals"),
        shown(&place, "prod", "totals")
    );
    place.write(
        "models/marts/totals.sql",
        &TOTALS.replace("sum(amount)", "max(amount)"),
    );
    applied(&place, "staging");
    assert_eq!(shown(&place, "staging", "totals"), r#"[["3","30"]]"#);
    assert_eq!(shown(&place, "prod", "totals"), r#"[["3","60"]]"#);

    let promoted = place
        .dbgo(&["promote", "staging", "prod", "--yes"])
        .ends_with(0);
    says(&promoted, "1 to reuse");
    assert_eq!(shown(&place, "prod", "totals"), r#"[["3","30"]]"#);
    let history = json(
        &place
            .dbgo(&["env", "history", "prod", "--json"])
            .ends_with(0)
            .out,
    );
    let actions: Vec<&str> = history["history"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| entry["action"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(actions, ["promote", "apply"]);
    let listed = json(&place.dbgo(&["env", "list", "--json"]).ends_with(0).out);
    assert_eq!(listed["environments"].as_array().map(Vec::len), Some(2));

    says(
        &place
            .dbgo(&["promote", "stagin", "prod", "--yes"])
            .ends_with(2),
        "error[unknown-environment]",
    );
    says(
        &place.dbgo(&["env", "drop", "prod", "--yes"]).ends_with(3),
        "error[protected-environment]",
    );
    place
        .dbgo(&["env", "drop", "staging", "--yes"])
        .ends_with(0);
    place
        .dbgo(&["show", "totals", "--env", "staging"])
        .ends_with(1);
    assert_eq!(shown(&place, "prod", "totals"), r#"[["3","30"]]"#);
    says(
        &place
            .dbgo(&["env", "rollback", "prod", "--to", "9", "--yes"])
            .ends_with(2),
        "error[version-gone]",
    );
}

#[test]
fn a_base_that_moved_stops_a_promotion() {
    let place = shop();
    applied(&place, "prod");
    place
        .dbgo(&["env", "create", "staging", "--from", "prod"])
        .ends_with(0);
    place.write(
        "models/marts/days.sql",
        &DAYS.replace("distinct day", "distinct id"),
    );
    applied(&place, "prod");
    place.write(
        "models/marts/totals.sql",
        &TOTALS.replace("sum(amount)", "max(amount)"),
    );
    applied(&place, "staging");
    let refused = place
        .dbgo(&["promote", "staging", "prod", "--yes"])
        .ends_with(3);
    says(&refused, "error[base-moved]");
    says(&refused, "`marts.days`");
    place
        .dbgo(&["promote", "staging", "prod", "--rebase", "--yes"])
        .ends_with(0);
}

#[test]
fn a_shorter_history_is_a_preview_and_never_promoted() {
    let place = shop();
    applied(&place, "short");
    assert_eq!(shown(&place, "short", "daily"), r#"[["2024-01-03","30"]]"#);
    let whole = plan(&place, &["prod"]);
    assert_eq!(action(&whole, "marts.daily"), "fill");
    place
        .dbgo(&["promote", "short", "prod", "--yes"])
        .ends_with(0);
    let days = shown(&place, "prod", "daily");
    assert!(
        days.contains("2024-01-01") && days.contains("2024-01-03"),
        "{days}"
    );
    says(
        &place.dbgo(&["plan", "--start", "soon"]).ends_with(1),
        "error[environment-start]",
    );
}

#[test]
fn ranges_are_done_again_and_histories_are_kept() {
    let place = shop();
    applied(&place, "prod");
    let late = ORDERS.replace("2,2024-01-02,20", "2,2024-01-02,25");
    place.write("seeds/orders.csv", &late);
    place.dbgo(&["apply", "prod", "--yes"]).ends_with(0);
    assert!(
        shown(&place, "prod", "daily").contains("\"20\""),
        "filled days stay"
    );
    let restate = [
        "restate",
        "daily",
        "--start",
        "2024-01-02",
        "--end",
        "2024-01-03",
        "--env",
        "prod",
        "--yes",
    ];
    place.dbgo(&restate).ends_with(0);
    let days = shown(&place, "prod", "daily");
    assert!(days.contains("\"25\"") && days.contains("\"10\""), "{days}");
    let kept = [
        "restate",
        "events",
        "--start",
        "2024-01-02",
        "--env",
        "prod",
        "--yes",
    ];
    says(&place.dbgo(&kept).ends_with(3), "error[history-kept]");
    let backwards = [
        "restate",
        "daily",
        "--start",
        "2024-01-03",
        "--end",
        "2024-01-02",
        "--env",
        "prod",
        "--yes",
    ];
    says(
        &place.dbgo(&backwards).ends_with(2),
        "error[not-an-interval]",
    );
}

#[test]
fn a_renamed_model_keeps_its_table() {
    let place = shop();
    applied(&place, "prod");
    std::fs::remove_file(place.path().join("models/marts/totals.sql")).expect("a file");
    place.write("models/marts/grand_totals.sql", TOTALS);
    let renamed = plan(&place, &["prod"]);
    assert_eq!(action(&renamed, "marts.grand_totals"), "adopt");
    applied(&place, "prod");
    assert_eq!(shown(&place, "prod", "grand_totals"), r#"[["3","60"]]"#);
}

#[test]
fn several_engines_need_a_choice() {
    let place = Place::with(&[
        (
            "dbgo.toml",
            "name = \"shop\"\n[engine.a]\ntype = \"duckdb\"\n[engine.b]\ntype = \"duckdb\"\npath = \"b.duckdb\"\n\
             [env]\ndefault = \"dev\"\n[env.dev]\nengine = \"a\"\n",
        ),
        ("models/main/one.sql", "select 1 as id\n"),
    ]);
    place.dbgo(&["run"]).ends_with(0);
    says(
        &place.dbgo(&["plan", "other"]).ends_with(1),
        "error[unknown-engine]",
    );
}

#[test]
fn only_the_engine_of_the_environment_needs_its_variables() {
    let settings = "name = \"shop\"\n\
        [engine.local]\ntype = \"duckdb\"\n\
        [engine.far]\ntype = \"duckdb\"\npath = \"${SHOP_FAR}/far.duckdb\"\n\
        [env]\ndefault = \"dev_${SHOP_BRANCH}\"\n\
        [env.near]\nengine = \"local\"\n\
        [env.\"*\"]\nengine = \"far\"\n";
    let place = Place::with(&[
        ("dbgo.toml", settings),
        ("models/a/one.sql", "select 1 as id\n"),
    ]);
    place.dbgo(&["run", "near"]).ends_with(0);
    let default = place.dbgo(&["run"]).ends_with(1);
    says(&default, "`${SHOP_BRANCH}` in `default` of `[env]`");
    let far = place.dbgo(&["run", "elsewhere"]).ends_with(1);
    says(&far, "`${SHOP_FAR}` in `path` of `[engine.far]`");
}
