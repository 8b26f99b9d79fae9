//! What was altered by hand: tables and views of an environment that aren't as the state says.

use super::failure::opening_failed;
use super::interrupt::Interrupt;
use super::opening;
use crate::adapters::RelationKind;
use crate::environments::view_key;
use crate::error::Result;
use crate::project::Project;
use crate::situation::Request;

/// Opens the engine, and gives a line for each thing that was altered.
///
/// # Errors
/// An engine that is held or fails, a state that fails.
pub fn drift(project: &Project, environment: Option<&str>) -> Result<Vec<String>> {
    let request = Request {
        environment: environment.map(str::to_owned),
        ..Request::default()
    };
    let mut opening = opening::open(project, &request, None, &Interrupt::new())?;
    let mut found = opening.notes.clone();
    let situation = &opening.situation;
    for shown in situation.known.published.values() {
        let name = format!("{}.{}", shown.view_schema, shown.view_name);
        match opening
            .users
            .get(&view_key(&shown.view_schema, &shown.view_name))
        {
            None => found.push(format!("the view `{name}` is gone")),
            Some(RelationKind::Table) => {
                found.push(format!("`{name}` is a table that this project didn't make"));
            }
            Some(RelationKind::View) => {}
        }
    }
    let shown: Vec<String> = situation
        .known
        .published
        .values()
        .map(|shown| shown.physical.clone())
        .collect();
    let tables = opening
        .session
        .relations(&[crate::adapters::BOOKKEEPING_SCHEMA])
        .map_err(|error| opening_failed(&error, &situation.place.engine))?;
    for snapshot in situation.known.all_snapshots() {
        let table = tables
            .iter()
            .find(|table| table.relation.name == snapshot.physical);
        let Some(table) = table.filter(|_| shown.contains(&snapshot.physical)) else {
            continue;
        };
        for (name, sql_type) in &snapshot.columns {
            let column = table
                .columns
                .iter()
                .find(|it| it.name.eq_ignore_ascii_case(name));
            match column {
                None => found.push(format!(
                    "the column `{name}` of `_dbgo.{}` is gone",
                    snapshot.physical
                )),
                Some(column) if column.sql_type != *sql_type => found.push(format!(
                    "the column `{name}` of `_dbgo.{}` is {} and was {sql_type}",
                    snapshot.physical, column.sql_type
                )),
                Some(_) => {}
            }
        }
    }
    Ok(found)
}
