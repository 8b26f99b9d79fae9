//! The SQL that a dialect writes, run.

use crate::Subject;
use dbgo_runtime::adapters::{Column, Relation, RelationKind, TimeColumn, TimeRange};

const ODD: &[&str] = &[
    "select",
    "two words",
    "quote\"inside",
    "apo'strophe",
    "semi;colon --x",
    "Großschreibung",
    "back\\slash",
    "$$",
    "日本",
];

pub fn odd_names(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    for schema in ODD {
        subject.run(&[dialect.create_schema(schema)]);
        for name in ODD {
            let table = Relation::new(*schema, *name);
            let view = Relation::new(*schema, format!("{name} view"));
            let column = Column::new(*name, "VARCHAR");
            let value = dialect.string(name);
            let source = format!("select {value} as {}", dialect.identifier(name));
            let read = format!("select * from {}", dialect.relation(&table));
            subject.run(&[
                dialect.create_table(&table, std::slice::from_ref(&column)),
                dialect.insert_query(&table, &[name], &source),
                dialect.create_or_replace_view(&view, &read),
            ]);
            let matching = format!(
                "select count(*) from {} where {} = {value}",
                dialect.relation(&view),
                dialect.identifier(name)
            );
            assert_eq!(subject.number(&matching), 1, "{name}");
        }
        let relations = subject.session().relations(&[schema]).unwrap();
        assert_eq!(relations.len(), 2 * ODD.len());
        for name in ODD {
            let table = Relation::new(*schema, *name);
            let found = relations.iter().find(|found| found.relation == table);
            assert_eq!(found.unwrap().columns, [Column::new(*name, "VARCHAR")]);
        }
    }
}

pub fn merge_replaces_and_adds(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let target = Relation::new("work", "t");
    let staged = dialect.temporary_relation("batch");
    subject.run(&[
        dialect.create_schema("work"),
        dialect.create_table_as(
            &target,
            "select * from (values (1, 'a', 10), (2, 'a', 20), (1, 'b', 30)) as v(id, k, x)",
        ),
    ]);
    let mut session = subject.session();
    let mut transaction = session.begin().unwrap();
    let batch = "select * from (values (21, 2, 'a'), (40, 4, 'a')) as v(x, id, k)";
    let staging = dialect.create_temporary_table_as("batch", batch);
    assert_eq!(transaction.execute(&staging).unwrap(), 2);
    let violations = transaction
        .query(&dialect.key_violations(&staged, &["id", "k"], 5))
        .unwrap();
    assert_eq!(violations.row_count(), 0);
    let merge = dialect.merge(&target, &staged, &["id", "k", "x"], &["id", "k"]);
    assert_eq!(transaction.execute_all(&merge).unwrap(), 2);
    transaction.commit().unwrap();
    assert_eq!(subject.number("select count(*) from work.t"), 4);
    assert_eq!(
        subject.number("select sum(x) from work.t"),
        10 + 21 + 30 + 40
    );
    // The same name again, with other columns: a session's next batch.
    let mut transaction = session.begin().unwrap();
    let staging = dialect.create_temporary_table_as("batch", "select 'z' as other");
    transaction.execute(&staging).unwrap();
    transaction.commit().unwrap();
}

pub fn key_violations_are_found(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let table = Relation::new("work", "t");
    subject.run(&[
        dialect.create_schema("work"),
        dialect.create_table_as(
            &table,
            "select * from (values (1, 'a'), (1, 'b'), (2, 'c'), (2, 'c'), (3, null), (4, 'd'))
             as v(a, b)",
        ),
    ]);
    let mut session = subject.session();
    let found = session
        .query(&dialect.key_violations(&table, &["a", "b"], 10))
        .unwrap();
    assert_eq!(found.row_count(), 2);
    assert_eq!(found.schema.field(2).name(), "occurrences");
    let limited = session
        .query(&dialect.key_violations(&table, &["a", "b"], 1))
        .unwrap();
    assert_eq!(limited.row_count(), 1);
}

fn day(start: &str, end: &str) -> TimeRange {
    TimeRange {
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
    }
}

/// A range takes its first instant and not its last, in every type that a time column can have.
pub fn ranges_are_replaced(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    subject.run(&[dialect.create_schema("work")]);
    let range = day("2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z");
    for sql_type in ["DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"] {
        let table = Relation::new("work", format!("t {sql_type}"));
        let time = TimeColumn {
            name: "day",
            sql_type,
        };
        let rows = format!(
            "select cast(x as {sql_type}) as day from (values ('2024-01-01'), ('2024-01-02'),
             ('2024-01-03')) as v(x)"
        );
        subject.run(&[dialect.create_table_as(&table, &rows)]);
        let mut session = subject.session();
        let mut transaction = session.begin().unwrap();
        let within = dialect.rows_in_range(&rows, time, range);
        assert_eq!(transaction.query(&within).unwrap().row_count(), 1);
        let delete = dialect.delete_range(&table, time, range);
        assert_eq!(transaction.execute(&delete).unwrap(), 1, "{sql_type}");
        let insert = dialect.insert_query(&table, &["day"], &within);
        assert_eq!(transaction.execute(&insert).unwrap(), 1, "{sql_type}");
        transaction.commit().unwrap();
        assert_eq!(subject.number(&dialect.row_count(&table)), 3);
    }
}

pub fn rows_outside_are_counted(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let table = Relation::new("work", "t");
    let rows = "select cast(x as timestamp) as at_time from (values ('2024-01-01 23:59:59.999999'),
        ('2024-01-02'), (null), ('2024-01-03'), ('infinity')) as v(x)";
    subject.run(&[
        dialect.create_schema("work"),
        dialect.create_table_as(&table, rows),
    ]);
    let time = TimeColumn {
        name: "at_time",
        sql_type: "TIMESTAMP",
    };
    let range = day("2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z");
    let query = dialect.rows_outside_range(&table, time, range);
    let column = |name: &str| format!("select {name} from ({query}) as checked");
    assert_eq!(subject.number(&column("null_times")), 1);
    assert_eq!(subject.number(&column("outside")), 3);
    let earliest = "cast(earliest like '2024-01-01%' and latest = 'infinity' as integer)";
    assert_eq!(subject.number(&column(earliest)), 1);
}

pub fn null_counts(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let table = Relation::new("work", "t");
    subject.run(&[
        dialect.create_schema("work"),
        dialect.create_table_as(
            &table,
            "select * from (values (1, null), (null, null), (3, 'x')) as v(a, \"b c\")",
        ),
    ]);
    let query = dialect.null_counts(&table, &["a", "b c"]);
    assert_eq!(subject.number(&format!("select a from ({query}) as n")), 1);
    assert_eq!(
        subject.number(&format!("select \"b c\" from ({query}) as n")),
        2
    );
}

/// A reader sees all old views or all new ones.
pub fn views_are_swapped_together(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let views: Vec<_> = (0..20)
        .map(|index| Relation::new("work", format!("v{index}")))
        .collect();
    let swap = |generation: i32| -> Vec<String> {
        views
            .iter()
            .map(|view| dialect.create_or_replace_view(view, &format!("select {generation} as g")))
            .collect()
    };
    subject.run(&[dialect.create_schema("work")]);
    subject.run(&swap(0));
    let union: Vec<_> = (0..20)
        .map(|index| format!("select g from work.v{index}"))
        .collect();
    let distinct = format!(
        "select count(distinct g) from ({}) as u",
        union.join(" union all ")
    );
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut session = subject.session();
            for _ in 0..50 {
                assert_eq!(crate::number(&mut session, &distinct), 1);
            }
        });
        for generation in 1..20 {
            subject.run(&swap(generation));
        }
        reader.join().unwrap();
    });
    assert_eq!(subject.number("select g from work.v7"), 19);
}

pub fn drop_spares_dependents(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let (table, view) = (Relation::new("work", "t"), Relation::new("work", "v"));
    subject.run(&[
        dialect.create_schema("work"),
        dialect.create_table_as(&table, "select 1 as id"),
        dialect.create_or_replace_view(&view, "select * from work.t"),
    ]);
    let mut session = subject.session();
    let mut transaction = session.begin().unwrap();
    // An engine may refuse this or leave a view without its table; it may not drop the view.
    let dropped = transaction
        .execute(&dialect.drop_table(&table))
        .and_then(|_| transaction.commit());
    let left = session.relations(&["work"]).unwrap();
    let has_view = left.iter().any(|found| found.kind == RelationKind::View);
    assert!(has_view, "{dropped:?} {left:?}");
    subject.run(&[
        dialect.drop_view(&view),
        dialect.drop_view(&view),
        dialect.drop_table(&table),
    ]);
    assert_eq!(session.relations(&["work"]).unwrap(), []);
}

pub fn columns_are_added_and_dropped(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let table = Relation::new("work", "t");
    subject.run(&[
        dialect.create_schema("work"),
        dialect.create_table_as(&table, "select 1 as id, 2 as old"),
        dialect.add_column(&table, &Column::new("new one", "VARCHAR")),
        dialect.drop_column(&table, "old"),
    ]);
    let found = subject.session().relations(&["work"]).unwrap();
    let expected = [
        Column::new("id", "INTEGER"),
        Column::new("new one", "VARCHAR"),
    ];
    assert_eq!(found[0].columns, expected);
}

pub fn queries_may_end_with_a_comment(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let table = Relation::new("work", "t");
    let query = "select 1 as id -- the end; really";
    subject.run(&[
        dialect.create_schema("work"),
        dialect.create_table_as(&table, query),
        dialect.insert_query(&table, &["id"], query),
        dialect.create_temporary_table_as("batch", query),
        dialect.create_or_replace_view(&Relation::new("work", "v"), query),
    ]);
    assert_eq!(subject.session().describe(query).unwrap().len(), 1);
    assert_eq!(subject.number(&dialect.row_count(&table)), 2);
}
