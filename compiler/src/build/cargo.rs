//! Calls cargo on generated code, the same way on every machine.
//!
//! What a user has set for other builds has no say: variables of cargo, rustc and the engine's
//! crate are taken out of the environment, cargo is started in the root folder, where it finds no
//! `.cargo/config.toml` of a project, and what the user's own `config.toml` could say of flags,
//! wrappers, targets and profiles is overridden. Where crates come from (registries, mirrors,
//! proxies) and the linker stay the user's.

use super::rustc::Rustc;
use crate::codegen::workspace::RELEASE_PROFILE;
use crate::diagnostic::{Code, Diagnostic, Severity};
use serde_json::Value;
use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;

/// How generated code is compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Optimized: what programs are built with.
    #[default]
    Release,
    /// Compiled fast.
    Dev,
}

/// A cargo for one generated workspace.
#[derive(Clone, Debug)]
pub struct Cargo<'a> {
    /// The compiler; cargo is taken from beside it.
    pub rustc: &'a Rustc,
    /// The workspace's folder.
    pub workspace: &'a Path,
    /// The folder of what is compiled.
    pub target: &'a Path,
    /// The folder of the engine's library.
    pub libduckdb: Option<&'a Path>,
    /// How it is compiled.
    pub profile: Profile,
}

/// What rustc says of one place.
#[derive(Clone, Debug)]
pub struct Message {
    /// Whether it stops the build.
    pub is_error: bool,
    /// The finding in one line.
    pub text: String,
    /// The finding as rustc shows it.
    pub rendered: String,
    /// The file of its cause, relative to the workspace for generated code.
    pub file: Option<String>,
    /// Whether the file was generated.
    pub is_generated: bool,
}

/// What a call of cargo gave.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Whether cargo is content.
    pub success: bool,
    /// What rustc said.
    pub messages: Vec<Message>,
    /// The executable that was made.
    pub executable: Option<PathBuf>,
    /// What cargo itself said, line by line.
    pub lines: Vec<String>,
}

impl Cargo<'_> {
    /// Runs `cargo <command>` for one package: first with the crates that are on this machine,
    /// and if that isn't enough, with those of the registry.
    ///
    /// # Errors
    /// `rustc-missing` if cargo can't be started.
    pub fn run(
        &self,
        command: &str,
        package: &str,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Outcome, Diagnostic> {
        let outcome = self.call(command, package, true, progress)?;
        // Cargo has no other sign for it than this advice.
        let lacks_crates = outcome.lines.iter().any(|line| line.contains("--offline"));
        if outcome.success || !lacks_crates {
            return Ok(outcome);
        }
        progress("downloading the crates that the program is linked with");
        self.call(command, package, false, progress)
    }

    fn call(
        &self,
        command: &str,
        package: &str,
        offline: bool,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Outcome, Diagnostic> {
        let mut cargo = self.command(command, package);
        if offline {
            cargo.arg("--offline");
        }
        let missing = |error: std::io::Error| {
            let message = format!("`{}` can't be run: {error}", self.path().display());
            Diagnostic::without_place(Code::RustcMissing, Severity::Error, message).hint(
                "install Rust with `rustup toolchain install stable`, then open a new terminal",
            )
        };
        let mut child = cargo.spawn().map_err(missing)?;
        let (sender, events) = mpsc::channel();
        let readers = [
            child
                .stdout
                .take()
                .map(|stream| read(stream, sender.clone(), Event::Message)),
            child
                .stderr
                .take()
                .map(|stream| read(stream, sender.clone(), Event::Line)),
        ];
        drop(sender);
        let mut outcome = Outcome::default();
        for event in events {
            match event {
                Event::Message(line) => outcome.take_message(&line, self.workspace),
                Event::Line(line) => {
                    if let Some(step) = step(&line) {
                        progress(&step);
                    }
                    outcome.lines.push(line);
                }
            }
        }
        for reader in readers.into_iter().flatten() {
            let _ = reader.join();
        }
        outcome.success = child.wait().map_err(missing)?.success();
        Ok(outcome)
    }

    /// Cargo beside rustc, or the one in the search path.
    fn path(&self) -> PathBuf {
        let beside = self
            .rustc
            .path
            .with_file_name(format!("cargo{}", env::consts::EXE_SUFFIX));
        if beside.is_file() {
            beside
        } else {
            PathBuf::from("cargo")
        }
    }

    fn command(&self, command: &str, package: &str) -> Command {
        let mut cargo = Command::new(self.path());
        for (name, _) in env::vars_os().filter(|(name, _)| is_foreign(name)) {
            cargo.env_remove(name);
        }
        cargo
            .current_dir(self.workspace.ancestors().last().unwrap_or(self.workspace))
            .args([command, "--package", package, "--message-format=json"])
            .args(["--color=never", "--manifest-path"])
            .arg(self.workspace.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(self.target)
            .args(["--target", self.rustc.host()])
            .env("RUSTC", &self.rustc.path)
            // Empty, they hide what a `config.toml` says.
            .env("CARGO_ENCODED_RUSTFLAGS", "")
            .env("RUSTC_WRAPPER", "")
            .env("RUSTC_WORKSPACE_WRAPPER", "")
            .env("CARGO_TERM_PROGRESS_WHEN", "never")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if self.profile == Profile::Release {
            cargo.arg("--release");
            for (key, value) in RELEASE_PROFILE {
                cargo
                    .arg("--config")
                    .arg(format!("profile.release.{key}={value}"));
            }
        }
        if let Some(folder) = self.libduckdb {
            cargo.env("DUCKDB_LIB_DIR", folder);
        }
        cargo
    }
}

/// Whether a variable would change how generated code is compiled.
fn is_foreign(name: &OsStr) -> bool {
    const OF_BUILDS: [&str; 6] = [
        "CARGO",
        "__CARGO",
        "RUSTC",
        "RUSTFLAGS",
        "RUSTDOC",
        "DUCKDB",
    ];
    const OF_THE_MACHINE: [&str; 7] = [
        "CARGO_HOME",
        "CARGO_HTTP",
        "CARGO_NET",
        "CARGO_REGISTRY",
        "CARGO_REGISTRIES",
        "CARGO_SOURCE",
        "CARGO_CACHE",
    ];
    let name = name.to_string_lossy();
    let is_linker = name.starts_with("CARGO_TARGET_") && name.ends_with("_LINKER");
    OF_BUILDS.iter().any(|prefix| name.starts_with(prefix))
        && !OF_THE_MACHINE.iter().any(|prefix| name.starts_with(prefix))
        && !is_linker
}

/// A line of cargo's output.
enum Event {
    /// A JSON message.
    Message(String),
    /// Its talk.
    Line(String),
}

fn read(
    stream: impl Read + Send + 'static,
    sender: mpsc::Sender<Event>,
    event: fn(String) -> Event,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if sender.send(event(line)).is_err() {
                break;
            }
        }
    })
}

/// What cargo is doing, if a line says so: `Compiling serde v1.0.228` → `compiling serde 1.0.228`.
fn step(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let (verb, what) = (words.next()?, words.next()?);
    match verb {
        "Compiling" | "Checking" | "Downloaded" => {
            let version = words
                .next()
                .and_then(|word| word.strip_prefix('v'))
                .unwrap_or_default();
            Some(
                format!("{} {what} {version}", verb.to_lowercase())
                    .trim_end()
                    .to_owned(),
            )
        }
        "Blocking" | "Downloading" | "Updating" => Some(line.trim().to_lowercase()),
        _ => None,
    }
}

impl Outcome {
    /// Takes a message of cargo's JSON stream ("External tools" in the Cargo book).
    fn take_message(&mut self, line: &str, workspace: &Path) {
        let Ok(json) = serde_json::from_str::<Value>(line) else {
            return;
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match json["reason"].as_str() {
            Some("compiler-artifact") => {
                if let Some(path) = json["executable"].as_str() {
                    self.executable = Some(PathBuf::from(path));
                }
            }
            Some("compiler-message") => {
                let message = &json["message"];
                let spans = message["spans"]
                    .as_array()
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let primary = spans.iter().find(|span| span["is_primary"] == true);
                let manifest = json["manifest_path"].as_str().unwrap_or_default();
                self.messages.push(Message {
                    is_error: message["level"]
                        .as_str()
                        .is_some_and(|it| it.starts_with("error")),
                    text: text(&message["message"]),
                    rendered: text(&message["rendered"]),
                    file: primary.map(|span| text(&span["file_name"])),
                    is_generated: Path::new(manifest).starts_with(workspace),
                });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_settings_are_kept_out_and_the_machine_is_kept() {
        for foreign in [
            "RUSTFLAGS",
            "CARGO_BUILD_RUSTFLAGS",
            "RUSTC_WRAPPER",
            "DUCKDB_STATIC",
        ] {
            assert!(is_foreign(OsStr::new(foreign)), "{foreign}");
        }
        let linker = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER";
        for kept in [
            "CARGO_HOME",
            "CARGO_NET_GIT_FETCH_WITH_CLI",
            "RUSTUP_HOME",
            "PATH",
            linker,
        ] {
            assert!(!is_foreign(OsStr::new(kept)), "{kept}");
        }
    }

    #[test]
    fn steps_are_said_in_our_voice() {
        assert_eq!(
            step("   Compiling serde v1.0.228").as_deref(),
            Some("compiling serde 1.0.228")
        );
        assert_eq!(
            step("    Blocking waiting for file lock on build directory").as_deref(),
            Some("blocking waiting for file lock on build directory")
        );
        assert_eq!(step("warning: unused"), None);
    }

    #[test]
    fn a_message_names_its_file_and_whether_it_is_generated() {
        let line = r#"{"reason":"compiler-message","manifest_path":"/p/rust/shop_bodies_00/Cargo.toml",
            "message":{"level":"error","message":"no","rendered":"error: no",
            "spans":[{"is_primary":true,"file_name":"shop_bodies_00/src/a.rs"}]}}"#;
        let mut outcome = Outcome::default();
        outcome.take_message(line, Path::new("/p/rust"));
        outcome.take_message("not JSON", Path::new("/p/rust"));
        let [message] = outcome.messages.as_slice() else {
            panic!("one message")
        };
        assert!(message.is_error && message.is_generated);
        assert_eq!(message.file.as_deref(), Some("shop_bodies_00/src/a.rs"));
    }
}
