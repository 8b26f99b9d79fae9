//! `@merge`: conditions over the rows of the table and the new ones, typed as a query's are.

use super::bound_text::BoundText;
use super::model::Work;
use crate::diagnostic::{Code, Diagnostic};
use crate::expand::Expanded;
use crate::header::{Incremental, MergeClause, MergeNote, WrittenSql};
use crate::lexer::lex;
use crate::name::same_name;
use crate::parse::ast::{ExprKind, Query};
use crate::parse::walk::{self, AnyNode};
use crate::resolve::Schema;
use crate::span::{Span, Spanned};
use crate::token::TokenKind;
use crate::typed::Merge;
use std::collections::{BTreeMap, BTreeSet};

/// What stands around a condition when it is bound. The two relations have the same columns.
const FRAME: (&str, &str) = ("select 1 from :this as this, :this as new where (\n", "\n)");

impl Work<'_> {
    /// How a merge into the model's table goes on, and the columns that its conditions name.
    pub(super) fn merge(&mut self, own: &Schema) -> (Merge, BTreeSet<String>) {
        let header = self.header;
        let mut merge = Merge::default();
        let mut named = BTreeSet::new();
        let Some(first) = header.merge.first() else {
            return (merge, named);
        };
        let key = match &self.node.config.incremental {
            Some(Incremental::UniqueKey(key)) => key.value.clone(),
            _ if header.config.damaged => return (merge, named),
            _ => {
                self.no_merge(first);
                return (merge, named);
            }
        };
        for note in &header.merge {
            match &note.clause {
                MergeClause::On(written) => {
                    merge.on = self.condition(written, own, &mut named);
                }
                MergeClause::DeleteWhen(written) => {
                    merge.delete_when = self.condition(written, own, &mut named);
                }
                MergeClause::Update { except, columns } => {
                    let columns = self.own_columns(columns, own);
                    merge.update = match except {
                        true => self.all_but(&columns, &key, own, note.span),
                        false => columns,
                    };
                }
            }
        }
        (merge, named)
    }

    fn no_merge(&mut self, note: &MergeNote) {
        let message =
            "`@merge` is for models with `strategy='unique_key'`: no rows are merged here";
        let finding = Diagnostic::error(Code::WrongMaterialization, note.span, message);
        self.diagnostics.push(
            finding.hint("remove the line, or add `materialized='incremental', unique_key='…'`"),
        );
    }

    /// All columns but some and the key, which is the same in both rows.
    fn all_but(
        &mut self,
        columns: &[String],
        key: &[Spanned<String>],
        own: &Schema,
        span: Span,
    ) -> Vec<String> {
        let is_key = |name: &str| key.iter().any(|key| same_name(&key.value, name));
        let all = own.columns.iter().flatten().map(|column| &column.name);
        let left = all.filter(|name| !columns.contains(name) && !is_key(name));
        let left: Vec<String> = left.cloned().collect();
        if left.is_empty() {
            let message = "`update except` leaves no column to update";
            let finding = Diagnostic::error(Code::MalformedPragma, span, message);
            self.diagnostics
                .push(finding.hint("name fewer columns, or use `strategy='append'`"));
        }
        left
    }

    /// A condition as the runtime writes it; empty if something is wrong with it.
    fn condition(
        &mut self,
        written: &WrittenSql,
        own: &Schema,
        named: &mut BTreeSet<String>,
    ) -> String {
        let bound = self.composed(written).and_then(|composed| {
            let this = Some(super::audits::placeless(own));
            BoundText::new(self, composed, this, BTreeMap::new(), BTreeMap::new())
        });
        match bound {
            Ok(bound) => {
                if let Some(query) = &bound.variant.query {
                    columns_named(query, named);
                }
                let text = bound.expanded.text();
                let inside = FRAME.0.len()..text.len().saturating_sub(FRAME.1.len());
                text.get(inside).unwrap_or_default().trim().to_owned()
            }
            Err(found) => {
                self.diagnostics.extend(found);
                String::new()
            }
        }
    }

    /// A query around the condition, in which `:this` and `:new` are `this` and `new`.
    fn composed(&self, written: &WrittenSql) -> Result<Expanded, Vec<Diagnostic>> {
        let file = self.node.file;
        let text = &*self.context.outline.files.sources.file(file).text;
        let mut out = Expanded::new(file);
        let mut found = Vec::new();
        let whole = written.lines.first().zip(written.lines.last());
        let Some(whole) = whole.map(|(first, last)| first.to(*last)) else {
            return Err(found);
        };
        out.push_made(FRAME.0, whole);
        for (index, line) in written.lines.iter().enumerate() {
            if index > 0 {
                out.push_made(" ", *line);
            }
            let (tokens, wrong) = lex(file, text, line.range());
            found.extend(wrong);
            let mut from = line.range().start;
            let mut copy = |to: usize, next: usize| {
                let piece = text.get(from..to).unwrap_or_default();
                out.push(piece, Span::new(file, from, to));
                from = next;
            };
            for token in tokens {
                let range = token.span.range();
                let name = text.get(range.clone()).unwrap_or_default();
                match token.kind {
                    TokenKind::Reference if is_row(name) => copy(range.start, range.start + 1),
                    TokenKind::Reference => found.push(other_name(name, token.span)),
                    TokenKind::Comment => found.push(Diagnostic::error(
                        Code::MalformedPragma,
                        token.span,
                        "a remark can't stand in a condition",
                    )),
                    _ => {}
                }
            }
            copy(line.range().end, line.range().end);
        }
        out.push_made(FRAME.1, whole);
        match found.is_empty() {
            true => Ok(out),
            false => Err(found),
        }
    }
}

fn is_row(reference: &str) -> bool {
    let name = reference.trim_start_matches(':');
    ["this", "new"]
        .iter()
        .any(|row| row.eq_ignore_ascii_case(name))
}

fn other_name(written: &str, span: Span) -> Diagnostic {
    let message = format!("`{written}` can't stand in `@merge`: it sees `:this` and `:new` alone");
    Diagnostic::error(Code::UnknownReference, span, message)
        .hint("let the query make a column of it, and compare that: `:new.column`")
}

/// The columns that a condition names, in lower case.
fn columns_named(query: &Query, named: &mut BTreeSet<String>) {
    walk::query(query, &mut |node| {
        if let AnyNode::Expression(expr) = node
            && let ExprKind::Name(parts) = &expr.kind
        {
            let column = match parts.as_slice() {
                [row, column, ..] if is_row(&row.value) => column,
                [column, ..] => column,
                [] => return,
            };
            named.insert(column.value.to_lowercase());
        }
    });
}
