//! What expressions are made of.

use super::fold::{Column, Fold, with_stack};
use super::{UseSet, Uses};
use crate::bound::{Call, CallKind, Clause, NodeId, What};
use crate::types::catalogue;
use crate::types::rules::SYNTAX;

/// Aggregates whose value doesn't depend on the order of the rows.
const UNORDERED: [&str; 21] = [
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "count",
    "count_if",
    "count_star",
    "countif",
    "max",
    "mean",
    "median",
    "min",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
];

/// Calls that give several rows though they aren't `unnest` itself.
const ROW_MAKERS: [&str; 2] = ["generate_subscripts", "unlist"];

/// Macros of the engine that are aggregates.
const AGGREGATE_MACROS: [&str; 4] = ["geomean", "geometric_mean", "wavg", "weighted_avg"];

impl Fold<'_> {
    /// The uses of all expressions that are children of a node.
    pub fn expressions(&mut self, node: NodeId) -> UseSet {
        let mut uses = UseSet::default();
        for child in self.tree.children(node) {
            uses.extend(&self.expression(child).uses);
        }
        uses
    }

    /// The uses of an `ORDER BY`, by which its rows stand where they stand.
    pub fn order_items(&mut self, node: NodeId) -> UseSet {
        let mut uses = UseSet::default();
        for item in self.tree.children(node) {
            uses.extend(&self.expressions(item).condition());
        }
        uses
    }

    /// An expression: its uses, and the input columns that stars made it of.
    pub fn expression(&mut self, node: NodeId) -> Column {
        with_stack(|| match self.tree.what(node) {
            What::Column { relation, position } => {
                let mut column = self.column(*relation, *position);
                if self.name(&column.by_star, self.tree.node(node).span) {
                    column.by_star.clear();
                }
                column
            }
            What::Alias(output) => Column {
                by_star: Vec::new(),
                ..self.alias(*output)
            },
            What::Output { .. } => self.output(node),
            What::Operation(text) if text == "coalesce" => self.merged(node),
            What::Operation(_) => Column::of(self.operation(node)),
            What::Subquery(kind) => Column::of(self.subquery(node, kind)),
            What::Call(call) => Column::of(self.call(node, call)),
            What::Row { relation } => Column::of(self.whole_row(*relation)),
            What::Clause(clause) => Column::of(self.clause(node, clause)),
            What::Unresolved(_) | What::Opaque(_) => Column::of(self.in_scope().unknown()),
            _ => Column::of(self.operation(node)),
        })
    }

    /// A column that a full join merges of several.
    fn merged(&mut self, node: NodeId) -> Column {
        let mut column = Column::default();
        for child in self.tree.children(node) {
            let part = self.expression(child);
            column.uses.extend(&part.uses.computed());
            column.by_star.extend(part.by_star);
        }
        column
    }

    /// An operator. A chain of them is as deep as it is long, and is walked in a loop.
    fn operation(&mut self, node: NodeId) -> UseSet {
        let mut uses = UseSet::default();
        let mut waiting = self.tree.children(node);
        while let Some(child) = waiting.pop() {
            match self.tree.what(child) {
                What::Operation(text) if text != "coalesce" => {
                    waiting.extend(self.tree.children(child));
                }
                _ => {
                    let part = self.expression(child);
                    // A star over the fields of a column needs that column.
                    for input in part.by_star {
                        self.name_at(input, self.tree.node(child).span.start);
                    }
                    uses.extend(&part.uses.computed());
                }
            }
        }
        uses
    }

    /// What an output of this query or of one around it is made of.
    fn alias(&mut self, output: NodeId) -> Column {
        let known = |fold: &Self| {
            let mut frames = fold.frames.iter().rev();
            frames.find_map(|frame| frame.outputs.get(&output).cloned())
        };
        if let Some(column) = known(self) {
            return column;
        }
        // Folded where it stands.
        let holds = |fold: &Self, node: Option<NodeId>| {
            node.is_some_and(|node| fold.tree.children(node).contains(&output))
        };
        let place = (0..self.frames.len()).rfind(|index| holds(self, self.frames[*index].node));
        let inner = self
            .frames
            .split_off(place.map_or(self.frames.len(), |index| index + 1));
        let column = self.output(output);
        self.frames.extend(inner);
        column
    }

    fn subquery(&mut self, node: NodeId, kind: &str) -> UseSet {
        let mut uses = UseSet::default();
        for child in self.tree.children(node) {
            match self.tree.what(child) {
                What::Query => {
                    let facts = self.body(child);
                    match kind {
                        "exists" | "not exists" => {}
                        "value" => uses.extend(&facts.all()),
                        "array" => uses.extend(&facts.all().aggregated().and(&facts.order)),
                        _ => uses.extend(&facts.all().computed()),
                    }
                    uses.extend(&facts.rows.rows_looked_at());
                }
                _ => uses.extend(&self.expression(child).uses.computed()),
            }
        }
        uses
    }

    fn call(&mut self, node: NodeId, call: &Call) -> UseSet {
        let mut uses = UseSet::default();
        let mut has_arguments = false;
        let of_rows = matches!(call.kind, CallKind::Aggregate | CallKind::Window);
        let of_rows = of_rows || AGGREGATE_MACROS.contains(&call.name.as_str());
        for child in self.tree.children(node) {
            let is_argument = match self.tree.what(child) {
                What::Clause(Clause::WithinGroup) => true,
                What::Clause(Clause::Lambda) => true,
                What::Clause(clause) => {
                    let clause = self.clause(child, clause);
                    uses.extend(&clause);
                    false
                }
                _ => true,
            };
            if is_argument {
                let argument = self.expression(child).uses;
                has_arguments |= !argument.is_empty();
                uses.extend(&match of_rows {
                    true => argument.aggregated(),
                    false => argument.computed(),
                });
            }
        }
        if of_rows {
            let rows = self.aggregated_rows(node, call, has_arguments);
            uses.extend(&rows);
        }
        self.note_rows(call, &uses);
        uses
    }

    /// What a value made of many rows takes from their being there and from their order.
    fn aggregated_rows(&mut self, node: NodeId, call: &Call, has_arguments: bool) -> UseSet {
        let mut uses = UseSet::default();
        let reaches_out = call.kind == CallKind::Aggregate && self.reaches_out(node);
        let depth = match reaches_out {
            // It may be an aggregate of a query around this one.
            true => self.frames.len(),
            false => 1,
        };
        for frame in self.frames.iter().rev().take(depth) {
            if reaches_out || (frame.is_one_row && call.kind != CallKind::Window) {
                uses.extend(&frame.base.aggregated());
            } else if !has_arguments {
                uses.extend(&frame.base.counted());
            }
            if call.kind == CallKind::Window || !UNORDERED.contains(&call.name.as_str()) {
                uses.extend(&frame.order.condition());
            }
        }
        uses
    }

    /// Whether a call uses columns of a query around the one that it stands in.
    fn reaches_out(&self, node: NodeId) -> bool {
        let own = self.frames.last().map(|frame| frame.relations.as_slice());
        let own = own.unwrap_or_default();
        self.tree.subtree(node).any(|(_, node)| match &node.what {
            What::Column { relation, .. } | What::Row { relation } => !own.contains(relation),
            _ => false,
        })
    }

    /// What a call that may give several rows is made of decides how many there are.
    fn note_rows(&mut self, call: &Call, uses: &UseSet) {
        let name = call.name.as_str();
        if call.kind == CallKind::SetReturning || ROW_MAKERS.contains(&name) {
            self.frame().returned.extend(&uses.condition());
        } else if call.kind == CallKind::Scalar && !is_known(name) {
            self.frame().returned.extend(&uses.unknown());
        }
    }

    /// A clause within an expression.
    fn clause(&mut self, node: NodeId, clause: &Clause) -> UseSet {
        match clause {
            Clause::Over { base, .. } => self.window(node, base.as_deref()),
            Clause::Partition => self.expressions(node).grouping(),
            Clause::Filter | Clause::Ordered { .. } => self.expressions(node).condition(),
            Clause::WithinGroup => {
                let mut uses = UseSet::default();
                for item in self.tree.children(node) {
                    uses.extend(&self.expressions(item));
                }
                uses
            }
            _ => self.expressions(node).computed(),
        }
    }

    fn window(&mut self, node: NodeId, base: Option<&str>) -> UseSet {
        let mut uses = UseSet::default();
        if let Some(base) = base {
            let defined = self
                .frames
                .iter()
                .rev()
                .find_map(|frame| frame.windows.get(base));
            uses.extend(&defined.cloned().unwrap_or_default());
        }
        for child in self.tree.children(node) {
            let part = match self.tree.what(child) {
                What::Clause(clause) => self.clause(child, clause),
                // The bounds of a frame.
                _ => self.expression(child).uses.condition(),
            };
            uses.extend(&part);
        }
        uses
    }

    /// `WINDOW name AS (…)`
    pub fn window_definition(&mut self, node: NodeId) -> UseSet {
        let mut uses = UseSet::default();
        for child in self.tree.children(node) {
            if let What::Clause(clause) = self.tree.what(child) {
                uses.extend(&self.clause(child, clause));
            }
        }
        uses
    }

    /// Whether an aggregate stands in a `SELECT`, outside its subqueries and its `FROM`.
    pub fn has_aggregate(&self, select: NodeId) -> bool {
        let mut waiting = self.tree.children(select);
        waiting.retain(|child| {
            !matches!(
                self.tree.what(*child),
                What::Clause(Clause::From | Clause::Where)
            )
        });
        while let Some(node) = waiting.pop() {
            match self.tree.what(node) {
                What::Call(call) if call.kind == CallKind::Aggregate => return true,
                What::Query => {}
                _ => waiting.extend(self.tree.children(node)),
            }
        }
        false
    }

    /// The uses of an output's parts that no aggregate holds.
    pub fn outside_aggregates(&mut self, output: NodeId) -> UseSet {
        let mut uses = UseSet::default();
        let mut waiting = self.tree.children(output);
        while let Some(node) = waiting.pop() {
            match self.tree.what(node) {
                What::Call(call) if call.kind == CallKind::Aggregate => {}
                What::Call(_) | What::Operation(_) => waiting.extend(self.tree.children(node)),
                _ => uses.extend(&self.expression(node).uses),
            }
        }
        uses.within(Uses::COMPUTED)
    }
}

/// Whether a function is one of the engine's.
fn is_known(name: &str) -> bool {
    // `sum export_state` is a call of `sum`.
    let name = name.split(' ').next().unwrap_or(name);
    catalogue::find(name).is_some() || SYNTAX.contains(&name)
}
