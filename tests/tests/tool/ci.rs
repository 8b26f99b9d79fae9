//! What continuous integration gets: reports, a workflow, and exit codes that tell what happened.

use crate::place::{Called, Place, dbgo};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// A project in a folder of a git repository, with everything committed.
fn repository() -> (Place, Git) {
    let place = Place::empty();
    place.dbgo(&["init", "data/my shop"]).ends_with(0);
    let git = Git(place.path().to_owned());
    git.run(&["init", "--quiet", "--initial-branch", "main"]);
    git.commit();
    (place, git)
}

struct Git(PathBuf);

impl Git {
    fn run(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.current_dir(&self.0)
            .args(["-c", "user.name=ana", "-c", "user.email=ana@example.com"]);
        let done = git.args(arguments).status().expect("git starts");
        assert!(done.success(), "git {arguments:?}");
    }

    fn commit(&self) {
        self.run(&["add", "."]);
        self.run(&["commit", "--quiet", "--message", "all of it"]);
    }
}

#[test]
fn a_report_of_junit_has_a_case_for_each_file() {
    let (place, _) = repository();
    place.write(
        "data/my shop/models/broken.sql",
        "select nothing as \"<&>\"\nfrom :absent\n",
    );
    let call = ["-C", "data/my shop", "check", "--format", "junit"];
    let report = place.dbgo(&call).ends_with(1).out;
    let document = roxmltree::Document::parse(&report).expect("XML");
    let suite = document
        .descendants()
        .find(|node| node.has_tag_name("testsuite"));
    let suite = suite.expect("a suite");
    let cases: Vec<_> = suite
        .children()
        .filter(|node| node.has_tag_name("testcase"))
        .collect();
    assert_eq!(
        suite.attribute("tests"),
        Some(cases.len().to_string().as_str())
    );
    assert_eq!(suite.attribute("failures"), Some("1"));
    let failing: Vec<_> = (cases.iter())
        .filter(|case| case.children().any(|node| node.has_tag_name("failure")))
        .filter_map(|case| case.attribute("name"))
        .collect();
    assert_eq!(failing, ["data/my shop/models/broken.sql"]);

    place.write("data/my shop/models/broken.sql", "select 1 as one\n");
    let report = place.dbgo(&call).ends_with(0).out;
    assert!(report.contains("failures=\"0\""), "{report}");
}

#[test]
fn the_exit_code_of_a_plan_tells_changes_from_failures() {
    let place = Place::initialized(false);
    let plan = |code| place.dbgo(&["plan", "--detect", "--json"]).ends_with(code);
    let first: Value = serde_json::from_str(&plan(5).out).expect("JSON");
    assert_eq!(first["schema"], "dbgo/plan/1");
    place.dbgo(&["run"]).ends_with(0);
    let second: Value = serde_json::from_str(&plan(0).out).expect("JSON");
    assert_eq!(second["models"].as_array().map(Vec::len), Some(0));
    place.write("models/broken.sql", "select\n");
    plan(1);
    place.remove("models/broken.sql");
    place.dbgo(&["plan", "--detekt"]).ends_with(2);
    std::fs::remove_file(place.path().join(".dbgo/state.db")).expect("a state");
    std::fs::create_dir(place.path().join(".dbgo/state.db")).expect("a folder in its place");
    plan(4);
}

#[test]
fn the_workflow_is_written_once_and_into_a_repository() {
    let place = Place::initialized(false);
    let call = ["init", "--ci", "github"];
    let refused = place.dbgo(&call).ends_with(1).err;
    assert!(refused.contains("lies in no git repository"), "{refused}");
    std::fs::create_dir(place.path().join(".git")).expect("a folder");
    place.dbgo(&call).ends_with(0);
    let written = place.read(".github/workflows/dbgo.yml");
    assert!(written.contains("working-directory: \".\""), "{written}");
    let refused = place.dbgo(&call).ends_with(1).err;
    assert!(refused.contains("exists already"), "{refused}");
    Place::empty().dbgo(&call).ends_with(1);
    place
        .dbgo(&["init", "--ci", "github", "--example"])
        .ends_with(2);
}

/// Runs the steps of the workflow that call `dbgo`, as GitHub would, but for the one that installs it and the one that
/// builds the program, which has tests of its own.
#[test]
fn the_steps_of_the_workflow_work() {
    let (place, git) = repository();
    let folder = place.path().join("data/my shop");
    place
        .dbgo(&["-C", "data/my shop", "init", "--ci", "github"])
        .ends_with(0);
    git.commit();
    git.run(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    let workflow = place.read(".github/workflows/dbgo-data-my shop.yml");
    let workflow: Value = serde_saphyr::from_str(&workflow).expect("YAML");
    assert_eq!(
        workflow["defaults"]["run"]["working-directory"],
        "data/my shop"
    );
    let steps = workflow["jobs"]["check"]["steps"]
        .as_array()
        .expect("steps")
        .clone();
    let steps: Vec<&str> = (steps.iter())
        .filter_map(|step| step["run"].as_str())
        .filter(|run| {
            run.contains("dbgo ") && !run.contains("git clone") && !run.contains("dbgo build")
        })
        .collect();
    assert_eq!(steps.len(), 3, "{steps:#?}");
    let run = |step: &str| {
        let mut shell = Command::new("bash");
        let path = format!(
            "{}:{}",
            dbgo().parent().expect("a folder").display(),
            std::env::var("PATH").unwrap_or_default()
        );
        shell
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step])
            .current_dir(&folder)
            .env("PATH", path)
            .env("USER", "ana")
            .env("RUNNER_TEMP", place.path().join(".git"))
            .env("GITHUB_BASE_REF", "main")
            .env("GITHUB_STEP_SUMMARY", place.path().join(".git/summary.md"))
            .env("DBGO_ENVIRONMENT", "prod");
        Called::of(&shell.output().expect("bash starts"))
    };
    place.write(
        "data/my shop/models/marts/daily_sales.sql",
        &place
            .read("data/my shop/models/marts/daily_sales.sql")
            .replace("sum(", "2 * sum("),
    );
    for step in &steps {
        run(step).ends_with(0);
    }
    let summary = place.read(".git/summary.md");
    assert!(summary.contains("daily_sales"), "{summary}");
    assert!(summary.contains("models to build"), "{summary}");

    place.write("data/my shop/models/broken.sql", "select nothing as x\n");
    let checked = run(steps[0]).ends_with(1);
    assert!(
        checked
            .out
            .contains("::error file=data/my shop/models/broken.sql"),
        "{}",
        checked.out
    );
    run(steps[2]).ends_with(1);
}
