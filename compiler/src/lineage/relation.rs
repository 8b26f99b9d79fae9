//! What a `FROM` reads, set operations and `VALUES`.

use super::fold::{Column, Facts, Fold, with_stack};
use super::{Relation, UseSet, Uses};
use crate::bound::{Clause, NodeId, RelationId, What};
use crate::parse::ast::{JoinKind, SetOperator};
use std::rc::Rc;

/// The rows of a `FROM` or of a part of it.
#[derive(Default)]
struct Rows {
    /// What decides which there are.
    decided: UseSet,
    /// What their order is made by.
    order: UseSet,
}

impl Rows {
    fn of(facts: &Facts) -> Self {
        Rows {
            decided: facts.rows.clone(),
            order: facts.order.clone(),
        }
    }
}

impl Fold<'_> {
    /// `FROM`: its relations come into the frame, and their rows.
    pub fn from(&mut self, node: NodeId) {
        for child in self.tree.children(node) {
            let rows = self.relation(child);
            let frame = self.frame();
            frame.base.extend(&rows.decided);
            frame.order.extend(&rows.order);
        }
    }

    fn relation(&mut self, node: NodeId) -> Rows {
        with_stack(|| match self.tree.what(node) {
            What::Join { .. } => self.join(node),
            _ => {
                let facts = self.single(node);
                Rows::of(&facts)
            }
        })
    }

    /// A relation that isn't a join: it comes into the frame with its columns.
    fn single(&mut self, node: NodeId) -> Rc<Facts> {
        match self.tree.what(node) {
            What::Import { relation, alias } => {
                let facts = match self.reads.imports.get(alias) {
                    Some((index, names)) => self.table(Relation::Import(*index), names.as_deref()),
                    None => Facts::unknown(&UseSet::default()),
                };
                self.enter(*relation, facts)
            }
            What::This { relation } => {
                let facts = self.table(Relation::This, self.reads.this.as_deref());
                self.enter(*relation, facts)
            }
            What::Common { relation, member } => {
                let facts = self.members.get(member).cloned();
                let facts = facts.unwrap_or_else(|| Rc::new(Facts::unknown(&self.in_scope())));
                self.frame().relations.push(*relation);
                self.relations.insert(*relation, Rc::clone(&facts));
                facts
            }
            What::TableFunction { relation, .. } => {
                let arguments = self.expressions(node);
                let facts = Facts {
                    rows: arguments.condition(),
                    rest: Some(arguments.computed()),
                    ..Facts::default()
                };
                self.enter(*relation, facts)
            }
            What::UnknownRelation { relation, .. } => {
                let facts = self.unknown_relation(node);
                self.enter(*relation, facts)
            }
            What::Turned { relation, .. } => {
                let facts = self.turned(node);
                self.enter(relation.unwrap_or_default(), facts)
            }
            What::Derived { .. } => self.derived(node),
            _ => Rc::new(Facts::unknown(&self.in_scope())),
        }
    }

    fn enter(&mut self, relation: RelationId, facts: Facts) -> Rc<Facts> {
        let facts = Rc::new(facts);
        self.frame().relations.push(relation);
        self.relations.insert(relation, Rc::clone(&facts));
        facts
    }

    /// A relation of which nothing is known but the tables that it is made of.
    fn unknown_relation(&mut self, node: NodeId) -> Facts {
        let mut all = UseSet::default();
        for child in self.tree.children(node) {
            let before = self.frame().relations.len();
            let rows = self.relation(child);
            all.extend(&rows.decided);
            for relation in self.frame().relations.split_off(before) {
                if let Some(facts) = self.relations.get(&relation) {
                    all.extend(&facts.all());
                }
            }
        }
        Facts::unknown(&all)
    }

    /// A subquery, or a join with an alias: the join and an output for each of its columns.
    pub fn derived(&mut self, node: NodeId) -> Rc<Facts> {
        let What::Derived { relation } = self.tree.what(node) else {
            return Rc::default();
        };
        let children = self.tree.children(node);
        let facts = match children.split_first() {
            None => Facts::default(),
            Some((first, outputs)) => {
                let is_body = matches!(
                    self.tree.what(*first),
                    What::Query
                        | What::Select { .. }
                        | What::SetOperation { .. }
                        | What::Values
                        | What::Opaque(_)
                );
                if is_body {
                    self.body(*first)
                } else {
                    let before = self.frame().relations.len();
                    let rows = self.relation(*first);
                    let inside = self.frame().relations.split_off(before);
                    let mut facts = Facts {
                        rows: rows.decided,
                        order: rows.order,
                        ..Facts::default()
                    };
                    for output in outputs {
                        facts.columns.push(self.output(*output));
                    }
                    facts.rest = self.rest_of(&inside);
                    facts
                }
            }
        };
        self.enter(*relation, facts)
    }

    /// What the unknown columns of some relations are made of; `None` if there are none.
    fn rest_of(&self, relations: &[RelationId]) -> Option<UseSet> {
        let facts = relations.iter().filter_map(|id| self.relations.get(id));
        let mut rest: Option<UseSet> = None;
        for facts in facts.filter(|facts| facts.rest.is_some()) {
            rest = Some(rest.unwrap_or_default().and(&facts.all()));
        }
        rest
    }

    fn join(&mut self, node: NodeId) -> Rows {
        let What::Join { kind, .. } = self.tree.what(node) else {
            return Rows::default();
        };
        let mut sides = Vec::new();
        let mut condition = UseSet::default();
        for child in self.tree.children(node) {
            match self.tree.what(child) {
                What::Clause(Clause::On | Clause::Using) => {
                    condition.extend(&self.expressions(child).condition());
                }
                _ => sides.push(self.relation(child)),
            }
        }
        let mut sides = sides.into_iter();
        let mut rows = sides.next().unwrap_or_default();
        let right = sides.next().unwrap_or_default();
        match kind {
            JoinKind::Semi | JoinKind::Anti => {
                rows.decided.extend(&right.decided.rows_looked_at());
            }
            JoinKind::Positional => {
                rows.decided.extend(&right.decided);
                // Which rows meet depends on their order.
                rows.decided.extend(&rows.order.clone().and(&right.order));
            }
            _ => rows.decided.extend(&right.decided),
        }
        rows.order.extend(&right.order);
        rows.decided.extend(&condition);
        rows
    }

    /// `PIVOT` and `UNPIVOT`: what isn't an output by itself decides which rows there are, and so
    /// do the columns by which rows are put together.
    pub fn turned(&mut self, node: NodeId) -> Facts {
        let What::Turned { open, unpivot, .. } = self.tree.what(node) else {
            return Facts::default();
        };
        let mut facts = Facts::default();
        let before = self.frame().relations.len();
        for child in self.tree.children(node) {
            match self.tree.what(child) {
                What::Output { .. } => facts.columns.push(self.output(child)),
                _ => {
                    let rows = self.relation(child);
                    facts.rows.extend(&rows.decided);
                    facts.order.extend(&rows.order);
                }
            }
        }
        let mut turned = UseSet::default();
        for relation in self.frame().relations.split_off(before) {
            if let Some(facts) = self.relations.get(&relation) {
                turned.extend(&facts.all());
            }
        }
        let decides = match unpivot {
            true => Uses::CONDITION,
            false => Uses::GROUPING,
        };
        if !unpivot {
            facts.rows = facts.rows.aggregated();
        }
        facts.rows.extend(&turned.within(decides));
        facts.rest = open.then(|| turned.unknown());
        facts
    }

    pub fn set_operation(&mut self, node: NodeId) -> Facts {
        let What::SetOperation {
            operator,
            all,
            by_name,
        } = self.tree.what(node)
        else {
            return Facts::default();
        };
        let mut sides = self.tree.children(node).into_iter();
        let mut side = |fold: &mut Self| {
            let side = sides.next();
            side.map_or(Facts::default(), |side| fold.body(side))
        };
        let (left, right) = (side(self), side(self));
        let mut rows = left.rows.clone();
        let mut merged = match by_name {
            true => by_names(&left, &right),
            false => self.by_position(&left, &right, node),
        };
        match operator {
            SetOperator::Union => {
                rows.extend(&right.rows);
                if !all {
                    rows.extend(&merged.all().grouping());
                }
            }
            SetOperator::Intersect | SetOperator::Except => {
                rows.extend(&right.rows.rows_looked_at());
                rows.extend(&left.all().condition());
                rows.extend(&right.all().condition());
                for (column, own) in merged.columns.iter_mut().zip(&left.columns) {
                    column.uses.clone_from(&own.uses);
                }
            }
        }
        merged.rows = rows;
        merged.order = left.order.and(&right.order);
        merged
    }

    fn by_position(&mut self, left: &Facts, right: &Facts, node: NodeId) -> Facts {
        if left.rest.is_some() || right.rest.is_some() || left.columns.len() != right.columns.len()
        {
            return Facts {
                rest: Some(left.all().and(&right.all())),
                ..Facts::default()
            };
        }
        let mut columns = Vec::with_capacity(left.columns.len());
        for (left, right) in left.columns.iter().zip(&right.columns) {
            let mut column = left.clone();
            column.uses.extend(&right.uses);
            if left.by_star != right.by_star {
                // Without such a column of one side the sides would have different widths.
                let span = self.tree.node(node).span;
                for input in left.by_star.iter().chain(&right.by_star) {
                    self.name_at(*input, span.start);
                }
                column.by_star.clear();
            }
            columns.push(column);
        }
        Facts {
            columns,
            ..Facts::default()
        }
    }

    pub fn values(&mut self, node: NodeId) -> Facts {
        let mut columns: Vec<Column> = Vec::new();
        for row in self.tree.children(node) {
            for (index, value) in self.tree.children(row).into_iter().enumerate() {
                let value = self.expression(value);
                if columns.len() <= index {
                    columns.push(Column {
                        name: Some(format!("col{index}")),
                        ..Column::default()
                    });
                }
                columns[index].uses.extend(&value.uses);
            }
        }
        Facts {
            columns,
            ..Facts::default()
        }
    }

    /// What a column of a relation is made of.
    pub fn column(&self, relation: RelationId, position: u32) -> Column {
        match self.relations.get(&relation) {
            Some(facts) => facts.column(position),
            None => Column {
                uses: self.in_scope().unknown(),
                ..Column::default()
            },
        }
    }

    /// The columns of a row as one value.
    pub fn whole_row(&self, relation: RelationId) -> UseSet {
        match self.relations.get(&relation) {
            Some(facts) => facts.all().and(&facts.rows.only_rows()).computed(),
            None => self.in_scope().unknown(),
        }
    }
}

/// The columns of `BY NAME`: those of the left side, then those that only the right side has.
fn by_names(left: &Facts, right: &Facts) -> Facts {
    let named = |facts: &Facts| facts.columns.iter().all(|column| column.name.is_some());
    if left.rest.is_some() || right.rest.is_some() || !named(left) || !named(right) {
        return Facts {
            rest: Some(left.all().and(&right.all())),
            ..Facts::default()
        };
    }
    let same = |left: &Column, right: &Column| match (&left.name, &right.name) {
        (Some(left), Some(right)) => crate::name::same_name(left, right),
        _ => false,
    };
    let mut columns = left.columns.clone();
    for column in &right.columns {
        match columns.iter_mut().find(|own| same(own, column)) {
            Some(own) => {
                own.uses.extend(&column.uses);
                // Without the one the other still gives the column.
                own.by_star.extend(&column.by_star);
            }
            None => columns.push(column.clone()),
        }
    }
    Facts {
        columns,
        ..Facts::default()
    }
}
