//! The lineage of a model: that of its variants, put together.

use super::model::Work;
use super::statements::Statements;
use super::variants::TypedVariant;
use crate::directives::{Assignment, Atom, Variants};
use crate::header::Incremental;
use crate::lineage::{self, Lineage, Reads, Relation, UseSet, VariantLineage};
use crate::name::same_name;
use crate::resolve::Schema;
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
            let lineage = self.lineage_of_variant(found, columns);
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
    /// and the time by which a batch takes them.
    fn rows_kept(&self, lineage: &Lineage, columns: &[TypedColumn]) -> UseSet {
        let uses = |name: &str| {
            let mut columns = columns.iter();
            let position = columns.position(|column| same_name(&column.name, name));
            let column = position.and_then(|position| lineage.columns.get(position));
            column.map(|column| column.uses.clone()).unwrap_or_default()
        };
        let mut kept = UseSet::default();
        match &self.node.config.incremental {
            Some(Incremental::TimeRange(range)) => {
                kept.extend(&uses(&range.time_column.value).condition());
            }
            Some(Incremental::UniqueKey(keys)) => {
                for key in &keys.value {
                    kept.extend(&uses(&key.value).grouping());
                }
            }
            Some(Incremental::Append) | None => {}
        }
        kept
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
