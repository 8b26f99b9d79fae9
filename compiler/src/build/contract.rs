//! Compiles `dbgo-contract` for libraries of bodies. Its source is part of `dbgo`; what comes
//! out is kept in the user's cache, one file for each rustc.

use super::{rustc::Rustc, unwritable};
use crate::diagnostic::{Code, Diagnostic, Severity};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The source of the contract that this `dbgo` was built with.
const SOURCE: [(&str, &str); 4] = [
    (
        "lib.rs",
        include_str!("../../../runtime/contract/src/lib.rs"),
    ),
    (
        "definition.rs",
        include_str!("../../../runtime/contract/src/definition.rs"),
    ),
    (
        "render.rs",
        include_str!("../../../runtime/contract/src/render.rs"),
    ),
    (
        "text.rs",
        include_str!("../../../runtime/contract/src/text.rs"),
    ),
];

/// Changes when the way that libraries are made changes, though the contract doesn't.
const FORMAT: u32 = 1;

/// The stamp that a library must carry to be loaded: a hash of the contract's source, the
/// target and a format number. rustc's version isn't in it, as the layout doesn't depend on it.
pub fn stamp() -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for (name, text) in SOURCE {
        hasher
            .update(name.as_bytes())
            .update(&[0])
            .update(text.as_bytes())
            .update(&[0]);
    }
    hasher
        .update(std::env::consts::ARCH.as_bytes())
        .update(std::env::consts::OS.as_bytes());
    hasher.update(&FORMAT.to_le_bytes());
    *hasher.finalize().as_bytes()
}

/// The flags that the contract and all bodies are compiled with: they must agree.
pub(super) const FLAGS: [&str; 8] = [
    "--edition=2024",
    "-Cpanic=abort",
    "-Copt-level=0",
    "-Cdebuginfo=0",
    "-Cdebug-assertions=no",
    "-Cstrip=symbols",
    "-Cembed-bitcode=no",
    "--cap-lints=allow",
];

/// The compiled contract, made if the cache doesn't hold it.
///
/// # Errors
/// `unwritable` for the cache, `generated-code` if rustc refuses the source.
pub fn compiled(rustc: &Rustc, cache: &Path) -> Result<PathBuf, Diagnostic> {
    let stamp = blake3::Hash::from_bytes(stamp()).to_hex();
    let key = blake3::hash(format!("{stamp}{}{FLAGS:?}", rustc.verbose_version).as_bytes());
    let folder = cache.join("contract").join(&key.to_hex()[..32]);
    let library = folder.join("libdbgo_contract.rlib");
    if library.is_file() {
        return Ok(library);
    }
    let aside =
        cache
            .join("contract")
            .join(format!("{}.{}", &key.to_hex()[..32], std::process::id()));
    write_source(&aside).map_err(|error| unwritable(&aside, &error))?;
    let output = Command::new(&rustc.path)
        .args(FLAGS)
        .args([
            "--crate-name=dbgo_contract",
            "--crate-type=rlib",
            "--out-dir",
        ])
        .arg(&aside)
        .arg(aside.join("lib.rs"))
        .env("DBGO_ABI_STAMP", stamp.as_str())
        .env_remove("RUSTFLAGS")
        .output();
    let built = match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    };
    built.map_err(|text| refused("the contract", &text))?;
    // Another process may have been first; what it made is the same.
    if let Err(error) = std::fs::rename(&aside, &folder) {
        let _ = std::fs::remove_dir_all(&aside);
        if !library.is_file() {
            return Err(unwritable(&folder, &error));
        }
    }
    Ok(library)
}

fn write_source(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    SOURCE
        .iter()
        .try_for_each(|(name, text)| std::fs::write(folder.join(name), text))
}

/// rustc refuses code that dbgo made: always a fault of dbgo.
pub(super) fn refused(what: &str, rustc_says: &str) -> Diagnostic {
    let mut diagnostic = Diagnostic::without_place(
        Code::GeneratedCode,
        Severity::Error,
        format!("rustc refuses the generated code of {what}"),
    )
    .hint("this is a fault of dbgo: please report it with the model's file");
    for line in rustc_says.lines().take(20) {
        diagnostic = diagnostic.note(line);
    }
    diagnostic
}
