//! Every expression of a query.

use crate::parse::ast::*;

/// Calls `see` with every expression in a query.
pub(crate) fn query(query: &Query, see: &mut dyn FnMut(&Expr)) {
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

fn body(body: &QueryBody, see: &mut dyn FnMut(&Expr)) {
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
        QueryBody::Table(_) | QueryBody::Special(_) => {}
    }
}

fn pivot(pivot: &Pivot, see: &mut dyn FnMut(&Expr)) {
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

fn unpivot(unpivot: &Unpivot, see: &mut dyn FnMut(&Expr)) {
    table(&unpivot.table, see);
    all(unpivot.entries.iter().map(|item| &item.expr), see);
}

fn select(select: &Select, see: &mut dyn FnMut(&Expr)) {
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

fn group(items: &[GroupItem], see: &mut dyn FnMut(&Expr)) {
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

fn table(table: &TableExpr, see: &mut dyn FnMut(&Expr)) {
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

fn all<'a>(list: impl IntoIterator<Item = &'a Expr>, see: &mut dyn FnMut(&Expr)) {
    for expr in list {
        expression(expr, see);
    }
}

fn order(items: &[OrderItem], see: &mut dyn FnMut(&Expr)) {
    all(items.iter().map(|item| &item.expr), see);
}

fn window(spec: &WindowSpec, see: &mut dyn FnMut(&Expr)) {
    all(&spec.partition_by, see);
    order(&spec.order_by, see);
    all(spec.frame.iter().flat_map(|(_, bounds)| bounds), see);
}

fn function(function: &Function, see: &mut dyn FnMut(&Expr)) {
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

pub(crate) fn expression(expr: &Expr, see: &mut dyn FnMut(&Expr)) {
    use ExprKind::*;
    see(expr);
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
