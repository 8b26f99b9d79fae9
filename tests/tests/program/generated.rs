//! What generated code looks like, and that rustc has nothing to say about it.

use crate::place::{Crates, bodies, folder, project_folder, rustc, target};
use crate::shop;
use dbgo_compiler::build::cargo::{Cargo, Profile};
use dbgo_compiler::codegen::FileTree;
use dbgo_compiler::codegen::workspace::{CratePaths, Workspace, interface_workspace, workspace};
use dbgo_compiler::emit::emit;
use std::fs;
use std::path::Path;

/// Compares files with those of a case; with `UPDATE_EXPECTED=1` it writes them instead.
fn expect(case: &str, tree: &FileTree, paths: &[&str]) {
    let expected = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("cases")
        .join(case)
        .join("expected");
    for path in paths {
        let text = std::str::from_utf8(tree.get(path).expect(path)).unwrap();
        let file = expected.join(path);
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, text).unwrap();
        }
        let wanted = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(
            text, wanted,
            "{path} of {case} (`UPDATE_EXPECTED=1` takes it over)"
        );
    }
}

fn crate_paths() -> CratePaths {
    let path = |name: &str| format!("/crates/{name}");
    CratePaths {
        contract: path("contract"),
        rows: path("rows"),
        runtime: path("runtime"),
    }
}

fn whole() -> Workspace {
    let project = shop::project_with_oddities();
    let seeds = vec![shop::RATES.as_bytes().to_vec()];
    workspace(
        &project,
        &"0".repeat(64),
        &bodies(&project),
        seeds,
        &crate_paths(),
    )
}

#[test]
fn interfaces_are_readable_rust() {
    let project = shop::project_with_oddities();
    let workspace = interface_workspace(&project, &crate_paths());
    let paths = [
        "shop/Cargo.toml",
        "shop/src/lib.rs",
        "shop_interfaces_00/Cargo.toml",
        "shop_interfaces_00/src/lib.rs",
        "shop_interfaces_00/src/models__finance__revenue.rs",
        "shop_interfaces_00/src/models__staging__option.rs",
        "shop_interfaces_00/src/seeds__rates.rs",
        "shop_interfaces_00/src/sources__raw__orders.rs",
    ];
    expect("interface_every_type", &workspace.tree, &paths);
}

#[test]
fn the_workspace_of_a_program_is_whole() {
    let workspace = whole();
    let paths = [
        "Cargo.toml",
        "shop_bodies_00/Cargo.toml",
        "shop_bodies_00/src/lib.rs",
        "shop_bodies_00/src/models__finance__total.rs",
        "shop_definition/Cargo.toml",
        "shop_definition/src/lib.rs",
        "shop_program/Cargo.toml",
        "shop_program/build.rs",
        "shop_program/src/main.rs",
    ];
    expect("program_workspace", &workspace.tree, &paths);
    assert_eq!(
        workspace.tree.get("shop_definition/src/seed_0"),
        Some(shop::RATES.as_bytes())
    );
    let origin = workspace
        .origins
        .get("shop_bodies_00/src/models__finance__total.rs");
    assert_eq!(origin.map(String::as_str), Some("models/finance/total.sql"));
}

#[test]
fn equal_projects_give_equal_files() {
    assert_eq!(whole().tree, whole().tree);
}

#[test]
fn rustc_has_nothing_to_say_about_generated_code() {
    let mut project = shop::project_with_oddities();
    project.settings.name = "warnings".to_owned();
    let folder_of_project = project_folder("warnings");
    let generated = folder_of_project.join(".dbgo/rust");
    Crates::read().with(|crates| {
        let paths = crates.unpack(&folder("cache")).unwrap();
        let seeds = vec![shop::RATES.as_bytes().to_vec()];
        let workspace = workspace(&project, &"0".repeat(64), &bodies(&project), seeds, &paths);
        emit(&workspace.tree, &generated).unwrap();
        fs::write(generated.join("Cargo.lock"), crates.lock).unwrap();
    });
    let (rustc, target) = (rustc(), target());
    let cargo = Cargo {
        rustc: &rustc,
        workspace: &generated,
        target: &target,
        libduckdb: None,
        profile: Profile::Dev,
    };
    for part in ["", "_interfaces_00", "_bodies_00", "_definition"] {
        let package = &format!("warnings{part}");
        let outcome = cargo.run("check", package, &mut |_| ()).unwrap();
        let said: Vec<&str> = outcome
            .messages
            .iter()
            .filter(|message| message.is_generated)
            .map(|message| message.rendered.as_str())
            .collect();
        assert!(
            outcome.success,
            "{package}: {}\n{}",
            said.join("\n"),
            outcome.lines.join("\n")
        );
        assert!(said.is_empty(), "{package}: {}", said.join("\n"));
    }
}
