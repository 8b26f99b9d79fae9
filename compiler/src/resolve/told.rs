//! `DESCRIBE`, `SUMMARIZE` and `SHOW` in a `FROM`: the columns of what they tell are always the same.

use super::Binder;
use super::scope::{Env, Output, OutputColumn};
use crate::bound::What;
use crate::parse::ast;
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::types::{Typed, tables};

impl Binder<'_> {
    /// What such a query tells. Of the query that it tells about only the faults count.
    pub(super) fn told(
        &mut self,
        span: Span,
        about: Option<&ast::Query>,
        parent: Option<&Env<'_>>,
    ) -> Output {
        let about = about.map(|query| {
            let relations = self.relations.len();
            let output = self.unwritten(|binder| binder.query(query, parent));
            self.relations.truncate(relations);
            output
        });
        let text = self.plain_text(span);
        let mut words = text.split(' ');
        let first = words.next().unwrap_or_default();
        let Some(mut columns) = tables::told(first, words.next().unwrap_or_default()) else {
            self.tree.leaf(What::Opaque(text), span);
            return Output::unknown();
        };
        if first == "summarize" {
            summarized(&mut columns, about.filter(Output::is_whole).as_ref());
        }
        let mut output = Output::default();
        let mark = self.tree.mark();
        for (name, sql_type) in columns {
            let column = self.tree.mark();
            self.tree.leaf(What::Opaque(text.clone()), span);
            let name = Some(name);
            let node = self
                .tree
                .close(column, What::Output { name: name.clone() }, span);
            output.columns.push(OutputColumn {
                name,
                typed: Typed::of(sql_type),
                span,
                node: Some(node),
            });
        }
        let (distinct, open) = (false, false);
        self.tree.close(mark, What::Select { distinct, open }, span);
        output
    }
}

/// Figures that only some columns have: where none has one, the engine's column holds nothing but
/// nulls.
///
/// Source: `src/planner/binder/statement/bind_summarize.cpp` of DuckDB 1.5.5.
fn summarized(columns: &mut [(String, SqlType)], about: Option<&Output>) {
    let any = |is: &dyn Fn(&SqlType) -> bool| -> SqlType {
        let Some(about) = about else {
            return SqlType::Unknown;
        };
        let mut types = about
            .columns
            .iter()
            .map(|column| column.typed.sql_type.as_column());
        match about
            .columns
            .iter()
            .any(|column| is(&column.typed.sql_type.as_column()))
        {
            true => SqlType::Varchar,
            false if types.any(|sql_type| sql_type.has_unknown()) => SqlType::Unknown,
            false => SqlType::Integer,
        }
    };
    let numeric = any(&SqlType::is_numeric);
    let either = any(&|sql_type| {
        let temporal = sql_type.is_temporal() && *sql_type != SqlType::Interval;
        sql_type.is_numeric() || temporal
    });
    for (name, sql_type) in columns {
        match name.as_str() {
            "std" => *sql_type = numeric.clone(),
            "avg" | "q25" | "q50" | "q75" => *sql_type = either.clone(),
            _ => {}
        }
    }
}
