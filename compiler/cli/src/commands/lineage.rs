//! `dbgo lineage`: what a model's columns are made of, and what is made of them.

use crate::arguments::{Format, LineageArguments, LineageFormat};
use crate::workspace::{Judge, Workspace};
use crate::{exit, report};
use dbgo_compiler::driver::Compilation;
use dbgo_compiler::lineage::project::{ProjectLineage, Unknown};
use dbgo_compiler::lineage::text::Ways;
use dbgo_compiler::lineage::{json, text};
use std::path::Path;
use std::process::ExitCode;

/// Shows the lineage of a model or of one of its columns.
pub fn lineage(directory: &Path, arguments: &LineageArguments) -> Result<ExitCode, ExitCode> {
    let compilation = compiled(directory)?;
    let project = ProjectLineage::new(&compilation.project);
    let (table, column) = project
        .find(&arguments.name)
        .map_err(|unknown| usage(&unknown))?;
    // Without a word for one, both ways are shown.
    let both = arguments.up == arguments.down;
    let ways = Ways {
        up: arguments.up || both,
        down: arguments.down || both,
    };
    let format = match arguments.json {
        true => LineageFormat::Json,
        false => arguments.format,
    };
    exit::print(&match format {
        LineageFormat::Text => text::text(&project, table, column, ways),
        LineageFormat::Json => json::json(&project, table, column, ways),
        LineageFormat::Mermaid => text::mermaid(&project, table, column, ways),
    });
    Ok(exit::OK)
}

/// The compiled project.
///
/// # Errors
/// The exit code of a project with errors, after they were shown.
pub fn compiled(directory: &Path) -> Result<Compilation, ExitCode> {
    let (compilation, took) = Workspace::open(directory)?.compile(Judge::Compiler);
    if compilation.has_errors() {
        let sources = &compilation.outline.files.sources;
        report::show(sources, &compilation.diagnostics, Format::Full);
        let summary = report::summary(&compilation.diagnostics, compilation.models, took);
        eprintln!("{summary}");
        return Err(exit::FINDINGS);
    }
    Ok(compilation)
}

/// Says that a name means nothing.
pub fn usage(unknown: &Unknown) -> ExitCode {
    let hint = unknown.hint.as_ref().map(|hint| format!("\nhint: {hint}"));
    exit::usage(&format!("{}{}", unknown.message, hint.unwrap_or_default()))
}
