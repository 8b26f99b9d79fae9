//! Expressions as bytes.

use super::fold::{Columns, Facts, Fold, Obstacles};
use super::hash::Tag;
use super::spelling;
use crate::bound::{Call, CallKind, Clause, NodeId, RelationId, What};

/// Which hash of a column enters what is made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// That of its values.
    Own,
    /// The one that leaves out the type that it is cast to in the end.
    Wide,
}

/// The parts of a window.
#[derive(Debug, Default)]
struct Window {
    partition: Vec<NodeId>,
    ordered: Vec<NodeId>,
    frame: Option<String>,
    bounds: Vec<NodeId>,
}

impl Fold<'_> {
    /// Writes an expression.
    pub(super) fn expression(&mut self, id: NodeId) {
        let mark = self.encoding.mark();
        stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.kind(id));
        self.encoding.shorten(mark);
    }

    /// Writes several expressions and how many they are.
    pub(super) fn expressions(&mut self, ids: &[NodeId]) {
        self.encoding.number(ids.len());
        for id in ids {
            self.expression(*id);
        }
    }

    fn kind(&mut self, id: NodeId) {
        let tree = self.tree;
        match tree.what(id) {
            What::Literal(text) => self.literal(text),
            What::Column { relation, position } => {
                self.column(*relation, *position as usize, Width::Own);
            }
            What::Variable(name) => {
                let definition = self.variables.get(name);
                self.encoding.tag(Tag::Variable);
                self.encoding.text(name);
                self.encoding
                    .text(definition.map_or("", |definition| definition.as_str()));
            }
            What::Parameter { depth, position } => {
                self.encoding.tag(Tag::Parameter);
                self.encoding.number(*depth as usize);
                self.encoding.number(*position as usize);
            }
            What::Alias(output) => self.alias(*output),
            What::Operation(text) => self.operation(text, id),
            What::Call(call) => self.call(call, id),
            What::Subquery(text) => self.subquery(text, id),
            What::Clause(clause) => self.clause(clause, id),
            _ => self.understood = false,
        }
    }

    fn literal(&mut self, text: &str) {
        match spelling::typed_literal(text) {
            Some((sql_type, value)) => {
                self.encoding.tag(Tag::Operation);
                self.encoding.text(&format!("cast {sql_type}"));
                self.encoding.number(1);
                self.encoding.tag(Tag::Literal);
                self.encoding.text(&format!("'{value}'"));
            }
            None => {
                self.encoding.tag(Tag::Literal);
                self.encoding.text(text);
            }
        }
    }

    /// Writes the use of a column.
    pub(super) fn column(&mut self, relation: RelationId, position: usize, width: Width) {
        let Some(visible) = self.relations.get(&relation) else {
            self.understood = false;
            return;
        };
        let (depth, place) = (visible.depth, visible.place);
        let columns = visible.columns.clone();
        self.note_depth(depth);
        self.encoding.tag(Tag::Column);
        self.encoding.number(self.depth().saturating_sub(depth));
        self.encoding.number(place);
        self.relation_column(&columns, position, width);
    }

    fn relation_column(&mut self, columns: &Columns<'_>, position: usize, width: Width) {
        match columns {
            Columns::Named(table, names) => {
                self.encoding.tag(Tag::NamedColumn);
                self.encoding.fingerprint(table);
                match names.get(position) {
                    Some(name) => self.encoding.text(name),
                    None => self.understood = false,
                }
            }
            Columns::Numbered(relation) => {
                self.encoding.tag(Tag::NumberedColumn);
                self.encoding.fingerprint(relation);
                self.encoding.number(position);
            }
            Columns::Given(given) => match given.get(position) {
                Some(column) => {
                    // That a column is made by a set-returning call has changed the rows.
                    self.met.add(Obstacles {
                        set_returning: false,
                        union: column.obstacles.union && width == Width::Wide,
                        ..column.obstacles
                    });
                    self.encoding.tag(Tag::GivenColumn);
                    self.encoding.fingerprint(match width {
                        Width::Own => &column.values,
                        Width::Wide => &column.wide,
                    });
                }
                None => self.understood = false,
            },
        }
    }

    /// How many columns a relation has, if that is known.
    pub(super) fn width(columns: &Columns<'_>) -> Option<usize> {
        match columns {
            Columns::Named(_, names) => Some(names.len()),
            Columns::Numbered(_) => None,
            Columns::Given(given) => Some(given.len()),
        }
    }

    /// Writes all columns of a relation, without saying where it is read.
    pub(super) fn all_columns(&mut self, columns: &Columns<'_>) {
        let width = Self::width(columns);
        self.encoding.number(width.unwrap_or_default());
        match (columns, width) {
            (_, Some(width)) => {
                for position in 0..width {
                    self.relation_column(columns, position, Width::Own);
                }
            }
            (Columns::Numbered(relation), None) => self.encoding.fingerprint(relation),
            (_, None) => self.understood = false,
        }
    }

    fn row(&mut self, relation: RelationId) {
        let Some(visible) = self.relations.get(&relation) else {
            self.understood = false;
            return;
        };
        let (depth, place) = (visible.depth, visible.place);
        let columns = visible.columns.clone();
        self.note_depth(depth);
        self.encoding.tag(Tag::Row);
        self.encoding.number(self.depth().saturating_sub(depth));
        self.encoding.number(place);
        self.all_columns(&columns);
    }

    /// Writes what an alias stands for, as if it were written out.
    fn alias(&mut self, output: NodeId) {
        let depth = self.depth();
        let Some(read) = self.outputs.get(&output) else {
            self.understood = false;
            return;
        };
        let (obstacles, aggregates, constant) = (read.obstacles, read.aggregates, read.constant);
        let outwards = depth.saturating_sub(read.depth);
        let of = read.depth;
        if obstacles.volatile {
            self.encoding.tag(Tag::SameValue);
        }
        if outwards > 0 {
            self.encoding.tag(Tag::Outer);
            self.encoding.number(outwards);
        }
        self.encoding.again(&read.bytes);
        self.met.add(obstacles);
        if !constant {
            self.note_depth(of);
        }
        if aggregates && let Some(frame) = of.checked_sub(1).and_then(|at| self.frames.get_mut(at))
        {
            frame.aggregates += 1;
        }
    }

    fn operation(&mut self, text: &str, id: NodeId) {
        let tree = self.tree;
        let text = spelling::operation(text);
        let children = match spelling::is_chain(text) {
            true => self.chain(text, id),
            false => tree.children(id),
        };
        // A row without the names of its fields is a value of which not all is known.
        if let (true, [row]) = (text.starts_with("row "), children.as_slice())
            && let What::Row { relation } = tree.what(*row)
        {
            self.encoding.tag(Tag::Operation);
            self.encoding.text(text);
            self.row(*relation);
            return;
        }
        self.encoding.tag(Tag::Operation);
        self.encoding.text(text);
        self.expressions(&children);
    }

    /// The parts of `a AND b AND c`, however it is put into parentheses.
    fn chain(&self, text: &str, id: NodeId) -> Vec<NodeId> {
        let mut parts = Vec::new();
        let mut waiting = vec![id];
        while let Some(part) = waiting.pop() {
            match self.tree.what(part) {
                What::Operation(own) if own == text => {
                    waiting.extend(self.tree.children(part).into_iter().rev());
                }
                _ => parts.push(part),
            }
        }
        parts
    }

    fn call(&mut self, call: &Call, id: NodeId) {
        let outer = std::mem::take(&mut self.depths);
        self.encoding.tag(Tag::Call);
        self.encoding.text(&call.name);
        self.encoding.flag(call.distinct);
        self.encoding.choice(call.ignore_nulls);
        self.encoding.number(call.argument_names.len());
        for name in &call.argument_names {
            self.encoding.text(name.as_deref().unwrap_or_default());
        }
        // `x.f(y)` has its operand before the clauses, `f(x, y)` behind them.
        let (clauses, arguments): (Vec<NodeId>, Vec<NodeId>) =
            self.tree.children(id).into_iter().partition(|child| {
                matches!(self.tree.what(*child), What::Clause(clause) if *clause != Clause::Lambda)
            });
        self.expressions(&clauses);
        match arguments.split_first() {
            Some((first, rest)) if spelling::takes_date_part(&call.name) => {
                self.encoding.number(arguments.len());
                self.date_part(*first);
                for argument in rest {
                    self.expression(*argument);
                }
            }
            _ => self.expressions(&arguments),
        }
        match call.kind {
            CallKind::Aggregate => self.note_aggregate(self.depths),
            CallKind::SetReturning => self.met.set_returning = true,
            CallKind::Scalar | CallKind::Window => {}
        }
        self.met.volatile |= call.volatile;
        self.depths |= outer;
    }

    /// Writes a part of a date, whose case doesn't matter.
    fn date_part(&mut self, id: NodeId) {
        match self.tree.what(id) {
            What::Literal(text) => self.literal(&text.to_lowercase()),
            _ => self.expression(id),
        }
    }

    fn subquery(&mut self, text: &str, id: NodeId) {
        self.encoding.tag(Tag::Subquery);
        self.encoding.text(text);
        let only_rows = text.ends_with("exists");
        let children = self.tree.children(id);
        self.encoding.number(children.len());
        for child in children {
            if !matches!(self.tree.what(child), What::Query) {
                self.expression(child);
                continue;
            }
            let met = std::mem::take(&mut self.met);
            let facts = self.query(child);
            self.met = met;
            self.met.volatile |= facts.volatile;
            match only_rows {
                true => self.encoding.fingerprint(&facts.rows),
                false => self.facts(&facts),
            }
        }
    }

    /// Writes all that a query gives.
    pub(super) fn facts(&mut self, facts: &Facts) {
        self.encoding.fingerprint(&facts.ordered_rows());
        self.encoding.number(facts.columns.len());
        for column in facts.columns.iter() {
            self.encoding.fingerprint(&column.values);
        }
    }

    fn clause(&mut self, clause: &Clause, id: NodeId) {
        let children = self.tree.children(id);
        match clause {
            Clause::Lambda => self.encoding.tag(Tag::Lambda),
            Clause::Filter => self.encoding.tag(Tag::Filter),
            Clause::WithinGroup => self.encoding.tag(Tag::WithinGroup),
            Clause::Ordered {
                descending,
                nulls_first,
            } => {
                self.encoding.tag(Tag::Ordered);
                self.encoding.choice(*descending);
                self.encoding.choice(*nulls_first);
            }
            Clause::Over { .. } => {
                let window = self.window(id);
                self.encoding.tag(Tag::Window);
                self.expressions(&window.partition);
                self.expressions(&window.ordered);
                self.encoding
                    .text(window.frame.as_deref().unwrap_or_default());
                self.expressions(&window.bounds);
                return;
            }
            _ => self.understood = false,
        }
        self.expressions(&children);
    }

    /// The parts of a window, with those of the named one that it is or extends.
    fn window(&mut self, id: NodeId) -> Window {
        let tree = self.tree;
        let What::Clause(Clause::Over { base, frame }) = tree.what(id) else {
            self.understood = false;
            return Window::default();
        };
        let mut window = match base {
            None => Window::default(),
            Some(base) => self.named_window(base, id),
        };
        for child in tree.children(id) {
            match tree.what(child) {
                What::Clause(Clause::Partition) => window.partition = tree.children(child),
                What::Clause(Clause::Ordered { .. }) => window.ordered.push(child),
                _ => window.bounds.push(child),
            }
        }
        if frame.is_some() {
            window.frame.clone_from(frame);
        }
        window
    }

    fn named_window(&mut self, name: &str, used: NodeId) -> Window {
        let windows = self.frames.last().map(|frame| frame.windows.as_slice());
        let found = windows
            .into_iter()
            .flatten()
            .find(|(own, _)| own == name)
            .and_then(|(_, definition)| self.tree.children(*definition).first().copied());
        match found {
            // A window that extends itself doesn't exist, and must not be followed.
            Some(definition) if definition != used && self.extends_no_cycle(definition) => {
                self.window(definition)
            }
            _ => {
                self.understood = false;
                Window::default()
            }
        }
    }

    fn extends_no_cycle(&self, definition: NodeId) -> bool {
        let Some(frame) = self.frames.last() else {
            return false;
        };
        let mut at = definition;
        for _ in 0..=frame.windows.len() {
            let What::Clause(Clause::Over { base, .. }) = self.tree.what(at) else {
                return false;
            };
            let Some(base) = base else { return true };
            let next = frame.windows.iter().find(|(own, _)| own == base);
            match next.and_then(|(_, next)| self.tree.children(*next).first().copied()) {
                Some(next) => at = next,
                None => return false,
            }
        }
        false
    }
}
