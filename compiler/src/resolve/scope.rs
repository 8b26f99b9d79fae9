//! Relations, their columns, and how a name finds one.

use super::hidden::Hidden;
use crate::bound::{MemberId, NodeId, RelationId, What};
use crate::diagnostic::Diagnostic;
use crate::name::same_name;
use crate::parse::ast;
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::types::Typed;
use crate::types::rules::field;

/// A column of a query in the making.
#[derive(Clone, Debug)]
pub(super) struct OutputColumn {
    /// Its name; `None` if only the engine knows it.
    pub name: Option<String>,
    pub typed: Typed,
    pub span: Span,
    /// Its node; `None` if several give it.
    pub node: Option<NodeId>,
}

/// The columns of a query.
#[derive(Clone, Debug, Default)]
pub(super) struct Output {
    pub columns: Vec<OutputColumn>,
    /// Whether there may be other columns than these.
    pub open: bool,
    /// The names that further sides of a set operation give, and which column each of them means. A
    /// name is empty where only the engine knows it.
    pub further_names: Vec<(String, usize)>,
}

impl Output {
    /// Nothing is known.
    pub fn unknown() -> Self {
        Output {
            open: true,
            ..Output::default()
        }
    }

    /// Whether these are all columns.
    pub fn is_whole(&self) -> bool {
        !self.open
    }

    /// The same with unique names, as the engine makes them.
    #[must_use]
    pub fn deduplicated(mut self) -> Self {
        let mut taken: Vec<String> = Vec::new();
        for column in &mut self.columns {
            column.name = column.name.take().map(|name| unique(name, &mut taken));
        }
        self
    }

    /// As a relation that another query reads: names are made unique as the engine does it, with
    /// `_1`, `_2` behind.
    pub fn into_relation(self, name: Option<String>) -> Relation {
        let mut taken: Vec<String> = Vec::new();
        let mut columns = Vec::with_capacity(self.columns.len());
        for column in self.columns {
            let name = column.name.map(|name| unique(name, &mut taken));
            columns.push(ScopeColumn {
                name,
                typed: column.typed,
            });
        }
        Relation {
            name,
            columns,
            open: self.open,
            ..Relation::default()
        }
    }
}

pub(super) fn unique(name: String, taken: &mut Vec<String>) -> String {
    let mut candidate = name.clone();
    let mut number = 0;
    while taken.contains(&candidate.to_lowercase()) {
        number += 1;
        candidate = format!("{name}_{number}");
    }
    taken.push(candidate.to_lowercase());
    candidate
}

/// A column that can be named.
#[derive(Clone, Debug)]
pub(super) struct ScopeColumn {
    pub name: Option<String>,
    pub typed: Typed,
}

/// Something in a `FROM`.
#[derive(Clone, Debug, Default)]
pub(super) struct Relation {
    /// Its number in the bound tree, where its columns stand at the same positions.
    pub id: RelationId,
    pub name: Option<String>,
    pub columns: Vec<ScopeColumn>,
    /// Whether there may be other columns than these.
    pub open: bool,
    /// The columns that no star shows.
    pub hidden: Hidden,
    /// Whether its name is an alias, and not that of a table.
    pub aliased: bool,
    /// Whether it is two of one name to the engine, so that the name alone means neither.
    pub twice: bool,
}

impl Relation {
    pub fn unknown(name: Option<String>) -> Self {
        Relation {
            name,
            open: true,
            ..Relation::default()
        }
    }

    pub fn is_named(&self, name: &str) -> bool {
        self.name.as_deref().is_some_and(|own| same_name(own, name))
    }

    /// Whether a name that isn't found may exist after all.
    pub fn is_open(&self) -> bool {
        self.open || self.columns.iter().any(|column| column.name.is_none())
    }

    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| {
            column
                .name
                .as_deref()
                .is_some_and(|own| same_name(own, name))
        })
    }

    /// All of a row as one value.
    pub fn as_struct(&self) -> SqlType {
        if self.is_open() {
            return SqlType::Unknown;
        }
        SqlType::Struct(
            self.columns
                .iter()
                .map(|column| {
                    (
                        column.name.clone().unwrap_or_default(),
                        column.typed.sql_type.clone(),
                    )
                })
                .collect(),
        )
    }

    pub fn make_nullable(&mut self) {
        for column in &mut self.columns {
            column.typed.nullable = true;
        }
    }
}

/// A column that `USING` or `NATURAL` made of several.
#[derive(Clone, Debug)]
pub(super) struct Merged {
    pub name: String,
    pub typed: Typed,
    /// The relations whose column it stands for; the first one's place is its place in a star.
    pub relations: Vec<usize>,
    /// The columns that it is the first of that isn't null.
    pub sources: Vec<(RelationId, u32)>,
}

/// What a `FROM` makes visible.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub id: u32,
    pub relations: Vec<Relation>,
    pub merged: Vec<Merged>,
}

/// Which column a name means: of all scopes, relations and columns of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ColumnId {
    pub scope: u32,
    /// The relation; `None` for a merged column.
    pub relation: Option<usize>,
    pub column: usize,
}

/// A name that the select list gives.
#[derive(Clone, Debug)]
pub(super) struct Alias {
    pub name: String,
    pub typed: Typed,
    /// What its use is in the bound tree.
    pub what: What,
}

/// All that is visible at a place, from the inside out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Env<'a> {
    pub scope: &'a Scope,
    pub aliases: &'a [Alias],
    /// Whether aliases hide columns, as in `ORDER BY`.
    pub aliases_first: bool,
    /// The parameters of a lambda.
    pub parameters: &'a [Alias],
    /// The windows that the `SELECT` names.
    pub windows: &'a [(ast::Name, ast::WindowSpec)],
    pub parent: Option<&'a Env<'a>>,
}

impl<'a> Env<'a> {
    pub fn new(scope: &'a Scope, parent: Option<&'a Env<'a>>) -> Self {
        Env {
            scope,
            aliases: &[],
            aliases_first: false,
            parameters: &[],
            windows: &[],
            parent,
        }
    }

    /// This place and those around it.
    pub fn outwards(&'a self) -> impl Iterator<Item = &'a Env<'a>> {
        std::iter::successors(Some(self), |env| env.parent)
    }

    /// The relation that a qualifier means.
    pub fn relation(&'a self, name: &str) -> Option<(&'a Scope, usize)> {
        self.outwards().find_map(|env| {
            let index = env
                .scope
                .relations
                .iter()
                .position(|relation| relation.is_named(name))?;
            Some((env.scope, index))
        })
    }

    /// The relation that a qualifier means where several have its name, here or in a query around
    /// this one: the innermost with the column, else the innermost.
    pub fn relation_with(&'a self, name: &str, column: &str) -> Option<(&'a Scope, usize)> {
        let mut first = None;
        for env in self.outwards() {
            let all = env.scope.relations.iter().enumerate();
            let named = all.filter(|(_, relation)| relation.is_named(name));
            let mut own: Option<(bool, usize)> = None;
            for (index, relation) in named {
                let hidden = || relation.hidden_position(column);
                if relation.position(column).or_else(hidden).is_some() {
                    return Some((env.scope, index));
                }
                let may = relation.is_open();
                if own.is_none_or(|(before, _)| may && !before) {
                    own = Some((may, index));
                }
            }
            match own {
                Some((true, index)) => return Some((env.scope, index)),
                Some((false, index)) => first = first.or(Some((env.scope, index))),
                None => {}
            }
            // A column of the name, which has fields, is nearer than what lies further out.
            if let Some(Found::Column(_, _, typed)) = env.find_here(name)
                && (typed.sql_type.has_unknown() || field(&typed.sql_type, column).is_some())
            {
                break;
            }
        }
        first
    }

    /// What a name without a qualifier means.
    pub fn find(&'a self, name: &str) -> Found {
        self.outwards()
            .find_map(|env| env.find_here(name))
            .unwrap_or(Found::Nothing)
    }

    fn find_here(&self, name: &str) -> Option<Found> {
        let alias = |aliases: &[Alias]| {
            aliases
                .iter()
                .find(|alias| same_name(&alias.name, name))
                .map(|alias| Found::Alias(alias.typed.clone(), alias.what.clone()))
        };
        if let Some(found) = alias(self.parameters) {
            return Some(found);
        }
        if self.aliases_first
            && let Some(found) = alias(self.aliases)
        {
            return Some(found);
        }
        match self.scope.find(name) {
            Some(found) => Some(found),
            None => alias(self.aliases).or_else(|| self.scope.whole_row(name)),
        }
    }

    /// Whether a select list around this place has the alias.
    pub fn is_alias(&'a self, name: &str) -> bool {
        self.outwards()
            .any(|env| env.aliases.iter().any(|alias| same_name(&alias.name, name)))
    }

    /// The alias of a select list that `alias.name` means.
    pub fn alias(&'a self, name: &str) -> Option<&'a Alias> {
        self.outwards()
            .flat_map(|env| env.aliases)
            .find(|alias| same_name(&alias.name, name))
    }

    /// All names that could be meant, for suggestions.
    pub fn candidates(&'a self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for env in self.outwards() {
            names.extend(env.aliases.iter().map(|alias| alias.name.clone()));
            for relation in &env.scope.relations {
                names.extend(
                    relation
                        .columns
                        .iter()
                        .filter_map(|column| column.name.clone()),
                );
            }
        }
        names
    }
}

/// What a name without a qualifier means.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// A column, with its own spelling.
    Column(ColumnId, String, Typed),
    /// An alias of the select list, a parameter of a lambda.
    Alias(Typed, What),
    /// All of a row, and what stands for it among columns.
    Row(SqlType, RelationId, ColumnId),
    /// A column of each of these tables.
    Ambiguous(Vec<String>),
    /// Maybe a column that isn't known.
    Open,
    /// Nothing.
    Nothing,
}

impl Scope {
    pub(super) fn find(&self, name: &str) -> Option<Found> {
        let mut named = self
            .merged
            .iter()
            .enumerate()
            .filter(|(_, merged)| same_name(&merged.name, name));
        if let Some((index, _)) = named.next() {
            if named.next().is_some() {
                let merged = self.merged.iter();
                let tables = merged
                    .filter(|merged| same_name(&merged.name, name))
                    .filter_map(|merged| self.relations.get(*merged.relations.first()?))
                    .map(|relation| relation.name.clone().unwrap_or_default());
                return Some(Found::Ambiguous(tables.collect()));
            }
            let merged = &self.merged[index];
            if let Some(own) = self.unclear_source(merged) {
                // The engine looks for it in the table of this name.
                return Some(Found::Ambiguous(vec![own; 2]));
            }
            let id = self.merged_id(index);
            return Some(Found::Column(id, merged.name.clone(), merged.typed.clone()));
        }
        let hits: Vec<(usize, usize)> = self
            .relations
            .iter()
            .enumerate()
            .filter_map(|(index, relation)| Some((index, relation.position(name)?)))
            .collect();
        match hits.as_slice() {
            [] if self.relations.iter().any(Relation::is_open) => Some(Found::Open),
            [] => self.find_hidden(name),
            [(relation, column)] => Some(self.column(*relation, *column)),
            several => Some(Found::Ambiguous(
                several
                    .iter()
                    .map(|(index, _)| self.relations[*index].name.clone().unwrap_or_default())
                    .collect(),
            )),
        }
    }

    /// What stands for a whole row among columns.
    fn row_id(&self) -> ColumnId {
        ColumnId {
            scope: self.id,
            relation: None,
            column: usize::MAX,
        }
    }

    /// A merged column that is one of its columns is that one to the engine.
    fn merged_id(&self, index: usize) -> ColumnId {
        let merged = &self.merged[index];
        let one = match merged.sources.as_slice() {
            [(id, column)] => {
                let mut all = self.relations.iter();
                let relation = all.position(|relation| relation.id == *id);
                relation.zip(usize::try_from(*column).ok())
            }
            _ => None,
        };
        ColumnId {
            scope: self.id,
            relation: one.map(|(relation, _)| relation),
            column: one.map_or(index, |(_, column)| column),
        }
    }

    /// The name of a table that gives a merged column, if another one answers to it, too: an alias
    /// stands for all of that name, and a table for those of the same one.
    fn unclear_source(&self, merged: &Merged) -> Option<String> {
        let ids: Vec<RelationId> = merged.sources.iter().map(|(id, _)| *id).collect();
        let sources = self
            .relations
            .iter()
            .filter(|relation| ids.contains(&relation.id));
        let mut names = sources.filter_map(|source| Some((source.name.clone()?, source.aliased)));
        let unclear = names.find(|(name, aliased)| match aliased {
            true => {
                self.relations
                    .iter()
                    .filter(|other| other.is_named(name))
                    .count()
                    > 1
            }
            false => self.has_twins(name),
        });
        unclear.map(|(name, _)| name)
    }

    /// Whether two relations have a name in the same way, as aliases or as tables.
    fn has_twins(&self, name: &str) -> bool {
        let mut named = self.relations.iter().filter(|other| other.is_named(name));
        let first = named.next().map(|first| first.aliased);
        named.any(|other| Some(other.aliased) == first)
    }

    fn whole_row(&self, name: &str) -> Option<Found> {
        let mut named = self
            .relations
            .iter()
            .filter(|relation| relation.is_named(name));
        let first = named.next()?;
        Some(match named.next() {
            Some(_) => Found::Ambiguous(Vec::new()),
            None if first.twice => Found::Ambiguous(Vec::new()),
            None => Found::Row(first.as_struct(), first.id, self.row_id()),
        })
    }

    /// A column by its place.
    pub fn column(&self, relation: usize, column: usize) -> Found {
        let Some(found) = self.relations[relation].columns.get(column) else {
            return self.hidden_column(relation, column);
        };
        let id = ColumnId {
            scope: self.id,
            relation: Some(relation),
            column,
        };
        Found::Column(
            id,
            found.name.clone().unwrap_or_default(),
            found.typed.clone(),
        )
    }

    /// The first of some relations that has a column, and the column's position.
    pub fn first_with(
        &self,
        relations: std::ops::Range<usize>,
        name: &str,
    ) -> Option<(usize, usize)> {
        relations
            .into_iter()
            .find_map(|index| Some((index, self.relations[index].position(name)?)))
    }

    /// Whether a column of a relation has become part of a merged one, and of which.
    pub fn merged_into(&self, relation: usize, name: &str) -> Option<&Merged> {
        self.merged
            .iter()
            .find(|merged| same_name(&merged.name, name) && merged.relations.contains(&relation))
    }

    /// Whether a column of a relation and of another one is one column that is read from a table
    /// by its whole name, and from no alias.
    pub fn merges(&self, relation: usize, other: &Relation, name: &str) -> bool {
        let merged = self.merged_into(relation, name);
        merged.is_some_and(|merged| {
            let of = |id: RelationId| self.relations.iter().find(|found| found.id == id);
            let holds = |index: &usize| self.relations.get(*index).is_some_and(|held| held.id == other.id);
            let alone = self.relations.get(relation).is_none_or(|own| own.aliased != other.aliased);
            alone && merged.relations.iter().any(holds)
                && matches!(merged.sources.as_slice(), [(id, _)] if of(*id).is_some_and(|found| !found.aliased))
        })
    }

    /// Puts another scope's relations behind these.
    pub fn append(&mut self, other: Scope) {
        let shift = self.relations.len();
        self.relations.extend(other.relations);
        self.merged
            .extend(other.merged.into_iter().map(|merged| Merged {
                relations: merged.relations.iter().map(|index| index + shift).collect(),
                ..merged
            }));
    }

    pub fn make_nullable(&mut self) {
        self.relations.iter_mut().for_each(Relation::make_nullable);
        for merged in &mut self.merged {
            merged.typed.nullable = true;
        }
    }
}

/// A member of a `WITH` and what was found in it. What is wrong in it is told only once it is
/// read: the engine doesn't look at a member that isn't.
#[derive(Debug)]
pub(super) struct CommonTable {
    pub name: String,
    pub member: MemberId,
    pub output: Output,
    pub diagnostics: Vec<Diagnostic>,
    /// Whether anything reads it.
    pub read: bool,
    /// Where its query stands.
    pub place: Span,
}
