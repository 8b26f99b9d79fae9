//! The crate with the project's own definition: settings, seeds, sources and exposures.

use super::file_tree::FileTree;
use super::settings;
use super::shard::library;
use super::tokens::{columns, format_file, list, text};
use crate::typed::{TypedExposure, TypedProject, TypedSeed, TypedSource};
use proc_macro2::TokenStream;
use quote::quote;

/// The sources of the project's crate. `project_hash` changes with anything the project is made
/// of. Cargo, which compiles it for a program, finds the seeds' files beside the crate's root.
pub fn definition_sources(project: &TypedProject, project_hash: &str) -> FileTree {
    let own = &project.settings;
    let name = text(&own.name);
    let hash = text(project_hash);
    let tool_version = text(env!("CARGO_PKG_VERSION"));
    let dialect = text(&own.dialect);
    let engines = list(own.engines.iter().map(settings::engine));
    let default_environment = text(&own.default_environment);
    let state_url = text(&own.state_url);
    let workers = own.workers;
    let environments = list(own.environments.iter().map(settings::environment));
    let run = settings::run(&own.run);
    let retention = settings::retention(&own.retention);
    let variables = list(own.variables.iter().map(settings::setting));
    let seeds = list(
        project
            .seeds
            .iter()
            .enumerate()
            .map(|(index, seed)| self::seed(index, seed)),
    );
    let sources = list(project.sources.iter().map(source));
    let exposures = list(project.exposures.iter().map(exposure));
    let model_count = u32::try_from(project.models.len()).unwrap_or(u32::MAX);
    let library = library(&quote!(dbgo_project), &quote!(ProjectDef), &quote!(PROJECT));
    let root = quote! {
        #![doc = " The project's settings, seeds, sources and exposures."]
        #![no_std]
        #![allow(unused_imports)]

        use dbgo_contract::*;

        #[doc = " What the project is made of, but for its models."]
        pub static PROJECT: ProjectDef = ProjectDef {
            name: #name,
            hash: #hash,
            tool_version: #tool_version,
            dialect: #dialect,
            engines: #engines,
            default_environment: #default_environment,
            state_url: #state_url,
            workers: #workers,
            environments: #environments,
            run: #run,
            retention: #retention,
            exposures: #exposures,
            variables: #variables,
            seeds: #seeds,
            sources: #sources,
            model_count: #model_count,
        };

        #library
    };
    let mut tree = FileTree::default();
    tree.insert("src/lib.rs", format_file(root));
    tree
}

/// The file, beside the crate's root, that carries a seed's bytes into a program.
pub fn seed_file(index: usize) -> String {
    format!("seed_{index}")
}

fn seed(index: usize, seed: &TypedSeed) -> TokenStream {
    let (path, file) = (text(&seed.path), text(&seed.file));
    let (schema, name) = (text(&seed.schema), text(&seed.name));
    let description = text(&seed.description);
    let format = if seed.parquet {
        quote!(SeedFormat::Parquet)
    } else {
        quote!(SeedFormat::Csv)
    };
    let (delimiter, null, quote) = (text(&seed.delimiter), text(&seed.null), text(&seed.quote));
    let columns = columns(&seed.columns);
    let hash = text(&seed.hash);
    let data = seed_file(index);
    quote!(SeedDef {
        path: #path,
        file: #file,
        schema: #schema,
        name: #name,
        description: #description,
        format: #format as u8,
        delimiter: #delimiter,
        null: #null,
        quote: #quote,
        columns: #columns,
        hash: #hash,
        #[cfg(dbgo_library)]
        data: List::new(&[]),
        #[cfg(not(dbgo_library))]
        data: List::new(include_bytes!(#data)),
    })
}

fn source(source: &TypedSource) -> TokenStream {
    let (path, file) = (text(&source.path), text(&source.file));
    let (catalog, schema, name) = (
        text(&source.catalog),
        text(&source.schema),
        text(&source.name),
    );
    let description = text(&source.description);
    let (location, format) = (text(&source.location), text(&source.format));
    let changed_by = text(&source.changed_by);
    let columns = columns(&source.columns);
    quote!(SourceDef {
        path: #path,
        file: #file,
        catalog: #catalog,
        schema: #schema,
        name: #name,
        description: #description,
        location: #location,
        format: #format,
        changed_by: #changed_by,
        columns: #columns,
    })
}

fn exposure(exposure: &TypedExposure) -> TokenStream {
    let (path, name, kind) = (
        text(&exposure.path),
        text(&exposure.name),
        text(&exposure.kind),
    );
    let (owner, url) = (text(&exposure.owner), text(&exposure.url));
    let reads = list(exposure.reads.iter().map(|(path, columns)| {
        let path = text(path);
        let columns = list(columns.iter().map(|column| text(column)));
        quote!(ExposureReadDef { path: #path, columns: #columns })
    }));
    quote!(ExposureDef {
        path: #path,
        name: #name,
        kind: #kind,
        owner: #owner,
        url: #url,
        reads: #reads,
    })
}
