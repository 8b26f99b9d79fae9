//! What `[env]` and `[engine]` say together.

use super::{Environment, Views};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::project::engines::DEFAULT_ENGINE;
use crate::project::table::Reader;
use crate::project::{Engine, Settings};
use crate::span::{Span, Spanned};
use crate::wildcard;

/// Looks at the environments beside each other and beside the engines.
///
/// `engines` has the names of all engines, also of those that can't be used, which was reported;
/// `is_whole` says whether all environments could be read.
pub(in crate::project) fn check(
    reader: &mut Reader,
    settings: &Settings,
    engines: &[Spanned<String>],
    is_whole: bool,
) {
    let found = &mut reader.diagnostics;
    for environment in &settings.environments {
        found.extend(engine(environment, engines));
        if let (true, Some(ttl)) = (environment.is_protected(), &environment.ttl) {
            let name = &environment.pattern.value;
            let message = format!("`{name}` is protected, and such an environment doesn't expire");
            found.push(invalid(ttl.span, message).hint("leave out `ttl`"));
        }
    }
    found.extend(overlaps(&settings.environments));
    found.extend(plain(settings));
    found.extend(protected_default(settings));
    if is_whole {
        found.extend(homeless_default(settings, engines));
    }
}

fn invalid(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::InvalidSetting, span, message)
}

fn engine(environment: &Environment, engines: &[Spanned<String>]) -> Option<Diagnostic> {
    let names = || engines.iter().map(|name| name.value.as_str());
    let Some(engine) = &environment.engine else {
        let [first, _, ..] = engines else {
            return None;
        };
        let message = format!(
            "`{}` doesn't say which engine it lives on, and there are {}",
            environment.pattern.value,
            engines.len()
        );
        let hint = format!("write `engine = \"{}\"`", first.value);
        return Some(invalid(environment.pattern.span, message).hint(hint));
    };
    // Without a section there is one engine, to which dbgo gives the name.
    let is_unnamed = engines.is_empty() && engine.value == DEFAULT_ENGINE;
    if is_unnamed || names().any(|name| name == engine.value) {
        return None;
    }
    let finding = invalid(
        engine.span,
        format!("there is no engine `{}`", engine.value),
    );
    Some(match nearest(&engine.value, names()) {
        Some(near) => finding.hint(format!("write `\"{near}\"`")).fix_name(
            &engine.value,
            engine.span,
            names(),
            |near| format!("\"{near}\""),
        ),
        None if engines.is_empty() => {
            finding.hint(format!("declare it: `[engine.{}]`", engine.value))
        }
        None => {
            let known: Vec<&str> = names().collect();
            finding.hint(format!("there are: `{}`", known.join("`, `")))
        }
    })
}

/// Two patterns that are equally long must not fit one name.
fn overlaps(environments: &[Environment]) -> Vec<Diagnostic> {
    let is_pattern = |environment: &&Environment| wildcard::is_pattern(&environment.pattern.value);
    let patterns: Vec<&Environment> = environments.iter().filter(is_pattern).collect();
    let overlap = |(index, later): (usize, &&Environment)| {
        let pattern = &later.pattern.value;
        let earlier = patterns[..index].iter().find(|earlier| {
            let other = &earlier.pattern.value;
            other.len() == pattern.len() && wildcard::meet(other, pattern)
        })?;
        let message = format!(
            "`{}` and `{pattern}` are equally long, and there are names that fit both",
            earlier.pattern.value
        );
        let finding = invalid(later.pattern.span, message);
        Some(
            finding
                .and_at(earlier.pattern.span, "the other one")
                .hint("the longest pattern decides: make one of them longer"),
        )
    };
    patterns.iter().enumerate().filter_map(overlap).collect()
}

/// On one engine only one environment can have the names that the project gives.
fn plain(settings: &Settings) -> Vec<Diagnostic> {
    let place = |environment: &Environment| match &environment.views {
        Some(views) => views.span,
        None => environment.pattern.span,
    };
    let hint = format!("write `views = \"{}\"`", Views::Schema.word());
    let mut found = Vec::new();
    let mut taken: Vec<(&Engine, &Environment)> = Vec::new();
    for environment in settings.environments.iter().filter(|it| it.is_plain()) {
        let name = &environment.pattern.value;
        if wildcard::is_pattern(name) {
            let message = format!("many environments fit `{name}`, and one can have plain names");
            found.push(invalid(place(environment), message).hint(&hint));
            continue;
        }
        let Some(engine) = settings.engine_declared(Some(environment)) else {
            continue;
        };
        let first = taken
            .iter()
            .find(|(other, _)| other.name.value == engine.name.value);
        let Some((_, first)) = first else {
            taken.push((engine, environment));
            continue;
        };
        let message = format!(
            "`{}` and `{name}` would both have plain names on the engine `{}`",
            first.pattern.value, engine.name.value
        );
        let finding = invalid(place(environment), message);
        found.push(
            finding
                .and_at(place(first), "the other one")
                .hint(format!("{hint} for one of them")),
        );
    }
    found
}

/// A command without an environment must not mean a protected one.
fn protected_default(settings: &Settings) -> Option<Diagnostic> {
    let default = &settings.default_environment;
    let Template::Name(name) = Template::of(&default.value) else {
        return None;
    };
    let environment = settings.environment(&name)?;
    let protected = environment.protected.as_ref().filter(|it| it.value)?;
    let message = format!("`{name}` is protected, and can't be the default");
    let finding = invalid(default.span, message);
    Some(
        finding
            .and_at(protected.span, "protected here")
            .hint("name another one, such as `\"dev_${USER}\"`"),
    )
}

/// Where there are several engines, the default needs a declaration that names one.
fn homeless_default(settings: &Settings, engines: &[Spanned<String>]) -> Option<Diagnostic> {
    let [first, second, ..] = engines else {
        return None;
    };
    let default = &settings.default_environment;
    let template = Template::of(&default.value);
    let mut patterns = settings.environments.iter();
    if patterns.any(|environment| template.meets(&environment.pattern.value)) {
        return None;
    }
    let message = format!(
        "nothing says which engine the environment `{}` lives on",
        default.value
    );
    let is_written = default.span.end > default.span.start;
    let finding = match is_written {
        true => invalid(default.span, message),
        false => invalid(second.span, message)
            .saying("the second engine")
            .and_at(first.span, "the first one")
            .note("it is what a command means that names no environment"),
    };
    let shown = match template {
        Template::Name(name) => name,
        Template::Pattern(pattern) => format!("\"{pattern}\""),
    };
    Some(finding.hint(format!(
        "declare it: `[env.{shown}]` with `engine = \"{}\"`",
        first.value
    )))
}

/// A name with `${VAR}` in it.
enum Template {
    /// One without, as a command makes a name of it.
    Name(String),
    /// A pattern of the names that may come out.
    Pattern(String),
}

impl Template {
    fn of(text: &str) -> Template {
        let mut pattern = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            pattern.push_str(&name_of(&rest[..start]));
            pattern.push('*');
            rest = rest[start..].split_once('}').map_or("", |(_, rest)| rest);
        }
        pattern.push_str(&name_of(rest));
        if wildcard::is_pattern(&pattern) {
            Template::Pattern(pattern)
        } else {
            Template::Name(pattern)
        }
    }

    fn meets(&self, pattern: &str) -> bool {
        match self {
            Template::Name(name) => wildcard::fits(pattern, name),
            Template::Pattern(names) => wildcard::meet(pattern, names),
        }
    }
}

/// A text as it stands in an environment's name: lower case, and `_` for all but letters, digits
/// and `_`.
fn name_of(text: &str) -> String {
    let characters = text.chars().flat_map(char::to_lowercase);
    characters
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_a_pattern_of_names() {
        for (text, wanted) in [
            ("Dev-${USER}", "dev_*"),
            ("${A:-x}_${B}z", "*_*z"),
            ("a${", "a*"),
        ] {
            let pattern = Template::of(text);
            assert!(matches!(pattern, Template::Pattern(pattern) if pattern == wanted));
        }
        for (text, wanted) in [("prod", "prod"), ("a*B", "a_b")] {
            assert!(matches!(Template::of(text), Template::Name(name) if name == wanted));
        }
    }
}
