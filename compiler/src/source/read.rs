//! Reading a project from disk.

use super::SourceSet;
use super::classify::{Listed, ProjectFiles, classify, extension_of};
use super::kept::{Kept, Stamp};
use super::walk::{Found, Unlisted, walk};
use crate::cache::{Mark, Store, Table};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::span::{FileId, Span};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The largest `.sql` file that is read: 4 MiB.
pub const MAX_SQL_BYTES: u64 = 4 << 20;

/// The largest `.csv` file that is read: places in a text are 32 bits wide.
const MAX_CSV_BYTES: u64 = u32::MAX as u64;

/// The name of the project's file.
pub const SETTINGS: &str = "dbgo.toml";

/// The folders whose files mean something. `tests/` holds no SQL and isn't read here.
pub const FOLDERS: &[&str] = &[
    "audits",
    "exposures",
    "fragments",
    "macros",
    "models",
    "seeds",
    "sources",
];

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Finds the folder of the project that `start` lies in: the nearest one with a `dbgo.toml`.
pub fn find_root(start: &Path) -> Result<PathBuf, Diagnostic> {
    let start = std::path::absolute(start).unwrap_or_else(|_| start.to_owned());
    start
        .ancestors()
        .find(|folder| folder.join(SETTINGS).is_file())
        .map(Path::to_owned)
        .ok_or_else(|| {
            Diagnostic::without_place(
                Code::ProjectFileMissing,
                Severity::Error,
                format!("there is no `{SETTINGS}` in `{}` or above", start.display()),
            )
            .hint("go into a project's folder, or start one with `dbgo init`")
        })
}

/// Reads all files of the project in `root`.
///
/// What can't be read is reported and stays in the result, without a text to rely on.
pub fn read_project(root: &Path) -> (ProjectFiles, Vec<Diagnostic>) {
    read_changed(list(root), &mut Store::none())
}

/// The names of a project's files.
pub struct Listing {
    root: PathBuf,
    found: Vec<Found>,
    diagnostics: Vec<Diagnostic>,
}

/// Lists the files of the project in `root`.
pub fn list(root: &Path) -> Listing {
    let mut found = vec![Found {
        path: SETTINGS.to_owned(),
        on_disk: root.join(SETTINGS),
        is_file: false,
    }];
    let mut diagnostics = Vec::new();
    for folder in FOLDERS {
        let (files, unlisted) = walk(root, folder, is_read);
        found.extend(files);
        diagnostics.extend(unlisted.into_iter().map(unlisted_folder));
    }
    Listing {
        root: root.to_owned(),
        found,
        diagnostics,
    }
}

/// The same as [`read_project`], but reads only those files that changed since the store got what
/// they hold. What was read is put into the store.
pub fn read_changed(listing: Listing, store: &mut Store) -> (ProjectFiles, Vec<Diagnostic>) {
    let Listing {
        root,
        found,
        mut diagnostics,
    } = listing;
    let mark = store.mark();
    let contents = read_all(&found, store, mark.as_ref());
    let mut sources = SourceSet::default();
    let mut listed = Vec::new();
    let mut unusable = BTreeSet::new();
    for (file, content) in found.into_iter().zip(contents) {
        if let Some(bytes) = content.to_keep {
            store.put(Table::File, &file.path, bytes);
        }
        let id = sources.add_hashed(file.path.clone(), content.text, content.hash);
        if let Some(fault) = content.fault {
            unusable.insert(id);
            diagnostics.push(fault.report(id, &file.path));
        }
        listed.push(Listed {
            file: id,
            footer: content.footer,
            size: content.size,
        });
    }
    let settings = FileId(0);
    let (files, more) = classify(root, sources, settings, listed, unusable);
    diagnostics.extend(more);
    (files, diagnostics)
}

fn is_read(path: &str) -> bool {
    matches!(extension_of(path).as_str(), "sql" | "csv" | "parquet")
}

fn unlisted_folder(folder: Unlisted) -> Diagnostic {
    Diagnostic::without_place(
        Code::UnreadableFile,
        Severity::Error,
        format!(
            "the folder `{}` can't be listed: {}",
            folder.path, folder.error
        ),
    )
}

/// What was read of a file.
struct Content {
    text: Arc<str>,
    hash: blake3::Hash,
    footer: Arc<[u8]>,
    size: u64,
    fault: Option<Fault>,
    /// The file's stamp when it was read; `None` for what comes from the store.
    stamp: Option<Stamp>,
    /// What the store shall have of it.
    to_keep: Option<Vec<u8>>,
}

/// Why a file can't be used.
enum Fault {
    Unreadable(io::Error),
    TooLarge {
        size: u64,
        limit: u64,
    },
    /// The first byte that isn't UTF-8, in the text, where it has become U+FFFD.
    NotUtf8(usize, u8),
}

impl Fault {
    fn report(self, file: FileId, path: &str) -> Diagnostic {
        let top = Span::new(file, 0, 0);
        match self {
            Fault::Unreadable(error) => Diagnostic::error(
                Code::UnreadableFile,
                top,
                format!("`{path}` can't be read: {error}"),
            ),
            Fault::TooLarge { size, limit } => {
                let (limit, hint) = if limit == MAX_SQL_BYTES {
                    (
                        "4 MiB",
                        "put data into a CSV or Parquet file under `seeds/`",
                    )
                } else {
                    (
                        "4 GiB",
                        "make a source of it: `location` in `sources/` names a file that is read where it lies",
                    )
                };
                let message = format!("`{path}` has {size} bytes, which is more than {limit}");
                Diagnostic::error(Code::FileTooLarge, top, message).hint(hint)
            }
            Fault::NotUtf8(at, byte) => Diagnostic::error(
                Code::InvalidUtf8,
                Span::new(file, at, at + char::REPLACEMENT_CHARACTER.len_utf8()),
                format!("`{path}` isn't valid UTF-8"),
            )
            .saying(format!("the byte 0x{byte:02X} can't stand here"))
            .hint("save the file as UTF-8"),
        }
    }
}

/// Reads files side by side; the result has their order.
fn read_all(files: &[Found], store: &Store, mark: Option<&Mark>) -> Vec<Content> {
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(files.len().div_ceil(64))
        .max(1);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut contents = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(index) else {
                return contents;
            };
            let mut content = read_file(file, store);
            content.to_keep = mark.and_then(|mark| content.bytes_to_keep(mark));
            contents.push((index, content));
        }
    };
    let mut contents: Vec<(usize, Content)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut contents = work();
        for other in others {
            match other.join() {
                Ok(more) => contents.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        contents
    });
    contents.sort_unstable_by_key(|(index, _)| *index);
    contents.into_iter().map(|(_, content)| content).collect()
}

fn read_file(file: &Found, store: &Store) -> Content {
    if let Some(content) = Content::kept(file, store) {
        return content;
    }
    let content = match extension_of(&file.path).as_str() {
        "parquet" => read_parquet(file),
        "sql" => read_text(file, MAX_SQL_BYTES),
        _ => read_text(file, MAX_CSV_BYTES),
    };
    content.unwrap_or_else(|error| Content::faulty(Fault::Unreadable(error)))
}

impl Content {
    fn faulty(fault: Fault) -> Self {
        Self {
            text: Arc::from(""),
            hash: blake3::hash(b""),
            footer: Arc::from([]),
            size: 0,
            fault: Some(fault),
            stamp: None,
            to_keep: None,
        }
    }

    /// What the store has of a file that hasn't changed.
    fn kept(file: &Found, store: &Store) -> Option<Self> {
        let kept = Kept::find(store, &file.path, || {
            let metadata = std::fs::metadata(&file.on_disk).ok()?;
            Stamp::of(&metadata).filter(|_| metadata.is_file())
        })?;
        Some(Self {
            text: kept.text.into(),
            hash: blake3::Hash::from_bytes(kept.hash),
            footer: kept.footer.into(),
            size: kept.size,
            fault: None,
            stamp: None,
            to_keep: None,
        })
    }

    /// What the store shall have of a file that was read.
    fn bytes_to_keep(&self, mark: &Mark) -> Option<Vec<u8>> {
        let stamp = self.stamp.filter(|stamp| stamp.is_settled(mark))?;
        let kept = Kept {
            stamp,
            hash: *self.hash.as_bytes(),
            size: self.size,
            text: &self.text,
            footer: &self.footer,
        };
        if self.fault.is_some() {
            return None;
        }
        kept.bytes()
    }
}

/// Opens a file, and nothing else: opening a pipe waits for who writes to it.
fn open(found: &Found) -> io::Result<(File, u64, Option<Stamp>)> {
    if !(found.is_file || std::fs::metadata(&found.on_disk)?.is_file()) {
        return Err(io::Error::other("it is neither a file nor a folder"));
    }
    let file = File::open(&found.on_disk)?;
    let metadata = file.metadata()?;
    Ok((file, metadata.len(), Stamp::of(&metadata)))
}

fn read_text(found: &Found, limit: u64) -> io::Result<Content> {
    let (file, size, stamp) = open(found)?;
    if size > limit {
        return Ok(Content::faulty(Fault::TooLarge { size, limit }));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    // The file may have grown since its size was asked for.
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let size = bytes.len() as u64;
        return Ok(Content::faulty(Fault::TooLarge { size, limit }));
    }
    let (hash, size) = (blake3::hash(&bytes), bytes.len() as u64);
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    let (text, fault) = match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes().get(at).copied().unwrap_or_default();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            (text, Some(Fault::NotUtf8(at, byte)))
        }
    };
    Ok(Content {
        text: text.into(),
        hash,
        footer: Arc::from([]),
        size,
        fault,
        stamp,
        to_keep: None,
    })
}

/// Hashes a Parquet file and keeps its footer: the metadata, whose length stands in the four bytes
/// before the closing `PAR1` (Apache Parquet, "File Format").
fn read_parquet(found: &Found) -> io::Result<Content> {
    const TAIL: u64 = 8;
    let (mut file, _, stamp) = open(found)?;
    let mut hasher = blake3::Hasher::new();
    let size = io::copy(&mut file, &mut hasher)?;
    let mut footer = Vec::new();
    if size >= TAIL {
        file.seek(SeekFrom::Start(size - TAIL))?;
        let mut tail = [0; TAIL as usize];
        file.read_exact(&mut tail)?;
        let length = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
        let length = (u64::from(length) + TAIL).min(size);
        file.seek(SeekFrom::Start(size - length))?;
        file.take(length).read_to_end(&mut footer)?;
    }
    Ok(Content {
        text: Arc::from(""),
        hash: hasher.finalize(),
        footer: footer.into(),
        size,
        fault: None,
        stamp,
        to_keep: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn project(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, bytes) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    #[test]
    fn reads_in_order_and_without_marks() {
        let folder = project(&[
            ("dbgo.toml", b"name = 'shop'"),
            ("models/b.sql", b"\xEF\xBB\xBFselect 1"),
            ("models/a.sql", b"select 2"),
            ("models/.hidden.sql", b"select 3"),
            ("models/notes.md", b"hello"),
            ("tests/a.sql", b"select 4"),
        ]);
        let (files, diagnostics) = read_project(folder.path());
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let paths: Vec<&str> = files
            .sources
            .iter()
            .map(|(_, file)| file.path.as_str())
            .collect();
        assert_eq!(paths, ["dbgo.toml", "models/a.sql", "models/b.sql"]);
        assert_eq!(&*files.sources.file(files.models[1]).text, "select 1");
        let found = find_root(&folder.path().join("models")).unwrap();
        assert_eq!(
            found.canonicalize().unwrap(),
            folder.path().canonicalize().unwrap()
        );
    }

    #[test]
    fn files_that_cannot_be_used() {
        let folder = project(&[
            ("dbgo.toml", b""),
            ("models/a.sql", b"select 1,\n  '\xFF'"),
            ("models/b.sql", &vec![b' '; MAX_SQL_BYTES as usize + 1]),
            ("models/c.sql", &vec![b' '; MAX_SQL_BYTES as usize]),
        ]);
        let (files, diagnostics) = read_project(folder.path());
        let codes: Vec<Code> = diagnostics.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [Code::InvalidUtf8, Code::FileTooLarge]);
        assert_eq!(diagnostics[0].primary.as_ref().unwrap().span.start, 13);
        assert_eq!(files.models.len(), 3);
        assert!(!files.is_usable(files.models[0]) && files.is_usable(files.models[2]));
    }

    #[test]
    fn a_large_seed_isnt_told_to_become_one() {
        let fault = Fault::TooLarge {
            size: MAX_CSV_BYTES + 1,
            limit: MAX_CSV_BYTES,
        };
        let found = fault.report(FileId(1), "seeds/all.csv");
        assert!(found.message.contains("more than 4 GiB"), "{found:?}");
        assert!(found.hints[0].contains("sources/"), "{found:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_refused_and_not_waited_for() {
        let folder = project(&[("dbgo.toml", b""), ("models/a.sql", b"select 1")]);
        for name in ["models/pipe.sql", "seeds/pipe.parquet"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let made = std::process::Command::new("mkfifo").arg(path).status();
            assert!(made.unwrap().success());
        }
        let (_, diagnostics) = read_project(folder.path());
        let codes: Vec<Code> = diagnostics.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [Code::UnreadableFile, Code::UnreadableFile]);
        assert!(diagnostics[0].message.contains("neither a file"));
    }

    #[test]
    fn no_project() {
        let folder = project(&[("a.sql", b"")]);
        assert_eq!(
            find_root(folder.path()).unwrap_err().code,
            Code::ProjectFileMissing
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_that_go_round_end_and_dead_ones_are_reported() {
        use std::os::unix::fs::symlink;
        let folder = project(&[
            ("dbgo.toml", b""),
            ("models/a/x.sql", b"select 1"),
            ("models/b/y.sql", b"select 1"),
        ]);
        let models = folder.path().join("models");
        symlink(&models, models.join("a/up")).unwrap();
        symlink(models.join("b"), models.join("a/over")).unwrap();
        symlink(models.join("a"), models.join("b/back")).unwrap();
        symlink(models.join("nothing.sql"), models.join("dead.sql")).unwrap();
        let (files, diagnostics) = read_project(folder.path());
        let paths: Vec<&str> = files
            .models
            .iter()
            .map(|file| files.sources.file(*file).path.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "models/a/over/y.sql",
                "models/a/x.sql",
                "models/b/back/x.sql",
                "models/b/y.sql",
                "models/dead.sql"
            ]
        );
        assert_eq!(diagnostics.len(), 1);
        assert_eq!(diagnostics[0].code, Code::UnreadableFile);
    }
}
