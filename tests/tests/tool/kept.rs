//! What is kept in `.dbgo/cache` never shows: not after a process was killed, not where it can't be
//! written, and not with several processes at once.

use crate::place::{Called, Place, dbgo};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Models in a chain, the last of which has a mistake that points into the one before.
fn project(models: usize) -> Place {
    let place = Place::with(&[
        ("models/m0.sql", "select 1 as id, 2 as amount\n"),
        (
            "models/last.sql",
            "-- @import: m = models.m1\nselect id, amuont from :m\n",
        ),
    ]);
    for index in 1..models {
        place.write(&format!("models/m{index}.sql"), &model(index, 0));
    }
    place
}

fn model(index: usize, least: usize) -> String {
    let before = index - 1;
    format!("-- @import: m = models.m{before}\nselect id, amount from :m where id > {least}\n")
}

/// What a check says, without how long it took.
fn check(place: &Place) -> String {
    place.dbgo(&["check", "--json"]).ends_with(1).out
}

/// What a check says of the same files in another folder.
fn check_anew(place: &Place) -> String {
    let other = Place::empty();
    for path in place.files().into_keys() {
        let inner = path
            .strip_prefix(place.path())
            .expect("a path in the folder");
        let text = std::fs::read_to_string(&path).expect("a file of the project");
        other.write(&inner.to_string_lossy(), &text);
    }
    check(&other)
}

#[test]
fn a_killed_process_leaves_nothing_wrong() {
    let place = project(200);
    check(&place);
    for round in 0..12 {
        place.write("models/m1.sql", &model(1, 100 + round));
        // More than a quarter of all, so that everything that is kept is written anew.
        for index in (2..200).step_by(3) {
            place.write(&format!("models/m{index}.sql"), &model(index, 100 + round));
        }
        let mut child = Command::new(dbgo())
            .arg("check")
            .current_dir(place.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbgo starts");
        std::thread::sleep(Duration::from_millis(10 * round as u64));
        let _ = child.kill();
        child.wait().expect("dbgo ends");
        assert_eq!(check(&place), check_anew(&place), "round {round}");
    }
}

#[test]
fn several_processes_at_once_say_the_same() {
    let place = project(40);
    let expected = check_anew(&place);
    for round in 0..4 {
        place.write("models/m7.sql", &model(7, 100 + round));
        std::thread::scope(|scope| {
            let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| check(&place))).collect();
            for call in calls {
                assert_eq!(call.join().expect("a call"), expected);
            }
        });
    }
}

#[test]
fn where_nothing_can_be_kept_everything_is_done_anew() {
    let place = project(5);
    let expected = check_anew(&place);
    place.write(".dbgo", "in the way");
    assert_eq!(check(&place), expected);
    std::fs::remove_file(place.path().join(".dbgo")).expect("the file");
    place.write(".dbgo/cache", "in the way");
    assert_eq!(check(&place), expected);
    std::fs::remove_file(place.path().join(".dbgo/cache")).expect("the file");
    assert_eq!(check(&place), expected);
    // Deleting what is kept is always safe.
    std::fs::remove_dir_all(place.path().join(".dbgo")).expect("the folder");
    assert_eq!(check(&place), expected);
}

/// A limit for the size of a file is to who writes what a full disk is.
#[cfg(unix)]
#[test]
fn a_full_disk_keeps_nothing_and_says_nothing() {
    let place = project(60);
    let expected = check_anew(&place);
    for _ in 0..2 {
        let output = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$0\" check --json"])
            .arg(dbgo())
            .current_dir(place.path())
            .output()
            .expect("a shell");
        let called = Called::of(&output).ends_with(1);
        assert_eq!(called.out, expected);
        assert!(!place.path().join(".dbgo/cache/project.base").exists());
    }
    let entries = std::fs::read_dir(place.path().join(".dbgo/cache")).expect("the folder");
    let left: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name.to_string_lossy().ends_with(".aside"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(check(&place), expected);
    assert!(place.path().join(".dbgo/cache/project.base").exists());
}

/// Only a command that needs the engine loads its library.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn a_check_does_not_load_the_engine() {
    let place = Place::with(&[("models/one.sql", "select 1 as id\n")]);
    let loads = |arguments: &[&str]| {
        let called = place.dbgo_with(arguments, &[("LD_DEBUG", "files")]);
        called.ends_with(0).err.contains("libduckdb")
    };
    assert!(!loads(&["check"]));
    assert!(!loads(&["graph"]));
    assert!(loads(&["run"]));
}
