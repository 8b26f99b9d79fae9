//! Tells whether a file is the library that is wanted, without loading it.

use std::fmt;
use std::fs;
use std::io::{self, BufRead};
use std::path::Path;

use super::ENGINE_VERSION;
use super::platform::{Format, Platform};

/// What is wrong with a library.
#[derive(Debug)]
pub enum Unusable {
    /// There is no such file.
    Missing,
    /// The file has no bytes.
    Empty,
    /// The file is no library in this system's format.
    OtherFormat,
    /// The library is for another processor.
    OtherProcessor,
    /// The library doesn't contain the engine's version.
    OtherVersion,
    /// The file can't be read.
    Unreadable(io::Error),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unusable::Missing => f.write_str("is missing"),
            Unusable::Empty => f.write_str("is empty"),
            Unusable::OtherFormat => f.write_str("is no library of this system"),
            Unusable::OtherProcessor => f.write_str("is for another processor"),
            Unusable::OtherVersion => write!(f, "is not version {ENGINE_VERSION}"),
            Unusable::Unreadable(error) => write!(f, "can't be read: {error}"),
        }
    }
}

impl std::error::Error for Unusable {}

/// Checks the library in a folder.
///
/// # Errors
/// Tells what is wrong with it.
pub fn check(folder: &Path, platform: &Platform) -> Result<(), Unusable> {
    check_file(&folder.join(platform.file), platform)
}

/// Checks one file: size, format, processor and version.
///
/// # Errors
/// Tells what is wrong with it.
pub fn check_file(file: &Path, platform: &Platform) -> Result<(), Unusable> {
    let bytes = fs::read(file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Unusable::Missing,
        _ => Unusable::Unreadable(error),
    })?;
    if bytes.is_empty() {
        return Err(Unusable::Empty);
    }
    check_format(&bytes, platform.format)?;
    if says_version(&bytes) {
        Ok(())
    } else {
        Err(Unusable::OtherVersion)
    }
}

fn check_format(bytes: &[u8], format: Format) -> Result<(), Unusable> {
    match format {
        Format::Elf(machine) => {
            if !bytes.starts_with(b"\x7fELF") {
                return Err(Unusable::OtherFormat);
            }
            // `e_machine` stands behind the 16 bytes of `e_ident` and the two of `e_type`.
            match bytes.get(18..20) {
                Some(field) if field == machine.to_le_bytes() => Ok(()),
                _ => Err(Unusable::OtherProcessor),
            }
        }
        // `MH_MAGIC_64` in the machine's byte order, or `FAT_MAGIC`, which is big-endian everywhere.
        Format::MachO if bytes.starts_with(b"\xcf\xfa\xed\xfe") => Ok(()),
        Format::MachO if bytes.starts_with(b"\xca\xfe\xba\xbe") => Ok(()),
        Format::MachO => Err(Unusable::OtherFormat),
    }
}

/// The engine carries its version as a C string, which `duckdb_library_version` returns.
///
/// The search goes from `v` to `v` with the standard library's own byte search: a plain loop over the 70 MB takes a
/// second in an unoptimized build.
fn says_version(bytes: &[u8]) -> bool {
    let version = format!("{ENGINE_VERSION}\0");
    let mut rest = bytes;
    while matches!(rest.skip_until(b'v'), Ok(skipped) if skipped > 0) {
        if rest.starts_with(version.as_bytes()) {
            return true;
        }
    }
    false
}
