//! Libraries of bodies: kept while nothing changes, made again where they can't be trusted.

use crate::place::Place;
use std::path::{Path, PathBuf};
use std::process::Command;

fn project() -> Place {
    Place::with(&[("models/a/one.sql", "select 1 as id\n")])
}

fn libraries(place: &Place) -> Vec<PathBuf> {
    let folder = place.path().join(".dbgo/libraries");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("libraries")
        .map(|entry| entry.expect("a library").path())
        .collect();
    paths.sort();
    paths
}

/// Where a library holds its stamp: `DBGO_ABI` is 32 bytes that all libraries share.
fn stamp_offset(library: &[u8], stamp: &[u8; 32]) -> usize {
    library
        .windows(32)
        .position(|window| window == stamp)
        .expect("a library has its stamp")
}

#[test]
fn a_wrong_stamp_is_refused_and_the_library_made_again() {
    let place = project();
    place.dbgo(&["run"]).ends_with(0);
    let stamp = dbgo_compiler::build::contract::stamp();
    for path in libraries(&place) {
        let good = std::fs::read(&path).expect("a library");
        let mut wrong = good.clone();
        wrong[stamp_offset(&good, &stamp)] ^= 0xff;
        std::fs::write(&path, &wrong).expect("a library");
        place.dbgo(&["render", "one"]).ends_with(0);
        assert_eq!(
            std::fs::read(&path).expect("a library"),
            good,
            "{}",
            path.display()
        );
    }
}

#[test]
fn a_damaged_library_is_made_again() {
    let place = project();
    place.dbgo(&["run"]).ends_with(0);
    for path in libraries(&place) {
        std::fs::write(&path, "not a library").expect("a library");
        place.dbgo(&["render", "one"]).ends_with(0);
    }
}

#[test]
fn a_project_with_findings_is_compiled_once_and_they_are_shown_each_time() {
    let place = Place::with(&[
        ("models/a/one.sql", "select 1 as id\n"),
        ("dbgo.toml", "name = \"shop\"\n[vars]\nunused = \"1\"\n"),
    ]);
    let first = place.dbgo(&["render", "one"]).ends_with(0);
    assert!(
        first.err.contains("warning[unused-variable]"),
        "{}",
        first.err
    );
    // A compilation would make it again.
    let shelf = place.path().join(".dbgo/cache/libraries");
    std::fs::remove_file(&shelf).expect("what is known of libraries");
    let second = place.dbgo(&["render", "one"]).ends_with(0);
    assert_eq!(second.err, first.err);
    assert!(!shelf.exists(), "it was compiled again");
}

/// Whether a library has the body of a model: it holds the model's import path.
fn has_body(library: &Path, model: &str) -> bool {
    let bytes = std::fs::read(library).expect("a library");
    bytes
        .windows(model.len())
        .any(|window| window == model.as_bytes())
}

#[test]
fn an_edit_makes_a_library_of_the_edited_body_alone() {
    let place = Place::with(&[
        ("models/a/one.sql", "select 1 as id\n"),
        (
            "models/a/two.sql",
            "-- @import: one = models.a.one\nselect id + 1 as id from :one\n",
        ),
    ]);
    let shown = || {
        let shown = place.dbgo(&["render", "one"]).ends_with(0).out;
        shown + &place.dbgo(&["render", "two"]).ends_with(0).out
    };
    let first = shown();
    let before = libraries(&place);
    place.write("models/a/one.sql", "select 7 as id\n");
    assert!(shown().contains("select 7 as id"));
    let after = libraries(&place);
    let made: Vec<&PathBuf> = after.iter().filter(|path| !before.contains(path)).collect();
    assert_eq!(made.len(), 1, "{made:?}");
    assert!(has_body(made[0], "models.a.one"));
    assert!(!has_body(made[0], "models.a.two"), "nothing of it changed");
    // The other model is read out of the library that was made at first.
    assert!(shown().contains("id + 1"));
    place.write("models/a/one.sql", "select 1 as id\n");
    assert_eq!(shown(), first);
    place.write("models/a/two.sql", "select 3 as id\n");
    place.remove("models/a/one.sql");
    assert!(
        place
            .dbgo(&["render", "two"])
            .ends_with(0)
            .out
            .contains("select 3")
    );
    place.dbgo(&["render", "one"]).ends_with(2);
}

#[test]
fn settings_change_without_a_body_being_made_again() {
    let place = project();
    place.dbgo(&["render", "one"]).ends_with(0);
    let before = libraries(&place);
    place.write(
        "dbgo.toml",
        "name = \"shop\"\n[env.prod]\nprotected = true\n",
    );
    place.dbgo(&["render", "one"]).ends_with(0);
    let after = libraries(&place);
    let made: Vec<&PathBuf> = after.iter().filter(|path| !before.contains(path)).collect();
    assert_eq!(made.len(), 1, "{made:?}");
    assert!(!has_body(made[0], "models.a.one"));
}

/// Another rustc than the one that made `dbgo`: the one that `DBGO_OTHER_RUSTC` names, or one of
/// rustup's toolchains.
fn other_rustc() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("DBGO_OTHER_RUSTC") {
        return Some(PathBuf::from(named));
    }
    let version = |rustc: &Path| {
        Command::new(rustc)
            .arg("-vV")
            .output()
            .ok()
            .map(|output| output.stdout)
    };
    let own = version(Path::new("rustc"))?;
    let sysroot = Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .ok()?;
    let sysroot = PathBuf::from(String::from_utf8(sysroot.stdout).ok()?.trim());
    let toolchains = std::fs::read_dir(sysroot.parent()?).ok()?;
    toolchains
        .filter_map(|entry| Some(entry.ok()?.path().join("bin/rustc")))
        .find(|rustc| version(rustc).is_some_and(|other| !other.is_empty() && other != own))
}

#[test]
fn a_library_of_another_rustc_works() {
    let Some(rustc) = other_rustc() else {
        println!("skipped: this machine has one rustc; DBGO_OTHER_RUSTC may name another");
        return;
    };
    let place = project();
    let rustc = rustc.to_string_lossy().into_owned();
    place
        .dbgo_with(&["run"], &[("DBGO_RUSTC", &rustc)])
        .ends_with(0);
    let made = libraries(&place);
    // The own rustc isn't asked: what the other one made is loaded.
    let shown = place.dbgo(&["show", "one", "--json"]).ends_with(0);
    assert!(shown.out.contains("\"row_count\": \"1\""), "{}", shown.out);
    assert_eq!(libraries(&place), made);
}
