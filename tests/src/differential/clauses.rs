//! Changes of clauses and whole queries.

use super::expressions::filled;
use super::pool::{Pool, word};
use super::source::{Place, Source};
use crate::crash::random::Random;

/// Clauses in their order, and what they can hold; `$` is an expression of the query.
const CLAUSES: &[(&str, &[&str])] = &[
    (
        "select",
        &[
            " $",
            " $, ~",
            " *, $",
            " distinct $",
            " distinct on ($) ~",
            " columns(*)",
            " $ as a, a",
            " distinct on (~) *",
        ],
    ),
    (
        "from",
        &[
            " (?)",
            " (?) as renamed",
            " (values ($, ~))",
            " (values ($), (~)) v(a)",
        ],
    ),
    (
        "where",
        &[
            " $",
            " $ and ~",
            " $ = ~",
            " exists(?)",
            " $ in (?)",
            " columns(*) > ~",
        ],
    ),
    (
        "group",
        &[
            " by $",
            " by all",
            " by 1",
            " by $, ~",
            " by rollup ($, ~)",
            " by cube ($)",
            " by grouping sets (($), ())",
            " by ()",
            " by 3",
            " by *",
            " by (select 1)",
        ],
    ),
    (
        "having",
        &[
            " $",
            " $ > ~",
            " count(*) > 1",
            " sum($) > ~",
            " max(~) = $",
        ],
    ),
    (
        "window",
        &[
            " w as ()",
            " w as (order by $)",
            " w as (partition by ~), x as (w order by $)",
        ],
    ),
    (
        "qualify",
        &[
            " $",
            " row_number() over (order by $) = 1",
            " $ > ~",
            " count(*) over () > 1",
            " sum($) > 1",
        ],
    ),
    (
        "using",
        &[" sample 10%", " sample 3 rows", " sample reservoir(1)"],
    ),
    (
        "order",
        &[
            " by $",
            " by all",
            " by 1",
            " by 7",
            " by $ desc nulls last, ~",
            " by $ collate nocase",
            " by *",
            " by columns(*)",
            " by sum($)",
            " by -1",
            " by 'a'",
            " by null",
        ],
    ),
    (
        "limit",
        &[
            " 1",
            " $",
            " (select $)",
            " 10%",
            " 'a'",
            " null",
            " 1.5",
            " -1",
            " all",
            " (?)",
            " 2 + 1",
            " random()",
            " (~)%",
        ],
    ),
    (
        "offset",
        &[" 1", " $", " (select ~)", " null", " -1", " 'a'", " 5%"],
    ),
];

/// What a whole query `$` can be put into; `?` is another query.
const AROUND: &[&str] = &[
    "select * from ($)",
    "select * from ($) as renamed",
    "with c as ($) select * from c",
    "with c as ($) select *, ~ from c",
    "from ($) select ~",
    "select ($)",
    "select exists($)",
    "select array($)",
    "select ~ in ($)",
    "select ~ = any ($)",
    "select (select ~ from ($) limit 1)",
    "select * from ($) as renamed(a, b)",
    "with c(a) as ($) select a from c",
    "with recursive c as ($ union all select * from c) select * from c",
    "with recursive c(a) as (select 1 union $) select a from c",
    "with recursive c(a, b) using key (a) as (select 1, 2 union select a + 1, b from c) select * from c, ($)",
    "with c as materialized ($) select * from c, c as d",
    "($)",
    "select unnest(($))",
    "select * from range(3) r(i), lateral ($)",
    "select * from range(2) r(i) left join lateral ($) as l on ~",
    "describe $",
    "summarize $",
    "select columns(*) from ($)",
    "select * exclude (~) from ($)",
    "select * replace (~ as ~) from ($)",
    "select max(columns(*)) from ($)",
    "select count(*) from ($) group by all",
    "pivot ($) on ~ using count(*)",
    "pivot ($) on ~ in (~, ~) using sum(~)",
    "unpivot ($) on columns(*)",
    "unpivot ($) on ~ into name n value v",
    "select * from ($) order by ~",
    "select * from ($) as r semi join (?) as s on ~",
    "select * from ($) natural join (?)",
    "select * from ($) as l asof join (?) as r on ~ >= ~",
    "select * from ($) as l join (?) as r using (~)",
    "select * from ($) positional join (?)",
    "select * from ($) order by all limit ~",
    "select sum(~) over (order by ~) from ($)",
    "select ~ from ($) group by ~ having ~",
    "from ($)",
    "select row_number() over (), * from ($)",
    "select r from ($) as r",
    "select renamed.* from ($) as renamed",
    "select rowid from ($)",
    "values (($))",
    "values (($), ~), (~, ~)",
    "select list(c) from ($) as c",
    "with c as ($), d as (select * from c) select ~ from d, c",
    "select (~, ~) in ($)",
    "select (select ~ from ($) as inner_one) from (?) as outer_one",
    "select * from (?) as outer_one where exists($)",
];

const SET_OPERATIONS: &[&str] = &[
    "union",
    "union all",
    "union by name",
    "union all by name",
    "intersect",
    "intersect all",
    "except",
    "except all",
    "intersect by name",
    "union distinct",
];

/// A clause of a query: its word and where it stands.
struct Clause {
    word: &'static str,
    place: Place,
}

/// The clauses of a query that stands at a place.
fn clauses(source: &Source<'_>, place: &Place) -> Vec<Clause> {
    let mut found: Vec<Clause> = Vec::new();
    let mut depth = 0_usize;
    for (index, token) in source.tokens.iter().enumerate() {
        let at = token.span.range();
        if at.start < place.start || at.end > place.end {
            continue;
        }
        match source.at(&at) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            word if depth == 0 => {
                let known = CLAUSES
                    .iter()
                    .find(|(clause, _)| word.eq_ignore_ascii_case(clause));
                let begins = |(clause, _): &&(&str, &[&str])| match *clause {
                    "from" => index == 0 || !source.is(index - 1, "distinct"),
                    "using" => source.is(index + 1, "sample"),
                    "group" | "order" => source.is(index + 1, "by"),
                    _ => true,
                };
                if let Some((word, _)) = known.filter(begins) {
                    if let Some(last) = found.last_mut() {
                        last.place.end = at.start;
                    }
                    found.push(Clause {
                        word,
                        place: at.start..place.end,
                    });
                }
            }
            _ => {}
        }
    }
    found
}

fn query(source: &Source<'_>, random: &mut Random) -> Option<Place> {
    match source.queries.len() {
        0 => None,
        count if random.below(2) == 0 => source
            .queries
            .get(random.below(count as u64) as usize)
            .cloned(),
        _ => source.queries.first().cloned(),
    }
}

/// A clause with another content, or one more, made of expressions of the query.
pub fn set(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let place = query(source, random)?;
    let (name, templates) = random.of(CLAUSES);
    let own = match source.expressions.len() {
        0 => pool.expression(random),
        _ if random.below(3) == 0 => pool.expression(random),
        _ => source.at(random.of(&source.expressions)).to_owned(),
    };
    let text = format!(
        "{name}{} ",
        filled(word(templates, random), &own, pool, random)
    );
    let present = clauses(source, &place);
    if let Some(clause) = present.iter().find(|clause| clause.word == *name) {
        return Some(source.with(&clause.place, &text));
    }
    let rank = |word: &str| CLAUSES.iter().position(|(clause, _)| *clause == word);
    let after = present
        .iter()
        .rfind(|clause| rank(clause.word) < rank(name));
    let at = after.map_or(place.end, |clause| clause.place.end);
    Some(source.with(&(at..at), &format!(" {text}")))
}

/// A clause fewer.
pub fn remove(source: &Source<'_>, _: &Pool, random: &mut Random) -> Option<String> {
    let place = query(source, random)?;
    let present = clauses(source, &place);
    (!present.is_empty()).then(|| source.with(&random.of(&present).place, ""))
}

/// One more item in the select list.
pub fn add_item(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let place = query(source, random)?;
    let present = clauses(source, &place);
    let select = present.iter().find(|clause| clause.word == "select")?;
    let at = select.place.end;
    Some(source.with(&(at..at), &format!(", {} ", pool.expression(random))))
}

/// Something around a query.
pub fn around(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let place = query(source, random)?;
    let text = source.at(&place).trim_end().trim_end_matches(';');
    Some(source.with(&place, &filled(word(AROUND, random), text, pool, random)))
}

/// A set operation with another query, or another kind of it.
pub fn set_operation(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let kinds = ["union", "intersect", "except"];
    let known: Vec<usize> = (0..source.tokens.len())
        .filter(|index| kinds.iter().any(|kind| source.is(*index, kind)))
        .collect();
    let operation = word(SET_OPERATIONS, random);
    if !known.is_empty() && random.below(2) == 0 {
        let at = source.tokens[*random.of(&known)].span.range();
        return Some(source.with(&at, operation));
    }
    let place = query(source, random)?;
    let own = source.at(&place).trim_end().trim_end_matches(';');
    let other = match random.below(3) {
        0 => filled("select ~, ~", "", pool, random),
        1 => own.to_owned(),
        _ => pool.query(random),
    };
    Some(source.with(&place, &format!("{own} {operation} {other}")))
}
