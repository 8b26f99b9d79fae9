//! `COLUMNS(…)`, `*COLUMNS(…)` and `* LIKE '…'`: one item that stands for several.
//!
//! Source: `Binder::ExpandStarExpression` of DuckDB 1.5.5: the item is bound once for each column
//! that the selector picks, or, behind a star, all of them stand side by side as arguments.

use super::Binder;
use super::name_test::{holds, passes, regular};
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
    field: Option<String>,
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
            for column in choice.columns {
                let name = match &item.alias {
                    Some(alias) => alias_of(&alias.value, &column.name, choice.pattern.as_ref()),
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

    /// Binds a condition once for each column that `COLUMNS(…)` stands for in it: all must hold.
    /// What is wrong with one of them is enough, and nothing is written.
    pub(super) fn check_chosen_condition(&mut self, condition: &ast::Expr, env: &Env<'_>) {
        let Some(found) = selector(condition).filter(|found| !found.unpacked) else {
            return;
        };
        let Some(choice) = self.choice(&found, condition.span, env) else {
            return;
        };
        let before = self.chosen.take();
        let told = self.diagnostics.len();
        for column in choice.columns {
            self.chosen = Some(vec![column]);
            self.unwritten(|binder| binder.expression(condition, env));
            if self.diagnostics.len() > told {
                break;
            }
        }
        self.chosen = before;
    }

    /// The columns that an item stands for, if it is a star or a `COLUMNS(…)` by itself; within,
    /// `None` if nobody knows them.
    pub(super) fn chosen_of(
        &mut self,
        item: &ast::SelectItem,
        env: &Env<'_>,
    ) -> Option<Option<Vec<Chosen>>> {
        let found = match &item.expr.kind {
            ExprKind::Star(star) if star.pattern.is_none() => Selector {
                qualifier: Vec::new(),
                star: Some(star),
                picks: Picks::All,
                unpacked: false,
            },
            ExprKind::Star(_) | ExprKind::Columns { .. } | ExprKind::Like { .. } => {
                selector(&item.expr)?
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
        let Some(found) = selector(expr) else { return };
        let mut report = |code, message: String| {
            self.report(Diagnostic::error(code, expr.span, message));
        };
        match &found.picks {
            Picks::Regular(pattern) => {
                if let Some(message) = fault(pattern) {
                    return report(Code::InvalidStar, message);
                }
            }
            Picks::Unknown if is_no_selector(expr) => {
                let message = "columns are chosen by a pattern, a list of names or a lambda";
                return report(Code::InvalidStar, message.to_owned());
            }
            _ => {}
        }
        let plain = ast::Star {
            qualifier: found.qualifier.clone(),
            ..super::star::plain()
        };
        let star = found.star.unwrap_or(&plain);
        let expanded =
            self.unwritten(|binder| binder.quietly(|binder| binder.expanded(star, expr.span, env)));
        let Some((expanded, false)) = expanded else {
            return;
        };
        let names: Option<Vec<String>> = expanded
            .into_iter()
            .map(|expanded| chosen(expanded).map(|column| column.name))
            .collect();
        let Some(names) = names.filter(|names| !names.is_empty()) else {
            return;
        };
        let missing = match &found.picks {
            Picks::Names(wanted) => wanted
                .iter()
                .find(|wanted| !names.iter().any(|name| same_name(name, wanted)))
                .map(|wanted| format!("there is no column `{wanted}` to choose")),
            picks => match picks.of(names.iter().map(String::as_str)) {
                Some((picked, _)) if !picked.contains(&true) => {
                    Some("no column is chosen by this".to_owned())
                }
                _ => None,
            },
        };
        if let Some(message) = missing {
            self.report(Diagnostic::error(Code::UnknownColumn, expr.span, message));
        }
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
        let names = all.iter().map(|column| column.name.as_str());
        let (picked, pattern) = found.picks.of(names)?;
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

/// How names are picked.
enum Picks<'a> {
    All,
    /// A part of the name is matched.
    Regular(&'a str),
    Names(Vec<&'a str>),
    Condition {
        parameter: &'a str,
        condition: &'a ast::Expr,
    },
    Pattern {
        operator: &'a str,
        pattern: &'a str,
        escape: Option<char>,
        negated: bool,
    },
    Unknown,
}

impl Picks<'_> {
    fn of<'n>(&self, names: impl Iterator<Item = &'n str>) -> Option<(Vec<bool>, Option<Regex>)> {
        let names: Vec<&str> = names.collect();
        let each = |test: &dyn Fn(&str) -> Option<bool>| -> Option<Vec<bool>> {
            names.iter().map(|name| test(name)).collect()
        };
        let picked = match self {
            Picks::All => each(&|_| Some(true)),
            Picks::Regular(pattern) => {
                let pattern = regular(pattern, false)?;
                let picked = each(&|name| name.is_ascii().then(|| pattern.is_match(name)))?;
                return Some((picked, Some(pattern)));
            }
            Picks::Names(wanted) => {
                each(&|name| Some(wanted.iter().any(|wanted| same_name(wanted, name))))
            }
            Picks::Condition {
                parameter,
                condition,
            } => each(&|name| holds(condition, parameter, name)),
            Picks::Pattern {
                operator,
                pattern,
                escape,
                negated,
            } => each(&|name| {
                passes(name, operator, pattern, *escape).map(|passed| passed != *negated)
            }),
            Picks::Unknown => None,
        };
        Some((picked?, None))
    }
}

/// Whether the selector of a `COLUMNS(…)` is a constant that chooses nothing.
fn is_no_selector(expr: &ast::Expr) -> bool {
    let mut found = false;
    super::grouping::walk(expr, &mut |part| {
        if let ExprKind::Columns { selector, .. } = &part.kind {
            let constant = |expr: &ast::Expr| matches!(&expr.kind, ExprKind::Literal(written) if !matches!(written, Literal::Text(_)));
            found |= constant(selector)
                || matches!(&selector.kind, ExprKind::List(items) if items.iter().any(constant));
            return false;
        }
        true
    });
    found
}

/// Whether an item is `* LIKE '…'` and its like.
fn is_star_pattern(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Star(star) => star.pattern.is_some(),
        ExprKind::Like { operand, .. } => matches!(operand.kind, ExprKind::Star(_)),
        _ => false,
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
    let picks = match &selector.kind {
        ExprKind::Nested(inner) => return picks(inner),
        ExprKind::Star(star) if star.pattern.is_none() => return (Some(star), Picks::All),
        ExprKind::Literal(Literal::Text(pattern)) => Picks::Regular(pattern),
        ExprKind::Name(names) => match names.as_slice() {
            [only] => Picks::Regular(&only.value),
            _ => Picks::Unknown,
        },
        ExprKind::List(items) => match items.iter().map(text).collect::<Option<Vec<&str>>>() {
            Some(names) if !names.is_empty() => Picks::Names(names),
            _ => Picks::Unknown,
        },
        ExprKind::Lambda { parameters, body } => match parameters.as_slice() {
            [only] => Picks::Condition {
                parameter: &only.value,
                condition: body,
            },
            _ => Picks::Unknown,
        },
        ExprKind::Comprehension {
            result,
            variables,
            list,
            condition,
        } => {
            return comprehension(result, variables, list, condition.as_deref());
        }
        _ => Picks::Unknown,
    };
    (None, picks)
}

/// `[x for x in (*) if …]`
fn comprehension<'a>(
    result: &'a ast::Expr,
    variables: &'a [ast::Name],
    list: &'a ast::Expr,
    condition: Option<&'a ast::Expr>,
) -> (Option<&'a ast::Star>, Picks<'a>) {
    let mut inner = list;
    while let ExprKind::Nested(nested) = &inner.kind {
        inner = nested;
    }
    match (variables, &result.kind, &inner.kind, condition) {
        ([parameter], ExprKind::Name(names), ExprKind::Star(star), Some(condition))
            if matches!(names.as_slice(), [only] if same_name(&only.value, &parameter.value))
                && star.pattern.is_none() =>
        {
            (
                Some(star),
                Picks::Condition {
                    parameter: &parameter.value,
                    condition,
                },
            )
        }
        _ => (None, Picks::Unknown),
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
