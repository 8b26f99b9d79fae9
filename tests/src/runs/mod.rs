//! Scenarios: what people do with a project one after the other, and what they see. `tests/runs/*.md`.
//!
//! | module | holds |
//! |---|---|
//! | [`read`] | the format |
//!
//! A `##` heading begins a scenario in a folder of its own. A block with a file's name behind its
//! language is written to that file. A block `console` has commands and what they show:
//!
//! ```text
//! $ dbgo run prod          dbgo, with these arguments, as `ana`
//! words                    a line of what it shows has these words, below that of the words before
//! no: words                no line has these
//! exit: 3                  how it ends; with 0 where nothing is said
//! $ kill POINT dbgo run    dbgo, which is killed where a fail point says (`before-publication`)
//! $ sql select 1, 'a'      a query in `shop.duckdb`
//! 1 | a                    all its rows, in their order
//! $ drop core__log         the tables in `_dbgo` go whose names begin so
//! $ alter core__log WORDS  the tables in `_dbgo` whose names begin so are altered
//! $ remove models/a.sql    a file goes
//! $ move a.sql b.sql       a file gets another name
//! $ wait 1.1 s             nothing is done for so long
//! ```

pub mod read;

use duckdb::types::Value;
use read::{Block, Scenario, Step, Wait};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Plays a scenario in a folder that has nothing yet.
///
/// # Errors
/// What was shown otherwise than the scenario says.
pub fn play(scenario: &Scenario, folder: &Path, executable: &Path) -> Result<(), String> {
    for block in &scenario.blocks {
        match block {
            Block::File { path, text } => write(&folder.join(path), text)?,
            Block::Steps(steps) => {
                for step in steps {
                    take(step, folder, executable)
                        .map_err(|error| format!("line {}: {error}", step.line))?;
                }
            }
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let done = path
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(path, text));
    done.map_err(|error| format!("{}: {error}", path.display()))
}

fn take(step: &Step, folder: &Path, executable: &Path) -> Result<(), String> {
    let text = |error: std::io::Error| error.to_string();
    let words: Vec<&str> = step.command.split_whitespace().collect();
    match words[..] {
        ["dbgo", ..] => call(step, &words[1..], folder, (executable, None)),
        ["kill", point, "dbgo", ..] => call(step, &words[3..], folder, (executable, Some(point))),
        ["sql", ..] => query(step, folder),
        ["drop", prefix] => {
            drop_tables(&folder.join("shop.duckdb"), prefix).map_err(|error| error.to_string())
        }
        ["alter", prefix, ..] => {
            let changes = words[2..].join(" ");
            alter_tables(&folder.join("shop.duckdb"), prefix, &changes)
                .map_err(|error| error.to_string())
        }
        ["remove", path] => std::fs::remove_file(folder.join(path)).map_err(text),
        ["move", from, to] => std::fs::rename(folder.join(from), folder.join(to)).map_err(text),
        ["wait", ..] => {
            let Wait(seconds) = Wait::read(&step.command)?;
            std::thread::sleep(Duration::from_secs_f64(seconds));
            Ok(())
        }
        _ => Err(format!("nobody knows how to `{}`", step.command)),
    }
}

/// Calls `dbgo`, which is killed where it passes a fail point, if there is one.
fn call(
    step: &Step,
    words: &[&str],
    folder: &Path,
    (executable, point): (&Path, Option<&str>),
) -> Result<(), String> {
    let mark = folder.join(".reached");
    let mut command = Command::new(executable);
    command
        .args(words)
        .current_dir(folder)
        .env("USER", "ana")
        .env("NO_COLOR", "1");
    if let Some(point) = point {
        command
            .env("DBGO_FAILPOINT", format!("{point}=kill"))
            .env("DBGO_FAILPOINT_REACHED", &mark);
    }
    let output = command.output().map_err(|error| error.to_string())?;
    let shown = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let wrong = |what: String| format!("`{}`: {what}\n{shown}", step.command);
    if point.is_some() && std::fs::remove_file(&mark).is_err() {
        return Err(wrong("it didn't come to the fail point".to_owned()));
    }
    let expected = point.is_none().then_some(step.exit);
    let exit = output.status.code();
    if exit != expected {
        return Err(wrong(format!("it ends with {exit:?}, not {expected:?}")));
    }
    let lines: Vec<String> = shown.lines().map(single_spaced).collect();
    let mut from = 0;
    for words in &step.shown {
        let found = lines[from..].iter().position(|line| line.contains(words));
        let Some(found) = found else {
            return Err(wrong(format!("no further line says `{words}`")));
        };
        from += found + 1;
    }
    match step
        .unshown
        .iter()
        .find(|words| lines.iter().any(|line| line.contains(*words)))
    {
        Some(words) => Err(wrong(format!("a line says `{words}`"))),
        None => Ok(()),
    }
}

/// A line without the widths of its columns.
fn single_spaced(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn query(step: &Step, folder: &Path) -> Result<(), String> {
    let query = step.command.trim_start_matches("sql").trim();
    let found = rows(&folder.join("shop.duckdb"), query).map_err(|error| error.to_string())?;
    if found == step.shown {
        return Ok(());
    }
    Err(format!(
        "`{query}` gives\n{}\nand not\n{}",
        found.join("\n"),
        step.shown.join("\n")
    ))
}

fn rows(database: &Path, query: &str) -> duckdb::Result<Vec<String>> {
    let connection = duckdb::Connection::open(database)?;
    let mut statement = connection.prepare(query)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let mut values = Vec::new();
        let mut index = 0;
        while let Ok(value) = row.get::<_, Value>(index) {
            values.push(text_of(&value));
            index += 1;
        }
        found.push(values.join(" | "));
    }
    Ok(found)
}

fn drop_tables(database: &Path, prefix: &str) -> duckdb::Result<()> {
    let names = tables(database, prefix)?;
    let connection = duckdb::Connection::open(database)?;
    let drop = |name: &String| connection.execute_batch(&format!("drop table _dbgo.{name}"));
    names.iter().try_for_each(drop)
}

fn alter_tables(database: &Path, prefix: &str, changes: &str) -> duckdb::Result<()> {
    let names = tables(database, prefix)?;
    let connection = duckdb::Connection::open(database)?;
    let alter =
        |name: &String| connection.execute_batch(&format!("alter table _dbgo.{name} {changes}"));
    names.iter().try_for_each(alter)
}

fn tables(database: &Path, prefix: &str) -> duckdb::Result<Vec<String>> {
    let query =
        format!("select table_name from duckdb_tables() where starts_with(table_name, '{prefix}')");
    rows(database, &query)
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::BigInt(value) => value.to_string(),
        Value::HugeInt(value) => value.to_string(),
        Value::Text(text) => text.clone(),
        other => format!("{other:?}: cast it to text"),
    }
}
