//! The settings as a program carries them, and where its environments live.

use crate::directives::Place;
use crate::header::time::Duration;
use crate::project::{Engine, Environment, Scalar, Settings, Variable, VariableValue};
use crate::span::Spanned;
use crate::typed::{
    EngineSettings, EnvironmentSettings, ProjectSettings, RetentionSettings, RunSettings,
};

pub(super) fn settings(settings: &Settings) -> ProjectSettings {
    ProjectSettings {
        name: settings.name.value.clone(),
        dialect: settings.dialect.word().to_owned(),
        engines: settings.engines.iter().map(engine).collect(),
        default_environment: settings.default_environment.value.clone(),
        state_url: settings
            .state_url
            .as_ref()
            .map(|url| url.value.clone())
            .unwrap_or_default(),
        workers: settings.run.workers.unwrap_or(0),
        environments: settings.environments.iter().map(environment).collect(),
        run: RunSettings {
            before: texts(&settings.run.before),
            after: texts(&settings.run.after),
            lease_seconds: seconds(settings.run.lease.as_ref()),
            publish_timeout_seconds: seconds(settings.run.publish_timeout.as_ref()),
        },
        retention: RetentionSettings {
            versions_seconds: seconds(settings.retention.versions.as_ref()),
            history_seconds: seconds(settings.retention.history.as_ref()),
        },
        variables: variables(&settings.variables),
    }
}

fn engine(engine: &Engine) -> EngineSettings {
    let setting = |(name, value): &(Spanned<String>, Spanned<Scalar>)| {
        (name.value.clone(), value.value.to_text())
    };
    let option =
        |(name, value): &(&'static str, Spanned<String>)| ((*name).to_owned(), value.value.clone());
    EngineSettings {
        name: engine.name.value.clone(),
        kind: engine.kind.word().to_owned(),
        location: engine.location.value.clone(),
        options: engine.options.iter().map(option).collect(),
        settings: engine.settings.iter().map(setting).collect(),
    }
}

fn environment(environment: &Environment) -> EnvironmentSettings {
    let text = |text: &Option<Spanned<String>>| {
        let text = text.as_ref().map(|text| text.value.clone());
        text.unwrap_or_default()
    };
    let sources = environment.sources.iter();
    EnvironmentSettings {
        pattern: environment.pattern.value.clone(),
        engine: text(&environment.engine),
        protected: environment.is_protected(),
        ttl_seconds: seconds(environment.ttl.as_ref()),
        start: text(&environment.start),
        views: environment.views.as_ref().map(|views| views.value),
        publish: environment.publish.as_ref().map(|publish| publish.value),
        variables: variables(&environment.variables),
        sources: sources
            .map(|(schema, here)| (schema.value.clone(), here.value.clone()))
            .collect(),
    }
}

/// The values that a program can be given others for; lists are constants of the compilation.
fn variables(variables: &[Variable]) -> Vec<(String, String)> {
    let scalar = |variable: &Variable| match &variable.value.value {
        VariableValue::Scalar(scalar) => Some((variable.name.value.clone(), scalar.to_text())),
        VariableValue::List(_) => None,
    };
    variables.iter().filter_map(scalar).collect()
}

fn texts(texts: &[Spanned<String>]) -> Vec<String> {
    texts.iter().map(|text| text.value.clone()).collect()
}

fn seconds(duration: Option<&Spanned<Duration>>) -> u64 {
    duration.map_or(0, |duration| duration.value.seconds)
}

/// Where environments live, for conditions on `env` and `engine`: those that are declared, and all
/// others if there is one engine only.
pub(super) fn places(settings: &Settings) -> Vec<Place> {
    let place = |env: &str, declared: Option<&Environment>| {
        // Where the engine can't be told, which was reported, one is as good as another.
        let engine = settings.engine_declared(declared);
        Some(Place {
            env: env.to_owned(),
            engine: engine.or(settings.engines.first())?.kind.word().to_owned(),
        })
    };
    let declared = settings.environments.iter();
    let declared = declared.map(|it| place(&it.pattern.value, Some(it)));
    let others = settings.has_other_environments();
    let others = others.then(|| place("*", None));
    declared.chain(others).flatten().collect()
}
