//! What `dbgo.toml` says, and what is wrong with it.

use super::*;
use crate::diagnostic::Code;

const FILE: FileId = FileId(0);

/// The code of the only finding, and the text it points to.
fn bad(text: &str) -> (Code, &str) {
    let (settings, diagnostics) = parse(FILE, text);
    assert_eq!(diagnostics.len(), 1, "{text}: {diagnostics:?}");
    assert!(!settings.engines.is_empty());
    let span = diagnostics[0].primary.as_ref().unwrap().span;
    (diagnostics[0].code, &text[span.range()])
}

#[test]
fn a_whole_file() {
    let text = r#"
name = "shop"
dialect = "duckdb"
[defaults]
materialized = "view"
[defaults."models/marts"]
materialized = "table"
tags = ["marts"]
[vars]
min_amount = 0
rate = 1.50
methods = ["card", 'coupon']
since = 2013-01-01
[engine.local]
type = "duckdb"
path = "${DATA:-.}/shop.duckdb"
[engine.local.settings]
memory_limit = "256MB"
threads = 2
[state]
url = "sqlite:.dbgo/state.db"
[engine.warehouse]
type = "duckdb"
path = "warehouse.duckdb"
[env]
default = "dev_${USER}"
[env.prod]
engine = "warehouse"
protected = true
[env."dev_*"]
engine = "local"
ttl = "7 days"
start = "1 week ago"
views = "table"
publish = "changed"
vars = { min_amount = 1 }
sources = { raw = "raw_dev" }
[run]
workers = 4
before = "load icu"
after = ["analyze", "select 1;"]
lease = "30 s"
publish_timeout = "5 min"
[retention]
versions = "2 weeks"
history = "365 days"
"#;
    let (settings, diagnostics) = parse(FILE, text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(settings.name.value, "shop");
    let folders: Vec<&str> = settings
        .defaults
        .iter()
        .map(|it| it.folder.as_str())
        .collect();
    assert_eq!(folders, ["", "models/marts"]);
    let values: Vec<&VariableValue> = settings
        .variables
        .iter()
        .map(|it| &it.value.value)
        .collect();
    assert_eq!(values[0], &VariableValue::Scalar(Scalar::Integer(0)));
    assert_eq!(
        values[1],
        &VariableValue::Scalar(Scalar::Number("1.50".to_owned()))
    );
    assert!(matches!(values[2], VariableValue::List(list) if list.len() == 2));
    assert_eq!(
        values[3],
        &VariableValue::Scalar(Scalar::Text("2013-01-01".to_owned()))
    );
    let engine = &settings.engines[0];
    assert_eq!(engine.location.value, "${DATA:-.}/shop.duckdb");
    assert_eq!(engine.settings[1].1.value, Scalar::Integer(2));
    assert_eq!(settings.run.workers, Some(4));
    let [prod, dev] = settings.environments.as_slice() else {
        panic!("{:?}", settings.environments);
    };
    assert!(prod.is_protected() && prod.is_plain() && !dev.is_plain());
    assert_eq!(dev.ttl.as_ref().unwrap().value.seconds, 604_800);
    assert_eq!(dev.start.as_ref().unwrap().value, "7 days ago");
    assert_eq!(dev.views.as_ref().unwrap().value, Views::Table);
    assert_eq!(dev.publish.as_ref().unwrap().value, Publish::Changed);
    assert_eq!(
        dev.variables[0].value.value,
        VariableValue::Scalar(Scalar::Integer(1))
    );
    assert_eq!(dev.sources[0].1.value, "raw_dev");
    let engine = |name| {
        let engine = settings.engine_of(name);
        engine.map(|engine| engine.name.value.as_str())
    };
    assert_eq!(engine("prod"), Some("warehouse"));
    assert_eq!(engine("dev_ana"), Some("local"));
    assert_eq!(engine("live"), None);
    assert_eq!(settings.run.before[0].value, "load icu");
    assert_eq!(settings.run.after.len(), 2);
    let seconds = |found: &Option<Spanned<Duration>>| found.as_ref().map(|it| it.value.seconds);
    assert_eq!(seconds(&settings.run.lease), Some(30));
    assert_eq!(seconds(&settings.run.publish_timeout), Some(300));
    assert_eq!(seconds(&settings.retention.versions), Some(14 * 86_400));
    assert_eq!(seconds(&settings.retention.history), Some(365 * 86_400));
}

#[test]
fn what_nobody_says() {
    let (settings, diagnostics) = parse(FILE, "name = 'shop'");
    assert!(diagnostics.is_empty());
    assert_eq!(settings.engines[0].location.value, "shop.duckdb");
    assert_eq!(settings.default_environment.value, "dev_${USER}");
    assert_eq!(settings.engine_of("any").unwrap().name.value, "local");
    assert_eq!((settings.state_url, settings.run.workers), (None, None));
    let (settings, diagnostics) = parse(FILE, "name = 'shop'\n[env.prod]\nengine = 'local'");
    assert_eq!(diagnostics, []);
    assert_eq!(settings.engine_of("prod").unwrap().name.value, "local");
}

#[test]
fn environments_and_engines_are_held_against_each_other() {
    let two = "name = 'shop'\n[engine.a]\ntype = 'duckdb'\npath = 'a.db'\n\
        [engine.b]\ntype = 'duckdb'\npath = 'b.db'\n";
    let dev = "[env.\"dev_*\"]\nengine = 'a'\n";
    for (rest, place) in [
        // An engine for each, and a name that can be one.
        ("[env.prod]\nengine = 'c'\n", "'c'"),
        ("[env.prod]\nprotected = true\n", "prod"),
        ("[env.Prod]\nengine = 'a'\n", "Prod"),
        ("[env.deadbeef]\nengine = 'a'\n", "deadbeef"),
        ("[env.__]\nengine = 'a'\n", "__"),
        ("[env.'a**']\nengine = 'a'\n", "'a**'"),
        // Values.
        ("[env.x]\nengine = 'a'\nttl = 7\n", "7"),
        ("[env.x]\nengine = 'a'\nttl = '1 month'\n", "'1 month'"),
        ("[env.x]\nengine = 'a'\nstart = 'soon'\n", "'soon'"),
        ("[env.x]\nengine = 'a'\nstart = 'ago'\n", "'ago'"),
        ("[env.x]\nengine = 'a'\nstart = 7\n", "7"),
        ("[env.x]\nengine = 'a'\nviews = 'tabel'\n", "'tabel'"),
        ("[env.x]\nengine = 'a'\npublish = true\n", "true"),
        ("[env.x]\nengine = 'a'\nprotected = 'yes'\n", "'yes'"),
        ("[env.x]\nengine = 'a'\nvars = { a = [1] }\n", "[1]"),
        ("[env.x]\nengine = 'a'\nsources = { a = ' ' }\n", "' '"),
        (
            "[env.x]\nengine = 'a'\nprotected = true\nttl = '1 day'\n",
            "'1 day'",
        ),
        // What they can't be together.
        (
            "[env.'d_*']\nengine = 'a'\n[env.'*_d']\nengine = 'a'\n",
            "'*_d'",
        ),
        ("[env.'d*']\nengine = 'a'\nviews = 'plain'\n", "'plain'"),
        (
            "[env.prod]\nengine = 'a'\n[env.live]\nengine = 'a'\nviews = 'plain'\n",
            "'plain'",
        ),
    ] {
        let text = format!("{two}{dev}{rest}");
        assert_eq!(bad(&text), (Code::InvalidSetting, place), "{rest}");
    }
    for good in [
        "[env.'d_*']\nengine = 'a'\n[env.'*_dx']\nengine = 'a'\n",
        "[env.prod]\nengine = 'a'\n[env.live]\nengine = 'b'\nviews = 'plain'\n",
        "[env.prod]\nengine = 'a'\nviews = 'schema'\n[env.live]\nengine = 'a'\nviews = 'plain'\n",
        "[env.x]\nengine = 'a'\nstart = 2024-01-01\n",
    ] {
        let (_, diagnostics) = parse(FILE, &format!("{two}{dev}{good}"));
        assert_eq!(diagnostics, [], "{good}");
    }
}

#[test]
fn the_default_environment_has_an_engine_and_no_protection() {
    let two = "name = 'shop'\n[engine.a]\ntype = 'duckdb'\npath = 'a.db'\n\
        [engine.b]\ntype = 'duckdb'\npath = 'b.db'\n";
    for (rest, place) in [
        ("", "b"),
        ("[env.prod]\nengine = 'a'\n", "b"),
        ("[env]\ndefault = 'x'\n[env.'dev_*']\nengine = 'a'\n", "'x'"),
        (
            "[env]\ndefault = 'x_${U}'\n[env.'dev_*']\nengine = 'a'\n",
            "'x_${U}'",
        ),
        (
            "[env]\ndefault = 'Prod'\n[env.'p*']\nengine = 'a'\nprotected = true\n",
            "'Prod'",
        ),
    ] {
        let text = format!("{two}{rest}");
        assert_eq!(bad(&text), (Code::InvalidSetting, place), "{rest}");
    }
    for good in [
        "[env]\ndefault = '${U}'\n[env.'dev_*']\nengine = 'a'\n",
        "[env]\ndefault = 'dev-x'\n[env.'dev_*']\nengine = 'a'\n",
        "[env.'*']\nengine = 'a'\n",
    ] {
        let (_, diagnostics) = parse(FILE, &format!("{two}{good}"));
        assert_eq!(diagnostics, [], "{good}");
    }
    // A name that can't be one was meant to cover the default.
    assert_eq!(
        bad(&format!("{two}[env.'Dev_*']\nengine = 'a'\n")).1,
        "'Dev_*'"
    );
}

#[test]
fn mistakes_are_named_at_their_place() {
    let with = |rest: &str| format!("name = 'shop'\n{rest}");
    for (rest, code, place) in [
        ("nam = 1", Code::UnknownSetting, "nam"),
        ("[run]\nworker = 1", Code::UnknownSetting, "worker"),
        (
            "[defaults]\nmaterialised = 'view'",
            Code::UnknownSetting,
            "materialised",
        ),
        (
            "[defaults]\nmaterialized = 'tabel'",
            Code::InvalidSetting,
            "'tabel'",
        ),
        ("[defaults]\nmaterialized = 1", Code::InvalidSetting, "1"),
        ("[defaults]\ntags = [1]", Code::InvalidSetting, "1"),
        (
            "[defaults.marts]\nowner = 'a'",
            Code::InvalidSetting,
            "marts",
        ),
        (
            "[defaults]\nmaterialized = 'materialized_view'",
            Code::NotBuiltYet,
            "'materialized_view'",
        ),
        (
            "[defaults]\ncron_tz = 'Berlin'",
            Code::InvalidSetting,
            "'Berlin'",
        ),
        ("[defaults]\nwas = 'models.a'", Code::InvalidSetting, "was"),
        ("dialect = 'oracle'", Code::InvalidSetting, "'oracle'"),
        ("[vars]\na-b = 1", Code::InvalidSetting, "a-b"),
        ("[vars]\na = inf", Code::InvalidSetting, "inf"),
        ("[vars]\na = [[1]]", Code::InvalidSetting, "[[1]]"),
        ("[engine.a]\npath = 'x'", Code::InvalidSetting, "a"),
        ("[engine.a]\ntype = 'duck'", Code::InvalidSetting, "'duck'"),
        (
            "[engine.a]\ntype = 'postgres'\nurl = '${U}'",
            Code::NotBuiltYet,
            "'postgres'",
        ),
        (
            "[engine.a]\nurl = 'x'\ntype = 'duckdb'",
            Code::InvalidSetting,
            "'x'",
        ),
        (
            "[engine.a]\ntype = 'duckdb'\ndata = 'x'",
            Code::InvalidSetting,
            "'x'",
        ),
        (
            "[engine.a]\ntype = 'ducklake'\ncatalog = 'postgres://h/d'",
            Code::InvalidSetting,
            "a",
        ),
        (
            "[engine.a]\ntype = 'ducklake'\ndata = 'lake'",
            Code::InvalidSetting,
            "a",
        ),
        (
            "[engine.a]\ntype = 'ducklake'\ncatalog = 'x.db'\ndata = 'lake'",
            Code::InvalidSetting,
            "'x.db'",
        ),
        (
            "[engine.a]\ntype = 'ducklake'\npath = 'y'\ncatalog = '${C}'\ndata = 'lake'",
            Code::InvalidSetting,
            "'y'",
        ),
        (
            "[engine.a]\ntype = 'duckdb'\npath = '${'",
            Code::InvalidSetting,
            "'${'",
        ),
        (
            "[state]\nurl = 'mysql://x'",
            Code::InvalidSetting,
            "'mysql://x'",
        ),
        ("[state]\nurl = 'x'", Code::InvalidSetting, "'x'"),
        ("[env.prod]\nengine = 'x'", Code::InvalidSetting, "'x'"),
        ("[env.prod]\nttll = 'x'", Code::UnknownSetting, "ttll"),
        ("[env]\ndefalt = 'x'", Code::UnknownSetting, "defalt"),
        ("[run]\nworkers = 0", Code::InvalidSetting, "0"),
        ("[run]\nlease = 30", Code::InvalidSetting, "30"),
        ("[run]\nbefore = [1]", Code::InvalidSetting, "1"),
        ("[run]\nbefore = true", Code::InvalidSetting, "true"),
        (
            "[run]\nafter = ['commit']",
            Code::InvalidSetting,
            "'commit'",
        ),
        ("[dev]\nauto_rows = -1", Code::InvalidSetting, "-1"),
        ("[dev]\nrows = 1", Code::UnknownSetting, "rows"),
        (
            "[retention]\nversions = 'long'",
            Code::InvalidSetting,
            "'long'",
        ),
        ("[retention]\nruns = '7 days'", Code::UnknownSetting, "runs"),
        (
            "[engine.a]\ntype = 'duckdb'\n[engine.b]\ntype = 'duckdb'\n[env.'*']\nengine = 'a'",
            Code::InvalidSetting,
            "b",
        ),
        ("run = 1", Code::InvalidSetting, "1"),
    ] {
        assert_eq!(bad(&with(rest)), (code, place), "{rest}");
    }
    assert_eq!(bad("name = 'my shop'"), (Code::InvalidSetting, "'my shop'"));
    assert_eq!(bad(""), (Code::InvalidSetting, ""));
    assert_eq!(bad("name = 1"), (Code::InvalidSetting, "1"));
    let (_, diagnostics) = parse(FILE, "name = 'shop\n[run]\nworkers = 'x'");
    assert_eq!(diagnostics[0].code, Code::InvalidProjectFile);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(text in "[a-z\\[\\]=\"'${}.\n 1é]{0,60}") {
        let (_, diagnostics) = parse(FILE, &text);
        for finding in diagnostics {
            let range = finding.primary.unwrap().span.range();
            proptest::prop_assert!(text.get(range).is_some());
        }
    }
}
