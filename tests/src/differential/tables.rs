//! Changes of what a `FROM` reads.

use super::expressions::filled;
use super::pool::{Pool, word};
use super::source::{Place, Source};
use crate::crash::random::Random;

/// What can stand behind something that a `FROM` reads.
const BEHIND: &[&str] = &[
    " as renamed",
    " renamed(a, b)",
    " renamed(a)",
    " tablesample 10%",
    " tablesample reservoir(2)",
    " tablesample 5 rows",
    " with ordinality",
    " at (version => 1)",
    " tablesample 200%",
    " tablesample bernoulli(~)",
    " renamed(a, a)",
    " tablesample system(2 rows)",
];

/// How two relations can be joined; `$` is the condition.
const JOINS: &[&str] = &[
    "join",
    "left join",
    "right join",
    "full join",
    "semi join",
    "anti join",
    "asof join",
    "asof left join",
    "cross join",
    "natural join",
    "positional join",
    "natural left join",
    "left outer join",
    "inner join",
    "natural semi join",
    "asof semi join",
    ",",
    ", lateral",
    "left join lateral",
    "cross join lateral",
    "full join lateral",
    "natural asof join",
];

/// What stands behind a join.
const CONSTRAINTS: &[&str] = &[
    " on ~",
    " on true",
    " using (~)",
    "",
    " on ~ = ~",
    " on ~ >= ~",
    " using (nothing)",
    " using (~, ~)",
    " on ~ > ~ and ~ = ~",
];

/// What a relation can be turned by.
const TURNS: &[&str] = &[
    "(pivot $ on ~ using sum(~))",
    "(pivot $ on ~ in (~, ~) using max(~) group by ~)",
    "(unpivot $ on ~, ~)",
    "(unpivot $ on columns(*) into name n value v)",
    "$ pivot (sum(~) for ~ in (~, ~))",
    "$ unpivot (v for n in (~, ~))",
    "$ unpivot include nulls (v for n in (~))",
    "(unpivot $ on (~, ~), (~, ~) into name n value v, w)",
    "(pivot $ on ~ || ~ in ('a') using count(*))",
    "(pivot $ on (~, ~) in ((~, ~)))",
    "(pivot $ on ~ in (~) using first(~), last(~) as l)",
    "(select * from $)",
    "(values (~, ~), (~, ~))",
    "(from $ select ~)",
    "(select ~, ~ from $ group by all)",
    "(table $)",
    "(summarize $)",
    "(describe $)",
    "(show $)",
    "(select ~ as a, * from $) as renamed(a, b)",
    "unnest(~)",
    "(select unnest(~))",
];

fn one(places: &[Place], random: &mut Random) -> Option<Place> {
    (!places.is_empty()).then(|| random.of(places).clone())
}

/// Another relation.
pub fn replace(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let place = one(&source.tables, random)?;
    Some(source.with(&place, &pool.table(random)))
}

/// An alias, a sample, an ordinality.
pub fn decorate(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let place = one(&source.tables, random)?;
    let text = filled(word(BEHIND, random), "", pool, random);
    Some(source.with(&(place.end..place.end), &text))
}

/// One more relation.
pub fn join(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let place = one(&source.tables, random)?;
    let constraint = filled(word(CONSTRAINTS, random), "", pool, random);
    let table = match random.below(3) {
        0 => source.at(&one(&source.tables, random)?).to_owned(),
        _ => pool.table(random),
    };
    let text = format!(" {} {table}{constraint}", word(JOINS, random));
    Some(source.with(&(place.end..place.end), &text))
}

/// Another kind of join.
pub fn join_kind(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let joins: Vec<usize> = (0..source.tokens.len())
        .filter(|index| source.is(*index, "join"))
        .collect();
    if joins.is_empty() {
        return None;
    }
    let at = *random.of(&joins);
    let words = [
        "left",
        "right",
        "full",
        "inner",
        "outer",
        "semi",
        "anti",
        "asof",
        "cross",
        "natural",
        "positional",
    ];
    let mut first = at;
    while first > 0 && words.iter().any(|word| source.is(first - 1, word)) {
        first -= 1;
    }
    if random.below(3) == 0 {
        // Another condition, where there is one.
        let on = (at..source.tokens.len()).find(|index| source.is(*index, "on"))?;
        let start = source.tokens[on].span.range().start;
        let end = source
            .expressions
            .iter()
            .find(|place| place.start > start)?
            .end;
        let text = filled(word(CONSTRAINTS, random), "", pool, random);
        return Some(source.with(&(start..end), &text));
    }
    let place = source.tokens[first].span.range().start..source.tokens[at].span.range().end;
    Some(source.with(&place, word(JOINS, random)))
}

/// A relation turned, or a query in its place.
pub fn turn(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let place = one(&source.tables, random)?;
    let text = filled(word(TURNS, random), source.at(&place), pool, random);
    Some(source.with(&place, &text))
}
