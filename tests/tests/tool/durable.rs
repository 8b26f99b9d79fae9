//! An acknowledged commit is on the disk: as many calls of `fsync` as commits, counted at the
//! moment of each acknowledgement.

use crate::place::{Place, dbgo};
use std::process::Command;

/// The commits before the first batch: dbgo's own tables, and the fence.
const BEFORE_BATCHES: usize = 2;

/// Runs `dbgo run` under `strace` up to the acknowledgement of a batch, at which it is killed; gives
/// the files that were synced. Nothing where there is no `strace`, or where it may trace nobody.
fn synced_until(place: &Place, fail_point: &str) -> Option<Vec<String>> {
    let trace = place.path().join("trace.txt");
    let status = Command::new("strace")
        .args(["-f", "-y", "-e", "trace=fsync,fdatasync", "-o"])
        .arg(&trace)
        .arg(dbgo())
        .args(["run", "--workers", "1"])
        .current_dir(place.path())
        .env("DBGO_FAILPOINT", fail_point)
        .output();
    let said = match status {
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    let traced = std::fs::read_to_string(&trace).unwrap_or_default();
    if !traced.contains("killed by SIGKILL") {
        eprintln!("skipped: `strace` doesn't work here: {said}");
        return None;
    }
    // `4711 fsync(7</folder/shop.duckdb.wal>) = 0`; a call that another thread's interrupts in the
    // listing ends on a line of its own.
    let path = |line: &str| Some(line.split_once('<')?.1.split_once('>')?.0.to_owned());
    let begun = traced
        .lines()
        .filter(|line| line.contains("sync(") && !line.contains("= -1"));
    Some(begun.filter_map(path).collect())
}

#[test]
fn each_acknowledged_batch_is_synced() {
    let models: Vec<(String, String)> = (1..=4)
        .map(|number| {
            let text = format!("-- @config: materialized='table'\nselect {number} as x\n");
            (format!("models/m{number}.sql"), text)
        })
        .collect();
    let mut files: Vec<(&str, &str)> = models
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let settings = "name = \"shop\"\n[engine.local]\ntype = \"duckdb\"\npath = \"shop.duckdb\"\n";
    files.push(("dbgo.toml", settings));
    for batch in 1..=4 {
        let place = Place::with(&files);
        let fail_point = format!("after-batch-commit:{batch}=kill");
        let Some(synced) = synced_until(&place, &fail_point) else {
            return;
        };
        let of_log = synced
            .iter()
            .filter(|path| path.ends_with("shop.duckdb.wal"));
        let commits = BEFORE_BATCHES + batch;
        assert!(of_log.count() >= commits, "{commits} commits: {synced:?}");
        let of_state = synced.iter().any(|path| path.ends_with("state.db-wal"));
        assert!(of_state, "the run's beginning: {synced:?}");
    }
}

/// The catalogue's server syncs its own commit; the files that it names have to be there by then.
#[cfg(unix)]
#[test]
fn the_files_of_a_lake_are_synced_before_the_catalogue_names_them() {
    // More rows than the catalogue holds itself.
    let model = "-- @config: materialized='table'\nselect range as x from range(1000)\n";
    let Some((place, _)) = crate::lake::project(&[("models/m.sql", model)], "1 min") else {
        return;
    };
    let Some(synced) = synced_until(&place, "after-batch-commit=kill") else {
        return;
    };
    let files = place.files().into_keys();
    let files = files.filter(|path| path.extension().is_some_and(|it| it == "parquet"));
    let files: Vec<String> = files
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    assert!(!files.is_empty());
    for file in files {
        let (folder, _) = file.rsplit_once('/').expect("a folder");
        for path in [file.as_str(), folder] {
            assert!(
                synced.iter().any(|it| it == path),
                "{path} isn't in {synced:?}"
            );
        }
    }
}
