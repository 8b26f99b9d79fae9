//! A project of models that all have one shape: 15 lines, one to three imports, 8 columns.
//!
//! The shape is the one that other compilers of such projects were measured with, so that figures can be held side by
//! side. A tenth of the models reads sources only; each further tenth reads the models of the one before.

use std::error::Error;
use std::path::Path;

use super::project::{settings, write_file};

/// How many layers the models lie in.
const LAYERS: u32 = 10;

/// How many tables the first layer reads.
const SOURCES: u32 = 50;

/// What every table and model has.
const COLUMNS: [(&str, &str); 8] = [
    ("id", "BIGINT"),
    ("customer_id", "BIGINT"),
    ("name", "VARCHAR"),
    ("country", "VARCHAR"),
    ("ordered_on", "DATE"),
    ("quantity", "BIGINT"),
    ("amount", "DECIMAL(18,2)"),
    ("is_open", "BOOLEAN"),
];

/// Writes a project with this many models.
///
/// # Errors
/// If a file can't be written.
pub fn write(project: &Path, count: u32) -> Result<(), Box<dyn Error>> {
    write_file(&project.join("dbgo.toml"), &settings(2))?;
    for index in 0..SOURCES {
        let path = project.join(format!("sources/raw/{}.sql", source_name(index)));
        write_file(&path, &source(index))?;
    }
    for index in 0..count {
        let path = project.join(model_path(index, count));
        write_file(&path, &model(index, count, None))?;
    }
    Ok(())
}

/// The file of a model, relative to the project's folder.
pub fn model_path(index: u32, count: u32) -> String {
    format!(
        "models/layer_{}/{}.sql",
        layer(index, count),
        model_name(index)
    )
}

/// The text of a model. `edit` makes it another query with the same columns.
pub fn model(index: u32, count: u32, edit: Option<u32>) -> String {
    let imports = imports(index, count);
    let mut lines: Vec<String> = imports
        .iter()
        .zip(["a", "b", "c"])
        .map(|(path, alias)| format!("-- @import: {alias} = {path}"))
        .collect();
    let others = ["-- @description: One of many.", "-- @config: owner='bench'"];
    lines.extend(
        others
            .iter()
            .take(3 - imports.len())
            .map(|line| (*line).to_owned()),
    );
    lines.push("select".to_owned());
    let last = ["a", "b", "c"][imports.len() - 1];
    lines.extend([
        "    a.id,".to_owned(),
        format!("    {last}.customer_id,"),
        format!("    upper(trim({last}.name)) as name,"),
        "    coalesce(a.country, 'xx') as country,".to_owned(),
        "    a.ordered_on,".to_owned(),
        format!("    a.quantity + {} as quantity,", index % 7),
        format!("    cast(a.amount * {last}.quantity as decimal(18, 2)) as amount,"),
        format!("    {last}.amount > {} as is_open", index % 100),
    ]);
    lines.push("from :a as a".to_owned());
    if imports.len() > 1 {
        lines.push("inner join :b as b on b.id = a.id".to_owned());
    }
    if imports.len() > 2 {
        lines.push("left join :c as c on c.id = a.id".to_owned());
    } else {
        let bound = edit.unwrap_or(index % 11);
        lines.push(format!("where a.id % 13 <> {bound}"));
    }
    if imports.len() == 1 {
        lines.push("    and a.country is not null".to_owned());
    }
    lines.join("\n") + "\n"
}

/// A model that reads others, is read by others, and whose text [`model`] can edit.
pub fn model_to_edit(count: u32) -> u32 {
    let middle = count / 2;
    (middle..count)
        .find(|index| import_count(*index) < 3)
        .unwrap_or(middle)
}

fn source(index: u32) -> String {
    let columns: Vec<String> = COLUMNS
        .iter()
        .map(|(name, sql_type)| format!("    {name} {sql_type}"))
        .collect();
    format!(
        "create table {} (\n{}\n)\n",
        source_name(index),
        columns.join(",\n")
    )
}

fn source_name(index: u32) -> String {
    format!("table_{index:02}")
}

fn model_name(index: u32) -> String {
    format!("model_{index:05}")
}

fn layer(index: u32, count: u32) -> u32 {
    index / layer_size(count)
}

fn layer_size(count: u32) -> u32 {
    count.div_ceil(LAYERS)
}

/// One to three, each for a third of the models.
fn import_count(index: u32) -> u32 {
    1 + index % 3
}

/// The import paths of a model.
fn imports(index: u32, count: u32) -> Vec<String> {
    let layer = layer(index, count);
    let size = layer_size(count);
    let import = |which: u32| {
        let scattered = index.wrapping_mul(7).wrapping_add(which * 31);
        if layer == 0 {
            return format!("sources.raw.{}", source_name(scattered % SOURCES));
        }
        let target = (layer - 1) * size + scattered % size;
        format!("models.layer_{}.{}", layer - 1, model_name(target))
    };
    let mut imports: Vec<String> = Vec::new();
    for which in 0..import_count(index) {
        let path = import(which);
        if !imports.contains(&path) {
            imports.push(path);
        }
    }
    imports
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_model_has_the_shape() {
        for count in [200, 1000, 5000] {
            let mut known: BTreeSet<String> = (0..SOURCES)
                .map(|index| format!("sources.raw.{}", source_name(index)))
                .collect();
            let mut counts = BTreeSet::new();
            for index in 0..count {
                let text = model(index, count, None);
                assert_eq!(text.lines().count(), 15, "{text}");
                let imports = imports(index, count);
                counts.insert(imports.len());
                for import in imports {
                    assert!(known.contains(&import), "{import}");
                }
                let path = model_path(index, count);
                known.insert(path.trim_end_matches(".sql").replace('/', "."));
            }
            assert_eq!(counts, BTreeSet::from([1, 2, 3]));
        }
    }

    #[test]
    fn an_edit_changes_the_text() {
        let index = model_to_edit(1000);
        assert_ne!(model(index, 1000, None), model(index, 1000, Some(50)));
    }
}
