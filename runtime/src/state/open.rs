//! An open state: its connection, and transactions that are tried again where that is safe.

use super::connect::{Presence, connect};
use super::database::{Database, Mode};
use super::fault::{Attempt, Fault, Remedy, pause};
use super::layout::{self, Change, MIGRATIONS, Migration};
use crate::config::StateAddress;
use crate::error::{Code, Error, Kind, Result};
use crate::faults::{Injected, Point, fail_point};
use jiff::Timestamp;
use std::io::Write;

/// An open state database.
pub struct State {
    runtime: tokio::runtime::Runtime,
    address: StateAddress,
    migrations: &'static [Migration],
    /// Nothing after it broke, until the next call.
    connection: Option<Database>,
    identity: String,
    /// The project whose part was read, and how often it had been written then.
    pub(super) seen: Option<(String, i64)>,
}

/// How often a transaction is tried again.
const RETRIES: u32 = 8;

impl State {
    /// Opens the state; makes it where there is none: a file with its folder, or a schema.
    ///
    /// # Errors
    /// `state-failed` if it can't be opened, `state-moved-on` if a newer version wrote it,
    /// `state-outdated` if an older one did and its layout isn't this version's.
    pub fn open(address: &StateAddress) -> Result<Self> {
        Self::open_at(address, MIGRATIONS)
    }

    pub(super) fn open_at(
        address: &StateAddress,
        migrations: &'static [Migration],
    ) -> Result<Self> {
        let runtime = runtime()?;
        let opened = runtime.block_on(async {
            let (database, found) = connect(address, migrations, Presence::Unknown).await?;
            check_layout(found.layout, migrations)?;
            Ok((database, found.identity))
        });
        let (database, identity) = opened.map_err(|fault: Fault| fault.into_error(address))?;
        Ok(Self {
            runtime,
            address: address.clone(),
            migrations,
            connection: Some(database),
            identity,
            seen: None,
        })
    }

    /// Brings a state that an older version made to this version's layout, all or nothing. Before
    /// that, everything in it is written to what `backup` gives, as [`State::export`] does; it is
    /// asked only if there is something to do. Gives the layout that was there and that which is.
    ///
    /// # Errors
    /// `state-moved-on` if a newer version wrote it, `state-failed`, or that of `backup`.
    pub fn migrate(
        address: &StateAddress,
        backup: impl FnOnce() -> Result<Box<dyn Write>>,
    ) -> Result<(u64, u64)> {
        Self::migrate_to(address, MIGRATIONS, backup)
    }

    pub(super) fn migrate_to(
        address: &StateAddress,
        migrations: &[Migration],
        backup: impl FnOnce() -> Result<Box<dyn Write>>,
    ) -> Result<(u64, u64)> {
        let migrated = runtime()?.block_on(async {
            let (mut database, _) = connect(address, migrations, Presence::Unknown).await?;
            let from = layout::migrate(&mut database, migrations, async |database| {
                let mut out = backup()?;
                super::transfer::write_all(database, None, &mut out).await
            });
            let from = from.await?;
            database.close().await?;
            Ok(from)
        });
        let from = migrated.map_err(|fault: Fault| fault.into_error(address))?;
        Ok((
            from.unsigned_abs(),
            layout::newest(migrations).unsigned_abs(),
        ))
    }

    /// What tells this state database from all others.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The instant by the clock that leases go by: this machine's for a file, the server's for a
    /// server.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn now(&mut self) -> Result<Timestamp> {
        self.read(async |database| Ok(database.now().await?))
    }

    /// Closes the database.
    ///
    /// # Errors
    /// `state-failed` if the last changes can't be written.
    pub fn close(self) -> Result<()> {
        let Some(database) = self.connection else {
            return Ok(());
        };
        let closed = self.runtime.block_on(database.close());
        closed.map_err(|error| Fault::Sql(error).into_error(&self.address))
    }

    /// Reads in one transaction, in which nothing changes.
    pub(super) fn read<T>(&mut self, work: impl AsyncFn(&mut Database) -> Attempt<T>) -> Result<T> {
        self.transact((Mode::Read, ""), &work)
    }

    /// Writes a project's part in one transaction, while nobody else does. `what` is written, in a
    /// few words, is the detail of the fail points.
    pub(super) fn write<T>(
        &mut self,
        (project, what): (&str, &str),
        work: impl AsyncFn(&mut Database) -> Attempt<T>,
    ) -> Result<T> {
        let layout = layout::newest(self.migrations);
        let mode = (Mode::Write, what);
        let (value, count) = self.transact(mode, &async |database: &mut Database| {
            let turn = layout::take_turn(database, layout, project, Change::Noted);
            let count = turn.await?;
            Ok((work(database).await?, count))
        })?;
        // Nobody else wrote since it was read, so what was read and this change is all there is.
        if let Some((seen, times)) = &mut self.seen
            && seen == project
            && count == *times + 1
        {
            *times = count;
        }
        Ok(value)
    }

    /// Writes what changes nobody's picture of the state.
    pub(super) fn write_quietly<T>(
        &mut self,
        (project, what): (&str, &str),
        work: impl AsyncFn(&mut Database) -> Attempt<T>,
    ) -> Result<T> {
        let layout = layout::newest(self.migrations);
        let mode = (Mode::Write, what);
        self.transact(mode, &async |database: &mut Database| {
            layout::take_turn(database, layout, project, Change::Unnoted).await?;
            work(database).await
        })
    }

    /// Notes that the state has another identity from now on.
    pub(super) fn take_identity(&mut self, identity: Option<String>) {
        if let Some(identity) = identity {
            self.identity = identity;
        }
    }

    /// The layout that this version reads and writes.
    pub(super) fn layout(&self) -> i64 {
        layout::newest(self.migrations)
    }

    /// Gives a transaction an end: the result, or an error that nothing can be done about. What
    /// never reached its commit is tried again.
    pub(super) fn transact<T>(
        &mut self,
        mode: (Mode, &str),
        work: &impl AsyncFn(&mut Database) -> Attempt<T>,
    ) -> Result<T> {
        let mut attempt = 0;
        loop {
            let fault = match self.attempt(mode, work) {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            if fault.remedy() == Remedy::None || attempt >= RETRIES {
                return Err(fault.into_error(&self.address));
            }
            std::thread::sleep(pause(attempt));
            attempt += 1;
        }
    }

    fn attempt<T>(
        &mut self,
        mode: (Mode, &str),
        work: &impl AsyncFn(&mut Database) -> Attempt<T>,
    ) -> Attempt<T> {
        let Self {
            runtime,
            address,
            migrations,
            connection,
            identity,
            ..
        } = self;
        runtime.block_on(async {
            if connection.is_none() {
                // What was waited for in vain once isn't waited for again.
                let again = connect(address, migrations, Presence::Lost).await;
                let (database, found) = again.map_err(final_fault(address))?;
                check_layout(found.layout, migrations)?;
                if found.identity != *identity {
                    return Err(exchanged(address).into());
                }
                *connection = Some(database);
            }
            let Some(database) = connection else {
                return Err(Fault::Sql(sqlx::Error::PoolClosed));
            };
            let result = transaction(database, mode, work).await;
            match &result {
                Err(Ended { fault, clean }) if fault.breaks_connection() || !clean => {
                    *connection = None;
                }
                _ => {}
            }
            result.map_err(|ended| ended.fault)
        })
    }
}

/// How a transaction ended without its result.
struct Ended {
    fault: Fault,
    /// Whether the connection has no open transaction any more.
    clean: bool,
}

async fn transaction<T>(
    database: &mut Database,
    (mode, what): (Mode, &str),
    work: &impl AsyncFn(&mut Database) -> Attempt<T>,
) -> std::result::Result<T, Ended> {
    let ended = |fault, clean| Ended { fault, clean };
    let begun = database.begin(mode).await;
    begun.map_err(|error| ended(error.into(), false))?;
    let value = match work(database).await {
        Ok(value) => value,
        Err(fault) => {
            let clean = fault.breaks_connection() || database.roll_back().await.is_ok();
            return Err(ended(fault, clean));
        }
    };
    if mode == Mode::Read {
        return match end_reading(database).await {
            Ok(()) => Ok(value),
            Err(error) => Err(ended(error.into(), false)),
        };
    }
    let injected = |injected: Injected| sqlx::Error::from(injected);
    let before = fail_point(Point::BeforeStateCommit, what).map_err(injected);
    before.map_err(|error| ended(error.into(), false))?;
    let committed = database.commit().await;
    let after = committed.and_then(|()| {
        let passed = fail_point(Point::AfterStateCommit, what).map_err(injected);
        passed.map(|_| ())
    });
    match after {
        Ok(()) => Ok(value),
        Err(error) => Err(ended(Fault::Commit(error), false)),
    }
}

/// Ends a transaction in which nothing was written.
async fn end_reading(database: &mut Database) -> sqlx::Result<()> {
    database.commit().await
}

/// A fault of connecting again, which isn't tried once more.
fn final_fault(address: &StateAddress) -> impl FnOnce(Fault) -> Fault {
    move |fault| Fault::Other(fault.into_error(address))
}

fn check_layout(found: i64, migrations: &[Migration]) -> Attempt<()> {
    match found.cmp(&layout::newest(migrations)) {
        std::cmp::Ordering::Less => Err(Fault::Outdated),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Fault::MovedOn),
    }
}

fn exchanged(address: &StateAddress) -> Error {
    Error::new(
        Kind::Failed,
        Code::StateFailed,
        format!(
            "another state database is in `{}` than when the command began",
            address.shown()
        ),
    )
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(Kind::Failed, Code::StateFailed, error.to_string()))
}
