//! What never makes a null of values that aren't null.
//!
//! The lists are held against the engine with edge values: zero divisors, empty texts, NaN,
//! infinities, the bounds of each type (`tests/tests/catalogue.rs`). What isn't in them may give a
//! null: `1 // 0`, `date_part('year', 'infinity'::date)`, `list_max([])`, `[1][5]`.

/// Scalar functions that give a value for every argument of a plain type: numbers, texts, dates,
/// times, intervals, booleans. They either give a value or fail.
const SCALAR: &str = include_str!("never_null.txt");

/// Aggregates that give a value for at least one row whose argument isn't null.
pub const AGGREGATES: [&str; 27] = [
    "any_value",
    "approx_count_distinct",
    "arbitrary",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "count",
    "favg",
    "first",
    "fsum",
    "group_concat",
    "kahan_sum",
    "last",
    "list",
    "listagg",
    "max",
    "mean",
    "median",
    "min",
    "mode",
    "string_agg",
    "sum",
    "sumkahan",
];

/// Functions of windows that give a value for every row.
pub const WINDOWS: [&str; 8] = [
    "count",
    "cume_dist",
    "dense_rank",
    "ntile",
    "percent_rank",
    "rank",
    "rank_dense",
    "row_number",
];

/// Functions that give a value as soon as one argument isn't null.
pub const FIRST_OF: [&str; 4] = ["coalesce", "greatest", "ifnull", "least"];

/// Scalar functions of the list that may give a value beside a null.
const NOT_STRICT: [&str; 9] = [
    "concat",
    "concat_ws",
    "format",
    "hash",
    "printf",
    "split",
    "str_split",
    "string_split",
    "string_to_array",
];

/// The names of the scalar functions, in order.
pub fn scalar_functions() -> impl Iterator<Item = &'static str> {
    SCALAR.lines()
}

/// Whether a scalar function gives a value for all plain arguments that aren't null. The name is
/// in lower case.
pub fn is_never_null(name: &str) -> bool {
    scalar_functions().any(|known| known == name)
}

/// Whether a scalar function gives a null as soon as one argument is null.
pub fn is_strict(name: &str) -> bool {
    is_never_null(name) && !FIRST_OF.contains(&name) && !NOT_STRICT.contains(&name)
}
