//! `dbgo impact`: what a change of a model or of one of its columns breaks or changes downstream.

use super::lineage::{compiled, usage};
use crate::arguments::{ImpactArguments, ImpactFormat};
use crate::exit;
use dbgo_compiler::diagnostic::render;
use dbgo_compiler::driver::Compilation;
use dbgo_compiler::lineage::project::ProjectLineage;
use dbgo_compiler::lineage::{impact as downstream, impact_text};
use std::path::Path;
use std::process::ExitCode;

/// Shows what a change reaches.
pub fn impact(directory: &Path, arguments: &ImpactArguments) -> Result<ExitCode, ExitCode> {
    let compilation = compiled(directory)?;
    let project = ProjectLineage::new(&compilation.project);
    let found = project
        .find(&arguments.name)
        .map_err(|unknown| usage(&unknown))?;
    let (table, column) = found;
    let impact = downstream::impact(&project, table, column);
    let line_of = |file: &str, at: u32| line(&compilation, file, at);
    let format = match arguments.json {
        true => ImpactFormat::Json,
        false => arguments.format,
    };
    exit::print(&match format {
        ImpactFormat::Json => impact_text::json(&project, table, column, &impact, &line_of),
        _ => impact_text::text(&project, table, column, &impact, &line_of),
    });
    Ok(exit::OK)
}

/// The line of a byte of a file, from 1.
fn line(compilation: &Compilation, path: &str, at: u32) -> Option<usize> {
    let mut files = compilation.outline.files.sources.iter();
    let (_, file) = files.find(|(_, file)| file.path == path)?;
    Some(render::place(&file.text, at as usize).line)
}
