//! What dbgo's own binder doesn't know, an engine may answer.
//!
//! The question is data, and so is the answer: nothing here depends on a database's content.
//! The tool's command line supplies an engine; the compiler has none.

use crate::sql_type::SqlType;
use serde::{Deserialize, Serialize};

/// A query and the relations it reads, all under names of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OracleQuestion {
    /// The query: one variant, with relations, variables and bounds filled in.
    pub sql: String,
    /// The relations: each name with its columns.
    pub relations: Vec<(String, Vec<(String, SqlType)>)>,
}

/// The engine refuses a query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OracleRefusal {
    /// What it says, in one line.
    pub message: String,
    /// The byte of the question's SQL that it points to.
    pub position: Option<usize>,
    /// Whether the query itself is at fault, and not, for one, a missing extension.
    pub is_about_query: bool,
}

/// An engine that names and types the columns of a query, and never runs it.
pub trait TypeOracle: Sync {
    /// Everything that an answer depends on besides the question: the engine's version, its
    /// extensions and its settings. A part of every cache key.
    fn identity(&self) -> String;

    /// Whether it judges every query, and isn't only asked where our own binder doesn't know.
    fn judges_every_query(&self) -> bool {
        false
    }

    /// The names and types of the output columns.
    ///
    /// # Errors
    /// The engine's refusal.
    fn columns(&self, question: &OracleQuestion) -> Result<Vec<(String, SqlType)>, OracleRefusal>;
}
