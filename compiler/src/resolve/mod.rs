//! Binds a query: every name gets its column, every expression its type.
//!
//! In goes a tree and what it may refer to, out come the query's columns and what is wrong with
//! it. The binder is never wrong: what it doesn't know is [`SqlType::Unknown`], and an error is
//! reported only where the engine would refuse as well. Types of operators and functions are the
//! matter of [`types`](crate::types); contracts and keys that of [`check`](crate::check).
//!
//! | file | what |
//! |---|---|
//! | `scope`, `hidden` | relations, columns, and how a name finds one |
//! | `query` | `WITH`, set operations, `VALUES` |
//! | `from` | what a `FROM` reads, joins |
//! | `table_function`, `table_arguments`, `query_text` | functions in a `FROM` |
//! | `pivot`, `pivot_checks` | `PIVOT`, `UNPIVOT` |
//! | `select` | the clauses of a `SELECT` |
//! | `star`, `columns`, `name_test`, `unnest` | `*` with its changes, `COLUMNS(…)`, structs as columns |
//! | `star_checks`, `star_places` | what a star can't have, and where it may stand |
//! | `macros` | the engine's own macros |
//! | `told` | `DESCRIBE` and its like in a `FROM` |
//! | `expression`, `operation`, `names`, `function` | expressions |
//! | `folding`, `certain`, `certain_rows` | constants that the engine computes while it prepares a query |
//! | `data_columns` | queries whose columns only their data tells |
//! | `grouping`, `grouped_stars`, `groups`, `canonical` | what may stand beside an aggregate |
//! | `outer_aggregates` | aggregates in subqueries that belong to a query around them |
//! | `placement` | where aggregates, window functions and `unnest` may stand |
//! | `calls`, `arguments`, `constant_arguments`, `made_types`, `patterns` | the clauses of calls; constants that functions need |
//! | `aggregate_checks` | `ORDER BY` within an aggregate; states of aggregates |
//! | `windows`, `positions`, `set_order`, `widths` | names and frames; `ORDER BY 2`; `ORDER BY` behind `UNION`; columns of subqueries |
//! | `joins`, `access`, `collations` | what can't be joined; `x.field`, `x[i]`, `x[a:b]`; `COLLATE` |
//! | `aliases`, `table_function_checks`, `table_options`, `type_names`, `casts` | uses of aliases; functions in `FROM`; types |
//! | `given_names` | names that a select list gives |
//! | `compared_rows` | rows beside subqueries |
//! | `recursion` | members of `WITH` that read themselves |
//! | `deep` | walks through subqueries |
//! | `nullability` | what can't be null |
//! | `output_name` | the names that the engine gives to expressions |
//! | `write` | what goes into the bound tree |

mod access;
mod aggregate_checks;
mod aliases;
mod arguments;
mod calls;
mod canonical;
mod casts;
mod certain;
mod certain_rows;
mod collations;
mod columns;
mod compared_rows;
mod constant_arguments;
mod correlated;
pub mod data_columns;
mod deep;
mod expression;
mod folding;
mod from;
mod function;
mod given_names;
mod grouped_stars;
mod grouping;
mod groups;
mod hidden;
mod joins;
mod macros;
mod made_types;
mod methods;
mod name_test;
mod names;
mod nullability;
mod operation;
mod outer_aggregates;
mod output_name;
mod parts;
mod patterns;
mod pivot;
mod pivot_checks;
mod placement;
mod positions;
mod query;
mod query_text;
mod recursion;
mod scope;
mod select;
mod set_order;
mod settings;
mod star;
mod star_checks;
mod star_places;
mod table_arguments;
mod table_function;
mod table_function_checks;
mod table_options;
mod told;
mod type_names;
mod unnest;
mod widths;
mod windows;
mod write;

use crate::bound::{RelationId, Tree, Writer};
use crate::diagnostic::{Code, Diagnostic};
pub use crate::parse::RelationUse;
use crate::parse::ast;
use crate::span::Span;
use crate::sql_type::SqlType;
use scope::{ColumnId, CommonTable, Output};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A column of a relation that a query may read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub sql_type: SqlType,
    /// Whether it can be null.
    pub nullable: bool,
    /// Where it is made, for findings that point there.
    pub made_at: Option<Span>,
}

/// The columns of a relation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Schema {
    /// The columns in order; `None` if they aren't known: whatever comes from the relation is
    /// unknown then, and names aren't checked.
    pub columns: Option<Vec<Column>>,
    /// Whether it is a view or a query, whose rows have no `rowid`.
    #[serde(default)]
    pub is_view: bool,
}

impl Schema {
    /// A relation with these columns.
    pub fn known(columns: Vec<Column>) -> Self {
        Schema {
            columns: Some(columns),
            is_view: false,
        }
    }

    /// A relation whose columns aren't known.
    pub fn unknown() -> Self {
        Schema::default()
    }

    /// The names of its columns; `None` if they aren't known.
    pub fn names(&self) -> Option<Vec<String>> {
        let columns = self.columns.as_ref()?.iter();
        Some(columns.map(|column| column.name.clone()).collect())
    }
}

/// Import paths by the name of a relation or file, in lower case, for hints.
#[derive(Clone, Debug)]
pub enum Candidates<'a> {
    /// These.
    Known(BTreeMap<String, String>),
    /// Those of a project, which are many, and which only a hint needs.
    Of(&'a dyn Names),
}

/// Who knows the names of a project.
pub trait Names: std::fmt::Debug + Sync {
    /// Import paths by the name of a relation or file, in lower case.
    fn names(&self) -> &BTreeMap<String, String>;
}

impl Candidates<'_> {
    /// All of them.
    pub fn names(&self) -> &BTreeMap<String, String> {
        match self {
            Candidates::Known(names) => names,
            Candidates::Of(project) => project.names(),
        }
    }
}

impl Default for Candidates<'_> {
    fn default() -> Self {
        Candidates::Known(BTreeMap::new())
    }
}

/// What a query may refer to. Names compare without regard to case; keys are in lower case.
#[derive(Clone, Debug, Default)]
pub struct BindInput<'a> {
    /// The imported relations by alias.
    pub imports: Cow<'a, BTreeMap<String, Schema>>,
    /// The model's own table; `None` if it has none, so that `:this` means nothing.
    pub this: Option<Schema>,
    /// The variables by name, with the bounds of the batch where the model has them.
    pub variables: BTreeMap<String, SqlType>,
    /// Import paths by the name of a relation or file, for hints.
    pub candidates: Candidates<'a>,
    /// The file's text.
    pub text: &'a str,
    /// Whether two output columns may not have one name.
    pub unique_columns: bool,
}

/// A column that a query gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundColumn {
    /// The name; `None` if only the engine knows how it names this expression.
    pub name: Option<String>,
    /// The type.
    pub sql_type: SqlType,
    /// Whether it can be null. `false` only if it is proven.
    pub nullable: bool,
    /// The item of the select list that gives it.
    pub span: Span,
}

/// What is known of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// The columns; `None` if not even their number is known.
    pub columns: Option<Vec<BoundColumn>>,
    /// Where imports and the model's own table are read.
    pub relations: Vec<RelationUse>,
    /// The variables and bounds of the batch that are read, in lower case.
    pub variables: BTreeSet<String>,
    /// Whether `:this` is read.
    pub reads_this: bool,
    /// Whether the same input may give another output: something volatile or bound to the clock
    /// is called, or nobody knows.
    pub volatile: bool,
    /// What the query means.
    pub tree: Tree,
    /// What is wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Bound {
    /// Whether each column's name and type are known, so that nobody has to be asked.
    pub fn is_complete(&self) -> bool {
        self.columns.as_ref().is_some_and(|columns| {
            columns
                .iter()
                .all(|column| column.name.is_some() && !column.sql_type.has_unknown())
        })
    }
}

/// Binds a query.
pub fn bind(query: &ast::Query, input: &BindInput<'_>) -> Bound {
    let mut binder = Binder::new(input);
    let output = binder.query(query, None);
    if input.unique_columns {
        binder.duplicate_columns(&output);
    }
    binder.check_certain(query);
    let columns = output.is_whole().then(|| {
        output
            .columns
            .iter()
            .map(|column| BoundColumn {
                name: column.name.clone(),
                sql_type: column.typed.sql_type.as_column(),
                nullable: column.typed.nullable,
                span: column.span,
            })
            .collect()
    });
    let Binder {
        mut diagnostics,
        relations,
        variables,
        reads_this,
        volatile,
        tree,
        ..
    } = binder;
    diagnostics.sort_by_key(|diagnostic| {
        diagnostic
            .primary
            .as_ref()
            .map(|label| (label.span.start, label.span.end))
    });
    diagnostics.dedup();
    Bound {
        columns,
        relations,
        variables,
        reads_this,
        volatile,
        tree: tree.finish(),
        diagnostics,
    }
}

/// The deepest nesting of queries and expressions that is bound. The parser's own bounds keep trees
/// below it.
const MOST_LEVELS: usize = 2000;

/// Runs a step of a recursion, on more stack if little is left.
fn with_stack<T>(step: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, step)
}

struct Binder<'a> {
    input: &'a BindInput<'a>,
    diagnostics: Vec<Diagnostic>,
    relations: Vec<RelationUse>,
    variables: BTreeSet<String>,
    reads_this: bool,
    volatile: bool,
    common_tables: Vec<CommonTable>,
    /// Where the query stands of each member of `WITH` that is read, by the place of its name.
    members_read: BTreeMap<(u32, u32), Span>,
    scopes: u32,
    /// The column that each name of the text means, by the name's place.
    resolved: BTreeMap<(u32, u32), ColumnId>,
    /// How many fields of its column a name of the text reads, by the name's place.
    fields_read: BTreeMap<(u32, u32), usize>,
    /// The relation of which a name of the text means a whole row, by the name's place.
    rows_read: BTreeMap<(u32, u32), (RelationId, ColumnId)>,
    depth: usize,
    /// Whether the place that is being bound lies within an expression of its query.
    within: bool,
    /// How many macros are around the place that is being bound.
    macros: u32,
    /// How many texts with a query are around it.
    texts: u32,
    /// What stands where `COLUMNS(…)` is written, if an item is bound for one column or several.
    chosen: Option<Vec<columns::Chosen>>,
    /// The names of windows that the selects around this place define.
    windows: Vec<String>,
    /// The names of the members of `WITH` around this place.
    making: Vec<String>,
    /// Whether aggregates at this place have at least one row.
    grouped: bool,
    tree: Writer,
    /// How many relations were written.
    relation_count: u32,
    /// How many members of `WITH` were written.
    member_count: u32,
    /// How many lambdas are around the place that is being bound.
    lambdas: u32,
    /// How many subqueries without an alias the `FROM` has that is being bound.
    unnamed: u32,
    /// Whether the selector of a `COLUMNS(…)` is being bound, where a star is a list of names.
    selecting: bool,
    /// Whether a name that is no column stands for its own text.
    names_are_texts: bool,
    /// Whether `COLLATE` stands anywhere in the text.
    collates: bool,
}

impl<'a> Binder<'a> {
    fn new(input: &'a BindInput<'a>) -> Self {
        Binder {
            input,
            diagnostics: Vec::new(),
            relations: Vec::new(),
            variables: BTreeSet::new(),
            reads_this: false,
            volatile: false,
            common_tables: Vec::new(),
            members_read: BTreeMap::new(),
            scopes: 0,
            resolved: BTreeMap::new(),
            fields_read: BTreeMap::new(),
            rows_read: BTreeMap::new(),
            depth: 0,
            within: false,
            macros: 0,
            texts: 0,
            chosen: None,
            windows: Vec::new(),
            making: Vec::new(),
            grouped: false,
            tree: Writer::default(),
            relation_count: 0,
            member_count: 0,
            lambdas: 0,
            unnamed: 0,
            selecting: false,
            names_are_texts: false,
            collates: input.text.to_lowercase().contains("collate"),
        }
    }

    fn use_relation(&mut self, span: Span, name: String, aliased: bool) {
        self.relations.push(RelationUse {
            span,
            name,
            aliased,
        });
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The columns that the names in a part of the text mean; a whole row is one that no table has.
    fn columns_within(&self, span: Span) -> impl Iterator<Item = ColumnId> + '_ {
        let range = || (span.start, 0)..=(span.end, u32::MAX);
        let columns = self.resolved.range(range());
        let rows = self.rows_read.range(range());
        let rows = rows.map(|(place, (_, column))| (place, column));
        columns
            .chain(rows)
            .filter(move |((_, end), _)| *end <= span.end)
            .map(|(_, column)| *column)
    }

    /// Says that a part of the query lies too deep to be bound.
    fn too_deep(&mut self, span: Span) {
        self.volatile = true;
        self.report(crate::parse::too_deep(span));
    }

    fn next_scope(&mut self) -> u32 {
        self.scopes += 1;
        self.scopes
    }

    fn duplicate_columns(&mut self, output: &Output) {
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        let mut found = Vec::new();
        for column in &output.columns {
            let Some(name) = &column.name else { continue };
            match seen.get(&name.to_lowercase()) {
                Some(first) => found.push(
                    Diagnostic::error(
                        Code::DuplicateColumn,
                        column.span,
                        format!("two columns are named `{name}`"),
                    )
                    .and_at(*first, "the first is here")
                    .hint("give one of them another name with `AS`, or leave it out of a star with `EXCLUDE`"),
                ),
                None => {
                    seen.insert(name.to_lowercase(), column.span);
                }
            }
        }
        self.diagnostics.extend(found);
    }
}

#[cfg(test)]
mod tests;
