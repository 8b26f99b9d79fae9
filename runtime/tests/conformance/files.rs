//! Seeds and sources.

use crate::Subject;
use dbgo_runtime::adapters::{
    Column, EngineError, ErrorClass, FileFormat, Relation, SeedFile, SourceFiles,
};

fn seed(subject: &Subject, text: &str) -> SeedFile {
    let path = subject.folder.path().join("it's a seed.csv");
    std::fs::write(&path, text).unwrap();
    SeedFile {
        path,
        format: FileFormat::Csv,
        columns: vec![
            Column::new("id", "INTEGER"),
            Column::new("it's", "VARCHAR"),
            Column::new("day", "DATE"),
        ],
        delimiter: ",".to_owned(),
        quote: "\"".to_owned(),
        null: String::new(),
    }
}

fn load(subject: &Subject, seed: &SeedFile) -> Result<u64, EngineError> {
    let dialect = subject.adapter.dialect();
    let table = Relation::new("work", "seed");
    let mut session = subject.session();
    let mut transaction = session.begin().unwrap();
    transaction.execute(&dialect.create_schema("work"))?;
    let rows = transaction.execute(&dialect.create_table_as(&table, &dialect.seed_query(seed)))?;
    transaction.commit()?;
    Ok(rows)
}

pub fn csv_is_read(subject: &Subject) {
    let seed = seed(
        subject,
        "id,it's,day\n1,\"a, \"\"b\"\"\nc\",2024-02-29\n2,,\n,x,0001-01-01\n",
    );
    assert_eq!(load(subject, &seed).unwrap(), 3);
    let found = subject.session().relations(&["work"]).unwrap();
    assert_eq!(found[0].columns, seed.columns);
    let check = "select count(*) from work.seed where \"it's\" = 'a, \"b\"' || chr(10) || 'c'";
    assert_eq!(subject.number(check), 1);
    assert_eq!(subject.number("select count(id) from work.seed"), 2);
    assert_eq!(subject.number("select count(day) from work.seed"), 2);
}

pub fn ragged_rows_fail(subject: &Subject) {
    for rows in [
        "1,a\n",
        "1,a,2024-01-01,extra\n",
        "1,\"a,2024-01-01\n",
        "1,\"a\"b,2024-01-01\n",
    ] {
        let text = format!("id,it's,day\n7,z,2024-01-01\n{rows}");
        let error = load(subject, &seed(subject, &text)).unwrap_err();
        assert_eq!(error.class, ErrorClass::Data, "{rows}: {error:?}");
    }
    assert_eq!(subject.session().relations(&["work"]).unwrap(), []);
}

pub fn values_that_dont_fit_fail(subject: &Subject) {
    for row in [
        "x,a,2024-01-01",
        "1.5,a,2024-01-01",
        "1,a,2024-02-30",
        "3000000000,a,2024-01-01",
    ] {
        let text = format!("id,it's,day\n{row}\n");
        let Err(error) = load(subject, &seed(subject, &text)) else {
            panic!("{row} was loaded");
        };
        assert_eq!(error.class, ErrorClass::Data, "{row}: {error:?}");
    }
}

/// Exact numbers are never rounded to fit.
pub fn exact_numbers_stay_exact(subject: &Subject) {
    let cases = [
        (
            "DECIMAL(6,2)",
            vec!["1.25", "-.5", "+7", "3.10000", "1234.5", "8."],
            vec!["1.256", "12345", "1e3", "."],
        ),
        (
            "BIGINT",
            vec!["12", "-3", "4.000"],
            vec!["4.5", "0x1F", "9223372036854775808", "-", ".", ".5"],
        ),
        ("DOUBLE", vec!["1.256", "1e3"], vec!["x"]),
    ];
    for (sql_type, fitting, others) in cases {
        let mut declared = seed(subject, "");
        declared.columns = vec![Column::new("x", sql_type), Column::new("y", "VARCHAR")];
        let try_values = |values: &[&str]| {
            let rows: String = values.iter().map(|value| format!("{value},a\n")).collect();
            std::fs::write(&declared.path, format!("x,y\n{rows}")).unwrap();
            let loaded = load(subject, &declared);
            if loaded.is_ok() {
                subject.run(&["drop table work.seed".to_owned()]);
            }
            loaded
        };
        assert_eq!(
            try_values(&fitting).unwrap(),
            fitting.len() as u64,
            "{sql_type}"
        );
        for value in others {
            let Err(error) = try_values(&[value]) else {
                panic!("{value} was loaded as {sql_type}");
            };
            assert_eq!(
                error.class,
                ErrorClass::Data,
                "{value} as {sql_type}: {error:?}"
            );
        }
    }
}

pub fn csv_options(subject: &Subject) {
    let mut seed = seed(subject, "id;it's;day\nNA;'a;''b''';2024-01-01\n2;;NA\n");
    seed.delimiter = ";".to_owned();
    seed.quote = "'".to_owned();
    seed.null = "NA".to_owned();
    assert_eq!(load(subject, &seed).unwrap(), 2);
    assert_eq!(subject.number("select count(id) from work.seed"), 1);
    let check = "select count(*) from work.seed where \"it's\" in ('', 'a;''b''')";
    assert_eq!(subject.number(check), 2);
}

pub fn parquet_is_cast(subject: &Subject) {
    let mut seed = seed(subject, "");
    seed.path = subject.folder.path().join("seed.parquet");
    seed.format = FileFormat::Parquet;
    let path = subject
        .adapter
        .dialect()
        .string(&seed.path.to_string_lossy());
    subject.run(&[format!(
        "copy (select date '2024-01-01' as day, 'x' as \"it's\", 7::bigint as id) to {path} (format parquet)"
    )]);
    assert_eq!(load(subject, &seed).unwrap(), 1);
    let found = subject.session().relations(&["work"]).unwrap();
    assert_eq!(found[0].columns, seed.columns);
}

pub fn sources_are_read(subject: &Subject) {
    let folder = subject.folder.path();
    std::fs::write(folder.join("s1.csv"), "id,name\n1,a\n").unwrap();
    std::fs::write(folder.join("s2.csv"), "id,name\n2,b\n").unwrap();
    std::fs::write(folder.join("s.json"), "[{\"id\": 3, \"name\": \"c\"}]").unwrap();
    let columns = vec![Column::new("id", "BIGINT"), Column::new("name", "VARCHAR")];
    for (pattern, format, sum) in [
        ("s*.csv", FileFormat::Csv, 3),
        ("s.json", FileFormat::Json, 3),
    ] {
        for columns in [columns.clone(), Vec::new()] {
            let source = SourceFiles {
                location: folder.join(pattern).to_string_lossy().into_owned(),
                format,
                columns,
            };
            let relation = subject.adapter.dialect().source_files(&source);
            let query = format!("select sum(s.id) from {relation} as s");
            assert_eq!(subject.number(&query), sum, "{query}");
            let described = subject
                .session()
                .describe(&format!("select * from {relation} as s"))
                .unwrap();
            assert_eq!(described, columns_of(&described));
            assert_eq!(described[0].name, "id");
        }
    }
}

fn columns_of(described: &[Column]) -> [Column; 2] {
    [
        Column::new("id", described[0].sql_type.clone()),
        Column::new("name", "VARCHAR"),
    ]
}
