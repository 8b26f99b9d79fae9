//! Errors that no project of the compiler's gives, or that need something to change meanwhile.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::contract::Materialization::Table;
use dbgo_runtime::contract::ProjectDef;
use dbgo_runtime::error::Kind;
use dbgo_runtime::execute::RunOptions;
use dbgo_runtime::project::Project;

const COLUMNS: &[ColumnOf] = &[("x", "INTEGER", false)];
const CSV: &str = "x\n1\n2\n";

render!(one, |facts, sql| {
    sql.text("SELECT 1::INTEGER AS x");
});
render!(seed_rows, |facts, sql| {
    sql.text("SELECT x FROM ");
    sql.relation_as(0);
});
render!(bounded, |facts, sql| {
    sql.text("SELECT 1::INTEGER AS x WHERE now() >= ");
    sql.start_ts();
});

fn with_seed(place: &Place) -> Project {
    let reading = model(
        "models.main.reading",
        Table,
        &[("s", "seeds.s")],
        COLUMNS,
        seed_rows,
    );
    place.project(vec![reading], vec![place.seed("s", CSV, COLUMNS)], vec![])
}

/// Runs a project whose seed isn't what was compiled; the seed's failure, as the run keeps it.
fn failure_of_seed(place: &Place, project: &Project) -> String {
    let ran = run_with(project, &RunOptions::default()).unwrap();
    assert_eq!(ran.outcome.trouble, Some(Kind::Finding));
    assert_eq!(ran.status("seeds.s"), "failed");
    assert_eq!(ran.status("models.main.reading"), "skipped");
    assert!(place.physical().is_empty());
    ran.note("seeds.s").to_owned()
}

#[test]
fn a_seed_that_changed_after_it_was_checked_is_not_loaded() {
    let place = Place::new();
    let project = with_seed(&place);
    std::fs::write(place.path.join("seeds/s.csv"), "x\n1\n3\n").unwrap();
    assert_eq!(
        failure_of_seed(&place, &project),
        "`seeds/s.csv` was changed after it was checked\n\
         hint: run the command again\n\
         note: `dbgo explain seed-changed` tells more"
    );
    std::fs::write(place.path.join("seeds/s.csv"), CSV).unwrap();
    assert_eq!(run_all(&project).status("models.main.reading"), "built");
}

#[test]
fn a_seed_that_is_gone_is_named() {
    let place = Place::new();
    let project = with_seed(&place);
    std::fs::remove_file(place.path.join("seeds/s.csv")).unwrap();
    let note = failure_of_seed(&place, &project);
    assert!(note.starts_with("`seeds/s.csv`: "), "{note}");
    assert!(note.contains("explain seed-unreadable"), "{note}");
}

#[test]
fn a_query_without_a_range_that_reads_its_bounds_fails() {
    let place = Place::new();
    let models = vec![
        model("models.main.bounded", Table, &[], COLUMNS, bounded),
        model("models.main.one", Table, &[], COLUMNS, one),
    ];
    let project = place.project(models, vec![], vec![]);
    let ran = run_with(&project, &RunOptions::default()).unwrap();
    assert_eq!(ran.status("models.main.bounded"), "failed");
    assert_eq!(ran.status("models.main.one"), "built");
    assert_eq!(
        ran.note("models.main.bounded"),
        "the query reads bounds that it doesn't have\n\
         note: `dbgo explain no-range` tells more"
    );
}

#[test]
fn a_project_that_contradicts_itself_is_refused_before_anything_is_opened() {
    let place = Place::new();
    let whole = place.project(vec![], vec![], vec![]);
    let def = ProjectDef {
        model_count: 7,
        run: dbgo_runtime::contract::RunDef::NONE,
        retention: dbgo_runtime::contract::RetentionDef::NONE,
        ..*whole.def
    };
    let error = Project::new(Box::leak(Box::new(def)), &[]).err().unwrap();
    assert_eq!(
        error.to_string(),
        "error[broken-project]: the project has 7 models, its shards hold 0\n\
         hint: compile the project again with this version of `dbgo`"
    );
    assert_eq!(error.kind, Kind::Failed);
}

/// In `/sys` nobody can make a file, not even root.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_nothing_can_be_written_to_is_named() {
    let place = Place::at(std::path::Path::new("/sys"));
    let models = vec![model("models.main.one", Table, &[], COLUMNS, one)];
    let project = place.project(models, vec![], vec![]);
    let error = run_with(&project, &RunOptions::default()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "error[read-only-folder]: nothing can be written to `/sys`\n\
         hint: a run keeps its database and `.dbgo/` there"
    );
    assert_eq!(error.kind, Kind::Finding);
}
