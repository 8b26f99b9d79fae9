//! TPC-H and TPC-DS: each column that our own binder types against the engine's `DESCRIBE`, which is
//! data in `tests/oracle`.

use super::catalog::Catalog;
use super::ours;
use super::report::Share;
use dbgo_compiler::resolve::{Column, Schema};
use dbgo_compiler::sql_type::SqlType;
use serde_json::Value;
use std::path::Path;

/// How many columns are equal in name and type, and a line for each query in which one isn't.
///
/// # Errors
/// If a file can't be read.
pub fn compare(name: &str, corpora: &Path) -> Result<(Share, Vec<String>), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("oracle")
        .join(format!("{name}.json"));
    let text =
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let known: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let catalog = catalog(&known["tables"]);
    let queries = std::fs::read_to_string(corpora.join(format!("{name}.jsonl")))
        .map_err(|error| format!("{name}.jsonl: {error}"))?;
    let (mut equal, mut wrong) = (Share::default(), Vec::new());
    for line in queries.lines() {
        let query: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let title = query["name"].as_str().unwrap_or_default();
        let answer = ours::answer(query["sql"].as_str().unwrap_or_default(), &catalog);
        let theirs = columns(&known["queries"][title]);
        let ours: Vec<(String, String)> = match answer.errors.is_empty() {
            false => Vec::new(),
            true => answer
                .columns
                .iter()
                .flatten()
                .map(|column| {
                    let name = column.name.clone().unwrap_or_default();
                    (name, column.sql_type.to_string())
                })
                .collect(),
        };
        let same = ours
            .iter()
            .zip(&theirs)
            .filter(|(ours, theirs)| ours == theirs);
        equal.part += same.count();
        equal.whole += theirs.len();
        if ours != theirs {
            wrong.push(format!(
                "{name} {title}\n  ours    {} {ours:?}\n  engine  {theirs:?}\n",
                answer.text()
            ));
        }
    }
    Ok((equal, wrong))
}

/// How many of the columns that `tests/oracle/not_null.json` lists our binder proves never to be
/// null, and a line for each other.
///
/// # Errors
/// If a file can't be read.
pub fn proven(name: &str, corpora: &Path) -> Result<(Share, Vec<String>), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle");
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let json =
        |text: String| serde_json::from_str::<Value>(&text).map_err(|error| error.to_string());
    let known = json(read(&folder.join(format!("{name}.json")))?)?;
    let listed = json(read(&folder.join("not_null.json"))?)?;
    let catalog = catalog(&known["tables"]);
    let (mut proven, mut missed) = (Share::default(), Vec::new());
    for line in read(&corpora.join(format!("{name}.jsonl")))?.lines() {
        let query = json(line.to_owned())?;
        let title = query["name"].as_str().unwrap_or_default();
        let positions = listed[name][title].as_array().into_iter().flatten();
        let answer = ours::answer(query["sql"].as_str().unwrap_or_default(), &catalog);
        let columns = answer.columns.unwrap_or_default();
        for position in positions.filter_map(Value::as_u64) {
            let index = usize::try_from(position)
                .unwrap_or_default()
                .saturating_sub(1);
            let is_proven = columns.get(index).is_some_and(|column| !column.nullable);
            proven.whole += 1;
            proven.part += usize::from(is_proven);
            if !is_proven {
                missed.push(format!("{name} {title} column {position}"));
            }
        }
    }
    Ok((proven, missed))
}

fn catalog(tables: &Value) -> Catalog {
    let mut catalog = Catalog::default();
    for (name, table) in tables.as_object().into_iter().flatten() {
        let column = |column: &Value| Column {
            name: column["name"].as_str().unwrap_or_default().to_owned(),
            sql_type: column["type"]
                .as_str()
                .and_then(|written| written.parse().ok())
                .unwrap_or(SqlType::Unknown),
            nullable: column["nullable"] == Value::Bool(true),
            made_at: None,
        };
        let columns = table.as_array().into_iter().flatten().map(column);
        let schema = Schema::known(columns.collect());
        catalog.bare.insert(name.to_lowercase(), schema);
    }
    catalog
}

fn columns(value: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let columns = value.as_array().into_iter().flatten();
    columns
        .map(|column| (text(&column["name"]), text(&column["type"])))
        .collect()
}
