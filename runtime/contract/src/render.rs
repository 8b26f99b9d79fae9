//! What a model's `render` function is given: facts to branch on, a sink to write to.

use crate::text::Str;
use core::ffi::c_void;

/// Writes the SQL of one model, under the given facts, as pieces.
pub type Render = extern "C" fn(facts: &Facts, sql: &mut Sink);

/// How a fact is compared with a literal.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal = 0,
    /// `!=`
    NotEqual = 1,
    /// `<`
    Less = 2,
    /// `<=`
    LessOrEqual = 3,
    /// `>`
    Greater = 4,
    /// `>=`
    GreaterOrEqual = 5,
}

/// Compares a project variable with a literal, both as text in the variable's type.
pub type CompareVariable =
    extern "C" fn(context: *const c_void, variable: u32, comparison: u8, literal: Str) -> bool;

/// What is known when a model is rendered.
#[repr(C)]
pub struct Facts {
    is_incremental: bool,
    full_refresh: bool,
    environment: Str,
    engine: Str,
    context: *const c_void,
    compare_variable: CompareVariable,
}

impl Facts {
    /// Puts facts together. `context` is handed to `compare_variable` and to nothing else.
    pub fn new(
        batch: (bool, bool),
        environment: Str,
        engine: Str,
        context: *const c_void,
        compare_variable: CompareVariable,
    ) -> Self {
        let (is_incremental, full_refresh) = batch;
        Self {
            is_incremental,
            full_refresh,
            environment,
            engine,
            context,
            compare_variable,
        }
    }

    /// Whether rows are added to a table that exists: `is_incremental`.
    pub fn is_incremental(&self) -> bool {
        self.is_incremental
    }

    /// Whether the table is built anew on request: `full_refresh`.
    pub fn full_refresh(&self) -> bool {
        self.full_refresh
    }

    /// Whether the environment has this name: `env == 'name'`.
    pub fn env_is(&self, name: &'static str) -> bool {
        self.environment.as_str() == name
    }

    /// Whether the engine is of this type: `engine == 'type'`.
    pub fn engine_is(&self, kind: &'static str) -> bool {
        self.engine.as_str() == kind
    }

    /// Compares the model's variable at this index with a literal.
    pub fn variable(&self, index: u32, comparison: Comparison, literal: &'static str) -> bool {
        (self.compare_variable)(self.context, index, comparison as u8, Str::new(literal))
    }
}

/// What a piece of rendered SQL is.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// SQL text as the user wrote it.
    Text = 0,
    /// The relation of the import at this index, where an alias follows in the text.
    Relation = 1,
    /// The relation of the import at this index, made visible under the import's alias.
    RelationAs = 2,
    /// The model's own table, where an alias follows in the text.
    This = 3,
    /// The model's own table, made visible as `this`.
    ThisAs = 4,
    /// The value of the variable at this index, as a literal of its type.
    Variable = 5,
    /// The start of the batch's range, in the type of the time column: `:start_ts`.
    StartTimestamp = 6,
    /// The end of the batch's range (exclusive), in the type of the time column: `:end_ts`.
    EndTimestamp = 7,
    /// The start of the batch's range as a date: `:start_date`.
    StartDate = 8,
    /// The end of the batch's range as a date (exclusive): `:end_date`.
    EndDate = 9,
    /// The run's own clock: `:execution_ts`.
    ExecutionTimestamp = 10,
}

impl PieceKind {
    /// Reads the number that crossed the border; `None` for one that this contract doesn't know.
    pub fn from_number(number: u8) -> Option<Self> {
        const ALL: [PieceKind; 11] = [
            PieceKind::Text,
            PieceKind::Relation,
            PieceKind::RelationAs,
            PieceKind::This,
            PieceKind::ThisAs,
            PieceKind::Variable,
            PieceKind::StartTimestamp,
            PieceKind::EndTimestamp,
            PieceKind::StartDate,
            PieceKind::EndDate,
            PieceKind::ExecutionTimestamp,
        ];
        ALL.get(usize::from(number)).copied()
    }
}

/// One piece of rendered SQL.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// A [`PieceKind`], as its number.
    pub kind: u8,
    /// The index of the import or variable; 0 for other kinds.
    pub index: u32,
    /// The text of a text piece; empty for other kinds.
    pub text: Str,
}

/// Where a model's `render` function writes its pieces to.
#[repr(C)]
pub struct Sink {
    context: *mut c_void,
    write: extern "C" fn(context: *mut c_void, piece: Piece),
}

impl Sink {
    /// A sink that hands each piece, with `context`, to `write`.
    pub fn new(context: *mut c_void, write: extern "C" fn(*mut c_void, Piece)) -> Self {
        Self { context, write }
    }

    fn piece(&mut self, kind: PieceKind, index: u32, text: Str) {
        (self.write)(
            self.context,
            Piece {
                kind: kind as u8,
                index,
                text,
            },
        );
    }

    fn slot(&mut self, kind: PieceKind, index: u32) {
        self.piece(kind, index, Str::EMPTY);
    }

    /// SQL as the user wrote it.
    pub fn text(&mut self, text: &'static str) {
        self.piece(PieceKind::Text, 0, Str::new(text));
    }

    /// An import's relation, where an alias follows: `:orders as o`.
    pub fn relation(&mut self, import: u32) {
        self.slot(PieceKind::Relation, import);
    }

    /// An import's relation, visible under the import's alias: `:orders`.
    pub fn relation_as(&mut self, import: u32) {
        self.slot(PieceKind::RelationAs, import);
    }

    /// The model's own table, where an alias follows: `:this as t`.
    pub fn this(&mut self) {
        self.slot(PieceKind::This, 0);
    }

    /// The model's own table, visible as `this`: `:this`.
    pub fn this_as(&mut self) {
        self.slot(PieceKind::ThisAs, 0);
    }

    /// The value of a variable: `:min_amount`.
    pub fn variable(&mut self, index: u32) {
        self.slot(PieceKind::Variable, index);
    }

    /// `:start_ts`
    pub fn start_ts(&mut self) {
        self.slot(PieceKind::StartTimestamp, 0);
    }

    /// `:end_ts`
    pub fn end_ts(&mut self) {
        self.slot(PieceKind::EndTimestamp, 0);
    }

    /// `:start_date`
    pub fn start_date(&mut self) {
        self.slot(PieceKind::StartDate, 0);
    }

    /// `:end_date`
    pub fn end_date(&mut self) {
        self.slot(PieceKind::EndDate, 0);
    }

    /// `:execution_ts`
    pub fn execution_ts(&mut self) {
        self.slot(PieceKind::ExecutionTimestamp, 0);
    }
}
