//! What a `FROM` reads.

use super::fold::{ColumnFacts, Columns, Facts, Fold, Member};
use super::hash::{Fingerprint, Tag, hashed};
use crate::bound::{Clause, MemberId, NodeId, RelationId, What};
use crate::parse::ast::JoinKind;
use std::rc::Rc;

impl Fold<'_> {
    /// Makes a relation visible to the query that is being read, and tells its rows.
    pub(super) fn relation(&mut self, id: NodeId) -> Fingerprint {
        stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.relation_kind(id))
    }

    fn relation_kind(&mut self, id: NodeId) -> Fingerprint {
        let tree = self.tree;
        match tree.what(id) {
            What::Import { relation, alias } => {
                let imports = self.imports;
                let Some(import) = imports.get(alias) else {
                    return self.no_relation();
                };
                let Some(columns) = &import.columns else {
                    return self.no_relation();
                };
                let table = hashed(|encoding| {
                    encoding.tag(Tag::Import);
                    encoding.text(&import.path);
                });
                self.register(*relation, Columns::Named(table, columns));
                table
            }
            What::This { relation } => {
                let table = hashed(|encoding| encoding.tag(Tag::This));
                let columns = self.this;
                self.register(*relation, Columns::Named(table, columns));
                table
            }
            What::Common { relation, member } => self.common(*relation, *member),
            What::Derived { relation } => self.derived(id, *relation),
            What::TableFunction { relation, name } => {
                let volatile = !is_pure(name);
                let mark = self.encoding.mark();
                self.encoding.tag(Tag::TableFunction);
                self.encoding.text(name);
                let arguments = tree.children(id);
                self.expressions(&arguments);
                let rows = self.encoding.digest(mark);
                self.met.volatile |= volatile;
                self.register(*relation, Columns::Numbered(rows));
                rows
            }
            What::Turned {
                relation: Some(relation),
                open: false,
                ..
            } => {
                let (rows, columns) = self.turned(id);
                self.register(*relation, Columns::Given(Rc::new(columns)));
                rows
            }
            What::Join { kind, asof } => self.join(id, *kind, *asof),
            _ => self.no_relation(),
        }
    }

    fn no_relation(&mut self) -> Fingerprint {
        self.understood = false;
        Fingerprint::default()
    }

    fn common(&mut self, relation: RelationId, member: MemberId) -> Fingerprint {
        match self.members.get_mut(&member) {
            Some(Member::Done(facts, shared)) => {
                let (facts, shared) = (facts.clone(), *shared);
                self.given(relation, facts, shared)
            }
            Some(Member::Open(read)) => {
                *read = true;
                let itself = hashed(|encoding| encoding.tag(Tag::Itself));
                self.register(relation, Columns::Numbered(itself));
                itself
            }
            None => self.no_relation(),
        }
    }

    /// A relation that a query gives. One that may give other values in another run is itself
    /// wherever it is read, and no other query of the same text.
    fn given(&mut self, relation: RelationId, facts: Facts, shared: Option<usize>) -> Fingerprint {
        let rows = facts.ordered_rows();
        self.met.volatile |= facts.volatile;
        let Some(number) = shared else {
            self.register(relation, Columns::Given(facts.columns));
            return rows;
        };
        let as_shared = |hash: &Fingerprint| {
            hashed(|encoding| {
                encoding.tag(Tag::Shared);
                encoding.number(number);
                encoding.fingerprint(hash);
            })
        };
        let columns = facts.columns.iter().map(|column| ColumnFacts {
            values: as_shared(&column.values),
            wide: as_shared(&column.wide),
            ..column.clone()
        });
        self.register(relation, Columns::Given(Rc::new(columns.collect())));
        as_shared(&rows)
    }

    /// A subquery, or a join with an alias and an output for each of its columns.
    fn derived(&mut self, id: NodeId, relation: RelationId) -> Fingerprint {
        let tree = self.tree;
        let children = tree.children(id);
        let Some((first, outputs)) = children.split_first() else {
            return self.no_relation();
        };
        if !matches!(
            tree.what(*first),
            What::Join { .. }
                | What::Import { .. }
                | What::This { .. }
                | What::Common { .. }
                | What::Derived { .. }
                | What::TableFunction { .. }
                | What::Turned {
                    relation: Some(_),
                    ..
                }
        ) {
            let facts = self.query(*first);
            return self.given(relation, facts, None);
        }
        let (rows, columns) = self.framed(|fold| {
            let rows = fold.relation(*first);
            let columns: Vec<ColumnFacts> = outputs
                .iter()
                .map(|output| fold.output_of(*output))
                .collect();
            (rows, columns)
        });
        self.register(relation, Columns::Given(Rc::new(columns)));
        rows
    }

    fn output_of(&mut self, id: NodeId) -> ColumnFacts {
        let tree = self.tree;
        let name = match tree.what(id) {
            What::Output { name } => name.as_deref(),
            _ => {
                self.understood = false;
                None
            }
        };
        self.output_column(id, name)
    }

    fn join(&mut self, id: NodeId, kind: JoinKind, asof: bool) -> Fingerprint {
        let tree = self.tree;
        let children = tree.children(id);
        let [left, right, constraint @ ..] = children.as_slice() else {
            return self.no_relation();
        };
        let left = self.relation(*left);
        let right = self.relation(*right);
        let mark = self.encoding.mark();
        self.encoding.tag(Tag::Join);
        self.encoding.text(match kind {
            JoinKind::Inner => "inner",
            JoinKind::Left => "left",
            JoinKind::Right => "right",
            JoinKind::Full => "full",
            JoinKind::Cross => "cross",
            JoinKind::Positional => "positional",
            JoinKind::Semi => "semi",
            JoinKind::Anti => "anti",
        });
        self.encoding.flag(asof);
        self.encoding.fingerprint(&left);
        self.encoding.fingerprint(&right);
        for clause in constraint {
            match tree.what(*clause) {
                What::Clause(Clause::On) => self.encoding.tag(Tag::On),
                What::Clause(Clause::Using) => self.encoding.tag(Tag::Using),
                _ => self.understood = false,
            }
            let parts = tree.children(*clause);
            self.expressions(&parts);
        }
        self.encoding.digest(mark)
    }

    /// `PIVOT` or `UNPIVOT`: all columns of the table decide which rows there are, and the names
    /// of the outputs may be values of one of them.
    pub(super) fn turned(&mut self, id: NodeId) -> (Fingerprint, Vec<ColumnFacts>) {
        let tree = self.tree;
        let children = tree.children(id);
        let (What::Turned { unpivot, .. }, Some((table, outputs))) =
            (tree.what(id), children.split_first())
        else {
            self.understood = false;
            return (Fingerprint::default(), Vec::new());
        };
        self.framed(|fold| {
            let before: Vec<RelationId> = fold.relations.keys().copied().collect();
            let inner = fold.relation(*table);
            let visible: Vec<Columns<'_>> = fold
                .relations
                .iter()
                .filter(|(relation, visible)| {
                    visible.depth == fold.depth() && before.binary_search(relation).is_err()
                })
                .map(|(_, visible)| visible.columns.clone())
                .collect();
            let columns: Vec<ColumnFacts> = outputs
                .iter()
                .map(|output| fold.output_of(*output))
                .collect();
            let mark = fold.encoding.mark();
            fold.encoding.tag(Tag::Turned);
            fold.encoding.flag(*unpivot);
            fold.encoding.fingerprint(&inner);
            fold.encoding.number(visible.len());
            for relation in &visible {
                fold.all_columns(relation);
            }
            fold.encoding.number(columns.len());
            for column in &columns {
                fold.encoding
                    .text(column.name.as_deref().unwrap_or_default());
                fold.encoding.fingerprint(&column.values);
            }
            (fold.encoding.digest(mark), columns)
        })
    }
}

/// Whether a table function's rows are made of its arguments alone.
fn is_pure(name: &str) -> bool {
    matches!(
        name,
        "range" | "generate_series" | "unnest" | "repeat" | "repeat_row"
    )
}
