//! Files that a commit names are on the disk before it.
//!
//! The engine writes a file of Parquet and closes it, which leaves its content to the system for a while, and the
//! catalogue's server syncs the commit at once: after a power cut the catalogue would name files that are empty. So what
//! was written since a transaction began is synced before its commit, where the files are in a folder. A bucket keeps
//! what it was given.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Clocks of file systems are coarser than the one that a transaction's beginning is told by.
const COARSE: Duration = Duration::from_secs(2);

/// The folders of tables are in those of schemas, and these in the lake's; dbgo's tables have none below.
const TABLES: u32 = 2;

/// Syncs the files of a lake that were written since an instant, and the folders that they are in.
///
/// # Errors
/// What the system says; nothing where there is no folder yet.
pub(super) fn sync(data: &Path, since: SystemTime) -> io::Result<()> {
    let since = since.checked_sub(COARSE).unwrap_or(SystemTime::UNIX_EPOCH);
    sync_folder(data, (since, 0))
}

fn sync_folder(folder: &Path, (since, depth): (SystemTime, u32)) -> io::Result<()> {
    let Some(found) = there(fs::metadata(folder))? else {
        return Ok(());
    };
    let has_changed = found.modified()? >= since;
    if !has_changed && depth >= TABLES {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // Others may remove what was listed.
        let Some(found) = there(fs::metadata(&path))? else {
            continue;
        };
        if found.is_dir() {
            sync_folder(&path, (since, depth + 1))?;
        } else if found.modified()? >= since
            && let Some(file) = there(File::open(&path))?
        {
            file.sync_all()?;
        }
    }
    if has_changed && cfg!(unix) {
        // The names of new files are the folder's own content; elsewhere a folder can't be opened as a file.
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Nothing where something isn't there.
fn there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_isn_t_there_needs_no_syncing() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        sync(&folder.path().join("lake"), now).unwrap();
        let table = folder.path().join("lake/_dbgo/core__a_1");
        fs::create_dir_all(&table).unwrap();
        fs::write(table.join("a.parquet"), "a").unwrap();
        sync(&folder.path().join("lake"), now).unwrap();
        let file = folder.path().join("lake/_dbgo/core__a_1/a.parquet");
        assert!(sync(&file, now).is_err(), "it is no folder");
    }
}
