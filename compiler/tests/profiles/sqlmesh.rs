//! The cases of another tool's categoriser, of which `DBGO_CORPORA` names the folder: what it
//! calls non-breaking is never breaking here. Its file says where they are from.

use crate::project::{profiles, with_imports};
use dbgo_compiler::fingerprint::{Category, change};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The input table, and functions of the engine in the place of the illustrative ones.
const SOURCE: &str = "create table input (ds date, a integer, b integer, list integer[]);";

/// A case as a query of this engine over the input table.
fn query(text: &str) -> String {
    let replaced = [
        ("fun(another_fun(a + 1) * 2)", "abs(sign(a + 1) * 2)"),
        ("explode_outer(a)", "unnest(list)"),
        ("posexplode(a)", "unnest(list)"),
        ("explode(a)", "unnest(list)"),
        ("from unnest(a) x", "from unnest(list) t(x)"),
        ("unnest(a)", "unnest(list)"),
        ("from unnest(list) x", "from unnest(list) t(x)"),
    ];
    let mut text = text.to_owned();
    for (from, to) in replaced {
        text = text.replace(from, to);
    }
    let (items, rest) = match (text.find(" where"), text.find(" from test_table")) {
        (Some(at), _) => (text[..at].to_owned(), text[at..].to_owned()),
        (None, Some(at)) => (text[..at].to_owned(), " , range(2)".to_owned()),
        (None, None) => (text, String::new()),
    };
    // Only the engine knows the names of these.
    let items = match items.contains("unnest(") {
        true => format!("{items} as added"),
        false => items,
    };
    let body = match rest.strip_prefix(" ,") {
        Some(other) => format!("{items} from :input,{other}"),
        None => format!("{items} from :input{rest}"),
    };
    with_imports(&body, &["input"])
}

#[test]
fn what_others_call_non_breaking_is_not_breaking() {
    let Some(folder) = std::env::var_os("DBGO_CORPORA") else {
        println!("skipped: DBGO_CORPORA isn't set");
        return;
    };
    let path = PathBuf::from(folder).join("change_categories.json");
    let text = std::fs::read_to_string(&path).expect("the cases");
    let cases: Value = serde_json::from_str(&text).expect("JSON");
    let sql = |value: &Value| query(value.as_str().expect("a query"));
    let rows = cases["cases"].as_array().expect("a list");
    let mut texts = vec![
        ("sources/input.sql".to_owned(), SOURCE.to_owned()),
        ("models/old.sql".to_owned(), sql(&cases["old"])),
    ];
    for (index, case) in rows.iter().enumerate() {
        texts.push((format!("models/new{index}.sql"), sql(&case["new"])));
    }
    let (profiles, found) = profiles(&texts);
    let old = profiles.get("models.old").expect("the old query compiles");
    for (index, case) in rows.iter().enumerate() {
        let text = &texts[index + 2].1;
        let Some(new) = profiles.get(&format!("models.new{index}")) else {
            panic!("{text} doesn't compile: {found:#?}");
        };
        let all: BTreeSet<String> = old.columns.iter().map(|it| it.name.clone()).collect();
        let change = change(old, new, &all).expect("one algorithm");
        println!("{}: {} {text}", case["category"], change.category);
        match case["category"].as_str() {
            Some("non_breaking") => {
                assert!(change.category < Category::Breaking, "{text}{change:#?}");
            }
            _ => assert_eq!(change.category, Category::Breaking, "{text}{change:#?}"),
        }
    }
}
