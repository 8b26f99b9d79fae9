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
[env]
default = "dev_${USER}"
[run]
workers = 4
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
    assert_eq!(settings.workers, Some(4));
}

#[test]
fn what_nobody_says() {
    let (settings, diagnostics) = parse(FILE, "name = 'shop'");
    assert!(diagnostics.is_empty());
    assert_eq!(settings.engines[0].location.value, "shop.duckdb");
    assert_eq!(settings.default_environment, "dev_${USER}");
    assert_eq!((settings.state_url, settings.workers), (None, None));
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
            "[defaults]\nmaterialized = 'scd2'",
            Code::NotBuiltYet,
            "'scd2'",
        ),
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
        ("[env.prod]\nengine = 'x'", Code::NotBuiltYet, "prod"),
        ("[env]\ndefalt = 'x'", Code::UnknownSetting, "defalt"),
        ("[run]\nworkers = 0", Code::InvalidSetting, "0"),
        ("[run]\nlease = '30 s'", Code::NotBuiltYet, "lease"),
        ("[dev]\nauto_rows = 1", Code::NotBuiltYet, "dev"),
        (
            "[retention]\nversions = '7 days'",
            Code::NotBuiltYet,
            "retention",
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
