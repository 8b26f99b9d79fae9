//! What a node of the bound tree is.

use super::{MemberId, NodeId, RelationId};
use crate::parse::ast::{JoinKind, SetOperator};

/// What a node of the bound tree is. Its children are listed in the docs of the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A whole query.
    Query,
    /// A member of a `WITH`.
    Member {
        /// Its number.
        member: MemberId,
        /// Whether its right side reads its left one.
        recursive: bool,
    },
    /// One `SELECT`.
    Select {
        /// `DISTINCT`
        distinct: bool,
        /// Whether it may have more columns than its outputs, and at other positions.
        open: bool,
    },
    /// `UNION` and its like.
    SetOperation {
        /// Which.
        operator: SetOperator,
        /// `ALL`
        all: bool,
        /// `BY NAME`: columns are matched by the outputs' names, else by their positions.
        by_name: bool,
    },
    /// `VALUES`
    Values,
    /// One row of them.
    ValuesRow,
    /// A column that a query gives.
    Output {
        /// Its name; `None` if only the engine knows it.
        name: Option<String>,
    },

    /// An import that is read.
    Import {
        /// The relation.
        relation: RelationId,
        /// The import's alias in lower case.
        alias: String,
    },
    /// The model's own table that is read.
    This {
        /// The relation.
        relation: RelationId,
    },
    /// A member of a `WITH` that is read.
    Common {
        /// The relation.
        relation: RelationId,
        /// The member. It may be the one that is being written: a recursive one reads itself.
        member: MemberId,
    },
    /// A subquery in a `FROM`, or a join with an alias.
    Derived {
        /// The relation.
        relation: RelationId,
    },
    /// `range(…)` and its like in a `FROM`: its columns are made of its arguments.
    TableFunction {
        /// The relation.
        relation: RelationId,
        /// Its name in lower case.
        name: String,
    },
    /// `PIVOT` and `UNPIVOT`: its columns are its outputs, each made of columns of the table that
    /// is turned. All columns that aren't outputs by themselves decide which rows there are.
    Turned {
        /// The relation; `None` where it is a query of its own.
        relation: Option<RelationId>,
        /// Whether rows are made of columns, and not columns of rows.
        unpivot: bool,
        /// Whether it may have more columns than its outputs.
        open: bool,
    },
    /// A relation of which nothing is known.
    UnknownRelation {
        /// The relation.
        relation: RelationId,
        /// Its text, with single spaces and in lower case.
        text: String,
    },
    /// A join.
    Join {
        /// Which.
        kind: JoinKind,
        /// `ASOF`
        asof: bool,
    },

    /// A clause of something.
    Clause(Clause),

    /// A literal, written so that equal values of equal types are equal texts.
    Literal(String),
    /// A column of a relation.
    Column {
        /// The relation: of this query, or of one around it.
        relation: RelationId,
        /// Its position in the relation, from 0.
        position: u32,
    },
    /// All of a relation's row as one value.
    Row {
        /// The relation.
        relation: RelationId,
    },
    /// A name in lower case that may be a column of a relation of which not all is known.
    Unresolved(String),
    /// `:name`: a variable or a bound of the batch, in lower case.
    Variable(String),
    /// A parameter of a lambda.
    Parameter {
        /// How many lambdas are around the one that declares it.
        depth: u32,
        /// Its position among the parameters, from 0.
        position: u32,
    },
    /// What an earlier [`What::Output`] of the same query gives, by its alias or its position.
    Alias(NodeId),
    /// An operator or another form of the language, with all that isn't a child: `+`, `cast INTEGER`.
    Operation(String),
    /// A call.
    Call(Call),
    /// `(query)` as a value, `exists`, `in`, `array`, `= any`, with what isn't a child.
    Subquery(String),
    /// Something that the binder didn't look into: its text, with single spaces and in lower case.
    Opaque(String),
}

/// A call of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name in lower case.
    pub name: String,
    /// How it treats rows.
    pub kind: CallKind,
    /// `DISTINCT`
    pub distinct: bool,
    /// `IGNORE NULLS` (`true`), `RESPECT NULLS` (`false`).
    pub ignore_nulls: Option<bool>,
    /// Whether the same arguments may give another value in another run.
    pub volatile: bool,
    /// Names of arguments, in lower case, where they are given; empty if none is.
    pub argument_names: Vec<Option<String>>,
}

/// How a call treats rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// One value from one row.
    Scalar,
    /// One value from the rows of a group.
    Aggregate,
    /// One value from the rows of a window.
    Window,
    /// Several rows from one.
    SetReturning,
}

/// A clause: its children are its expressions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clause {
    /// `FROM`: its children are relations, which commas separate.
    From,
    /// `WHERE`
    Where,
    /// `GROUP BY`
    Group,
    /// `GROUP BY ALL`
    GroupAll,
    /// What stands in a `GROUP BY` in parentheses.
    GroupSet(Grouping),
    /// `HAVING`
    Having,
    /// `QUALIFY`
    Qualify,
    /// `DISTINCT ON (…)`
    DistinctOn,
    /// `WINDOW name AS (…)`: the name in lower case.
    WindowDefinition(String),
    /// `USING SAMPLE` and `TABLESAMPLE`, as it is written.
    Sample(String),
    /// `ORDER BY`
    OrderBy {
        /// The relation whose columns its items name, where they are those of a set operation.
        output: Option<RelationId>,
    },
    /// `ORDER BY ALL`, as it is written.
    OrderAll(String),
    /// One item of an `ORDER BY`, also within a call or a window.
    Ordered {
        /// `ASC` (`false`) or `DESC` (`true`), if it is said.
        descending: Option<bool>,
        /// `NULLS FIRST` (`true`) or `NULLS LAST` (`false`), if it is said.
        nulls_first: Option<bool>,
    },
    /// `LIMIT`
    Limit,
    /// `OFFSET`
    Offset,
    /// `ON` of a join
    On,
    /// `USING` or `NATURAL`: columns of both sides, in pairs.
    Using,
    /// `FILTER (WHERE …)`
    Filter,
    /// `OVER (…)`: its children are the partition's expressions, then [`Clause::Ordered`], then the
    /// frame's.
    Over {
        /// The named window that it is or extends, in lower case.
        base: Option<String>,
        /// The frame as it is written.
        frame: Option<String>,
    },
    /// `PARTITION BY`
    Partition,
    /// `WITHIN GROUP (ORDER BY …)`
    WithinGroup,
    /// `x -> …`: its child is the result.
    Lambda,
}

/// What stands in a `GROUP BY` in parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Grouping {
    Rollup,
    Cube,
    Sets,
    Set,
}
