use super::call::{Outcome, call};
use super::{Typed, catalogue, literal};
use crate::parse::ast::Literal;
use crate::sql_type::SqlType;

fn operand(text: &str) -> Typed {
    match text {
        "NULL" => literal::typed(&Literal::Null),
        "'x'" => literal::typed(&Literal::Text("x".to_owned())),
        "1" | "1000" | "2.5" => literal::typed(&Literal::Number(text.to_owned())),
        other => Typed::of(other.parse().unwrap_or_else(|error| panic!("{error}"))),
    }
}

/// Each row of the file: two operands, an operator, and the type that the engine gives, `-` where
/// it refuses. We may not know, but may never say otherwise.
#[test]
fn operators_give_what_the_engine_gives() {
    let (mut rows, mut unknown, mut missed) = (0, 0, 0);
    for line in include_str!("operators.tsv").lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let (left, right) = (operand(columns[0]), operand(columns[2]));
        rows += 1;
        match call(columns[1], &[left, right]) {
            // An ambiguous call is refused by the engine only.
            Outcome::Type(_) if columns[3] == "-" => missed += 1,
            Outcome::Type(found) => assert_eq!(found.as_column().to_string(), columns[3], "{line}"),
            Outcome::Refused | Outcome::WrongCount => assert_eq!("-", columns[3], "{line}"),
            Outcome::Unknown => unknown += usize::from(columns[3] != "-"),
        }
    }
    println!("{rows} operations: {unknown} unknown, {missed} that the engine refuses");
    assert!(
        (unknown + missed) * 20 < rows,
        "{unknown} unknown, {missed} missed of {rows}"
    );
}

#[test]
fn numbers_have_the_narrowest_type() {
    for (written, expected) in [
        ("1", "INTEGER"),
        ("2147483648", "BIGINT"),
        ("9223372036854775808", "HUGEINT"),
        ("170141183460469231731687303715884105728", "UHUGEINT"),
        ("1.5", "DECIMAL(2,1)"),
        ("0.05", "DECIMAL(3,2)"),
        (".5", "DECIMAL(1,1)"),
        ("1.", "DECIMAL(1,0)"),
        ("1e3", "DOUBLE"),
        ("1_000", "INTEGER"),
        ("0x1F", "INTEGER"),
    ] {
        let typed = literal::typed(&Literal::Number(written.to_owned()));
        assert_eq!(typed.sql_type.to_string(), expected, "{written}");
    }
}

#[test]
fn the_catalogue_is_sorted_and_every_line_is_whole() {
    let names: Vec<&str> = include_str!("functions.tsv")
        .lines()
        .map(|line| {
            // A macro has its definition behind, and a function in `FROM` its named parameters.
            let columns = line.split('\t').count();
            let is_whole = match line.split('\t').nth(1) {
                Some("macro") => columns == 7,
                Some("table") => columns == 6 || columns == 7,
                _ => columns == 6,
            };
            assert!(is_whole, "{line}");
            line.split('\t').next().unwrap_or_default()
        })
        .collect();
    assert!(names.is_sorted());
    for name in names {
        let entry = catalogue::find(name).unwrap_or_else(|| panic!("{name}"));
        entry.signatures();
    }
    assert!(catalogue::find("no_such_function").is_none());
}

#[test]
fn a_call_with_arguments_of_unknown_types_has_the_type_that_all_overloads_give() {
    let unknown = Typed::unknown();
    assert_eq!(
        call("upper", std::slice::from_ref(&unknown)),
        Outcome::Type(SqlType::Varchar)
    );
    assert_eq!(
        call("count", std::slice::from_ref(&unknown)),
        Outcome::Type(SqlType::BigInt)
    );
    assert_eq!(
        call("sum", std::slice::from_ref(&unknown)),
        Outcome::Unknown
    );
    assert_eq!(call("upper", &[]), Outcome::WrongCount);
}
