//! The real engine as the compiler's oracle, opened once for all tests of this binary.

use dbgo_compiler::sql_type::SqlType;
use dbgo_compiler::types::oracle::{OracleQuestion, OracleRefusal, TypeOracle};
use dbgo_runtime::adapters::ErrorClass;
use dbgo_runtime::adapters::duckdb::TypeSession;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The engine that all tests ask.
pub static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    Engine(Mutex::new(
        TypeSession::new().expect("the engine is linked with this program"),
    ))
});

/// An in-memory DuckDB.
pub struct Engine(Mutex<TypeSession>);

impl TypeOracle for Engine {
    fn identity(&self) -> String {
        "the engine that is linked".to_owned()
    }

    fn columns(&self, question: &OracleQuestion) -> Result<Vec<(String, SqlType)>, OracleRefusal> {
        let relations: Vec<(&str, Vec<(&str, String)>)> = question
            .relations
            .iter()
            .map(|(name, columns)| {
                let columns = columns
                    .iter()
                    .map(|(column, sql_type)| (column.as_str(), sql_type.to_string()));
                (name.as_str(), columns.collect())
            })
            .collect();
        let relations: Vec<(&str, Vec<(&str, &str)>)> = relations
            .iter()
            .map(|(name, columns)| {
                let columns = columns.iter().map(|(column, kind)| (*column, kind.as_str()));
                (*name, columns.collect())
            })
            .collect();
        let relations: Vec<(&str, &[(&str, &str)])> = relations
            .iter()
            .map(|(name, columns)| (*name, columns.as_slice()))
            .collect();
        let mut session = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let columns = session
            .columns_of(&relations, &question.sql)
            .map_err(|error| OracleRefusal {
                is_about_query: matches!(error.class, ErrorClass::Binder | ErrorClass::Catalog | ErrorClass::Data),
                position: error.position,
                message: error.message,
            })?;
        let typed = columns.into_iter().map(|(name, sql_type)| {
            let sql_type = sql_type.parse().unwrap_or(SqlType::Unknown);
            (name, sql_type)
        });
        Ok(typed.collect())
    }
}
