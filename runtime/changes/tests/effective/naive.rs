//! The same as the crate computes, said as rules over single facts and applied until none of them
//! gives anything new.

use dbgo_changes::{EffectiveChange, Input, OwnChange, Part, Relation, Table, Uses};
use std::collections::{BTreeMap, BTreeSet};

/// Something that is so of the table with this number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    Rows(usize),
    Values(usize, String),
    Wider(usize, String),
    New(usize, String),
    Gone(usize, String),
}

/// The effective changes by the rules.
pub fn effective(
    tables: &[Table],
    own: &BTreeMap<String, OwnChange>,
) -> BTreeMap<String, EffectiveChange> {
    let mut facts = given(tables, own);
    loop {
        let mut more = BTreeSet::new();
        for (number, table) in tables.iter().enumerate() {
            if table
                .lineage
                .rows
                .iter()
                .any(|input| reaches(tables, number, input, &facts))
            {
                more.insert(Fact::Rows(number));
            }
            for column in &table.lineage.columns {
                let name = column.name.clone();
                let is_other = facts.contains(&Fact::Rows(number))
                    || (column.inputs.iter()).any(|input| reaches(tables, number, input, &facts));
                if is_other {
                    more.insert(Fact::Values(number, name));
                } else if (column.inputs.iter()).any(|input| widens(tables, number, input, &facts))
                {
                    more.insert(Fact::Wider(number, name));
                }
            }
        }
        let count = facts.len();
        facts.extend(more);
        if facts.len() == count {
            return gathered(tables, &facts);
        }
    }
}

fn given(tables: &[Table], own: &BTreeMap<String, OwnChange>) -> BTreeSet<Fact> {
    let mut facts = BTreeSet::new();
    for (number, table) in tables.iter().enumerate() {
        match own.get(&table.path) {
            None => {}
            Some(OwnChange::Everything) => {
                facts.insert(Fact::Rows(number));
            }
            Some(OwnChange::Compared(change)) => {
                facts.extend(change.rows.then_some(Fact::Rows(number)));
                let of = |names: &[String], fact: fn(usize, String) -> Fact| -> Vec<Fact> {
                    names
                        .iter()
                        .map(|name| fact(number, name.clone()))
                        .collect()
                };
                facts.extend(of(&change.changed, Fact::Values));
                facts.extend(of(&change.widened, Fact::Wider));
                facts.extend(of(&change.added, Fact::New));
                facts.extend(of(&change.removed, Fact::Gone));
            }
        }
    }
    facts
}

fn parent(tables: &[Table], table: usize, input: &Input) -> Option<usize> {
    match input.relation {
        Relation::This => Some(table),
        Relation::Import(index) => {
            let path = tables[table].imports.get(index as usize)?;
            tables.iter().position(|table| &table.path == path)
        }
    }
}

/// Whether something that is made of an input is another one by these facts.
fn reaches(tables: &[Table], table: usize, input: &Input, facts: &BTreeSet<Fact>) -> bool {
    let Some(parent) = parent(tables, table, input) else {
        return false;
    };
    facts.iter().any(|fact| match (fact, &input.part) {
        (Fact::Rows(of), _) => *of == parent,
        (_, Part::Rows) => false,
        (
            Fact::Values(of, _) | Fact::Wider(of, _) | Fact::New(of, _) | Fact::Gone(of, _),
            Part::Any,
        ) => *of == parent,
        (
            Fact::Values(of, name) | Fact::New(of, name) | Fact::Gone(of, name),
            Part::Column(own),
        ) => *of == parent && name == own,
        (Fact::Wider(of, name), Part::Column(own)) => {
            let ways = [
                Uses::COMPUTED,
                Uses::AGGREGATED,
                Uses::CONDITION,
                Uses::UNKNOWN,
            ];
            *of == parent && name == own && ways.iter().any(|way| input.uses.has(*way))
        }
    })
}

/// Whether a column that is made of an input may have a wider type.
fn widens(tables: &[Table], table: usize, input: &Input, facts: &BTreeSet<Fact>) -> bool {
    match (&input.part, parent(tables, table, input)) {
        (Part::Column(name), Some(parent)) => facts.contains(&Fact::Wider(parent, name.clone())),
        _ => false,
    }
}

fn gathered(tables: &[Table], facts: &BTreeSet<Fact>) -> BTreeMap<String, EffectiveChange> {
    let mut found: BTreeMap<String, EffectiveChange> = BTreeMap::new();
    for fact in facts {
        let (Fact::Rows(table)
        | Fact::Values(table, _)
        | Fact::Wider(table, _)
        | Fact::New(table, _)
        | Fact::Gone(table, _)) = fact;
        let change = found.entry(tables[*table].path.clone()).or_default();
        match fact.clone() {
            Fact::Rows(_) => change.rows = true,
            Fact::Values(_, name) => drop(change.columns.insert(name)),
            Fact::Wider(_, name) => drop(change.widened.insert(name)),
            Fact::New(_, name) => drop(change.added.insert(name)),
            Fact::Gone(_, name) => drop(change.removed.insert(name)),
        }
    }
    for change in found.values_mut() {
        change.widened.retain(|name| !change.columns.contains(name));
    }
    found
}
