//! What a `FROM` reads: tables, subqueries, table functions, joins.

use super::data_columns;
use super::hidden::Hidden;
use super::joins::{hide_right, merged_sources, merged_type, shared_names};
use super::names::{as_name, as_reference};
use super::nullability;
use super::operation::FAILS_LATER;
use super::scope::{Env, Merged, Output, OutputColumn, Relation, Scope, ScopeColumn, unique};
use super::{Binder, Schema};
use crate::bound::{Clause, Mark, RelationId, What};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::name::same_name;
use crate::parse::{RelationUse, ast};
use crate::span::Span;
use crate::sql_type::families::never_meet;
use crate::sql_type::{Common, common_type};
use crate::types::Typed;

impl Binder<'_> {
    /// All that a `FROM` makes visible. Later items see earlier ones, as the engine lets them.
    pub(super) fn from(&mut self, items: &[ast::TableExpr], parent: Option<&Env<'_>>) -> Scope {
        let mut scope = Scope {
            id: self.next_scope(),
            ..Scope::default()
        };
        let mark = self.tree.mark();
        let unnamed = std::mem::take(&mut self.unnamed);
        for item in items {
            let found = {
                let env = Env::new(&scope, parent);
                self.table(item, &env)
            };
            self.check_lateral_aggregates(item, &scope, parent);
            scope.append(found);
        }
        self.unnamed = unnamed;
        if let (Some(first), Some(last)) = (items.first(), items.last()) {
            let span = first.span.to(last.span);
            self.tree.close(mark, What::Clause(Clause::From), span);
        }
        scope
    }

    pub(super) fn table(&mut self, table: &ast::TableExpr, env: &Env<'_>) -> Scope {
        if self.depth >= super::MOST_LEVELS {
            self.too_deep(table.span);
            return single(self.unknown_relation(None, table.span));
        }
        self.depth += 1;
        let scope = super::with_stack(|| self.table_kind(table, env));
        self.depth -= 1;
        scope
    }

    fn table_kind(&mut self, table: &ast::TableExpr, env: &Env<'_>) -> Scope {
        let alias = table.alias.as_ref();
        let mark = self.tree.mark();
        let relation = match &table.kind {
            ast::TableKind::Name(name) => {
                let imports = self.relations.len();
                let relation = self.named_table(name, alias.is_some());
                if self.relations.len() > imports {
                    self.check_point_in_time(&table.selection);
                }
                relation
            }
            ast::TableKind::Reference(name) => self.referenced_table(name, alias.is_some()),
            ast::TableKind::File(span) => {
                self.volatile = true;
                self.report(data_columns::file(*span));
                self.unknown_relation(None, *span)
            }
            ast::TableKind::Query { query, .. } => {
                let output = self.query(query, Some(env));
                let name = self.subquery_name(alias.is_some());
                self.derived(mark, output.into_relation(Some(name)), table.span)
            }
            ast::TableKind::Values(values) => {
                let output = self.values(values, Some(env));
                let name = self.subquery_name(alias.is_some());
                self.derived(mark, output.into_relation(Some(name)), table.span)
            }
            ast::TableKind::Function { call, ordinality } => {
                self.table_function(call, *ordinality, alias, env)
            }
            ast::TableKind::Join(join) => {
                let scope = self.join(join, table.span, env);
                if alias.is_none() || forgets_alias(table) {
                    return scope;
                }
                let relation = self.flattened(scope, table.span);
                self.derived(mark, relation, table.span)
            }
            ast::TableKind::Nested(inner) => {
                let scope = self.table(inner, env);
                if alias.is_none() || forgets_alias(inner) {
                    return scope;
                }
                let relation = self.flattened(scope, table.span);
                self.derived(mark, relation, table.span)
            }
            ast::TableKind::Pivot(pivot) => self.pivot_table(pivot, env),
            ast::TableKind::Unpivot(unpivot) => {
                let mut relation = self.unpivot_table(unpivot, env);
                // The engine takes the first of the new names for the columns of values as well.
                let width = unpivot.values.len().max(1);
                let first = relation.columns.len().saturating_sub(width);
                let names = alias.iter().flat_map(|alias| &alias.columns);
                for (column, name) in relation.columns[first..].iter_mut().zip(names) {
                    column.name = Some(name.value.clone());
                }
                relation
            }
        };
        match table.kind {
            ast::TableKind::Function { .. } => self.check_alias_names(&relation, alias),
            _ => self.check_alias_width(&relation, alias),
        }
        let function = matches!(table.kind, ast::TableKind::Function { .. });
        let relation = aliased(relation, alias);
        single(match alias {
            Some(alias) if !function && !alias.columns.is_empty() => with_unique_names(relation),
            _ => relation,
        })
    }

    /// Relations are tables and views of the engine's own, which keep one state.
    fn check_point_in_time(&mut self, selection: &[Span]) {
        let text = |span: &Span| self.input.text.get(span.range()).unwrap_or_default();
        let Some(span) = selection.iter().find(|span| text(span).starts_with('(')) else {
            return;
        };
        let message = "the engine's own tables have no earlier state that `AT` could read";
        self.report(Diagnostic::error(Code::WrongArguments, *span, message));
    }

    /// The name of a subquery without an alias: the second and later ones of a `FROM` are counted.
    fn subquery_name(&mut self, aliased: bool) -> String {
        self.unnamed += u32::from(!aliased);
        match (aliased, self.unnamed) {
            (false, count @ 2..) => format!("unnamed_subquery{count}"),
            _ => "unnamed_subquery".to_owned(),
        }
    }

    /// A relation made of what was written since the mark.
    fn derived(&mut self, mark: Mark, relation: Relation, span: Span) -> Relation {
        let id = self.next_relation();
        self.tree.close(mark, What::Derived { relation: id }, span);
        Relation { id, ..relation }
    }

    /// Writes the use of an import, a member of `WITH` or the model's own table.
    fn read(
        &mut self,
        relation: Relation,
        span: Span,
        what: impl FnOnce(RelationId) -> What,
    ) -> Relation {
        let id = self.next_relation();
        self.tree.leaf(what(id), span);
        Relation { id, ..relation }
    }

    /// `FROM name`: a common table expression, else an import, else a mistake.
    pub(super) fn named_table(&mut self, name: &ast::TableName, aliased: bool) -> Relation {
        let Some(last) = name.parts.last() else {
            return self.unknown_relation(None, name.span);
        };
        // `recurring.t` holds all rows that a recursion `t` has found so far.
        let recurs = name.parts.len() == 2
            && same_name(&name.parts[0].value, "recurring")
            && self.is_in_making(last);
        if name.parts.len() == 1 || recurs {
            if let Some(index) = self
                .common_tables
                .iter()
                .rposition(|table| same_name(&table.name, &last.value))
            {
                let table = &mut self.common_tables[index];
                table.read = true;
                let found = std::mem::take(&mut table.diagnostics);
                let relation = table.output.clone().into_relation(Some(table.name.clone()));
                let member = table.member;
                let place = (name.span.start, name.span.end);
                self.members_read.insert(place, table.place);
                self.diagnostics.extend(found);
                return self.read(relation, name.span, |relation| What::Common {
                    relation,
                    member,
                });
            }
            let key = last.value.to_lowercase();
            if let Some(schema) = self.input.imports.get(&key) {
                let relation = relation_of(schema, &last.value);
                self.use_relation(last.span, key.clone(), aliased);
                return self.read(relation, name.span, |relation| What::Import {
                    relation,
                    alias: key,
                });
            }
        }
        if name.parts.len() == 1 && self.is_in_making(last) {
            self.circular(last);
        } else {
            self.undeclared(name, last);
        }
        self.unknown_relation(Some(last.value.clone()), name.span)
    }

    fn undeclared(&mut self, name: &ast::TableName, last: &ast::Name) {
        let written: Vec<&str> = name.parts.iter().map(|part| part.value.as_str()).collect();
        let key = last.value.to_lowercase();
        let known: Vec<&str> = self
            .common_tables
            .iter()
            .map(|table| table.name.as_str())
            .chain(self.input.imports.keys().map(String::as_str))
            .collect();
        let similar = nearest(&last.value, known.iter().copied());
        let candidates = self.input.candidates.names();
        let near_path = nearest(&key, candidates.keys().map(String::as_str))
            .and_then(|near| candidates.get(near));
        let hint = match (candidates.get(&key), similar) {
            (Some(path), _)
                if path
                    .rsplit('.')
                    .next()
                    .is_some_and(|part| same_name(part, &last.value)) =>
            {
                format!("add `-- @import: {path}` to the header")
            }
            (Some(path), _) => format!("add `-- @import: {} = {path}` to the header", last.value),
            (None, Some(similar)) => format!("did you mean `{similar}`?"),
            (None, None) if near_path.is_some() => {
                let path = near_path.map_or("", String::as_str);
                let stem = path.rsplit('.').next().unwrap_or(path);
                format!("add `-- @import: {path}` to the header if `{stem}` is meant")
            }
            (None, None) => format!("import it in the header: `-- @import: {} = …`", last.value),
        };
        let mut finding = Diagnostic::error(
            Code::UndeclaredTable,
            name.span,
            format!("the table `{}` isn't imported", written.join(".")),
        )
        .hint(hint);
        if name.parts.len() == 1 && !candidates.contains_key(&key) {
            finding = finding.fix_name(&last.value, last.span, known, as_name);
        }
        self.report(finding);
    }

    /// `FROM :name`
    fn referenced_table(&mut self, name: &ast::Name, aliased: bool) -> Relation {
        let key = name.value.to_lowercase();
        if let Some(schema) = self.input.imports.get(&key) {
            let relation = relation_of(schema, &name.value);
            self.use_relation(name.span, key.clone(), aliased);
            return self.read(relation, name.span, |relation| What::Import {
                relation,
                alias: key,
            });
        }
        if key == "this" {
            self.reads_this = true;
            if let Some(schema) = &self.input.this {
                self.relations.push(RelationUse {
                    span: name.span,
                    name: key,
                    aliased,
                });
                let relation = relation_of(schema, "this");
                return self.read(relation, name.span, |relation| What::This { relation });
            }
            self.report(
                Diagnostic::error(
                    Code::UnknownReference,
                    name.span,
                    "`:this` is read, but the model has no table of its own to read",
                )
                .hint("`:this` is for models with `materialized='incremental'`"),
            );
            return self.unknown_relation(Some("this".to_owned()), name.span);
        }
        let mut finding = if self.input.variables.contains_key(&key) {
            self.variables.insert(key);
            Diagnostic::error(
                Code::UnknownReference,
                name.span,
                format!("`:{}` is a variable, not a relation", name.value),
            )
        } else {
            Diagnostic::error(
                Code::UnknownReference,
                name.span,
                format!("`:{}` is no import", name.value),
            )
        };
        if let Some(similar) = nearest(&name.value, self.input.imports.keys().map(String::as_str)) {
            let candidates = self.input.imports.keys().map(String::as_str);
            finding = finding
                .hint(format!("did you mean `:{similar}`?"))
                .fix_name(&name.value, name.span, candidates, as_reference);
        } else if let Some(path) = self
            .input
            .candidates
            .names()
            .get(&name.value.to_lowercase())
        {
            finding = finding.hint(format!(
                "add `-- @import: {} = {path}` to the header",
                name.value
            ));
        }
        self.report(finding);
        self.unknown_relation(Some(name.value.clone()), name.span)
    }

    fn join(&mut self, join: &ast::Join, span: Span, env: &Env<'_>) -> Scope {
        let mark = self.tree.mark();
        let mut scope = self.table(&join.left, env);
        scope.id = self.next_scope();
        let mut right = {
            let beside = Env::new(&scope, Some(env));
            self.table(&join.right, &beside)
        };
        self.check_lateral_aggregates(&join.right, &scope, Some(env));
        let left_width = scope.relations.len();
        match join.kind {
            ast::JoinKind::Left => right.make_nullable(),
            ast::JoinKind::Right => scope.make_nullable(),
            ast::JoinKind::Full | ast::JoinKind::Positional => {
                scope.make_nullable();
                right.make_nullable();
            }
            ast::JoinKind::Inner
            | ast::JoinKind::Cross
            | ast::JoinKind::Semi
            | ast::JoinKind::Anti => {}
        }
        scope.append(right);
        self.check_lateral(join, &scope);
        // With a side that reads the other one it is no such join to the engine.
        if !self.is_lateral(join, &scope) {
            self.check_correlated_join(join, span, env);
        }
        let using = self.tree.mark();
        match &join.constraint {
            ast::JoinConstraint::None => {}
            ast::JoinConstraint::On(condition) => {
                let both = Env::new(&scope, Some(env));
                self.clause(Clause::On, condition.span, |binder| {
                    binder.condition(condition, &both);
                });
                self.check_join(join, condition, &scope, left_width, env);
                if matches!(join.kind, ast::JoinKind::Inner | ast::JoinKind::Semi) {
                    nullability::narrow(&mut scope, condition);
                }
            }
            ast::JoinConstraint::Using(names) => {
                for name in names {
                    self.merge(
                        &mut scope,
                        left_width,
                        &name.value,
                        Some(name.span),
                        name.span,
                        join.kind,
                    );
                }
            }
            ast::JoinConstraint::Natural => {
                let shared = shared_names(&scope, left_width);
                self.check_natural(&scope, &shared, span);
                for name in shared {
                    self.merge(&mut scope, left_width, &name, None, span, join.kind);
                }
                // What has no name that is known may be shared as well.
                if scope.relations.iter().any(Relation::is_open)
                    && let Some(first) = scope.relations.first_mut()
                {
                    first.open = true;
                }
            }
        }
        if matches!(
            join.constraint,
            ast::JoinConstraint::Using(_) | ast::JoinConstraint::Natural
        ) {
            self.tree.close(using, What::Clause(Clause::Using), span);
        }
        let what = What::Join {
            kind: join.kind,
            asof: join.asof,
        };
        self.tree.close(mark, what, span);
        if matches!(join.kind, ast::JoinKind::Semi | ast::JoinKind::Anti) {
            hide_right(&mut scope, left_width);
        }
        scope
    }

    /// A join in parentheses with an alias: one relation of all its columns.
    fn flattened(&mut self, scope: Scope, span: Span) -> Relation {
        let mut output = Output {
            open: scope.relations.iter().any(|relation| relation.open),
            ..Output::default()
        };
        for (index, relation) in scope.relations.iter().enumerate() {
            for (position, column) in relation.columns.iter().enumerate() {
                let merged = column
                    .name
                    .as_deref()
                    .and_then(|name| scope.merged_into(index, name));
                let (typed, sources) = match merged {
                    Some(merged) if merged.relations.first() != Some(&index) => continue,
                    Some(merged) => (merged.typed.clone(), merged.sources.clone()),
                    None => (column.typed.clone(), vec![relation.source(position)]),
                };
                let node = self.write_output_column(&sources, column.name.as_deref(), span);
                output.columns.push(OutputColumn {
                    name: column.name.clone(),
                    typed,
                    span,
                    node: Some(node),
                });
            }
        }
        output.into_relation(None)
    }

    /// Makes one column of a column on both sides.
    fn merge(
        &mut self,
        scope: &mut Scope,
        left_width: usize,
        name: &str,
        span: Option<Span>,
        whole: Span,
        kind: ast::JoinKind,
    ) {
        let width = scope.relations.len();
        let left = scope.first_with(0..left_width, name);
        let right = scope.first_with(left_width..width, name);
        if let Some(span) = span {
            let reported =
                left.is_none() && self.missing_in_join(scope, 0..left_width, "left", name, span);
            if right.is_none() && !reported {
                self.missing_in_join(scope, left_width..width, "right", name, span);
            }
        }
        let place = span.unwrap_or(whole);
        self.check_shared(scope, 0..left_width, name, place);
        self.check_shared(scope, left_width..width, name, place);
        let (Some((left_index, left_column)), Some((right_index, right_column))) = (left, right)
        else {
            // One side isn't known: a name that may be either is left open.
            let place = span.unwrap_or(nowhere());
            self.tree.leaf(What::Unresolved(name.to_lowercase()), place);
            if let Some(relation) = scope.relations.first_mut() {
                relation.open = true;
            }
            return;
        };
        let right_typed = scope.relations[right_index].columns[right_column]
            .typed
            .clone();
        let left_typed = &scope.relations[left_index].columns[left_column].typed;
        let together = common_type(&left_typed.sql_type, &right_typed.sql_type);
        if kind == ast::JoinKind::Full && together == Common::Incompatible {
            let message = format!(
                "a full join puts `{name}` of both sides into one column, and they are `{}` and `{}`",
                left_typed.sql_type, right_typed.sql_type
            );
            self.report(
                Diagnostic::error(Code::TypeMismatch, place, message)
                    .hint("join with `on` and cast one of them: `x::TYPE`"),
            );
        } else if let Some(span) = span
            && never_meet(&left_typed.sql_type, &right_typed.sql_type)
        {
            let message = format!(
                "`{name}` is `{}` on the left side of the join and `{}` on the right side",
                left_typed.sql_type, right_typed.sql_type
            );
            self.report(
                Diagnostic::warning(Code::TypeMismatch, span, message)
                    .hint("join with `on` and cast one of them: `x::TYPE`")
                    .note(FAILS_LATER),
            );
        }
        let place = span.unwrap_or(nowhere());
        if matches!(kind, ast::JoinKind::Inner | ast::JoinKind::Semi) {
            // Rows match only where both sides have a value.
            scope.relations[left_index].columns[left_column]
                .typed
                .nullable = false;
            scope.relations[right_index].columns[right_column]
                .typed
                .nullable = false;
        }
        let right_source = scope.relations[right_index].source(right_column);
        let whole = |merged: &Merged| {
            let relations = &merged.relations;
            same_name(&merged.name, name)
                && relations.contains(&left_index)
                && relations.contains(&right_index)
        };
        if scope.merged.iter().any(whole) {
            return;
        }
        // What the right side has merged becomes a part of this.
        let of_right = scope.merged.iter().position(|merged| {
            same_name(&merged.name, name)
                && merged.relations.iter().all(|index| *index >= left_width)
        });
        let of_right = of_right.map(|index| scope.merged.remove(index).relations);
        let of_right = of_right.unwrap_or_else(|| vec![right_index]);
        let before = scope.merged.iter_mut().find(|merged| {
            same_name(&merged.name, name)
                && merged.relations.iter().all(|index| *index < left_width)
        });
        if let Some(merged) = before {
            self.write_sources(&merged.sources, name, place);
            self.write_sources(&[right_source], name, place);
            merged.relations.extend(of_right);
            merged.typed = merged_type(&merged.typed, &right_typed, kind);
            merged.typed.nullable &= kind != ast::JoinKind::Inner;
            let left = std::mem::take(&mut merged.sources);
            merged.sources = merged_sources(left, right_source, kind);
            return;
        }
        let left_source = scope.relations[left_index].source(left_column);
        self.write_sources(&[left_source], name, place);
        self.write_sources(&[right_source], name, place);
        let column = &scope.relations[left_index].columns[left_column];
        let merged = Merged {
            name: column.name.clone().unwrap_or_else(|| name.to_owned()),
            typed: merged_type(&column.typed, &right_typed, kind),
            relations: std::iter::once(left_index).chain(of_right).collect(),
            sources: merged_sources(vec![left_source], right_source, kind),
        };
        scope.merged.push(merged);
    }

    /// `USING` names a column that a side doesn't have. Whether it is certain.
    fn missing_in_join(
        &mut self,
        scope: &Scope,
        side: std::ops::Range<usize>,
        word: &str,
        name: &str,
        span: Span,
    ) -> bool {
        let relations = &scope.relations[side];
        let has =
            |relation: &Relation| relation.is_open() || relation.hidden_position(name).is_some();
        if relations.iter().any(has) {
            return false;
        }
        let names: Vec<&str> = relations
            .iter()
            .flat_map(|relation| &relation.columns)
            .filter_map(|column| column.name.as_deref())
            .collect();
        let mut finding = Diagnostic::error(
            Code::UnknownColumn,
            span,
            format!("the {word} side of the join has no column `{name}`"),
        );
        if let Some(similar) = nearest(name, names.iter().copied()) {
            finding = finding
                .hint(format!("did you mean `{similar}`?"))
                .fix_name(name, span, names, as_name);
        }
        self.report(finding);
        true
    }

    /// Runs something whose findings aren't certain enough to be told.
    pub(super) fn quietly<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let count = self.diagnostics.len();
        let value = run(self);
        self.diagnostics.truncate(count);
        value
    }
}

/// The relation of an import or `:this`.
fn relation_of(schema: &Schema, name: &str) -> Relation {
    match &schema.columns {
        None => Relation::unknown(Some(name.to_owned())),
        Some(columns) => Relation {
            name: Some(name.to_owned()),
            columns: columns
                .iter()
                .map(|column| ScopeColumn {
                    name: Some(column.name.clone()),
                    typed: Typed::of(column.sql_type.clone()).nullable_if(column.nullable),
                })
                .collect(),
            hidden: match schema.is_view {
                true => Hidden::Nothing,
                false => Hidden::Rows,
            },
            ..Relation::default()
        },
    }
}

fn single(relation: Relation) -> Scope {
    Scope {
        id: 0,
        relations: vec![relation],
        merged: Vec::new(),
    }
}

fn aliased(mut relation: Relation, alias: Option<&ast::TableAlias>) -> Relation {
    if let Some(alias) = alias {
        relation.name = Some(alias.name.value.clone());
        relation.aliased = true;
        if relation.open && relation.columns.is_empty() {
            // The first columns get these names; what type they have isn't known.
            relation.columns = alias
                .columns
                .iter()
                .map(|name| ScopeColumn {
                    name: Some(name.value.clone()),
                    typed: Typed::unknown(),
                })
                .collect();
        }
        for (column, name) in relation.columns.iter_mut().zip(&alias.columns) {
            column.name = Some(name.value.clone());
        }
    }
    relation
}

/// The engine tells columns of one name apart where an alias names them.
fn with_unique_names(mut relation: Relation) -> Relation {
    let mut taken = Vec::new();
    for column in &mut relation.columns {
        column.name = column.name.take().map(|name| unique(name, &mut taken));
    }
    relation
}

/// Whether the engine drops an alias behind a join, so that its tables stay visible: it does if the
/// join has a `USING` (`Transformer::TransformJoin`).
fn forgets_alias(table: &ast::TableExpr) -> bool {
    match &table.kind {
        ast::TableKind::Nested(inner) if inner.alias.is_none() => forgets_alias(inner),
        ast::TableKind::Join(join) => matches!(join.constraint, ast::JoinConstraint::Using(_)),
        _ => false,
    }
}

fn nowhere() -> Span {
    Span::new(crate::span::FileId(0), 0, 0)
}
