//! What may not be said of a star.
//!
//! Source: `Transformer::TransformStarExpression` and `StarExpression` of DuckDB.

use super::Binder;
use super::grouping::walk;
use super::names::as_name;
use super::scope::{Env, Output, Scope, ScopeColumn};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::name::same_name;
use crate::parse::ast::{self, ExprKind};
use crate::span::Span;

impl Binder<'_> {
    /// Checks a star in a select list and the names in its changes. `open` says whether it may
    /// have columns that aren't known.
    pub(super) fn check_star(&mut self, star: &ast::Star, span: Span, env: &Env<'_>, open: bool) {
        if env.scope.relations.is_empty() {
            let message = "a star needs a `FROM`";
            self.report(Diagnostic::error(Code::InvalidStar, span, message));
            return;
        }
        self.check_changed_once(star);
        if let Some((_, pattern)) = &star.pattern {
            self.check_star_pattern(pattern);
        }
        if star.pattern.is_some() && (!star.replace.is_empty() || !star.rename.is_empty()) {
            let message = "a star that is filtered by a pattern can't replace or rename columns";
            self.report(Diagnostic::error(Code::InvalidStar, span, message));
        }
        if !open {
            self.check_changed(star, env);
            self.check_same_alias(star, span, env.scope);
        }
    }

    /// What a star is filtered by is a text.
    pub(super) fn check_star_pattern(&mut self, pattern: &ast::Expr) {
        let message = match &super::deep::without_parentheses(pattern).kind {
            ExprKind::Literal(ast::Literal::Text(_)) => return,
            ExprKind::Literal(ast::Literal::Null) => "no column is chosen by a null",
            _ => "a star is filtered by a text that is written out",
        };
        self.report(Diagnostic::error(Code::InvalidStar, pattern.span, message));
    }

    /// A column is changed once.
    fn check_changed_once(&mut self, star: &ast::Star) {
        let mut seen: Vec<(&[ast::Name], &str)> = Vec::new();
        let excluded = star.exclude.iter().map(|name| (name.as_slice(), "EXCLUDE"));
        let replaced = star
            .replace
            .iter()
            .map(|(_, name)| (std::slice::from_ref(name), "REPLACE"));
        let renamed = star
            .rename
            .iter()
            .map(|(name, _)| (name.as_slice(), "RENAME"));
        for (name, clause) in excluded.chain(replaced).chain(renamed) {
            let Some(last) = name.last() else { continue };
            if let Some((_, before)) = seen.iter().find(|(own, _)| may_be_one(own, name)) {
                let message = match *before == clause {
                    true => format!("`{}` stands twice in `{clause}`", last.value),
                    false => format!("`{}` stands in `{before}` and in `{clause}`", last.value),
                };
                self.report(Diagnostic::error(Code::DuplicateName, last.span, message));
            }
            seen.push((name, clause));
        }
    }

    /// `EXCLUDE` and `REPLACE` name columns that the star has.
    fn check_changed(&mut self, star: &ast::Star, env: &Env<'_>) {
        let relations: Vec<_> = match star.qualifier.last() {
            None => env.scope.relations.iter().collect(),
            Some(qualifier) => {
                let all = env.scope.relations.iter();
                all.filter(|relation| relation.is_named(&qualifier.value))
                    .collect()
            }
        };
        if relations.is_empty() {
            return;
        }
        let all: Vec<String> = relations
            .iter()
            .flat_map(|relation| &relation.columns)
            .filter_map(|column| column.name.clone())
            .collect();
        let replaced = star
            .replace
            .iter()
            .map(|(_, name)| std::slice::from_ref(name));
        for name in star.exclude.iter().map(Vec::as_slice).chain(replaced) {
            let (found, last) = match name {
                [only] => (all.iter().any(|own| same_name(own, &only.value)), only),
                [table, column] => {
                    let has = relations.iter().any(|relation| {
                        relation.is_named(&table.value)
                            && relation.position(&column.value).is_some()
                    });
                    (has, column)
                }
                _ => continue,
            };
            if found {
                continue;
            }
            let mut finding = Diagnostic::error(
                Code::UnknownColumn,
                last.span,
                format!("there is no column `{}` in the star", last.value),
            );
            if let Some(similar) = nearest(&last.value, all.iter().map(String::as_str)) {
                let candidates = all.iter().map(String::as_str);
                finding = finding.hint(format!("did you mean `{similar}`?")).fix_name(
                    &last.value,
                    last.span,
                    candidates,
                    as_name,
                );
            }
            self.report(finding);
        }
    }

    /// Two relations of one name can't both be expanded if a column is in both.
    fn check_same_alias(&mut self, star: &ast::Star, span: Span, scope: &Scope) {
        let relations = &scope.relations;
        for (index, left) in relations.iter().enumerate() {
            let Some(name) = left.name.as_deref() else {
                continue;
            };
            if name == "unnamed_subquery"
                || star
                    .qualifier
                    .last()
                    .is_some_and(|own| !same_name(&own.value, name))
            {
                continue;
            }
            let clashes = relations[index + 1..].iter().any(|right| {
                let shares = |column: &ScopeColumn| {
                    let own = column.name.as_deref();
                    own.is_some_and(|own| {
                        right.position(own).is_some() && !scope.merges(index, right, own)
                    })
                };
                right.is_named(name)
                    && (!star.qualifier.is_empty() || left.columns.iter().any(shares))
            });
            if clashes {
                let message = format!("two tables of the query are named `{name}`");
                let finding = Diagnostic::error(Code::DuplicateName, span, message);
                self.report(finding.hint("give one of them an alias of its own: `AS alias`"));
                return;
            }
        }
    }

    /// Checks a star that is the key of an order: what it changes, and that its table is there.
    pub(super) fn check_changed_star(&mut self, expr: &ast::Expr, env: &Env<'_>) {
        if let ExprKind::Star(star) = &expr.kind
            && star.pattern.is_none()
        {
            self.unwritten(|binder| binder.expanded(star, expr.span, env));
        }
    }

    /// `*COLUMNS(…)` is no expression by itself.
    pub(super) fn check_lone_columns(&mut self, expr: &ast::Expr) {
        if is_unpacked(expr) {
            let message = "`*columns(…)` can't stand alone: write `columns(…)`";
            self.report(Diagnostic::error(Code::InvalidStar, expr.span, message));
        }
    }

    /// Checks that something is selected, and that stars stand alone.
    pub(super) fn check_stars(&mut self, select: &ast::Select, scope: &Scope, output: &Output) {
        if output.columns.is_empty()
            && !output.open
            && let (Some(first), Some(last)) = (select.items.first(), select.items.last())
        {
            let message = "nothing is left to select";
            let span = first.span.to(last.span);
            self.report(Diagnostic::error(Code::InvalidStar, span, message));
        }
        let clauses = [&select.filter, &select.having, &select.qualify];
        let exprs =
            (select.items.iter().map(|item| &item.expr)).chain(clauses.into_iter().flatten());
        for item in &select.items {
            self.check_lone_columns(&item.expr);
        }
        let mut conditions = Vec::new();
        if let Some(filter) = &select.filter {
            conjuncts(filter, &mut conditions);
        }
        for star in conditions.iter().filter(|condition| is_star(condition)) {
            let message = "a star is no condition";
            let finding = Diagnostic::error(Code::InvalidStar, star.span, message);
            self.report(finding.hint("`columns(*)` repeats a condition for each column"));
        }
        let other = [&select.having, &select.qualify].into_iter().flatten();
        let keys = match &select.distinct {
            Some(ast::Distinct::On(keys)) => keys.as_slice(),
            _ => &[],
        };
        let env = Env::new(scope, None);
        for expr in exprs.clone().chain(keys) {
            self.check_choice(expr, &env);
        }
        for expr in (select.items.iter().map(|item| &item.expr)).chain(other) {
            self.check_columns(expr, scope);
        }
        // Each of the conditions that `AND` joins has columns of its own.
        for condition in conditions.iter().copied() {
            self.check_columns(condition, scope);
        }
        for expr in exprs.chain(keys) {
            self.check_star_places(expr);
        }
        for condition in &conditions {
            self.check_lone_columns(condition);
            self.check_repeated(condition, &env);
        }
        for key in keys {
            self.check_lone_columns(key);
            self.check_columns(key, scope);
            self.check_changed_star(key, &env);
            self.check_repeated(key, &env);
        }
        for (clause, expr) in [("`HAVING`", &select.having), ("`QUALIFY`", &select.qualify)] {
            if let Some(expr) = expr {
                self.check_no_columns(expr, clause);
            }
        }
        for key in super::deep::group_keys(select) {
            let item = self.meaning(key, select);
            if item.is_none_or(|item| std::ptr::eq(item, key)) {
                self.check_no_columns(key, "`GROUP BY`");
            }
        }
    }
}

impl Binder<'_> {
    /// `COLUMNS(…)`: not in another, and all in one expression are the same.
    pub(super) fn check_columns(&mut self, expr: &ast::Expr, scope: &Scope) {
        let mut all: Vec<&ast::Expr> = Vec::new();
        let mut unpacking = Vec::new();
        walk(expr, &mut |part| {
            if let ExprKind::Columns { .. } = &part.kind {
                all.push(part);
            }
            unpacking.extend(unpacked_by_name(part));
            true
        });
        for part in &all {
            let ExprKind::Columns { selector, .. } = &part.kind else {
                continue;
            };
            let mut inner = None;
            walk(selector, &mut |within| {
                if let ExprKind::Columns { .. } = within.kind {
                    inner = inner.or(Some(within.span));
                }
                inner.is_none()
            });
            if let Some(span) = inner {
                let message = "`columns(…)` can't stand in another `columns(…)`";
                self.report(Diagnostic::error(Code::InvalidStar, span, message));
            }
            if let ExprKind::Star(star) = &selector.kind
                && !scope.relations.iter().any(|relation| relation.is_open())
            {
                self.check_changed(star, &Env::new(scope, None));
                if star.qualifier.is_empty() && leaves_nothing(star, scope) {
                    let message = "no column is left for `columns(…)`";
                    self.report(Diagnostic::error(Code::InvalidStar, part.span, message));
                }
            }
        }
        let texts: Vec<String> = all.iter().map(|part| self.selector_text(part)).collect();
        if let Some(index) = texts.iter().position(|text| *text != texts[0]) {
            let message = "all `columns(…)` of one expression must be the same";
            let span = all[index].span;
            self.report(Diagnostic::error(Code::InvalidStar, span, message));
        }
        for span in unpacking {
            let message = "`unpack` takes a `columns(…)`";
            self.report(Diagnostic::error(Code::InvalidStar, span, message));
        }
    }

    fn selector_text(&self, columns: &ast::Expr) -> String {
        match &columns.kind {
            ExprKind::Columns { selector, .. } => self.plain_text(selector.span),
            _ => String::new(),
        }
    }
}

/// Whether a star excludes every column of what is read.
fn leaves_nothing(star: &ast::Star, scope: &Scope) -> bool {
    let excluded = |name: &str| {
        let mut names = star.exclude.iter().filter_map(|parts| parts.last());
        names.any(|own| same_name(&own.value, name))
    };
    let mut columns = scope
        .relations
        .iter()
        .flat_map(|relation| &relation.columns);
    !scope.relations.is_empty()
        && columns.all(|column| column.name.as_deref().is_some_and(excluded))
}

fn is_unpacked(expr: &ast::Expr) -> bool {
    super::star_places::is_unpacking(expr)
}

/// Where `unpack(…)` is given something without columns.
fn unpacked_by_name(expr: &ast::Expr) -> Option<Span> {
    let function = super::placement::function_of(expr)?;
    let name = function.name.last()?;
    if !name.value.eq_ignore_ascii_case("unpack") {
        return None;
    }
    let mut columns = false;
    for argument in &function.arguments {
        walk(&argument.value, &mut |part| {
            columns |= matches!(part.kind, ExprKind::Columns { .. } | ExprKind::Star(_));
            !columns
        });
    }
    (!columns).then_some(expr.span)
}

fn is_star(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Star(star) => star.pattern.is_none(),
        ExprKind::Nested(inner) => is_star(inner),
        _ => false,
    }
}

/// The conditions that `AND` joins.
fn conjuncts<'a>(expr: &'a ast::Expr, found: &mut Vec<&'a ast::Expr>) {
    match &expr.kind {
        ExprKind::Nested(inner) => conjuncts(inner, found),
        ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } if operator == "and" => super::with_stack(|| {
            conjuncts(left, found);
            conjuncts(right, found);
        }),
        _ => found.push(expr),
    }
}

/// Whether two names of columns are one to the engine: qualifiers count where both have them.
fn may_be_one(left: &[ast::Name], right: &[ast::Name]) -> bool {
    let pairs = left.iter().rev().zip(right.iter().rev());
    pairs
        .into_iter()
        .all(|(left, right)| same_name(&left.value, &right.value))
}
