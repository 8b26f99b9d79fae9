//! One build at a time in a project's generated workspace: what cargo compiles is then what the
//! build wrote, and not what another one, of a later state of the files, wrote over it.

use crate::diagnostic::Diagnostic;
use crate::emit::unwritable;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

/// The file that is locked, in the generated workspace.
const FILE: &str = ".lock";

/// Waits until no other process holds the lock of a generated workspace, whose folder is made if
/// it is missing. It is held until the result is dropped, and gone with a process that ends.
///
/// # Errors
/// `unwritable`
pub(super) fn lock(generated: &Path, progress: &mut dyn FnMut(&str)) -> Result<File, Diagnostic> {
    let path = generated.join(FILE);
    let locked = fs::create_dir_all(generated)
        .and_then(|()| File::create(&path))
        .and_then(|file| {
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    progress("waiting for another `dbgo build` of this project");
                    file.lock()?;
                }
                // Some network file systems have no locks: two builds at once are rare.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
            Ok(file)
        });
    locked.map_err(|error| unwritable(&path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_second_build_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let generated = folder.path().join("rust");
        let first = lock(&generated, &mut |_| panic!("nobody else builds")).unwrap();
        let (sender, events) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut say = |step: &str| sender.send(step.to_owned()).unwrap();
                let second = lock(&generated, &mut say).unwrap();
                sender.send("locked".to_owned()).unwrap();
                drop(second);
            });
            assert!(events.recv().unwrap().contains("waiting"));
            assert!(events.try_recv().is_err(), "the lock isn't held");
            drop(first);
            assert_eq!(events.recv().unwrap(), "locked");
        });
    }
}
