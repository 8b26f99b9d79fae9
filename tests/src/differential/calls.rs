//! Changes of calls.

use super::expressions::filled;
use super::pool::{Pool, word};
use super::source::{Call, Source};
use crate::crash::random::Random;

/// What can stand in front of the arguments.
const BEFORE: &[&str] = &["distinct ", "all ", "variadic "];

/// What can stand behind the arguments, within the parentheses.
const WITHIN: &[&str] = &[
    " order by ~",
    " order by all",
    " ignore nulls",
    " respect nulls",
    " order by ~ desc nulls first",
    " order by 1",
];

/// What can stand behind the call.
const BEHIND: &[&str] = &[
    " over ()",
    " over (order by ~)",
    " over (partition by ~ order by ~)",
    " filter (where ~)",
    " filter (~)",
    " within group (order by ~)",
    " within group (order by ~ desc)",
    " ignore nulls over ()",
    " over w",
    " over (order by ~ rows between 1 preceding and current row)",
    " over (order by ~ range between ~ preceding and ~ following)",
    " over (rows ~ preceding)",
    " over (groups between unbounded preceding and current row exclude ties)",
    " export_state",
    " filter (where ~) over (partition by ~)",
    " within group (order by ~) over ()",
    " respect nulls over (order by ~)",
    " over (order by all)",
    " over (range between interval 1 day preceding and current row)",
];

fn one<'s>(source: &'s Source<'_>, random: &mut Random) -> Option<&'s Call> {
    (!source.calls.is_empty()).then(|| random.of(&source.calls))
}

/// Another function.
pub fn rename(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let call = one(source, random)?;
    Some(source.with(&call.name, pool.function(random)))
}

/// An argument more or fewer, other ones, or the same in another order.
pub fn arguments(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let call = one(source, random)?;
    let Some(last) = call.arguments.last() else {
        let open = call.name.end..call.place.end;
        let at = source.at(&open).find('(').map(|at| open.start + at + 1)?;
        return Some(source.with(&(at..at), &pool.simple(random)));
    };
    let index = random.below(call.arguments.len() as u64) as usize;
    let place = call.arguments[index].clone();
    let text = source.at(&place);
    Some(match random.below(6) {
        0 if index > 0 => source.with(&(call.arguments[index - 1].end..place.end), ""),
        0 => match call.arguments.get(1) {
            Some(next) => source.with(&(place.start..next.start), ""),
            None => source.with(&place, ""),
        },
        1 => source.with(&(last.end..last.end), &format!(", {}", pool.simple(random))),
        2 => source.with(&place, &format!("{text}, {text}")),
        3 if index > 0 => {
            let before = call.arguments[index - 1].clone();
            let both = format!("{text}, {}", source.at(&before));
            source.with(&(before.start..place.end), &both)
        }
        4 => source.with(&place, &format!("named := {text}")),
        _ => source.with(&place, &pool.simple(random)),
    })
}

/// Something in front of, behind or around the arguments.
pub fn modify(source: &Source<'_>, pool: &Pool, random: &mut Random) -> Option<String> {
    let call = one(source, random)?;
    let (template, at) = match random.below(5) {
        0 => (word(BEFORE, random), call.arguments.first()?.start),
        1 => (word(WITHIN, random), call.arguments.last()?.end),
        _ => (word(BEHIND, random), call.place.end),
    };
    Some(source.with(&(at..at), &filled(template, "", pool, random)))
}
