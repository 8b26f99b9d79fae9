//! What DuckDB alone has: files that one process holds, the type session, its settings.

use crate::Subject;
use dbgo_runtime::adapters::{
    self, Adapter, ErrorClass, OpenOptions, Relation, duckdb::TypeSession,
};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Tells a copy of this test program to hold the database file that it names.
const HOLD: &str = "DBGO_TEST_HOLD";

pub fn open() -> Subject {
    let folder = tempfile::tempdir().expect("a folder");
    let adapter = open_file(&folder.path().join("test.duckdb"));
    Subject { adapter, folder }
}

fn open_file(path: &Path) -> Arc<dyn Adapter> {
    try_open(path, &OpenOptions::default()).expect("a database")
}

fn try_open(path: &Path, options: &OpenOptions) -> Result<Arc<dyn Adapter>, adapters::EngineError> {
    adapters::open("duckdb", &path.to_string_lossy(), options)
}

fn sum(adapter: &Arc<dyn Adapter>) -> i64 {
    crate::number(&mut adapter.session().unwrap(), "select sum(id) from t")
}

fn run(adapter: &Arc<dyn Adapter>, statement: &str) {
    let mut session = adapter.session().unwrap();
    let mut transaction = session.begin().unwrap();
    transaction.execute(statement).unwrap();
    transaction.commit().unwrap();
}

#[test]
fn one_open_per_file() {
    let subject = open();
    let path = subject.folder.path().join("test.duckdb");
    run(&subject.adapter, "create table t as select 1 as id");
    #[cfg(unix)]
    {
        let link = subject.folder.path().join("link");
        let hard = subject.folder.path().join("hard");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        std::fs::hard_link(&path, &hard).unwrap();
        for other in [&link, &hard] {
            let other = open_file(other);
            run(&other, "insert into t values (1)");
        }
        assert_eq!(sum(&subject.adapter), 3);
    }
    let dotted = subject.folder.path().join(".").join("test.duckdb");
    let mut other = open_file(&dotted).session().unwrap();
    // Sees what the first does though it isn't committed to the file's log alone.
    run(&subject.adapter, "insert into t values (10)");
    assert!(crate::number(&mut other, "select sum(id) from t") > 10);
    drop(subject.adapter);
    // The session keeps it open, so it is still the same database.
    let again = open_file(&path);
    run(&again, "insert into t values (100)");
    assert!(crate::number(&mut other, "select sum(id) from t") > 100);
}

/// Opening and closing by many threads never gives the file away.
#[test]
fn opens_and_closes_in_parallel() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.duckdb");
    run(&open_file(&path), "create table t (id integer)");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    run(&open_file(&path), "insert into t values (1)");
                }
            });
        }
    });
    assert_eq!(sum(&open_file(&path)), 40);
}

/// Not a test of its own: what the copy does that `held_by_another_process` starts.
#[test]
fn holder() {
    let Some(path) = std::env::var_os(HOLD) else {
        return;
    };
    let _adapter = open_file(Path::new(&path));
    println!("\nholding");
    std::io::stdout().flush().unwrap();
    // Until the parent closes the pipe.
    let _ = std::io::stdin().lines().next();
}

#[test]
fn held_by_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.duckdb");
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["duckdb::holder", "--exact", "--nocapture"])
        .env(HOLD, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(output.any(|line| line.unwrap() == "holding"));

    for read_only in [false, true] {
        let options = OpenOptions {
            read_only,
            ..OpenOptions::default()
        };
        let Err(error) = try_open(&path, &options) else {
            panic!("opened a file that another process holds");
        };
        let ErrorClass::HeldByOther { pid, program } = &error.class else {
            panic!("{error:?}");
        };
        assert_eq!(*pid, Some(holder.id()), "{error:?}");
        assert!(program.is_some(), "{error:?}");
    }

    let input = holder.stdin.take();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        drop(input);
    });
    let options = OpenOptions {
        wait: Some(Duration::from_secs(30)),
        ..OpenOptions::default()
    };
    let adapter = try_open(&path, &options).unwrap();
    run(&adapter, "create table t as select 1 as id");
    holder.wait().unwrap();
}

#[test]
fn reading_only() {
    let subject = open();
    let path = subject.folder.path().join("test.duckdb");
    run(&subject.adapter, "create table t as select 1 as id");
    let options = OpenOptions {
        read_only: true,
        ..OpenOptions::default()
    };
    // Beside the writer of the same process, and alone.
    let beside = try_open(&path, &options).unwrap();
    assert_eq!(sum(&beside), 1);
    let error = beside.session().unwrap().begin().err().unwrap();
    assert_eq!(error.class, ErrorClass::Refused);
    drop(beside);
    drop(subject.adapter);
    let reader = try_open(&path, &options).unwrap();
    assert_eq!(sum(&reader), 1);
    let error = reader.session().unwrap().begin().err().unwrap();
    assert_eq!(error.class, ErrorClass::Refused);
    let error = try_open(&path, &OpenOptions::default()).err().unwrap();
    assert_eq!(error.class, ErrorClass::Refused);
    let missing = subject.folder.path().join("missing.duckdb");
    assert!(try_open(&missing, &options).is_err());
    assert!(!missing.exists());
}

#[test]
fn settings() {
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions {
        settings: vec![("threads".to_owned(), "1".to_owned())],
        ..OpenOptions::default()
    };
    let adapter = try_open(&folder.path().join("a.duckdb"), &options).unwrap();
    let mut session = adapter.session().unwrap();
    let threads = "select cast(current_setting('threads') as integer)";
    assert_eq!(crate::number(&mut session, threads), 1);
    for (name, value) in [("timezone", "Europe/Rome"), ("no_such_setting", "1")] {
        let options = OpenOptions {
            settings: vec![(name.to_owned(), value.to_owned())],
            ..OpenOptions::default()
        };
        let error = try_open(&folder.path().join("b.duckdb"), &options)
            .err()
            .unwrap();
        assert!(error.message.contains(name), "{error:?}");
    }
    let utc = "select count(*) where cast(timestamptz '2024-07-01 12:00:00+02' as varchar) \
               = '2024-07-01 10:00:00+00'";
    assert_eq!(crate::number(&mut session, utc), 1);
}

#[test]
fn memory_is_private() {
    let options = OpenOptions::default();
    let first = adapters::open("duckdb", ":memory:", &options).unwrap();
    let second = adapters::open("duckdb", ":memory:", &options).unwrap();
    run(&first, "create table t as select 1 as id");
    assert_eq!(sum(&first), 1);
    assert!(second.session().unwrap().query("select * from t").is_err());
}

#[test]
fn committed_rows_survive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.duckdb");
    for generation in 0..3 {
        let adapter = open_file(&path);
        let table = Relation::new("main", format!("t{generation}"));
        run(
            &adapter,
            &adapter.dialect().create_table_as(&table, "select 1 as id"),
        );
        if generation == 1 {
            adapter.flush().unwrap();
        }
        let found = adapter.session().unwrap().relations(&["main"]).unwrap();
        assert_eq!(found.len(), generation + 1);
    }
}

#[test]
fn a_memory_limit_has_its_class() {
    let options = OpenOptions {
        settings: vec![
            ("memory_limit".to_owned(), "20MB".to_owned()),
            ("temp_directory".to_owned(), String::new()),
        ],
        ..OpenOptions::default()
    };
    let adapter = adapters::open("duckdb", ":memory:", &options).unwrap();
    let big = "select count(distinct range * 7) from range(20000000)";
    let mut session = adapter.session().unwrap();
    let error = session.query(big).unwrap_err();
    assert_eq!(error.class, ErrorClass::OutOfMemory, "{error:?}");
    // Swallowed in a transaction it fails the commit.
    let mut transaction = session.begin().unwrap();
    transaction
        .execute("create table t as select 1 as x")
        .unwrap();
    let error = transaction.query(big).unwrap_err();
    let _ = transaction.execute("insert into t values (2)");
    assert_eq!(transaction.commit().unwrap_err(), error);
    let tables = session.query("select 1 from duckdb_tables()").unwrap();
    assert_eq!(tables.row_count(), 0);
}

#[test]
fn types_of_queries() {
    let mut session = TypeSession::new().unwrap();
    let orders: &[(&str, &str)] = &[("id", "BIGINT"), ("it's", "DECIMAL(18,2)")];
    let query = "select o.*, sum(\"it's\") over () as total from orders as o";
    let columns = session.columns_of(&[("orders", orders)], query).unwrap();
    let expected = [
        ("id", "BIGINT"),
        ("it's", "DECIMAL(18,2)"),
        ("total", "DECIMAL(38,2)"),
    ]
    .map(|(name, sql_type)| (name.to_owned(), sql_type.to_owned()));
    assert_eq!(columns, expected);
    let changed: &[(&str, &str)] = &[("id", "VARCHAR")];
    let columns = session
        .columns_of(&[("orders", changed)], "select id from orders")
        .unwrap();
    assert_eq!(columns, [("id".to_owned(), "VARCHAR".to_owned())]);

    // What an earlier call gave isn't there for a call that doesn't give it.
    session
        .columns_of(&[], "select id from ORDERS")
        .unwrap_err();

    let wrong = "select id, amount from orders";
    let error = session
        .columns_of(&[("orders", changed)], wrong)
        .unwrap_err();
    assert_eq!(error.position, wrong.find("amount"), "{error:?}");
    for closed in [
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select 1; drop table orders",
    ] {
        session.columns_of(&[], closed).unwrap_err();
    }
}

#[test]
fn types_of_a_thousand_queries_are_quick() {
    let mut session = TypeSession::new().unwrap();
    let columns: &[(&str, &str)] = &[("id", "BIGINT"), ("name", "VARCHAR"), ("at", "TIMESTAMP")];
    let begun = Instant::now();
    for index in 0..1000 {
        let parent = format!("parent_{}", index / 10);
        let query =
            format!("select id, upper(name) as n, max(\"at\") as m from {parent} group by all");
        let found = session.columns_of(&[(&parent, columns)], &query).unwrap();
        assert_eq!(found.len(), 3);
    }
    // Takes 0.4 s; the bound only alarms when tables are no longer used again.
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
}
