//! Layouts of other versions, on a file. What users of the state see is tested with SQLite and
//! Postgres in `tests/postgres`.

use super::database::Database;
use super::layout::Migration;
use super::*;
use crate::error::{Code, Error, Kind, Result};
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

const FIRST: &[Migration] = &[Migration {
    version: 1,
    statements: "CREATE TABLE notes (project TEXT NOT NULL, n INTEGER) STRICT;",
}];

const SECOND: &[Migration] = &[
    FIRST[0],
    Migration {
        version: 2,
        statements: "ALTER TABLE notes ADD COLUMN note TEXT;",
    },
];

const BROKEN: &[Migration] = &[
    FIRST[0],
    SECOND[1],
    Migration {
        version: 3,
        statements: "CREATE TABLE more (a TEXT) STRICT; CREATE TABLE notes (a TEXT) STRICT;",
    },
];

/// A file that can be read while it is written, and whether anybody asked for it.
#[derive(Clone, Default)]
struct Backup(Rc<RefCell<Option<Vec<u8>>>>);

impl Backup {
    fn open(&self) -> Result<Box<dyn Write>> {
        *self.0.borrow_mut() = Some(Vec::new());
        Ok(Box::new(self.clone()))
    }

    fn lines(&self) -> Option<Vec<String>> {
        let bytes = self.0.borrow().clone()?;
        let text = String::from_utf8(bytes).unwrap();
        Some(text.lines().map(str::to_owned).collect())
    }
}

impl Write for Backup {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut kept = self.0.borrow_mut();
        kept.get_or_insert_default().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn address(folder: &tempfile::TempDir) -> StateAddress {
    StateAddress::Sqlite(folder.path().join("state.db"))
}

fn execute(state: &mut State, statement: &str) -> Result<u64> {
    state.write(("shop", "test"), async |database: &mut Database| {
        Ok(database.run(statement, &[]).await?)
    })
}

fn refused(result: Result<impl Sized>, code: &str) {
    let error = result.err().unwrap();
    assert_eq!(
        (error.code.text(), error.kind),
        (code, Kind::Refused),
        "{error}"
    );
}

#[test]
fn an_older_layout_is_changed_only_on_demand_and_after_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let address = address(&folder);
    let mut old = State::open_at(&address, FIRST).unwrap();
    let identity = old.identity().to_owned();
    execute(&mut old, "INSERT INTO notes VALUES ('shop', 7)").unwrap();
    refused(State::open_at(&address, SECOND), "state-outdated");

    let backup = Backup::default();
    assert_eq!(
        State::migrate_to(&address, SECOND, || backup.open()).unwrap(),
        (1, 2)
    );
    let lines = backup.lines().unwrap();
    assert!(
        lines[0].contains("\"layout\":1") && lines[0].contains("[\"shop\"]"),
        "{lines:?}"
    );
    assert_eq!(
        lines[1..],
        [r#"{"table":"notes","row":{"n":7,"project":"shop"}}"#]
    );

    let mut new = State::open_at(&address, SECOND).unwrap();
    assert_eq!(new.identity(), identity);
    execute(&mut new, "UPDATE notes SET note = 'x' WHERE n = 7").unwrap();
    // Whoever had it open before is told, and so is whoever opens it.
    refused(execute(&mut old, "DELETE FROM notes"), "state-moved-on");
    refused(State::open_at(&address, FIRST), "state-moved-on");
    let nothing = || -> Result<Box<dyn Write>> { panic!("there is nothing to do") };
    refused(
        State::migrate_to(&address, FIRST, nothing),
        "state-moved-on",
    );
    assert_eq!(
        State::migrate_to(&address, SECOND, nothing).unwrap(),
        (2, 2)
    );
}

#[test]
fn a_change_of_the_layout_that_fails_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let address = address(&folder);
    let mut old = State::open_at(&address, FIRST).unwrap();
    execute(&mut old, "INSERT INTO notes VALUES ('shop', 7)").unwrap();
    let backup = Backup::default();
    let error = State::migrate_to(&address, BROKEN, || backup.open()).unwrap_err();
    assert_eq!(error.code, Code::StateFailed);
    assert!(backup.lines().is_some());
    let full = || Err(Error::new(Kind::Failed, Code::StateFailed, "no space left"));
    let error = State::migrate_to(&address, SECOND, full).unwrap_err();
    assert_eq!(error.message, "no space left");
    assert_eq!(
        execute(&mut old, "UPDATE notes SET n = 8 WHERE n = 7").unwrap(),
        1
    );
    execute(&mut old, "CREATE TABLE more (a TEXT)").unwrap();
}

#[test]
fn copies_can_hold_every_table() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = State::open(&address(&folder)).unwrap();
    let columns = state.read(async |database| {
        let statement = "\
            SELECT t.name, c.name, c.type FROM sqlite_master AS t, pragma_table_info(t.name) AS c \
            WHERE t.type = 'table'";
        let rows = database.rows(statement, &[]).await?;
        let column = |row: &database::Row| -> sqlx::Result<[String; 3]> {
            Ok([row.text(0)?, row.text(1)?, row.text(2)?])
        };
        Ok(rows.iter().map(column).collect::<sqlx::Result<Vec<_>>>()?)
    });
    // Copies know only these two types, and find a row's project in one of two ways.
    let columns = columns.unwrap();
    for [table, column, kind] in &columns {
        assert!(
            matches!(kind.as_str(), "TEXT" | "INTEGER"),
            "{table}.{column}: {kind}"
        );
        let has = |name: &str| columns.iter().any(|[of, it, _]| of == table && it == name);
        let is_frame = matches!(table.as_str(), "layout" | "identity");
        assert!(is_frame || has("project") || has("run"), "{table}");
    }
    assert!(columns.iter().any(|[table, ..]| table == "leases"));
}
