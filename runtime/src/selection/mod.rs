//! The one language that says which models a command is about.
//!
//! `name`, `stg_*`, `+name` (with what it reads), `name+` (with its readers), `2+name`,
//! `path:`, `tag:`, `kind:`, `owner:`, `source:`, `changed`, `result:failed`. A space is *or*,
//! a comma is *and*.

use crate::error::{Code, Error, Kind, Result};
use crate::project::{Project, Relation};
use std::collections::BTreeSet;

/// What a selector may ask of the state.
pub trait Facts {
    /// Whether the model's present version isn't built yet.
    ///
    /// # Errors
    /// If that can't be found out.
    fn is_changed(&self, model: usize) -> Result<bool>;

    /// The models whose last step ended with this status: `failed`, `built`, `skipped`.
    ///
    /// # Errors
    /// If that can't be found out.
    fn with_result(&self, status: &str) -> Result<BTreeSet<usize>>;
}

/// What a selection names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The models.
    pub models: BTreeSet<usize>,
    /// The selectors that no model matches. Those that ask for a state, such as `changed`, aren't
    /// among them: that nothing matches is their good news.
    pub unmatched: Vec<String>,
}

/// The models that `select` names and `exclude` doesn't; all if nothing is selected.
///
/// # Errors
/// A usage error for a selector that can't be read, or that names what doesn't exist.
pub fn select(
    project: &Project,
    selected: &[String],
    excluded: &[String],
    facts: &dyn Facts,
) -> Result<Selection> {
    let mut unmatched = Vec::new();
    let chosen = if selected.is_empty() {
        (0..project.models().len()).collect()
    } else {
        evaluate(project, selected, facts, &mut unmatched)?
    };
    let without = evaluate(project, excluded, facts, &mut unmatched)?;
    Ok(Selection {
        models: chosen.difference(&without).copied().collect(),
        unmatched,
    })
}

fn evaluate(
    project: &Project,
    texts: &[String],
    facts: &dyn Facts,
    unmatched: &mut Vec<String>,
) -> Result<BTreeSet<usize>> {
    let mut chosen = BTreeSet::new();
    for blank in texts.iter().filter(|text| text.trim().is_empty()) {
        unmatched.push(blank.clone());
    }
    for alternative in texts.iter().flat_map(|text| text.split_whitespace()) {
        let mut together: Option<BTreeSet<usize>> = None;
        for term in alternative.split(',') {
            let found = evaluate_term(project, term, facts)?;
            if found.is_empty() && !asks_for_state(term) {
                unmatched.push(term.to_owned());
            }
            together = Some(match together {
                Some(others) => others.intersection(&found).copied().collect(),
                None => found,
            });
        }
        chosen.extend(together.unwrap_or_default());
    }
    Ok(chosen)
}

fn asks_for_state(term: &str) -> bool {
    let core = read_term(term).core;
    core == "changed" || core.starts_with("result:")
}

/// A term with the graph operators taken off.
struct Term<'a> {
    parents: usize,
    core: &'a str,
    children: usize,
}

fn read_term(term: &str) -> Term<'_> {
    let (parents, rest) = match term.split_once('+') {
        Some(("", rest)) => (usize::MAX, rest),
        Some((depth, rest))
            if depth.bytes().all(|byte| byte.is_ascii_digit()) && !rest.is_empty() =>
        {
            (depth.parse().unwrap_or(usize::MAX), rest)
        }
        _ => (0, term),
    };
    let (core, children) = match rest.rsplit_once('+') {
        Some((core, "")) => (core, usize::MAX),
        Some((core, depth)) if depth.bytes().all(|byte| byte.is_ascii_digit()) => {
            (core, depth.parse().unwrap_or(usize::MAX))
        }
        _ => (rest, 0),
    };
    Term {
        parents,
        core,
        children,
    }
}

fn evaluate_term(project: &Project, text: &str, facts: &dyn Facts) -> Result<BTreeSet<usize>> {
    let term = read_term(text);
    if term.core.is_empty() {
        return Err(Error::new(
            Kind::Usage,
            Code::UnknownSelector,
            format!("`{text}` names no model"),
        )
        .hint("write `+name` for a model with what it reads, `name+` with its readers"));
    }
    let core = evaluate_core(project, term.core, text, facts)?;
    let mut chosen = core.clone();
    for model in core {
        if term.parents > 0 {
            chosen.extend(project.graph().reach(model, term.parents, false));
        }
        if term.children > 0 {
            chosen.extend(project.graph().reach(model, term.children, true));
        }
    }
    Ok(chosen)
}

fn evaluate_core(
    project: &Project,
    core: &str,
    text: &str,
    facts: &dyn Facts,
) -> Result<BTreeSet<usize>> {
    if core == "changed" {
        let mut changed = BTreeSet::new();
        for model in 0..project.models().len() {
            if facts.is_changed(model)? {
                changed.insert(model);
            }
        }
        return Ok(changed);
    }
    let Some((method, value)) = core.split_once(':') else {
        return by_name(project, core);
    };
    let matching = |test: &dyn Fn(usize) -> bool| -> BTreeSet<usize> {
        (0..project.models().len())
            .filter(|model| test(*model))
            .collect()
    };
    match method {
        "path" => Ok(matching(&|model| {
            let def = project.model(model).def;
            let file = def.file.as_str();
            let folder = value.trim_end_matches('/');
            matches(value, file)
                || matches(value, def.path.as_str())
                || file
                    .strip_prefix(folder)
                    .is_some_and(|rest| rest.starts_with('/'))
        })),
        "tag" => Ok(matching(&|model| {
            project
                .model(model)
                .def
                .tags
                .iter()
                .any(|tag| matches(value, tag.as_str()))
        })),
        "kind" if !KINDS.contains(&value) => Err(unknown_value(method, value, text, &KINDS)),
        "kind" => Ok(matching(&|model| {
            let model = project.model(model);
            value == model.kind() || value == model.strategy.word()
        })),
        "owner" => Ok(matching(&|model| {
            matches(value, project.model(model).def.owner.as_str())
        })),
        "source" => by_source(project, value),
        "result" if !RESULTS.contains(&value) => Err(unknown_value(method, value, text, &RESULTS)),
        "result" => facts.with_result(value),
        "changed" => Err(Error::new(
            Kind::Usage,
            Code::UnknownSelector,
            format!("`{text}` needs the sources of the project and isn't built yet"),
        )),
        _ => Err(Error::new(
            Kind::Usage,
            Code::UnknownSelector,
            format!("`{method}:` in `{text}` is no way to select models"),
        )
        .hint("known are `path:`, `tag:`, `kind:`, `owner:`, `source:`, `result:`, `changed`")),
    }
}

fn by_name(project: &Project, name: &str) -> Result<BTreeSet<usize>> {
    let found: BTreeSet<usize> = (0..project.models().len())
        .filter(|index| {
            let model = project.model(*index);
            matches(name, model.def.name.as_str())
                || matches(name, &model.relation())
                || matches(name, model.def.path.as_str())
        })
        .collect();
    if found.is_empty() && !name.contains(['*', '?']) {
        let unknown = project.unknown(name);
        // A seed has the name: it is no model, and what reads it can be asked for.
        return Err(match project.find(name) {
            Ok(relation @ (Relation::Seed(_) | Relation::Source(_))) => {
                let what = if matches!(relation, Relation::Seed(_)) {
                    "seed"
                } else {
                    "source"
                };
                Error::new(
                    unknown.kind,
                    unknown.code,
                    format!("`{name}` is a {what}, and models are selected"),
                )
                .hint(format!(
                    "`source:{name}` selects the models that read it, `source:{name}+` all behind them"
                ))
            }
            _ => unknown,
        });
    }
    Ok(found)
}

/// What `kind:` may be: a materialization or a strategy.
const KINDS: [&str; 9] = [
    "view",
    "table",
    "ephemeral",
    "incremental",
    "scd2",
    "time_range",
    "unique_key",
    "append",
    "partition",
];

/// What `result:` may be: how a step ended.
const RESULTS: [&str; 5] = ["built", "failed", "interrupted", "skipped", "unchanged"];

fn unknown_value(method: &str, value: &str, text: &str, known: &[&str]) -> Error {
    let near = known
        .iter()
        .map(|other| (strsim::damerau_levenshtein(value, other), *other))
        .min()
        .filter(|(distance, other)| *distance <= other.len().div_ceil(3));
    let error = Error::new(
        Kind::Usage,
        Code::UnknownSelector,
        format!("`{value}` in `{text}` is no `{method}`"),
    );
    match near {
        Some((_, near)) => error.hint(format!("did you mean `{method}:{near}`?")),
        None => error.hint(format!("known are `{}`", known.join("`, `"))),
    }
}

/// The models that read the source directly.
fn by_source(project: &Project, name: &str) -> Result<BTreeSet<usize>> {
    let sources: Vec<Relation> = project
        .relations()
        .filter(|relation| matches!(relation, Relation::Source(_) | Relation::Seed(_)))
        .filter(|relation| {
            matches(name, project.schema_and_name(*relation).1)
                || matches(name, &project.name_of(*relation))
                || matches(name, project.path_of(*relation))
        })
        .collect();
    if sources.is_empty() {
        return Err(Error::new(
            Kind::Usage,
            Code::UnknownModel,
            format!("there is no source named `{name}`"),
        ));
    }
    Ok((0..project.models().len())
        .filter(|model| {
            project
                .model(*model)
                .imports
                .iter()
                .any(|import| sources.contains(import))
        })
        .collect())
}

/// Whether a text matches a pattern with `*` (any characters) and `?` (one).
fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut position) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while position < text.len() {
        match pattern.get(at) {
            Some('*') => {
                last_star = Some((at, position));
                at += 1;
            }
            Some(&character) if character == '?' || character == text[position] => {
                at += 1;
                position += 1;
            }
            _ => match last_star {
                // The star takes one character more, and everything after it starts anew.
                Some((star, taken)) => {
                    last_star = Some((star, taken + 1));
                    at = star + 1;
                    position = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|character| *character == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        assert!(matches("stg_*", "stg_orders"));
        assert!(matches("*_orders*", "stg_orders"));
        assert!(matches("a?c", "abc"));
        assert!(matches("a*b*c", "aXbYbZc"));
        assert!(!matches("stg", "stg_orders"));
        assert!(!matches("a*d", "abc"));
        assert!(matches("", ""));
    }

    #[test]
    fn graph_operators_are_taken_off() {
        for (text, parents, core, children) in [
            ("a", 0, "a", 0),
            ("+a", usize::MAX, "a", 0),
            ("a+", 0, "a", usize::MAX),
            ("2+a+1", 2, "a", 1),
            ("+tag:x+", usize::MAX, "tag:x", usize::MAX),
        ] {
            let term = read_term(text);
            assert_eq!(
                (term.parents, term.core, term.children),
                (parents, core, children),
                "{text}"
            );
        }
    }
}
