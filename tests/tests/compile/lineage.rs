//! What a test of the language expects of a column's lineage.
//!
//! Inputs stand in their order, with `, ` between them: `orders.amount` is passed through,
//! `orders.amount computed` and `orders.id condition and grouping` are used in the ways that are
//! said. An alias alone means the relation's rows, `orders.?` columns that can't be told, and
//! `nothing` no input at all. What is expected of rows leaves out that the rows of a `FROM` are
//! passed through.

use dbgo_compiler::driver::Compilation;
use dbgo_compiler::lineage::project::ProjectLineage;
use dbgo_compiler::lineage::{Input, Part, Relation, UseSet, Uses};

/// The lineage of one column, or of a model's rows.
pub struct LineageOf {
    /// The model's file.
    pub path: String,
    /// The line that expects it.
    pub line: usize,
    /// The column; `None` for the rows.
    pub column: Option<String>,
    /// What is expected.
    pub wanted: String,
}

impl LineageOf {
    /// How what was found differs, if it does.
    pub fn difference(&self, compilation: &Compilation) -> Option<String> {
        let Self {
            path, line, wanted, ..
        } = self;
        let project = ProjectLineage::new(&compilation.project);
        let mut tables = project.tables.iter();
        let Some(table) = tables.position(|table| table.file == *path) else {
            return Some(format!("  {path}:{line}: the model isn't typed"));
        };
        let lineage = &project.tables[table].model()?.lineage;
        let found = match &self.column {
            None => shown(&project, table, &without_passed_rows(&lineage.rows)),
            Some(name) => match project.tables[table].position(name) {
                Some(position) => {
                    let column = &lineage.columns[position as usize];
                    shown(&project, table, &column.uses)
                }
                None => return Some(format!("  {path}:{line}: there is no column `{name}`")),
            },
        };
        let what = self.column.as_deref().unwrap_or("rows");
        (found != *wanted).then(|| {
            format!("  {path}:{line}: the lineage of `{what}` is another one\n    expected {wanted}\n    found    {found}")
        })
    }
}

fn without_passed_rows(uses: &UseSet) -> UseSet {
    let plain = Uses::PASSED.and(Uses::AGGREGATED);
    let uses = uses.iter().map(|(input, uses)| match input.part {
        Part::Rows => (input, uses.without(plain)),
        _ => (input, uses),
    });
    uses.collect()
}

fn shown(project: &ProjectLineage<'_>, table: usize, uses: &UseSet) -> String {
    let inputs: Vec<String> = uses
        .iter()
        .map(|(input, uses)| {
            let name = name(project, table, input);
            let words: Vec<&str> = uses.words().collect();
            match uses == Uses::PASSED {
                true => name,
                false => format!("{name} {}", words.join(" and ")),
            }
        })
        .collect();
    match inputs.is_empty() {
        true => "nothing".to_owned(),
        false => inputs.join(", "),
    }
}

fn name(project: &ProjectLineage<'_>, table: usize, input: Input) -> String {
    let alias = match input.relation {
        Relation::This => "this".to_owned(),
        Relation::Import(index) => project.tables[table]
            .model()
            .map(|model| model.imports[index as usize].0.clone())
            .unwrap_or_default(),
    };
    let whole = project.place(table, input).map(|place| project.name(place));
    let column = whole.as_deref().and_then(|whole| whole.rsplit('.').next());
    match input.part {
        Part::Rows => alias,
        Part::Any => format!("{alias}.?"),
        Part::Column(_) => format!("{alias}.{}", column.unwrap_or("?")),
    }
}
