//! The parser: how operators group, what nodes cover, what is refused and how it is said.

mod samples;
mod shape;

use super::table::parse_create_table;
use super::*;
use crate::lexer::lex;
use crate::span::FileId;
use crate::token::TokenKind;
use proptest::prelude::*;
use shape::shape;

pub(super) fn parse(text: &str) -> Result<Query, Diagnostic> {
    let (tokens, found) = lex(FileId(0), text, 0..text.len());
    match found.into_iter().next() {
        Some(error) => Err(error),
        None => parse_query(text, &tokens),
    }
}

fn expression(text: &str) -> Result<Expr, Diagnostic> {
    let (tokens, _) = lex(FileId(0), text, 0..text.len());
    parse_expression(text, &tokens)
}

fn place(error: &Diagnostic, text: &str) -> String {
    let span = error.primary.as_ref().map(|label| label.span);
    span.map_or(String::new(), |span| text[span.range()].to_owned())
}

#[test]
fn operators_group_as_in_the_engine() {
    for (text, expected) in samples::SHAPES {
        let shown = expression(text).map(|expr| shape(&expr));
        assert_eq!(shown.as_deref(), Ok(*expected), "of {text}");
    }
}

#[test]
fn queries_of_the_dialect_parse() {
    for text in samples::QUERIES {
        assert!(parse(text).is_ok(), "{:?} of {text}", parse(text));
    }
}

#[test]
fn a_query_covers_all_its_tokens() {
    for text in samples::QUERIES {
        let query = parse(text).expect("a query");
        let (tokens, _) = lex(FileId(0), text, 0..text.len());
        let last = tokens
            .iter()
            .rfind(|token| token.kind != TokenKind::Comment && &text[token.span.range()] != ";");
        assert_eq!(query.span.start, tokens[0].span.start, "of {text}");
        assert_eq!(
            Some(query.span.end),
            last.map(|token| token.span.end),
            "of {text}"
        );
    }
}

#[test]
fn faults_are_said_at_their_place() {
    for (text, message, found, hint) in samples::FAULTS {
        let error = parse(text).expect_err(text);
        assert_eq!(error.message, *message, "of {text}");
        assert_eq!(place(&error, text), *found, "of {text}");
        let hints = error.hints.join("; ");
        assert_eq!(hints, *hint, "of {text}");
    }
}

#[test]
fn what_is_no_query_has_codes_of_its_own() {
    let cases = [
        ("", "empty-model"),
        ("-- nothing", "empty-model"),
        ("create table t (a int)", "not-a-query"),
        ("insert into t values (1)", "not-a-query"),
        ("drop table t", "not-a-query"),
        ("pragma version", "not-a-query"),
        ("with a as (insert into t values (1)) from a", "not-a-query"),
        ("select 1; select 2", "several-statements"),
        ("from t where 'x", "syntax-error"),
    ];
    for (text, code) in cases {
        let error = parse(text).expect_err(text);
        assert_eq!(error.code.text(), code, "of {text}");
    }
    assert!(parse("select 1;; -- end\n;").is_ok());
}

#[test]
fn an_open_parenthesis_is_named() {
    let text = "select (1 + 2 from t";
    let error = parse(text).expect_err("an open parenthesis");
    assert_eq!(place(&error, text), "from");
    assert_eq!(error.secondary[0].span.start, 7);
    assert_eq!(error.secondary[0].text, "this `(` isn't closed");
}

#[test]
fn deep_texts_are_refused_and_never_overflow() {
    let many = |text: &str| text.repeat(100_000);
    let texts = [
        many("("),
        format!("select {}", many("(")),
        format!("select {}1", many("-")),
        format!("select {}1", many("not ")),
        format!("select {}", many("[")),
        format!("select {}", many("case when ")),
        format!("select {}", many("f(")),
        format!("select {}", many("{a:")),
        format!("select {}", many("(select ")),
        format!("select 1{}", many(" + 1")),
        format!("select 1{}", many(" -> 1")),
        format!("select a{}", many("[1]")),
        format!("select (a){}", many(".b")),
        format!("select a{}", many("::int")),
        format!("select a::{}int", many("struct(a ")),
        format!("from {}", many("(")),
        format!("from {}", many("(from ")),
        format!("from t{}", many(" join t")),
        format!("from t{}", many(" cross join t")),
        format!("select 1{}", many(" union select 1")),
        many("with a as ("),
        format!("select a {}", many("between a ")),
        format!("select 1 group by {}", many("grouping sets (")),
        format!("select {}", many("lambda x: ")),
        format!("select a {}", many("in a ")),
    ];
    for text in texts {
        assert!(parse(&text).is_err(), "{}…", &text[..40]);
    }
    // Chains within chains: a tree that is as high as all of them together.
    let chains = "(".repeat(200) + "1" + &(" + 1".repeat(900) + ")").repeat(200);
    let error = parse(&format!("select {chains}")).unwrap_err();
    assert_eq!(error.code, Code::TooDeep);
    // What stands beside each other adds nothing.
    let beside = vec!["a[1][1] + (b + c + d)"; 450].join(" + ");
    assert!(parse(&format!("select {beside}, {beside}")).is_ok());
    for (open, close) in [("(", ")"), ("(select ", ")"), ("[", "]")] {
        let text = format!("select {}1{}", open.repeat(100), close.repeat(100));
        assert!(parse(&text).is_ok(), "{}…", &text[..40]);
    }
    assert!(parse(&format!("select 1{}", " + 1".repeat(900))).is_ok());
}

#[test]
fn types_keep_their_text() {
    let cases = [
        (
            "struct( a INT , b varchar [] )",
            "struct(a INT, b varchar[])",
        ),
        ("DECIMAL(18,2)[]", "DECIMAL(18, 2)[]"),
        ("ENUM('a','b')", "ENUM('a', 'b')"),
        ("timestamp  with time zone", "timestamp with time zone"),
        ("double precision", "double precision"),
        ("INTEGER[3]", "INTEGER[3]"),
        ("map(int, struct(x int))", "map(int, struct(x int))"),
        ("union(a int, b text)", "union(a int, b text)"),
        ("main.mood", "main.mood"),
        ("time(3) with time zone[]", "time(3) with time zone[]"),
        ("\"my type\"", "\"my type\""),
    ];
    for (text, expected) in cases {
        let (tokens, _) = lex(FileId(0), text, 0..text.len());
        let read = parse_type(text, &tokens).map(|type_name| type_name.text);
        assert_eq!(read.as_deref(), Ok(expected), "of {text}");
    }
    for text in [
        "select",
        "struct(a)",
        "int[1:2]",
        "enum(a)",
        "int int",
        "map(int)",
        "",
    ] {
        let (tokens, _) = lex(FileId(0), text, 0..text.len());
        assert!(parse_type(text, &tokens).is_err(), "{text}");
    }
}

#[test]
fn table_definitions_have_places_and_remarks() {
    let text = "-- head\ncreate table raw.\"Orders\" (\n  id bigint not null /* enforced */, -- the key\n  price decimal(18,2) not null,\n  \"a b\" struct(x int, y varchar[]) default null, -- nested\n  day date,\n  primary key (id, day)\n);";
    let (tokens, _) = lex(FileId(0), text, 0..text.len());
    let table = parse_create_table(text, &tokens).expect("a table");
    let names: Vec<&str> = table
        .name
        .parts
        .iter()
        .map(|part| part.value.as_str())
        .collect();
    assert_eq!(names, ["raw", "Orders"]);
    assert_eq!(&text[table.name.span.range()], "raw.\"Orders\"");
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|column| {
            let type_name = &text[column.type_name.span.range()];
            (
                column.name.value.as_str(),
                type_name,
                column.not_null,
                column.enforced,
                column.comment.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        columns,
        [
            ("id", "bigint", true, true, Some("the key")),
            ("price", "decimal(18,2)", true, false, None),
            (
                "a b",
                "struct(x int, y varchar[])",
                false,
                false,
                Some("nested")
            ),
            ("day", "date", true, false, None),
        ]
    );
}

#[test]
fn other_statements_are_no_table_definitions() {
    let cases = [
        "",
        "select 1",
        "create table t",
        "create table t ()",
        "create table t as select 1",
        "create table t (a int); create table u (a int)",
        "create table t (a int",
        "create table t (a int,, b int)",
        "create table t (a)",
        "create view t as select 1",
    ];
    for text in cases {
        let (tokens, _) = lex(FileId(0), text, 0..text.len());
        let found = parse_create_table(text, &tokens);
        let code = found.as_ref().map_err(|error| error.code.text());
        assert_eq!(code.err(), Some("malformed-table"), "{text}: {found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_tokens_make_it_panic(
        words in prop::collection::vec(
            prop_oneof![
                Just("select"), Just("from"), Just("("), Just(")"), Just("["), Just("]"), Just(","),
                Just("a"), Just("1"), Just("'x'"), Just("*"), Just("."), Just(":"), Just("->"),
                Just("case"), Just("when"), Just("then"), Just("end"), Just("join"), Just("on"),
                Just("values"), Just("union"), Just("not"), Just("in"), Just("between"), Just("and"),
                Just("{"), Just("}"), Just("::"), Just("int"), Just("over"), Just("with"), Just("as"),
                Just("interval"), Just("trim"), Just("extract"), Just(":="), Just(":x"), Just("#"),
                Just("pivot"), Just("exclude"), Just("order"), Just("by"), Just("limit"), Just("%"),
                Just("lambda"), Just("columns"), Just("$$"), Just("?"), Just(";"), Just("create"), Just("table"),
            ],
            0..24,
        )
    ) {
        let text = words.join(" ");
        let (tokens, _) = lex(FileId(0), &text, 0..text.len());
        let _ = parse_query(&text, &tokens);
        let _ = parse_expression(&text, &tokens);
        let _ = parse_type(&text, &tokens);
        let _ = parse_create_table(&text, &tokens);
    }
}
