//! Edits with what they mean.

use crate::project::{profiles, with_imports};
use dbgo_compiler::fingerprint::ObstacleKind;
use dbgo_compiler::fingerprint::{Category, Change, change};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

/// What the edited queries read.
pub const SOURCES: [(&str, &str); 2] = [
    (
        "orders",
        "create table orders (id integer, customer integer, amount decimal(10, 2), status varchar, \
         day date, at timestamp, tags varchar[]);",
    ),
    (
        "customers",
        "create table customers (id integer, name varchar, region varchar);",
    ),
];

/// An edit: a line of the list.
struct Edit {
    line: usize,
    before: String,
    after: String,
    expected: String,
    read: BTreeSet<String>,
}

fn edits() -> Vec<Edit> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/oracle/meaning_changes.tsv");
    let text = std::fs::read_to_string(path).expect("the list of edits");
    let lines = (1..).zip(text.lines());
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with("# "))
        .map(|(number, line)| {
            let parts: Vec<&str> = line.split('\t').collect();
            let query = |text: &str| text.replace("\\n", "\n");
            Edit {
                line: number,
                before: query(parts[0]),
                after: query(parts[1]),
                expected: parts[2].to_owned(),
                read: parts
                    .get(3)
                    .map_or("", |read| read)
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect(),
            }
        })
        .collect()
}

/// A change as the list writes it.
fn written(change: &Change) -> String {
    let mut parts: Vec<String> = Vec::new();
    let flags = [
        (change.rows, "rows"),
        (change.order, "order"),
        (change.storage, "storage"),
    ];
    parts.extend(
        flags
            .iter()
            .filter(|(holds, _)| *holds)
            .map(|(_, word)| (*word).to_owned()),
    );
    let unsafe_additions: Vec<String> = change
        .unsafe_additions
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    for (word, names) in [
        ("added", &change.added),
        ("unsafe", &unsafe_additions),
        ("removed", &change.removed),
        ("missed", &change.missed),
        ("changed", &change.changed),
        ("widened", &change.widened),
        ("moved", &change.moved),
    ] {
        parts.extend(names.iter().map(|name| format!("{word} {name}")));
    }
    let mut text = change.category.to_string();
    if !parts.is_empty() {
        let _ = write!(text, ": {}", parts.join(", "));
    }
    text
}

#[test]
fn edits_mean_what_the_list_says() {
    let edits = edits();
    let names: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
    let mut texts: Vec<(String, String)> = SOURCES
        .iter()
        .map(|(name, text)| (format!("sources/{name}.sql"), (*text).to_owned()))
        .collect();
    for edit in &edits {
        for (side, query) in [("before", &edit.before), ("after", &edit.after)] {
            let path = format!("models/line{}_{side}.sql", edit.line);
            texts.push((path, with_imports(query, &names)));
        }
    }
    let (profiles, found) = profiles(&texts);
    let mut wrong = Vec::new();
    let mut counts: BTreeMap<Category, usize> = BTreeMap::new();
    for edit in &edits {
        let profile = |side: &str| profiles.get(&format!("models.line{}_{side}", edit.line));
        let (Some(before), Some(after)) = (profile("before"), profile("after")) else {
            wrong.push(format!(
                "line {}: it doesn't compile\n  {}\n  {}",
                edit.line, edit.before, edit.after
            ));
            continue;
        };
        let change = change(before, after, &edit.read).expect("one algorithm");
        *counts.entry(change.category).or_default() += 1;
        let found = written(&change);
        if found != edit.expected {
            wrong.push(format!(
                "line {}: {found}, not {}\n  {}\n  {}",
                edit.line, edit.expected, edit.before, edit.after
            ));
        }
    }
    println!("{counts:?}");
    for finding in found.iter().filter(|finding| finding.is_error()) {
        wrong.push(format!("{}: {}", finding.code, finding.message));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let meaning: usize = counts
        .iter()
        .filter(|(category, _)| **category > Category::Metadata)
        .map(|(_, count)| count)
        .sum();
    assert!(meaning >= 60, "{meaning} edits that change the meaning");
}

/// The examples of a page: each block with a query before and one after.
fn examples(text: &str) -> Vec<(String, String, String)> {
    let blocks = text.split("```").skip(1).step_by(2);
    blocks
        .filter_map(|block| {
            let (_, rest) = block.split_once("-- before\n")?;
            let (before, rest) = rest.split_once("-- after: ")?;
            let (expected, after) = rest.split_once('\n')?;
            Some((before.to_owned(), after.to_owned(), expected.to_owned()))
        })
        .collect()
}

#[test]
fn the_examples_of_the_documentation_are_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/changes.md");
    let examples = examples(&std::fs::read_to_string(path).expect("the page"));
    assert!(examples.len() >= 4, "{examples:?}");
    let names: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
    let mut texts: Vec<(String, String)> = SOURCES
        .iter()
        .map(|(name, text)| (format!("sources/{name}.sql"), (*text).to_owned()))
        .collect();
    for (index, (before, after, _)) in examples.iter().enumerate() {
        for (side, query) in [("before", before), ("after", after)] {
            let path = format!("models/example{index}_{side}.sql");
            texts.push((path, with_imports(query, &names)));
        }
    }
    let (profiles, found) = profiles(&texts);
    for (index, (before, after, expected)) in examples.iter().enumerate() {
        let profile = |side: &str| profiles.get(&format!("models.example{index}_{side}"));
        let (Some(old), Some(new)) = (profile("before"), profile("after")) else {
            panic!("{before}{after} doesn't compile: {found:#?}");
        };
        let change = change(old, new, &BTreeSet::new()).expect("one algorithm");
        let mut said = change.category.to_string();
        if change.rows {
            said.push_str(", the rows");
        }
        for name in &change.changed {
            let _ = write!(said, ", `{name}` has changed");
        }
        assert_eq!(said, *expected, "{before}{after}");
    }
}

#[test]
fn an_obstacle_is_in_the_file_of_the_model() {
    let model = "-- @import: sources.orders\nselect\n#for n in [1, 2]\n    \
                 amount * ${n} as times_${n},\n#endfor\n    random() as chance\nfrom :orders\n";
    let texts = [
        ("sources/orders.sql".to_owned(), SOURCES[0].1.to_owned()),
        ("models/a.sql".to_owned(), model.to_owned()),
    ];
    let (profiles, found) = profiles(&texts);
    let Some(profile) = profiles.get("models.a") else {
        panic!("it doesn't compile: {found:#?}");
    };
    let [first, second, chance] = profile.columns.as_slice() else {
        panic!("{:?}", profile.columns);
    };
    assert_eq!((first.obstacle, second.obstacle), (None, None));
    let obstacle = chance.obstacle.expect("it is another one in each run");
    assert_eq!(obstacle.kind, ObstacleKind::Volatile);
    assert!(model[obstacle.at as usize..].starts_with("random() as chance"));
}
