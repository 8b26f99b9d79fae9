//! Literals and what rows look like.

use crate::Subject;
use dbgo_runtime::adapters::Relation;
use dbgo_runtime::adapters::arrow::array::{Array, StringArray};
use dbgo_runtime::adapters::arrow::datatypes::DataType;

pub fn literals_keep_their_value(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    for (value, sql_type) in [
        ("3", "INTEGER"),
        ("-0.10", "DECIMAL(18,2)"),
        ("it's \\ \"x\"; --", "VARCHAR"),
        ("2024-02-29", "DATE"),
        ("true", "BOOLEAN"),
    ] {
        let literal = dialect.literal(value, sql_type);
        let text = dialect.string(value);
        let query = format!("select count(*) where cast({literal} as varchar) = {text}");
        assert_eq!(subject.number(&query), 1, "{query}");
        let described = subject
            .session()
            .describe(&format!("select {literal} as v"));
        assert_eq!(described.unwrap()[0].sql_type, sql_type);
    }
}

pub fn instants_have_the_columns_type(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let midnight = "2024-02-29T00:00:00Z".parse().unwrap();
    let precise = "2024-02-29T23:59:59.999999Z".parse().unwrap();
    for sql_type in ["TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "DATE"] {
        let literal = dialect.instant(midnight, sql_type);
        let described = subject
            .session()
            .describe(&format!("select {literal} as v"));
        assert_eq!(described.unwrap()[0].sql_type, sql_type);
        let micros = format!("select epoch_us({})", dialect.instant(precise, sql_type));
        assert_eq!(subject.number(&micros), 1_709_251_199_999_999, "{sql_type}");
    }
    let days = format!("select epoch_us({})", dialect.date(precise));
    assert_eq!(subject.number(&days), 1_709_164_800_000_000);
}

pub fn arrow_types(subject: &Subject) {
    let mut session = subject.session();
    let result = session
        .query(
            "select 1::integer as i, 1.5::decimal(38,2) as d, 'x' as t, [1, null] as l where false",
        )
        .unwrap();
    let types: Vec<_> = result
        .schema
        .fields()
        .iter()
        .map(|field| field.data_type().clone())
        .collect();
    assert_eq!(result.row_count(), 0);
    assert_eq!(
        types[..3],
        [DataType::Int32, DataType::Decimal128(38, 2), DataType::Utf8]
    );
    assert!(matches!(&types[3], DataType::List(item) if *item.data_type() == DataType::Int32));
    let many = session
        .query("select range as id from range(100000)")
        .unwrap();
    assert_eq!(many.row_count(), 100_000);
}

pub fn rows_come_back_from_text(subject: &Subject) {
    let dialect = subject.adapter.dialect();
    let (from, to) = (Relation::new("work", "a"), Relation::new("work", "b"));
    let rows = "select 1::integer as i, 0.10::decimal(18,2) as d, 0.1::double as f, \
         'it''s {x}, \\ \"y\"\n;--' as t, true as b, date '2024-02-29' as day, \
         timestamptz '2024-02-29 12:00:00.000001+00' as at, ['a,b', null, 'c''d'] as l, \
         {'k': 'x}y', 'n': 1.5} as s, interval '1 month 2 days 3.5 seconds' as v, \
         '\\x00ab'::blob as o, null::integer[] as n \
         union all select null, null, 1e-320, '', false, null, null, [], null, null, null, [1]";
    subject.run(&[
        dialect.create_schema("work"),
        dialect.create_table_as(&from, rows),
    ]);
    let all = format!("select * from {}", dialect.relation(&from));
    let mut session = subject.session();
    let columns = session.describe(&all).unwrap();
    let fetched = session.query(&dialect.rows_as_text(&all, 10)).unwrap();
    let mut values = Vec::new();
    for batch in &fetched.batches {
        for row in 0..batch.num_rows() {
            let of_row = batch.columns().iter().map(|column| {
                let texts = column.as_any().downcast_ref::<StringArray>().unwrap();
                texts.is_valid(row).then(|| texts.value(row).to_owned())
            });
            values.push(of_row.collect::<Vec<_>>());
        }
    }
    subject.run(&[
        dialect.create_table(&to, &columns),
        dialect.insert_values(&to, &columns, &values),
    ]);
    let both = format!(
        "select * from {} intersect select * from {}",
        dialect.relation(&from),
        dialect.relation(&to)
    );
    assert_eq!(subject.number(&dialect.query_row_count(&both)), 2);
    let first = session.query(&dialect.rows_as_text(&all, 1)).unwrap();
    assert_eq!(first.row_count(), 1);
}
