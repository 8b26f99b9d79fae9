//! `*`, `t.*` and what is done to it.

use super::Binder;
use super::scope::{Env, Output, OutputColumn};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::name::same_name;
use crate::parse::ast;
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::types::Typed;

struct Expanded {
    relation: usize,
    column: OutputColumn,
}

impl Binder<'_> {
    /// Puts a star's columns behind the output.
    pub(super) fn star(
        &mut self,
        star: &ast::Star,
        span: Span,
        env: &Env<'_>,
        output: &mut Output,
    ) {
        if let Some((_, pattern)) = &star.pattern {
            self.quietly(|binder| binder.expression(pattern, env));
            output.open = true;
            return;
        }
        let Some((mut columns, open)) = self.starred(star, span, env) else {
            output.open = true;
            return;
        };
        output.open |= open;
        columns.retain(|expanded| !star.exclude.iter().any(|name| names(name, expanded, env)));
        self.check_excluded(star, env, open);
        for (replacement, name) in &star.replace {
            let typed = self.expression(replacement, env).as_value();
            for expanded in &mut columns {
                if expanded
                    .column
                    .name
                    .as_deref()
                    .is_some_and(|own| same_name(own, &name.value))
                {
                    expanded.column.typed = typed.clone();
                }
            }
        }
        for (old, new) in &star.rename {
            for expanded in &mut columns {
                if names(old, expanded, env) {
                    expanded.column.name = Some(new.value.clone());
                }
            }
        }
        output
            .columns
            .extend(columns.into_iter().map(|expanded| expanded.column));
    }

    fn starred(
        &mut self,
        star: &ast::Star,
        span: Span,
        env: &Env<'_>,
    ) -> Option<(Vec<Expanded>, bool)> {
        let Some(qualifier) = star.qualifier.last() else {
            return Some(all(env, None, span));
        };
        if let Some(index) = env
            .scope
            .relations
            .iter()
            .position(|relation| relation.is_named(&qualifier.value))
        {
            return Some(all(env, Some(index), span));
        }
        let typed = self.quietly(|binder| binder.name_expression(&star.qualifier, span, env));
        match typed.sql_type {
            SqlType::Struct(fields) => {
                let columns = fields
                    .into_iter()
                    .map(|(name, field)| Expanded {
                        relation: usize::MAX,
                        column: OutputColumn {
                            name: (!name.is_empty()).then_some(name),
                            typed: Typed::of(field),
                            span,
                        },
                    })
                    .collect();
                Some((columns, false))
            }
            SqlType::Unknown if self.may_be_unknown(&star.qualifier, env) => None,
            _ => {
                self.unknown_qualifier(qualifier, env);
                None
            }
        }
    }

    /// Whether a star's qualifier may mean something that isn't known.
    fn may_be_unknown(&self, qualifier: &[ast::Name], env: &Env<'_>) -> bool {
        qualifier.len() > 1
            || env.outwards().any(|env| {
                env.scope
                    .relations
                    .iter()
                    .any(|relation| relation.name.is_none() && relation.is_open())
            })
            || qualifier.iter().any(|name| {
                matches!(
                    env.find(&name.value),
                    super::scope::Found::Open
                        | super::scope::Found::Column(..)
                        | super::scope::Found::Alias(_)
                )
            })
            || env.relation(&qualifier[0].value).is_some()
    }

    fn check_excluded(&mut self, star: &ast::Star, env: &Env<'_>, open: bool) {
        if open || !star.qualifier.is_empty() {
            return;
        }
        let all: Vec<String> = env
            .scope
            .relations
            .iter()
            .flat_map(|relation| &relation.columns)
            .filter_map(|column| column.name.clone())
            .collect();
        let renamed = star.rename.iter().map(|(old, _)| old);
        for name in star
            .exclude
            .iter()
            .chain(renamed)
            .filter(|name| name.len() == 1)
        {
            let name = &name[0];
            if all.iter().any(|own| same_name(own, &name.value)) || all.is_empty() {
                continue;
            }
            let mut finding = Diagnostic::error(
                Code::UnknownColumn,
                name.span,
                format!("there is no column `{}` in the star", name.value),
            );
            if let Some(similar) = nearest(&name.value, all.iter().map(String::as_str)) {
                finding = finding.hint(format!("did you mean `{similar}`?"));
            }
            self.report(finding);
        }
    }
}

fn names(name: &[ast::Name], expanded: &Expanded, env: &Env<'_>) -> bool {
    let Some((last, qualifiers)) = name.split_last() else {
        return false;
    };
    let matches = expanded
        .column
        .name
        .as_deref()
        .is_some_and(|own| same_name(own, &last.value));
    matches
        && qualifiers.last().is_none_or(|qualifier| {
            env.scope
                .relations
                .get(expanded.relation)
                .is_some_and(|relation| relation.is_named(&qualifier.value))
        })
}

/// The columns of all relations or of one. A merged column stands once, where its first is.
fn all(env: &Env<'_>, only: Option<usize>, span: Span) -> (Vec<Expanded>, bool) {
    let mut columns = Vec::new();
    let mut open = false;
    for (index, relation) in env.scope.relations.iter().enumerate() {
        if only.is_some_and(|only| only != index) {
            continue;
        }
        open |= relation.open;
        for column in &relation.columns {
            let merged = match only {
                Some(_) => None,
                None => column
                    .name
                    .as_deref()
                    .and_then(|name| env.scope.merged_into(index, name)),
            };
            let typed = match merged {
                Some(merged) if merged.relations.first() != Some(&index) => continue,
                Some(merged) => merged.typed.clone(),
                None => column.typed.clone(),
            };
            columns.push(Expanded {
                relation: index,
                column: OutputColumn {
                    name: column.name.clone(),
                    typed,
                    span,
                },
            });
        }
    }
    (columns, open)
}
