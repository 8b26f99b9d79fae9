//! `dbgo graph`: who reads whom, from the headers alone.

use crate::arguments::{Format, GraphArguments, GraphFormat};
use crate::workspace::Workspace;
use crate::{exit, report};
use dbgo_compiler::diagnostic::{Diagnostic, render};
use std::path::Path;
use std::process::ExitCode;

/// Writes the graph.
pub fn graph(directory: &Path, arguments: &GraphArguments) -> Result<ExitCode, ExitCode> {
    let mut outline = Workspace::open(directory)?.outline();
    render::sort(&outline.files.sources, &mut outline.diagnostics);
    report::show(&outline.files.sources, &outline.diagnostics, Format::Full);
    if outline.diagnostics.iter().any(Diagnostic::is_error) {
        return Ok(exit::FINDINGS);
    }
    let format = if arguments.json {
        GraphFormat::Json
    } else {
        arguments.format
    };
    exit::print(&match format {
        GraphFormat::Dot => outline.graph.to_dot(),
        GraphFormat::Mermaid => outline.graph.to_mermaid(),
        GraphFormat::Json => outline.graph.to_json(&outline.files.sources),
    });
    // The process ends here: to give back the memory piece by piece would only take time.
    std::mem::forget(outline);
    Ok(exit::OK)
}
