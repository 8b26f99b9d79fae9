//! The scenarios of `tests/runs`.

use crate::place::dbgo;
use dbgo_tests::runs::{play, read::read};
use std::path::Path;

#[test]
fn scenarios_go_as_they_are_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("runs");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let only = std::env::var("DBGO_SCENARIO").unwrap_or_default();
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in &files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let scenarios = read(&std::fs::read_to_string(file).unwrap())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        for scenario in scenarios {
            if !scenario.title.contains(&only) {
                continue;
            }
            count += 1;
            let place = tempfile::tempdir().unwrap();
            if let Err(error) = play(&scenario, place.path(), &dbgo()) {
                wrong.push(format!("{name}, `{}`, {error}", scenario.title));
            }
        }
    }
    assert!(count > 0, "no scenario was found");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}
