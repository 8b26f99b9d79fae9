//! Changes of expressions.

use super::pool::{LITERALS, OPERATORS, Pool, TYPES, word};
use super::source::{Place, Source};
use crate::crash::random::Random;

/// What an expression `$` can be wrapped into; `~` is another expression, `%` a type, `?` a query.
const WRAPS: &[&str] = &[
    "($)",
    "[$]",
    "[$, ~]",
    "{'a': $}",
    "{'a': $, 'b': ~}",
    "(select $)",
    "(select ~ from (select $))",
    "cast($ as %)",
    "($)::%",
    "try_cast($ as %)",
    "($) collate nocase",
    "($) collate nothing",
    "sum($)",
    "max($)",
    "count($)",
    "count(distinct $)",
    "list($ order by ~)",
    "first($)",
    "string_agg($, ~)",
    "row_number() over (order by $)",
    "sum($) over (partition by ~)",
    "lag($, ~) over ()",
    "max($) filter (where ~)",
    "unnest($)",
    "unnest([$])",
    "unnest($, recursive := true)",
    "columns(*)",
    "columns($)",
    "coalesce($, ~)",
    "nullif($, ~)",
    "ifnull($, ~)",
    "if($, ~, ~)",
    "case when $ then ~ else ~ end",
    "case $ when ~ then ~ end",
    "list_transform([$], x -> x)",
    "list_transform($, lambda x: x)",
    "list_filter($, lambda x: x = ~)",
    "list_reduce([$], lambda x, y: ~)",
    "$ in (~, ~)",
    "$ in (?)",
    "$ not in (~)",
    "$ between ~ and ~",
    "$ is null",
    "not ($)",
    "-($)",
    "~($)",
    "@($)",
    "($) is distinct from ~",
    "$ = any(?)",
    "$ > all([~])",
    "exists(?)",
    "array(?)",
    "$ like ~",
    "($)[1]",
    "($)['a']",
    "($)[~]",
    "($)[1:2]",
    "($).a",
    "($).lower()",
    "struct_extract($, 'a')",
    "map {$: ~}",
    "map([$], [~])",
    "row($, ~)",
    "struct_pack(a := $)",
    "union_value(a := $)",
    "($) at time zone 'UTC'",
    "extract(year from $)",
    "date_trunc('month', $)",
    "($) + interval 1 day",
    "interval ($) day",
    "try($)",
    "[x for x in $]",
    "[$ for x in [1] if ~]",
    "grouping($)",
    "list_value($, ~)",
    "greatest($, ~)",
    "array_value($, ~)",
    "any_value($) over ()",
    "$ || ~",
    "typeof($)",
    "*",
    "* exclude ($)",
    "substring($ from ~)",
    "position($ in ~)",
    "trim(both ~ from $)",
    "$::varchar.upper()",
    "concat($, ~)",
    "format('{}', $)",
    "getvariable($)",
    "$ as renamed",
    "struct_insert($, b := ~)",
];

fn one(places: &[Place], random: &mut Random) -> Option<Place> {
    (!places.is_empty()).then(|| random.of(places).clone())
}

/// A template filled in.
pub fn filled(template: &str, own: &str, pool: &Pool, random: &mut Random) -> String {
    let mut text = String::new();
    for letter in template.chars() {
        match letter {
            '$' => text.push_str(own),
            '~' => text.push_str(&pool.simple(random)),
            '%' => text.push_str(word(TYPES, random)),
            '?' => text.push_str(&pool.query(random)),
            other => text.push(other),
        }
    }
    text
}

/// Another expression of the pool or the query in the place of one.
pub fn replace(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let place = one(&source.expressions, random)?;
    let other = match random.below(3) {
        0 => source.at(&one(&source.expressions, random)?).to_owned(),
        _ => pool.expression(random),
    };
    Some(source.with(&place, &other))
}

/// Another literal.
pub fn literal(source: &Source<'_>, _: &Pool, random: &mut Random) -> Option<String> {
    let place = one(&source.literals, random)?;
    Some(source.with(&place, word(LITERALS, random)))
}

/// Another column, or a literal in its place.
pub fn name(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let place = one(&source.names, random)?;
    let other = match random.below(3) {
        0 => word(LITERALS, random).to_owned(),
        1 => source.at(&one(&source.names, random)?).to_owned(),
        _ => pool.column(random),
    };
    Some(source.with(&place, &other))
}

/// A name with a relation, a schema or a database in front of it, right or wrong, or a field behind.
pub fn qualify(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let place = one(&source.names, random)?;
    let name = source.at(&place);
    let relation = pool.relation(random);
    let other = match random.below(8) {
        0..3 => format!("{relation}.{name}"),
        3 => format!("main.{relation}.{name}"),
        4 => format!("memory.main.{relation}.{name}"),
        5 => format!("{relation}.main.{name}"),
        6 => format!("{name}.a"),
        _ => format!("{relation}.{}", pool.column(random)),
    };
    Some(source.with(&place, &other))
}

/// Another operator.
pub fn operator(source: &Source<'_>, _: &Pool, random: &mut Random) -> Option<String> {
    let place = one(&source.operators, random)?;
    Some(source.with(&place, &format!(" {} ", word(OPERATORS, random))))
}

/// Another type.
pub fn cast_type(source: &Source<'_>, _: &Pool, random: &mut Random) -> Option<String> {
    let place = one(&source.types, random)?;
    Some(source.with(&place, word(TYPES, random)))
}

/// Something around an expression.
pub fn wrap(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let place = one(&source.expressions, random)?;
    let text = filled(word(WRAPS, random), source.at(&place), pool, random);
    Some(source.with(&place, &text))
}

/// What is done to a star.
pub fn star(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let place = one(&source.stars, random)?;
    let (own, column) = (source.at(&place), pool.column(random));
    let other = match random.below(14) {
        0 => format!("{own} exclude ({column})"),
        1 => format!("{own} replace ({} as {column})", pool.expression(random)),
        2 => format!("{own} rename ({column} as renamed)"),
        3 => format!("{own} like 'a%'"),
        4 => "columns(*)".to_owned(),
        5 => format!("columns({own})"),
        6 => "*columns(*)".to_owned(),
        7 => "columns('(.)') as \"\\1\"".to_owned(),
        8 => format!("columns(lambda c: c <> '{column}')"),
        9 => format!("{}.*", pool.relation(random)),
        10 => format!("max(columns({own}))"),
        11 => format!("columns({own} exclude ({column}))"),
        12 => format!("columns(['{column}'])"),
        _ => format!("unnest(columns({own}))"),
    };
    Some(source.with(&place, &other))
}
