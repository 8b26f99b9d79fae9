//! A column as it is held against a contract: what all variants of a model give under one name.

use crate::resolve::Column;
use crate::span::Span;
use crate::sql_type::SqlType;

/// A column that a query gives.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub sql_type: SqlType,
    /// Whether it may be null.
    pub nullable: bool,
    /// The item of the select list that makes it.
    pub span: Span,
}

impl OutputColumn {
    /// What a reader sees of it.
    pub fn column(&self) -> Column {
        Column {
            name: self.name.clone(),
            sql_type: self.sql_type.clone(),
            nullable: self.nullable,
            made_at: Some(self.span),
        }
    }
}
