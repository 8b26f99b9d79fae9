use super::{Constant, Datum, Evaluated, Evaluator, Stop};
use crate::lexer::lex;
use crate::parse::ast::{Expr, QueryBody};
use crate::parse::parse_query;
use crate::span::FileId;
use crate::sql_type::SqlType;

fn value(text: &str) -> Evaluated {
    let sql = format!("select {text}");
    let expr = parsed(&sql);
    Evaluator::new(&sql).value(&expr)
}

fn parsed(sql: &str) -> Expr {
    let (tokens, _) = lex(FileId(0), sql, 0..sql.len());
    let query = parse_query(sql, &tokens).expect(sql);
    match query.body {
        QueryBody::Select(mut select) => select.items.remove(0).expr,
        other => panic!("{other:?}"),
    }
}

fn is(text: &str, datum: Datum) {
    assert_eq!(value(text).map(|value| value.datum), Ok(datum), "{text}");
}

fn fails(text: &str) {
    assert!(
        matches!(value(text), Err(Stop::Fails(_))),
        "{text}: {:?}",
        value(text)
    );
}

fn unknown(text: &str) {
    assert_eq!(value(text), Err(Stop::Unknown), "{text}");
}

#[test]
fn values_are_computed() {
    is("1 + 2 * 3", Datum::Integer(7));
    is("0.5 + 0.6", Datum::Decimal(11));
    is("'a' || 'b'", Datum::Text("ab".to_owned()));
    is("'1.5'::integer", Datum::Integer(2));
    is("'2' = 2", Datum::Boolean(true));
    is("case when 1 = 2 then 1 else -1 end", Datum::Integer(-1));
    is("coalesce(null, 5)", Datum::Integer(5));
    is("3 between 1 and '4'", Datum::Boolean(true));
    is("2 in (1, 2)", Datum::Boolean(true));
    is("'abc' like 'a%c'", Datum::Boolean(true));
    is("null + 1", Datum::Null);
    is("try_cast('x' as integer)", Datum::Null);
    is("date '2020-02-29' > '2020-02-28'", Datum::Boolean(true));
    is(
        "2.345::decimal(3,2)::varchar",
        Datum::Text("2.35".to_owned()),
    );
    assert_eq!(
        value("5 // 0"),
        Ok(Constant::new(SqlType::Integer, Datum::Null))
    );
}

#[test]
fn what_the_engine_cannot_compute_fails() {
    for text in [
        "'x' = 1",
        "'x'::boolean",
        "2147483647 + 1",
        "200::tinyint",
        "12::decimal(2,1)",
        "'12.34'::decimal(3,2)",
        "9.99::decimal(2,1)",
        "3e9::integer",
        "date '2020-02-30'",
        "'2020-13-01'::date",
        "time '25:00:00'",
        "timestamp '2020-01-01 25:00:00'",
        "interval '1 foo'",
        "interval 'x' day",
        "'[1, a]'::integer[]",
        "'[1, 2]'::integer[3]",
        "'{a: x}'::struct(a integer)",
        "'{'::json",
        "'102'::bit",
        "'\\xZZ'::blob",
        "'abc'::uuid",
        "'c'::enum('a', 'b')",
        "sqrt(-1)",
        "ln(0)",
        "make_date(2020, 13, 1)",
        "map {'a': 1, 'a': 2}",
        "abs((-128)::tinyint)",
    ] {
        fails(text);
    }
}

#[test]
fn what_is_not_known_stays_unknown() {
    for text in [
        "a",
        "random()",
        "current_date",
        "false and 'x' = 1",
        "coalesce(1, 'x'::integer)",
        "try('x'::integer)",
        "'1e3'::integer",
        "'0x1F'::integer",
        "'[1,]'::json",
        "md5('a')",
    ] {
        unknown(text);
    }
}
