//! Variants, typed, and what they have in common: every variant of a model has the same columns.

use crate::bound::Tree;
use crate::check::OutputColumn;
use crate::diagnostic::{Code, Diagnostic};
use crate::directives::{DirectiveTree, Node, Variants};
use crate::parse::ast::Query;
use crate::resolve::{Bound, RelationUse};
use crate::span::Span;
use crate::sql_type::{SqlType, coerce::fits_into};

/// A variant, typed as far as it goes.
#[derive(Clone, Debug)]
pub(super) struct TypedVariant {
    /// Its tree; `None` if only the engine can read it.
    pub query: Option<Query>,
    /// What it means, for lineage and change profiles; `None` if our parser can't read it.
    pub tree: Option<Tree>,
    /// Its columns; `None` if they aren't known.
    pub columns: Option<Vec<OutputColumn>>,
    /// Where it uses relations.
    pub relations: Vec<RelationUse>,
    /// Whether its rows may differ though nothing it reads has changed.
    pub volatile: bool,
    /// Whether it reads the model's own table.
    pub reads_this: bool,
    /// What was found in it.
    pub diagnostics: Vec<Diagnostic>,
}

impl TypedVariant {
    /// What our own binder says.
    pub fn of_bound(query: Query, bound: &mut Bound) -> Self {
        let columns = bound
            .columns
            .as_ref()
            .filter(|_| bound.is_complete())
            .map(|columns| {
                columns
                    .iter()
                    .map(|column| OutputColumn {
                        name: column.name.clone().unwrap_or_default(),
                        sql_type: column.sql_type.clone().as_column(),
                        nullable: column.nullable,
                        span: column.span,
                    })
                    .collect()
            });
        Self {
            query: Some(query),
            tree: Some(std::mem::take(&mut bound.tree)),
            columns,
            relations: bound.relations.clone(),
            volatile: bound.volatile,
            reads_this: bound.reads_this,
            diagnostics: bound.diagnostics.clone(),
        }
    }

    /// A variant that only the engine can read: nothing can be said of what it calls.
    pub fn unparsed(relations: Vec<RelationUse>) -> Self {
        let reads_this = relations.iter().any(|used| used.name == "this");
        Self {
            query: None,
            tree: None,
            columns: None,
            relations,
            volatile: true,
            reads_this,
            diagnostics: Vec::new(),
        }
    }

    /// Whether it has an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Takes the engine's names and types, and keeps what our binder proved of nulls.
    pub fn fill(&mut self, bound: &Bound, answer: Vec<(String, SqlType)>) {
        let span = self.query.as_ref().map(|query| query.span);
        let ours = bound
            .columns
            .as_deref()
            .filter(|columns| columns.len() == answer.len());
        let columns = answer
            .into_iter()
            .enumerate()
            .filter_map(|(index, (name, sql_type))| {
                let ours = ours.map(|columns| &columns[index]);
                Some(OutputColumn {
                    name,
                    sql_type,
                    nullable: ours.is_none_or(|column| column.nullable),
                    span: ours.map(|column| column.span).or(span)?,
                })
            });
        self.columns = Some(columns.collect());
    }

    /// Takes the engine's names and types of a query that our parser can't read.
    pub fn set_columns(&mut self, answer: Vec<(String, SqlType)>, span: Span) {
        let column = |(name, sql_type)| OutputColumn {
            name,
            sql_type,
            nullable: true,
            span,
        };
        self.columns = Some(answer.into_iter().map(column).collect());
    }
}

/// The columns of all variants: names, order and types must agree, a column may be null if it
/// may be in any of them. Types that a contract casts to one type agree. `None` if a variant's
/// columns aren't known or they disagree.
pub(super) fn merge(
    tree: &DirectiveTree,
    variants: &Variants,
    typed: &[TypedVariant],
    contract: impl Fn(&str) -> Option<SqlType>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Vec<OutputColumn>> {
    let mut merged: Option<(usize, Vec<OutputColumn>)> = None;
    for (index, variant) in typed.iter().enumerate() {
        let columns = variant.columns.as_ref()?;
        match &mut merged {
            None => merged = Some((index, columns.clone())),
            Some((first, merged)) => {
                if !agree(merged, columns, &contract) {
                    let pair = (*first, index);
                    diagnostics.push(disagreement(tree, variants, pair, merged, columns));
                    return None;
                }
                for (common, column) in merged.iter_mut().zip(columns) {
                    common.nullable |= column.nullable;
                    // Of two types the one stays that the contract has to cast.
                    if common.sql_type == SqlType::Unknown
                        || contract(&common.name).is_some_and(|own| own == common.sql_type)
                    {
                        common.sql_type = column.sql_type.clone();
                    }
                }
            }
        }
    }
    merged.map(|(_, columns)| columns)
}

fn agree(
    left: &[OutputColumn],
    right: &[OutputColumn],
    contract: &impl Fn(&str) -> Option<SqlType>,
) -> bool {
    let same = |(left, right): (&OutputColumn, &OutputColumn)| {
        left.name.eq_ignore_ascii_case(&right.name)
            && (same_type(&left.sql_type, &right.sql_type)
                || contract(&left.name).is_some_and(|own| {
                    fits_into(&left.sql_type, &own) && fits_into(&right.sql_type, &own)
                }))
    };
    left.len() == right.len() && left.iter().zip(right).all(same)
}

/// Whether two types are the same. One that isn't known, as the contract stands for it, is any.
fn same_type(left: &SqlType, right: &SqlType) -> bool {
    left == right || *left == SqlType::Unknown || *right == SqlType::Unknown
}

fn disagreement(
    tree: &DirectiveTree,
    variants: &Variants,
    (first, second): (usize, usize),
    left: &[OutputColumn],
    right: &[OutputColumn],
) -> Diagnostic {
    let (here, there) = places(tree, variants, first, second);
    let (left_text, right_text) = (described(left, right), described(right, left));
    let hint = hint(left, right);
    Diagnostic::error(
        Code::VariantColumns,
        here,
        "the variants of this model have different columns",
    )
    .saying(format!("here: {left_text}"))
    .and_at(there, format!("and here: {right_text}"))
    .hint(hint)
}

/// The columns as a list; with their types where the names alone are the same.
fn described(columns: &[OutputColumn], others: &[OutputColumn]) -> String {
    let names = |columns: &[OutputColumn]| -> Vec<String> {
        columns
            .iter()
            .map(|column| column.name.to_lowercase())
            .collect()
    };
    let show_types = names(columns) == names(others);
    let shown = columns.iter().enumerate().filter(|(index, column)| {
        !show_types
            || others
                .get(*index)
                .is_none_or(|other| !same_type(&other.sql_type, &column.sql_type))
    });
    let shown: Vec<String> = shown
        .map(|(_, column)| {
            if show_types {
                format!("{} {}", column.name, column.sql_type)
            } else {
                column.name.clone()
            }
        })
        .collect();
    shown.join(", ")
}

fn hint(left: &[OutputColumn], right: &[OutputColumn]) -> String {
    let missing = |from: &[OutputColumn], within: &[OutputColumn]| {
        let is_missing = |column: &&OutputColumn| {
            !within
                .iter()
                .any(|other| other.name.eq_ignore_ascii_case(&column.name))
        };
        from.iter()
            .find(is_missing)
            .map(|column| column.name.clone())
    };
    match missing(left, right).or_else(|| missing(right, left)) {
        Some(name) => format!("select `{name}` in both, or in neither"),
        None => {
            "give the columns the same order and, with `cast`, the same types in both".to_owned()
        }
    }
}

/// The directives that tell two variants apart: the line of each one's branch.
fn places(tree: &DirectiveTree, variants: &Variants, first: usize, second: usize) -> (Span, Span) {
    let holds = |variant: usize, span: Span| {
        let tokens = &variants.variants[variant].tokens;
        tokens
            .iter()
            .any(|token| token.span.start >= span.start && token.span.end <= span.end)
    };
    let mut found = None;
    visit_choices(&tree.nodes, &mut |arms| {
        if found.is_some() {
            return;
        }
        let of = |variant: usize| {
            arms.iter()
                .find(|(_, content)| holds(variant, *content))
                .map(|(line, _)| *line)
        };
        let last = arms.last().map(|(line, _)| *line);
        match (of(first), of(second)) {
            (Some(left), Some(right)) if left != right => found = Some((left, right)),
            (Some(left), None) => {
                found = Some((
                    left,
                    last.filter(|line| *line != left).unwrap_or(left.after()),
                ))
            }
            (None, Some(right)) => {
                found = Some((
                    right,
                    last.filter(|line| *line != right).unwrap_or(right.after()),
                ))
            }
            _ => {}
        }
    });
    found.unwrap_or_else(|| {
        let whole = Span::new(tree.file, 0, 0);
        (whole, whole)
    })
}

/// Calls a function with each choice: its arms' lines and contents.
fn visit_choices(nodes: &[Node], visit: &mut impl FnMut(&[(Span, Span)])) {
    for node in nodes {
        let Node::If {
            branches,
            otherwise,
            span,
        } = node
        else {
            continue;
        };
        let mut lines: Vec<(Span, &[Node])> = branches
            .iter()
            .map(|branch| (branch.span, branch.nodes.as_slice()))
            .collect();
        lines.extend(
            otherwise
                .iter()
                .map(|otherwise| (otherwise.span, otherwise.nodes.as_slice())),
        );
        let ends = lines
            .iter()
            .skip(1)
            .map(|(line, _)| line.start)
            .chain([span.end]);
        let arms: Vec<(Span, Span)> = lines
            .iter()
            .zip(ends)
            .map(|((line, _), end)| {
                (
                    *line,
                    Span {
                        start: line.end,
                        end,
                        ..*line
                    },
                )
            })
            .collect();
        visit(&arms);
        for (_, nodes) in &lines {
            visit_choices(nodes, visit);
        }
    }
}
