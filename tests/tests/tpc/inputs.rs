//! A query's lineage, with inputs and outputs by their names, and the literals that its columns
//! are compared with.

use crate::given::Query;
use dbgo_compiler::bound::{NodeId, RelationId, Tree, What};
use dbgo_compiler::lexer::lex;
use dbgo_compiler::lineage::{Part, Reads, Relation, UseSet, Uses, of_query};
use dbgo_compiler::parse::parse_query;
use dbgo_compiler::resolve::{BindInput, Bound, Column, Schema, bind};
use dbgo_compiler::span::FileId;
use dbgo_compiler::sql_type::SqlType;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A column of a table: the table's name and its own.
pub type Input = (String, String);

/// What a query reads.
pub struct Inputs {
    /// The tables that it reads.
    pub tables: BTreeSet<String>,
    /// For each input the output columns whose own lineage names it, in the values' making or in
    /// another way.
    pub of_columns: BTreeMap<Input, BTreeSet<usize>>,
    /// The inputs that decide which rows there are.
    pub of_rows: BTreeSet<Input>,
    /// Literals, as SQL, that an input is compared with.
    pub literals: BTreeMap<Input, Vec<String>>,
    /// Days, as SQL texts, that a day of the calendar is compared with.
    pub days: Vec<String>,
}

impl Inputs {
    /// All inputs that the lineage names.
    pub fn all(&self) -> BTreeSet<Input> {
        let columns = self.of_columns.keys().cloned();
        columns.chain(self.of_rows.iter().cloned()).collect()
    }

    /// Whether an output may change with an input.
    pub fn may_change(&self, input: &Input, output: usize) -> bool {
        let own = self.of_columns.get(input);
        self.of_rows.contains(input) || own.is_some_and(|own| own.contains(&output))
    }
}

/// The inputs of a query over tables with these columns.
pub fn inputs_of(query: &Query, tables: &BTreeMap<String, Vec<Column>>) -> Inputs {
    let imports: BTreeMap<String, Schema> = tables
        .iter()
        .map(|(name, columns)| (name.clone(), Schema::known(columns.clone())))
        .collect();
    let bound = bound(&query.sql, &imports);
    let names: Vec<&String> = tables.keys().collect();
    let reads = Reads {
        imports: (0..)
            .zip(&imports)
            .map(|(index, (name, schema))| (name.clone(), (index, schema.names())))
            .collect(),
        text: &query.sql,
        ..Reads::default()
    };
    let width = bound.columns.as_ref().expect("columns").len();
    let lineage = of_query(&bound.tree, &reads, width);
    let columns = |uses: &UseSet| -> Vec<Input> {
        let uses = uses.iter();
        uses.filter_map(|(input, uses)| match (input.relation, input.part) {
            (Relation::Import(index), Part::Column(position)) => {
                assert!(
                    !uses.has(Uses::UNKNOWN),
                    "{}: something isn't known",
                    query.name
                );
                let table = names[index as usize];
                Some((table.clone(), tables[table][position as usize].name.clone()))
            }
            (_, Part::Any) => panic!("{}: something isn't known", query.name),
            _ => None,
        })
        .collect()
    };
    let mut of_columns: BTreeMap<Input, BTreeSet<usize>> = BTreeMap::new();
    for (output, column) in lineage.columns.iter().enumerate() {
        for input in columns(&column.uses) {
            of_columns.entry(input).or_default().insert(output);
        }
    }
    let read = imported(&bound.tree);
    let (literals, days) = literals(&bound.tree, &read, tables);
    Inputs {
        of_rows: columns(&lineage.rows).into_iter().collect(),
        literals,
        days,
        tables: read.into_values().collect(),
        of_columns,
    }
}

fn bound(sql: &str, imports: &BTreeMap<String, Schema>) -> Bound {
    let (tokens, _) = lex(FileId(0), sql, 0..sql.len());
    let tree = parse_query(sql, &tokens).unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
    let input = BindInput {
        imports: Cow::Borrowed(imports),
        text: sql,
        ..BindInput::default()
    };
    bind(&tree, &input)
}

/// The tables by the numbers that the tree has for them.
fn imported(tree: &Tree) -> BTreeMap<RelationId, String> {
    let root = tree.root().expect("a tree");
    let nodes = tree.subtree(root);
    nodes
        .filter_map(|(_, node)| match &node.what {
            What::Import { relation, alias } => Some((*relation, alias.clone())),
            _ => None,
        })
        .collect()
}

/// The literals that stand beside a column in an equality, a list or a range.
fn literals(
    tree: &Tree,
    read: &BTreeMap<RelationId, String>,
    tables: &BTreeMap<String, Vec<Column>>,
) -> (BTreeMap<Input, Vec<String>>, Vec<String>) {
    let mut found: BTreeMap<Input, Vec<String>> = BTreeMap::new();
    let root = tree.root().expect("a tree");
    for (id, node) in tree.subtree(root) {
        let What::Operation(operator) = &node.what else {
            continue;
        };
        if !["=", "in list", "between"].contains(&operator.as_str()) {
            continue;
        }
        let children = tree.children(id);
        let column = children
            .iter()
            .find_map(|child| column(tree, *child, read, tables));
        let Some(column) = column else { continue };
        let is_number = |text: &str| text.parse::<f64>().is_ok();
        let (table, name) = &column;
        let mut columns = tables[table].iter();
        let own = columns.find(|column| column.name == *name);
        let numeric = own.is_some_and(|column| column.sql_type.is_numeric());
        let values = children.iter().filter_map(|child| literal(tree, *child));
        let values = values.filter(|text| numeric == is_number(text));
        let own = found.entry(column).or_default();
        for value in values {
            if !own.contains(&value) {
                own.push(value);
            }
        }
    }
    // Days are compared with texts; all that are asked for are there.
    let is_day = |(table, name): &Input| {
        let mut columns = tables[table].iter();
        columns.any(|column| column.name == *name && column.sql_type == SqlType::Date)
    };
    let days = found.iter().filter(|(column, _)| is_day(column));
    let days = days.flat_map(|(_, values)| values.iter());
    let days = days.filter(|value| value.len() == "'2000-01-01'".len());
    let days = days.cloned().collect();
    found.retain(|column, values| !values.is_empty() && !is_day(column));
    (found, days)
}

/// The literal that a node is, or is a cast of.
fn literal(tree: &Tree, node: NodeId) -> Option<String> {
    match tree.what(node) {
        What::Literal(text) if text != "null" => Some(text.clone()),
        What::Operation(text) if text.starts_with("cast") => {
            literal(tree, *tree.children(node).first()?)
        }
        _ => None,
    }
}

/// The column of a table that a node is, also through subqueries and common tables.
fn column(
    tree: &Tree,
    node: NodeId,
    read: &BTreeMap<RelationId, String>,
    tables: &BTreeMap<String, Vec<Column>>,
) -> Option<Input> {
    let What::Column { relation, position } = tree.what(node) else {
        return None;
    };
    if let Some(table) = read.get(relation) {
        let name = &tables[table].get(*position as usize)?.name;
        return Some((table.clone(), name.clone()));
    }
    let root = tree.root()?;
    let mut nodes = tree.subtree(root);
    let made_of = nodes.find_map(|(id, node)| match &node.what {
        What::Derived { relation: own } if own == relation => Some(id),
        What::Common {
            relation: own,
            member,
        } if own == relation => tree.subtree(root).find_map(|(id, node)| match &node.what {
            What::Member { member: own, .. } if own == member => Some(id),
            _ => None,
        }),
        _ => None,
    })?;
    let output = first_select(tree, made_of)?;
    let mut outputs = tree.children(output).into_iter();
    let is_output = |node: &NodeId| matches!(tree.what(*node), What::Output { .. });
    let output = outputs.by_ref().filter(is_output).nth(*position as usize)?;
    // Members read only earlier ones here, so that this ends.
    column(tree, *tree.children(output).first()?, read, tables)
}

/// The first `SELECT` of a query's body.
fn first_select(tree: &Tree, node: NodeId) -> Option<NodeId> {
    let mut children = tree.children(node).into_iter();
    children.find_map(|child| match tree.what(child) {
        What::Select { .. } => Some(child),
        What::Query | What::SetOperation { .. } => first_select(tree, child),
        _ => None,
    })
}
