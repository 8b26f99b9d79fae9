//! Queries: `WITH`, set operations, `VALUES`, `ORDER BY`, `LIMIT`.

use super::fold::{ColumnFacts, Columns, Facts, Fold, Member, Obstacles};
use super::hash::{Fingerprint, Tag};
use crate::bound::{Clause, MemberId, NodeId, What};
use crate::name::same_name;
use crate::parse::ast::SetOperator;
use std::rc::Rc;

/// The clauses behind the body of a query.
#[derive(Debug, Default)]
struct Tail {
    order: Option<NodeId>,
    limit: Option<NodeId>,
    offset: Option<NodeId>,
}

impl Fold<'_> {
    /// What a query or the body of one gives.
    pub(super) fn query(&mut self, id: NodeId) -> Facts {
        stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.query_kind(id))
    }

    fn query_kind(&mut self, id: NodeId) -> Facts {
        let tree = self.tree;
        match tree.what(id) {
            What::Query => self.whole_query(id),
            What::Select { .. } => self.framed(|fold| fold.select(id, None)),
            What::SetOperation {
                operator,
                all,
                by_name,
            } => {
                let sides = tree.children(id);
                let &[left, right] = sides.as_slice() else {
                    return self.lost();
                };
                let (left, right) = (self.query(left), self.query(right));
                let span = tree.node(id).span;
                let columns = match by_name {
                    true => by_name_pairs(&left, &right),
                    false => by_position(&left, &right),
                };
                let Some(pairs) = columns else {
                    return self.lost();
                };
                let columns = pairs
                    .iter()
                    .map(|(left, right)| self.united(*left, *right, !by_name, span))
                    .collect();
                let rows = self.united_rows(*operator, *all, &left, &right, &pairs);
                Facts {
                    rows,
                    order: None,
                    columns: Rc::new(columns),
                    volatile: left.volatile || right.volatile,
                }
            }
            What::Values => self.values(id),
            What::Turned { open: false, .. } => {
                let (rows, columns) = self.turned(id);
                let volatile = columns.iter().any(|column| column.obstacles.volatile);
                Facts {
                    rows,
                    order: None,
                    columns: Rc::new(columns),
                    volatile,
                }
            }
            _ => self.lost(),
        }
    }

    fn whole_query(&mut self, id: NodeId) -> Facts {
        let tree = self.tree;
        let mut body = None;
        let mut tail = Tail::default();
        for child in tree.children(id) {
            match tree.what(child) {
                What::Member { member, recursive } => self.member(child, *member, *recursive),
                What::Clause(Clause::OrderBy { .. } | Clause::OrderAll(_)) => {
                    tail.order = Some(child);
                }
                What::Clause(Clause::Limit) => tail.limit = Some(child),
                What::Clause(Clause::Offset) => tail.offset = Some(child),
                _ if body.is_none() => body = Some(child),
                _ => self.understood = false,
            }
        }
        let Some(body) = body else {
            return self.lost();
        };
        let mut facts = match tree.what(body) {
            What::Select { .. } => self.framed(|fold| fold.select(body, tail.order)),
            _ => {
                let facts = self.query(body);
                match tail.order {
                    None => facts,
                    Some(order) => self.framed(|fold| fold.ordered_output(facts, order)),
                }
            }
        };
        self.limit(&mut facts, &tail);
        facts
    }

    /// `ORDER BY` behind something that isn't a `SELECT`.
    fn ordered_output(&mut self, mut facts: Facts, order: NodeId) -> Facts {
        if let What::Clause(Clause::OrderBy {
            output: Some(relation),
        }) = self.tree.what(order)
        {
            self.register(*relation, Columns::Given(Rc::clone(&facts.columns)));
        }
        let outer = facts.order;
        let own = self.order(order, &facts.columns);
        facts.order = Some(match outer {
            None => own,
            Some(before) => {
                let mark = self.encoding.mark();
                self.encoding.tag(Tag::InOrder);
                self.encoding.fingerprint(&own);
                self.encoding.fingerprint(&before);
                self.encoding.digest(mark)
            }
        });
        facts
    }

    /// The hash of an `ORDER BY`.
    pub(super) fn order(&mut self, id: NodeId, columns: &[ColumnFacts]) -> Fingerprint {
        let mark = self.encoding.mark();
        match self.tree.what(id) {
            What::Clause(Clause::OrderAll(text)) => {
                let text = text.clone();
                self.encoding.tag(Tag::OrderAll);
                self.encoding.text(&text);
                self.encoding.number(columns.len());
                for column in columns {
                    self.encoding.fingerprint(&column.values);
                }
            }
            _ => {
                self.encoding.tag(Tag::Order);
                let items = self.tree.children(id);
                self.expressions(&items);
            }
        }
        self.encoding.digest(mark)
    }

    /// With `LIMIT` and `OFFSET` the order decides which rows there are.
    fn limit(&mut self, facts: &mut Facts, tail: &Tail) {
        if tail.limit.is_none() && tail.offset.is_none() {
            return;
        }
        let met = std::mem::take(&mut self.met);
        let rows = facts.ordered_rows();
        facts.rows = self.framed(|fold| {
            let mark = fold.encoding.mark();
            fold.encoding.tag(Tag::Limited);
            fold.encoding.fingerprint(&rows);
            for (tag, bound) in [(Tag::Limit, tail.limit), (Tag::Offset, tail.offset)] {
                if let Some(bound) = bound {
                    fold.encoding.tag(tag);
                    let parts = fold.tree.children(bound);
                    fold.expressions(&parts);
                }
            }
            fold.encoding.digest(mark)
        });
        facts.volatile |= self.met.volatile;
        self.met = met;
    }

    fn member(&mut self, id: NodeId, member: MemberId, recursive: bool) {
        if recursive {
            self.members.insert(member, Member::Open(false));
        }
        let mut body = None;
        let mut tail = Tail::default();
        for child in self.tree.children(id) {
            match self.tree.what(child) {
                What::Clause(Clause::Limit) => tail.limit = Some(child),
                What::Clause(Clause::Offset) => tail.offset = Some(child),
                _ if body.is_none() => body = Some(child),
                _ => self.understood = false,
            }
        }
        let mut facts = match body {
            Some(body) => self.query(body),
            None => self.lost(),
        };
        if matches!(self.members.get(&member), Some(Member::Open(true))) {
            facts = self.recursive(&facts);
        }
        self.limit(&mut facts, &tail);
        let shared = facts.volatile.then(|| {
            self.shared += 1;
            self.shared
        });
        self.members.insert(member, Member::Done(facts, shared));
    }

    /// What a query gives that reads itself: any of its columns may decide about any other one.
    fn recursive(&mut self, facts: &Facts) -> Facts {
        let mark = self.encoding.mark();
        self.encoding.tag(Tag::Recursive);
        self.facts(facts);
        let rows = self.encoding.digest(mark);
        let numbered = |(position, column): (usize, &ColumnFacts)| {
            let values = super::hash::hashed(|encoding| {
                encoding.tag(Tag::NumberedColumn);
                encoding.fingerprint(&rows);
                encoding.number(position);
            });
            ColumnFacts {
                values,
                wide: values,
                ..column.clone()
            }
        };
        Facts {
            rows,
            order: None,
            columns: Rc::new(facts.columns.iter().enumerate().map(numbered).collect()),
            volatile: facts.volatile,
        }
    }

    /// A column of a set operation.
    fn united(
        &mut self,
        left: Option<&ColumnFacts>,
        right: Option<&ColumnFacts>,
        positional: bool,
        span: crate::span::Span,
    ) -> ColumnFacts {
        let mut obstacles = Obstacles {
            union: positional,
            ..Obstacles::default()
        };
        for column in [left, right].into_iter().flatten() {
            obstacles.add(Obstacles {
                set_returning: false,
                ..column.obstacles
            });
        }
        let mut both = |hash: fn(&ColumnFacts) -> &Fingerprint| {
            let mark = self.encoding.mark();
            self.encoding.tag(Tag::Union);
            for side in [left, right] {
                match side {
                    Some(column) => self.encoding.fingerprint(hash(column)),
                    None => self.encoding.tag(Tag::Absent),
                }
            }
            self.encoding.digest(mark)
        };
        ColumnFacts {
            name: left.or(right).and_then(|column| column.name.clone()),
            values: both(|column| &column.values),
            wide: both(|column| &column.wide),
            obstacles,
            span,
        }
    }

    /// The rows of a set operation: `UNION ALL` puts them together, all others compare them.
    fn united_rows(
        &mut self,
        operator: SetOperator,
        all: bool,
        left: &Facts,
        right: &Facts,
        pairs: &[Pair<'_>],
    ) -> Fingerprint {
        let mark = self.encoding.mark();
        self.encoding.tag(Tag::SetOperation);
        self.encoding.number(match operator {
            SetOperator::Union => 0,
            SetOperator::Intersect => 1,
            SetOperator::Except => 2,
        });
        self.encoding.flag(all);
        self.encoding.fingerprint(&left.ordered_rows());
        self.encoding.fingerprint(&right.ordered_rows());
        if !all || operator != SetOperator::Union {
            self.encoding.number(pairs.len());
            for (left, right) in pairs {
                for side in [left, right] {
                    match side {
                        Some(column) => self.encoding.fingerprint(&column.values),
                        None => self.encoding.tag(Tag::Absent),
                    }
                }
            }
        }
        self.encoding.digest(mark)
    }

    fn values(&mut self, id: NodeId) -> Facts {
        let tree = self.tree;
        let span = tree.node(id).span;
        let rows: Vec<Vec<NodeId>> = tree
            .children(id)
            .into_iter()
            .map(|row| tree.children(row))
            .collect();
        let width = rows.first().map_or(0, Vec::len);
        if rows.iter().any(|row| row.len() != width) {
            return self.lost();
        }
        let met = std::mem::take(&mut self.met);
        let mut columns = Vec::with_capacity(width);
        self.framed(|fold| {
            for position in 0..width {
                let mark = fold.encoding.mark();
                fold.encoding.tag(Tag::Values);
                fold.met = Obstacles::default();
                let values: Vec<NodeId> = rows.iter().map(|row| row[position]).collect();
                fold.expressions(&values);
                let values = fold.encoding.digest(mark);
                columns.push(ColumnFacts {
                    name: Some(format!("col{position}")),
                    values,
                    wide: values,
                    obstacles: fold.met,
                    span,
                });
            }
        });
        self.met = met;
        let mark = self.encoding.mark();
        self.encoding.tag(Tag::Values);
        self.encoding.number(rows.len());
        let unnested: Vec<Fingerprint> = columns
            .iter()
            .filter(|column| column.obstacles.set_returning)
            .map(|column| column.values)
            .collect();
        for values in unnested {
            self.encoding.fingerprint(&values);
        }
        Facts {
            rows: self.encoding.digest(mark),
            order: None,
            volatile: columns.iter().any(|column| column.obstacles.volatile),
            columns: Rc::new(columns),
        }
    }
}

/// A column of the left side and the one of the right side that it is united with.
type Pair<'a> = (Option<&'a ColumnFacts>, Option<&'a ColumnFacts>);

fn by_position<'a>(left: &'a Facts, right: &'a Facts) -> Option<Vec<Pair<'a>>> {
    let pairs = left.columns.iter().zip(right.columns.iter());
    (left.columns.len() == right.columns.len()).then(|| {
        pairs
            .map(|(left, right)| (Some(left), Some(right)))
            .collect()
    })
}

fn by_name_pairs<'a>(left: &'a Facts, right: &'a Facts) -> Option<Vec<Pair<'a>>> {
    let named = |facts: &Facts| facts.columns.iter().all(|column| column.name.is_some());
    if !named(left) || !named(right) {
        return None;
    }
    let find = |facts: &'a Facts, column: &ColumnFacts| {
        let is = |other: &&ColumnFacts| match (&other.name, &column.name) {
            (Some(name), Some(own)) => same_name(name, own),
            _ => false,
        };
        facts.columns.iter().find(is)
    };
    let mut pairs: Vec<Pair<'a>> = left
        .columns
        .iter()
        .map(|column| (Some(column), find(right, column)))
        .collect();
    let rest = right.columns.iter();
    pairs.extend(
        rest.filter(|column| find(left, column).is_none())
            .map(|column| (None, Some(column))),
    );
    Some(pairs)
}
