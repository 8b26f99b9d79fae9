//! `cargo xtask`: the project's own chores, the same on every machine and in continuous integration.
//!
//! Nothing of this is part of the product. `libduckdb/` is written so that the tool `dbgo` can include it as well: it
//! uses the standard library only and knows nothing of the rest of this crate.

mod bench;
mod catalogue;
mod contend;
mod crash;
mod example;
mod extensions;
mod install;
mod libduckdb;
#[cfg(test)]
mod libduckdb_tests;
mod oracle;
mod test;
mod tidy;
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Chore,
    /// Link a libduckdb that is compiled here: over 40 minutes of processor time, and without ICU
    #[arg(long, global = true)]
    bundled: bool,
}

#[derive(Subcommand)]
enum Chore {
    /// Build `dbgo`, run the example project with it and show rows of one of its models
    Example {
        /// The model whose rows are shown
        #[arg(default_value = example::SHOWN_MODEL)]
        model: String,
    },
    /// Build `dbgo` in the release profile and put it into a folder of programs
    Install {
        /// The folder that has `bin` in it; `~/.local` without it
        #[arg(long, value_name = "DIR")]
        root: Option<PathBuf>,
    },
    /// Check format, lints and invariants and run all tests; with filters only the tests whose names contain one
    Test {
        /// Parts of test names
        filters: Vec<String>,
    },
    /// Measure dbgo on a project of many small models
    Bench {
        /// What is measured
        #[command(subcommand)]
        bench: bench::Bench,
    },
    /// Write the compiler's list of functions anew from the linked engine
    Catalogue,
    /// Hold the compiler's parser and binder against the engine over the corpora
    Oracle {
        /// Options; `-- --help` explains them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Kill runs of `dbgo` at every fail point and hold what is left against what must hold
    Crash {
        /// Options; `-- --help` explains them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Let processes of `dbgo` change the same environments at the same time, on one state and one database
    Contend {
        /// Options; `-- --help` explains them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
    /// Check the invariants that ARCHITECTURE.md lists
    Tidy,
    /// Print the variables with which plain `cargo` finds libduckdb, for `eval "$(cargo xtask env)"`
    Env,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let root = repository_root();
    match &arguments.command {
        Chore::Tidy => tidy::run(root),
        Chore::Example { model } => {
            let cargo = toolchain::Cargo::new(root, find_libduckdb(arguments.bundled)?);
            example::run(&cargo, root, model)
        }
        Chore::Install { root: folder } => {
            let cargo = toolchain::Cargo::new(root, find_libduckdb(arguments.bundled)?);
            install::run(&cargo, folder.as_deref())
        }
        Chore::Test { filters } => {
            let cargo = toolchain::Cargo::new(root, find_libduckdb(arguments.bundled)?);
            test::run(&cargo, root, filters)
        }
        Chore::Bench { bench } => {
            let cargo = toolchain::Cargo::new(root, find_libduckdb(arguments.bundled)?);
            bench::run(&cargo, bench)
        }
        Chore::Catalogue => {
            let cargo = toolchain::Cargo::new(root, find_libduckdb(arguments.bundled)?);
            catalogue::run(&mut cargo.command(&catalogue::ARGUMENTS))
        }
        Chore::Oracle { options } => {
            let cargo = toolchain::Cargo::new(root, find_libduckdb(arguments.bundled)?);
            oracle::run(&cargo, options)
        }
        Chore::Crash { options } => {
            let cargo = toolchain::Cargo::new(root, find_libduckdb(arguments.bundled)?);
            crash::run(&cargo, options)
        }
        Chore::Contend { options } => {
            let cargo = toolchain::Cargo::new(root, find_libduckdb(arguments.bundled)?);
            contend::run(&cargo, options)
        }
        Chore::Env => {
            print_variables(&find_libduckdb(arguments.bundled)?);
            Ok(())
        }
    }
}

/// Prints what a shell evaluates. The loader's path is joined there and not here: what this process inherited is what
/// cargo added for it.
fn print_variables(libduckdb: &Path) {
    let folder = format!("'{}'", libduckdb.to_string_lossy().replace('\'', r"'\''"));
    println!("export DUCKDB_LIB_DIR={folder}");
    let loader_path = toolchain::LOADER_PATH;
    println!("export {loader_path}={folder}\"${{{loader_path}:+:${loader_path}}}\"");
}

/// The folder of the workspace: the parent of this crate's folder, wherever the command is called from.
fn repository_root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

fn find_libduckdb(bundled: bool) -> Result<PathBuf, libduckdb::Error> {
    let mut say = |line: &str| eprintln!("libduckdb: {line}");
    let mut search = libduckdb::Search::from_environment(&mut say)?;
    if bundled {
        search.compiled()
    } else {
        search.find()
    }
}
