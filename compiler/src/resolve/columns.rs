//! `COLUMNS(…)`, `*COLUMNS(…)` and `* LIKE '…'`: one item that stands for several.
//!
//! Source: `Binder::ExpandStarExpression` of DuckDB 1.5.5: the item is bound once for each column
//! that the selector picks, or, behind a star, all of them stand side by side as arguments.

use super::Binder;
use super::deep::without_parentheses;
use super::name_test::{Value, holds, passes, regular, selected};
use super::scope::{Env, Output, OutputColumn};
use super::star::Expanded;
use crate::bound::{RelationId, What};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::name::same_name;
use crate::parse::ast::{self, ExprKind, Literal};
use crate::span::Span;
use crate::types::Typed;
use crate::types::regular_expression::fault;
use regex::Regex;

/// A column that stands where `COLUMNS(…)` is written.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    /// Its own name.
    pub name: String,
    /// The name that it gives to the item.
    pub shown: String,
    pub typed: Typed,
    pub sources: Vec<(RelationId, u32)>,
    pub field: Option<String>,
}

/// What a selector picks.
struct Choice {
    columns: Vec<Chosen>,
    /// The pattern, whose groups an alias may name.
    pattern: Option<Regex>,
}

impl Binder<'_> {
    /// An item that stands for several; `false` if it doesn't, or nobody knows for which.
    pub(super) fn chosen_columns(
        &mut self,
        item: &ast::SelectItem,
        env: &Env<'_>,
        output: &mut Output,
    ) -> bool {
        let Some(found) = selector(&item.expr) else {
            return false;
        };
        let Some(choice) = self.choice(&found, item.span, env) else {
            return false;
        };
        if let (Some(alias), false) = (&item.alias, found.unpacked) {
            self.check_codes(alias, choice.pattern.is_some());
        }
        let before = self.chosen.take();
        if found.unpacked {
            self.chosen = Some(choice.columns);
            self.chosen_item(item, None, env, output);
        } else {
            let told = self.diagnostics.len();
            let is_root = matches!(
                without_parentheses(&item.expr).kind,
                ExprKind::Columns { .. }
            );
            for column in choice.columns {
                let name = match &item.alias {
                    Some(alias) => alias_of(&alias.value, &column.name, choice.pattern.as_ref()),
                    // What replaces a column is written out within an expression.
                    None if !is_root && found.replaces(&column) => None,
                    None => Some(column.shown.clone()),
                };
                self.chosen = Some(vec![column]);
                // What is wrong with one column is enough.
                let wrong = |finding: &Diagnostic| finding.severity == Severity::Error;
                match self.diagnostics[told..].iter().any(wrong) {
                    false => self.chosen_item(item, name, env, output),
                    true => self.quietly(|binder| binder.chosen_item(item, name, env, output)),
                }
            }
        }
        self.chosen = before;
        true
    }

    /// The columns that an item stands for, if it is a star or a `COLUMNS(…)` by itself; within,
    /// `None` if nobody knows them.
    pub(super) fn chosen_of(
        &mut self,
        item: &ast::SelectItem,
        env: &Env<'_>,
    ) -> Option<Option<Vec<Chosen>>> {
        let found = match &item.expr.kind {
            ExprKind::Star(_) | ExprKind::Columns { .. } | ExprKind::Like { .. } => {
                plain_star(&item.expr).or_else(|| selector(&item.expr))?
            }
            _ => return None,
        };
        let choice = self.choice(&found, item.span, env);
        Some(choice.map(|choice| choice.columns))
    }

    fn chosen_item(
        &mut self,
        item: &ast::SelectItem,
        name: Option<String>,
        env: &Env<'_>,
        output: &mut Output,
    ) {
        let mark = self.tree.mark();
        let typed = match (&item.expr.kind, self.chosen.as_deref()) {
            // `* LIKE '…'`: the column itself.
            (ExprKind::Star(_) | ExprKind::Like { .. }, Some([only]))
                if is_star_pattern(&item.expr) =>
            {
                let only = only.clone();
                self.write_chosen(&only, item.span)
            }
            _ => self.expression(&item.expr, env),
        };
        let name = name.or_else(|| item.alias.as_ref().map(|alias| alias.value.clone()));
        let node = self
            .tree
            .close(mark, What::Output { name: name.clone() }, item.span);
        output.columns.push(OutputColumn {
            name,
            typed: typed.as_value(),
            span: item.span,
            node: Some(node),
        });
    }

    /// `COLUMNS(…)` within an expression: the column whose turn it is.
    pub(super) fn columns_expression(
        &mut self,
        selector: &ast::Expr,
        span: Span,
        env: &Env<'_>,
    ) -> Typed {
        let Some([only]) = self.chosen.as_deref() else {
            return Typed::unknown();
        };
        let only = only.clone();
        if let ExprKind::Star(star) = &selector.kind
            && let Some((replacement, _)) = star
                .replace
                .iter()
                .find(|(_, name)| same_name(&name.value, &only.name))
        {
            return self.expression(replacement, env);
        }
        self.write_chosen(&only, span)
    }

    fn write_chosen(&mut self, column: &Chosen, span: Span) -> Typed {
        let mark = self.tree.mark();
        self.write_sources(&column.sources, &column.name, span);
        if let Some(field) = &column.field {
            let what = What::Operation(format!("field {}", field.to_lowercase()));
            self.tree.close(mark, what, span);
        }
        column.typed.clone()
    }

    /// Arguments, items of a list and so on; what is unpacked stands for several, each with its
    /// name.
    pub(super) fn unpacked(
        &mut self,
        argument: &ast::Expr,
        env: &Env<'_>,
    ) -> Option<Vec<(String, Typed)>> {
        let inner = match &argument.kind {
            ExprKind::Columns { unpacked: true, .. } => None,
            ExprKind::Function(function) => Some(unpack(function)?),
            ExprKind::Nested(inner) => return self.unpacked(inner, env),
            _ => return None,
        };
        let columns = self.chosen.clone()?;
        let mut values = Vec::with_capacity(columns.len());
        for column in &columns {
            let typed = match inner {
                None => self.write_chosen(column, argument.span),
                Some(inner) => {
                    self.chosen = Some(vec![column.clone()]);
                    self.expression(inner, env)
                }
            };
            values.push((column.name.clone(), typed));
        }
        self.chosen = Some(columns);
        Some(values)
    }

    /// Checks that the selector of a `COLUMNS(…)` or of a star's pattern picks something.
    pub(super) fn check_choice(&mut self, expr: &ast::Expr, env: &Env<'_>) {
        let before = self.diagnostics.len();
        self.check_selector(expr);
        let Some(found) = selector(expr) else { return };
        if self.diagnostics.len() > before {
            return;
        }
        let plain = ast::Star {
            qualifier: found.qualifier.clone(),
            ..super::star::plain()
        };
        let star = found.star.unwrap_or(&plain);
        let expanded = self.unwritten(|binder| binder.expanded(star, expr.span, env));
        let Some((expanded, false)) = expanded else {
            return;
        };
        let names: Option<Vec<String>> = expanded
            .into_iter()
            .map(|expanded| chosen(expanded).map(|column| column.name))
            .collect();
        let Some(names) = names else {
            return;
        };
        if names.is_empty() {
            // Of what no column is left of, only a pattern is asked for one.
            if is_star_pattern(expr) && !env.scope.relations.is_empty() {
                let message = "no column is left for this pattern";
                self.report(Diagnostic::error(Code::UnknownColumn, expr.span, message));
            }
            return;
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if let Some(message) = found.picks.wrong(&names) {
            self.report(Diagnostic::error(Code::UnknownColumn, expr.span, message));
        }
    }

    /// Binds an expression for each column that its `COLUMNS(…)` stands for, up to the first for
    /// which something is wrong.
    pub(super) fn check_repeated(&mut self, expr: &ast::Expr, env: &Env<'_>) {
        let Some(found) = selector(expr).filter(|found| !found.unpacked) else {
            return;
        };
        let choice =
            self.unwritten(|binder| binder.quietly(|binder| binder.choice(&found, expr.span, env)));
        let Some(choice) = choice else { return };
        let outer = self.chosen.take();
        let before = self.diagnostics.len();
        for column in choice.columns {
            self.chosen = Some(vec![column]);
            self.unwritten(|binder| binder.expression(expr, env));
            if self.diagnostics.len() > before {
                break;
            }
        }
        self.chosen = outer;
    }

    /// The columns that a star or the `COLUMNS(…)` of an expression stands for, if they are known.
    pub(super) fn chosen_by(&mut self, expr: &ast::Expr, env: &Env<'_>) -> Option<Vec<Chosen>> {
        let found = plain_star(expr).or_else(|| selector(expr))?;
        let choice = self
            .unwritten(|binder| binder.quietly(|binder| binder.choice(&found, expr.span, env)))?;
        Some(choice.columns)
    }

    /// Checks the codes in the alias of an item that stands for several.
    fn check_codes(&mut self, alias: &ast::Name, has_pattern: bool) {
        let mut letters = alias.value.chars();
        while let Some(letter) = letters.next() {
            if letter != '\\' {
                continue;
            }
            let message = match letters.next() {
                Some('\\' | '0') => continue,
                Some(digit) if digit.is_ascii_digit() && has_pattern => continue,
                Some(digit) if digit.is_ascii_digit() => {
                    "without a pattern only `\\0` stands for the column's name".to_owned()
                }
                Some(other) => format!("names of chosen columns have no `\\{other}`"),
                None => "this name ends with a backslash".to_owned(),
            };
            let finding = Diagnostic::error(Code::InvalidStar, alias.span, message);
            return self.report(finding.hint("a backslash is written twice"));
        }
    }

    /// The columns that a selector picks; `None` if that isn't known.
    fn choice(&mut self, found: &Selector<'_>, span: Span, env: &Env<'_>) -> Option<Choice> {
        let plain = ast::Star {
            qualifier: found.qualifier.clone(),
            ..super::star::plain()
        };
        let star = found.star.unwrap_or(&plain);
        let (expanded, open) = self.expanded(star, span, env)?;
        if open {
            return None;
        }
        let all: Option<Vec<Chosen>> = expanded.into_iter().map(chosen).collect();
        let all = all?;
        let names: Vec<&str> = all.iter().map(|column| column.name.as_str()).collect();
        let (picked, pattern) = found.picks.of(&names)?;
        let columns: Vec<Chosen> = all
            .into_iter()
            .zip(picked)
            .filter_map(|(column, picked)| picked.then_some(column))
            .collect();
        (!columns.is_empty()).then_some(Choice { columns, pattern })
    }
}

fn chosen(expanded: Expanded) -> Option<Chosen> {
    Some(Chosen {
        name: expanded.replaced_as?,
        shown: expanded.column.name?,
        typed: expanded.column.typed,
        sources: expanded.sources,
        field: expanded.field,
    })
}

/// The `COLUMNS(…)` of an item, or its star with a pattern.
struct Selector<'a> {
    qualifier: Vec<ast::Name>,
    star: Option<&'a ast::Star>,
    picks: Picks<'a>,
    /// Whether all columns stand side by side.
    unpacked: bool,
}

impl Selector<'_> {
    /// Whether its star has something else in the place of a column.
    fn replaces(&self, column: &Chosen) -> bool {
        let mut replaced = self.star.iter().flat_map(|star| &star.replace);
        replaced.any(|(_, name)| same_name(&name.value, &column.name))
    }
}

/// How names are picked.
enum Picks<'a> {
    All,
    /// By what is between the parentheses: a pattern of which a part of the name is matched, a
    /// list of names, or a condition over a name.
    By(&'a ast::Expr),
    /// A part of the name is matched.
    Regular(&'a str),
    Pattern {
        operator: &'a str,
        pattern: &'a str,
        escape: Option<char>,
        negated: bool,
    },
}

impl Picks<'_> {
    fn of(&self, names: &[&str]) -> Option<(Vec<bool>, Option<Regex>)> {
        let each = |test: &dyn Fn(&str) -> Option<bool>| -> Option<Vec<bool>> {
            names.iter().map(|name| test(name)).collect()
        };
        let by_pattern = |pattern: &str| {
            let pattern = regular(pattern, false)?;
            let picked = each(&|name| name.is_ascii().then(|| pattern.is_match(name)))?;
            Some((picked, Some(pattern)))
        };
        let picked = match self {
            Picks::All => each(&|_| Some(true)),
            Picks::Regular(pattern) => return by_pattern(pattern),
            Picks::By(selector) => match &without_parentheses(selector).kind {
                ExprKind::Lambda { parameters, body } => match parameters.as_slice() {
                    [only] => each(&|name| holds(body, &only.value, name)),
                    _ => None,
                },
                _ => match selected(selector, names)? {
                    Value::Text(pattern) => return by_pattern(&pattern),
                    Value::List(items) => {
                        let wanted = texts_of(&items)?;
                        each(&|name| Some(wanted.iter().any(|wanted| same_name(wanted, name))))
                    }
                    _ => None,
                },
            },
            Picks::Pattern {
                operator,
                pattern,
                escape,
                negated,
            } => each(&|name| {
                passes(name, operator, pattern, *escape).map(|passed| passed != *negated)
            }),
        };
        Some((picked?, None))
    }

    /// What is wrong with the choice among these columns.
    fn wrong(&self, names: &[&str]) -> Option<String> {
        let none = || Some("no column is chosen by this".to_owned());
        if let Picks::By(selector) = self
            && !matches!(without_parentheses(selector).kind, ExprKind::Lambda { .. })
        {
            match selected(selector, names)? {
                Value::Null => return none(),
                Value::List(items) if items.is_empty() => return none(),
                Value::List(items) if items.contains(&Value::Null) => {
                    return Some("a null chooses no column".to_owned());
                }
                Value::List(items) => {
                    let missing = texts_of(&items)?
                        .into_iter()
                        .find(|wanted| !names.iter().any(|name| same_name(name, wanted)))?;
                    return Some(format!("there is no column `{missing}` to choose"));
                }
                Value::Text(pattern) => {
                    if let Some(message) = fault(&pattern) {
                        return Some(message);
                    }
                }
                _ => return None,
            }
        }
        if let Picks::Regular(pattern) = self
            && let Some(message) = fault(pattern)
        {
            return Some(message);
        }
        match self.of(names) {
            Some((picked, _)) if !picked.contains(&true) => none(),
            _ => None,
        }
    }
}

fn texts_of(items: &[Value]) -> Option<Vec<&str>> {
    let texts = items.iter().map(|item| match item {
        Value::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// Whether an item is `* LIKE '…'` and its like.
fn is_star_pattern(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Star(star) => star.pattern.is_some(),
        ExprKind::Like { operand, .. } => matches!(operand.kind, ExprKind::Star(_)),
        _ => false,
    }
}

/// A star without a pattern.
fn plain_star(item: &ast::Expr) -> Option<Selector<'_>> {
    match &item.kind {
        ExprKind::Star(star) if star.pattern.is_none() => Some(Selector {
            qualifier: Vec::new(),
            star: Some(star),
            picks: Picks::All,
            unpacked: false,
        }),
        _ => None,
    }
}

fn selector(item: &ast::Expr) -> Option<Selector<'_>> {
    if is_star_pattern(item) {
        return star_pattern(item);
    }
    let mut found = None;
    let mut unpacked = false;
    super::grouping::walk(item, &mut |part| {
        match &part.kind {
            ExprKind::Columns { unpacked: star, .. } => {
                unpacked |= star;
                found = found.or(Some(part));
                return false;
            }
            ExprKind::Function(function) => unpacked |= unpack(function).is_some(),
            _ => {}
        }
        true
    });
    let ExprKind::Columns {
        qualifier,
        selector,
        ..
    } = &found?.kind
    else {
        return None;
    };
    let (star, picks) = picks(selector);
    Some(Selector {
        qualifier: qualifier.iter().cloned().collect(),
        star: star.filter(|_| qualifier.is_none()),
        picks,
        unpacked,
    })
}

fn star_pattern(item: &ast::Expr) -> Option<Selector<'_>> {
    let (star, operator, pattern, escape, negated) = match &item.kind {
        ExprKind::Star(star) => {
            let (operator, pattern) = star.pattern.as_ref()?;
            (star, operator, &**pattern, None, false)
        }
        ExprKind::Like {
            negated,
            operator,
            operand,
            pattern,
            escape,
        } => {
            let ExprKind::Star(star) = &operand.kind else {
                return None;
            };
            let escape = text(escape.as_deref()?)?.chars().next()?;
            (star, operator, &**pattern, Some(escape), *negated)
        }
        _ => return None,
    };
    let pattern = text(pattern)?;
    // Without `NOT` and `EXCLUDE` the engine matches a part of the name.
    let picks = if operator == "similar to" && star.exclude.is_empty() && !negated {
        Picks::Regular(pattern)
    } else {
        Picks::Pattern {
            operator,
            pattern,
            escape,
            negated,
        }
    };
    Some(Selector {
        qualifier: Vec::new(),
        star: Some(star),
        picks,
        unpacked: false,
    })
}

/// How the selector between the parentheses picks, and the star that it is.
fn picks(selector: &ast::Expr) -> (Option<&ast::Star>, Picks<'_>) {
    match &without_parentheses(selector).kind {
        ExprKind::Star(star) if star.pattern.is_none() => (Some(star), Picks::All),
        _ => (None, Picks::By(selector)),
    }
}

fn text(expr: &ast::Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Literal(Literal::Text(text)) => Some(text),
        ExprKind::Nested(inner) => text(inner),
        _ => None,
    }
}

/// What `UNPACK(…)` unpacks.
fn unpack(function: &ast::Function) -> Option<&ast::Expr> {
    match (function.name.as_slice(), function.arguments.as_slice()) {
        ([name], [only]) if name.value.eq_ignore_ascii_case("unpack") => Some(&only.value),
        _ => None,
    }
}

/// The alias of an item with `\0` for the column's name and `\1` for a group of the pattern.
fn alias_of(alias: &str, name: &str, pattern: Option<&Regex>) -> Option<String> {
    let mut shown = String::new();
    let mut rest = alias.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            shown.push(c);
            continue;
        }
        match rest.next()? {
            '\\' => shown.push('\\'),
            '0' => shown.push_str(name),
            digit => {
                let group = digit.to_digit(10)? as usize;
                let groups = pattern?.captures(name)?;
                shown.push_str(groups.get(group).map_or("", |group| group.as_str()));
            }
        }
    }
    Some(shown)
}
