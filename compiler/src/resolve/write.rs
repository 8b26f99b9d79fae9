//! What the binder writes into the bound tree.

use super::Binder;
use super::names::{is_function, keyword_value};
use super::scope::{ColumnId, Env, Relation, Scope};
use crate::bound::{Call, CallKind, Clause, NodeId, RelationId, What};
use crate::lexer::lex;
use crate::parse::ast::{self, ExprKind, Literal};
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::token::TokenKind;
use crate::types::catalogue::{self, Kind};

impl Binder<'_> {
    /// A number for a relation.
    pub(super) fn next_relation(&mut self) -> RelationId {
        self.relation_count += 1;
        RelationId(self.relation_count)
    }

    /// Writes a relation of which nothing is known.
    pub(super) fn unknown_relation(&mut self, name: Option<String>, span: Span) -> Relation {
        let relation = self.next_relation();
        let text = self.plain_text(span);
        self.tree
            .leaf(What::UnknownRelation { relation, text }, span);
        Relation {
            id: relation,
            ..Relation::unknown(name)
        }
    }

    /// Writes the use of a column.
    pub(super) fn write_column(&mut self, column: ColumnId, name: &str, span: Span, env: &Env<'_>) {
        let scope = env.outwards().find(|env| env.scope.id == column.scope);
        let sources = scope.map_or(Vec::new(), |env| env.scope.sources(column));
        // A hidden column gives another value once the table is written anew.
        self.volatile |= sources.is_empty();
        self.write_sources(&sources, name, span);
    }

    /// Writes a column that is the first of some that isn't null; mostly there is one.
    pub(super) fn write_sources(&mut self, sources: &[(RelationId, u32)], name: &str, span: Span) {
        let mark = self.tree.mark();
        for (relation, position) in sources {
            let (relation, position) = (*relation, *position);
            self.tree.leaf(What::Column { relation, position }, span);
        }
        match sources {
            [] => self.tree.leaf(What::Unresolved(name.to_lowercase()), span),
            [_] => return,
            _ => self
                .tree
                .close(mark, What::Operation("coalesce".to_owned()), span),
        };
    }

    /// Writes an output that is a column as it is.
    pub(super) fn write_output_column(
        &mut self,
        sources: &[(RelationId, u32)],
        name: Option<&str>,
        span: Span,
    ) -> NodeId {
        let mark = self.tree.mark();
        self.write_sources(sources, name.unwrap_or_default(), span);
        let name = name.map(str::to_owned);
        self.tree.close(mark, What::Output { name }, span)
    }

    /// Writes all of a row as one value, with the names of its fields.
    pub(super) fn write_row(&mut self, relation: RelationId, sql_type: &SqlType, span: Span) {
        let mark = self.tree.mark();
        self.tree.leaf(What::Row { relation }, span);
        if let SqlType::Struct(fields) = sql_type {
            let names: Vec<String> = fields.iter().map(|(name, _)| name.to_lowercase()).collect();
            let text = format!("row {}", names.join("\u{1f}"));
            self.tree.close(mark, What::Operation(text), span);
        }
    }

    /// Writes what `ORDER BY` items, also those within a call, say beside their expressions.
    pub(super) fn ordered_items(&mut self, items: &[ast::OrderItem], env: &Env<'_>) {
        for item in items {
            self.ordered_item(item, |binder| {
                if !matches!(item.expr.kind, ExprKind::Keyword(_)) {
                    binder.expression(&item.expr, env);
                }
            });
        }
    }

    /// Writes one item of an `ORDER BY`.
    pub(super) fn ordered_item<T>(
        &mut self,
        item: &ast::OrderItem,
        bind: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let clause = Clause::Ordered {
            descending: item.descending,
            nulls_first: item.nulls_first,
        };
        self.clause(clause, item.expr.span, bind)
    }

    /// Writes a clause around what is bound in it.
    pub(super) fn clause<T>(
        &mut self,
        clause: Clause,
        span: Span,
        bind: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.writing(What::Clause(clause), span, bind)
    }

    /// Writes a node around what is bound in it.
    pub(super) fn writing<T>(
        &mut self,
        what: What,
        span: Span,
        bind: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let mark = self.tree.mark();
        let value = bind(self);
        self.tree.close(mark, what, span);
        value
    }

    /// Binds something without writing it.
    pub(super) fn unwritten<T>(&mut self, bind: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.tree.mark();
        let value = bind(self);
        self.tree.take_back(mark);
        value
    }

    /// What an expression is in the bound tree; `None` for those that write themselves.
    pub(super) fn written_as(&self, expr: &ast::Expr) -> Option<What> {
        let operation = |text: String| Some(What::Operation(text));
        let negated = |negated: bool, word: &str| {
            operation(if negated {
                format!("not {word}")
            } else {
                word.to_owned()
            })
        };
        match &expr.kind {
            ExprKind::Name(_)
            | ExprKind::Reference(_)
            | ExprKind::Position(_)
            | ExprKind::Nested(_)
            | ExprKind::Binary { .. } => None,
            ExprKind::Literal(literal) => Some(What::Literal(literal_text(literal))),
            ExprKind::Interval { unit, .. } => {
                let unit = unit.as_ref().map(|unit| unit.value.to_lowercase());
                operation(format!("interval {}", unit.unwrap_or_default()))
            }
            ExprKind::Typed { type_name, text } => {
                let text = self.input.text.get(text.range()).unwrap_or_default();
                Some(What::Literal(format!("{} {text}", type_text(type_name))))
            }
            ExprKind::Unary { operator, .. } => operation(format!("prefix {operator}")),
            ExprKind::Like {
                negated: not,
                operator,
                ..
            } => negated(*not, operator),
            ExprKind::Is {
                negated: not, what, ..
            } => negated(*not, &format!("is {what}")),
            ExprKind::Between { negated: not, .. } => negated(*not, "between"),
            ExprKind::InList { negated: not, .. } => negated(*not, "in list"),
            ExprKind::InValue { negated: not, .. } => negated(*not, "in value"),
            ExprKind::InQuery { negated: not, .. } => subquery(*not, "in"),
            ExprKind::Exists { negated: not, .. } => subquery(*not, "exists"),
            ExprKind::Quantified { operator, all, .. } => Some(What::Subquery(format!(
                "{operator} {}",
                if *all { "all" } else { "any" }
            ))),
            ExprKind::Query(_) => subquery(false, "value"),
            ExprKind::ArrayQuery(_) => subquery(false, "array"),
            ExprKind::Cast {
                type_name,
                fallible,
                ..
            } => {
                let word = if *fallible { "try_cast" } else { "cast" };
                operation(format!("{word} {}", type_text(type_name)))
            }
            ExprKind::Case {
                operand, otherwise, ..
            } => operation(format!(
                "case{}{}",
                if operand.is_some() { " operand" } else { "" },
                if otherwise.is_some() { " else" } else { "" }
            )),
            ExprKind::Function(function) => Some(What::Call(call(function))),
            ExprKind::Method { call: function, .. } => Some(What::Call(call(function))),
            _ => self.written_collection(expr),
        }
    }

    fn written_collection(&self, expr: &ast::Expr) -> Option<What> {
        let text = match &expr.kind {
            ExprKind::Row(_) => "row".to_owned(),
            ExprKind::Field { operand, field } => {
                if matches!(operand.kind, ExprKind::Reference(_)) {
                    // `:orders.amount` is a column and writes itself.
                    return None;
                }
                format!("field {}", field.value.to_lowercase())
            }
            ExprKind::Index { .. } => "index".to_owned(),
            ExprKind::Slice {
                start, end, step, ..
            } => {
                let given = |bound: &Option<Box<ast::Expr>>| match bound.as_deref() {
                    Some(bound) if !matches!(bound.kind, ExprKind::Keyword(_)) => 'x',
                    _ => '-',
                };
                format!("slice {}{}{}", given(start), given(end), given(step))
            }
            ExprKind::List(_) => "list".to_owned(),
            ExprKind::Struct(fields) => {
                let names: Vec<&str> = fields.iter().map(|(name, _)| name.value.as_str()).collect();
                format!("struct {}", names.join("\u{1f}"))
            }
            ExprKind::Map(_) => "map".to_owned(),
            ExprKind::Lambda { .. } => return Some(What::Clause(Clause::Lambda)),
            ExprKind::Comprehension { condition, .. } => format!(
                "comprehension{}",
                if condition.is_some() { " if" } else { "" }
            ),
            ExprKind::Collate { collation, .. } => {
                format!("collate {}", collation.value.to_lowercase())
            }
            ExprKind::AtTimeZone { .. } => "at time zone".to_owned(),
            ExprKind::Columns { .. } if self.chosen.is_some() => return None,
            // A star within a call, `COLUMNS(…)`, `DEFAULT`.
            _ => return Some(What::Opaque(self.plain_text(expr.span))),
        };
        Some(What::Operation(text))
    }

    /// A text without what doesn't matter: comments, white space, the case of bare words.
    pub(super) fn plain_text(&self, span: Span) -> String {
        let (tokens, _) = lex(span.file, self.input.text, span.range());
        let mut plain = String::new();
        for token in tokens {
            let written = self.input.text.get(token.span.range()).unwrap_or_default();
            if !plain.is_empty() && token.kind != TokenKind::Comment {
                plain.push(' ');
            }
            match token.kind {
                TokenKind::Comment => {}
                TokenKind::Word | TokenKind::Number | TokenKind::Reference => {
                    plain.push_str(&written.to_lowercase());
                }
                _ => plain.push_str(written),
            }
        }
        plain
    }
}

impl Scope {
    /// The columns that a column of this scope is the first of that isn't null; mostly one.
    pub(super) fn sources(&self, column: ColumnId) -> Vec<(RelationId, u32)> {
        match column.relation {
            // The bound tree knows no hidden columns.
            Some(relation) => self
                .relations
                .get(relation)
                .filter(|relation| column.column < relation.columns.len())
                .map_or(Vec::new(), |relation| vec![relation.source(column.column)]),
            None => self
                .merged
                .get(column.column)
                .map_or(Vec::new(), |merged| merged.sources.clone()),
        }
    }
}

impl Relation {
    /// A column of it, as the bound tree names it.
    pub(super) fn source(&self, position: usize) -> (RelationId, u32) {
        (self.id, u32::try_from(position).unwrap_or(u32::MAX))
    }
}

fn subquery(not: bool, word: &str) -> Option<What> {
    Some(What::Subquery(if not {
        format!("not {word}")
    } else {
        word.to_owned()
    }))
}

fn literal_text(literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".to_owned(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Number(number) => number.to_lowercase().replace('_', ""),
        Literal::Text(text) => format!("'{text}'"),
        Literal::Blob(blob) => format!("x'{}'", blob.to_lowercase()),
    }
}

fn type_text(type_name: &ast::TypeName) -> String {
    match type_name.text.parse::<SqlType>() {
        Ok(sql_type) => sql_type.to_string(),
        Err(_) => type_name.text.clone(),
    }
}

fn call(function: &ast::Function) -> Call {
    let name = function
        .name
        .last()
        .map_or(String::new(), |name| name.value.to_lowercase());
    let entry = catalogue::find(&name);
    let is = |kind: Kind| entry.is_some_and(|entry| entry.is(kind));
    // The fields of `struct_pack(a, b)` have the names of the columns.
    let is_struct = name == "struct_pack";
    let argument_names: Vec<Option<String>> = function
        .arguments
        .iter()
        .map(|argument| match (&argument.name, &argument.value.kind) {
            (Some(name), _) => Some(name.value.to_lowercase()),
            (None, ExprKind::Name(names)) if is_struct => {
                names.last().map(|name| name.value.to_lowercase())
            }
            _ => None,
        })
        .collect();
    Call {
        kind: if function.over.is_some() {
            CallKind::Window
        } else if is(Kind::Aggregate) {
            CallKind::Aggregate
        } else if name == "unnest" {
            CallKind::SetReturning
        } else {
            CallKind::Scalar
        },
        distinct: function.distinct,
        ignore_nulls: function.ignore_nulls,
        volatile: match entry {
            Some(entry) => !entry.is_consistent() || keyword_value(&name).is_some(),
            None => !is_function(&name) || keyword_value(&name).is_some(),
        } || name == "getvariable",
        argument_names: if argument_names.iter().any(Option::is_some) {
            argument_names
        } else {
            Vec::new()
        },
        name: match function.export_state {
            true => format!("{name} export_state"),
            false => name,
        },
    }
}
