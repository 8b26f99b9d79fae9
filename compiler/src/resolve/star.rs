//! `*`, `t.*` and what is done to it.

use super::Binder;
use super::scope::{Env, Found, Merged, Output, OutputColumn};
use crate::bound::{RelationId, What};
use crate::diagnostic::{Code, Diagnostic};
use crate::name::same_name;
use crate::parse::ast;
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::types::Typed;

pub(super) struct Expanded {
    relation: usize,
    pub column: OutputColumn,
    /// Where its value comes from.
    pub sources: Vec<(RelationId, u32)>,
    /// The name that `REPLACE` knows it by.
    pub replaced_as: Option<String>,
    /// The field of `sources` that it is, for a star over a struct.
    pub field: Option<String>,
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
            let text = self.plain_text(span);
            self.quietly(|binder| binder.expression(pattern, env));
            let open = env
                .scope
                .relations
                .iter()
                .any(|relation| relation.is_open());
            self.check_star(star, span, env, open);
            self.tree.leaf(What::Opaque(text), span);
            output.open = true;
            return;
        }
        let Some((columns, open)) = self.expanded(star, span, env) else {
            let text = self.plain_text(span);
            self.tree.leaf(What::Opaque(text), span);
            output.open = true;
            return;
        };
        output.open |= open;
        let mut replaced = vec![false; star.replace.len()];
        for expanded in columns {
            let column = self.starred_column(star, expanded, &mut replaced, env);
            output.columns.push(column);
        }
        for ((replacement, _), _) in (star.replace.iter().zip(replaced)).filter(|(_, done)| !done) {
            self.unwritten(|binder| binder.expression(replacement, env));
        }
    }

    /// The columns of a star without those that it excludes, under their new names; whether there
    /// may be others. `None` if nothing is known.
    pub(super) fn expanded(
        &mut self,
        star: &ast::Star,
        span: Span,
        env: &Env<'_>,
    ) -> Option<(Vec<Expanded>, bool)> {
        let (mut columns, open) = self.starred(star, span, env)?;
        // Those of tables are left out already.
        columns.retain(|expanded| {
            let mut excluded = star.exclude.iter();
            expanded.field.is_none() || !excluded.any(|name| names(name, expanded, env))
        });
        self.check_star(star, span, env, open);
        for (old, new) in &star.rename {
            for expanded in &mut columns {
                if names(old, expanded, env) {
                    expanded.column.name = Some(new.value.clone());
                }
            }
        }
        Some((columns, open))
    }

    /// Writes one column of a star, or what replaces it.
    fn starred_column(
        &mut self,
        star: &ast::Star,
        expanded: Expanded,
        replaced: &mut [bool],
        env: &Env<'_>,
    ) -> OutputColumn {
        let mut column = expanded.column;
        let mark = self.tree.mark();
        let mut typed = None;
        for (index, (replacement, name)) in star.replace.iter().enumerate() {
            let own = expanded.replaced_as.as_deref();
            if own.is_some_and(|own| same_name(own, &name.value)) {
                self.tree.take_back(mark);
                let value = match replaced[index] {
                    // Two columns of one name: what is wrong in it was told.
                    true => self.quietly(|binder| binder.expression(replacement, env)),
                    false => self.expression(replacement, env),
                };
                typed = Some(value.as_value());
                // The engine takes the spelling that stands here.
                column.name = Some(name.value.clone());
                replaced[index] = true;
            }
        }
        match typed {
            Some(typed) => column.typed = typed,
            None => {
                let name = column.name.as_deref().unwrap_or_default();
                self.write_sources(&expanded.sources, name, column.span);
                if let Some(field) = expanded.field {
                    let what = What::Operation(format!("field {}", field.to_lowercase()));
                    self.tree.close(mark, what, column.span);
                }
            }
        }
        let name = column.name.clone();
        column.node = Some(self.tree.close(mark, What::Output { name }, column.span));
        column
    }

    fn starred(
        &mut self,
        star: &ast::Star,
        span: Span,
        env: &Env<'_>,
    ) -> Option<(Vec<Expanded>, bool)> {
        let Some(qualifier) = star.qualifier.last() else {
            return Some(all(env, None, star, span));
        };
        if let Some(index) = env
            .scope
            .relations
            .iter()
            .position(|relation| relation.is_named(&qualifier.value))
        {
            if env.scope.relations[index].twice {
                self.ambiguous(qualifier, &[]);
                return None;
            }
            return Some(all(env, Some(index), star, span));
        }
        if env.scope.relations.is_empty() {
            let message = "a star needs a `FROM`";
            self.report(Diagnostic::error(Code::InvalidStar, span, message));
            return None;
        }
        let own = Env {
            parent: None,
            aliases: &[],
            parameters: &[],
            ..*env
        };
        let typed = self.unwritten(|binder| {
            binder.quietly(|binder| binder.name_expression(&star.qualifier, span, &own))
        });
        let whole = self.struct_sources(qualifier, env);
        match typed.sql_type {
            SqlType::Struct(fields) => {
                self.check_fields_changed(star, &fields);
                let columns = fields
                    .into_iter()
                    .map(|(name, field)| Expanded {
                        relation: usize::MAX,
                        sources: whole.clone(),
                        replaced_as: Some(name.clone()),
                        field: Some(name.clone()),
                        column: OutputColumn {
                            name: (!name.is_empty()).then_some(name),
                            typed: Typed::of(field),
                            span,
                            node: None,
                        },
                    })
                    .collect();
                Some((columns, false))
            }
            SqlType::Unknown if self.may_be_unknown(&star.qualifier, &own) => None,
            _ => {
                self.unknown_qualifier(qualifier, env);
                None
            }
        }
    }

    /// `EXCLUDE` and `REPLACE` name fields that a struct has.
    fn check_fields_changed(&mut self, star: &ast::Star, fields: &[(String, SqlType)]) {
        let excluded = star
            .exclude
            .iter()
            .filter_map(|name| match name.as_slice() {
                [only] => Some(only),
                _ => None,
            });
        for name in excluded.chain(star.replace.iter().map(|(_, name)| name)) {
            if !fields.iter().any(|(own, _)| same_name(own, &name.value)) {
                let message = format!("there is no column `{}` in the star", name.value);
                self.report(Diagnostic::error(Code::UnknownColumn, name.span, message));
            }
        }
    }

    /// The column that holds the struct whose fields a star gives.
    fn struct_sources(&self, column: &ast::Name, env: &Env<'_>) -> Vec<(RelationId, u32)> {
        match env.find(&column.value) {
            Found::Column(id, _, _) => env
                .outwards()
                .find(|env| env.scope.id == id.scope)
                .map_or(Vec::new(), |env| env.scope.sources(id)),
            _ => Vec::new(),
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
                    Found::Open | Found::Column(..) | Found::Alias(..)
                )
            })
            || env.relation(&qualifier[0].value).is_some()
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

/// The columns of all relations or of one, without those that the star excludes. A merged column stands
/// once, where the first is that isn't excluded.
fn all(env: &Env<'_>, only: Option<usize>, star: &ast::Star, span: Span) -> (Vec<Expanded>, bool) {
    let mut columns = Vec::new();
    let mut shown: Vec<&Merged> = Vec::new();
    let mut taken: Vec<usize> = Vec::new();
    let mut open = false;
    for (index, relation) in env.scope.relations.iter().enumerate() {
        if only.is_some_and(|only| only != index) {
            continue;
        }
        open |= relation.open;
        for (position, column) in relation.columns.iter().enumerate() {
            let merged = match only {
                Some(_) => None,
                None => column
                    .name
                    .as_deref()
                    .and_then(|name| env.scope.merged_into(index, name)),
            };
            let (typed, sources) = match merged {
                Some(merged) => (merged.typed.clone(), merged.sources.clone()),
                None => (column.typed.clone(), vec![relation.source(position)]),
            };
            let expanded = Expanded {
                relation: index,
                sources,
                replaced_as: column.name.clone(),
                field: None,
                column: OutputColumn {
                    name: column.name.clone(),
                    typed,
                    span,
                    node: None,
                },
            };
            if star.exclude.iter().any(|name| names(name, &expanded, env)) {
                continue;
            }
            if let Some(replaced) = replaced_by(star, &expanded) {
                // Of several columns of one name only the first is there still.
                if taken.contains(&replaced) {
                    continue;
                }
                taken.push(replaced);
            }
            if let Some(merged) = merged {
                if shown.iter().any(|other| std::ptr::eq(*other, merged)) {
                    continue;
                }
                shown.push(merged);
            }
            columns.push(expanded);
        }
    }
    (columns, open)
}

/// Which of a star's replacements stands in the place of a column.
fn replaced_by(star: &ast::Star, expanded: &Expanded) -> Option<usize> {
    let own = expanded.replaced_as.as_deref()?;
    let mut names = star.replace.iter().map(|(_, name)| name);
    names.position(|name| same_name(&name.value, own))
}

/// Whether an expression is a star that leaves columns out or has others in their place.
pub(super) fn is_changed(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ast::ExprKind::Star(star) => !star.exclude.is_empty() || !star.replace.is_empty(),
        _ => false,
    }
}

/// A star without changes.
pub(super) fn plain() -> ast::Star {
    ast::Star {
        qualifier: Vec::new(),
        exclude: Vec::new(),
        replace: Vec::new(),
        rename: Vec::new(),
        pattern: None,
    }
}
