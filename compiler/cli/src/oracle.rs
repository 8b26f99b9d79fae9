//! The embedded engine as the compiler's oracle. It is opened when the first question comes:
//! most projects never ask.

use dbgo_compiler::sql_type::SqlType;
use dbgo_compiler::types::oracle::{OracleQuestion, OracleRefusal, TypeOracle};
use dbgo_runtime::adapters::duckdb::{TypeSession, type_session_identity};
use dbgo_runtime::adapters::{EngineError, ErrorClass};
use std::sync::Mutex;

/// An in-memory DuckDB without access to files or the network.
#[derive(Default)]
pub struct EngineOracle {
    session: Mutex<Option<TypeSession>>,
    judges_every_query: bool,
}

impl EngineOracle {
    /// One that is asked about every query, so that whatever the engine refuses is found.
    pub fn of_every_query() -> Self {
        Self {
            judges_every_query: true,
            ..Self::default()
        }
    }
}

impl TypeOracle for EngineOracle {
    fn identity(&self) -> String {
        type_session_identity()
    }

    fn judges_every_query(&self) -> bool {
        self.judges_every_query
    }

    fn columns(&self, question: &OracleQuestion) -> Result<Vec<(String, SqlType)>, OracleRefusal> {
        let mut session = self
            .session
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut open = match session.take() {
            Some(open) => open,
            None => TypeSession::new().map_err(|error| refusal(&error))?,
        };
        let answer = ask(&mut open, question, self.judges_every_query);
        let is_lost = |error: &EngineError| error.class == ErrorClass::Lost;
        if !answer.as_ref().is_err_and(is_lost) {
            *session = Some(open);
        }
        answer.map_err(|error| refusal(&error))
    }
}

fn ask(
    session: &mut TypeSession,
    question: &OracleQuestion,
    judge: bool,
) -> Result<Vec<(String, SqlType)>, EngineError> {
    let typed: Vec<Vec<(&str, String)>> = question
        .relations
        .iter()
        .map(|(_, columns)| {
            columns
                .iter()
                .map(|(name, kind)| (name.as_str(), kind.to_string()))
                .collect()
        })
        .collect();
    let columns: Vec<Vec<(&str, &str)>> = typed
        .iter()
        .map(|columns| {
            columns
                .iter()
                .map(|(name, kind)| (*name, kind.as_str()))
                .collect()
        })
        .collect();
    let relations: Vec<(&str, &[(&str, &str)])> = question
        .relations
        .iter()
        .zip(&columns)
        .map(|((name, _), columns)| (name.as_str(), columns.as_slice()))
        .collect();
    let answer = match judge {
        true => session.judge(&relations, &question.sql),
        false => session.columns_of(&relations, &question.sql),
    }?;
    let read = |kind: String| kind.parse::<SqlType>().unwrap_or(SqlType::Other(kind));
    Ok(answer
        .into_iter()
        .map(|(name, kind)| (name, read(kind)))
        .collect())
}

/// The engine's error in its first line, which says what is wrong; the others show the statement.
fn refusal(error: &EngineError) -> OracleRefusal {
    let about_query = matches!(
        error.class,
        ErrorClass::Binder | ErrorClass::Catalog | ErrorClass::Data | ErrorClass::Constraint
    );
    OracleRefusal {
        message: error.message.lines().next().unwrap_or_default().to_owned(),
        position: error.position,
        is_about_query: about_query,
    }
}
