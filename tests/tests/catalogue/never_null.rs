//! What the compiler holds to be never null gives no null in the engine, for edge values of all types.

use dbgo_compiler::types::{catalogue, never_null};
use dbgo_runtime::adapters::arrow::array::{Array, StringArray};
use dbgo_runtime::adapters::{self, OpenOptions, Session};

/// Edge values by type: zeros, bounds, infinities, NaN, empty and odd texts, the epoch.
const EDGES: [(&str, &[&str]); 20] = [
    ("BOOLEAN", &["true", "false"]),
    (
        "TINYINT",
        &["0::tinyint", "(-128)::tinyint", "127::tinyint"],
    ),
    (
        "SMALLINT",
        &["0::smallint", "(-32768)::smallint", "32767::smallint"],
    ),
    (
        "INTEGER",
        &["0", "(-1)", "5", "(-2147483648)::integer", "2147483647"],
    ),
    (
        "BIGINT",
        &[
            "0::bigint",
            "(-1)::bigint",
            "3::bigint",
            "(-9223372036854775808)::bigint",
            "9223372036854775807::bigint",
        ],
    ),
    (
        "HUGEINT",
        &[
            "0::hugeint",
            "170141183460469231731687303715884105727::hugeint",
        ],
    ),
    ("UTINYINT", &["0::utinyint", "255::utinyint"]),
    ("UINTEGER", &["0::uinteger", "4294967295::uinteger"]),
    ("UBIGINT", &["0::ubigint", "18446744073709551615::ubigint"]),
    (
        "FLOAT",
        &["0::float", "'nan'::float", "'-inf'::float", "1.5::float"],
    ),
    (
        "DOUBLE",
        &[
            "0::double",
            "'-0.0'::double",
            "'nan'::double",
            "'inf'::double",
            "'-inf'::double",
            "1e308::double",
            "0.5::double",
        ],
    ),
    (
        "DECIMAL",
        &[
            "0::decimal(18,3)",
            "(-1.5)::decimal(18,3)",
            "99999999999999999999999999999999999999::decimal(38,0)",
        ],
    ),
    (
        "VARCHAR",
        &[
            "''",
            "'a'",
            "'é😀 x'",
            "'('",
            "'%'",
            "chr(0)",
            "'day'",
            "'1'",
        ],
    ),
    ("BLOB", &["''::blob", "'\\xFF'::blob"]),
    ("BIT", &["'0'::bit", "'1010'::bit"]),
    (
        "DATE",
        &[
            "'2020-02-29'::date",
            "'infinity'::date",
            "'-infinity'::date",
            "'5881580-07-10'::date",
        ],
    ),
    (
        "TIMESTAMP",
        &[
            "'2020-02-29 12:00:00'::timestamp",
            "'infinity'::timestamp",
            "'-infinity'::timestamp",
            "'epoch'::timestamp",
        ],
    ),
    (
        "TIMESTAMP WITH TIME ZONE",
        &[
            "'2020-02-29 12:00:00+00'::timestamptz",
            "'infinity'::timestamptz",
        ],
    ),
    ("TIME", &["'00:00:00'::time", "'24:00:00'::time"]),
    (
        "INTERVAL",
        &[
            "interval 0 day",
            "interval (-5) year",
            "interval 1 microsecond",
        ],
    ),
];

/// The most calls of one overload.
const MOST_CALLS: usize = 60;

fn engine() -> Session {
    adapters::open("duckdb", ":memory:", &OpenOptions::default())
        .and_then(|engine| engine.session())
        .expect("the engine opens")
}

/// A call of a function. Where a number is the length of a text a huge one only takes memory.
fn call(name: &str, arguments: &[String]) -> String {
    let mut call = format!("{name}({})", arguments.join(", "));
    if matches!(name, "lpad" | "rpad" | "repeat") {
        for huge in ["2147483647", "9223372036854775807"] {
            call = call.replace(huge, "70");
        }
    }
    call
}

/// Whether an expression is null; nothing if the engine refuses it or fails.
fn is_null(engine: &mut Session, expression: &str) -> Option<bool> {
    let sql = format!("select cast(({expression}) is null as varchar)");
    let found = engine.query(&sql).ok()?;
    let batch = found.batches.first()?;
    let values = batch.column(0).as_any().downcast_ref::<StringArray>()?;
    (values.len() == 1).then(|| values.value(0) == "true")
}

fn edges(parameter: &str) -> Option<&'static [&'static str]> {
    // Any type stands for each plain one; a few of them are enough.
    const ANY: &[&str] = &[
        "''",
        "0",
        "'nan'::double",
        "'infinity'::date",
        "interval 0 day",
        "true",
    ];
    if matches!(parameter, "ANY" | "T") {
        return Some(ANY);
    }
    let found = EDGES.iter().find(|(name, _)| *name == parameter);
    found.map(|(_, values)| *values)
}

/// All ways to choose one value of each, evenly thinned to so many.
fn choices(values: &[&[&str]]) -> Vec<Vec<String>> {
    let count: usize = values.iter().map(|values| values.len()).product();
    let step = count.div_ceil(MOST_CALLS).max(1);
    (0..count)
        .step_by(step)
        .map(|mut number| {
            let choose = |values: &&[&str]| {
                let value = values[number % values.len()];
                number /= values.len();
                value.to_owned()
            };
            values.iter().map(choose).collect()
        })
        .collect()
}

/// The parameters of each scalar or aggregate overload of a function, as the engine writes them.
fn overloads(name: &str, kind: &str) -> Vec<Vec<String>> {
    let lines = catalogue::DATA
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>());
    lines
        .filter(|columns| columns[0] == name && columns[1] == kind)
        .map(|columns| {
            let own = columns[2].split(';').filter(|own| !own.is_empty());
            let more = [columns[3]; 2].into_iter().filter(|more| !more.is_empty());
            own.chain(more).map(str::to_owned).collect()
        })
        .collect()
}

#[test]
fn scalar_functions_of_the_list_never_give_a_null() {
    let mut engine = engine();
    let mut untested = Vec::new();
    for name in never_null::scalar_functions() {
        let mut answers = 0;
        for parameters in overloads(name, "scalar") {
            let Some(values) = parameters
                .iter()
                .map(|own| edges(own))
                .collect::<Option<Vec<_>>>()
            else {
                continue;
            };
            for arguments in choices(&values) {
                let call = call(name, &arguments);
                let null = is_null(&mut engine, &call);
                assert_ne!(null, Some(true), "{call} is null");
                answers += usize::from(null.is_some());
            }
        }
        if answers < 2 {
            untested.push(name);
        }
    }
    assert!(untested.is_empty(), "never tried: {untested:?}");
}

#[test]
fn arithmetic_over_numbers_never_gives_a_null() {
    let mut engine = engine();
    let is_number = |name: &str| {
        ![
            "BOOLEAN", "VARCHAR", "BLOB", "BIT", "DATE", "TIME", "INTERVAL",
        ]
        .contains(&name)
            && !name.starts_with("TIMESTAMP")
    };
    for (_, values) in EDGES.iter().filter(|(name, _)| is_number(name)) {
        for arguments in choices(&[values, values]) {
            for operator in ["+", "-", "*", "/"] {
                let sum = format!("({}) {operator} ({})", arguments[0], arguments[1]);
                assert_ne!(is_null(&mut engine, &sum), Some(true), "{sum} is null");
            }
        }
    }
}

#[test]
fn strict_functions_give_a_null_for_a_null() {
    let mut engine = engine();
    for name in never_null::scalar_functions().filter(|name| never_null::is_strict(name)) {
        let mut answers = 0;
        for parameters in overloads(name, "scalar") {
            let Some(values) = parameters
                .iter()
                .map(|own| edges(own))
                .collect::<Option<Vec<_>>>()
            else {
                continue;
            };
            for null in 0..parameters.len() {
                let argument = |(index, own): (usize, &String)| match index == null {
                    true if matches!(own.as_str(), "ANY" | "T") => "null::integer".to_owned(),
                    true => format!("null::{}", own.replace("DECIMAL", "DECIMAL(18,3)")),
                    false => values[index][0].to_owned(),
                };
                let arguments: Vec<String> = parameters.iter().enumerate().map(argument).collect();
                let call = call(name, &arguments);
                let answer = is_null(&mut engine, &call);
                assert_ne!(answer, Some(false), "{call} isn't null");
                answers += usize::from(answer.is_some());
            }
        }
        assert!(answers > 0, "`{name}` was never tried");
    }
}

#[test]
fn aggregates_of_the_list_give_a_value_for_one_row() {
    let mut engine = engine();
    for name in never_null::AGGREGATES {
        let mut answers = 0;
        for (_, values) in EDGES {
            for value in values {
                for call in [format!("{name}(x)"), format!("{name}(x, ',')")] {
                    let expression = format!("select {call} from (select {value} as x) group by x");
                    let null = is_null(&mut engine, &expression);
                    assert_ne!(null, Some(true), "{expression} is null");
                    answers += usize::from(null.is_some());
                }
            }
        }
        assert!(answers > 0, "`{name}` was never tried");
    }
}

#[test]
fn what_may_be_null_is_in_no_list() {
    let mut engine = engine();
    for (name, call) in [
        ("date_part", "date_part('year', 'infinity'::date)"),
        ("list_max", "list_max([])"),
        ("nullif", "nullif(1, 1)"),
        ("mod", "mod(1, 0)"),
        ("last_day", "last_day('infinity'::date)"),
        ("regexp_extract_all", "regexp_extract_all('a', 'b')[1]"),
    ] {
        assert_eq!(is_null(&mut engine, call), Some(true), "{call}");
        assert!(!never_null::is_never_null(name), "{name}");
    }
    assert_eq!(is_null(&mut engine, "1 // 0"), Some(true));
    assert_eq!(is_null(&mut engine, "[1][5]"), Some(true));
}
