//! The clauses of a `SELECT`.

use super::expression::Width;
use super::fold::{ColumnFacts, Columns, Facts, Fold, Obstacles, Read};
use super::hash::{Fingerprint, Tag, hash_of};
use super::spelling;
use crate::bound::{Clause, NodeId, RelationId, What};
use std::rc::Rc;

/// An output, as far as the rows depend on it.
struct Item {
    bytes: Vec<u8>,
    aggregates: bool,
    constant: bool,
}

impl Fold<'_> {
    /// What a `SELECT` gives. Its frame is open, and its `ORDER BY` is given, which sees what the
    /// `SELECT` sees.
    pub(super) fn select(&mut self, id: NodeId, order: Option<NodeId>) -> Facts {
        let tree = self.tree;
        let What::Select { distinct, open } = tree.what(id) else {
            return self.lost();
        };
        if *open {
            return self.lost();
        }
        let outer = std::mem::take(&mut self.met);
        let children = tree.children(id);
        self.collect_windows(&children);
        let (rows, mut columns, items) = self.parts(&children);
        if *distinct {
            for column in &mut columns {
                column.obstacles.distinct = true;
            }
        }
        self.met = Obstacles::default();
        let mark = self.encoding.mark();
        let grouped = self.row_clauses(&rows, &items);
        let clauses = self.encoding.take(mark);
        // The order may hold an aggregate, so that it has to be read before the rows are told.
        let order = order.map(|order| self.order(order, &columns));
        self.encoding.tag(Tag::Select);
        self.encoding.again(&clauses);
        // Without a key an aggregate makes one row of all.
        self.encoding.flag(!grouped && self.aggregates() > 0);
        if *distinct {
            self.distinct(&columns);
        }
        if let (true, Some(order)) = (self.has_distinct_on(&rows), &order) {
            self.encoding.tag(Tag::Order);
            self.encoding.fingerprint(order);
        }
        for column in columns.iter().filter(|it| it.obstacles.set_returning) {
            self.encoding.tag(Tag::SetReturning);
            self.encoding.fingerprint(&column.values);
        }
        let mut own_rows = self.encoding.digest(mark);
        if !*distinct
            && self.is_plain(&rows)
            && let Some(inner) = self.only_query(&children)
        {
            own_rows = self.handed_on(&inner, own_rows, &rows, &children, &mut columns);
        }
        let of_columns = columns.iter().any(|column| column.obstacles.volatile);
        let facts = Facts {
            rows: own_rows,
            order,
            columns: Rc::new(columns),
            volatile: of_columns || self.met.volatile || rows.from.1,
        };
        self.met = outer;
        facts
    }

    /// The clauses that decide about rows, the columns, and what the rows may need of them.
    fn parts(&mut self, children: &[NodeId]) -> (Rows, Vec<ColumnFacts>, Vec<Item>) {
        let tree = self.tree;
        let mut rows = Rows::default();
        let (mut columns, mut items) = (Vec::new(), Vec::new());
        for child in children {
            match tree.what(*child) {
                What::Clause(Clause::From) => rows.from = self.from(*child),
                What::Output { name } => {
                    let (column, item) = self.output(*child, name.as_deref());
                    columns.push(column);
                    items.push(item);
                }
                _ => rows.clauses.push(*child),
            }
        }
        (rows, columns, items)
    }

    fn has_distinct_on(&self, rows: &Rows) -> bool {
        let mut clauses = rows.clauses.iter().map(|clause| self.tree.what(*clause));
        clauses.any(|what| matches!(what, What::Clause(Clause::DistinctOn)))
    }

    /// Whether nothing but the `FROM` decides which rows there are.
    fn is_plain(&self, rows: &Rows) -> bool {
        let mut clauses = rows.clauses.iter().map(|clause| self.tree.what(*clause));
        self.aggregates() == 0
            && clauses.all(|what| matches!(what, What::Clause(Clause::WindowDefinition(_))))
    }

    /// The query that is all that a `FROM` reads.
    fn only_query(&self, children: &[NodeId]) -> Option<(RelationId, Rc<Vec<ColumnFacts>>)> {
        let tree = self.tree;
        let from = children.first()?;
        let What::Clause(Clause::From) = tree.what(*from) else {
            return None;
        };
        let &[only] = tree.children(*from).as_slice() else {
            return None;
        };
        let (What::Common { relation, .. } | What::Derived { relation }) = tree.what(only) else {
            return None;
        };
        match &self.relations.get(relation)?.columns {
            Columns::Given(columns) => Some((*relation, Rc::clone(columns))),
            _ => None,
        }
    }

    /// A `SELECT` of a query's columns as they are, `WITH last AS (…) SELECT * FROM last`, gives
    /// what the query gives. Gives the hash of its rows.
    fn handed_on(
        &self,
        (inner, inner_columns): &(RelationId, Rc<Vec<ColumnFacts>>),
        own_rows: Fingerprint,
        rows: &Rows,
        children: &[NodeId],
        columns: &mut [ColumnFacts],
    ) -> Fingerprint {
        let tree = self.tree;
        let outputs = children
            .iter()
            .filter(|child| matches!(tree.what(**child), What::Output { .. }));
        for (column, output) in columns.iter_mut().zip(outputs) {
            if let [expression] = tree.children(*output).as_slice()
                && let What::Column { relation, position } = tree.what(*expression)
                && relation == inner
                && let Some(handed) = inner_columns.get(*position as usize)
            {
                column.values = handed.values;
                column.wide = handed.wide;
            }
        }
        let unnests = columns.iter().any(|it| it.obstacles.set_returning);
        match rows.from.0.as_slice() {
            [only] if !unnests => *only,
            _ => own_rows,
        }
    }

    fn collect_windows(&mut self, children: &[NodeId]) {
        let tree = self.tree;
        for child in children {
            if let What::Clause(Clause::WindowDefinition(name)) = tree.what(*child)
                && let Some(frame) = self.frames.last_mut()
            {
                frame.windows.push((name.clone(), *child));
            }
        }
    }

    /// What a `FROM` reads, and whether that may differ from run to run.
    fn from(&mut self, id: NodeId) -> (Vec<Fingerprint>, bool) {
        let outer = std::mem::take(&mut self.met);
        let relations = self.tree.children(id);
        let rows = relations
            .into_iter()
            .map(|relation| self.relation(relation))
            .collect();
        let volatile = self.met.volatile;
        self.met = outer;
        (rows, volatile)
    }

    /// Reads an output.
    pub(super) fn output_column(&mut self, id: NodeId, name: Option<&str>) -> ColumnFacts {
        self.output(id, name).0
    }

    fn output(&mut self, id: NodeId, name: Option<&str>) -> (ColumnFacts, Item) {
        let tree = self.tree;
        let expression = match tree.children(id).as_slice() {
            [only] => *only,
            _ => {
                self.understood = false;
                id
            }
        };
        let outer_met = std::mem::take(&mut self.met);
        let outer_depths = std::mem::take(&mut self.depths);
        let before = self.aggregates();
        let (bytes, wide) = match expression == id {
            true => (Vec::new(), None),
            false => self.output_bytes(expression),
        };
        let values = hash_of(&bytes);
        let (aggregates, constant) = (
            self.aggregates() > before,
            self.depths == 0 && !self.met.volatile && !self.met.set_returning,
        );
        let read = Read {
            bytes: bytes.clone(),
            depth: self.depth(),
            obstacles: self.met,
            aggregates,
            constant,
        };
        let column = ColumnFacts {
            name: name.map(str::to_lowercase),
            values,
            wide: wide.unwrap_or(values),
            obstacles: self.met,
            span: tree.node(id).span,
        };
        self.outputs.insert(id, read);
        self.met = outer_met;
        self.depths |= outer_depths;
        let item = Item {
            bytes,
            aggregates,
            constant,
        };
        (column, item)
    }

    /// The bytes of an output's expression, and where they differ the hash that leaves out the
    /// type that it is cast to in the end.
    fn output_bytes(&mut self, expression: NodeId) -> (Vec<u8>, Option<Fingerprint>) {
        let tree = self.tree;
        let mark = self.encoding.mark();
        let (text, family) = match tree.what(expression) {
            What::Column { relation, position } => {
                self.column(*relation, *position as usize, Width::Wide);
                let wide = self.encoding.digest(mark);
                self.expression(expression);
                return (self.encoding.take(mark), Some(wide));
            }
            What::Operation(text) => (text, spelling::cast_family(text)),
            _ => (&String::new(), None),
        };
        let Some(family) = family else {
            self.expression(expression);
            return (self.encoding.take(mark), None);
        };
        let operand = tree.children(expression);
        self.expressions(&operand);
        let operand = self.encoding.take(mark);
        let mut cast = |text: &str| {
            self.encoding.tag(Tag::Operation);
            self.encoding.text(text);
            self.encoding.again(&operand);
            self.encoding.shorten(mark);
            self.encoding.take(mark)
        };
        let wide = cast(&format!("cast to {family}"));
        (cast(text), Some(hash_of(&wide)))
    }

    /// Writes the clauses that decide which rows there are, each behind its tag. Gives whether there
    /// is a key of a `GROUP BY`.
    fn row_clauses(&mut self, rows: &Rows, items: &[Item]) -> bool {
        let tree = self.tree;
        let mut grouped = false;
        self.encoding.tag(Tag::From);
        self.encoding.number(rows.from.0.len());
        for relation in &rows.from.0 {
            self.encoding.fingerprint(relation);
        }
        for clause in &rows.clauses {
            let What::Clause(kind) = tree.what(*clause) else {
                self.understood = false;
                continue;
            };
            let children = tree.children(*clause);
            let tag = match kind {
                Clause::Where => Tag::Where,
                Clause::Having => Tag::Having,
                Clause::Qualify => Tag::Qualify,
                Clause::DistinctOn => Tag::DistinctOn,
                Clause::Group => {
                    grouped |= !children.is_empty();
                    self.group(&children);
                    continue;
                }
                Clause::GroupAll => {
                    let keys = items.iter().filter(|item| !item.aggregates);
                    let keys: Vec<(Vec<u8>, bool)> = keys
                        .map(|item| (item.bytes.clone(), item.constant))
                        .collect();
                    grouped |= !keys.is_empty();
                    self.keys(keys);
                    continue;
                }
                Clause::Sample(text) => {
                    self.met.volatile = true;
                    self.encoding.tag(Tag::Sample);
                    self.encoding.text(text);
                    continue;
                }
                // Those that use it have read it.
                Clause::WindowDefinition(_) => continue,
                _ => {
                    self.understood = false;
                    continue;
                }
            };
            self.encoding.tag(tag);
            self.expressions(&children);
        }
        grouped
    }

    /// `GROUP BY`: what it says of several keys doesn't depend on their order, unless there are
    /// grouping sets among them.
    fn group(&mut self, items: &[NodeId]) {
        let tree = self.tree;
        let is_set = |item: &NodeId| matches!(tree.what(*item), What::Clause(Clause::GroupSet(_)));
        if items.iter().any(is_set) {
            self.encoding.tag(Tag::Group);
            self.encoding.number(items.len());
            for item in items {
                self.group_item(*item);
            }
            return;
        }
        let keys = items
            .iter()
            .map(|item| {
                let outer = std::mem::take(&mut self.depths);
                let mark = self.encoding.mark();
                self.expression(*item);
                let constant = self.depths == 0;
                self.depths |= outer;
                (self.encoding.take(mark), constant)
            })
            .collect();
        self.keys(keys);
    }

    /// Writes the keys of a `GROUP BY`. A constant makes no groups, but that there is a key does.
    fn keys(&mut self, mut keys: Vec<(Vec<u8>, bool)>) {
        if keys.is_empty() {
            return;
        }
        keys.retain(|(_, constant)| !constant);
        keys.sort();
        keys.dedup();
        self.encoding.tag(Tag::Group);
        self.encoding.number(keys.len());
        for (bytes, _) in keys {
            self.encoding.again(&bytes);
        }
    }

    fn group_item(&mut self, item: NodeId) {
        let tree = self.tree;
        let What::Clause(Clause::GroupSet(grouping)) = tree.what(item) else {
            self.expression(item);
            return;
        };
        self.encoding.tag(Tag::GroupSet);
        self.encoding.text(match grouping {
            crate::bound::Grouping::Rollup => "rollup",
            crate::bound::Grouping::Cube => "cube",
            crate::bound::Grouping::Sets => "sets",
            crate::bound::Grouping::Set => "set",
        });
        let inner = tree.children(item);
        self.encoding.number(inner.len());
        for item in inner {
            self.group_item(item);
        }
    }

    /// `DISTINCT` compares all columns, in any order.
    fn distinct(&mut self, columns: &[ColumnFacts]) {
        let mut values: Vec<Fingerprint> = columns.iter().map(|column| column.values).collect();
        values.sort();
        values.dedup();
        self.encoding.tag(Tag::Distinct);
        self.encoding.number(values.len());
        for values in &values {
            self.encoding.fingerprint(values);
        }
    }
}

/// What the rows of a `SELECT` are made of.
#[derive(Default)]
struct Rows {
    from: (Vec<Fingerprint>, bool),
    clauses: Vec<NodeId>,
}
