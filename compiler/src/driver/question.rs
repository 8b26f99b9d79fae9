//! A variant as a question to the engine: its tokens, with relations, variables and bounds filled
//! in, and the way back from the question's bytes to the user's file.

use crate::resolve::{RelationUse, Schema};
use crate::span::Span;
use crate::sql_type::{SqlType, quote_identifier};
use crate::token::{Token, TokenKind};
use crate::types::oracle::OracleQuestion;
use std::collections::BTreeMap;

/// What a question is made of.
pub(super) struct Question<'a> {
    /// The file's text.
    pub text: &'a str,
    /// The variant's tokens.
    pub tokens: &'a [Token],
    /// Which of them are relations.
    pub relations: &'a [RelationUse],
    /// The columns of each import, by its alias in lower case.
    pub imports: &'a BTreeMap<String, Schema>,
    /// The import path of each alias: relations are named by it, so that the engine keeps one
    /// table for all models that read the same relation.
    pub paths: &'a BTreeMap<String, String>,
    /// The columns of the model's own table, if it has one.
    pub this: Option<&'a Schema>,
    /// The types of variables and bounds.
    pub names: &'a BTreeMap<String, SqlType>,
    /// Values of variables as SQL.
    pub defaults: &'a BTreeMap<String, String>,
}

/// The way from a question's bytes to the user's file.
pub(super) struct SourceMap {
    /// Where each token begins in the question, in order.
    starts: Vec<(usize, Span)>,
}

impl SourceMap {
    /// The token at a byte of the question.
    pub(super) fn span_at(&self, position: usize) -> Option<Span> {
        let after = self.starts.partition_point(|(start, _)| *start <= position);
        after.checked_sub(1).map(|index| self.starts[index].1)
    }
}

impl Question<'_> {
    /// The question; `None` if the columns of something that is read aren't known.
    pub(super) fn build(&self) -> Option<(OracleQuestion, SourceMap)> {
        let mut sql = String::new();
        let mut starts = Vec::with_capacity(self.tokens.len());
        let mut relations: BTreeMap<String, Vec<(String, SqlType)>> = BTreeMap::new();
        let mut end_before = None;
        for token in self
            .tokens
            .iter()
            .filter(|token| token.kind != TokenKind::Comment)
        {
            if let Some(end) = end_before.filter(|end| *end != token.span.start) {
                sql.push(self.white_space(end, token.span.start));
            }
            end_before = Some(token.span.end);
            let written = self.text.get(token.span.range())?;
            if token.kind == TokenKind::Symbol && written == ";" {
                continue;
            }
            starts.push((sql.len(), token.span));
            match self.relations.iter().find(|used| used.span == token.span) {
                Some(used) => {
                    let name = self.relation(used, &mut relations)?;
                    sql.push_str(&quoted(&name));
                    if !used.aliased {
                        sql.push_str(" AS ");
                        sql.push_str(&quote_identifier(&used.name));
                    }
                }
                None if token.kind == TokenKind::Reference => sql.push_str(&self.value(written)?),
                None => sql.push_str(written),
            }
        }
        let relations = relations.into_iter().collect();
        Some((OracleQuestion { sql, relations }, SourceMap { starts }))
    }

    /// What keeps two tokens apart. A line's end isn't any white space: two texts with one between
    /// them are one.
    fn white_space(&self, end: u32, start: u32) -> char {
        let between = self.text.get(end as usize..start as usize);
        match between.is_some_and(|between| between.contains(['\n', '\r'])) {
            true => '\n',
            false => ' ',
        }
    }

    /// Adds a relation to the question and gives the name it has there.
    fn relation(
        &self,
        used: &RelationUse,
        relations: &mut BTreeMap<String, Vec<(String, SqlType)>>,
    ) -> Option<String> {
        let (name, schema) = match self.imports.get(&used.name) {
            Some(schema) => (self.paths.get(&used.name)?.clone(), schema),
            None if used.name == "this" => ("this".to_owned(), self.this?),
            None => return None,
        };
        if !relations.contains_key(&name) {
            let columns = schema.columns.as_ref()?;
            if columns.iter().any(|column| column.sql_type.has_unknown()) {
                return None;
            }
            let columns = columns
                .iter()
                .map(|column| (column.name.clone(), column.sql_type.clone()));
            relations.insert(name.clone(), columns.collect());
        }
        Some(name)
    }

    /// A variable or bound as a value of its type.
    fn value(&self, reference: &str) -> Option<String> {
        let name = reference.strip_prefix(':')?.to_lowercase();
        let sql_type = self.names.get(&name)?;
        if sql_type.has_unknown() {
            return None;
        }
        let value = match self.defaults.get(&name) {
            Some(value) => value.clone(),
            None if sql_type.is_temporal() => "'2000-01-01 00:00:00'".to_owned(),
            None => "NULL".to_owned(),
        };
        Some(format!("CAST({value} AS {sql_type})"))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
