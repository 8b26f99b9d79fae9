//! The bytes of a seed: from its file in a source tree, from the program in a built one.

use super::Project;
use crate::error::{Code, Error, Kind, Result};
use dbgo_contract::SeedDef;
use std::path::PathBuf;

/// Where the engine reads a seed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeedData {
    /// A file of the source tree.
    File(PathBuf),
    /// Bytes inside the program.
    Bytes(&'static [u8]),
}

impl Project {
    /// Where a seed's data is.
    ///
    /// # Errors
    /// `seed-changed` if the file isn't what was compiled, which happens when it is edited
    /// while a run starts.
    pub fn seed_data(&self, seed: &'static SeedDef) -> Result<SeedData> {
        if self.folder().is_none() || !seed.data.as_slice().is_empty() {
            return Ok(SeedData::Bytes(seed.data.as_slice()));
        }
        let path = self.resolve_path(seed.file.as_str());
        let bytes = std::fs::read(&path).map_err(|error| {
            Error::new(
                Kind::Finding,
                Code::SeedUnreadable,
                format!("`{}`: {error}", seed.file),
            )
        })?;
        if blake3::hash(&bytes).to_hex().as_str() != seed.hash.as_str() {
            return Err(Error::new(
                Kind::Refused,
                Code::SeedChanged,
                format!("`{}` was changed after it was checked", seed.file),
            )
            .hint("run the command again"));
        }
        Ok(SeedData::File(path))
    }
}
