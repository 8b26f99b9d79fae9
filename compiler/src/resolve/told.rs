//! `DESCRIBE`, `SUMMARIZE` and `SHOW` in a `FROM`: the columns of what they tell are always the same.

use super::Binder;
use super::scope::{Output, OutputColumn};
use crate::bound::What;
use crate::span::Span;
use crate::types::{Typed, tables};

impl Binder<'_> {
    /// What such a query tells; the relation that it tells about isn't looked at.
    pub(super) fn told(&mut self, span: Span) -> Output {
        let text = self.plain_text(span);
        let mut words = text.split(' ');
        let first = words.next().unwrap_or_default();
        let Some(columns) = tables::told(first, words.next().unwrap_or_default()) else {
            self.tree.leaf(What::Opaque(text), span);
            return Output::unknown();
        };
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
