//! `dbgo init --ci`: writes a workflow that checks a project on a code host.

use crate::arguments::CiHost;
use crate::embedded::CI_TEMPLATES;
use crate::{exit, report};
use dbgo_compiler::source;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Writes the workflow of the project around a folder into its repository.
///
/// # Errors
/// The exit code, after saying what is in the way.
pub fn write(folder: &Path, host: CiHost) -> Result<ExitCode, ExitCode> {
    let root = source::find_root(folder).map_err(|missing| {
        report::show(
            &Default::default(),
            &[missing],
            crate::arguments::Format::Full,
        );
        exit::FINDINGS
    })?;
    let (repository, prefix) = report::within_repository(&root);
    let Some(repository) = repository else {
        eprintln!("error: `{}` lies in no git repository", root.display());
        eprintln!("hint: make one with `git init`; the workflow belongs at its root");
        return Err(exit::FINDINGS);
    };
    let path = repository.join(place(host, &prefix));
    if path.symlink_metadata().is_ok() {
        eprintln!(
            "error: `{}` exists already, and nothing was written",
            path.display()
        );
        eprintln!("hint: remove it to have it written anew");
        return Err(exit::FINDINGS);
    }
    super::init::write_new(&path, text(host, &prefix).as_bytes()).map_err(|error| {
        eprintln!(
            "error[unwritable]: can't write `{}`: {error}",
            path.display()
        );
        eprintln!("hint: make the folder writable");
        exit::FINDINGS
    })?;
    eprintln!("wrote `{}`", path.display());
    eprintln!("next: set the variables that its first lines name, and commit it");
    Ok(exit::OK)
}

/// Where a host looks for a workflow. Several projects of one repository have one each.
fn place(host: CiHost, prefix: &str) -> PathBuf {
    let words: Vec<&str> = prefix
        .split(['/', '\\'])
        .filter(|word| !word.is_empty())
        .collect();
    let name = [&["dbgo"], words.as_slice()].concat().join("-");
    match host {
        CiHost::Github => Path::new(".github/workflows").join(format!("{name}.yml")),
    }
}

/// The workflow for a project in this folder of its repository.
fn text(host: CiHost, prefix: &str) -> String {
    let file = match host {
        CiHost::Github => "github.yml",
    };
    let template = CI_TEMPLATES.iter().find(|(name, _)| *name == file);
    let template = template.map(|(_, content)| String::from_utf8_lossy(content));
    let folder = match prefix {
        "" => ".",
        prefix => prefix.trim_end_matches('/'),
    };
    // Both stand where YAML takes a backslash and a quote for themselves only if they are escaped.
    let escaped = |text: &str| text.replace('\\', r"\\").replace('"', "\\\"");
    (template.unwrap_or_default())
        .replace("{{folder}}", &escaped(folder))
        .replace("{{prefix}}", prefix)
}
