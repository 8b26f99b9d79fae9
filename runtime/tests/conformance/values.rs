//! Literals and what rows look like.

use crate::Subject;
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
