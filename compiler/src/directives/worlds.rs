//! What facts and variables can be, together.
//!
//! Subjects that depend on each other form a group: environment and engine, the two facts of a
//! batch, and each variable alone. A *world* of a group says for each of its tests whether it
//! holds. The worlds come from representative values: for a variable each literal that it is
//! compared with, and one value below, between and above them.

use super::condition::{Subject, Test};
use super::value::{Number, Value, ValueKind};
use crate::wildcard;
use std::collections::{BTreeMap, BTreeSet};

/// What a model's conditions can meet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// The model's dialect.
    pub dialect: String,
    /// Whether the model is incremental: no other one is ever added to.
    pub incremental: bool,
    /// The environments and their engines. An environment that only the fallback covers needs a
    /// place with the pattern `*`. Without any place, `env` and `engine` can be anything.
    pub places: Vec<Place>,
}

/// An environment, or a pattern for environments, and where it lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The environment's name; `*` stands for any characters.
    pub env: String,
    /// The type of its engine.
    pub engine: String,
}

/// The groups of a file's tests.
pub(super) struct Groups {
    /// The group of each test, and for each world of that group whether the test holds.
    pub tests: Vec<(usize, Vec<bool>)>,
    /// How many worlds each group has.
    pub sizes: Vec<usize>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum GroupName {
    Dialect,
    Place,
    Batch,
    Variable(String),
}

impl Groups {
    pub(super) fn new(tests: &[Test], context: &Context) -> Groups {
        let mut members: BTreeMap<GroupName, Vec<usize>> = BTreeMap::new();
        for (index, test) in tests.iter().enumerate() {
            let name = group_name(&test.subject);
            members.entry(name).or_default().push(index);
        }
        let mut groups = Groups {
            tests: vec![(0, Vec::new()); tests.len()],
            sizes: Vec::new(),
        };
        for (name, indexes) in members {
            let chosen: Vec<&Test> = indexes.iter().map(|index| &tests[*index]).collect();
            let worlds = worlds(&name, &chosen, context);
            for (position, index) in indexes.iter().enumerate() {
                let truths = worlds.iter().map(|world| world[position]).collect();
                groups.tests[*index] = (groups.sizes.len(), truths);
            }
            groups.sizes.push(worlds.len());
        }
        groups
    }
}

fn group_name(subject: &Subject) -> GroupName {
    match subject {
        Subject::Dialect => GroupName::Dialect,
        Subject::Engine | Subject::Env => GroupName::Place,
        Subject::IsIncremental | Subject::FullRefresh => GroupName::Batch,
        Subject::Variable { name, .. } => GroupName::Variable(name.clone()),
    }
}

/// The distinct worlds: for each, whether each test holds.
fn worlds(name: &GroupName, tests: &[&Test], context: &Context) -> Vec<Vec<bool>> {
    let mut found: Vec<Vec<bool>> = Vec::new();
    let mut seen = BTreeSet::new();
    for values in candidates(name, tests, context) {
        let world: Vec<bool> = tests
            .iter()
            .map(|test| {
                let value = match test.subject {
                    Subject::Engine | Subject::FullRefresh => &values[1],
                    _ => &values[0],
                };
                test.comparison.holds(value)
            })
            .collect();
        if seen.insert(world.clone()) {
            found.push(world);
        }
    }
    found
}

/// Representative values of a group: two for places (environment, engine) and batches
/// (is_incremental, full_refresh), else one.
fn candidates(name: &GroupName, tests: &[&Test], context: &Context) -> Vec<Vec<Value>> {
    let one = |value: Value| vec![value];
    match name {
        GroupName::Dialect => vec![one(Value::Text(context.dialect.clone()))],
        GroupName::Batch => {
            let reachable = [(false, false), (true, false), (false, true)];
            reachable
                .into_iter()
                .filter(|(incremental, _)| context.incremental || !incremental)
                .map(|(a, b)| vec![Value::Boolean(a), Value::Boolean(b)])
                .collect()
        }
        GroupName::Place => places(tests, context),
        GroupName::Variable(_) => {
            let Some(Subject::Variable { kind, .. }) = tests.first().map(|test| &test.subject)
            else {
                return Vec::new();
            };
            representatives(*kind, &literals(tests, |_| true))
                .into_iter()
                .map(one)
                .collect()
        }
    }
}

fn literals(tests: &[&Test], chosen: impl Fn(&Subject) -> bool) -> Vec<Value> {
    tests
        .iter()
        .filter(|test| chosen(&test.subject))
        .flat_map(|test| test.comparison.literals().iter().cloned())
        .collect()
}

/// Each literal, and a value below, between and above them where there is one.
fn representatives(kind: ValueKind, literals: &[Value]) -> Vec<Value> {
    match kind {
        ValueKind::Boolean => vec![Value::Boolean(false), Value::Boolean(true)],
        ValueKind::Text => {
            let sorted: BTreeSet<&str> = literals
                .iter()
                .filter_map(|value| match value {
                    Value::Text(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect();
            let mut all = BTreeSet::from([String::new()]);
            for text in sorted {
                all.insert(text.to_owned());
                // No text lies between one and the same with the smallest character behind it.
                all.insert(format!("{text}\0"));
            }
            all.into_iter().map(Value::Text).collect()
        }
        ValueKind::Integer | ValueKind::Number => {
            let sorted: BTreeSet<Number> = literals
                .iter()
                .filter_map(|value| match value {
                    Value::Number(number) => Some(*number),
                    _ => None,
                })
                .collect();
            let whole = kind == ValueKind::Integer;
            numbers(&sorted.into_iter().collect::<Vec<_>>(), whole)
                .into_iter()
                .map(Value::Number)
                .collect()
        }
    }
}

fn numbers(sorted: &[Number], whole: bool) -> Vec<Number> {
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else {
        return Vec::from_iter(Number::read("0"));
    };
    let mut all = vec![first.floor().plus(-1)];
    for (index, number) in sorted.iter().enumerate() {
        if !whole || number.floor() == *number {
            all.push(*number);
        }
        if let Some(next) = sorted.get(index + 1) {
            let between = match whole {
                true => number.floor().plus(1),
                false => number.middle(*next),
            };
            if between < *next {
                all.push(between);
            }
        }
    }
    all.push(last.floor().plus(1));
    all
}

fn places(tests: &[&Test], context: &Context) -> Vec<Vec<Value>> {
    let names = texts(literals(tests, |subject| *subject == Subject::Env));
    let pair =
        |env: &str, engine: &str| vec![Value::Text(env.to_owned()), Value::Text(engine.to_owned())];
    if context.places.is_empty() {
        let engines = texts(literals(tests, |subject| *subject == Subject::Engine));
        let other = |known: &[String]| {
            let mut all = known.to_vec();
            all.extend(another("*", known, |_| true));
            all
        };
        let engines = other(&engines);
        return other(&names)
            .iter()
            .flat_map(|env| engines.iter().map(|engine| pair(env, engine)))
            .collect();
    }
    let mut all = Vec::new();
    for place in &context.places {
        // An exact name beats the longest pattern, which beats shorter ones.
        let is_decided = |env: &str| {
            let patterns = context.places.iter().map(|other| other.env.as_str());
            wildcard::deciding(patterns, env)
                .is_some_and(|best| context.places[best].env == place.env)
        };
        let other = another(&place.env, &names, is_decided);
        let tested = names.iter().filter(|name| is_decided(name)).cloned();
        let envs = other.into_iter().chain(tested);
        all.extend(envs.map(|env| pair(&env, &place.engine)));
    }
    all
}

fn texts(values: Vec<Value>) -> Vec<String> {
    let sorted: BTreeSet<String> = values
        .into_iter()
        .filter_map(|value| match value {
            Value::Text(text) => Some(text),
            _ => None,
        })
        .collect();
    sorted.into_iter().collect()
}

/// A name that fits a pattern and is none of those known, and that `is_decided` accepts; an exact
/// name itself. `None` where other patterns decide about all names of this one.
fn another(pattern: &str, known: &[String], is_decided: impl Fn(&str) -> bool) -> Option<String> {
    if !wildcard::is_pattern(pattern) {
        return Some(pattern.to_owned());
    }
    // A longer pattern may begin or end with what another name begins or ends with.
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789_".chars();
    let fillings = letters.map(|letter| format!("{letter}nother{letter}"));
    ["another".to_owned(), "another_".to_owned()]
        .into_iter()
        .chain(fillings)
        .map(|filling| pattern.replace('*', &filling))
        .find(|name| !known.contains(name) && is_decided(name))
}
