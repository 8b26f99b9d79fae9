//! `dbgo impact`: what a change of a model or of one of its columns breaks or changes downstream,
//! and what all changes since a revision reach.

use super::lineage::{compiled, usage};
use crate::arguments::{ImpactArguments, ImpactFormat};
use crate::exit;
use crate::revision;
use crate::workspace::Workspace;
use dbgo_compiler::diagnostic::render;
use dbgo_compiler::driver::Compilation;
use dbgo_compiler::lineage::project::ProjectLineage;
use dbgo_compiler::lineage::{impact as downstream, impact_text, since, since_text};
use std::path::Path;
use std::process::ExitCode;

/// Shows what a change, or all changes, reach.
pub fn impact(directory: &Path, arguments: &ImpactArguments) -> Result<ExitCode, ExitCode> {
    match (&arguments.name, &arguments.since) {
        (_, Some(revision)) => impact_since(directory, revision, arguments),
        (Some(name), None) => impact_of(directory, name, arguments),
        (None, None) => Err(exit::usage(
            "name a model or a column, or a revision with `--since`",
        )),
    }
}

fn impact_of(
    directory: &Path,
    name: &str,
    arguments: &ImpactArguments,
) -> Result<ExitCode, ExitCode> {
    let format = arguments.wanted().unwrap_or(ImpactFormat::Text);
    if format == ImpactFormat::Markdown {
        return Err(exit::usage("Markdown is for `--since`"));
    }
    let compilation = compiled(directory)?;
    let project = lineage(&compilation);
    let found = project.find(name).map_err(|unknown| usage(&unknown))?;
    let (table, column) = found;
    let impact = downstream::impact(&project, table, column);
    let line_of = |file: &str, at: u32| line(&compilation, file, at);
    exit::print(&match format {
        ImpactFormat::Json => impact_text::json(&project, table, column, &impact, &line_of),
        _ => impact_text::text(&project, table, column, &impact, &line_of),
    });
    Ok(exit::OK)
}

/// The lineage of a project, with who uses it.
fn lineage(compilation: &Compilation) -> ProjectLineage<'_> {
    ProjectLineage::new(&compilation.project).with_exposures(&compilation.outline.graph)
}

/// The line of a byte of a file, from 1.
fn line(compilation: &Compilation, path: &str, at: u32) -> Option<usize> {
    let mut files = compilation.outline.files.sources.iter();
    let (_, file) = files.find(|(_, file)| file.path == path)?;
    Some(render::place(&file.text, at as usize).line)
}

fn impact_since(
    directory: &Path,
    revision: &str,
    arguments: &ImpactArguments,
) -> Result<ExitCode, ExitCode> {
    let root = Workspace::open(directory)?.root;
    let there = revision::checked_out(&root, revision).map_err(|fault| exit::usage(&fault))?;
    let after = compiled(directory)?;
    let before = compiled(&there.root).inspect_err(|_| {
        eprintln!("note: these errors are those of the project at `{revision}`");
    })?;
    let (before, after) = (lineage(&before), lineage(&after));
    let differences = since::since(&before, &after);
    let format = arguments.wanted().unwrap_or(ImpactFormat::Markdown);
    exit::print(&match format {
        ImpactFormat::Text => since_text::text(&differences, revision),
        ImpactFormat::Json => since_text::json(&differences, revision),
        ImpactFormat::Markdown => since_text::markdown(&differences, revision),
    });
    Ok(exit::OK)
}
