//! `dbgo render`: the SQL of a model, or where its settings come from.

use crate::arguments::{Format, RenderCommand};
use crate::workspace::Workspace;
use crate::{exit, report};
use dbgo_compiler::diagnostic::{Diagnostic, nearest, render as renderer};
use dbgo_compiler::driver::Outline;
use dbgo_compiler::graph::Node;
use dbgo_compiler::header::SettingSource;
use dbgo_runtime::cli::{self, Terminal};
use std::path::Path;
use std::process::ExitCode;

/// Shows the SQL, or with `--config` the settings.
pub fn render(directory: &Path, arguments: &RenderCommand) -> Result<ExitCode, ExitCode> {
    let workspace = Workspace::open(directory)?;
    if !arguments.config {
        let loaded = workspace.load()?;
        return Ok(cli::render(
            &loaded.project,
            &arguments.render,
            &Terminal::detect(),
        ));
    }
    workspace.show_outline(|outline| show(outline, arguments))
}

fn show(outline: &Outline, arguments: &RenderCommand) -> Result<ExitCode, ExitCode> {
    report::show(&outline.files.sources, &outline.diagnostics, Format::Full);
    if outline.diagnostics.iter().any(Diagnostic::is_error) {
        return Ok(exit::FINDINGS);
    }
    let wanted = &arguments.render.model;
    let Some(node) = find(outline, wanted) else {
        let names = outline
            .graph
            .nodes
            .iter()
            .map(|node| node.config.name.value.as_str());
        let hint = nearest(wanted, names).map(|near| format!("\nhint: did you mean `{near}`?"));
        return Ok(exit::usage(&format!(
            "there is no model `{wanted}`{}",
            hint.unwrap_or_default()
        )));
    };
    exit::print(&if arguments.render.json {
        json(outline, node)
    } else {
        text(outline, node)
    });
    Ok(exit::OK)
}

/// A node by its import path, relation, or name.
fn find<'a>(outline: &'a Outline, wanted: &str) -> Option<&'a Node> {
    let nodes = &outline.graph.nodes;
    let by = |name: &dyn Fn(&Node) -> String| nodes.iter().find(|node| name(node) == wanted);
    by(&|node| node.path.clone())
        .or_else(|| by(&|node| node.relation()))
        .or_else(|| by(&|node| node.config.name.value.clone()))
}

fn text(outline: &Outline, node: &Node) -> String {
    let lines = node.config.lines();
    let width = lines.iter().map(|line| line.key.len()).max().unwrap_or(0);
    let value_width = lines
        .iter()
        .map(|line| line.value.chars().count())
        .max()
        .unwrap_or(0)
        .min(40);
    let mut text = String::new();
    for line in &lines {
        let source = place(outline, &line.source);
        text.push_str(&format!(
            "{:width$}  {:value_width$}  {source}\n",
            line.key, line.value
        ));
    }
    text
}

fn json(outline: &Outline, node: &Node) -> String {
    let settings: Vec<serde_json::Value> = node
        .config
        .lines()
        .iter()
        .map(|line| {
            serde_json::json!({
                "key": line.key,
                "value": line.value,
                "source": place(outline, &line.source),
            })
        })
        .collect();
    let document = serde_json::json!({
        "schema": "dbgo/render-config/1",
        "path": node.path,
        "relation": node.relation(),
        "settings": settings,
    });
    format!("{document:#}\n")
}

/// Where a setting was written: `models/a.sql:1`, or that it is built in.
fn place(outline: &Outline, source: &SettingSource) -> String {
    let span = match source {
        SettingSource::Header(span) => span,
        SettingSource::Folder(place) => &place.span,
        SettingSource::BuiltIn => return "built in".to_owned(),
    };
    let file = outline.files.sources.file(span.file);
    let place = renderer::place(&file.text, span.start as usize);
    format!("{}:{}:{}", file.path, place.line, place.column)
}
