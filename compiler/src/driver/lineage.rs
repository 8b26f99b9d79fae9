//! The lineage of a model: that of its variants, put together.

use super::model::Work;
use super::statements::Statements;
use super::variants::TypedVariant;
use crate::directives::{Assignment, Atom, Variants};
use crate::header::{Checked, Incremental, RowChange, Scd2};
use crate::lineage::{self, ColumnLineage, Lineage, Reads, Relation, UseSet, VariantLineage};
use crate::name::same_name;
use crate::resolve::Schema;
use crate::span::Spanned;
use crate::typed::TypedColumn;
use std::collections::{BTreeMap, BTreeSet};

impl Work<'_> {
    /// The lineage of a model with these columns.
    pub(super) fn lineage(
        &self,
        variants: &Variants,
        typed: &[TypedVariant],
        columns: &[TypedColumn],
    ) -> Lineage {
        let mut whole: Option<Lineage> = None;
        let mut each = Vec::new();
        for (variant, found) in variants.variants.iter().zip(typed) {
            let mut lineage = self.lineage_of_variant(found, columns);
            self.add_versions(&mut lineage, columns);
            if typed.len() > 1 {
                let columns = lineage.columns.iter();
                each.push(VariantLineage {
                    when: condition(&variants.atoms, &variant.assignments),
                    rows: lineage.rows.clone(),
                    columns: columns.map(|column| column.uses.clone()).collect(),
                });
            }
            match &mut whole {
                None => whole = Some(lineage),
                Some(whole) => whole.extend(&lineage),
            }
        }
        let mut whole = whole.unwrap_or_default();
        whole.variants = each;
        let kept = self.rows_kept(&whole, columns);
        whole.rows.extend(&kept);
        whole
    }

    /// What decides which rows stay in the model's table: the key by which rows replace others,
    /// the time by which a batch takes them, and what tells that there is a new version of one.
    fn rows_kept(&self, lineage: &Lineage, columns: &[TypedColumn]) -> UseSet {
        let uses = |name: &str| uses_of(lineage, columns, name);
        let keys = |names: &[Spanned<String>]| {
            let mut kept = UseSet::default();
            for name in names {
                kept.extend(&uses(&name.value).grouping());
            }
            kept
        };
        let mut kept = match &self.node.config.incremental {
            Some(Incremental::TimeRange(range)) => uses(&range.time_column.value).condition(),
            Some(Incremental::UniqueKey(names) | Incremental::Partition(names)) => {
                keys(&names.value)
            }
            Some(Incremental::Append) | None => UseSet::default(),
        };
        if let Some(scd2) = &self.node.config.scd2 {
            kept.extend(&keys(&scd2.unique_key.value));
            kept.extend(&change_of(scd2, lineage, columns).condition());
        }
        kept
    }

    /// Adds the columns in which a version begins and ends. Both are made of what tells that a row
    /// has changed.
    fn add_versions(&self, lineage: &mut Lineage, columns: &[TypedColumn]) {
        let Some(scd2) = &self.node.config.scd2 else {
            return;
        };
        let change = change_of(scd2, lineage, columns);
        let uses = match &scd2.change {
            RowChange::UpdatedAt(_) => change.computed(),
            // The run's clock is what they hold.
            RowChange::Check(_) => change.condition(),
        };
        let column = ColumnLineage {
            uses,
            by_star: Vec::new(),
        };
        lineage.columns.push(column.clone());
        lineage.columns.push(column);
    }

    /// Adds what decides which rows there are besides the query: columns of which a merge asks, and
    /// what the statements around it read, which may do anything with it.
    pub(super) fn add_to_lineage(
        &self,
        lineage: &mut Lineage,
        columns: &[TypedColumn],
        merged_by: &BTreeSet<String>,
        statements: [&Statements; 2],
    ) {
        for name in merged_by {
            let mut positions = columns.iter().zip(&lineage.columns);
            let column = positions.find(|(column, _)| same_name(&column.name, name));
            let uses = column.map(|(_, lineage)| lineage.uses.condition());
            lineage.rows.extend(&uses.unwrap_or_default());
        }
        let read = statements.into_iter().flat_map(|block| &block.imports);
        let reads = Reads {
            seen: read.map(|import| Relation::Import(*import)).collect(),
            ..Reads::default()
        };
        if !reads.seen.is_empty() {
            lineage.extend(&lineage::of_unread(&reads, columns.len()));
        }
    }

    fn lineage_of_variant(&self, variant: &TypedVariant, columns: &[TypedColumn]) -> Lineage {
        let edges = (0..).zip(&self.node.imports);
        let imports = edges.map(|(index, edge)| {
            let alias = edge.alias.value.to_lowercase();
            let names = self.imports.get(&alias).and_then(Schema::names);
            (alias, (index, names))
        });
        let imports: BTreeMap<_, _> = imports.collect();
        let relation = |name: &str| match imports.get(name) {
            Some((index, _)) => Some(Relation::Import(*index)),
            None => (name == "this").then_some(Relation::This),
        };
        let uses = variant.relations.iter();
        let reads = Reads {
            seen: uses.filter_map(|used| relation(&used.name)).collect(),
            this: Some(columns.iter().map(|column| column.name.clone()).collect()),
            text: self.text,
            imports,
        };
        match &variant.tree {
            Some(tree) => lineage::of_query(tree, &reads, columns.len()),
            None => lineage::of_unread(&reads, columns.len()),
        }
    }
}

/// What a column is made of.
fn uses_of(lineage: &Lineage, columns: &[TypedColumn], name: &str) -> UseSet {
    let mut columns = columns.iter();
    let position = columns.position(|column| same_name(&column.name, name));
    let column = position.and_then(|position| lineage.columns.get(position));
    column.map(|column| column.uses.clone()).unwrap_or_default()
}

/// What the columns are made of that tell that a row has changed.
fn change_of(scd2: &Scd2, lineage: &Lineage, columns: &[TypedColumn]) -> UseSet {
    let uses = |name: &str| uses_of(lineage, columns, name);
    let mut all = UseSet::default();
    match &scd2.change {
        RowChange::UpdatedAt(column) => all.extend(&uses(&column.value)),
        RowChange::Check(checked) => {
            let is_key = |name: &str| {
                let mut key = scd2.unique_key.value.iter();
                key.any(|key| same_name(&key.value, name))
            };
            let names: Vec<&str> = match &checked.value {
                Checked::All => columns
                    .iter()
                    .map(|column| column.name.as_str())
                    .filter(|name| !is_key(name))
                    .collect(),
                Checked::Columns(names) => names.iter().map(|name| name.value.as_str()).collect(),
            };
            names.into_iter().for_each(|name| all.extend(&uses(name)));
        }
    }
    all
}

/// When a variant holds: `is_incremental and env == 'prod'`, with `or` between several ways there.
fn condition(atoms: &[Atom], assignments: &[Assignment]) -> String {
    let way = |assignment: &Assignment| {
        let tests = atoms.iter().zip(assignment);
        let tests = tests.filter_map(|(atom, holds)| match holds {
            Some(true) => Some(atom.test.to_string()),
            Some(false) => Some(format!("not {}", atom.test)),
            None => None,
        });
        tests.collect::<Vec<_>>().join(" and ")
    };
    let ways: Vec<String> = assignments.iter().map(way).collect();
    ways.join(" or ")
}
