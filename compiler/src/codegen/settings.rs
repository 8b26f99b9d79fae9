//! What `dbgo.toml` says, as definitions.

use super::tokens::{list, text};
use crate::project::{Publish, Views};
use crate::typed::{EngineSettings, EnvironmentSettings, RetentionSettings, RunSettings};
use proc_macro2::TokenStream;
use quote::quote;

pub(super) fn engine(engine: &EngineSettings) -> TokenStream {
    let (name, kind, location) = (
        text(&engine.name),
        text(&engine.kind),
        text(&engine.location),
    );
    let options = list(engine.options.iter().map(setting));
    let settings = list(engine.settings.iter().map(setting));
    quote!(EngineDef {
        name: #name,
        kind: #kind,
        location: #location,
        options: #options,
        settings: #settings,
    })
}

pub(super) fn setting((name, value): &(String, String)) -> TokenStream {
    let (name, value) = (text(name), text(value));
    quote!(SettingDef { name: #name, value: #value })
}

pub(super) fn environment(environment: &EnvironmentSettings) -> TokenStream {
    let (pattern, engine) = (text(&environment.pattern), text(&environment.engine));
    let (protected, ttl_seconds) = (environment.protected, environment.ttl_seconds);
    let start = text(&environment.start);
    let views = match environment.views {
        None => quote!(Placement::Usual),
        Some(Views::Schema) => quote!(Placement::Schema),
        Some(Views::Table) => quote!(Placement::Table),
        Some(Views::Plain) => quote!(Placement::Plain),
    };
    let publish = match environment.publish {
        None | Some(Publish::All) => quote!(Publication::All),
        Some(Publish::Changed) => quote!(Publication::Changed),
    };
    let variables = list(environment.variables.iter().map(setting));
    let sources = list(environment.sources.iter().map(setting));
    quote!(EnvironmentDef {
        pattern: #pattern,
        engine: #engine,
        protected: #protected,
        ttl_seconds: #ttl_seconds,
        start: #start,
        views: #views as u8,
        publish: #publish as u8,
        variables: #variables,
        sources: #sources,
    })
}

pub(super) fn run(run: &RunSettings) -> TokenStream {
    if *run == RunSettings::default() {
        return quote!(RunDef::NONE);
    }
    let before = list(run.before.iter().map(|statement| text(statement)));
    let after = list(run.after.iter().map(|statement| text(statement)));
    let (lease_seconds, publish_timeout_seconds) = (run.lease_seconds, run.publish_timeout_seconds);
    quote!(RunDef {
        before: #before,
        after: #after,
        lease_seconds: #lease_seconds,
        publish_timeout_seconds: #publish_timeout_seconds,
    })
}

pub(super) fn retention(retention: &RetentionSettings) -> TokenStream {
    if *retention == RetentionSettings::default() {
        return quote!(RetentionDef::NONE);
    }
    let (versions_seconds, history_seconds) =
        (retention.versions_seconds, retention.history_seconds);
    quote!(RetentionDef {
        versions_seconds: #versions_seconds,
        history_seconds: #history_seconds,
    })
}
