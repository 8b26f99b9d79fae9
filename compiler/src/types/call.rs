//! Which overload a call takes, and what it gives.
//!
//! Source: `FunctionBinder::BindFunctionFromArguments` of DuckDB: the overload with the cheapest
//! implicit casts wins; the engine refuses a call if none fits or several are equally cheap.

use super::catalogue::{self, Parameter, Signature};
use super::null_handling::folds;
use super::{Typed, Value, common_of, literal, rules};
use crate::sql_type::coerce::{implicit_cost, target_cost};
use crate::sql_type::{Common, SqlType, common_type};

/// What is known of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its type.
    Type(SqlType),
    /// The engine refuses it: no overload takes arguments of these types.
    Refused,
    /// The engine refuses it: no overload takes that many arguments.
    WrongCount,
    /// Not known here; the engine may have an answer.
    Unknown,
}

impl Outcome {
    /// The type, unknown if it isn't known.
    pub fn or_unknown(self) -> SqlType {
        match self {
            Outcome::Type(sql_type) => sql_type,
            _ => SqlType::Unknown,
        }
    }
}

impl From<Common> for Outcome {
    fn from(common: Common) -> Self {
        match common {
            Common::Type(sql_type) => Outcome::Type(sql_type),
            Common::Incompatible => Outcome::Refused,
            Common::Unknown => Outcome::Unknown,
        }
    }
}

/// The type of `name(arguments)`, also of an operator.
pub fn call(name: &str, arguments: &[Typed]) -> Outcome {
    let name = match name.to_lowercase() {
        // The grammar's name of the function.
        extract if extract == "extract" => "date_part".to_owned(),
        other => other,
    };
    if rules::gives_null_for_null(&name, arguments) {
        return refused_by_overloads(&name, arguments).unwrap_or(Outcome::Type(SqlType::Null));
    }
    if rules::is_window(&name) {
        return window(&name, arguments);
    }
    if let Some(outcome) = rules::before_overloads(&name, arguments) {
        return refused_by_overloads(&name, arguments).unwrap_or(outcome);
    }
    let Some(entry) = catalogue::find(&name) else {
        return Outcome::Unknown;
    };
    let signatures = entry.signatures();
    if signatures.is_empty() || entry.is_macro() {
        return Outcome::Unknown;
    }
    // What an aggregate gets is bound before its overload is chosen: a literal is no literal then.
    let plain: Vec<Typed>;
    let chosen_by = match entry.is(catalogue::Kind::Aggregate) {
        true => {
            plain = arguments.iter().cloned().map(Typed::as_value).collect();
            &plain
        }
        false => arguments,
    };
    match choose(signatures, chosen_by) {
        Choice::One(signature)
            if !folds(&name, arguments)
                && (conflicting(signature, arguments) || unresolved(signature, arguments)) =>
        {
            Outcome::Refused
        }
        // A null of a type that is open until the function is bound has none.
        Choice::One(signature)
            if folds(&name, arguments)
                && ["T", "K", "V"]
                    .iter()
                    .any(|own| mentions(&signature.result, own)) =>
        {
            Outcome::Type(SqlType::Null)
        }
        Choice::One(signature) => {
            rules::after_overload(&name, arguments).unwrap_or_else(|| result(signature, arguments))
        }
        Choice::Refused => Outcome::Refused,
        Choice::WrongCount => Outcome::WrongCount,
        Choice::Several(_) if is_ambiguous(chosen_by) => Outcome::Refused,
        Choice::Several(fitting) => agreed(&fitting, arguments),
    }
}

/// The types that an aggregate casts its arguments to; `None` if they aren't known.
pub fn taken_types(name: &str, arguments: &[Typed]) -> Option<Vec<SqlType>> {
    let plain: Vec<Typed> = arguments.iter().cloned().map(Typed::as_value).collect();
    let Choice::One(signature) = choose(catalogue::find(name)?.signatures(), &plain) else {
        return None;
    };
    let types = signature.parameters.iter().zip(&plain);
    types
        .map(|(parameter, argument)| match parameter {
            Parameter::Type(taken) => Some(taken.clone()),
            Parameter::Decimal => {
                matches!(argument.sql_type, SqlType::Decimal(..)).then(|| argument.sql_type.clone())
            }
            Parameter::Any | Parameter::Template(_) => Some(argument.sql_type.clone()),
            _ => None,
        })
        .collect()
}

/// What a window function gives. Its arguments are cast by force, so that it takes any.
///
/// Source: `ResolveWindowExpressionType` of DuckDB.
fn window(name: &str, arguments: &[Typed]) -> Outcome {
    match (name, arguments) {
        ("percent_rank" | "cume_dist", _) => Outcome::Type(SqlType::Double),
        ("row_number" | "rank" | "dense_rank" | "rank_dense" | "ntile", _) => {
            Outcome::Type(SqlType::BigInt)
        }
        (_, [value, ..]) if !value.sql_type.has_unknown() => Outcome::Type(value.sql_type.clone()),
        _ => Outcome::Unknown,
    }
}

/// That no overload takes arguments which a rule has no answer for.
fn refused_by_overloads(name: &str, arguments: &[Typed]) -> Option<Outcome> {
    let entry = catalogue::find(name)?;
    let signatures = entry.signatures();
    let known = arguments.iter().all(Typed::is_known);
    if signatures.is_empty() || entry.is_macro() || !known {
        return None;
    }
    let plain: Vec<Typed>;
    let arguments = match entry.is(catalogue::Kind::Aggregate) {
        true => {
            plain = arguments.iter().cloned().map(Typed::as_value).collect();
            &plain
        }
        false => arguments,
    };
    match choose(signatures, arguments) {
        Choice::Refused => Some(Outcome::Refused),
        Choice::WrongCount => Some(Outcome::WrongCount),
        Choice::One(signature)
            if !folds(name, arguments)
                && (conflicting(signature, arguments) || unresolved(signature, arguments)) =>
        {
            Some(Outcome::Refused)
        }
        // The engine binds what an aggregate gets before it chooses, and nulls have a type then.
        Choice::Several(_) if !entry.is(catalogue::Kind::Aggregate) && is_ambiguous(arguments) => {
            Some(Outcome::Refused)
        }
        Choice::One(_) | Choice::Several(_) => None,
    }
}

/// Whether one of the overloads of a function in `FROM` takes arguments of these types. A text
/// written out is a text there and nothing else.
pub fn takes(signatures: &[Signature], arguments: &[Typed]) -> bool {
    let plain: Vec<Typed> = arguments.iter().cloned().map(Typed::as_value).collect();
    !matches!(
        choose(signatures, &plain),
        Choice::Refused | Choice::WrongCount
    )
}

enum Choice<'a> {
    One(&'a Signature),
    /// Several are equally good, or arguments of unknown types leave them open.
    Several(Vec<&'a Signature>),
    Refused,
    WrongCount,
}

fn choose<'a>(signatures: &'a [Signature], arguments: &[Typed]) -> Choice<'a> {
    let counted: Vec<&Signature> = signatures
        .iter()
        .filter(|signature| takes_count(signature, arguments.len()))
        .collect();
    if counted.is_empty() {
        return Choice::WrongCount;
    }
    let unknown = arguments.iter().any(|argument| !argument.is_known());
    let fitting: Vec<(u32, &Signature)> = counted
        .into_iter()
        .filter_map(|signature| Some((total_cost(signature, arguments)?, signature)))
        .collect();
    let Some(least) = fitting.iter().map(|(cost, _)| *cost).min() else {
        return Choice::Refused;
    };
    let best: Vec<&Signature> = fitting
        .into_iter()
        .filter(|(cost, _)| unknown || *cost == least)
        .map(|(_, signature)| signature)
        .collect();
    match best.as_slice() {
        [one] => Choice::One(one),
        _ => Choice::Several(best),
    }
}

/// Whether several equally good overloads make the engine refuse: where all arguments are known.
fn is_ambiguous(arguments: &[Typed]) -> bool {
    arguments.iter().all(Typed::is_known)
}

/// Whether a template parameter would have to stand for types that have none in common.
fn conflicting(signature: &Signature, arguments: &[Typed]) -> bool {
    let parameters = || {
        signature
            .parameters
            .iter()
            .chain(signature.more.iter().cycle())
    };
    ["T", "K", "V"].iter().any(|name| {
        let bound = arguments
            .iter()
            .zip(parameters())
            .filter_map(|(argument, parameter)| match parameter {
                Parameter::Template(own) if own == name => Some(argument.clone()),
                _ => bound(name, parameter, &argument.sql_type).map(Typed::of),
            });
        let bound: Vec<Typed> = bound.collect();
        bound.iter().all(Typed::is_known) && common_of(&bound) == Common::Incompatible
    })
}

/// Whether a template parameter stands for nothing: a text or a variant takes its place in a list
/// or map, and no other argument says what it is.
fn unresolved(signature: &Signature, arguments: &[Typed]) -> bool {
    let parameters = || {
        signature
            .parameters
            .iter()
            .chain(signature.more.iter().cycle())
    };
    let tells_nothing =
        |argument: &Typed| argument.is_text_literal() || argument.sql_type.is_variant();
    arguments.iter().any(tells_nothing)
        && ["T", "K", "V"].iter().any(|name| {
            let used = signature.parameters.iter().any(|own| mentions(own, name));
            let says = arguments
                .iter()
                .zip(parameters())
                .any(|(argument, parameter)| match parameter {
                    Parameter::Template(own) => own == name,
                    _ => bound(name, parameter, &argument.sql_type).is_some(),
                });
            let open = arguments
                .iter()
                .any(|argument| argument.sql_type == SqlType::Null || !argument.is_known());
            used && !says && !open
        })
}

fn mentions(parameter: &Parameter, name: &str) -> bool {
    match parameter {
        Parameter::Template(own) => own == name,
        Parameter::List(element) => mentions(element, name),
        Parameter::Map(key, value) => mentions(key, name) || mentions(value, name),
        _ => false,
    }
}

fn takes_count(signature: &Signature, count: usize) -> bool {
    let least = signature.parameters.len();
    count == least || signature.more.is_some() && count > least
}

fn total_cost(signature: &Signature, arguments: &[Typed]) -> Option<u32> {
    let parameters = signature
        .parameters
        .iter()
        .chain(signature.more.iter().cycle());
    arguments
        .iter()
        .zip(parameters)
        .try_fold(0u32, |total, (argument, parameter)| {
            Some(total + cost(argument, parameter)?)
        })
}

/// What the engine counts for a parameter of any type, and for one that a template stands for.
///
/// Source: `TargetTypeCost` of `src/function/cast_rules.cpp` of DuckDB.
const ANY_COST: u32 = 5;
const TEMPLATE_COST: u32 = 1_000_000;

/// The cost of giving a null or a variant to a parameter, which takes it in any case.
fn anything_cost(argument: &Typed, parameter: &Parameter) -> u32 {
    let null = argument.sql_type == SqlType::Null;
    match parameter {
        Parameter::Template(_) if null => 5,
        Parameter::Template(_) => TEMPLATE_COST,
        Parameter::Any | Parameter::Lambda => ANY_COST,
        Parameter::Type(target) if *target == argument.sql_type => 0,
        Parameter::Type(target) => target_cost(target),
        Parameter::Decimal => target_cost(&SqlType::Decimal(18, 3)),
        Parameter::List(_) | Parameter::Map(..) => target_cost(&SqlType::list(SqlType::Null)),
        Parameter::Vague(kind) if *kind == argument.sql_type.to_string() => 0,
        Parameter::Vague(kind) if kind == "TYPE" => target_cost(&SqlType::Uuid),
        Parameter::Vague(_) => target_cost(&SqlType::list(SqlType::Null)),
    }
}

/// The cost of giving an argument to a parameter; `None` if the engine doesn't.
fn cost(argument: &Typed, parameter: &Parameter) -> Option<u32> {
    if !argument.is_known() {
        return Some(0);
    }
    if argument.sql_type == SqlType::Null || argument.sql_type.is_variant() {
        return Some(anything_cost(argument, parameter));
    }
    match (&argument.value, parameter) {
        (_, Parameter::Vague(kind)) if kind == "STRUCT" || kind == "UNION" => {
            let fits = match argument.sql_type {
                SqlType::Struct(_) => kind == "STRUCT",
                SqlType::Union(_) | SqlType::Json => kind == "UNION",
                _ => false,
            };
            fits.then_some(0)
        }
        (value, Parameter::Vague(kind)) => vague_cost(&argument.sql_type, value, kind),
        (_, Parameter::Any | Parameter::Lambda) => Some(ANY_COST),
        (_, Parameter::Template(_)) => Some(TEMPLATE_COST),
        (Value::Text(_) | Value::SomeText, Parameter::Type(SqlType::Varchar)) => Some(1),
        (Value::Text(_) | Value::SomeText, Parameter::Type(_)) => Some(20),
        // A text becomes a list of some type, and not one of any type.
        (Value::Text(_) | Value::SomeText, Parameter::List(element)) => {
            (**element != Parameter::Any).then_some(20)
        }
        (Value::Text(_) | Value::SomeText, Parameter::Map(..)) => Some(20),
        (Value::Text(_) | Value::SomeText, Parameter::Decimal) => None,
        (Value::Integer(_), Parameter::Type(SqlType::Json)) => None,
        (Value::Integer(number), Parameter::Type(target))
            if argument.sql_type != *target && literal::fits(*number, target) =>
        {
            Some(target_cost(target).saturating_sub(90))
        }
        (_, Parameter::Type(target)) => implicit_cost(&argument.sql_type, target),
        (_, Parameter::Decimal) => match argument.sql_type {
            SqlType::Decimal(..) => Some(0),
            _ => implicit_cost(&argument.sql_type, &SqlType::Decimal(38, 0)),
        },
        (_, Parameter::List(element)) => match &argument.sql_type {
            SqlType::List(own) => {
                cost(&Typed::of((**own).clone()), element).map(|cost| cost.saturating_sub(1))
            }
            SqlType::Array(own, _) => {
                cost(&Typed::of((**own).clone()), element).map(|cost| cost + 1)
            }
            _ => None,
        },
        (_, Parameter::Map(..)) => matches!(argument.sql_type, SqlType::Map(..)).then_some(0),
    }
}

/// The cost of a parameter whose type the list of functions says only a part of.
fn vague_cost(argument: &SqlType, value: &Value, kind: &str) -> Option<u32> {
    match kind {
        "FLOAT[ANY]" | "DOUBLE[ANY]" => match (argument, value) {
            (_, Value::Text(_) | Value::SomeText) => Some(20),
            (SqlType::Array(element, _), _) => {
                let target = match kind {
                    "FLOAT[ANY]" => SqlType::Float,
                    _ => SqlType::Double,
                };
                implicit_cost(element, &target)
            }
            _ => None,
        },
        "STRUCT(K, V)" => match argument {
            SqlType::Struct(fields) => (fields.len() == 2).then_some(0),
            _ => None,
        },
        "TYPE" => {
            let never = argument.is_numeric()
                || argument.is_temporal()
                || argument.is_nested()
                || *argument == SqlType::Boolean;
            (!never).then_some(0)
        }
        _ => Some(0),
    }
}

/// The result that all of several overloads give.
fn agreed(fitting: &[&Signature], arguments: &[Typed]) -> Outcome {
    let mut results = fitting.iter().map(|signature| result(signature, arguments));
    let Some(first) = results.next() else {
        return Outcome::Unknown;
    };
    if results.all(|result| result == first) {
        first
    } else {
        Outcome::Unknown
    }
}

fn result(signature: &Signature, arguments: &[Typed]) -> Outcome {
    // What a null makes of a template differs from function to function.
    let has_null = arguments
        .iter()
        .any(|argument| argument.sql_type == SqlType::Null);
    if has_null && !matches!(signature.result, Parameter::Type(_)) {
        return Outcome::Unknown;
    }
    match filled(&signature.result, signature, arguments) {
        Some(sql_type) => Outcome::Type(sql_type),
        None => Outcome::Unknown,
    }
}

fn filled(parameter: &Parameter, signature: &Signature, arguments: &[Typed]) -> Option<SqlType> {
    match parameter {
        Parameter::Type(sql_type) => Some(sql_type.clone()),
        Parameter::Template(name) => template(name, signature, arguments),
        Parameter::List(element) => filled(element, signature, arguments).map(SqlType::list),
        Parameter::Map(key, value) => Some(SqlType::Map(
            Box::new(filled(key, signature, arguments)?),
            Box::new(filled(value, signature, arguments)?),
        )),
        Parameter::Any | Parameter::Decimal | Parameter::Lambda | Parameter::Vague(_) => None,
    }
}

/// What a template parameter stands for in a call.
fn template(name: &str, signature: &Signature, arguments: &[Typed]) -> Option<SqlType> {
    let parameters = signature
        .parameters
        .iter()
        .chain(signature.more.iter().cycle());
    let mut together: Option<SqlType> = None;
    for (argument, parameter) in arguments.iter().zip(parameters) {
        let Some(bound) = bound(name, parameter, &argument.sql_type) else {
            continue;
        };
        together = Some(match together {
            None => bound,
            Some(before) => match common_type(&before, &bound) {
                Common::Type(sql_type) => sql_type,
                _ => return None,
            },
        });
    }
    together.filter(|sql_type| !sql_type.has_unknown())
}

fn bound(name: &str, parameter: &Parameter, argument: &SqlType) -> Option<SqlType> {
    match (parameter, argument) {
        (Parameter::Template(template), argument) if template == name => Some(argument.clone()),
        (Parameter::List(element), SqlType::List(argument) | SqlType::Array(argument, _)) => {
            bound(name, element, argument)
        }
        (Parameter::Map(key, value), SqlType::Map(argument_key, argument_value)) => {
            bound(name, key, argument_key).or_else(|| bound(name, value, argument_value))
        }
        _ => None,
    }
}
