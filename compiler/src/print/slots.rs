//! Which tokens of a model are slots.

use crate::span::Span;
use crate::typed::Slot;
use std::collections::BTreeMap;

/// The places of a file that the runtime fills.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    places: BTreeMap<(u32, u32), Slot>,
}

/// A place and what fills it.
#[derive(Clone, Copy, Debug)]
pub struct SlotPlace {
    /// The token.
    pub span: Span,
    /// What fills it.
    pub slot: Slot,
}

impl Slots {
    /// Adds a place. What stands there already is replaced.
    pub fn insert(&mut self, place: SlotPlace) {
        self.places
            .insert((place.span.start, place.span.end), place.slot);
    }

    /// What fills a token.
    pub fn at(&self, span: Span) -> Option<Slot> {
        self.places.get(&(span.start, span.end)).copied()
    }
}
