//! The catalog, descriptions and errors.

use crate::Subject;
use dbgo_runtime::adapters::{CatalogRelation, Column, ErrorClass, Relation, RelationKind};

pub fn relations_have_columns(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let columns = vec![
        Column::new("z", "DECIMAL(18,2)"),
        Column::new("a", "VARCHAR"),
    ];
    let table = Relation::new("one", "t");
    let view = Relation::new("two", "v");
    subject.run(&[
        dialect.create_schema("one"),
        dialect.create_schema("two"),
        dialect.create_schema("three"),
        dialect.create_table(&table, &columns),
        dialect.create_table(&Relation::new("three", "t"), &columns),
        dialect.create_or_replace_view(&view, "select a from one.t"),
    ]);
    let found = subject
        .session()
        .relations(&["two", "one", "missing"])
        .unwrap();
    let expected = [
        CatalogRelation {
            relation: table,
            kind: RelationKind::Table,
            columns,
        },
        CatalogRelation {
            relation: view,
            kind: RelationKind::View,
            columns: vec![Column::new("a", "VARCHAR")],
        },
    ];
    assert_eq!(found, expected);
    assert_eq!(subject.session().relations(&[]).unwrap(), []);

    let mut names = subject.session().names(&["two", "one", "missing"]).unwrap();
    names.sort_by_key(|(relation, _)| relation.schema.clone());
    assert_eq!(names, expected.map(|found| (found.relation, found.kind)));
    assert_eq!(subject.session().names(&[]).unwrap(), []);
}

pub fn describe_names_and_types(subject: &Subject) {
    let columns = subject
        .session()
        .describe("select 1 as one, cast(null as decimal(9,3)) as \"t w o\"")
        .unwrap();
    let expected = [
        Column::new("one", "INTEGER"),
        Column::new("t w o", "DECIMAL(9,3)"),
    ];
    assert_eq!(columns, expected);
}

pub fn errors_point(subject: &Subject) {
    let mut session = subject.session();
    let query = "select 1 as x, nothing_like_this from (select 1 as y) as t";
    for error in [
        session.query(query).unwrap_err(),
        session.describe(query).unwrap_err(),
    ] {
        assert_eq!(error.class, ErrorClass::Binder);
        assert_eq!(error.position, query.find("nothing"), "{error:?}");
        assert_eq!(error.statement, query);
        assert!(error.message.contains("nothing_like_this"), "{error:?}");
        assert!(!error.message.starts_with('{'), "{error:?}");
    }
}
