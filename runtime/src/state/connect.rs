//! Connecting to a state's database.

use super::database::{Database, STATEMENT_TIMEOUT_MS, values};
use super::fault::{Attempt, Fault};
use super::layout::{self, Found, Migration};
use crate::config::{Server, StateAddress};
use crate::error::{Code, Error, Kind};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// How long it is tried, where another process is making the same state, or a server starts.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether it is worth waiting for a server that isn't there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// It may have another address, so it is said at once.
    Unknown,
    /// It was there a moment ago.
    Lost,
}

/// Connects, makes the state where there is none, and says what it is.
///
/// Two processes that make a new state at once get into each other's way, and neither waits for
/// the other by itself; the one that fails finds everything done when it tries again.
pub(super) async fn connect(
    address: &StateAddress,
    migrations: &[Migration],
    presence: Presence,
) -> Attempt<(Database, Found)> {
    let started = Instant::now();
    loop {
        let fault = match connect_once(address, migrations, presence).await {
            Ok(connected) => return Ok(connected),
            Err(fault) => fault,
        };
        let waits =
            fault.will_pass() || presence == Presence::Lost && fault.is_refused_connection();
        if !waits || started.elapsed() >= PATIENCE {
            return Err(fault);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

async fn connect_once(
    address: &StateAddress,
    migrations: &[Migration],
    presence: Presence,
) -> Attempt<(Database, Found)> {
    let (mut database, schema) = match address {
        StateAddress::Sqlite(path) => (sqlite(path).await?, None),
        StateAddress::Postgres { .. } => {
            let server = address.server()?;
            (postgres(&server).await?, Some(server.schema))
        }
    };
    if let Some(found) = layout::find(&mut database).await? {
        return Ok((database, found));
    }
    if presence == Presence::Lost {
        return Err(gone(address).into());
    }
    layout::make(&mut database, migrations, schema.as_deref()).await?;
    match layout::find(&mut database).await? {
        Some(found) => Ok((database, found)),
        None => Err(Fault::Sql(sqlx::Error::RowNotFound)),
    }
}

fn gone(address: &StateAddress) -> Error {
    Error::new(
        Kind::Failed,
        Code::StateFailed,
        format!("the state is gone from `{}`", address.shown()),
    )
}

async fn sqlite(path: &Path) -> Attempt<Database> {
    let folder = path.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder).map_err(|error| {
            Error::new(
                Kind::Failed,
                Code::StateFailed,
                format!("can't create `{}`: {error}", folder.display()),
            )
        })?;
    }
    refuse_network(folder.unwrap_or_else(|| Path::new(".")))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .disable_statement_logging();
    Ok(Database::Sqlite(options.connect().await?))
}

/// Refuses a folder of another machine: SQLite's write-ahead log needs memory that all its users
/// share, and locks that hold.
fn refuse_network(folder: &Path) -> std::result::Result<(), Error> {
    #[cfg(target_os = "linux")]
    if let Ok(found) = rustix::fs::statfs(folder)
        && let Some(kind) = network_file_system(found.f_type)
    {
        return Err(Error::new(
            Kind::Refused,
            Code::StateFailed,
            format!(
                "`{}` is on a network file system ({kind}), which SQLite can't keep a state on",
                folder.display()
            ),
        )
        .hint("keep it on a disk of this machine, or use a state on Postgres"));
    }
    let _ = folder;
    Ok(())
}

/// The name of a network file system by its number in `linux/magic.h`.
#[cfg(target_os = "linux")]
fn network_file_system(magic: impl Into<i64>) -> Option<&'static str> {
    // Some numbers have their highest bit set, and the field's sign differs between machines.
    Some(match magic.into() & 0xffff_ffff {
        0x6969 => "NFS",
        0x517b | 0xfe53_4d42 => "SMB",
        0xff53_4d42 => "CIFS",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x564c => "NCP",
        0x00c3_6400 => "Ceph",
        0x0bd0_0bd0 => "Lustre",
        0x4750_4653 => "GPFS",
        _ => return None,
    })
}

async fn postgres(server: &Server) -> Attempt<Database> {
    let options = PgConnectOptions::from_str(&server.url)?;
    // The brackets of an address in an URL aren't a part of it.
    let host = options.get_host().trim_matches(['[', ']']).to_owned();
    let mut options = options.host(&host).disable_statement_logging();
    if options.get_application_name().is_none() {
        options = options.application_name("dbgo");
    }
    let connecting = tokio::time::timeout(server.connect_timeout, options.connect());
    let connection = connecting.await.unwrap_or_else(|_| {
        let message = format!("no connection within {:?}", server.connect_timeout);
        Err(std::io::Error::new(std::io::ErrorKind::TimedOut, message).into())
    })?;
    let mut database = Database::Postgres(connection);
    // They aren't sent with the connection's start, because connection poolers refuse that.
    database
        .rows(
            SESSION,
            values![
                server.schema.as_str(),
                format!("{STATEMENT_TIMEOUT_MS}ms"),
                format!("{}ms", server.user_timeout),
            ],
        )
        .await?;
    Ok(database)
}

/// The settings of a session: where the tables are, how long anything may take, and how soon the
/// server gives up a client that is gone, whose locks nobody else could pass.
const SESSION: &str = "\
SELECT set_config('search_path', $1, false), \
set_config('statement_timeout', $2, false), \
set_config('lock_timeout', '10s', false), \
set_config('idle_in_transaction_session_timeout', '60s', false), \
set_config('tcp_user_timeout', $3, false), \
set_config('tcp_keepalives_idle', '15', false), \
set_config('tcp_keepalives_interval', '5', false), \
set_config('tcp_keepalives_count', '3', false), \
set_config('client_min_messages', 'warning', false), \
set_config('standard_conforming_strings', 'on', false), \
set_config('synchronous_commit', 'on', false)";

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn folders_of_other_machines_are_known() {
        for (magic, name) in [
            (0x6969_i64, Some("NFS")),
            (0xff53_4d42, Some("CIFS")),
            // as a machine with a signed field of 32 bits gives it
            (i64::from(0xfe53_4d42_u32.cast_signed()), Some("SMB")),
            (0xef53, None),      // ext4
            (0x0102_1994, None), // tmpfs
        ] {
            assert_eq!(network_file_system(magic), name, "{magic:x}");
        }
    }
}
