//! States of aggregates, `sum(x) EXPORT_STATE`: their types, and what `finalize` and `combine` make
//! of them.
//!
//! Source: `ExportAggregateFunction` and `BindAggregateState` of `aggregate_export.cpp` of DuckDB
//! 1.5.5. The engine writes the types as `AGGREGATE_STATE<sum(INTEGER)::HUGEINT>`.

use super::Typed;
use super::call::{Outcome, call, taken_types};
use super::refusals::is_open;
use crate::sql_type::SqlType;

const PREFIX: &str = "AGGREGATE_STATE<";

/// The type of the state of a call; unknown if it isn't known what the call takes and gives.
pub fn state_of(called: &str, arguments: &[Typed]) -> SqlType {
    let known = || {
        let (name, types) = match (called, arguments) {
            ("count", []) => ("count_star", Vec::new()),
            // These take any type and keep nothing of it.
            ("count" | "approx_count_distinct", [_]) => (called, vec!["ANY".to_owned()]),
            _ => {
                let types = taken_types(called, arguments)?;
                (called, types.iter().map(SqlType::to_string).collect())
            }
        };
        let Outcome::Type(result) = call(called, arguments) else {
            return None;
        };
        let text = format!("{PREFIX}{name}({})::{result}>", types.join(", "));
        Some(SqlType::Other(text))
    };
    known().unwrap_or(SqlType::Unknown)
}

/// Whether it is the type of a state.
pub fn is_state(sql_type: &SqlType) -> bool {
    matches!(sql_type, SqlType::Other(text) if text.starts_with(PREFIX))
}

/// `finalize(state)` and `combine(state, state)`.
pub(super) fn rule(name: &str, arguments: &[Typed]) -> Option<Outcome> {
    let first = arguments.first().map(|first| &first.sql_type);
    Some(match (name, first) {
        ("finalize", Some(state)) if is_state(state) => match finalized(state) {
            Some(result) => Outcome::Type(result),
            None => Outcome::Unknown,
        },
        ("combine", Some(state)) if is_state(state) => Outcome::Type(state.clone()),
        ("finalize" | "combine", _) => Outcome::Unknown,
        _ => return None,
    })
}

/// Why the engine refuses a call; `None` if it may take it.
pub(super) fn refusal(name: &str, arguments: &[Typed]) -> Option<String> {
    let count = match name {
        "finalize" => 1,
        "combine" => 2,
        _ => return None,
    };
    if arguments.len() != count {
        return Some(format!(
            "`{name}` takes {count} of the states of aggregates"
        ));
    }
    let first = &arguments[0].sql_type;
    if first.is_vague() {
        return None;
    }
    if !is_state(first) {
        return Some(format!(
            "`{name}` takes the state of an aggregate, and this is `{first}`"
        ));
    }
    // What the average of decimals needs to know isn't in its state.
    let is_average =
        |text: &str| text.starts_with("avg(DECIMAL") || text.starts_with("mean(DECIMAL");
    if matches!(first, SqlType::Other(text) if is_average(&text[PREFIX.len()..])) {
        return Some(format!("`{name}` doesn't take the average of decimals"));
    }
    let second = arguments.get(1).map(|second| &second.sql_type)?;
    (second != first && (*second == SqlType::Null || !is_open(second) && *second != SqlType::Blob))
        .then(|| format!("`{name}` takes two states of one aggregate"))
}

/// What becomes of a state.
fn finalized(state: &SqlType) -> Option<SqlType> {
    let SqlType::Other(text) = state else {
        return None;
    };
    let (_, result) = text.strip_suffix('>')?.rsplit_once(")::")?;
    match result {
        "\"NULL\"" => Some(SqlType::Null),
        result => result.parse().ok(),
    }
}

/// Whether an aggregate takes such arguments with a function of its own to bind them, so that its
/// state can't be exported.
pub fn binds_itself(called: &str, count: usize) -> bool {
    matches!(called, "min" | "max") && count == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_written_as_the_engine_does() {
        let decimal = Typed::of(SqlType::Decimal(10, 2));
        let state = state_of("sum", std::slice::from_ref(&decimal));
        assert_eq!(
            state.to_string(),
            "AGGREGATE_STATE<sum(DECIMAL(10,2))::DECIMAL(38,2)>"
        );
        assert_eq!(finalized(&state), Some(SqlType::Decimal(38, 2)));
        assert!(refusal("finalize", &[Typed::of(state)]).is_none());
        assert!(refusal("finalize", &[decimal]).is_some());
    }
}
