//! Queries that tell about a query: `DESCRIBE`, `SUMMARIZE`, `SHOW`.
//!
//! Their grammar is read so that faults have a place; the tree keeps the span alone.

use super::ast::QueryBody;
use super::cursor::{Parsed, Parser};
use super::keyword;
use crate::token::TokenKind;

impl Parser<'_> {
    /// `DESCRIBE query`, `SUMMARIZE table`, `SHOW ALL TABLES`
    pub(super) fn description(&mut self) -> Parsed<QueryBody> {
        let start = self.position();
        let shows = self.at(keyword::SHOW);
        let summarizes = self.at(keyword::SUMMARIZE);
        self.advance();
        if self.at_query_start() || self.at_symbol("(") {
            self.query()?;
        } else if matches!(self.kind(0), Some(TokenKind::Text | TokenKind::Reference)) {
            self.advance();
        } else if shows && self.take(keyword::ALL) {
            self.name("`tables`")?;
        } else if self.name_at(0) {
            self.table_name()?;
            if shows && self.take(keyword::FROM) {
                self.table_name()?;
            }
        } else if summarizes {
            return Err(self.unexpected("a query or a table"));
        }
        Ok(QueryBody::Special(self.span_from(start)))
    }
}
