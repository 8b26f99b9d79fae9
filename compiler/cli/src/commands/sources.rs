//! `dbgo sources pull`: the engine's tables as files of sources.

use crate::arguments::PullArguments;
use crate::workspace::Workspace;
use crate::{exit, report};
use dbgo_compiler::emit;
use dbgo_compiler::graph::Node;
use dbgo_compiler::header::FileKind;
use dbgo_compiler::project::{Engine, Scalar, Settings};
use dbgo_compiler::pull::{self, Column, Pulled, Table};
use dbgo_compiler::source::SourceSet;
use dbgo_runtime::adapters::CatalogTable;
use dbgo_runtime::cli::{self, Terminal};
use dbgo_runtime::config::{EngineTemplate, Lookup, expand};
use dbgo_runtime::environments::sanitise;
use dbgo_runtime::execute;
use std::path::Path;
use std::process::ExitCode;

/// What was made of the files.
#[derive(Default)]
struct Outcome {
    new: usize,
    changed: usize,
    unchanged: usize,
    failed: usize,
}

/// Pulls.
pub fn pull(directory: &Path, arguments: &PullArguments) -> Result<ExitCode, ExitCode> {
    let workspace = Workspace::open(directory)?;
    let root = workspace.root.clone();
    let outline = workspace.outline();
    let engine = engine(&root, &outline.settings)?;
    let tables = catalogue(&root, engine)?;
    let sources = &outline.files.sources;
    let declared: Vec<(&Node, String)> = (outline.graph.iter())
        .filter(|(_, node)| node.kind == FileKind::Source && node.config.location.is_none())
        .map(|(_, node)| (node, sources.file(node.file).path.clone()))
        .collect();
    let wanted = wanted(&tables, &declared, &arguments.tables)?;
    let mut outcome = Outcome::default();
    for table in wanted {
        let relation = format!("{}.{}", table.schema, table.name);
        let own =
            (declared.iter()).find(|(node, _)| node.relation().eq_ignore_ascii_case(&relation));
        let (path, text) = match own {
            Some((node, path)) => (path.clone(), Some(&*sources.file(node.file).text)),
            None => (pull::path_of(&table), None),
        };
        write(&root, &path, text, &table, arguments.check, &mut outcome)?;
    }
    Ok(told(&outcome, arguments.check))
}

/// The engine of the environment that a command means that names none.
fn engine<'s>(root: &Path, settings: &'s Settings) -> Result<&'s Engine, ExitCode> {
    let default = &settings.default_environment.value;
    let name = || {
        let place = "`default` of `[env]` in `dbgo.toml`";
        expand(default, &Lookup::new(root)?, place).map(|name| sanitise(&name))
    };
    let name = name().map_err(|error| cli::report(&error, &Terminal::detect()))?;
    settings.engine_of(&name).ok_or_else(|| {
        exit::usage(&format!(
            "nothing says which engine the environment `{name}` lives on\nhint: declare it in `dbgo.toml`: `[env.{name}]` with an `engine`"
        ))
    })
}

fn catalogue(root: &Path, engine: &Engine) -> Result<Vec<Table>, ExitCode> {
    let values: Vec<(String, String)> = (engine.settings.iter())
        .map(|(name, value)| (name.value.clone(), Scalar::to_text(&value.value)))
        .collect();
    let template = EngineTemplate {
        name: &engine.name.value,
        kind: engine.kind.word(),
        location: &engine.location.value,
        options: (engine.options.iter())
            .map(|(name, value)| (*name, value.value.as_str()))
            .collect(),
        settings: (values.iter())
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
    };
    let read = || {
        let lookup = Lookup::new(root)?;
        let settings = template.expanded(&lookup, |path| root.join(path))?;
        execute::read_tables(&settings)
    };
    let tables = read().map_err(|error| cli::report(&error, &Terminal::detect()))?;
    Ok(tables.into_iter().map(table).collect())
}

fn table(table: CatalogTable) -> Table {
    Table {
        schema: table.relation.schema,
        name: table.relation.name,
        comment: table.comment,
        columns: (table.columns.into_iter())
            .map(|column| Column {
                name: column.name,
                sql_type: column.sql_type,
                not_null: column.not_null,
                comment: column.comment,
            })
            .collect(),
    }
}

/// The tables that were asked for: named ones, else those that have a file.
fn wanted(
    tables: &[Table],
    declared: &[(&Node, String)],
    asked: &[String],
) -> Result<Vec<Table>, ExitCode> {
    let patterns: Vec<String> = match asked.is_empty() {
        false => asked.to_vec(),
        true => declared.iter().map(|(node, _)| node.relation()).collect(),
    };
    if patterns.is_empty() {
        return Err(exit::usage(
            "no file of a source is a table of the engine\nhint: name the tables: `dbgo sources pull 'main.*'`",
        ));
    }
    let mut wanted: Vec<Table> = Vec::new();
    let mut missing = false;
    for pattern in &patterns {
        let found: Vec<&Table> = tables.iter().filter(|table| fits(table, pattern)).collect();
        if found.is_empty() {
            missing = true;
            eprintln!("error: the engine has no table `{pattern}`");
        }
        for table in found {
            if !wanted.contains(table) {
                wanted.push(table.clone());
            }
        }
    }
    if missing {
        let mut names: Vec<String> = (tables.iter())
            .map(|table| format!("`{}.{}`", table.schema, table.name))
            .collect();
        let more = names.len().saturating_sub(12);
        names.truncate(12);
        let rest = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        match names.is_empty() {
            true => eprintln!("hint: it has no tables at all"),
            false => eprintln!("hint: it has {}{rest}", names.join(", ")),
        }
        return Err(exit::FINDINGS);
    }
    Ok(wanted)
}

fn fits(table: &Table, pattern: &str) -> bool {
    let relation = format!("{}.{}", table.schema, table.name);
    match pattern.strip_suffix(".*") {
        Some(schema) => table.schema.eq_ignore_ascii_case(schema),
        None => relation.eq_ignore_ascii_case(pattern) || table.name.eq_ignore_ascii_case(pattern),
    }
}

fn write(
    root: &Path,
    path: &str,
    text: Option<&str>,
    table: &Table,
    check: bool,
    outcome: &mut Outcome,
) -> Result<(), ExitCode> {
    let (new, differences) = match text.map(|text| pull::updated(text, table)) {
        None => {
            outcome.new += 1;
            println_line(&format!(
                "new       {path}: {}",
                report::plural(table.columns.len(), "column")
            ));
            (pull::new_file(table), Vec::new())
        }
        Some(Pulled::Changed(new, differences)) => {
            outcome.changed += 1;
            println_line(&format!("changed   {path}"));
            (new, differences)
        }
        Some(Pulled::Unchanged) => {
            outcome.unchanged += 1;
            return Ok(());
        }
        Some(Pulled::Unreadable) => {
            outcome.failed += 1;
            eprintln!(
                "error: `{path}` isn't one `create table` that can be changed, so it was left alone"
            );
            eprintln!("hint: `dbgo check` says what is wrong with it; or delete it and pull again");
            return Ok(());
        }
    };
    for difference in differences {
        println_line(&format!("  {difference}"));
    }
    if check {
        return Ok(());
    }
    let target = root.join(path);
    emit::write_if_changed(&target, new.as_bytes()).map_err(|unwritable| {
        report::show(
            &SourceSet::default(),
            &[unwritable],
            crate::arguments::Format::Full,
        );
        exit::FINDINGS
    })?;
    Ok(())
}

fn println_line(line: &str) {
    exit::print(&format!("{line}\n"));
}

fn told(outcome: &Outcome, check: bool) -> ExitCode {
    let Outcome {
        new,
        changed,
        unchanged,
        failed,
    } = *outcome;
    let verb = if check { "would be written" } else { "written" };
    eprintln!(
        "{} {verb}: {new} new, {changed} changed; {unchanged} unchanged",
        report::plural(new + changed, "file")
    );
    match failed > 0 || check && new + changed > 0 {
        true => exit::FINDINGS,
        false => exit::OK,
    }
}
