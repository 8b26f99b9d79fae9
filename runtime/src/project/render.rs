//! The host of generated `render` functions: it hands them facts, takes their pieces and
//! composes SQL from them.
//!
//! What a relation slot becomes is the caller's choice ([`Slots`]), so that the same code
//! writes SQL to run, SQL to show and SQL to hash.

use super::{Model, Project, Relation, Value, Variables, meaningful, quote};
use crate::error::{Code, Error, Kind, Result};
use dbgo_contract::{
    Comparison, Facts, Materialization, Piece, PieceKind, Render, SettingDef, Sink, Str,
};
use std::collections::{HashMap, HashSet};
use std::ffi::c_void;

/// What is fixed for a whole run.
#[derive(Clone, Debug)]
pub struct PlanFacts {
    /// The environment's name.
    pub environment: &'static str,
    /// The engine's type.
    pub engine: &'static str,
    /// The values of variables.
    pub variables: Variables,
    /// Other schemas for sources, by the schema that the project's files name.
    pub sources: &'static [SettingDef],
}

impl PlanFacts {
    /// The schema that a source has in this environment.
    pub fn source_schema(&self, schema: &'static str) -> &'static str {
        self.schema_of(schema)
    }

    /// The same for a schema that isn't the program's own.
    pub fn schema_of<'s>(&self, schema: &'s str) -> &'s str {
        let mut sources = self.sources.iter();
        let other = sources.find(|setting| setting.name.as_str() == schema);
        other.map_or(schema, |setting| setting.value.as_str())
    }
}

/// What differs between the batches of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchFacts {
    /// Whether rows are added to a table that exists.
    pub is_incremental: bool,
    /// Whether the table is built anew on request.
    pub full_refresh: bool,
}

impl BatchFacts {
    /// All that there are.
    pub const ALL: [Self; 3] = [
        Self {
            is_incremental: false,
            full_refresh: false,
        },
        Self {
            is_incremental: false,
            full_refresh: true,
        },
        Self {
            is_incremental: true,
            full_refresh: false,
        },
    ];
}

/// The pieces of one model under given facts, with the values of its variables.
pub struct Rendered {
    /// The pieces in order.
    pub pieces: Vec<Piece>,
    /// The model's variables in the order it declares them.
    pub variables: Vec<Value>,
}

/// What stands in the slots of a rendered query.
pub trait Slots {
    /// The relation of an import, without an alias.
    ///
    /// # Errors
    /// If there is nothing to read yet.
    fn relation(&self, relation: Relation) -> Result<String>;

    /// The model's own table, without an alias.
    ///
    /// # Errors
    /// If there is no such table.
    fn this(&self) -> Result<String>;

    /// One of the batch's bounds or the run's clock, as a literal.
    ///
    /// # Errors
    /// If the batch has no bounds.
    fn bound(&self, kind: PieceKind) -> Result<String>;
}

/// A query with what it is made of.
pub struct Composition {
    /// The query, one that can stand after `AS` or in parentheses on lines of their own.
    pub sql: String,
}

extern "C" fn take_piece(context: *mut c_void, piece: Piece) {
    // SAFETY: `rendered_pieces` passes a pointer to a live `Vec<Piece>` that nothing else uses
    // while `render` runs.
    let pieces = unsafe { &mut *context.cast::<Vec<Piece>>() };
    pieces.push(piece);
}

extern "C" fn compare(context: *const c_void, variable: u32, comparison: u8, literal: Str) -> bool {
    // SAFETY: `rendered_pieces` passes a pointer to a live `Vec<Value>`.
    let values = unsafe { &*context.cast::<Vec<Value>>() };
    let comparison = match comparison {
        0 => Comparison::Equal,
        1 => Comparison::NotEqual,
        2 => Comparison::Less,
        3 => Comparison::LessOrEqual,
        4 => Comparison::Greater,
        5 => Comparison::GreaterOrEqual,
        _ => return false,
    };
    values
        .get(variable as usize)
        .is_some_and(|value| value.compare(comparison, literal.as_str()))
}

/// Runs a model's `render` under the given facts.
///
/// # Errors
/// If a variable has no value or one of another type.
pub fn rendered_pieces(model: &Model, plan: &PlanFacts, batch: BatchFacts) -> Result<Rendered> {
    rendered_by(model.def.render, model, plan, batch)
}

/// Runs one of a model's functions under the given facts: its query's, an audit's, a statement's.
///
/// # Errors
/// If a variable has no value or one of another type.
pub fn rendered_by(
    render: Render,
    model: &Model,
    plan: &PlanFacts,
    batch: BatchFacts,
) -> Result<Rendered> {
    let variables = plan.variables.of_model(model.def)?;
    let mut pieces: Vec<Piece> = Vec::new();
    let facts = Facts::new(
        (batch.is_incremental, batch.full_refresh),
        Str::new(plan.environment),
        Str::new(plan.engine),
        (&raw const variables).cast::<c_void>(),
        compare,
    );
    let mut sink = Sink::new((&raw mut pieces).cast::<c_void>(), take_piece);
    render(&facts, &mut sink);
    Ok(Rendered { pieces, variables })
}

/// Composes the query of a model.
///
/// Ephemeral models that it reads, directly or through others, become common table
/// expressions in front, each once, parents first. The model's own query then stands in
/// parentheses, because it may have a `WITH` of its own.
///
/// # Errors
/// What the slots refuse, or a piece that this version doesn't know.
pub fn compose(
    project: &Project,
    model: usize,
    plan: &PlanFacts,
    batch: BatchFacts,
    slots: &dyn Slots,
) -> Result<Composition> {
    let render = project.model(model).def.render;
    compose_query((project, model, render), plan, batch, slots)
}

/// Composes a query that one of a model's functions writes, as [`compose`] does for its own.
///
/// # Errors
/// What the slots refuse, or a piece that this version doesn't know.
pub fn compose_query(
    (project, model, render): (&Project, usize, Render),
    plan: &PlanFacts,
    batch: BatchFacts,
    slots: &dyn Slots,
) -> Result<Composition> {
    let mut writer = Writer::new(project, plan, slots, false);
    let rendered = rendered_by(render, project.model(model), plan, batch)?;
    writer.gather(model, &rendered, &mut HashSet::new())?;
    let body = writer.write(model, &rendered)?;
    if writer.expressions.is_empty() {
        return Ok(Composition { sql: body });
    }
    let mut sql = String::from("WITH ");
    for (index, (name, text)) in writer.expressions.iter().enumerate() {
        if index > 0 {
            sql.push_str(",\n");
        }
        sql.push_str(&format!("{} AS (\n{text}\n)", quote(name)));
    }
    sql.push_str(&format!("\nSELECT * FROM (\n{body}\n)"));
    Ok(Composition { sql })
}

/// Composes a statement that one of a model's functions writes; nothing if it writes none under
/// these facts.
///
/// Ephemeral models that it reads stand in it as subqueries, because a statement can't be put
/// into a query behind common table expressions.
///
/// # Errors
/// What the slots refuse, or a piece that this version doesn't know.
pub fn compose_statement(
    (project, model, render): (&Project, usize, Render),
    plan: &PlanFacts,
    batch: BatchFacts,
    slots: &dyn Slots,
) -> Result<Option<String>> {
    let rendered = rendered_by(render, project.model(model), plan, batch)?;
    let sql = Writer::new(project, plan, slots, true).write(model, &rendered)?;
    let says_something = !meaningful(&sql).trim().is_empty();
    Ok(says_something.then_some(sql))
}

struct Writer<'a> {
    project: &'a Project,
    plan: &'a PlanFacts,
    slots: &'a dyn Slots,
    /// Whether an ephemeral model stands where it is read, and not as an expression in front.
    in_place: bool,
    names: HashMap<usize, String>,
    expressions: Vec<(String, String)>,
    used: String,
}

impl<'a> Writer<'a> {
    fn new(
        project: &'a Project,
        plan: &'a PlanFacts,
        slots: &'a dyn Slots,
        in_place: bool,
    ) -> Self {
        Self {
            project,
            plan,
            slots,
            in_place,
            names: HashMap::new(),
            expressions: Vec::new(),
            used: String::new(),
        }
    }

    /// Collects the text of a query and of the ephemeral models that it reads, so that no name
    /// given to one of them is taken for something else in another.
    fn gather(
        &mut self,
        model: usize,
        rendered: &Rendered,
        seen: &mut HashSet<usize>,
    ) -> Result<()> {
        for piece in &rendered.pieces {
            self.used.push_str(&piece.text.as_str().to_lowercase());
            self.used.push(' ');
        }
        let project = self.project;
        for import in &project.model(model).imports {
            let Relation::Model(parent) = *import else {
                continue;
            };
            let node = project.model(parent);
            if node.materialization == Materialization::Ephemeral && seen.insert(parent) {
                let rendered = rendered_pieces(node, self.plan, BatchFacts::default())?;
                self.gather(parent, &rendered, seen)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, model: usize, rendered: &Rendered) -> Result<String> {
        let project = self.project;
        let node = project.model(model);
        let mut sql = String::new();
        for piece in &rendered.pieces {
            let index = piece.index as usize;
            let kind = PieceKind::from_number(piece.kind).ok_or_else(|| bad_piece(node))?;
            match kind {
                PieceKind::Text => sql.push_str(piece.text.as_str()),
                PieceKind::Relation | PieceKind::RelationAs => {
                    let import = node.def.imports.as_slice().get(index);
                    let relation = node.imports.get(index);
                    let (Some(import), Some(relation)) = (import, relation) else {
                        return Err(bad_piece(node));
                    };
                    sql.push_str(&self.relation(*relation)?);
                    if kind == PieceKind::RelationAs {
                        sql.push_str(" AS ");
                        sql.push_str(&quote(import.alias.as_str()));
                    }
                }
                PieceKind::This => sql.push_str(&self.slots.this()?),
                PieceKind::ThisAs => {
                    sql.push_str(&self.slots.this()?);
                    sql.push_str(" AS \"this\"");
                }
                PieceKind::Variable => match rendered.variables.get(index) {
                    Some(value) => sql.push_str(&value.literal),
                    None => return Err(bad_piece(node)),
                },
                bound => sql.push_str(&self.slots.bound(bound)?),
            }
        }
        Ok(sql)
    }

    fn relation(&mut self, relation: Relation) -> Result<String> {
        let Relation::Model(index) = relation else {
            return self.slots.relation(relation);
        };
        let model = self.project.model(index);
        if model.materialization != Materialization::Ephemeral {
            return self.slots.relation(relation);
        }
        if self.in_place {
            let rendered = rendered_pieces(model, self.plan, BatchFacts::default())?;
            return Ok(format!("(\n{}\n)", self.write(index, &rendered)?));
        }
        if !self.names.contains_key(&index) {
            let rendered = rendered_pieces(model, self.plan, BatchFacts::default())?;
            let body = self.write(index, &rendered)?;
            let name = self.unique_name(model);
            self.expressions.push((name.clone(), body));
            self.names.insert(index, name);
        }
        Ok(quote(&self.names[&index]))
    }

    /// A name that no text contains and no other expression has.
    fn unique_name(&self, model: &Model) -> String {
        let stem = format!("{}__{}", model.def.schema, model.def.name);
        let taken = |name: &str| {
            self.used.contains(&name.to_lowercase())
                || self
                    .expressions
                    .iter()
                    .any(|(other, _)| other.eq_ignore_ascii_case(name))
        };
        let mut name = stem.clone();
        let mut number = 2;
        while taken(&name) {
            name = format!("{stem}__{number}");
            number += 1;
        }
        name
    }
}

fn bad_piece(model: &Model) -> Error {
    Error::new(
        Kind::Failed,
        Code::BrokenProject,
        format!(
            "`{}` wrote a piece of SQL that this version doesn't know",
            model.def.file
        ),
    )
    .hint("compile the project again with this version of `dbgo`")
}
