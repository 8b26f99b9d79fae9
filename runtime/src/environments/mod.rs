//! Environments as the project's file declares them, and where their views stand.
//!
//! An environment is a name that points to a version of the project, on exactly one engine. What it
//! points to is in the state; this module knows only what a name means: an exact `[env.X]`, else the
//! longest pattern that matches, else the only engine and nothing else.
//!
//! What this is not: it opens neither the engine nor the state.

mod names;
mod placement;

pub use names::{checked_name, looks_like_a_plan, sanitise};
pub use placement::{view_key, view_of, view_schemas};

use crate::error::{Code, Error, Kind, Result};
use crate::intervals::parse_instant;
use crate::project::{PlanFacts, Project, Variables, nearest};
use dbgo_contract::{EngineDef, EnvironmentDef, Placement, Publication, SettingDef};
use jiff::{Span, Timestamp, tz::TimeZone};
use std::time::Duration;

/// What a project says of one environment.
#[derive(Clone, Copy, Debug)]
pub struct Environment {
    /// The name, which lives as long as the process: generated code compares it.
    pub name: &'static str,
    /// The engine that its tables live on.
    pub engine: &'static EngineDef,
    /// Whether only a stored plan, or `--yes`, may change it.
    pub protected: bool,
    /// How long it lives after its last change; `None`: for ever.
    pub time_to_live: Option<Duration>,
    /// From when on models filled by time are filled; empty: from their own start.
    pub start: &'static str,
    /// Where its views stand; never [`Placement::Usual`].
    pub placement: Placement,
    /// Which views it has.
    pub publication: Publication,
    /// Its own values of variables.
    pub variables: &'static [SettingDef],
    /// Other schemas for sources, by the schema that the project's files name.
    pub sources: &'static [SettingDef],
    /// Whether an `[env.X]` of just this name declares it.
    pub declared: bool,
}

impl Environment {
    /// What the project says of a name that [`checked_name`] has passed.
    ///
    /// # Errors
    /// `unknown-engine` where nothing says on which of several engines it lives, or where it names
    /// one that doesn't exist.
    pub fn of(project: &Project, name: &'static str) -> Result<Self> {
        let definition = declaration(project, name);
        let placement = definition
            .and_then(|definition| Placement::from_number(definition.views))
            .filter(|placement| *placement != Placement::Usual);
        let usual = if name == "prod" {
            Placement::Plain
        } else {
            Placement::Schema
        };
        let publication = definition.and_then(|it| Publication::from_number(it.publish));
        let seconds = definition.map_or(0, |definition| definition.ttl_seconds);
        let protected = definition.is_some_and(|definition| definition.protected);
        Ok(Self {
            name,
            engine: engine(project, name, definition)?,
            protected,
            // A protected environment has no expiry.
            time_to_live: (seconds > 0 && !protected).then(|| Duration::from_secs(seconds)),
            start: definition.map_or("", |definition| definition.start.as_str()),
            placement: placement.unwrap_or(usual),
            publication: publication.unwrap_or(Publication::All),
            variables: definition.map_or(&[], |definition| definition.variables.as_slice()),
            sources: definition.map_or(&[], |definition| definition.sources.as_slice()),
            declared: definition.is_some_and(|definition| definition.pattern.as_str() == name),
        })
    }

    /// What queries are rendered under here.
    ///
    /// # Errors
    /// `unknown-variable` and `variable-value` for what the command line gives; variables of the
    /// command line are refused in a protected environment.
    pub fn facts(&self, project: &Project, given: &[String]) -> Result<PlanFacts> {
        if self.protected && !given.is_empty() {
            return Err(Error::new(
                Kind::Refused,
                Code::ProtectedEnvironment,
                format!(
                    "`--var` can't change the protected environment `{}`",
                    self.name
                ),
            )
            .hint(format!("write the value under `[env.{}.vars]`", self.name)));
        }
        Ok(PlanFacts {
            environment: self.name,
            engine: self.engine.kind.as_str(),
            variables: Variables::new(project, self.variables, given)?,
            sources: self.sources,
        })
    }

    /// The first instant that models filled by time are filled from, if it is cut here.
    ///
    /// # Errors
    /// `environment-start` where the text is neither an instant nor a time ago.
    pub fn first_instant(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        if self.start.is_empty() {
            return Ok(None);
        }
        first_instant(self.start, now).map(Some)
    }
}

/// An instant from a date, a timestamp, or a time ago: `30 days ago`, which begins with a day.
///
/// # Errors
/// `environment-start` for any other text.
pub fn first_instant(text: &str, now: Timestamp) -> Result<Timestamp> {
    let unreadable = || {
        Error::new(
            Kind::Finding,
            Code::EnvironmentStart,
            format!("`{text}` is neither a date, nor a timestamp, nor a time ago"),
        )
        .hint("write `2024-01-31`, or `30 days ago`")
    };
    let Some(length) = text.trim().strip_suffix("ago") else {
        return parse_instant(text).ok_or_else(unreadable);
    };
    let span: Span = length.trim().parse().map_err(|_| unreadable())?;
    let then = now.to_zoned(TimeZone::UTC).checked_sub(span);
    let day = then.map_err(|_| unreadable())?.start_of_day();
    Ok(day.map_err(|_| unreadable())?.timestamp())
}

/// The declaration that a name falls under: the exact one, else the longest pattern.
fn declaration(project: &Project, name: &str) -> Option<&'static EnvironmentDef> {
    let declared = project.def.environments.as_slice();
    let exact = declared.iter().find(|it| it.pattern.as_str() == name);
    exact.or_else(|| {
        let matching = declared.iter().filter(|definition| {
            let pattern = glob::Pattern::new(definition.pattern.as_str());
            pattern.is_ok_and(|pattern| pattern.matches(name))
        });
        matching.max_by_key(|definition| definition.pattern.as_str().len())
    })
}

fn engine(
    project: &Project,
    name: &str,
    definition: Option<&EnvironmentDef>,
) -> Result<&'static EngineDef> {
    let engines = project.def.engines.as_slice();
    let named = definition
        .map(|definition| definition.engine.as_str())
        .filter(|engine| !engine.is_empty());
    let unknown = |message: String| Error::new(Kind::Finding, Code::UnknownEngine, message);
    match (named, engines) {
        (Some(named), _) => engines
            .iter()
            .find(|engine| engine.name.as_str() == named)
            .ok_or_else(|| {
                let error = unknown(format!(
                    "the environment `{name}` lives on `{named}`, and there is no such engine"
                ));
                let known = engines.iter().map(|engine| engine.name.as_str());
                match nearest(named, known) {
                    Some(near) => error.hint(format!("write `engine = \"{near}\"`")),
                    None => error,
                }
            }),
        (None, [only]) => Ok(only),
        (None, []) => Err(Error::new(
            Kind::Failed,
            Code::BrokenProject,
            "the project has no engine",
        )),
        (None, [first, ..]) => Err(unknown(format!(
            "nothing says which engine the environment `{name}` lives on"
        ))
        .hint(format!(
            "write `engine = \"{}\"` under `[env.{name}]` in `dbgo.toml`",
            first.name
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_ago_begins_with_a_day() {
        let now: Timestamp = "2024-03-31T17:20:00Z".parse().unwrap();
        let at = |text: &str| first_instant(text, now).map(|instant| instant.to_string());
        assert_eq!(at("30 days ago").unwrap(), "2024-03-01T00:00:00Z");
        assert_eq!(at("1 month ago").unwrap(), "2024-02-29T00:00:00Z");
        assert_eq!(at("2024-01-02").unwrap(), "2024-01-02T00:00:00Z");
        for wrong in ["soon", "ago", "5 bananas ago", ""] {
            assert_eq!(
                at(wrong).unwrap_err().code,
                Code::EnvironmentStart,
                "{wrong}"
            );
        }
    }
}
