//! One connection to SQLite or Postgres, and one text of each statement for both.
//!
//! Statements have parameters `$1`, `$2`, …, which both take. Where they differ is in one place
//! only: the rows that a parameter with a JSON array of objects stands for, written `{rows}`, whose
//! only column is `value`. Columns are texts or whole numbers; there are no other types.

use jiff::Timestamp;
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Column, Connection, Row as _, TypeInfo, ValueRef};
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The longest that one statement may be waited for. The server gives up before, so that it is
/// only reached where nothing comes back at all.
const ANSWER: Duration = Duration::from_secs(60);

/// How the server is kept from waiting for longer than its client: milliseconds of
/// `statement_timeout`.
pub(super) const STATEMENT_TIMEOUT_MS: u32 = 50_000;

/// A connection.
pub(super) enum Database {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Reading: all statements see the same state.
    Read,
    /// Writing: SQLite has one writer at a time. In Postgres every statement sees what was
    /// committed before it, and the layout can't change.
    Write,
}

/// A parameter of a statement.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    Number(Option<i64>),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(storable(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Value::from(text.as_str())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::Text(Cow::Owned(storable(&text).into_owned()))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Value::Number(Some(number))
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Value::Number(Some(i64::from(number)))
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Value::Number(Some(whole(number)))
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Value::Number(Some(i64::from(truth)))
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(instant: Timestamp) -> Self {
        Value::Number(Some(instant.as_microsecond()))
    }
}

impl From<Option<Timestamp>> for Value<'_> {
    fn from(instant: Option<Timestamp>) -> Self {
        Value::Number(instant.map(Timestamp::as_microsecond))
    }
}

/// The parameters of a statement, each turned into a [`Value`].
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::state::database::Value::from($value)),*] };
}
pub(super) use values;

/// A number as the databases keep it; what is larger than they can is their largest.
pub(super) fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A text without the one character that Postgres has no place for.
fn storable(text: &str) -> Cow<'_, str> {
    match text.contains('\0') {
        true => Cow::Owned(text.replace('\0', "\u{fffd}")),
        false => Cow::Borrowed(text),
    }
}

/// Objects as the parameter that `{rows}` reads. A member is a text, a number or null.
pub(super) fn objects(mut rows: Vec<Json>) -> Value<'static> {
    let members = rows.iter_mut().filter_map(Json::as_object_mut);
    for value in members.flat_map(serde_json::Map::values_mut) {
        if let Json::String(text) = value
            && let Cow::Owned(cleaned) = storable(text)
        {
            *text = cleaned;
        }
    }
    Value::Text(Cow::Owned(Json::Array(rows).to_string()))
}

/// Names as the parameter that `{rows}` reads; each is `value ->> 'name'`.
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> Value<'static> {
    let object = |name: &str| serde_json::json!({ "name": name });
    objects(names.into_iter().map(object).collect())
}

/// A row of an answer.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Row(Vec<Cell>);

/// A value in a row; in JSON it is what it looks like.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    Null,
    Text(String),
    Number(i64),
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfJson;
        impl Visitor<'_> for OfJson {
            type Value = Cell;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text, a whole number or null")
            }

            fn visit_unit<E>(self) -> Result<Cell, E> {
                Ok(Cell::Null)
            }

            fn visit_i64<E>(self, number: i64) -> Result<Cell, E> {
                Ok(Cell::Number(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Cell, E> {
                Ok(Cell::Number(whole(number)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Cell, E> {
                Ok(Cell::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Cell, E> {
                Ok(Cell::Text(text))
            }
        }
        deserializer.deserialize_any(OfJson)
    }
}

impl Row {
    pub fn cells(self) -> Vec<Cell> {
        self.0
    }

    pub fn text(&self, index: usize) -> sqlx::Result<String> {
        match self.0.get(index) {
            Some(Cell::Text(text)) => Ok(text.clone()),
            other => Err(unexpected("a text", other)),
        }
    }

    pub fn number(&self, index: usize) -> sqlx::Result<i64> {
        match self.0.get(index) {
            Some(Cell::Number(number)) => Ok(*number),
            other => Err(unexpected("a number", other)),
        }
    }

    pub fn optional_number(&self, index: usize) -> sqlx::Result<Option<i64>> {
        match self.0.get(index) {
            Some(Cell::Null) => Ok(None),
            _ => self.number(index).map(Some),
        }
    }

    /// A number that isn't negative.
    pub fn count(&self, index: usize) -> sqlx::Result<u64> {
        Ok(self.number(index)?.unsigned_abs())
    }

    pub fn truth(&self, index: usize) -> sqlx::Result<bool> {
        Ok(self.number(index)? != 0)
    }

    pub fn instant(&self, index: usize) -> sqlx::Result<Timestamp> {
        self.number(index).map(instant)
    }

    pub fn optional_instant(&self, index: usize) -> sqlx::Result<Option<Timestamp>> {
        Ok(self.optional_number(index)?.map(instant))
    }

    pub fn json<T: DeserializeOwned>(&self, index: usize) -> sqlx::Result<T> {
        let text = self.text(index)?;
        serde_json::from_str(&text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
    }
}

fn unexpected(what: &str, found: Option<&Cell>) -> sqlx::Error {
    let found = match found {
        None => "no column",
        Some(Cell::Null) => "nothing",
        Some(Cell::Text(_)) => "a text",
        Some(Cell::Number(_)) => "a number",
    };
    sqlx::Error::Decode(format!("there is {found} where {what} is expected").into())
}

/// An instant from microseconds since 1970; only this module's own values are read so.
fn instant(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A query with its parameters bound, for either database.
macro_rules! bound {
    ($statement:expr, $values:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($statement));
        for value in $values {
            query = match value {
                Value::Text(text) => query.bind(text.clone().into_owned()),
                Value::Number(number) => query.bind(*number),
            };
        }
        query
    }};
}

impl Database {
    /// The rows that a statement gives.
    pub async fn rows(&mut self, statement: &str, values: &[Value<'_>]) -> sqlx::Result<Vec<Row>> {
        let text = self.text(statement);
        match self {
            Database::Sqlite(connection) => {
                let rows = bound!(text, values).fetch_all(connection).await?;
                rows.iter().map(sqlite_row).collect()
            }
            Database::Postgres(connection) => {
                let rows = answer(bound!(text, values).fetch_all(connection)).await?;
                rows.iter().map(postgres_row).collect()
            }
        }
    }

    /// The rows that a statement of so many columns gives, where there may be thousands.
    ///
    /// A connection to SQLite has a thread of its own, which hands rows over one by one, each value copied. So it is
    /// asked for all of them as one text, in the statement's order, which SQLite keeps below an aggregate that it
    /// doesn't know to be indifferent to it.
    pub async fn table(
        &mut self,
        statement: &str,
        columns: usize,
        values: &[Value<'_>],
    ) -> sqlx::Result<Vec<Row>> {
        if matches!(self, Database::Postgres(_)) {
            return self.rows(statement, values).await;
        }
        let names: Vec<String> = (0..columns).map(|index| format!("c{index}")).collect();
        let names = names.join(", ");
        let whole = format!(
            "WITH answer({names}) AS ({statement}) \
             SELECT json_group_array(json_array({names})) FROM answer"
        );
        let row = self.row(&whole, values).await?;
        row.ok_or(sqlx::Error::RowNotFound)?.json(0)
    }

    /// The first row that a statement gives, if any.
    pub async fn row(
        &mut self,
        statement: &str,
        values: &[Value<'_>],
    ) -> sqlx::Result<Option<Row>> {
        Ok(self.rows(statement, values).await?.into_iter().next())
    }

    /// Runs a statement and gives the number of rows that it wrote or removed.
    pub async fn run(&mut self, statement: &str, values: &[Value<'_>]) -> sqlx::Result<u64> {
        let text = self.text(statement);
        match self {
            Database::Sqlite(connection) => {
                let done = bound!(text, values).execute(connection).await?;
                Ok(done.rows_affected())
            }
            Database::Postgres(connection) => {
                let done = answer(bound!(text, values).execute(connection)).await?;
                Ok(done.rows_affected())
            }
        }
    }

    /// Runs statements without parameters, separated by `;`.
    pub async fn script(&mut self, statements: &str) -> sqlx::Result<()> {
        let script = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
        match self {
            Database::Sqlite(connection) => {
                script.execute(connection).await?;
            }
            Database::Postgres(connection) => {
                answer(script.execute(connection)).await?;
            }
        }
        Ok(())
    }

    /// Begins a transaction.
    pub async fn begin(&mut self, mode: Mode) -> sqlx::Result<()> {
        let begin = match (&self, mode) {
            (Database::Sqlite(_), Mode::Read) => "BEGIN",
            // A deferred one is refused at once when two processes write.
            (Database::Sqlite(_), Mode::Write) => "BEGIN IMMEDIATE",
            (Database::Postgres(_), Mode::Read) => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            }
            (Database::Postgres(_), Mode::Write) => {
                "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
                 LOCK TABLE layout IN ROW SHARE MODE"
            }
        };
        self.script(begin).await
    }

    pub async fn commit(&mut self) -> sqlx::Result<()> {
        self.script("COMMIT").await
    }

    pub async fn roll_back(&mut self) -> sqlx::Result<()> {
        self.script("ROLLBACK").await
    }

    /// The clock that leases go by: this machine's for a file, the server's for a server.
    pub async fn now(&mut self) -> sqlx::Result<Timestamp> {
        match self {
            Database::Sqlite(_) => Ok(microseconds(Timestamp::now())),
            Database::Postgres(_) => {
                let now =
                    "SELECT CAST(floor(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000) AS BIGINT)";
                let row = self.row(now, &[]).await?;
                row.ok_or(sqlx::Error::RowNotFound)?.instant(0)
            }
        }
    }

    pub async fn close(self) -> sqlx::Result<()> {
        match self {
            Database::Sqlite(connection) => connection.close().await,
            Database::Postgres(connection) => answer(connection.close()).await,
        }
    }

    fn text(&self, statement: &str) -> String {
        let rows = match self {
            Database::Sqlite(_) => "json_each($1) AS item",
            Database::Postgres(_) => "json_array_elements(CAST($1 AS json)) AS item(value)",
        };
        statement.replace("{rows}", rows)
    }
}

/// An instant as the databases keep it.
pub(super) fn microseconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond()).unwrap_or(instant)
}

/// Waits for the server, but not for ever.
async fn answer<T>(work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    tokio::time::timeout(ANSWER, work)
        .await
        .unwrap_or_else(|_| {
            let message = format!("no answer within {} s", ANSWER.as_secs());
            Err(std::io::Error::new(std::io::ErrorKind::TimedOut, message).into())
        })
}

fn sqlite_row(row: &SqliteRow) -> sqlx::Result<Row> {
    let cell = |index: usize| {
        let raw = row.try_get_raw(index)?;
        if raw.is_null() {
            return Ok(Cell::Null);
        }
        let is_text = raw.type_info().name() == "TEXT";
        Ok(if is_text {
            Cell::Text(row.try_get_unchecked(index)?)
        } else {
            Cell::Number(row.try_get_unchecked(index)?)
        })
    };
    (0..row.len())
        .map(cell)
        .collect::<sqlx::Result<_>>()
        .map(Row)
}

fn postgres_row(row: &PgRow) -> sqlx::Result<Row> {
    let cell = |index: usize| {
        if row.try_get_raw(index)?.is_null() {
            return Ok(Cell::Null);
        }
        Ok(match row.column(index).type_info().name() {
            "INT8" => Cell::Number(row.try_get_unchecked(index)?),
            "INT4" => Cell::Number(row.try_get_unchecked::<i32, _>(index)?.into()),
            _ => Cell::Text(row.try_get_unchecked(index)?),
        })
    };
    (0..row.len())
        .map(cell)
        .collect::<sqlx::Result<_>>()
        .map(Row)
}
