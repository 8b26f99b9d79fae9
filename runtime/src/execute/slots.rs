//! What stands in the slots of a query: physical names to run it, users' names to show it.

use crate::adapters::{Dialect, Relation as Name, TimeRange};
use crate::error::{Code, Error, Kind, Result};
use crate::intervals::{Range, wall_clock};
use crate::project::{Model, Relation, Slots};
use dbgo_contract::{ModelDef, PieceKind};
use jiff::Timestamp;
use std::collections::HashMap;

/// The type of a model's time column, as its columns say.
pub fn time_type(model: &ModelDef) -> Option<&'static str> {
    let name = model.incremental.time_column.as_str();
    model
        .columns
        .iter()
        .find(|column| column.name.as_str().eq_ignore_ascii_case(name))
        .map(|column| column.sql_type.as_str())
}

/// A range as a model's time column holds it. A column of dates holds those of the zone in which the
/// model's intervals begin, every other type instants.
pub fn column_range(model: &Model, range: Range) -> TimeRange {
    let is_date = time_type(model.def).is_some_and(|kind| kind.eq_ignore_ascii_case("DATE"));
    let shown = |instant| match is_date {
        true => wall_clock(instant, &model.zone),
        false => instant,
    };
    TimeRange {
        start: shown(range.start),
        end: shown(range.end),
    }
}

/// The slots of a query that is about to run.
pub struct PhysicalSlots<'a> {
    pub dialect: &'a dyn Dialect,
    pub model: &'a Model,
    /// The text of every relation that the query may read.
    pub texts: &'a HashMap<Relation, String>,
    /// The model's own table, or what an audit looks at, where there is one.
    pub this: Option<Name>,
    /// The batch's range.
    pub range: Option<Range>,
    pub now: Timestamp,
}

impl Slots for PhysicalSlots<'_> {
    fn relation(&self, relation: Relation) -> Result<String> {
        self.texts.get(&relation).cloned().ok_or_else(|| {
            Error::new(
                Kind::Failed,
                Code::BrokenProject,
                format!("`{}` reads something that isn't built", self.model.def.file),
            )
        })
    }

    fn this(&self) -> Result<String> {
        self.this
            .as_ref()
            .map(|name| self.dialect.relation(name))
            .ok_or_else(|| {
                Error::new(
                    Kind::Finding,
                    Code::NoTableYet,
                    "`:this` is read before there is a table",
                )
                .hint("put it between `#if is_incremental` and `#endif`")
            })
    }

    fn bound(&self, kind: PieceKind) -> Result<String> {
        let time = time_type(self.model.def).unwrap_or("TIMESTAMP");
        let range = || {
            self.range.ok_or_else(|| {
                Error::new(
                    Kind::Finding,
                    Code::NoRange,
                    "the query reads bounds that it doesn't have",
                )
            })
        };
        let bounds = || range().map(|range| column_range(self.model, range));
        let date = |instant| self.dialect.date(wall_clock(instant, &self.model.zone));
        Ok(match kind {
            PieceKind::StartTimestamp => self.dialect.instant(bounds()?.start, time),
            PieceKind::EndTimestamp => self.dialect.instant(bounds()?.end, time),
            PieceKind::StartDate => date(range()?.start),
            PieceKind::EndDate => date(range()?.end),
            // The type that the compiler gives it, in every model.
            _ => self.dialect.instant(self.now, "TIMESTAMP"),
        })
    }
}
