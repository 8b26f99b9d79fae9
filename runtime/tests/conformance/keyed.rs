//! Merges that are steered, partitions, versions of rows, and indexes.

use crate::Subject;
use dbgo_runtime::adapters::{Column, Merge, Relation, RowChange, VersionedRows};

/// A table of the rows of a query, and one of new rows beside it.
fn tables(subject: &Subject, rows: &str, new: &str) -> (Relation, Relation) {
    let dialect = subject.adapter.dialect();
    let (table, batch) = (Relation::new("work", "t"), Relation::new("work", "new"));
    subject.run(&[
        dialect.create_schema("work"),
        dialect.create_table_as(&table, rows),
        dialect.create_table_as(&batch, new),
    ]);
    (table, batch)
}

/// How many rows of a table meet a condition.
fn count(subject: &Subject, table: &Relation, condition: &str) -> i64 {
    let table = subject.adapter.dialect().relation(table);
    subject.number(&format!("select count(*) from {table} where {condition}"))
}

pub fn partitions_are_replaced(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let (table, new) = tables(
        subject,
        "select * from (values (1, 'a', 1), (2, 'a', null), (3, null, null), (4, 'b', 1)) as v(id, x, y)",
        "select * from (values (5, 'a', null), (6, null, null), (7, null, null)) as v(id, x, y)",
    );
    subject.run(&[dialect.delete_partitions(&table, &new, &["x", "y"])]);
    assert_eq!(count(subject, &table, "true"), 2);
    assert_eq!(count(subject, &table, "id in (1, 4)"), 2);
}

pub fn merges_are_steered(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let (table, new) = tables(
        subject,
        "select * from (values (1, 10, 'a', 'k'), (2, 20, 'b', 'k'), (3, 30, 'c', 'k')) as v(id, n, x, old)",
        "select * from (values (1, 11, 'z'), (2, 19, 'z'), (3, 31, 'gone'), (4, 40, 'd'), (5, 50, 'gone')) \
         as v(id, n, x)",
    );
    let merge = Merge {
        target: &table,
        source: &new,
        columns: &["id", "n", "x"],
        kept: &["old"],
        key: &["id"],
        on: "new.n > this.n -- later",
        update: &["N"],
        delete_when: "new.x = 'gone'",
    };
    let merged = Relation::new("work", "merged");
    subject.run(&[
        dialect.create_table_as(&merged, &dialect.merged_rows(&merge)),
        dialect.delete_matched(&merge),
        dialect.insert_query(
            &table,
            &["id", "n", "x", "old"],
            &format!("select * from {}", dialect.relation(&merged)),
        ),
    ]);
    assert_eq!(count(subject, &table, "true"), 3);
    for row in [
        "id = 1 and n = 11 and x = 'a' and old = 'k'",
        "id = 2 and n = 20 and x = 'b' and old = 'k'",
        "id = 4 and n = 40 and x = 'd' and old is null",
    ] {
        assert_eq!(count(subject, &table, row), 1, "{row}");
    }
}

pub fn versions_begin_and_end(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let (table, new) = tables(
        subject,
        "select id, n, cast(f as timestamp) as f, cast(t as timestamp) as t from (values \
         (1, 1, '2024-01-01', '2024-01-05'), (1, 2, '2024-01-05', null), \
         (2, 1, '2024-01-01', null), (3, 1, '2024-01-01', null), \
         (4, 1, '2024-01-01', '2024-01-02'), (5, 1, '2024-02-01', null)) as v(id, n, f, t)",
        "select * from (values (1, 3), (2, 1), (4, 1), (5, 2), (6, 1)) as v(id, n)",
    );
    let beginning = Relation::new("work", "beginning");
    let rows = VersionedRows {
        target: &table,
        source: &new,
        beginning: &beginning,
        columns: &["id", "n"],
        key: &["id"],
        change: RowChange::Different(&["n"]),
        valid_from: "f",
        valid_to: "t",
        time_type: "TIMESTAMP",
        now: "2024-02-01T00:00:00Z".parse().unwrap(),
    };
    let mut statements =
        vec![dialect.create_table_as(&beginning, &dialect.beginning_versions(&rows))];
    statements.extend(dialect.end_replaced_versions(&rows));
    statements.extend(dialect.end_missing_versions(&rows));
    let all = format!("select * from {}", dialect.relation(&beginning));
    statements.push(dialect.insert_query(&table, &["id", "n", "f"], &all));
    subject.run(&statements);
    assert_eq!(count(subject, &table, "true"), 9);
    for row in [
        "id = 1 and n = 2 and t = timestamp '2024-02-01'",
        "id = 1 and n = 3 and f = timestamp '2024-02-01' and t is null",
        "id = 2 and t is null",
        "id = 3 and t = timestamp '2024-02-01'",
        "id = 4 and f = timestamp '2024-02-01' and t is null",
        // It began at this very instant, and another version takes its place.
        "id = 5 and n = 2 and t is null",
        "id = 6 and f = timestamp '2024-02-01' and t is null",
    ] {
        assert_eq!(count(subject, &table, row), 1, "{row}");
    }
}

pub fn indexes_are_known_by_name(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let (table, _) = tables(
        subject,
        "select * from (values (1, 'a'), (2, 'b')) as v(id, \"Odd \"\"x\")",
        "select 1 as id",
    );
    let names = |subject: &Subject| {
        let names = dialect.index_names(&table);
        subject.session().query(&names).unwrap().row_count()
    };
    assert_eq!(names(subject), 0);
    subject.run(&[
        dialect.create_index(&table, "t_index_1", true, &["id"]),
        dialect.create_index(&table, "t \"2\"", false, &["Odd \"x", "id"]),
    ]);
    assert_eq!(names(subject), 2);
    // Keys that are replaced are no duplicates, though the index is older than this session.
    let name = dialect.relation(&table);
    subject.run(&[
        format!("delete from {name} where id = 1"),
        format!("insert into {name} values (1, 'c')"),
    ]);
    subject.run(&[dialect.drop_index(&table, "t \"2\"")]);
    assert_eq!(names(subject), 1);
}

pub fn repeated_values_are_found(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let (table, new) = tables(
        subject,
        "select * from (values (1, 'a'), (1, 'a'), (2, 'a'), (null, 'b'), (null, 'b'), (3, 'c'), (3, 'c')) as v(id, x)",
        "select * from (values (3, 'c'), (2, 'a')) as v(id, x)",
    );
    let rows = |query: &str| subject.session().query(query).unwrap().row_count();
    assert_eq!(rows(&dialect.repeated_values(&table, &["id", "x"], 9)), 2);
    assert_eq!(rows(&dialect.repeated_values(&table, &["id", "x"], 1)), 1);
    assert_eq!(
        rows(&dialect.repeated_keys(&table, &new, &["id", "x"], 9)),
        1
    );
}

pub fn columns_are_widened(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let (table, _) = tables(subject, "select 7::integer as n", "select 1 as id");
    subject.run(&[dialect.widen_column(&table, &Column::new("n", "BIGINT"))]);
    let all = format!("select * from {}", dialect.relation(&table));
    let columns = subject.session().describe(&all).unwrap();
    assert_eq!(columns, [Column::new("n", "BIGINT")]);
    assert_eq!(count(subject, &table, "n = 7"), 1);
}
