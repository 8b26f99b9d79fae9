//! Every node of a query, parents before their children.
//!
//! This is for who asks something of all nodes alike, such as whether one of a kind is there; what
//! a node means depends on where it stands, which is the matter of [`resolve`](crate::resolve).

use super::ast::*;

/// A node with a text of its own.
#[derive(Clone, Copy, Debug)]
pub enum AnyNode<'t> {
    /// A query, or one within it.
    Query(&'t Query),
    /// Something that a `FROM` reads.
    Table(&'t TableExpr),
    /// An expression.
    Expression(&'t Expr),
}

/// What is called with each node.
type See<'s, 't> = &'s mut dyn FnMut(AnyNode<'t>);

/// Calls `see` with a query and every node in it.
pub fn query<'t>(query: &'t Query, see: See<'_, 't>) {
    see(AnyNode::Query(query));
    for member in query.with.iter().flat_map(|with| &with.members) {
        self::query(&member.query, see);
    }
    body(&query.body, see);
    match &query.order_by {
        Some(OrderBy::Items(items)) => order(items, see),
        Some(OrderBy::All(_)) | None => {}
    }
    all(query.limit.iter().chain(&query.offset), see);
}

fn body<'t>(body: &'t QueryBody, see: See<'_, 't>) {
    match body {
        QueryBody::Select(inner) => select(inner, see),
        QueryBody::SetOperation(operation) => {
            self::body(&operation.left, see);
            self::body(&operation.right, see);
        }
        QueryBody::Values(values) => all(values.rows.iter().flatten(), see),
        QueryBody::Nested(inner) => query(inner, see),
        QueryBody::Pivot(inner) => pivot(inner, see),
        QueryBody::Unpivot(inner) => unpivot(inner, see),
        QueryBody::Table(_) | QueryBody::Special(..) => {}
    }
}

fn pivot<'t>(pivot: &'t Pivot, see: See<'_, 't>) {
    table(&pivot.table, see);
    for column in &pivot.on {
        all(&column.exprs, see);
        match &column.values {
            PivotValues::Listed(items) => all(items.iter().map(|item| &item.expr), see),
            PivotValues::Query(inner) => query(inner, see),
            PivotValues::Enum(_) | PivotValues::All => {}
        }
    }
    all(pivot.aggregates.iter().map(|item| &item.expr), see);
}

fn unpivot<'t>(unpivot: &'t Unpivot, see: See<'_, 't>) {
    table(&unpivot.table, see);
    all(unpivot.entries.iter().map(|item| &item.expr), see);
}

fn select<'t>(select: &'t Select, see: See<'_, 't>) {
    if let Some(Distinct::On(on)) = &select.distinct {
        all(on, see);
    }
    all(select.items.iter().map(|item| &item.expr), see);
    for table in &select.from {
        self::table(table, see);
    }
    all(
        select
            .filter
            .iter()
            .chain(&select.having)
            .chain(&select.qualify),
        see,
    );
    if let Some(GroupBy::Items(items)) = &select.group_by {
        group(items, see);
    }
    for (_, spec) in &select.windows {
        window(spec, see);
    }
}

fn group<'t>(items: &'t [GroupItem], see: See<'_, 't>) {
    for item in items {
        match item {
            GroupItem::Expr(expr) => expression(expr, see),
            GroupItem::Rollup(list) | GroupItem::Cube(list) | GroupItem::Set(list) => {
                all(list, see)
            }
            GroupItem::Sets(items) => group(items, see),
        }
    }
}

fn table<'t>(table: &'t TableExpr, see: See<'_, 't>) {
    see(AnyNode::Table(table));
    match &table.kind {
        TableKind::Query { query, .. } => self::query(query, see),
        TableKind::Values(values) => all(values.rows.iter().flatten(), see),
        TableKind::Function { call, .. } => expression(call, see),
        TableKind::Join(join) => {
            self::table(&join.left, see);
            self::table(&join.right, see);
            if let JoinConstraint::On(on) = &join.constraint {
                expression(on, see);
            }
        }
        TableKind::Nested(inner) => self::table(inner, see),
        TableKind::Pivot(inner) => pivot(inner, see),
        TableKind::Unpivot(inner) => unpivot(inner, see),
        TableKind::Name(_) | TableKind::Reference(_) | TableKind::File(_) => {}
    }
}

fn all<'t>(list: impl IntoIterator<Item = &'t Expr>, see: See<'_, 't>) {
    for expr in list {
        expression(expr, see);
    }
}

fn order<'t>(items: &'t [OrderItem], see: See<'_, 't>) {
    all(items.iter().map(|item| &item.expr), see);
}

fn window<'t>(spec: &'t WindowSpec, see: See<'_, 't>) {
    all(&spec.partition_by, see);
    order(&spec.order_by, see);
    all(spec.frame.iter().flat_map(|(_, bounds)| bounds), see);
}

fn function<'t>(function: &'t Function, see: See<'_, 't>) {
    all(
        function.arguments.iter().map(|argument| &argument.value),
        see,
    );
    order(&function.order_by, see);
    order(&function.within_group, see);
    all(&function.filter, see);
    if let Some(Window::Spec(spec)) = &function.over {
        window(spec, see);
    }
}

/// Calls `see` with an expression and every node in it.
pub fn expression<'t>(expr: &'t Expr, see: See<'_, 't>) {
    use ExprKind::*;
    see(AnyNode::Expression(expr));
    match &expr.kind {
        Interval { value: inner, .. }
        | Unary { operand: inner, .. }
        | Is { operand: inner, .. }
        | Nested(inner)
        | Cast { operand: inner, .. }
        | Field { operand: inner, .. }
        | Lambda { body: inner, .. }
        | Columns {
            selector: inner, ..
        }
        | Collate { operand: inner, .. } => expression(inner, see),
        Binary { left, right, .. } | Quantified { left, right, .. } => {
            all([&**left, &**right], see);
        }
        Like {
            operand,
            pattern,
            escape,
            ..
        } => {
            all([&**operand, &**pattern], see);
            all(escape.as_deref(), see);
        }
        Between {
            operand, low, high, ..
        } => all([&**operand, &**low, &**high], see),
        InList { operand, list, .. } => {
            expression(operand, see);
            all(list, see);
        }
        InValue {
            operand,
            collection,
            ..
        } => all([&**operand, &**collection], see),
        InQuery {
            operand,
            query: inner,
            ..
        } => {
            expression(operand, see);
            query(inner, see);
        }
        Exists { query: inner, .. } | Query(inner) | ArrayQuery(inner) => query(inner, see),
        Row(list) | List(list) => all(list, see),
        Case {
            operand,
            branches,
            otherwise,
        } => {
            all(operand.as_deref(), see);
            all(branches.iter().flat_map(|(when, then)| [when, then]), see);
            all(otherwise.as_deref(), see);
        }
        Function(call) => function(call, see),
        Method { operand, call } => {
            expression(operand, see);
            function(call, see);
        }
        Index { operand, index } => all([&**operand, &**index], see),
        Slice {
            operand,
            start,
            end,
            step,
        } => {
            expression(operand, see);
            all(
                [start, end, step].into_iter().flatten().map(|part| &**part),
                see,
            );
        }
        Struct(fields) => all(fields.iter().map(|(_, value)| value), see),
        Map(entries) => all(entries.iter().flat_map(|(key, value)| [key, value]), see),
        Comprehension {
            result,
            list,
            condition,
            ..
        } => {
            all([&**result, &**list], see);
            all(condition.as_deref(), see);
        }
        Star(star) => {
            all(star.replace.iter().map(|(value, _)| value), see);
            all(star.pattern.iter().map(|(_, pattern)| &**pattern), see);
        }
        AtTimeZone { operand, zone } => all([&**operand, &**zone], see),
        Name(_) | Reference(_) | Position(_) | Literal(_) | Typed { .. } | Keyword(_) => {}
    }
}
