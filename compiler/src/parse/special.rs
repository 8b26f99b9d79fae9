//! Queries that tell about a query: `DESCRIBE`, `SUMMARIZE`, `SHOW`.
//!
//! Their grammar is read so that faults have a place; the tree keeps the span, and the query.

use super::ast::{Name, Query, QueryBody};
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
        let mut about = None;
        if self.at_query_start() || self.at_symbol("(") {
            about = Some(Box::new(self.query()?));
        } else if matches!(self.kind(0), Some(TokenKind::Text | TokenKind::Reference)) {
            self.advance();
        } else if shows && self.take(keyword::ALL) {
            self.name("`tables`")?;
        } else if self.name_at(0) {
            about = self.told_table()?;
            if shows && self.take(keyword::FROM) {
                self.table_name()?;
            }
        } else if summarizes {
            return Err(self.unexpected("a query or a table"));
        }
        Ok(QueryBody::Special(self.span_from(start), about))
    }

    /// The table that is told about, as the query `TABLE name`; `None` for the lists that the
    /// engine keeps under a name.
    fn told_table(&mut self) -> Parsed<Option<Box<Query>>> {
        const LISTS: [&str; 4] = ["databases", "schemas", "tables", "variables"];
        let name = self.table_name()?;
        let list = |part: &Name| {
            LISTS
                .iter()
                .any(|list| part.value.eq_ignore_ascii_case(list))
        };
        if matches!(name.parts.as_slice(), [only] if list(only)) {
            return Ok(None);
        }
        let span = name.span;
        Ok(Some(Box::new(Query {
            with: None,
            body: QueryBody::Table(name),
            order_by: None,
            limit: None,
            offset: None,
            span,
        })))
    }
}
