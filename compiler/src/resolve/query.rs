//! Whole queries: `WITH`, set operations, `VALUES`, `ORDER BY` and `LIMIT`.

use super::Binder;
use super::given_names::is_plain_name;
use super::positions::order_position;
use super::scope::{CommonTable, Env, Output, OutputColumn, Relation, Scope};
use super::select::Selected;
use crate::bound::{Clause, Mark, MemberId, What};
use crate::diagnostic::{Code, Diagnostic};
use crate::name::same_name;
use crate::parse::ast;
use crate::span::Span;
use crate::sql_type::{Common, SqlType, forced_type};
use crate::types::{Typed, common, literal};

impl Binder<'_> {
    /// Binds a query; `parent` is what is visible around it.
    pub(super) fn query(&mut self, query: &ast::Query, parent: Option<&Env<'_>>) -> Output {
        if self.depth >= super::MOST_LEVELS {
            self.too_deep(query.span);
            let text = self.plain_text(query.span);
            self.tree.leaf(What::Opaque(text), query.span);
            return Output::unknown();
        }
        self.depth += 1;
        let within = std::mem::replace(&mut self.within, false);
        let output = self.writing(What::Query, query.span, |binder| {
            super::with_stack(|| binder.with_members(query, parent))
        });
        self.within = within;
        self.depth -= 1;
        output
    }

    fn with_members(&mut self, query: &ast::Query, parent: Option<&Env<'_>>) -> Output {
        let before = self.common_tables.len();
        if let Some(with) = &query.with {
            for member in &with.members {
                self.common_table(member, with.recursive, parent);
            }
        }
        let output = self.ordered(query, parent);
        self.common_tables.truncate(before);
        output
    }

    fn ordered(&mut self, query: &ast::Query, parent: Option<&Env<'_>>) -> Output {
        let output = match &query.body {
            ast::QueryBody::Select(select) => {
                let selected = self.select(select, parent);
                self.order_by_select(select, query.order_by.as_ref(), &selected, parent);
                if let Some(ast::OrderBy::Items(items)) = &query.order_by {
                    let Selected { output, scope } = &selected;
                    self.check_order_grouping(select, items, scope, output, parent);
                    let ordered: Vec<&ast::Expr> = items.iter().map(|item| &item.expr).collect();
                    self.check_order_groupings(select, &ordered, output, scope);
                }
                selected.output
            }
            body => {
                let output = self.body(body, parent);
                if let Some(ast::OrderBy::Items(items)) = &query.order_by {
                    self.check_set_order(body, items, &output);
                    self.check_order_of_rows(body, items, parent);
                }
                let both = matches!(
                    body,
                    ast::QueryBody::SetOperation(_) | ast::QueryBody::Nested(_)
                );
                self.order_by_output(query.order_by.as_ref(), &output, both, parent);
                output
            }
        };
        self.limits(query, parent);
        output
    }

    fn limits(&mut self, query: &ast::Query, parent: Option<&Env<'_>>) {
        let nothing = Scope::default();
        let env = Env::new(&nothing, parent);
        let bounds = [
            (Clause::Limit, &query.limit),
            (Clause::Offset, &query.offset),
        ];
        for (clause, bound) in bounds {
            if let Some(bound) = bound {
                let typed =
                    self.clause(clause, bound.span, |binder| binder.expression(bound, &env));
                self.check_limit(bound, &typed);
                self.check_correlated_limit(bound, query, parent);
                self.check_set_limit(bound, query);
                self.check_rowless(bound, "`LIMIT` and `OFFSET`", parent);
            }
        }
    }

    fn body(&mut self, body: &ast::QueryBody, parent: Option<&Env<'_>>) -> Output {
        match body {
            ast::QueryBody::Select(select) => self.select(select, parent).output,
            ast::QueryBody::SetOperation(operation) => self.set_operation(operation, parent),
            ast::QueryBody::Values(values) => self.values(values, parent),
            ast::QueryBody::Nested(query) => self.query(query, parent),
            ast::QueryBody::Table(name) => {
                let mark = self.tree.mark();
                // `TABLE name AS alias` doesn't exist, so the name stands alone.
                let relation = self.clause(Clause::From, name.span, |binder| {
                    binder.named_table(name, true)
                });
                let output = self.outputs_of(&relation, name.span);
                let open = output.open;
                let distinct = false;
                self.tree
                    .close(mark, What::Select { distinct, open }, name.span);
                output
            }
            ast::QueryBody::Pivot(pivot) => self.pivot_query(pivot, parent),
            ast::QueryBody::Unpivot(unpivot) => self.unpivot_query(unpivot, parent),
            ast::QueryBody::Special(span, about) => {
                self.volatile = true;
                self.told(*span, about.as_deref(), parent)
            }
        }
    }

    /// Writes an output for each column of a relation.
    pub(super) fn outputs_of(&mut self, relation: &Relation, span: Span) -> Output {
        let columns = relation.columns.iter().enumerate();
        let mut output = Output {
            open: relation.open,
            ..Output::default()
        };
        for (position, column) in columns {
            let sources = [relation.source(position)];
            let node = self.write_output_column(&sources, column.name.as_deref(), span);
            output.columns.push(OutputColumn {
                name: column.name.clone(),
                typed: column.typed.clone(),
                span,
                node: Some(node),
            });
        }
        output
    }

    fn common_table(
        &mut self,
        member: &ast::CommonTable,
        recursive: bool,
        parent: Option<&Env<'_>>,
    ) {
        let outer = std::mem::take(&mut self.diagnostics);
        let mark = self.tree.mark();
        self.member_count += 1;
        let number = MemberId(self.member_count);
        self.making.push(member.name.value.to_lowercase());
        let (output, recursive) = match (&member.query.body, recursive) {
            (ast::QueryBody::SetOperation(operation), true) if may_recurse(operation) => {
                let outer = self.common_tables.len();
                for inner in member.query.with.iter().flat_map(|with| &with.members) {
                    let recursive = member
                        .query
                        .with
                        .as_ref()
                        .is_some_and(|with| with.recursive);
                    self.common_table(inner, recursive, parent);
                }
                let output = self.recursive(member, number, operation, parent);
                self.common_tables.truncate(outer);
                (output, true)
            }
            _ => (self.query(&member.query, parent), false),
        };
        self.making.pop();
        if !member.using_key.is_empty() {
            let text = self.plain_text(member.span);
            self.tree.leaf(What::Opaque(text), member.span);
        }
        let what = What::Member {
            member: number,
            recursive,
        };
        self.tree.close(mark, what, member.span);
        let output = renamed(output, &member.columns);
        let diagnostics = std::mem::replace(&mut self.diagnostics, outer);
        self.common_tables.push(CommonTable {
            name: member.name.value.clone(),
            member: number,
            output,
            diagnostics,
            read: false,
            place: member.query.span,
        });
    }

    /// A member that may read itself, whether it does or not: its left side gives names and types,
    /// and the engine casts what the right side gives.
    fn recursive(
        &mut self,
        member: &ast::CommonTable,
        number: MemberId,
        operation: &ast::SetOperation,
        parent: Option<&Env<'_>>,
    ) -> Output {
        let mark = self.tree.mark();
        let mut left = self.body(&operation.left, parent);
        for column in &mut left.columns {
            column.typed.nullable = true;
            column.typed.sql_type = column.typed.sql_type.as_column();
        }
        let before = self.common_tables.len();
        self.common_tables.push(CommonTable {
            name: member.name.value.clone(),
            member: number,
            output: renamed(left.clone(), &member.columns),
            diagnostics: Vec::new(),
            read: false,
            place: member.query.span,
        });
        let right = self.body(&operation.right, parent);
        self.common_tables.truncate(before);
        if !left.open && !right.open && left.columns.len() != right.columns.len() {
            self.different_widths(operation, &left, &right);
        }
        self.check_steps(&left, &right);
        self.check_using_key(member, &left);
        self.check_member_names(member, &left);
        self.tree
            .close(mark, set_operation(operation), operation.span);
        self.limits(&member.query, parent);
        left
    }

    fn set_operation(&mut self, operation: &ast::SetOperation, parent: Option<&Env<'_>>) -> Output {
        if self.depth >= super::MOST_LEVELS {
            self.too_deep(operation.span);
            let text = self.plain_text(operation.span);
            self.tree.leaf(What::Opaque(text), operation.span);
            return Output::unknown();
        }
        self.depth += 1;
        let (left, right) = self.writing(set_operation(operation), operation.span, |binder| {
            super::with_stack(|| {
                (
                    binder.body(&operation.left, parent),
                    binder.body(&operation.right, parent),
                )
            })
        });
        self.depth -= 1;
        if operation.by_name {
            self.check_twice_by_name(&left);
            self.check_twice_by_name(&right);
            self.check_sides_by_name(&left, &right);
            return by_name(left, right);
        }
        if left.open || right.open {
            return Output::unknown();
        }
        if left.columns.len() != right.columns.len() {
            self.different_widths(operation, &left, &right);
            return Output::unknown();
        }
        let word = word_of(operation.operator);
        for (left, right) in left.columns.iter().zip(&right.columns) {
            self.sides(word, left, right);
        }
        let mut further_names = left.further_names;
        let names = right.columns.iter().enumerate();
        further_names
            .extend(names.map(|(at, column)| (column.name.clone().unwrap_or_default(), at)));
        further_names.extend(right.further_names);
        let columns = left
            .columns
            .into_iter()
            .zip(right.columns)
            .map(|(left, right)| OutputColumn {
                typed: both(&left.typed, &right.typed, operation.operator),
                node: None,
                ..left
            })
            .collect();
        Output {
            columns,
            open: false,
            further_names,
        }
    }

    /// A side of `UNION BY NAME` gives each name once.
    fn check_twice_by_name(&mut self, side: &Output) {
        let mut seen: Vec<String> = Vec::new();
        for column in &side.columns {
            let Some(name) = &column.name else { continue };
            let lower = name.to_lowercase();
            if seen.contains(&lower) {
                let message = format!("a side of `UNION BY NAME` gives two columns `{name}`");
                let finding = Diagnostic::error(Code::DuplicateName, column.span, message);
                return self.report(finding.hint("give one of them an alias of its own"));
            }
            seen.push(lower);
        }
    }

    /// The columns of one name that `UNION BY NAME` puts together.
    fn check_sides_by_name(&mut self, left: &Output, right: &Output) {
        for column in &left.columns {
            let Some(name) = &column.name else { continue };
            let named = |other: &&OutputColumn| {
                let own = other.name.as_deref();
                own.is_some_and(|own| same_name(own, name))
            };
            if let Some(other) = right.columns.iter().find(named) {
                self.sides("UNION BY NAME", column, other);
            }
        }
    }

    fn different_widths(&mut self, operation: &ast::SetOperation, left: &Output, right: &Output) {
        let word = word_of(operation.operator);
        let count = |output: &Output| match output.columns.len() {
            1 => "1 column".to_owned(),
            many => format!("{many} columns"),
        };
        self.report(
            Diagnostic::error(
                Code::SetOperationWidth,
                body_span(&operation.right),
                format!(
                    "the sides of `{word}` have different numbers of columns: {} and {}",
                    count(left),
                    count(right)
                ),
            )
            .saying(count(right))
            .and_at(body_span(&operation.left), count(left))
            .hint("`union by name` matches columns by their names"),
        );
    }

    /// `VALUES`: also as a table.
    pub(super) fn values(&mut self, values: &ast::Values, parent: Option<&Env<'_>>) -> Output {
        let nothing = Scope::default();
        let env = Env::new(&nothing, parent);
        let mut columns: Vec<OutputColumn> = Vec::new();
        let whole = self.tree.mark();
        for (row_index, row) in values.rows.iter().enumerate() {
            let mark = self.tree.mark();
            for (index, value) in row.iter().enumerate() {
                let typed = self.expression(value, &env);
                self.check_rowless(value, "`VALUES`", parent);
                match columns.get_mut(index) {
                    Some(column) => {
                        let first = (&column.typed, column.span);
                        column.typed = self.beside(first, (&typed, value.span));
                    }
                    None if row_index == 0 => columns.push(OutputColumn {
                        name: Some(format!("col{index}")),
                        // A literal of the first row is one no more.
                        typed: typed.as_value(),
                        span: value.span,
                        node: None,
                    }),
                    None => {}
                }
            }
            self.tree.close(mark, What::ValuesRow, values.span);
        }
        self.tree.close(whole, What::Values, values.span);
        Output {
            columns,
            ..Output::default()
        }
    }

    /// The type of a column of `VALUES` with one more value: a text written out takes the type of
    /// those above it, and nothing else gives way.
    fn beside(&mut self, above: (&Typed, Span), value: (&Typed, Span)) -> Typed {
        let nullable = above.0.nullable || value.0.nullable;
        let together = common(above.0, value.0);
        if together == Common::Incompatible {
            let typed = [above.0.clone(), value.0.clone()];
            self.mixed("VALUES", &typed, &[above.1, value.1], value.1);
        }
        Typed::of(together.or_unknown()).nullable_if(nullable)
    }

    fn order_by_select(
        &mut self,
        select: &ast::Select,
        order_by: Option<&ast::OrderBy>,
        selected: &Selected,
        parent: Option<&Env<'_>>,
    ) {
        let items = match order_by {
            None => return,
            Some(ast::OrderBy::All(span)) => return self.order_by_all(*span),
            Some(ast::OrderBy::Items(items)) => items,
        };
        let aliases = self.ordering_aliases(select, &selected.output);
        let mut whole = Env::new(&selected.scope, parent);
        whole.aliases = &aliases;
        whole.aliases_first = true;
        // Within an expression a name is a column, and only where there is none an alias.
        let within = Env {
            aliases_first: false,
            ..whole
        };
        let mark = self.tree.mark();
        for item in items {
            let env = if is_plain_name(&item.expr) {
                whole
            } else {
                within
            };
            self.check_choice(&item.expr, &env);
            self.check_star_places(&item.expr);
            self.check_lone_columns(&item.expr);
            self.check_columns(&item.expr, &selected.scope);
            self.check_changed_star(&item.expr, &env);
            self.check_repeated(&item.expr, &env);
            self.check_ordered_unnest(&item.expr, &env);
            self.check_order_placement(&item.expr, &selected.scope, parent);
            let position = order_position(&item.expr);
            let output = position.and_then(|position| {
                let columns = &selected.output.columns;
                columns.get(position.checked_sub(1)?)?.node
            });
            self.ordered_item(item, |binder| match output {
                Some(node) if !selected.output.open => {
                    binder.tree.leaf(What::Alias(node), item.expr.span);
                }
                _ => {
                    binder.expression(&item.expr, &env);
                }
            });
            self.check_window_columns(&item.expr, select, parent);
        }
        self.check_ordering_aliases(select, items);
        let added = self.added_columns(select, items, &selected.output);
        for item in items {
            self.check_order_item(&item.expr, &selected.output, added, "ORDER BY");
        }
        let clause = Clause::OrderBy { output: None };
        self.close_order(mark, clause, items);
    }

    fn order_by_all(&mut self, span: Span) {
        let clause = Clause::OrderAll(self.plain_text(span));
        self.tree.leaf(What::Clause(clause), span);
    }

    fn close_order(&mut self, mark: Mark, clause: Clause, items: &[ast::OrderItem]) {
        if let (Some(first), Some(last)) = (items.first(), items.last()) {
            let span = first.expr.span.to(last.expr.span);
            self.tree.close(mark, What::Clause(clause), span);
        }
    }

    /// `ORDER BY` behind a set operation sees the columns of the whole.
    fn order_by_output(
        &mut self,
        order_by: Option<&ast::OrderBy>,
        output: &Output,
        both: bool,
        parent: Option<&Env<'_>>,
    ) {
        let items = match order_by {
            None => return,
            Some(ast::OrderBy::All(span)) => return self.order_by_all(*span),
            Some(ast::OrderBy::Items(items)) => items,
        };
        let mut relation = output.clone().into_relation(None);
        relation.id = self.next_relation();
        let relation_id = relation.id;
        // The engine lets the items name columns of either side.
        relation.open |= both;
        let scope = Scope {
            id: self.next_scope(),
            relations: vec![relation],
            merged: Vec::new(),
        };
        let env = Env::new(&scope, parent);
        let mark = self.tree.mark();
        for item in items {
            self.ordered_item(item, |binder| match order_position(&item.expr) {
                None => {
                    binder.expression(&item.expr, &env);
                }
                Some(position) => {
                    let position = u32::try_from(position).unwrap_or(u32::MAX);
                    let what = What::Column {
                        relation: relation_id,
                        position: position.saturating_sub(1),
                    };
                    binder.tree.leaf(what, item.expr.span);
                }
            });
        }
        let clause = Clause::OrderBy {
            output: Some(relation_id),
        };
        self.close_order(mark, clause, items);
    }
}

/// Whether a set operation lets its right side read the whole.
fn may_recurse(operation: &ast::SetOperation) -> bool {
    operation.operator == ast::SetOperator::Union && !operation.by_name
}

fn set_operation(operation: &ast::SetOperation) -> What {
    What::SetOperation {
        operator: operation.operator,
        all: operation.all,
        by_name: operation.by_name,
    }
}

/// The position that `ORDER BY 2` or `GROUP BY 2` means, from 1.
pub(super) fn literal_position(expr: &ast::Expr) -> Option<usize> {
    match &expr.kind {
        ast::ExprKind::Nested(inner) => literal_position(inner),
        ast::ExprKind::Literal(written @ ast::Literal::Number(_)) => {
            match literal::typed(written).value {
                crate::types::Value::Integer(position) => usize::try_from(position).ok(),
                _ => None,
            }
        }
        _ => None,
    }
}

/// New names for the columns, from the left.
pub(super) fn renamed(mut output: Output, names: &[ast::Name]) -> Output {
    for (column, name) in output.columns.iter_mut().zip(names) {
        column.name = Some(name.value.clone());
    }
    output
}

fn both(left: &Typed, right: &Typed, operator: ast::SetOperator) -> Typed {
    let sql_type = match forced_type(&left.sql_type, &right.sql_type) {
        Common::Type(sql_type) => sql_type,
        Common::Incompatible | Common::Unknown => SqlType::Unknown,
    };
    Typed::of(sql_type).nullable_if(match operator {
        ast::SetOperator::Except => left.nullable,
        // A null of both sides is in both.
        ast::SetOperator::Intersect => left.nullable && right.nullable,
        ast::SetOperator::Union => left.nullable || right.nullable,
    })
}

fn by_name(left: Output, right: Output) -> Output {
    let open = left.open || right.open;
    let named = |output: &Output| output.columns.iter().all(|column| column.name.is_some());
    if open || !named(&left) || !named(&right) {
        return Output::unknown();
    }
    let is = |name: &Option<String>, other: &Option<String>| match (name, other) {
        (Some(name), Some(other)) => same_name(name, other),
        _ => false,
    };
    let mut columns = Vec::new();
    for column in &left.columns {
        let typed = match right
            .columns
            .iter()
            .find(|other| is(&other.name, &column.name))
        {
            Some(other) => both(&column.typed, &other.typed, ast::SetOperator::Union),
            None => column.typed.clone().nullable_if(true),
        };
        columns.push(OutputColumn {
            typed,
            node: None,
            ..column.clone()
        });
    }
    let mut further_names = left.further_names;
    for (name, at) in right.further_names {
        let own = right.columns.get(at).map(|column| &column.name);
        let known = left
            .columns
            .iter()
            .position(|other| own.is_some_and(|own| is(&other.name, own)));
        // Which place a name has that only the right side's own sides give, doesn't matter.
        further_names.push((name, known.unwrap_or(usize::MAX)));
    }
    for column in right.columns {
        if !left
            .columns
            .iter()
            .any(|other| is(&other.name, &column.name))
        {
            columns.push(OutputColumn {
                typed: column.typed.clone().nullable_if(true),
                node: None,
                ..column
            });
        }
    }
    Output {
        columns,
        open,
        further_names,
    }
}

pub(super) fn body_span(body: &ast::QueryBody) -> Span {
    match body {
        ast::QueryBody::Select(select) => select.span,
        ast::QueryBody::SetOperation(operation) => operation.span,
        ast::QueryBody::Values(values) => values.span,
        ast::QueryBody::Nested(query) => query.span,
        ast::QueryBody::Table(name) => name.span,
        ast::QueryBody::Pivot(pivot) => pivot.span,
        ast::QueryBody::Unpivot(unpivot) => unpivot.span,
        ast::QueryBody::Special(span, _) => *span,
    }
}

fn word_of(operator: ast::SetOperator) -> &'static str {
    match operator {
        ast::SetOperator::Union => "UNION",
        ast::SetOperator::Intersect => "INTERSECT",
        ast::SetOperator::Except => "EXCEPT",
    }
}
