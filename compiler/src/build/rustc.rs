//! Finds rustc, once, and calls it directly: neither rustup's proxy nor the user's flags for
//! cargo have a say in how generated code is compiled.

use crate::diagnostic::{Code, Diagnostic, Severity};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest rustc that compiles generated code: the first with edition 2024.
const OLDEST: (u32, u32) = (1, 85);

/// A rustc that can be called.
#[derive(Clone, Debug)]
pub struct Rustc {
    /// The program itself, behind any proxy.
    pub path: PathBuf,
    /// All that `rustc -vV` prints: two compilers with the same text make the same code.
    pub verbose_version: String,
}

impl Rustc {
    /// Finds the rustc that `rustc` means in `search_path`, or the one at `named`.
    ///
    /// # Errors
    /// `rustc-missing` if there is none or it doesn't run, `rustc-too-old` below 1.85.
    pub fn find(named: Option<&Path>) -> Result<Rustc, Diagnostic> {
        let command = named.unwrap_or(Path::new("rustc"));
        let is_named = named.is_some();
        let sysroot =
            output(command, &["--print", "sysroot"]).ok_or_else(|| missing(command, is_named))?;
        let behind_proxy = Path::new(sysroot.trim()).join("bin").join("rustc");
        let path = if behind_proxy.is_file() {
            behind_proxy
        } else {
            command.to_owned()
        };
        let verbose_version = output(&path, &["-vV"]).ok_or_else(|| missing(command, is_named))?;
        if !verbose_version.contains("\nrelease: ") {
            return Err(no_rustc(command, is_named));
        }
        check_version(&verbose_version)?;
        Ok(Rustc {
            path,
            verbose_version,
        })
    }
}

impl Rustc {
    /// The target that it compiles for by itself: `x86_64-unknown-linux-gnu`.
    pub fn host(&self) -> &str {
        let mut lines = self.verbose_version.lines();
        lines
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap_or_default()
    }
}

fn output(program: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a rustc on generated code.
///
/// # Errors
/// `rustc-missing` if it can't be started or lacks its own library, `linker-missing`,
/// `unwritable` on a full disk, `program-not-built` if it was ended from outside, and else
/// `generated-code`: what rustc refuses is a fault of dbgo.
pub(super) fn run(mut command: Command, what: &str) -> Result<(), Diagnostic> {
    let path = PathBuf::from(command.get_program());
    let output = command.env_remove("RUSTFLAGS").output();
    let output = output.map_err(|error| missing(&path, false).note(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let says = String::from_utf8_lossy(&output.stderr);
    let mut diagnostic = if output.status.code().is_none() {
        let message = format!(
            "rustc was ended ({}) while it compiled {what}",
            output.status
        );
        Diagnostic::without_place(Code::ProgramNotBuilt, Severity::Error, message)
            .hint("often there is too little memory")
    } else {
        failed(&path, what, &says)
    };
    let lines = says.lines().filter(|line| !line.trim().is_empty());
    for line in lines.take(20) {
        diagnostic = diagnostic.note(line);
    }
    Err(diagnostic)
}

/// What stands behind a failure, by what rustc says of it.
fn failed(path: &Path, what: &str, says: &str) -> Diagnostic {
    if says.contains("No space left on device") {
        let message = format!("there is no space left on the disk to compile {what}");
        return Diagnostic::without_place(Code::Unwritable, Severity::Error, message)
            .hint("make room on the disk");
    }
    if lacks_linker(says) || says.contains("error: linking with `") {
        return linker_missing(&format!(
            "the linker that rustc calls fails, compiling {what}"
        ));
    }
    if says.contains("can't find crate for `core`") {
        return missing(path, false).note("it lacks its standard library");
    }
    let message = format!("rustc refuses the generated code of {what}");
    Diagnostic::without_place(Code::GeneratedCode, Severity::Error, message)
        .hint("this is a fault of dbgo: please report it with the model's file")
}

/// Whether rustc says that there is no linker: "linker `cc` not found".
pub(super) fn lacks_linker(says: &str) -> bool {
    says.lines()
        .any(|line| line.contains("linker `") && line.contains("` not found"))
}

/// There is no C linker that works.
pub(super) fn linker_missing(message: &str) -> Diagnostic {
    Diagnostic::without_place(Code::LinkerMissing, Severity::Error, message)
        .hint("install a C compiler, which brings it: `apt install gcc`, `dnf install gcc` or `xcode-select --install`")
}

fn missing(command: &Path, is_named: bool) -> Diagnostic {
    let message = format!(
        "`{}` can't be run, and models are compiled with it",
        command.display()
    );
    let install = "install Rust with `rustup toolchain install stable`, then open a new terminal";
    Diagnostic::without_place(Code::RustcMissing, Severity::Error, message)
        .hint(if is_named { NAMED } else { install })
        .note("`dbgo check` and `dbgo graph` work without it")
}

/// What to do about a compiler that the user chose.
const NAMED: &str = "the environment's `DBGO_RUSTC` names it: correct that, or unset it";

fn no_rustc(command: &Path, is_named: bool) -> Diagnostic {
    let message = format!("`{}` doesn't answer as rustc does", command.display());
    Diagnostic::without_place(Code::RustcMissing, Severity::Error, message).hint(if is_named {
        NAMED
    } else {
        "look at what `rustc -vV` says"
    })
}

fn check_version(verbose_version: &str) -> Result<(), Diagnostic> {
    let release = verbose_version
        .lines()
        .find_map(|line| line.strip_prefix("release: "))
        .unwrap_or_default();
    let mut numbers = release.split('.').map(|part| part.parse::<u32>().ok());
    let found = (
        numbers.next().flatten().unwrap_or(0),
        numbers.next().flatten().unwrap_or(0),
    );
    if found >= OLDEST {
        return Ok(());
    }
    let (major, minor) = OLDEST;
    let message =
        format!("rustc {release} is too old: generated code needs {major}.{minor} or newer");
    Err(
        Diagnostic::without_place(Code::RustcTooOld, Severity::Error, message)
            .hint("update it with `rustup update stable`"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_strange_versions_are_refused() {
        assert!(check_version("rustc 1.95.0\nrelease: 1.95.0\n").is_ok());
        assert!(check_version("release: 1.86.0-nightly\n").is_ok());
        assert_eq!(
            check_version("release: 1.84.1\n").unwrap_err().code,
            Code::RustcTooOld
        );
        assert_eq!(check_version("").unwrap_err().code, Code::RustcTooOld);
    }

    /// What comes of a rustc that is a shell script.
    #[cfg(unix)]
    fn outcome(script: &str) -> Diagnostic {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        run(shell, "`bodies_00`").unwrap_err()
    }

    #[cfg(unix)]
    #[test]
    fn a_missing_linker_is_not_a_fault_of_dbgo() {
        let absent = "echo 'error: linker `cc` not found' >&2; exit 1";
        let broken = "echo 'error: linking with `cc` failed: exit status: 1' >&2; exit 1";
        for script in [absent, broken] {
            let found = outcome(script);
            assert_eq!(found.code, Code::LinkerMissing);
            assert!(found.hints[0].contains("gcc"), "{:?}", found.hints);
            assert!(found.notes[0].contains("cc"), "{:?}", found.notes);
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_the_machine_lacks_is_told_from_faults_of_dbgo() {
        let codes = [
            (
                "echo 'error: mismatched types' >&2; exit 1",
                Code::GeneratedCode,
            ),
            (
                "echo 'error: could not write: No space left on device (os error 28)' >&2; exit 1",
                Code::Unwritable,
            ),
            (
                "echo \"error[E0463]: can't find crate for \\`core\\`\" >&2; exit 1",
                Code::RustcMissing,
            ),
            ("kill -9 $$", Code::ProgramNotBuilt),
        ];
        for (script, code) in codes {
            assert_eq!(outcome(script).code, code, "{script}");
        }
        let found = run(Command::new("/nowhere/rustc"), "`bodies_00`").unwrap_err();
        assert_eq!(found.code, Code::RustcMissing);
    }

    #[test]
    fn a_missing_rustc_is_named() {
        let error = Rustc::find(Some(Path::new("/nowhere/rustc"))).unwrap_err();
        assert_eq!(error.code, Code::RustcMissing);
        assert!(error.message.contains("/nowhere/rustc"));
        assert!(error.hints[0].contains("DBGO_RUSTC"));
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_is_no_rustc_is_named() {
        let error = Rustc::find(Some(Path::new("/bin/echo"))).unwrap_err();
        assert_eq!(error.code, Code::RustcMissing);
        assert!(error.message.contains("doesn't answer as rustc does"));
    }
}
