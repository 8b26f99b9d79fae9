//! dbgo's own tree of a query in DuckDB's dialect. Every node carries its span.
//!
//! The tree keeps what the user wrote: names aren't resolved, stars aren't expanded, and sugar
//! such as `FROM t` alone or `GROUP BY ALL` is a shape of its own.

pub use super::turned::{Pivot, PivotColumn, PivotValues, Unpivot};
use crate::span::Span;

/// A name as written: `value` without quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name without its quotes. Names compare without regard to case.
    pub value: String,
    /// Whether it was in quotes.
    pub quoted: bool,
    /// Where it stands.
    pub span: Span,
}

/// A whole query: `WITH … body ORDER BY … LIMIT …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The common table expressions.
    pub with: Option<With>,
    /// The query itself.
    pub body: QueryBody,
    /// `ORDER BY`
    pub order_by: Option<OrderBy>,
    /// `LIMIT`: a number of rows, or a percentage.
    pub limit: Option<Expr>,
    /// `OFFSET`
    pub offset: Option<Expr>,
    /// From its first to its last token.
    pub span: Span,
}

/// `WITH [RECURSIVE] …`
#[derive(Clone, Debug, PartialEq)]
pub struct With {
    /// Whether a member may read itself.
    pub recursive: bool,
    /// The members, in order.
    pub members: Vec<CommonTable>,
}

/// One member of a `WITH`.
#[derive(Clone, Debug, PartialEq)]
pub struct CommonTable {
    /// Its name.
    pub name: Name,
    /// `name(a, b)`
    pub columns: Vec<Name>,
    /// `USING KEY (a, b)`
    pub using_key: Vec<Name>,
    /// Its query.
    pub query: Box<Query>,
    /// All of it.
    pub span: Span,
}

/// What a query is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum QueryBody {
    /// `SELECT …`, `FROM … SELECT …`, or `FROM …` alone.
    Select(Box<Select>),
    /// `left UNION right` and its like.
    SetOperation(Box<SetOperation>),
    /// `VALUES (…), (…)`
    Values(Values),
    /// A query in parentheses.
    Nested(Box<Query>),
    /// `TABLE name`
    Table(TableName),
    /// `PIVOT …`
    Pivot(Box<Pivot>),
    /// `UNPIVOT …`
    Unpivot(Box<Unpivot>),
    /// `DESCRIBE …`, `SUMMARIZE …`, `SHOW …`, and the query that it tells about, if it is one.
    Special(Span, Option<Box<Query>>),
}

/// `left UNION [ALL] [BY NAME] right`
#[derive(Clone, Debug, PartialEq)]
pub struct SetOperation {
    /// Which one.
    pub operator: SetOperator,
    /// `ALL`
    pub all: bool,
    /// `BY NAME`
    pub by_name: bool,
    /// Its left side.
    pub left: QueryBody,
    /// Its right side.
    pub right: QueryBody,
    /// All of it.
    pub span: Span,
}

/// Which set operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SetOperator {
    Union,
    Intersect,
    Except,
}

/// `VALUES (…), (…)`
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    /// The rows.
    pub rows: Vec<Vec<Expr>>,
    /// All of it.
    pub span: Span,
}

/// One `SELECT`.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// `DISTINCT`
    pub distinct: Option<Distinct>,
    /// What is selected; a single `*` where `FROM` stands alone.
    pub items: Vec<SelectItem>,
    /// `FROM`: what commas separate.
    pub from: Vec<TableExpr>,
    /// `WHERE`
    pub filter: Option<Expr>,
    /// `GROUP BY`
    pub group_by: Option<GroupBy>,
    /// `HAVING`
    pub having: Option<Expr>,
    /// `WINDOW name AS (…)`
    pub windows: Vec<(Name, WindowSpec)>,
    /// `QUALIFY`
    pub qualify: Option<Expr>,
    /// `USING SAMPLE …`
    pub sample: Option<Span>,
    /// All of it.
    pub span: Span,
}

/// `DISTINCT` or `DISTINCT ON (…)`
#[derive(Clone, Debug, PartialEq)]
pub enum Distinct {
    /// `DISTINCT`
    All,
    /// `DISTINCT ON (…)`
    On(Vec<Expr>),
}

/// One item of a select list: `expression AS alias`, or `alias: expression`.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectItem {
    /// The expression; stars are [`ExprKind::Star`].
    pub expr: Expr,
    /// The alias.
    pub alias: Option<Name>,
    /// All of it.
    pub span: Span,
}

/// `GROUP BY`
#[derive(Clone, Debug, PartialEq)]
pub enum GroupBy {
    /// `GROUP BY ALL`
    All(Span),
    /// `GROUP BY a, ROLLUP (b, c), GROUPING SETS (…)`
    Items(Vec<GroupItem>),
}

/// One item of a `GROUP BY`.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupItem {
    /// An expression, a position or an alias.
    Expr(Expr),
    /// `ROLLUP (…)`
    Rollup(Vec<Expr>),
    /// `CUBE (…)`
    Cube(Vec<Expr>),
    /// `GROUPING SETS ((a), (b, c), ())`
    Sets(Vec<GroupItem>),
    /// `()` or `(a, b)` within grouping sets.
    Set(Vec<Expr>),
}

/// `ORDER BY`
#[derive(Clone, Debug, PartialEq)]
pub enum OrderBy {
    /// `ORDER BY ALL [DESC]`
    All(Span),
    /// `ORDER BY a DESC NULLS LAST, …`
    Items(Vec<OrderItem>),
}

/// One item of an `ORDER BY`.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    /// What is ordered by.
    pub expr: Expr,
    /// `ASC` (`false`) or `DESC` (`true`); `None` if it isn't said.
    pub descending: Option<bool>,
    /// `NULLS FIRST` (`true`) or `NULLS LAST` (`false`); `None` if it isn't said.
    pub nulls_first: Option<bool>,
}

/// The name of a table as written: `catalog.schema.name`.
#[derive(Clone, Debug, PartialEq)]
pub struct TableName {
    /// The parts, one to three.
    pub parts: Vec<Name>,
    /// All of it.
    pub span: Span,
}

/// `AS alias(a, b)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableAlias {
    /// The alias.
    pub name: Name,
    /// New names for the columns, from the left.
    pub columns: Vec<Name>,
}

/// Something that a `FROM` reads.
#[derive(Clone, Debug, PartialEq)]
pub struct TableExpr {
    /// What it is.
    pub kind: TableKind,
    /// Its alias.
    pub alias: Option<TableAlias>,
    /// What stands around the alias and decides about its rows: `AT (…)`, `TABLESAMPLE …`.
    pub selection: Vec<Span>,
    /// All of it, with the alias.
    pub span: Span,
}

/// What a `FROM` reads.
#[derive(Clone, Debug, PartialEq)]
pub enum TableKind {
    /// A name: a common table expression, or a mistake.
    Name(TableName),
    /// `:orders` or `:this`: the name without the colon.
    Reference(Name),
    /// `'file.csv'`
    File(Span),
    /// `(query)`, also `LATERAL (query)`.
    Query {
        /// `LATERAL`
        lateral: bool,
        /// The query.
        query: Box<Query>,
    },
    /// `(VALUES …)` without a select around it.
    Values(Values),
    /// `f(…)`, also `LATERAL f(…)` and `WITH ORDINALITY`.
    Function {
        /// The call, an [`ExprKind::Function`].
        call: Box<Expr>,
        /// `WITH ORDINALITY`
        ordinality: bool,
    },
    /// `left JOIN right`
    Join(Box<Join>),
    /// `(table)` in parentheses.
    Nested(Box<TableExpr>),
    /// `table PIVOT (…)`
    Pivot(Box<Pivot>),
    /// `table UNPIVOT (…)`
    Unpivot(Box<Unpivot>),
}

/// `left JOIN right ON …`
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Its left side.
    pub left: TableExpr,
    /// Its right side.
    pub right: TableExpr,
    /// Which join.
    pub kind: JoinKind,
    /// `ASOF`
    pub asof: bool,
    /// How rows are matched.
    pub constraint: JoinConstraint,
}

/// Which join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
    Cross,
    Positional,
    Semi,
    Anti,
}

/// How the rows of a join are matched.
#[derive(Clone, Debug, PartialEq)]
pub enum JoinConstraint {
    /// Nothing is said.
    None,
    /// `ON condition`
    On(Expr),
    /// `USING (a, b)`
    Using(Vec<Name>),
    /// `NATURAL`
    Natural,
}

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// From its first to its last token; parentheses around it belong to [`ExprKind::Nested`].
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `column`, `table.column`, `schema.table.column`, `column.field`: undecided until it is bound.
    Name(Vec<Name>),
    /// `:name`: a variable or a bound of the batch, without the colon.
    Reference(Name),
    /// `#1`: a column by its position.
    Position(u32),
    /// `NULL`, `TRUE`, `FALSE`, a number, a text.
    Literal(Literal),
    /// `INTERVAL '1' DAY`, `INTERVAL (x) DAY`
    Interval {
        /// How many, or the whole text.
        value: Box<Expr>,
        /// The unit, if it is said.
        unit: Option<Name>,
    },
    /// `DATE '2020-01-01'`: a type in front of a text.
    Typed {
        /// The type.
        type_name: TypeName,
        /// The text's token.
        text: Span,
    },
    /// `-x`, `NOT x`, `~x`, `@x`, `+x`; and behind: `x!`.
    Unary {
        /// The operator: `-`, `not`, `~`, `@`, `+`, `!`.
        operator: String,
        /// What it works on.
        operand: Box<Expr>,
    },
    /// `a + b`, `a AND b`, `a = b`, `a || b`, `a -> b`, `a SIMILAR TO b`, `a IS DISTINCT FROM b`.
    Binary {
        /// The operator in lower case with single spaces: `and`, `is not distinct from`, `similar to`.
        operator: String,
        /// Where the operator stands.
        operator_span: Span,
        /// The left side.
        left: Box<Expr>,
        /// The right side.
        right: Box<Expr>,
    },
    /// `a [NOT] LIKE b ESCAPE c`, also `ILIKE` and `GLOB`.
    Like {
        /// `NOT`
        negated: bool,
        /// `like`, `ilike`, `glob`, `similar to`.
        operator: String,
        /// The text.
        operand: Box<Expr>,
        /// The pattern.
        pattern: Box<Expr>,
        /// `ESCAPE`
        escape: Option<Box<Expr>>,
    },
    /// `x IS [NOT] NULL`, `x ISNULL`, `IS TRUE`, `IS UNKNOWN`: `null`, `true`, `false`, `unknown`.
    Is {
        /// `NOT`
        negated: bool,
        /// What is asked.
        what: String,
        /// Of whom.
        operand: Box<Expr>,
    },
    /// `x [NOT] BETWEEN low AND high`
    Between {
        /// `NOT`
        negated: bool,
        /// The value.
        operand: Box<Expr>,
        /// The lower bound.
        low: Box<Expr>,
        /// The upper bound.
        high: Box<Expr>,
    },
    /// `x [NOT] IN (a, b)`
    InList {
        /// `NOT`
        negated: bool,
        /// The value.
        operand: Box<Expr>,
        /// The list.
        list: Vec<Expr>,
    },
    /// `x [NOT] IN collection` without parentheses.
    InValue {
        /// `NOT`
        negated: bool,
        /// The value.
        operand: Box<Expr>,
        /// The collection.
        collection: Box<Expr>,
    },
    /// `x [NOT] IN (query)`
    InQuery {
        /// `NOT`
        negated: bool,
        /// The value.
        operand: Box<Expr>,
        /// The query.
        query: Box<Query>,
    },
    /// `[NOT] EXISTS (query)`
    Exists {
        /// `NOT`
        negated: bool,
        /// The query.
        query: Box<Query>,
    },
    /// `x = ANY (query)`, `x < ALL (list)`
    Quantified {
        /// The comparison.
        operator: String,
        /// Whether all must fit, and not any.
        all: bool,
        /// The left side.
        left: Box<Expr>,
        /// The right side: an expression or an [`ExprKind::Query`].
        right: Box<Expr>,
    },
    /// `(query)` as a value.
    Query(Box<Query>),
    /// `ARRAY (query)`
    ArrayQuery(Box<Query>),
    /// `(x)`
    Nested(Box<Expr>),
    /// `(a, b)` or `ROW (a, b)`
    Row(Vec<Expr>),
    /// `CAST(x AS t)`, `TRY_CAST(x AS t)`, `x::t`
    Cast {
        /// The value.
        operand: Box<Expr>,
        /// The type.
        type_name: TypeName,
        /// `TRY_CAST`: null where it can't be done.
        fallible: bool,
    },
    /// `CASE [x] WHEN a THEN b … ELSE c END`
    Case {
        /// What is compared.
        operand: Option<Box<Expr>>,
        /// `WHEN` and `THEN`.
        branches: Vec<(Expr, Expr)>,
        /// `ELSE`
        otherwise: Option<Box<Expr>>,
    },
    /// `f(a, b := 1)`; also what has a syntax of its own: `extract`, `substring … from`, `trim`, `position … in`.
    Function(Box<Function>),
    /// `x.method(…)` on something that isn't a name.
    Method {
        /// What it is called on: its first argument.
        operand: Box<Expr>,
        /// The call.
        call: Box<Function>,
    },
    /// `x.field` on something that isn't a name.
    Field {
        /// The struct.
        operand: Box<Expr>,
        /// The field.
        field: Name,
    },
    /// `x[i]`
    Index {
        /// The list, map, struct or text.
        operand: Box<Expr>,
        /// The position or key.
        index: Box<Expr>,
    },
    /// `x[a:b:c]`
    Slice {
        /// The list or text.
        operand: Box<Expr>,
        /// The first position.
        start: Option<Box<Expr>>,
        /// The last position.
        end: Option<Box<Expr>>,
        /// The step.
        step: Option<Box<Expr>>,
    },
    /// `[a, b]`, `ARRAY[a, b]`
    List(Vec<Expr>),
    /// `{'a': 1, b: 2}`
    Struct(Vec<(Name, Expr)>),
    /// `MAP {k: v}`
    Map(Vec<(Expr, Expr)>),
    /// `x -> x + 1`, `(x, y) -> …`, `lambda x, y: …`
    Lambda {
        /// Its parameters.
        parameters: Vec<Name>,
        /// Its result.
        body: Box<Expr>,
    },
    /// `[x + 1 for x in list if x > 2]`
    Comprehension {
        /// What each gives.
        result: Box<Expr>,
        /// The names.
        variables: Vec<Name>,
        /// The list.
        list: Box<Expr>,
        /// `if`
        condition: Option<Box<Expr>>,
    },
    /// `*`, `t.*`, with `EXCLUDE`, `REPLACE`, `RENAME`, `LIKE`.
    Star(Box<Star>),
    /// `COLUMNS(…)`, also `*COLUMNS(…)`.
    Columns {
        /// `t.COLUMNS(…)`
        qualifier: Option<Name>,
        /// A pattern, a list, a lambda or a star.
        selector: Box<Expr>,
        /// `*COLUMNS(…)`
        unpacked: bool,
    },
    /// `x COLLATE name`
    Collate {
        /// The text.
        operand: Box<Expr>,
        /// The collation.
        collation: Name,
    },
    /// `x AT TIME ZONE zone`
    AtTimeZone {
        /// The time.
        operand: Box<Expr>,
        /// The zone.
        zone: Box<Expr>,
    },
    /// `DEFAULT` and other words that only some places allow.
    Keyword(String),
}

/// A literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `NULL`
    Null,
    /// `TRUE`, `FALSE`
    Boolean(bool),
    /// A number as written.
    Number(String),
    /// A text without quotes and escapes.
    Text(String),
    /// `X'…'`, as written between the quotes.
    Blob(String),
}

/// A star and what is done to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Star {
    /// `t.*`; up to three parts.
    pub qualifier: Vec<Name>,
    /// `EXCLUDE (a, t.b)`
    pub exclude: Vec<Vec<Name>>,
    /// `REPLACE (x AS a)`
    pub replace: Vec<(Expr, Name)>,
    /// `RENAME (a AS b)`
    pub rename: Vec<(Vec<Name>, Name)>,
    /// `* LIKE 'pattern'` and its like.
    pub pattern: Option<(String, Box<Expr>)>,
}

/// A call of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The name with its qualifiers.
    pub name: Vec<Name>,
    /// The arguments in order.
    pub arguments: Vec<Argument>,
    /// `DISTINCT`
    pub distinct: bool,
    /// `ORDER BY` within the parentheses.
    pub order_by: Vec<OrderItem>,
    /// `WITHIN GROUP (ORDER BY …)`
    pub within_group: Vec<OrderItem>,
    /// `FILTER (WHERE …)`
    pub filter: Option<Expr>,
    /// `IGNORE NULLS` (`true`), `RESPECT NULLS` (`false`).
    pub ignore_nulls: Option<bool>,
    /// `OVER …`
    pub over: Option<Window>,
    /// `EXPORT_STATE`
    pub export_state: bool,
}

/// An argument of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// `name := value`, `name => value`
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
}

/// `OVER name` or `OVER (…)`
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// `OVER name`
    Named(Name),
    /// `OVER (…)`
    Spec(WindowSpec),
}

/// `(base PARTITION BY … ORDER BY … ROWS …)`
#[derive(Clone, Debug, PartialEq)]
pub struct WindowSpec {
    /// A named window that this one extends.
    pub base: Option<Name>,
    /// `PARTITION BY`
    pub partition_by: Vec<Expr>,
    /// `ORDER BY`
    pub order_by: Vec<OrderItem>,
    /// `ROWS`, `RANGE`, `GROUPS` with the expressions of its bounds.
    pub frame: Option<(Span, Vec<Expr>)>,
    /// All of it.
    pub span: Span,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeName {
    /// The text of its tokens, single-spaced, for [`SqlType`](crate::sql_type::SqlType) to read.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}
