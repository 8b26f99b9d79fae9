//! Queries whose columns dbgo leaves to the engine: `PIVOT`, `UNPIVOT`, `DESCRIBE`, `SUMMARIZE`.
//!
//! Their grammar is read so that faults have a place; the tree keeps the span alone.

use super::ast::QueryBody;
use super::cursor::{Parsed, Parser};
use super::keyword;
use crate::token::TokenKind;

impl Parser<'_> {
    /// `PIVOT table [ON …] [USING …] [GROUP BY …]`
    pub(super) fn pivot_statement(&mut self) -> Parsed<QueryBody> {
        let start = self.position();
        self.advance();
        self.table()?;
        if self.take(keyword::ON) {
            self.comma_separated(Self::select_item)?;
        }
        if self.take(keyword::USING) {
            self.comma_separated(Self::select_item)?;
        }
        if self.take_all(&[keyword::GROUP, keyword::BY]) {
            self.group_by()?;
        }
        Ok(QueryBody::Special(self.span_from(start)))
    }

    /// `UNPIVOT table ON … [INTO NAME n VALUE v]`
    pub(super) fn unpivot_statement(&mut self) -> Parsed<QueryBody> {
        let start = self.position();
        self.advance();
        self.table()?;
        self.expect(keyword::ON)?;
        self.comma_separated(Self::select_item)?;
        if self.take(keyword::INTO) {
            self.expect(keyword::NAME)?;
            self.name("a name")?;
            if !self.text().eq_ignore_ascii_case("value") {
                return Err(self.unexpected("`value`"));
            }
            self.advance();
            self.comma_separated(|parser| parser.name("a name"))?;
        }
        Ok(QueryBody::Special(self.span_from(start)))
    }

    /// `DESCRIBE query`, `SUMMARIZE table`, `SHOW ALL TABLES`
    pub(super) fn description(&mut self) -> Parsed<QueryBody> {
        let start = self.position();
        let shows = self.at(keyword::SHOW);
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
        }
        Ok(QueryBody::Special(self.span_from(start)))
    }
}
