//! The cargo workspace that a project becomes on disk.
//!
//! | package, for a project `shop` | holds |
//! |---|---|
//! | `shop` | the facade: what other Rust code names |
//! | `shop_interfaces_00`, … | the interfaces, by shards |
//! | `shop_bodies_00`, … | the bodies, by shards |
//! | `shop_definition` | the settings, seeds and sources |
//! | `shop_program` | the executable `shop` |
//!
//! Nothing but the program depends on a body, and nothing in it on an interface: a changed query
//! recompiles one crate and links, a changed column what uses it.

mod manifest;

use super::definition::{definition_sources, seed_file};
use super::facade::facade_sources;
use super::file_tree::FileTree;
use super::interface::{Interface, interface_sources, interfaces, shards};
use super::names::{crate_name, module_name, package_name};
use super::shard::{shard_count, shard_of, shard_sources};
use super::tokens::{documentation, format_file};
use crate::typed::TypedProject;
pub use manifest::RELEASE_PROFILE;
use manifest::{Kind, Manifest};
use quote::{format_ident, quote};
use std::collections::BTreeMap;

/// The build script of a program: has it look for `libduckdb` beside itself.
const PROGRAM_BUILD: &str = include_str!("../../../templates/program/build.rs");

/// Where the crates lie that generated ones depend on: absolute paths.
#[derive(Clone, Debug)]
pub struct CratePaths {
    /// `dbgo-contract`
    pub contract: String,
    /// `dbgo-rows`
    pub rows: String,
    /// `dbgo-runtime`
    pub runtime: String,
}

/// A workspace, not yet on disk.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// The files.
    pub tree: FileTree,
    /// The project's file that each generated one comes from, where there is one.
    pub origins: BTreeMap<String, String>,
    /// The package of the facade, which is also the name of the executable.
    pub facade: String,
    /// The package of the program.
    pub program: String,
    members: Vec<String>,
    unoptimized: Vec<String>,
}

impl Workspace {
    /// Whether a file of an earlier workspace belongs to the facade and the interfaces of this
    /// project.
    pub fn is_interface(&self, path: &str) -> bool {
        let package = path.split('/').next().unwrap_or_default();
        let shard = package.strip_prefix(self.facade.as_str());
        shard.is_some_and(|rest| rest.is_empty() || rest.starts_with("_interfaces_"))
    }

    /// The manifest that lists the packages which are there by now.
    fn insert_root(&mut self) {
        self.tree.insert(
            "Cargo.toml",
            manifest::root(&self.members, &self.unoptimized),
        );
    }

    fn insert_package(&mut self, manifest: &Manifest, sources: FileTree) {
        self.members.push(manifest.package.clone());
        if matches!(manifest.kind, Kind::Bodies) {
            self.unoptimized.push(manifest.package.clone());
        }
        self.tree
            .insert(format!("{}/Cargo.toml", manifest.package), manifest.text());
        self.tree.insert_tree(&manifest.package, sources);
    }
}

/// The facade and the interfaces alone.
pub fn interface_workspace(project: &TypedProject, crates: &CratePaths) -> Workspace {
    let facade = package_name(&project.settings.name);
    let mut workspace = Workspace {
        program: format!("{facade}_program"),
        facade: facade.clone(),
        ..Workspace::default()
    };
    let mut facade_manifest = Manifest::new(&facade, Kind::Facade);
    facade_manifest.depends_on("dbgo-rows", &crates.rows);
    let mut crates_of_facade = Vec::new();
    let interfaces = interfaces(project);
    for (index, shard) in shards(&interfaces).into_iter().enumerate() {
        let package = format!("{facade}_interfaces_{index:02}");
        facade_manifest.depends_on(&package, &format!("../{package}"));
        let mut manifest = Manifest::new(&package, Kind::Interfaces);
        manifest.depends_on("dbgo-rows", &crates.rows);
        note_origins(&mut workspace, &package, &shard);
        workspace.insert_package(&manifest, interface_sources(&shard));
        crates_of_facade.push((crate_name(&package), shard));
    }
    let sources = facade_sources(&project.settings.name, &crates_of_facade);
    workspace.insert_package(&facade_manifest, sources);
    workspace.insert_root();
    workspace
}

/// All of it. `bodies` holds each model's import path and the text of its body, `seeds` each
/// seed's bytes, in the project's order.
pub fn workspace<'a>(
    project: &TypedProject,
    project_hash: &str,
    bodies: &'a [(String, String)],
    seeds: Vec<Vec<u8>>,
    crates: &CratePaths,
) -> Workspace {
    let mut workspace = interface_workspace(project, crates);
    let facade = workspace.facade.clone();
    let mut program = Manifest::new(
        &workspace.program,
        Kind::Program {
            executable: &facade,
        },
    );
    program.depends_on("dbgo-runtime", &crates.runtime);

    let mut definition = Manifest::new(&format!("{facade}_definition"), Kind::Bodies);
    definition.depends_on("dbgo-contract", &crates.contract);
    program.depends_on_as("definition", &definition.package);
    let mut sources = definition_sources(project, project_hash);
    for (index, bytes) in seeds.into_iter().enumerate() {
        sources.insert(format!("src/{}", seed_file(index)), bytes);
    }
    workspace.insert_package(&definition, sources);

    let count = shard_count(project.models.len());
    let mut shards: Vec<Vec<(&'a str, &'a str)>> = vec![Vec::new(); count];
    for (path, text) in bodies {
        shards[shard_of(path, count)].push((path, text));
    }
    let files: BTreeMap<&str, &str> = project
        .models
        .iter()
        .map(|model| (model.path.as_str(), model.file.as_str()))
        .collect();
    for (index, shard) in shards.into_iter().enumerate() {
        let mut manifest = Manifest::new(&format!("{facade}_bodies_{index:02}"), Kind::Bodies);
        manifest.depends_on("dbgo-contract", &crates.contract);
        program.depends_on_as(&format!("bodies_{index:02}"), &manifest.package);
        for (path, _) in &shard {
            let generated = format!("{}/src/{}.rs", manifest.package, module_name(path));
            let file = files.get(path).copied().unwrap_or(path);
            workspace.origins.insert(generated, file.to_owned());
        }
        workspace.insert_package(&manifest, shard_sources(shard));
    }
    workspace.insert_package(&program, program_sources(&project.settings.name, count));
    workspace.insert_root();
    workspace
}

fn note_origins(workspace: &mut Workspace, package: &str, shard: &[Interface<'_>]) {
    for interface in shard {
        let generated = format!("{package}/src/{}.rs", module_name(interface.path));
        workspace
            .origins
            .insert(generated, interface.file.to_owned());
    }
}

/// The executable: it hands the definitions to the runtime and has no will of its own.
fn program_sources(project: &str, shards: usize) -> FileTree {
    let about = documentation(&format!("The project `{project}` as a program."), true);
    let shards = (0..shards).map(|index| {
        let shard = format_ident!("bodies_{index:02}");
        quote!(&#shard::SHARD)
    });
    let main = quote! {
        #about
        fn main() -> std::process::ExitCode {
            dbgo_runtime::cli::main(&definition::PROJECT, &[#(#shards),*])
        }
    };
    let mut tree = FileTree::default();
    tree.insert("src/main.rs", format_file(main));
    tree.insert("build.rs", PROGRAM_BUILD);
    tree
}
