//! `dbgo graph`: who reads whom, from the headers alone.

use crate::arguments::{Format, GraphArguments, GraphFormat};
use crate::workspace::Workspace;
use crate::{exit, report};
use dbgo_compiler::diagnostic::Diagnostic;
use dbgo_compiler::driver::Outline;
use std::path::Path;
use std::process::ExitCode;

/// Writes the graph.
pub fn graph(directory: &Path, arguments: &GraphArguments) -> Result<ExitCode, ExitCode> {
    Workspace::open(directory)?.show_outline(|outline| show(outline, arguments))
}

fn show(outline: &Outline, arguments: &GraphArguments) -> Result<ExitCode, ExitCode> {
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
    Ok(exit::OK)
}
