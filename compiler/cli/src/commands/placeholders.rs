//! Whether the environment has the variables that `dbgo.toml` names: told before anything is
//! compiled or written, and not only when the engine is opened.

use crate::workspace::Workspace;
use dbgo_compiler::project::Settings;
use dbgo_runtime::cli::{About, Terminal, report};
use dbgo_runtime::config::{Lookup, engine_place, engine_setting_place, expand};
use dbgo_runtime::environments::sanitise;
use dbgo_runtime::error::Error;
use std::process::ExitCode;

/// Looks up the variables of the state, and of the engine of the environment that a command is
/// about; the default's name has variables too.
///
/// # Errors
/// The exit code, after saying which variable is missing.
pub fn check(workspace: &Workspace, about: About<'_>) -> Result<(), ExitCode> {
    let Some(settings) = workspace.settings() else {
        // What is wrong with it is reported when it is compiled.
        return Ok(());
    };
    look_up(workspace, &settings, about).map_err(|error| report(&error, &Terminal::detect()))
}

fn look_up(workspace: &Workspace, settings: &Settings, about: About<'_>) -> Result<(), Error> {
    let lookup = Lookup::new(&workspace.root)?;
    let name = match about {
        About::Nothing => None,
        About::Environment(name) => Some(sanitise(name)),
        About::Default => {
            let default = &settings.default_environment.value;
            let place = "`default` of `[env]` in `dbgo.toml`";
            Some(sanitise(&expand(default, &lookup, place)?))
        }
    };
    if let Some(url) = &settings.state_url {
        expand(&url.value, &lookup, "`url` of `[state]` in `dbgo.toml`")?;
    }
    // The other engines may be out of reach here.
    if let Some(engine) = name.and_then(|name| settings.engine_of(&name)) {
        let name = &engine.name.value;
        let key = engine.kind.location_key();
        expand(&engine.location.value, &lookup, &engine_place(name, key))?;
        for (key, value) in &engine.options {
            expand(&value.value, &lookup, &engine_place(name, key))?;
        }
        for (key, value) in &engine.settings {
            let place = engine_setting_place(name, &key.value);
            expand(&value.value.to_text(), &lookup, &place)?;
        }
    }
    Ok(())
}
