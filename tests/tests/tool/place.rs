//! A folder with a project, and calls of `dbgo` in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

/// A folder that goes when the test ends.
pub struct Place {
    folder: tempfile::TempDir,
}

/// What a call printed, and how it ended.
pub struct Called {
    /// Data.
    pub out: String,
    /// Talk.
    pub err: String,
    /// The exit code.
    pub code: Option<i32>,
}

impl Called {
    pub fn of(output: &Output) -> Self {
        Self {
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code(),
        }
    }

    /// Fails the test, showing everything, unless the call ended with this code.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "\nout:\n{}\nerr:\n{}",
            self.out,
            self.err
        );
        self
    }
}

/// The tool's executable.
pub fn dbgo() -> PathBuf {
    std::env::var_os("DBGO_BIN")
        .map(PathBuf::from)
        .expect("DBGO_BIN names the executable: run the tests with `cargo xtask test`")
}

impl Place {
    /// An empty folder.
    pub fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder for the test"),
        }
    }

    /// A project of these files; a `dbgo.toml` is added if there is none.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let place = Self::empty();
        place.write("dbgo.toml", "name = \"shop\"\n");
        for (path, text) in files {
            place.write(path, text);
        }
        place
    }

    /// What `dbgo init` writes.
    pub fn initialized(example: bool) -> Self {
        let place = Self::empty();
        let arguments: &[&str] = if example {
            &["init", "--example"]
        } else {
            &["init"]
        };
        place.dbgo(arguments).ends_with(0);
        place
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("a folder of the project");
        }
        std::fs::write(path, text).expect("a file of the project");
    }

    /// The text of a file of the project.
    pub fn read(&self, path: &str) -> String {
        let path = self.path().join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Calls `dbgo` in the folder.
    pub fn dbgo(&self, arguments: &[&str]) -> Called {
        self.dbgo_with(arguments, &[])
    }

    /// Calls `dbgo` in the folder with more variables.
    pub fn dbgo_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Called {
        let mut command = Command::new(dbgo());
        command
            .args(arguments)
            .current_dir(self.path())
            .env("USER", "ana")
            .env("NO_COLOR", "1");
        command.envs(variables.iter().copied());
        Called::of(&command.output().expect("dbgo starts"))
    }

    /// Runs a statement in `shop.duckdb`, which nobody has open; the first value that it gives, as text.
    pub fn sql(&self, statement: &str) -> String {
        let engine = duckdb::Connection::open(self.path().join("shop.duckdb")).expect("a database");
        let mut statement = engine.prepare(statement).expect("a statement");
        let mut rows = statement.query([]).expect("rows");
        let value = rows.next().expect("a row").map(|row| row.get_ref_unwrap(0));
        match value {
            Some(duckdb::types::ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            Some(duckdb::types::ValueRef::Int(number)) => number.to_string(),
            Some(duckdb::types::ValueRef::BigInt(number)) => number.to_string(),
            _ => String::new(),
        }
    }

    /// Removes a file of the project.
    pub fn remove(&self, path: &str) {
        std::fs::remove_file(self.path().join(path)).expect("a file of the project");
    }

    /// Each file below a folder, with its length and time, but for what dbgo keeps in `.dbgo`.
    pub fn files(&self) -> BTreeMap<PathBuf, (u64, SystemTime)> {
        let mut files = BTreeMap::new();
        walk(self.path(), &mut files);
        files
    }
}

fn walk(folder: &Path, files: &mut BTreeMap<PathBuf, (u64, SystemTime)>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the project") {
        let entry = entry.expect("an entry");
        let metadata = entry.metadata().expect("metadata");
        if entry.file_name() == ".dbgo" {
            continue;
        }
        if metadata.is_dir() {
            walk(&entry.path(), files);
        } else {
            let modified = metadata.modified().expect("a time");
            files.insert(entry.path(), (metadata.len(), modified));
        }
    }
}
