//! The embedded engine as the compiler's oracle. It is opened when the first question comes:
//! most projects never ask.

use dbgo_compiler::sql_type::SqlType;
use dbgo_compiler::types::oracle::{OracleQuestion, OracleRefusal, TypeOracle};
use dbgo_runtime::adapters::ErrorClass;
use dbgo_runtime::adapters::duckdb::TypeSession;
use std::sync::Mutex;

/// An in-memory DuckDB without access to files or the network.
#[derive(Default)]
pub struct EngineOracle {
    session: Mutex<Option<TypeSession>>,
}

impl TypeOracle for EngineOracle {
    fn identity(&self) -> String {
        dbgo_runtime::adapters::duckdb::oracle_identity()
    }

    fn columns(&self, question: &OracleQuestion) -> Result<Vec<(String, SqlType)>, OracleRefusal> {
        let mut session = self.session.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if session.is_none() {
            *session = Some(TypeSession::new().map_err(|error| refusal(&error.message, None, false))?);
        }
        let Some(session) = session.as_mut() else {
            return Err(refusal("the engine isn't open", None, false));
        };
        let relations: Vec<(String, Vec<(String, String)>)> = question
            .relations
            .iter()
            .map(|(name, columns)| {
                let columns = columns.iter().map(|(column, kind)| (column.clone(), kind.to_string()));
                (name.clone(), columns.collect())
            })
            .collect();
        let columns = ask(session, &relations, &question.sql)?;
        Ok(columns.into_iter().map(|(name, kind)| (name, SqlType::parse(&kind))).collect())
    }
}
