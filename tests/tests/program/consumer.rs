//! An ordinary Rust program that reads rows of a model as structs.

use crate::place::{Crates, LOCK, folder, project_folder, rustc, target};
use crate::shop;
use dbgo_compiler::build::program::write_interfaces;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program: it knows the facade and the engine's driver, and nothing else of dbgo.
const SOURCE: &str = include_str!("consumer/main.rs.txt");

/// Writes the program beside a project, once.
fn write_consumer(name: &str, facade: &Path) -> PathBuf {
    let consumer = folder(name).join("consumer");
    fs::create_dir_all(consumer.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"consumer_{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [workspace]\n\n[profile.dev]\ndebug = false\n\n[dependencies]\n\
         duckdb = {{ version = \"=1.10505.0\", default-features = false }}\n\
         shop = {{ path = {:?}, features = [\"arrow\"] }}\n",
        facade.display().to_string()
    );
    let write = |file: &str, text: &str| {
        let path = consumer.join(file);
        if fs::read_to_string(&path).is_ok_and(|present| present == text) {
            return;
        }
        fs::write(path, text).unwrap();
    };
    write("Cargo.toml", &manifest);
    write("src/main.rs", SOURCE);
    if !consumer.join("Cargo.lock").is_file() {
        write("Cargo.lock", LOCK);
    }
    consumer
}

fn build(consumer: &Path) -> Output {
    let rustc = rustc();
    Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--color=never",
            "--target",
            rustc.host(),
            "--target-dir",
        ])
        .arg(target())
        .current_dir(consumer)
        .output()
        .unwrap()
}

#[test]
fn rows_are_read_as_structs() {
    let name = "reads";
    let project = project_folder(name);
    let facade = Crates::read()
        .with(|crates| {
            let typed = shop::project("usd_amount");
            write_interfaces(&typed, &project, &folder("cache"), crates, &mut |_| ())
        })
        .unwrap();
    let consumer = write_consumer(name, &facade);
    let built = build(&consumer);
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );

    let rustc = rustc();
    let program = target()
        .join(rustc.host())
        .join("debug")
        .join(format!("consumer_{name}"));
    let database = tempfile::tempdir().unwrap();
    let ran = Command::new(program)
        .arg(database.path().join("shop.duckdb"))
        .output()
        .unwrap();
    let (out, talk) = (
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr),
    );
    assert!(ran.status.success(), "{talk}");
    assert_eq!(
        out,
        "7 | 12345678901234.56 | Ada | 2024-02-29 12:00:00 | 1, x, - | Paid\n\
         8 | - | - | - | - | Void\n\
         null id: column `transaction_id` of `finance.revenue` is claimed to be `BIGINT NOT NULL`, \
         but holds a null\n"
    );
}

#[test]
fn a_renamed_column_stops_the_program_at_its_use() {
    let name = "renamed";
    let project = project_folder(name);
    let generate = |amount: &str| {
        Crates::read()
            .with(|crates| {
                write_interfaces(
                    &shop::project(amount),
                    &project,
                    &folder("cache"),
                    crates,
                    &mut |_| (),
                )
            })
            .unwrap()
    };
    let consumer = write_consumer(name, &generate("usd_amount"));
    let built = build(&consumer);
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );

    generate("dollars");
    let built = build(&consumer);
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(
        !built.status.success(),
        "it compiles though a column is gone"
    );
    assert!(
        said.contains("error[E0609]: no field `usd_amount` on type `&Revenue`"),
        "{said}"
    );
    assert!(
        said.contains("cannot find value `USD_AMOUNT` in module `columns`"),
        "{said}"
    );
    for (index, line) in SOURCE.lines().enumerate() {
        if line.contains("row.usd_amount") || line.contains("columns::USD_AMOUNT") {
            assert!(
                said.contains(&format!("src/main.rs:{}:", index + 1)),
                "{said}"
            );
        }
    }
}
