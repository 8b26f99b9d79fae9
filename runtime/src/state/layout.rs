//! The layout of a state: making it, checking it, and bringing an older one up to date.
//!
//! The layouts are listed here, and not found by a macro of sqlx, since its macros bring a second
//! SQLite into every build of a program. What has been published is never changed.

use super::database::{Database, Value, values};
use super::fault::{Attempt, Fault};
use crate::faults::{Point, fail_point};

/// The tables that every state has, whatever its layout.
const FRAME: &str = include_str!("migrations/frame.sql");

/// A step from one layout to the next.
#[derive(Clone, Copy)]
pub(super) struct Migration {
    /// The layout that it leads to.
    pub version: i64,
    /// The statements, as SQLite takes them.
    pub statements: &'static str,
}

/// All steps in order.
pub(super) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    statements: include_str!("migrations/0001_start.sql"),
}];

/// The layout that these steps lead to.
pub(super) fn newest(migrations: &[Migration]) -> i64 {
    migrations.last().map_or(0, |last| last.version)
}

/// What a database says of itself.
pub(super) struct Found {
    pub layout: i64,
    pub identity: String,
}

/// What the database says of itself; nothing where it has no state yet.
pub(super) async fn find(database: &mut Database) -> sqlx::Result<Option<Found>> {
    if !has_layout(database).await? {
        return Ok(None);
    }
    let rows = database
        .rows("SELECT version, id FROM layout, identity", &[])
        .await?;
    match rows.first() {
        Some(row) => Ok(Some(Found {
            layout: row.number(0)?,
            identity: row.text(1)?,
        })),
        None => Ok(None),
    }
}

async fn has_layout(database: &mut Database) -> sqlx::Result<bool> {
    let statement = match database {
        Database::Sqlite(_) => {
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'layout'"
        }
        Database::Postgres(_) => {
            "SELECT 1 FROM pg_class WHERE oid = to_regclass('layout') AND relkind = 'r'"
        }
    };
    Ok(database.row(statement, &[]).await?.is_some())
}

/// Makes a new state. Of two processes that do so at once, one may be refused, and finds
/// everything done when it looks again.
pub(super) async fn make(
    database: &mut Database,
    migrations: &[Migration],
    schema: Option<&str>,
) -> sqlx::Result<()> {
    let begin = match database {
        Database::Sqlite(_) => "BEGIN IMMEDIATE",
        Database::Postgres(_) => "BEGIN",
    };
    database.script(begin).await?;
    let made = async {
        if let Some(schema) = schema {
            // Without this look, a role that may use the schema but not make one is refused.
            let there = "SELECT 1 FROM pg_namespace WHERE nspname = $1";
            if database.row(there, values![schema]).await?.is_none() {
                database.script(&format!("CREATE SCHEMA {schema}")).await?;
            }
        }
        if has_layout(database).await? {
            return Ok(());
        }
        let steps = migrations.iter().map(|migration| migration.statements);
        for statements in std::iter::once(FRAME).chain(steps) {
            let statements = translated(database, statements);
            database.script(&statements).await?;
        }
        let version = newest(migrations);
        database
            .run("INSERT INTO layout (version) VALUES ($1)", values![version])
            .await?;
        let identity = random_id();
        database
            .run("INSERT INTO identity (id) VALUES ($1)", values![identity])
            .await?;
        Ok(())
    };
    match made.await {
        Ok(()) => {
            fail_point(Point::BeforeLayoutCommit, "make")?;
            database.commit().await?;
            fail_point(Point::AfterLayoutCommit, "make")?;
            Ok(())
        }
        Err(error) => {
            // The first error is the cause; the connection isn't used again if this one fails.
            let _ = database.roll_back().await;
            Err(error)
        }
    }
}

/// Takes the steps that lead from the layout that is there to the newest one, all or none, and
/// gives the layout that was there. `backup` is called before the first step, in the transaction.
pub(super) async fn migrate(
    database: &mut Database,
    migrations: &[Migration],
    backup: impl AsyncFnOnce(&mut Database) -> Attempt<()>,
) -> Attempt<i64> {
    let begin = match database {
        Database::Sqlite(_) => "BEGIN IMMEDIATE",
        // Waits for all who write, and keeps others from it.
        Database::Postgres(_) => "BEGIN; LOCK TABLE layout IN EXCLUSIVE MODE",
    };
    database.script(begin).await?;
    let done = async {
        let from = version(database).await?;
        let newest = newest(migrations);
        if from > newest {
            return Err(Fault::MovedOn);
        }
        if from == newest {
            return Ok(from);
        }
        backup(database).await?;
        for migration in migrations.iter().filter(|step| step.version > from) {
            let statements = translated(database, migration.statements);
            database.script(&statements).await?;
        }
        database
            .run("UPDATE layout SET version = $1", values![newest])
            .await?;
        Ok(from)
    };
    match done.await {
        Ok(from) => {
            fail_point(Point::BeforeLayoutCommit, "migrate").map_err(sqlx::Error::from)?;
            database.commit().await.map_err(Fault::Commit)?;
            fail_point(Point::AfterLayoutCommit, "migrate").map_err(sqlx::Error::from)?;
            Ok(from)
        }
        Err(error) => {
            let _ = database.roll_back().await;
            Err(error)
        }
    }
}

/// Refuses another layout than the one that is meant to be written.
pub(super) async fn check(database: &mut Database, layout: i64) -> Attempt<()> {
    if version(database).await? == layout {
        return Ok(());
    }
    Err(Fault::MovedOn)
}

async fn version(database: &mut Database) -> sqlx::Result<i64> {
    let row = database.row("SELECT version FROM layout", &[]).await?;
    row.ok_or(sqlx::Error::RowNotFound)?.number(0)
}

/// Statements as the database takes them. Postgres has no strict tables, since all of its are, and
/// other names of types; texts are compared by their bytes, as in SQLite.
fn translated(database: &Database, statements: &str) -> String {
    match database {
        Database::Sqlite(_) => statements.to_owned(),
        Database::Postgres(_) => statements
            .replace(") STRICT, WITHOUT ROWID;", ");")
            .replace(") STRICT;", ");")
            .replace(" INTEGER", " BIGINT")
            .replace(" TEXT", " TEXT COLLATE \"C\""),
    }
}

/// Takes the project's turn to write, notes that it is written, and gives the number of times it
/// has been. From here to the end of the transaction nobody else writes what belongs to it.
pub(super) async fn take_turn(
    database: &mut Database,
    layout: i64,
    project: &str,
    change: Change,
) -> Attempt<i64> {
    const TURN: &str = "\
INSERT INTO changes (project, n) SELECT $1, $3 FROM layout WHERE version = $2 \
ON CONFLICT (project) DO UPDATE SET n = changes.n + $3 RETURNING n";
    let step = match change {
        Change::Noted => 1_i64,
        Change::Unnoted => 0,
    };
    match database.row(TURN, values![project, layout, step]).await? {
        Some(row) => Ok(row.number(0)?),
        None => Err(Fault::MovedOn),
    }
}

/// Whether others should notice a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Noted,
    /// A lease is renewed: nobody's picture of the state is wrong by that.
    Unnoted,
}

/// How often a project's part was written.
pub(super) async fn changes(database: &mut Database, project: &str) -> sqlx::Result<i64> {
    let row = database
        .row(
            "SELECT n FROM changes WHERE project = $1",
            &[Value::from(project)],
        )
        .await?;
    row.map_or(Ok(0), |row| row.number(0))
}

/// 32 hexadecimal digits that nothing else has.
pub(super) fn random_id() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let half = || {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u32(std::process::id());
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(), half())
}
