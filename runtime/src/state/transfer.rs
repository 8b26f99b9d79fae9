//! A state as lines of JSON, for copies and for moving it to another database.
//!
//! The first line says what follows: `{"schema":"dbgo/state/1","layout":1,"identity":"…",
//! "projects":["…"]}`. Each other line is a row: `{"table":"runs","row":{"id":"…",…}}`, with whole
//! numbers, texts and nulls. Which tables and columns there are is asked of the database, so that a
//! state of an older layout can be written too.

use super::database::{Cell, Database, Mode, Value, objects, values};
use super::fault::{Attempt, Fault};
use super::layout::{Change, take_turn};
use super::open::State;
use crate::error::{Code, Error, Kind, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};

/// The form of what is written.
const SCHEMA: &str = "dbgo/state/1";

/// How many rows go into one statement, at the most.
const ROWS: usize = 1000;

/// How many bytes go into one statement, about.
const BYTES: usize = 1 << 20;

#[derive(Serialize, Deserialize)]
struct Header {
    schema: String,
    layout: u64,
    identity: String,
    projects: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    table: String,
    row: Map<String, Json>,
}

/// A table with its columns, and whether each is a number.
struct Table {
    name: String,
    columns: Vec<(String, bool)>,
}

impl State {
    /// Writes everything, or what belongs to one project, as it is at one instant.
    ///
    /// # Errors
    /// `state-failed`, also if `out` can't be written.
    pub fn export(&mut self, project: Option<&str>, out: &mut dyn Write) -> Result<()> {
        // What was written can't be taken back, so that it is tried only once.
        let out = RefCell::new(Some(out));
        self.transact((Mode::Read, "export"), &async |database: &mut Database| {
            let Some(out) = out.take() else {
                return Err(Fault::Other(broken_off()));
            };
            write_all(database, project, out).await
        })
    }

    /// Reads what [`State::export`] wrote, all or nothing. A state that is empty takes over the
    /// identity, so that engines take it for the other one, which must not be used any more.
    ///
    /// # Errors
    /// `state-import` if the state has something of the projects already, or what is read isn't
    /// an export; `state-moved-on` and `state-outdated` if it has another layout than this
    /// version's; `state-failed`.
    pub fn import(&mut self, input: &mut dyn BufRead) -> Result<()> {
        let header = read_header(input)?;
        match i64::try_from(header.layout).map(|found| found.cmp(&self.layout())) {
            Ok(std::cmp::Ordering::Equal) => {}
            Ok(std::cmp::Ordering::Less) => return Err(older(&header)),
            Ok(std::cmp::Ordering::Greater) | Err(_) => return Err(newer(&header)),
        }
        let layout = self.layout();
        let input = RefCell::new(Some(input));
        let identity =
            self.transact((Mode::Write, "import"), &async |database: &mut Database| {
                let Some(input) = input.take() else {
                    return Err(Fault::Other(broken_off()));
                };
                read_all(database, layout, &header, input).await
            })?;
        self.take_identity(identity);
        Ok(())
    }
}

fn broken_off() -> Error {
    Error::new(
        Kind::Failed,
        Code::StateFailed,
        "the connection to the state database broke in the middle",
    )
}

/// Writes a header and all rows.
pub(super) async fn write_all(
    database: &mut Database,
    project: Option<&str>,
    out: &mut dyn Write,
) -> Attempt<()> {
    let tables = tables(database).await?;
    let found = super::layout::find(database).await?;
    let found = found.ok_or(Fault::Sql(sqlx::Error::RowNotFound))?;
    let mut projects = projects(database, &tables).await?;
    projects.retain(|name| project.is_none_or(|project| project == name));
    let header = Header {
        schema: SCHEMA.to_owned(),
        layout: found.layout.unsigned_abs(),
        identity: found.identity,
        projects: projects.into_iter().collect(),
    };
    write_line(out, &header)?;
    for table in &tables {
        for row in rows(database, table, project).await? {
            let line = Line {
                table: table.name.clone(),
                row,
            };
            write_line(out, &line)?;
        }
    }
    out.flush().map_err(unwritable)?;
    Ok(())
}

fn write_line(out: &mut dyn Write, line: &impl Serialize) -> Attempt<()> {
    let mut text = serde_json::to_vec(line).map_err(|error| unwritable(error.into()))?;
    text.push(b'\n');
    out.write_all(&text).map_err(unwritable)?;
    Ok(())
}

fn unwritable(error: std::io::Error) -> Error {
    Error::new(
        Kind::Failed,
        Code::StateFailed,
        format!("can't write the copy of the state: {error}"),
    )
}

/// The tables that have rows of projects: all but those that say what the database itself is, and
/// how often it was written.
async fn tables(database: &mut Database) -> sqlx::Result<Vec<Table>> {
    const APART: [&str; 3] = ["layout", "identity", "changes"];
    let statement = match database {
        Database::Sqlite(_) => {
            "SELECT t.name, c.name, c.type FROM sqlite_master AS t, pragma_table_info(t.name) AS c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' ORDER BY t.name, c.cid"
        }
        Database::Postgres(_) => {
            "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT) \
             FROM information_schema.columns WHERE table_schema = current_schema() \
             ORDER BY table_name COLLATE \"C\", ordinal_position"
        }
    };
    let mut tables: Vec<Table> = Vec::new();
    for row in database.rows(statement, &[]).await? {
        let (name, column, kind) = (row.text(0)?, row.text(1)?, row.text(2)?);
        if APART.contains(&name.as_str()) {
            continue;
        }
        let is_number = !kind.eq_ignore_ascii_case("text");
        match tables.last_mut() {
            Some(table) if table.name == name => table.columns.push((column, is_number)),
            _ => tables.push(Table {
                name,
                columns: vec![(column, is_number)],
            }),
        }
    }
    Ok(tables)
}

impl Table {
    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|(name, _)| name == column)
    }

    /// The condition for rows of the project `$1`: they say it themselves, or their run does.
    fn of_project(&self) -> &'static str {
        if self.has("project") {
            "project = $1"
        } else {
            "run IN (SELECT id FROM runs WHERE project = $1)"
        }
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    }
}

/// The projects that have rows.
async fn projects(database: &mut Database, tables: &[Table]) -> sqlx::Result<BTreeSet<String>> {
    let mut projects = BTreeSet::new();
    for table in tables.iter().filter(|table| table.has("project")) {
        let statement = format!("SELECT DISTINCT project FROM {}", table.name);
        for row in database.rows(&statement, &[]).await? {
            projects.insert(row.text(0)?);
        }
    }
    Ok(projects)
}

async fn rows(
    database: &mut Database,
    table: &Table,
    project: Option<&str>,
) -> sqlx::Result<Vec<Map<String, Json>>> {
    let names = table.names();
    let condition = project.map_or_else(String::new, |_| format!("WHERE {}", table.of_project()));
    // The key comes first in all tables, and their number of columns differs.
    let statement = format!(
        "SELECT {names} FROM {} {condition} ORDER BY 1, 2",
        table.name
    );
    let values: Vec<Value<'_>> = project.map(Value::from).into_iter().collect();
    let rows = database.rows(&statement, &values).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let names = table.columns.iter().map(|(name, _)| name.clone());
            names.zip(row.cells().into_iter().map(cell)).collect()
        })
        .collect())
}

fn cell(cell: Cell) -> Json {
    match cell {
        Cell::Null => Json::Null,
        Cell::Text(text) => Json::String(text),
        Cell::Number(number) => json!(number),
    }
}

fn read_header(input: &mut dyn BufRead) -> Result<Header> {
    let header = read_line(input, 1)?;
    let header = header.and_then(|text| serde_json::from_str::<Header>(&text).ok());
    match header {
        Some(header) if header.schema == SCHEMA => Ok(header),
        Some(header) => Err(wrong(format!(
            "this copy of a state has the form `{}`, and this version knows `{SCHEMA}`",
            header.schema
        ))),
        None => Err(wrong("this isn't a copy of a state".to_owned())),
    }
}

/// The next line that isn't empty.
fn read_line(input: &mut dyn BufRead, number: usize) -> Result<Option<String>> {
    loop {
        let mut text = String::new();
        let read = input.read_line(&mut text).map_err(|error| {
            Error::new(
                Kind::Failed,
                Code::StateFailed,
                format!("can't read line {number} of the copy of the state: {error}"),
            )
        })?;
        if read == 0 {
            return Ok(None);
        }
        if !text.trim().is_empty() {
            return Ok(Some(text));
        }
    }
}

/// Writes what is read, and gives the identity that the state has from then on, if it is another
/// one.
async fn read_all(
    database: &mut Database,
    layout: i64,
    header: &Header,
    input: &mut dyn BufRead,
) -> Attempt<Option<String>> {
    super::layout::check(database, layout).await?;
    let tables = tables(database).await?;
    let there = projects(database, &tables).await?;
    for project in header.projects.iter().collect::<BTreeSet<_>>() {
        take_turn(database, layout, project, Change::Noted).await?;
        if there.contains(project) {
            return Err(occupied(project).into());
        }
    }
    let known: BTreeMap<&str, &Table> = tables
        .iter()
        .map(|table| (table.name.as_str(), table))
        .collect();
    let mut batch = Batch::default();
    let mut number = 1;
    while let Some(text) = read_line(input, number + 1)? {
        number += 1;
        let unreadable = || wrong(format!("line {number} isn't a row of a state"));
        let line: Line = serde_json::from_str(&text).map_err(|_| unreadable())?;
        let table = known.get(line.table.as_str()).ok_or_else(unreadable)?;
        check(table, &line.row, header).map_err(|()| unreadable())?;
        batch.add(database, table, line.row, text.len()).await?;
    }
    batch.write(database).await?;
    if !there.is_empty() {
        return Ok(None);
    }
    let statement = "UPDATE identity SET id = $1";
    database.run(statement, values![&header.identity]).await?;
    Ok(Some(header.identity.clone()))
}

/// Whether a row has the table's columns, with values of their kinds, and belongs to one of the
/// projects that the header names.
fn check(table: &Table, row: &Map<String, Json>, header: &Header) -> std::result::Result<(), ()> {
    let fits = |(name, is_number): &(String, bool)| match row.get(name) {
        Some(Json::Null) => true,
        Some(Json::String(_)) => !is_number,
        Some(Json::Number(number)) => *is_number && number.is_i64(),
        _ => false,
    };
    let is_ours = match row.get("project") {
        Some(project) => header.projects.iter().any(|name| project == name),
        None => true,
    };
    let is_whole = table.columns.len() == row.len() && table.columns.iter().all(fits);
    if is_whole && is_ours { Ok(()) } else { Err(()) }
}

/// Rows of one table that are written together.
#[derive(Default)]
struct Batch {
    statement: String,
    rows: Vec<Json>,
    bytes: usize,
}

impl Batch {
    async fn add(
        &mut self,
        database: &mut Database,
        table: &Table,
        row: Map<String, Json>,
        bytes: usize,
    ) -> Attempt<()> {
        let statement = insert(table);
        if statement != self.statement || self.rows.len() >= ROWS || self.bytes >= BYTES {
            self.write(database).await?;
            self.statement = statement;
        }
        self.rows.push(Json::Object(row));
        self.bytes += bytes;
        Ok(())
    }

    async fn write(&mut self, database: &mut Database) -> Attempt<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        self.bytes = 0;
        let rows = std::mem::take(&mut self.rows);
        let written = database.run(&self.statement, &[objects(rows)]).await;
        written.map_err(|error| match error.as_database_error() {
            // What two rows of one key, or a null where none may be, come to.
            Some(database) if database.kind() != sqlx::error::ErrorKind::Other => {
                let message = format!("the copy of the state contradicts itself: {database}");
                Fault::Other(wrong(message))
            }
            _ => Fault::Sql(error),
        })?;
        Ok(())
    }
}

fn insert(table: &Table) -> String {
    let values: Vec<String> = table
        .columns
        .iter()
        .map(|(name, is_number)| match is_number {
            true => format!("CAST(value ->> '{name}' AS BIGINT)"),
            false => format!("value ->> '{name}'"),
        })
        .collect();
    format!(
        "INSERT INTO {} ({}) SELECT {} FROM {{rows}}",
        table.name,
        table.names(),
        values.join(", ")
    )
}

fn occupied(project: &str) -> Error {
    Error::new(
        Kind::Refused,
        Code::StateImport,
        format!("this state has something of the project `{project}` already"),
    )
    .hint("read the copy into another state database")
}

fn wrong(message: String) -> Error {
    Error::new(Kind::Finding, Code::StateImport, message)
        .hint("a copy is what `dbgo state export` writes")
}

fn newer(header: &Header) -> Error {
    Error::new(
        Kind::Refused,
        Code::StateMovedOn,
        format!(
            "a newer version of dbgo wrote this copy of a state: it has the layout {}",
            header.layout
        ),
    )
    .hint("use that version")
}

fn older(header: &Header) -> Error {
    Error::new(
        Kind::Refused,
        Code::StateOutdated,
        format!(
            "an older version of dbgo wrote this copy of a state: it has the layout {}",
            header.layout
        ),
    )
    .hint("read it with that version, then change the state with `dbgo state migrate`")
}
