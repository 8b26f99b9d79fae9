//! What can go wrong in a transaction, and whether it may be tried again.

use crate::config::StateAddress;
use crate::error::{Code, Error, Kind};
use crate::faults::Injected;
use std::time::Duration;

/// The result of work in a transaction.
pub(super) type Attempt<T> = std::result::Result<T, Fault>;

/// Why a transaction ended without its result.
#[derive(Debug)]
pub(super) enum Fault {
    /// The database says so, and nothing was committed.
    Sql(sqlx::Error),
    /// The commit itself failed.
    Commit(sqlx::Error),
    /// The state has another layout than this version's.
    MovedOn,
    /// The layout is older than this version's.
    Outdated,
    /// Something that isn't the database's.
    Other(Error),
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Fault::Sql(error)
    }
}

impl From<Injected> for sqlx::Error {
    /// As if the connection were gone.
    fn from(injected: Injected) -> Self {
        sqlx::Error::Protocol(injected.to_string())
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Other(error)
    }
}

/// What can be done about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Nothing.
    None,
    /// The whole transaction again, on the same connection: another one was in the way.
    Again,
    /// The whole transaction again, on another connection: it was never committed.
    Reconnect,
}

impl Fault {
    pub fn remedy(&self) -> Remedy {
        match self {
            Fault::Sql(error) if is_lost(error) => Remedy::Reconnect,
            Fault::Sql(error) if has_code(error, &["40001", "40P01", "55P03"]) => Remedy::Again,
            _ => Remedy::None,
        }
    }

    /// Whether the connection can't be used any more.
    pub fn breaks_connection(&self) -> bool {
        match self {
            Fault::Sql(error) => is_lost(error),
            Fault::Commit(_) => true,
            _ => false,
        }
    }

    /// Whether it will pass by itself within moments: the server starts, or another process is
    /// making the same state.
    pub fn will_pass(&self) -> bool {
        let Fault::Sql(error) = self else {
            return false;
        };
        let clash = [
            "57P03", // the server is starting up
            "42P06", "42P07", "23505", "42710", // somebody else makes the same things
        ];
        let text = error
            .as_database_error()
            .map_or("", |error| error.message());
        has_code(error, &clash) || text.contains("locked") || text.contains("already exists")
    }

    /// Whether there was no server.
    pub fn is_refused_connection(&self) -> bool {
        use std::io::ErrorKind::{ConnectionRefused, ConnectionReset, NotFound};
        let Fault::Sql(sqlx::Error::Io(error)) = self else {
            return false;
        };
        matches!(error.kind(), ConnectionRefused | ConnectionReset | NotFound)
    }

    /// The fault as an error that ends a command.
    pub fn into_error(self, address: &StateAddress) -> Error {
        let failed = |message: String| {
            Error::new(Kind::Failed, Code::StateFailed, address.conceal(&message))
                .hint(format!("the state is in `{}`", address.shown()))
        };
        match self {
            Fault::Sql(error) => failed(format!("the state database failed: {error}")),
            Fault::Commit(error) if is_lost(&error) => failed(format!(
                "the connection to the state database broke while it committed, and whether it did isn't known: {error}"
            )),
            Fault::Commit(error) => failed(format!("the state database can't commit: {error}")),
            Fault::MovedOn => Error::new(
                Kind::Refused,
                Code::StateMovedOn,
                format!("a newer version of dbgo wrote `{}`", address.shown()),
            )
            .hint("use that version, or another state database"),
            Fault::Outdated => Error::new(
                Kind::Refused,
                Code::StateOutdated,
                format!(
                    "an older version of dbgo wrote `{}`, and this one needs another layout",
                    address.shown()
                ),
            )
            .hint("`dbgo state migrate` changes it, after a copy of everything; older versions can't use it afterwards"),
            Fault::Other(error) => error,
        }
    }
}

/// Whether the connection is gone.
fn is_lost(error: &sqlx::Error) -> bool {
    use sqlx::Error::{Io, Protocol, Tls, WorkerCrashed};
    matches!(error, Io(_) | Protocol(_) | Tls(_) | WorkerCrashed)
        // ended by an administrator, after a crash, while starting, by a time limit of the server
        || has_code(error, &["57P01", "57P02", "57P03", "25P03", "57P05", "08003", "08006"])
}

fn has_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    let error = error.as_database_error();
    let code = error.and_then(|error| error.code());
    code.is_some_and(|code| codes.contains(&&*code))
}

/// 5 ms, doubled each time, up to 0.6 s.
pub(super) fn pause(attempt: u32) -> Duration {
    Duration::from_millis(5 << attempt.min(7))
}
