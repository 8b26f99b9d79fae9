//! Statements around a run: `before` and `after` of `[run]`.

use super::failure::opening_failed;
use crate::adapters::{EngineError, Session};
use crate::config::EngineSettings;
use crate::error::{Error, Result};
use crate::faults::{Point, fail_point};
use dbgo_contract::Str;

/// Where such statements stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Around {
    /// Before anything is built.
    Before,
    /// After everything is published.
    After,
}

impl Around {
    /// The key in `dbgo.toml`.
    pub fn text(self) -> &'static str {
        match self {
            Around::Before => "before",
            Around::After => "after",
        }
    }
}

/// Runs statements in one transaction, which isn't committed if somebody else took over.
///
/// # Errors
/// What the engine says of one of them; nothing of all of them is kept then.
pub fn run_around(
    session: &mut Session,
    (around, statements): (Around, &[Str]),
    (token, engine): (u64, &EngineSettings),
) -> Result<()> {
    if statements.is_empty() {
        return Ok(());
    }
    let done = in_one_transaction(session, (around, statements), token);
    done.map_err(|error| {
        let error = opening_failed(&error, engine);
        Error {
            message: format!("`{}` of `[run]`: {}", around.text(), error.message),
            ..error
        }
    })
}

fn in_one_transaction(
    session: &mut Session,
    (around, statements): (Around, &[Str]),
    token: u64,
) -> std::result::Result<(), EngineError> {
    let mut transaction = session.begin()?;
    for statement in statements {
        transaction.execute(statement.as_str())?;
    }
    transaction.check_fence(token)?;
    fail_point(Point::BeforeStatementsCommit, around.text())?;
    transaction.commit()?;
    fail_point(Point::AfterStatementsCommit, around.text())?;
    Ok(())
}
