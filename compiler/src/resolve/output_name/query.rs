//! Subqueries.
//!
//! Source: `SelectNode::ToString`, `SetOperationNode::ToString` and `TableRef::ToString` of DuckDB.
//! A relation that the project makes has another name in the engine than in the text, so that a
//! query that reads one isn't written.

use super::expression::dotted;
use super::{Members, Writer};
use crate::name::same_name;
use crate::parse::ast::{self, ExprKind, QueryBody, TableKind};
use crate::sql_type::quote_identifier;

impl Writer<'_> {
    /// A query without the parentheses around it.
    pub(super) fn query(self, query: &ast::Query) -> Option<String> {
        if let Some(with) = &query.with {
            let body = ast::Query {
                with: None,
                ..query.clone()
            };
            let members = Members {
                own: &with.members,
                outer: self.inner,
            };
            let inner = Writer {
                inner: Some(&members),
                ..self
            };
            return Some(format!("{}{}", inner.members(with)?, inner.query(&body)?));
        }
        if let QueryBody::Nested(inner) = &query.body
            && query.order_by.is_none()
            && query.limit.is_none()
            && query.offset.is_none()
        {
            return self.query(inner);
        }
        let mut text = self.body(&query.body)?;
        match &query.order_by {
            Some(ast::OrderBy::Items(items)) => {
                let items: Vec<&ast::OrderItem> = items.iter().collect();
                text.push_str(&format!(" ORDER BY {}", self.ordered(&items)?));
            }
            Some(ast::OrderBy::All(_)) => return None,
            None => {}
        }
        if let Some(limit) = &query.limit {
            let behind = self.text.get(limit.span.end as usize..)?.trim_start();
            if behind.starts_with('%') || behind.to_lowercase().starts_with("percent") {
                return None;
            }
            text.push_str(&format!(" LIMIT {}", self.expression(limit)?));
        }
        if let Some(offset) = &query.offset {
            text.push_str(&format!(" OFFSET {}", self.expression(offset)?));
        }
        Some(text)
    }

    /// `WITH` up to the query's body.
    fn members(self, with: &ast::With) -> Option<String> {
        if with.recursive {
            return None;
        }
        let members: Option<Vec<String>> = with
            .members
            .iter()
            .map(|member| {
                let before = member.name.span.end as usize..member.query.span.start as usize;
                if self
                    .text
                    .get(before)?
                    .to_lowercase()
                    .contains("materialized")
                {
                    return None;
                }
                let mut text = quote_identifier(&member.name.value).into_owned();
                if !member.columns.is_empty() {
                    let columns: Vec<_> = member
                        .columns
                        .iter()
                        .map(|column| quote_identifier(&column.value))
                        .collect();
                    text.push_str(&format!(" ({})", columns.join(", ")));
                }
                Some(format!("{text} AS ({})", self.query(&member.query)?))
            })
            .collect();
        Some(format!("WITH {}", members?.join(", ")))
    }

    fn body(self, body: &QueryBody) -> Option<String> {
        Some(match body {
            QueryBody::Select(select) => self.select(select)?,
            QueryBody::SetOperation(operation) => self.set_operation(operation)?,
            QueryBody::Values(values) => {
                format!("SELECT * FROM {} AS valueslist", self.values(values)?)
            }
            QueryBody::Nested(query) => self.query(query)?,
            _ => return None,
        })
    }

    fn set_operation(self, operation: &ast::SetOperation) -> Option<String> {
        let mut word = match operation.operator {
            ast::SetOperator::Union => "UNION",
            ast::SetOperator::Intersect => "INTERSECT",
            ast::SetOperator::Except => "EXCEPT",
        }
        .to_owned();
        for side in [&operation.left, &operation.right] {
            if matches!(side, QueryBody::SetOperation(_)) {
                return None;
            }
        }
        if operation.all {
            word.push_str(" ALL");
        }
        if operation.by_name {
            word.push_str(" BY NAME");
        }
        let (left, right) = (self.body(&operation.left)?, self.body(&operation.right)?);
        Some(format!("({left}) {word} ({right})"))
    }

    fn select(self, select: &ast::Select) -> Option<String> {
        let inner = Writer {
            windows: &select.windows,
            ..self
        };
        let mut text = "SELECT ".to_owned();
        match &select.distinct {
            Some(ast::Distinct::All) => text.push_str("DISTINCT "),
            Some(ast::Distinct::On(keys)) => {
                text.push_str(&format!("DISTINCT ON ({}) ", inner.list(keys)?));
            }
            None => {}
        }
        let items: Option<Vec<String>> = select.items.iter().map(|item| inner.item(item)).collect();
        text.push_str(&items?.join(", "));
        if !select.from.is_empty() {
            let tables: Option<Vec<String>> =
                select.from.iter().map(|table| inner.table(table)).collect();
            text.push_str(&format!(" FROM {}", tables?.join(" , ")));
        }
        if let Some(filter) = &select.filter {
            text.push_str(&format!(" WHERE {}", inner.expression(filter)?));
        }
        match &select.group_by {
            Some(ast::GroupBy::All(_)) => text.push_str(" GROUP BY ALL"),
            Some(ast::GroupBy::Items(items)) => {
                let keys: Option<Vec<String>> = items
                    .iter()
                    .map(|item| match item {
                        ast::GroupItem::Expr(key) => inner.expression(key),
                        _ => None,
                    })
                    .collect();
                text.push_str(&format!(" GROUP BY {}", keys?.join(", ")));
            }
            None => {}
        }
        if let Some(having) = &select.having {
            text.push_str(&format!(" HAVING {}", inner.expression(having)?));
        }
        if let Some(qualify) = &select.qualify {
            text.push_str(&format!(" QUALIFY {}", inner.expression(qualify)?));
        }
        select.sample.is_none().then_some(text)
    }

    fn item(self, item: &ast::SelectItem) -> Option<String> {
        let mut text = match &item.expr.kind {
            ExprKind::Star(star) => plain_star(star)?,
            _ => self.expression(&item.expr)?,
        };
        if let Some(alias) = &item.alias {
            text.push_str(&format!(" AS {}", quote_identifier(&alias.value)));
        }
        Some(text)
    }

    fn values(self, values: &ast::Values) -> Option<String> {
        let rows: Option<Vec<String>> = values
            .rows
            .iter()
            .map(|row| Some(format!("({})", self.list(row)?)))
            .collect();
        Some(format!("(VALUES {})", rows?.join(", ")))
    }

    fn table(self, table: &ast::TableExpr) -> Option<String> {
        let text = match &table.kind {
            TableKind::Name(name) if self.is_member(name) => dotted(&name.parts),
            TableKind::Query { query, .. } => format!("({})", self.query(query)?),
            TableKind::Values(values) => {
                let written = self.text.get(table.span.range())?;
                // In parentheses it is a query, which reads the values.
                match written.starts_with('(') {
                    true => format!("(SELECT * FROM {} AS valueslist)", self.values(values)?),
                    false => self.values(values)?,
                }
            }
            TableKind::Function { call, ordinality } => {
                let ordinality = if *ordinality { " WITH ORDINALITY" } else { "" };
                format!("{}{ordinality}", self.expression(call)?)
            }
            TableKind::Nested(inner) if table.alias.is_none() => self.table(inner)?,
            TableKind::Join(join) if table.alias.is_none() => self.join(join)?,
            _ => return None,
        };
        // A sample of it isn't in the tree.
        let behind = self
            .text
            .get(table.span.start as usize..table.span.end as usize)?;
        if behind.to_lowercase().contains("tablesample") {
            return None;
        }
        let Some(alias) = &table.alias else {
            return Some(text);
        };
        let name = quote_identifier(&alias.name.value);
        if alias.columns.is_empty() {
            return Some(format!("{text} AS {name}"));
        }
        let columns: Vec<_> = alias
            .columns
            .iter()
            .map(|column| quote_identifier(&column.value))
            .collect();
        Some(format!("{text} AS {name}({})", columns.join(", ")))
    }

    /// Whether a name is that of a member of `WITH`.
    fn is_member(self, name: &ast::TableName) -> bool {
        let [only] = name.parts.as_slice() else {
            return false;
        };
        let mut inner = self.inner;
        while let Some(members) = inner {
            if members
                .own
                .iter()
                .any(|member| same_name(&member.name.value, &only.value))
            {
                return true;
            }
            inner = members.outer;
        }
        self.members
            .iter()
            .any(|member| same_name(&member.name, &only.value))
    }

    fn join(self, join: &ast::Join) -> Option<String> {
        let (left, right) = (self.table(&join.left)?, self.table(&join.right)?);
        let word = match join.kind {
            ast::JoinKind::Inner => "INNER",
            ast::JoinKind::Left => "LEFT",
            ast::JoinKind::Right => "RIGHT",
            ast::JoinKind::Full => "FULL",
            ast::JoinKind::Semi => "SEMI",
            ast::JoinKind::Anti => "ANTI",
            ast::JoinKind::Cross => "CROSS",
            ast::JoinKind::Positional => "POSITIONAL",
        };
        let asof = if join.asof { "ASOF " } else { "" };
        Some(match &join.constraint {
            ast::JoinConstraint::None => format!("{left} {asof}{word} JOIN {right}"),
            ast::JoinConstraint::Natural => format!("{left} NATURAL {word} JOIN {right}"),
            ast::JoinConstraint::On(condition) => {
                format!(
                    "{left} {asof}{word} JOIN {right} ON ({})",
                    self.expression(condition)?
                )
            }
            ast::JoinConstraint::Using(names) => {
                let names: Vec<_> = names
                    .iter()
                    .map(|name| quote_identifier(&name.value))
                    .collect();
                format!(
                    "{left} {asof}{word} JOIN {right} USING ({})",
                    names.join(", ")
                )
            }
        })
    }

    /// `ARRAY (query)` is an aggregate over the query.
    pub(super) fn array_of(self, query: &ast::Query) -> Option<String> {
        if query.order_by.is_some() || !matches!(query.body, QueryBody::Select(_)) {
            return None;
        }
        let query = self.query(query)?;
        Some(format!(
            "(SELECT CASE  WHEN ((array_agg(#1) IS NULL)) THEN (list_value()) ELSE array_agg(#1) \
             END FROM ({query}))"
        ))
    }
}

/// A star without changes: the engine writes those in an order of its own.
fn plain_star(star: &ast::Star) -> Option<String> {
    let plain = star.exclude.is_empty()
        && star.replace.is_empty()
        && star.rename.is_empty()
        && star.pattern.is_none();
    plain.then(|| match star.qualifier.as_slice() {
        [] => "*".to_owned(),
        qualifier => format!("{}.*", dotted(qualifier)),
    })
}
