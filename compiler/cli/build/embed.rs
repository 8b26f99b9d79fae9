//! Puts folders of the repository into the executable, as lists of paths and bytes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// A folder that becomes a constant.
struct Folder {
    /// The constant's name.
    name: &'static str,
    /// What it holds.
    documentation: &'static str,
    /// The folder, relative to the repository.
    path: &'static str,
    /// Which files are taken.
    takes: fn(&str) -> bool,
}

const FOLDERS: [Folder; 6] = [
    Folder {
        name: "INIT_TEMPLATE",
        documentation: "What `dbgo init` writes.",
        path: "templates/init",
        takes: |_| true,
    },
    Folder {
        name: "CI_TEMPLATES",
        documentation: "What `dbgo init --ci` writes, by host.",
        path: "templates/ci",
        takes: |path| path.ends_with(".yml"),
    },
    Folder {
        name: "EXAMPLE_PROJECT",
        documentation: "What `dbgo init --example` writes.",
        path: "example-project",
        takes: |path| {
            !path.starts_with(".dbgo/") && !path.contains(".duckdb") && !path.starts_with("target/")
        },
    },
    Folder {
        name: "DIAGNOSTIC_PAGES",
        documentation: "The pages of `dbgo explain` for what the compiler finds.",
        path: "docs/diagnostics",
        takes: |path| path.ends_with(".md"),
    },
    Folder {
        name: "ERROR_PAGES",
        documentation: "The pages of `dbgo explain` for errors that end a command.",
        path: "docs/errors",
        takes: |path| path.ends_with(".md"),
    },
    Folder {
        name: "RUNTIME_CRATES",
        documentation: "The sources that a built program is made of.",
        path: "runtime",
        // Manifests name tests as well, and cargo wants to see what a manifest names.
        takes: |path| !path.starts_with("target/"),
    },
];

/// Writes `embedded.rs` to cargo's output folder.
///
/// # Errors
/// A folder that can't be read, or a file that can't be written.
pub fn embed() -> io::Result<()> {
    let repository =
        PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("../..");
    let mut text = String::new();
    for folder in &FOLDERS {
        let root = repository
            .join(folder.path)
            .canonicalize()
            .unwrap_or_else(|_| repository.join(folder.path));
        println!("cargo::rerun-if-changed={}", root.display());
        let mut files = Vec::new();
        if root.is_dir() {
            walk(&root, "", &mut files)?;
        }
        files.sort();
        let _ = writeln!(
            text,
            "/// {}\npub const {}: &[(&str, &[u8])] = &[",
            folder.documentation, folder.name
        );
        for file in files.iter().filter(|file| (folder.takes)(file)) {
            let _ = writeln!(
                text,
                "    ({file:?}, include_bytes!({:?})),",
                root.join(file)
            );
        }
        text.push_str("];\n");
    }
    let output = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?).join("embedded.rs");
    fs::write(output, text)
}

/// The files below a folder, relative to it.
pub fn walk(folder: &Path, prefix: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.push(name);
        }
    }
    Ok(())
}
