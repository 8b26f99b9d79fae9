//! Writes texts over files of the user: all of them or none, and none that changed meanwhile.

use super::unique;
use crate::diagnostic::{Code, Diagnostic, Severity};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file with its new text.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// Where it lies.
    pub path: PathBuf,
    /// The hash of the bytes that the new text was made from.
    pub before: blake3::Hash,
    /// The text, without a byte order mark; one that the file has stays.
    pub text: String,
}

/// Why nothing was written.
#[derive(Clone, Debug)]
pub enum RewriteError {
    /// This file is no longer what it was when it was read.
    Changed(PathBuf),
    /// `unwritable`, with the path.
    Unwritable(Box<Diagnostic>),
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Writes files. Each is filled aside with the permissions of the old one and reaches the disk
/// before any takes its place, so that a reader sees the old file or the new one. A link stays, and
/// the file that it leads to is written.
///
/// # Errors
/// A file that was changed since it was read, or that can't be written. The files are then as they
/// were, unless the system failed between two renamings.
pub fn rewrite(files: &[Rewrite]) -> Result<(), RewriteError> {
    let mut asides = Asides::default();
    for file in files {
        let path = fs::canonicalize(&file.path).map_err(|_| changed(file))?;
        let bytes = unchanged(file)?;
        let aside = aside_of(&path);
        asides.0.push((aside.clone(), path.clone()));
        fill(&aside, &path, &bytes, &file.text).map_err(|error| unwritable(&path, &error))?;
    }
    for file in files {
        unchanged(file)?;
    }
    for (aside, path) in std::mem::take(&mut asides.0) {
        if let Err(error) = fs::rename(&aside, &path) {
            let _ = fs::remove_file(&aside);
            return Err(unwritable(&path, &error));
        }
    }
    Ok(())
}

/// Files that were filled and have no place yet: those that are left when this goes are removed.
#[derive(Default)]
struct Asides(Vec<(PathBuf, PathBuf)>);

impl Drop for Asides {
    fn drop(&mut self) {
        for (aside, _) in &self.0 {
            let _ = fs::remove_file(aside);
        }
    }
}

fn unwritable(path: &Path, error: &io::Error) -> RewriteError {
    let message = format!("`{}` can't be written: {error}", path.display());
    let finding = Diagnostic::without_place(Code::Unwritable, Severity::Error, message);
    RewriteError::Unwritable(Box::new(
        finding.hint("make the file and its folder writable"),
    ))
}

fn changed(file: &Rewrite) -> RewriteError {
    RewriteError::Changed(file.path.clone())
}

/// The bytes of a file, if they are still those that were read.
fn unchanged(file: &Rewrite) -> Result<Vec<u8>, RewriteError> {
    let bytes = fs::read(&file.path).map_err(|_| changed(file))?;
    match blake3::hash(&bytes) == file.before {
        true => Ok(bytes),
        false => Err(changed(file)),
    }
}

/// A hidden name, which no project reads, in the same folder.
fn aside_of(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", unique()))
}

fn fill(aside: &Path, path: &Path, before: &[u8], text: &str) -> io::Result<()> {
    let permissions = fs::metadata(path)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::from(io::ErrorKind::PermissionDenied));
    }
    let mut file = fs::File::create_new(aside)?;
    file.set_permissions(permissions)?;
    if before.starts_with(BYTE_ORDER_MARK) {
        file.write_all(BYTE_ORDER_MARK)?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &Path, before: &[u8], text: &str) -> Rewrite {
        fs::write(path, before).unwrap();
        Rewrite {
            path: path.to_owned(),
            before: blake3::hash(before),
            text: text.to_owned(),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn marks_stay_and_nothing_is_left_beside() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a.sql"), folder.path().join("b.sql"));
        let files = [
            file(&a, b"\xEF\xBB\xBFone", "two"),
            file(&b, b"three", "four"),
        ];
        rewrite(&files).unwrap();
        assert_eq!(fs::read(&a).unwrap(), b"\xEF\xBB\xBFtwo");
        assert_eq!(fs::read(&b).unwrap(), b"four");
        assert_eq!(names(folder.path()), ["a.sql", "b.sql"]);
    }

    #[test]
    fn one_file_that_changed_stops_all() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a.sql"), folder.path().join("b.sql"));
        let files = [file(&a, b"one", "two"), file(&b, b"three", "four")];
        fs::write(&b, "edited").unwrap();
        let error = rewrite(&files).unwrap_err();
        assert!(matches!(error, RewriteError::Changed(path) if path == b));
        assert_eq!(fs::read(&a).unwrap(), b"one");
        assert_eq!(fs::read(&b).unwrap(), b"edited");
        assert_eq!(names(folder.path()), ["a.sql", "b.sql"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.sql"), folder.path().join("l.sql"));
        let mut change = file(&real, b"one", "two");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&real, &link).unwrap();
        change.path = link.clone();
        rewrite(&[change]).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"two");
        let mode = fs::metadata(&real).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        let read_only = file(&folder.path().join("r.sql"), b"one", "two");
        fs::set_permissions(&read_only.path, fs::Permissions::from_mode(0o440)).unwrap();
        let error = rewrite(std::slice::from_ref(&read_only)).unwrap_err();
        assert!(matches!(error, RewriteError::Unwritable(_)));
        assert_eq!(fs::read(&read_only.path).unwrap(), b"one");
    }
}
