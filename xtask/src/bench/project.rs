//! Writes the project, and the script that does the same without dbgo.

use std::error::Error;
use std::fs;
use std::path::Path;

use super::Place;
use super::data::{Kind, SEEDS};
use super::models::{Import, Model};

/// The project's database, in its folder.
pub const DATABASE: &str = "bench.duckdb";

/// The environment whose views have the models' own names.
const ENVIRONMENT: &str = "prod";

/// Ends a statement of the script: a line that no query has.
const END: &str = "\n;\n";

/// Writes project and script into the folders of `place`.
///
/// # Errors
/// If a file can't be written.
pub fn write(place: &Place, models: &[Model], threads: u32) -> Result<(), Box<dyn Error>> {
    let project = place.project();
    write_file(&project.join("dbgo.toml"), &settings(threads))?;
    for seed in &SEEDS {
        let path = project.join("seeds").join(seed.name);
        write_file(&path.with_extension("csv"), &seed.csv())?;
        write_file(&path.with_extension("sql"), &typing(seed.name, seed.kind))?;
    }
    for model in models {
        let folder = project.join("models").join(model.schema);
        write_file(
            &folder.join(&model.name).with_extension("sql"),
            &model_file(model),
        )?;
    }
    write_file(&place.script(), &script(&project, models))
}

pub fn write_file(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, text)?)
}

pub fn settings(threads: u32) -> String {
    format!(
        "name = \"bench\"\ndialect = \"duckdb\"\n\n[defaults]\nmaterialized = \"table\"\n\n\
         [engine.local]\ntype = \"duckdb\"\npath = \"{DATABASE}\"\n\n\
         [engine.local.settings]\nthreads = {threads}\n\n[env]\ndefault = \"{ENVIRONMENT}\"\n"
    )
}

fn typing(name: &str, kind: Kind) -> String {
    let columns: Vec<String> = kind
        .columns()
        .iter()
        .map(|(column, sql_type)| format!("    {column} {sql_type}"))
        .collect();
    format!("create table {name} (\n{}\n)\n", columns.join(",\n"))
}

fn model_file(model: &Model) -> String {
    let path = |import: &Import| match import.schema {
        "seeds" => format!("seeds.{}", import.name),
        schema => format!("models.{schema}.{}", import.name),
    };
    let header: String = model
        .imports
        .iter()
        .map(|import| format!("-- @import: {} = {}\n", import.alias, path(import)))
        .collect();
    format!(
        "{header}\n{}\n",
        model.query(|import| format!(":{}", import.alias))
    )
}

/// One statement after the other, as dbgo would run them if it did nothing else.
fn script(project: &Path, models: &[Model]) -> String {
    let mut text = String::new();
    for schema in ["seeds", "staging", "intermediate", "marts"] {
        text += &format!("create schema {schema}{END}");
    }
    for seed in &SEEDS {
        let file = project.join("seeds").join(seed.name).with_extension("csv");
        let file = file.to_string_lossy().replace('\'', "''");
        let columns: Vec<String> = seed
            .kind
            .columns()
            .iter()
            .map(|(name, sql_type)| format!("'{name}': '{sql_type}'"))
            .collect();
        text += &format!(
            "create table seeds.{} as select * from read_csv('{file}', header = true, auto_detect = false, \
             columns = {{{}}}){END}",
            seed.name,
            columns.join(", ")
        );
    }
    for model in models {
        let query = model.query(|import| format!("{}.{}", import.schema, import.name));
        text += &format!(
            "create table {}.{} as\n{query}{END}",
            model.schema, model.name
        );
    }
    text
}
