//! Puts a fetched library into the cache so that nobody ever sees half of it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use super::platform::Platform;
use super::{Failure, library};

/// Makes `fetched` the library in `folder`, after a check. It must lie on the folder's file system, as the last step
/// is a rename.
pub fn keep(fetched: &Path, folder: &Path, platform: &Platform) -> Result<(), Failure> {
    library::check_file(fetched, platform).map_err(Failure::Unusable)?;
    File::open(fetched)?.sync_all()?;
    fs::create_dir_all(folder)?;
    fs::rename(fetched, folder.join(platform.file))?;
    Ok(())
}

/// A folder for what is being fetched; it is removed with all that is in it when the value goes out of scope.
pub struct Incoming(PathBuf);

impl Incoming {
    /// A new, empty folder in `cache`.
    pub fn new(cache: &Path) -> io::Result<Incoming> {
        let folder = cache.join(format!(".incoming-{}", process::id()));
        // One with this name is left of a process that was killed and whose number is used again.
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(Incoming(folder))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // A folder that stays behind harms nothing, and there is nobody to tell.
        let _ = fs::remove_dir_all(&self.0);
    }
}
