//! Whether two expressions mean the same, as the engine finds the expressions of a `GROUP BY` again:
//! but for case, white space, parentheses, qualifiers, and two spellings of one operation.
//!
//! What has no form of its own here is compared by its text. No algebra: `a + b` isn't `b + a`.

use super::Binder;
use super::deep::without_parentheses;
use super::scope::ColumnId;
use crate::parse::ast::{self, ExprKind};
use crate::sql_type::SqlType;

/// The longest text, in bytes, whose form is compared.
const LONGEST: usize = 600;

impl Binder<'_> {
    /// Whether two expressions are the same.
    pub(super) fn same(&self, left: &ast::Expr, right: &ast::Expr) -> bool {
        let (left, right) = (without_parentheses(left), without_parentheses(right));
        let texts = (self.by_text(left), self.by_text(right));
        if !texts.0.is_empty() && texts.0 == texts.1 {
            return true;
        }
        let longest = left.span.range().len().max(right.span.range().len());
        let shortest = left.span.range().len().min(right.span.range().len());
        if longest > LONGEST {
            // Their forms cost too much: two of about one length may be one expression.
            return shortest * 2 > longest;
        }
        self.by_form(left) == self.by_form(right)
    }

    /// An expression's form: its parts in a spelling of their own.
    fn by_form(&self, expr: &ast::Expr) -> String {
        super::with_stack(|| self.form(expr))
    }

    fn form(&self, expr: &ast::Expr) -> String {
        let list = |items: &mut dyn Iterator<Item = &ast::Expr>| {
            let forms: Vec<String> = items.map(|item| self.by_form(item)).collect();
            forms.join(", ")
        };
        match &expr.kind {
            ExprKind::Nested(inner) => self.by_form(inner),
            ExprKind::Literal(literal) => format!("{literal:?}"),
            ExprKind::Cast {
                operand,
                type_name,
                fallible,
            } => format!(
                "cast {fallible} ({}) {}",
                self.by_form(operand),
                type_of(&type_name.text)
            ),
            ExprKind::Typed { type_name, text } => {
                let text = self.input.text.get(text.range()).unwrap_or_default();
                let text = text.trim_matches('\'').replace("''", "'");
                format!(
                    "cast false ({:?}) {}",
                    ast::Literal::Text(text),
                    type_of(&type_name.text)
                )
            }
            ExprKind::Unary { operator, operand } => {
                format!("{operator} ({})", self.by_form(operand))
            }
            ExprKind::Binary {
                operator,
                left,
                right,
                ..
            } => {
                let operator = match operator.as_str() {
                    "==" => "=",
                    "<>" => "!=",
                    "//" => "divide",
                    same => same,
                };
                format!(
                    "({}) {operator} ({})",
                    self.by_form(left),
                    self.by_form(right)
                )
            }
            ExprKind::Is {
                negated,
                what,
                operand,
            } => format!("is {negated} {what} ({})", self.by_form(operand)),
            ExprKind::Between {
                negated,
                operand,
                low,
                high,
            } => format!(
                "between {negated} ({}) ({}) ({})",
                self.by_form(operand),
                self.by_form(low),
                self.by_form(high)
            ),
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => {
                let operand = operand.as_deref().map(|operand| self.by_form(operand));
                let branches: Vec<String> = branches
                    .iter()
                    .map(|(condition, result)| {
                        format!("({}) ({})", self.by_form(condition), self.by_form(result))
                    })
                    .collect();
                let otherwise = otherwise.as_deref().map(|result| self.by_form(result));
                format!("case {operand:?} {branches:?} {otherwise:?}")
            }
            ExprKind::Function(function) if is_plain(function) => {
                let name = function.name.last().map_or("", |name| name.value.as_str());
                let name = match name.to_lowercase().as_str() {
                    "extract" | "datepart" => "date_part".to_owned(),
                    "ifnull" => "coalesce".to_owned(),
                    other => other.to_owned(),
                };
                let operand = super::grouping::method_of(expr);
                let written = function.arguments.iter().map(|argument| &argument.value);
                format!("{name}({})", list(&mut operand.iter().chain(written)))
            }
            ExprKind::Row(items) | ExprKind::List(items) => {
                format!("[{}]", list(&mut items.iter()))
            }
            ExprKind::Field { operand, field } => {
                format!("{}.{}", self.by_form(operand), field.value.to_lowercase())
            }
            _ => self.by_text(expr),
        }
    }

    /// An expression's text with the columns' identities in place of their names.
    fn by_text(&self, expr: &ast::Expr) -> String {
        let mut columns: Vec<(std::ops::Range<usize>, ColumnId, String)> = Vec::new();
        super::grouping::walk(expr, &mut |part| {
            let place = (part.span.start, part.span.end);
            if let ExprKind::Name(names) = &part.kind
                && let Some(id) = self.resolved.get(&place)
            {
                let fields = self.fields_read.get(&place).copied().unwrap_or(0);
                let names = names.iter().skip(names.len().saturating_sub(fields));
                let fields = names.map(|name| format!(".{}", name.value.to_lowercase()));
                columns.push((part.span.range(), *id, fields.collect()));
            }
            true
        });
        columns.sort_by_key(|(range, ..)| range.start);
        let mut text = String::new();
        let mut next = expr.span.range().start;
        let plain = |range: std::ops::Range<usize>, text: &mut String| {
            let written = self.input.text.get(range).unwrap_or_default();
            text.extend(
                written
                    .split_whitespace()
                    .flat_map(str::chars)
                    .flat_map(char::to_lowercase),
            );
        };
        for (range, id, fields) in columns {
            plain(next..range.start, &mut text);
            text.push_str(&format!(
                "\u{0}{}.{:?}.{}\u{0}{fields}",
                id.scope, id.relation, id.column
            ));
            next = range.end;
        }
        plain(next..expr.span.range().end, &mut text);
        text
    }
}

fn type_of(written: &str) -> String {
    match written.parse::<SqlType>() {
        Ok(sql_type) => sql_type.to_string(),
        Err(_) => written.to_lowercase(),
    }
}

/// Whether a call has arguments and nothing else, so that its name and they say it all.
fn is_plain(function: &ast::Function) -> bool {
    !function.distinct
        && !function.export_state
        && function.order_by.is_empty()
        && function.within_group.is_empty()
        && function.filter.is_none()
        && function.ignore_nulls.is_none()
        && function.over.is_none()
        && function
            .arguments
            .iter()
            .all(|argument| argument.name.is_none())
}
