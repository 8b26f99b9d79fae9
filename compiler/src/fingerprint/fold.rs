//! The state of the fold over a bound tree: which relations and outputs are visible where it is.

use super::hash::{Encoding, Fingerprint, Tag, hashed};
use super::{ObstacleKind, model::Import};
use crate::bound::{MemberId, NodeId, RelationId, Tree};
use crate::span::Span;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The deepest nesting of queries whose columns are told apart where an aggregate is looked for.
const MOST_DEPTHS: usize = 127;

/// What a query gives.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// Which rows, as a set that may hold a row several times.
    pub rows: Fingerprint,
    /// The order that the query asks for.
    pub order: Option<Fingerprint>,
    /// The columns in order.
    pub columns: Rc<Vec<ColumnFacts>>,
    /// Whether other rows may come in another run, or other values.
    pub volatile: bool,
}

impl Facts {
    /// Rows and order: what a query hands to the one around it.
    pub fn ordered_rows(&self) -> Fingerprint {
        match &self.order {
            None => self.rows,
            Some(order) => hashed(|encoding| {
                encoding.tag(Tag::InOrder);
                encoding.fingerprint(&self.rows);
                encoding.fingerprint(order);
            }),
        }
    }
}

/// What a column that a query gives is made of.
#[derive(Clone, Debug)]
pub(super) struct ColumnFacts {
    /// Its name in lower case; `None` if only the engine knows it.
    pub name: Option<String>,
    /// What its values are made of.
    pub values: Fingerprint,
    /// The same, apart from the type that it is cast to in the end.
    pub wide: Fingerprint,
    /// What stands in the way of adding it.
    pub obstacles: Obstacles,
    /// Where it is written.
    pub span: Span,
}

/// What stands in the way of adding a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Obstacles {
    pub set_returning: bool,
    pub volatile: bool,
    pub union: bool,
    pub distinct: bool,
}

impl Obstacles {
    pub fn add(&mut self, other: Obstacles) {
        self.set_returning |= other.set_returning;
        self.volatile |= other.volatile;
        self.union |= other.union;
        self.distinct |= other.distinct;
    }

    /// The first of them.
    pub fn kind(self) -> Option<ObstacleKind> {
        match self {
            Self {
                set_returning: true,
                ..
            } => Some(ObstacleKind::SetReturning),
            Self { volatile: true, .. } => Some(ObstacleKind::Volatile),
            Self { distinct: true, .. } => Some(ObstacleKind::Distinct),
            Self { union: true, .. } => Some(ObstacleKind::Union),
            _ => None,
        }
    }
}

/// The columns of a relation.
#[derive(Clone, Debug)]
pub(super) enum Columns<'a> {
    /// Those of a table, by their names.
    Named(Fingerprint, &'a [String]),
    /// Those that all come from the same, by their positions.
    Numbered(Fingerprint),
    /// Those of a query.
    Given(Rc<Vec<ColumnFacts>>),
}

/// A relation that is visible.
#[derive(Clone, Debug)]
pub(super) struct Visible<'a> {
    /// The depth of the query that reads it.
    pub depth: usize,
    /// Its place among the relations that the query reads.
    pub place: usize,
    pub columns: Columns<'a>,
}

/// A query whose clauses are being read.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// How many relations it reads so far.
    pub relations: usize,
    /// How many of its aggregates were met.
    pub aggregates: usize,
    /// Its named windows.
    pub windows: Vec<(String, NodeId)>,
}

/// An output that has been read.
#[derive(Debug)]
pub(super) struct Read {
    pub bytes: Vec<u8>,
    pub depth: usize,
    pub obstacles: Obstacles,
    pub aggregates: bool,
    pub constant: bool,
}

/// A member of a `WITH`.
#[derive(Clone, Debug)]
pub(super) enum Member {
    /// One that has been read; with a number if its rows or values may differ from run to run, so
    /// that two uses of it are not two such queries.
    Done(Facts, Option<usize>),
    /// A recursive one that is being read, and whether it has read itself.
    Open(bool),
}

pub(super) struct Fold<'a> {
    pub tree: &'a Tree,
    /// What is imported, by alias in lower case.
    pub imports: &'a BTreeMap<String, Import>,
    /// The columns of the model's own table.
    pub this: &'a [String],
    /// What declares a variable, by its name in lower case.
    pub variables: &'a BTreeMap<String, String>,
    pub encoding: Encoding,
    pub frames: Vec<Frame>,
    pub relations: BTreeMap<RelationId, Visible<'a>>,
    pub members: BTreeMap<MemberId, Member>,
    pub shared: usize,
    pub outputs: BTreeMap<NodeId, Read>,
    /// What was met in the expression that is being read.
    pub met: Obstacles,
    /// The depths of the relations whose columns were read, as bits.
    pub depths: u128,
    /// Whether everything was understood.
    pub understood: bool,
}

impl<'a> Fold<'a> {
    pub fn new(
        tree: &'a Tree,
        imports: &'a BTreeMap<String, Import>,
        this: &'a [String],
        variables: &'a BTreeMap<String, String>,
    ) -> Self {
        Self {
            tree,
            imports,
            this,
            variables,
            encoding: Encoding::default(),
            frames: Vec::new(),
            relations: BTreeMap::new(),
            members: BTreeMap::new(),
            shared: 0,
            outputs: BTreeMap::new(),
            met: Obstacles::default(),
            depths: 0,
            understood: true,
        }
    }

    /// The whole query; `None` if there is something in it that nobody looked into.
    pub fn whole(mut self) -> Option<Facts> {
        let root = self.tree.root()?;
        let facts = self.query(root);
        self.understood.then_some(facts)
    }

    /// What stands for something that isn't understood.
    pub fn lost(&mut self) -> Facts {
        self.understood = false;
        Facts {
            rows: Fingerprint::default(),
            order: None,
            columns: Rc::default(),
            volatile: true,
        }
    }

    /// How many queries are around the place.
    pub fn depth(&self) -> usize {
        self.frames.len()
    }

    /// Reads the clauses of a query.
    pub fn framed<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        self.frames.push(Frame::default());
        let value = read(self);
        self.depths &= !depth_bit(self.depth());
        self.frames.pop();
        value
    }

    /// Makes a relation visible to the query that is being read.
    pub fn register(&mut self, relation: RelationId, columns: Columns<'a>) {
        let depth = self.depth();
        let place = match self.frames.last_mut() {
            Some(frame) => {
                frame.relations += 1;
                frame.relations
            }
            None => 0,
        };
        let visible = Visible {
            depth,
            place,
            columns,
        };
        self.relations.insert(relation, visible);
    }

    /// Notes that the query at a depth is made of columns of that depth.
    pub fn note_depth(&mut self, depth: usize) {
        self.depths |= depth_bit(depth);
    }

    /// Notes an aggregate in which columns of some depths are read: it belongs to the innermost of
    /// them, or without any to the query that it stands in.
    pub fn note_aggregate(&mut self, depths: u128) {
        let innermost = (1..=self.depth())
            .rev()
            .find(|depth| depths & depth_bit(*depth) != 0);
        let owner = innermost.unwrap_or(self.depth());
        if let Some(frame) = owner.checked_sub(1).and_then(|at| self.frames.get_mut(at)) {
            frame.aggregates += 1;
        }
    }

    /// How many aggregates of the query that is being read were met.
    pub fn aggregates(&self) -> usize {
        self.frames.last().map_or(0, |frame| frame.aggregates)
    }
}

fn depth_bit(depth: usize) -> u128 {
    1 << depth.min(MOST_DEPTHS)
}
