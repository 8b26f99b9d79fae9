//! `render`

use super::arguments::RenderArguments;
use super::terminal::{Terminal, print, print_json, say};
use crate::error::{Code, Error, Kind, Result};
use crate::project::{BatchFacts, Model, Project, Relation, compose};
use crate::situation::{Place, Request, ShownSlots};
use dbgo_contract::Materialization;
use serde_json::json;
use std::process::ExitCode;

/// Shows the SQL of a model; needs neither the engine nor the state.
pub fn render(project: &Project, arguments: &RenderArguments, terminal: &Terminal) -> ExitCode {
    super::finish(try_render(project, arguments), terminal)
}

fn try_render(project: &Project, arguments: &RenderArguments) -> Result<ExitCode> {
    let relation = project.find(&arguments.model)?;
    let Relation::Model(index) = relation else {
        return Err(Error::new(
            Kind::Usage,
            Code::NotAModel,
            format!(
                "`{}` is no model and has no query",
                project.path_of(relation)
            ),
        ));
    };
    let place = Place::of(
        project,
        &Request {
            environment: arguments.env.clone(),
            variables: arguments.var.clone(),
            ..Request::default()
        },
    )?;
    let environment = place.environment;
    let plan = place.facts;
    let slots = ShownSlots {
        project,
        environment: Some(&environment),
        model: index,
        dialect: None,
    };
    let model = project.model(index);
    let mut variants: Vec<(&str, BatchFacts, String)> = Vec::new();
    for (title, facts) in facts(model, arguments) {
        let sql = compose(project, index, &plan, facts, &slots)?.sql;
        if !variants.iter().any(|(_, _, other)| *other == sql) {
            variants.push((title, facts, sql));
        }
    }
    if arguments.json {
        let variants: Vec<_> = variants
            .iter()
            .map(|(_, facts, sql)| {
                json!({
                    "is_incremental": facts.is_incremental,
                    "full_refresh": facts.full_refresh,
                    "sql": sql,
                })
            })
            .collect();
        print_json(&json!({
            "schema": "dbgo/render/1",
            "model": model.def.path.as_str(),
            "environment": environment.name,
            "variants": variants,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.incremental && model.materialization != Materialization::Incremental {
        say(&format!(
            "`{}` isn't incremental: no rows are added to it, and this is its only query\n",
            model.relation()
        ));
    }
    let has_bounds = |sql: &str| {
        [
            ":start_ts",
            ":end_ts",
            ":start_date",
            ":end_date",
            ":execution_ts",
        ]
        .iter()
        .any(|bound| sql.contains(bound))
    };
    if variants.iter().any(|(_, _, sql)| has_bounds(sql)) {
        say("a run puts values for `:start_…`, `:end_…` and `:execution_ts`\n");
    }
    let several = variants.len() > 1;
    for (title, _, sql) in &variants {
        if several {
            print(&format!("-- {title}\n"));
        }
        print(&format!("{}\n", sql.trim_end()));
        if several {
            print("\n");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The SQL of a model as it runs when its table is built for the first time.
///
/// # Errors
/// Settings that can't be read, or a variable without a value.
pub fn query_text(project: &Project, model: usize, environment: Option<&str>) -> Result<String> {
    let request = Request {
        environment: environment.map(str::to_owned),
        ..Request::default()
    };
    let place = Place::of(project, &request)?;
    let slots = ShownSlots {
        project,
        environment: Some(&place.environment),
        model,
        dialect: None,
    };
    let facts = BatchFacts::default();
    Ok(compose(project, model, &place.facts, facts, &slots)?.sql)
}

fn facts(model: &Model, arguments: &RenderArguments) -> Vec<(&'static str, BatchFacts)> {
    let first = BatchFacts::default();
    let adding = BatchFacts {
        is_incremental: true,
        ..first
    };
    let refresh = BatchFacts {
        full_refresh: true,
        ..first
    };
    if arguments.incremental {
        return vec![("when rows are added", adding)];
    }
    if arguments.full_refresh {
        return vec![("when the table is built anew on request", refresh)];
    }
    let mut all = vec![("when the table is built", first)];
    if model.materialization == Materialization::Incremental {
        all.push(("when rows are added", adding));
    }
    if matches!(
        model.materialization,
        Materialization::Incremental | Materialization::Table
    ) {
        all.push(("when the table is built anew on request", refresh));
    }
    all
}
