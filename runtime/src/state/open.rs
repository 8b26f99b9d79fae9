//! Opening the state database and bringing it to this version's layout.

use crate::error::{Code, Error, Kind, Result};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, SqlSafeStr, SqliteConnection};
use std::path::Path;
use std::time::Duration;

/// The layouts in order: number, name, SQL. What has been published is never changed. They are
/// listed here, and not found by a macro of sqlx, since its macros bring a second SQLite into
/// every build of a program.
const MIGRATIONS: [(i64, &str, &str); 2] = [
    (1, "start", include_str!("migrations/0001_start.sql")),
    (2, "ledgers", include_str!("migrations/0002_ledgers.sql")),
];

fn migrations() -> Migrator {
    let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
        let sql = AssertSqlSafe(sql).into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(MIGRATIONS.into_iter().map(migration).collect())
}

/// An open state database.
pub struct State {
    runtime: tokio::runtime::Runtime,
    connection: SqliteConnection,
    identity: String,
    /// SQLite's number of what this connection has seen of other connections' changes.
    pub(super) seen: i64,
}

impl State {
    /// Opens the database at `path`; makes it, and its folder, where it is missing.
    ///
    /// # Errors
    /// `state-failed` if it can't be opened, `state-moved-on` if a newer version wrote it.
    pub fn open(path: &Path) -> Result<Self> {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|error| {
                Error::new(
                    Kind::Failed,
                    Code::StateFailed,
                    format!("can't create `{}`: {error}", folder.display()),
                )
            })?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| Error::new(Kind::Failed, Code::StateFailed, error.to_string()))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .disable_statement_logging();
        let (connection, identity) =
            runtime
                .block_on(connect_patiently(&options))
                .map_err(|error| match error {
                    Opening::Sql(error) => {
                        failed(&error).hint(format!("the state is in `{}`", path.display()))
                    }
                    Opening::Migration(error) => migration_failed(&error, path),
                })?;
        Ok(Self {
            runtime,
            connection,
            identity,
            seen: 0,
        })
    }

    /// What tells this state database from all others.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Runs work on the connection and waits for it.
    pub(super) fn wait<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> sqlx::Result<T>,
    ) -> Result<T> {
        let future = work(&mut self.connection);
        self.runtime
            .block_on(future)
            .map_err(|error| failed(&error))
    }

    /// Closes the database.
    ///
    /// # Errors
    /// `state-failed` if the last changes can't be written.
    pub fn close(self) -> Result<()> {
        self.runtime
            .block_on(self.connection.close())
            .map_err(|error| failed(&error))
    }
}

enum Opening {
    Sql(sqlx::Error),
    Migration(MigrateError),
}

/// How often opening is tried, where another process is making the database at the same time.
const ATTEMPTS: u32 = 20;

/// Connects and migrates. Two processes that make a new database at once get into each other's
/// way, in switching to the write-ahead log and in creating the tables, and neither waits for the
/// other by itself; the one that fails finds everything done when it tries again.
async fn connect_patiently(
    options: &SqliteConnectOptions,
) -> std::result::Result<(SqliteConnection, String), Opening> {
    let mut attempt = 0;
    loop {
        match connect(options).await {
            Err(error) if attempt < ATTEMPTS && error.may_pass() => {
                attempt += 1;
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            other => return other,
        }
    }
}

impl Opening {
    fn may_pass(&self) -> bool {
        let error = match self {
            Opening::Sql(error) => error,
            Opening::Migration(
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _),
            ) => error,
            Opening::Migration(error) => return matches!(error, MigrateError::Dirty(_)),
        };
        let Some(error) = error.as_database_error() else {
            return false;
        };
        let text = error.message();
        text.contains("locked") || text.contains("already exists") || text.contains("UNIQUE")
    }
}

async fn connect(
    options: &SqliteConnectOptions,
) -> std::result::Result<(SqliteConnection, String), Opening> {
    let mut connection = options.connect().await.map_err(Opening::Sql)?;
    migrations()
        .run_direct(None, &mut connection, false)
        .await
        .map_err(Opening::Migration)?;
    let identity = identity(&mut connection).await.map_err(Opening::Sql)?;
    Ok((connection, identity))
}

async fn identity(connection: &mut SqliteConnection) -> sqlx::Result<String> {
    let known = sqlx::query("SELECT id FROM identity")
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(row) = known {
        return row.try_get(0);
    }
    // Of two processes that open a new state at once, the first one's row stays.
    sqlx::query(
        "INSERT INTO identity SELECT lower(hex(randomblob(16))) \
         WHERE NOT EXISTS (SELECT 1 FROM identity)",
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query("SELECT id FROM identity")
        .fetch_one(connection)
        .await?
        .try_get(0)
}

/// An error of the database as one that ends a command.
pub(super) fn failed(error: &sqlx::Error) -> Error {
    Error::new(
        Kind::Failed,
        Code::StateFailed,
        format!("the state database failed: {error}"),
    )
}

fn migration_failed(error: &MigrateError, path: &Path) -> Error {
    match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => Error::new(
            Kind::Refused,
            Code::StateMovedOn,
            format!("a newer version of dbgo wrote `{}`", path.display()),
        )
        .hint("use that version, or another state database"),
        other => Error::new(
            Kind::Failed,
            Code::StateFailed,
            format!(
                "can't prepare the state database `{}`: {other}",
                path.display()
            ),
        ),
    }
}
