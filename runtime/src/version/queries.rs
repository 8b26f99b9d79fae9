//! What versions are made of before it is known what models read: their own queries and settings.

use super::{Digest, columns};
use crate::error::Result;
use crate::project::{BatchFacts, Model, PlanFacts, Project, meaningful, rendered_by};
use dbgo_contract::{Materialization, PieceKind, Render};

/// All models' queries under the facts of one environment, by the models' indexes.
///
/// It takes longest of all that versions need, and nothing of what the state knows.
#[derive(Clone, Debug)]
pub struct Queries {
    pub(super) of: Vec<Query>,
}

/// What is known of a query and of its model's settings.
#[derive(Clone, Debug, Default)]
pub(super) struct Query {
    /// A hash of what the model's version is made of, without what it reads.
    pub own: String,
    /// A hash of the values that it takes from outside: variables and the engine's type.
    pub values: String,
    /// Whether its query reads the run's clock.
    pub clocked: bool,
    /// What it reads, as the indexes of its imports, in the order of the slots.
    pub reads: Vec<usize>,
}

impl Queries {
    /// Looks through all queries of a project.
    ///
    /// # Errors
    /// If a variable has no value or one of another type.
    pub fn of(project: &Project, plan: &PlanFacts) -> Result<Self> {
        let models = project.models().iter();
        let of = models.map(|model| Query::of(model, plan));
        Ok(Self {
            of: of.collect::<Result<_>>()?,
        })
    }
}

impl Query {
    fn of(model: &Model, plan: &PlanFacts) -> Result<Self> {
        let mut own = Digest::new("own");
        let mut values = Digest::new("values");
        let mut query = Self::default();
        own.text(plan.engine);
        values.text(plan.engine);
        config(&mut own, model);
        columns(&mut own, model.def.columns.as_slice());
        for batch in batches(model) {
            own.number(u64::from(batch.is_incremental) * 2 + u64::from(batch.full_refresh));
            let mut digests = (&mut own, &mut values);
            query.add(&mut digests, model, (model.def.render, *batch), plan)?;
            for statements in [model.def.before, model.def.after] {
                digests.0.number(statements.as_slice().len() as u64);
                for render in statements.iter() {
                    query.add(&mut digests, model, (*render, *batch), plan)?;
                }
            }
        }
        query.own = own.finish();
        query.values = values.finish();
        Ok(query)
    }

    /// Adds what one of a model's functions writes.
    fn add(
        &mut self,
        (own, values): &mut (&mut Digest, &mut Digest),
        model: &Model,
        (render, batch): (Render, BatchFacts),
        plan: &PlanFacts,
    ) -> Result<()> {
        let rendered = rendered_by(render, model, plan, batch)?;
        for value in &rendered.variables {
            values.text(&value.literal);
        }
        for piece in &rendered.pieces {
            own.number(u64::from(piece.kind));
            let at = piece.index as usize;
            match PieceKind::from_number(piece.kind) {
                Some(PieceKind::Text) => own.text(&meaningful(piece.text.as_str())),
                Some(kind @ (PieceKind::Relation | PieceKind::RelationAs)) => {
                    self.reads.push(at);
                    if kind == PieceKind::RelationAs {
                        let import = model.def.imports.as_slice().get(at);
                        own.text(import.map_or("", |import| import.alias.as_str()));
                    }
                }
                Some(PieceKind::Variable) => {
                    let value = rendered.variables.get(at);
                    own.text(value.map_or("", |value| &value.literal));
                }
                Some(PieceKind::ExecutionTimestamp) => self.clocked = true,
                _ => {}
            }
        }
        Ok(())
    }
}

/// The combinations of batch facts that a model can be rendered under.
fn batches(model: &Model) -> &'static [BatchFacts] {
    const FIRST: BatchFacts = BatchFacts {
        is_incremental: false,
        full_refresh: false,
    };
    const REFRESH: BatchFacts = BatchFacts {
        full_refresh: true,
        ..FIRST
    };
    const ADDING: BatchFacts = BatchFacts {
        is_incremental: true,
        ..FIRST
    };
    match model.materialization {
        Materialization::View | Materialization::Ephemeral | Materialization::Scd2 => &[FIRST],
        Materialization::Table => &[FIRST, REFRESH],
        Materialization::Incremental => &[FIRST, REFRESH, ADDING],
    }
}

fn config(digest: &mut Digest, model: &Model) {
    let def = &model.def.incremental;
    digest.number(u64::from(model.def.materialization));
    digest.number(u64::from(def.strategy));
    digest.text(def.time_column.as_str());
    digest.texts(def.unique_key);
    digest.texts(def.partition_by);
    digest.text(def.interval.as_str());
    digest.text(def.interval_tz.as_str());
    digest.number(u64::from(def.outside));
    let merge = &model.def.merge;
    digest.text(merge.on.as_str());
    digest.texts(merge.update);
    digest.text(merge.delete_when.as_str());
    let scd2 = &model.def.scd2;
    digest.texts(scd2.unique_key);
    digest.text(scd2.updated_at.as_str());
    digest.texts(scd2.check);
    digest.number(u64::from(scd2.hard_deletes));
    digest.text(scd2.valid_from.as_str());
    digest.text(scd2.valid_to.as_str());
}
