use super::SqlType;
use super::coerce::fits_into;
use super::{Common, common_type, forced_type};
use proptest::prelude::*;

fn read(text: &str) -> SqlType {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_spelling_is_read_as_the_engine_reads_it() {
    for line in include_str!("spellings.tsv").lines() {
        let (spelling, written) = line.split_once('\t').expect("two columns");
        assert_eq!(read(spelling).to_string(), written, "{spelling}");
    }
}

#[test]
fn what_is_no_type_is_refused() {
    for text in [
        "",
        "int)",
        "decimal(39)",
        "decimal(3,4)",
        "map(int)",
        "enum(a)",
        "1",
        "int[",
        "struct(a",
    ] {
        assert!(text.parse::<SqlType>().is_err(), "{text}");
    }
    assert!("[".repeat(100_000).parse::<SqlType>().is_err());
    assert!("map(".repeat(100_000).parse::<SqlType>().is_err());
}

/// Each row of the file: two types and what the engine makes of them in `COALESCE`, in `UNION`,
/// whether it compares them by `<` and by `=`. We may not know, but may never say otherwise.
#[test]
fn common_types_are_the_engines() {
    let mut unknown = 0;
    let mut rows = 0;
    for line in include_str!("coercions.tsv").lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let (left, right) = (read(columns[0]), read(columns[1]));
        let together = common_type(&left, &right);
        rows += 1;
        unknown += usize::from(together == Common::Unknown);
        let engine = |text: &str| (text != "-").then(|| text.to_owned());
        match &together {
            Common::Type(found) => assert_eq!(
                Some(found.as_column().to_string()),
                engine(columns[2]),
                "{line}"
            ),
            Common::Incompatible => assert_eq!(engine(columns[2]), None, "{line}"),
            Common::Unknown => {}
        }
        match forced_type(&left, &right) {
            Common::Type(found) => assert_eq!(
                Some(found.as_column().to_string()),
                engine(columns[3]),
                "{line}"
            ),
            Common::Incompatible => assert_eq!(engine(columns[3]), None, "{line}"),
            Common::Unknown => {}
        }
        let refused = |common: &Common, text: &str| match common {
            Common::Type(_) => assert_eq!(text, "compared", "{line}"),
            Common::Incompatible => assert_eq!(text, "refused", "{line}"),
            Common::Unknown => {}
        };
        refused(&together, columns[4]);
        refused(&forced_type(&left, &right), columns[5]);
    }
    assert!(
        unknown * 100 < rows,
        "{unknown} of {rows} pairs are unknown"
    );
}

#[test]
fn contracts_take_what_can_be_stored_without_loss() {
    for (from, to) in [
        ("integer", "bigint"),
        ("decimal(10,2)", "decimal(18,4)"),
        ("integer", "decimal(18,2)"),
        ("integer", "double"),
        ("date", "timestamp"),
        ("enum('a')", "varchar"),
        ("integer[]", "bigint[]"),
    ] {
        assert!(fits_into(&read(from), &read(to)), "{from} fits into {to}");
    }
    for (from, to) in [
        ("varchar", "integer"),
        ("bigint", "integer"),
        ("decimal(18,2)", "decimal(10,2)"),
        ("decimal(10,2)", "integer"),
        ("bigint", "double"),
        ("double", "float"),
        ("integer", "varchar"),
        ("timestamp", "date"),
    ] {
        assert!(
            !fits_into(&read(from), &read(to)),
            "{from} doesn't fit into {to}"
        );
    }
}

fn any_type() -> impl Strategy<Value = SqlType> {
    use SqlType::*;
    let name = prop_oneof!["[a-z]{1,6}", "[a-zA-Z \"'é]{1,5}", Just("range".to_owned())];
    let leaf = prop_oneof![
        Just(Boolean),
        Just(Integer),
        Just(UHugeInt),
        Just(Double),
        Just(Varchar),
        Just(TimeTz),
        Just(TimestampTz),
        Just(TimestampNs),
        Just(Json),
        Just(Null),
        Just(Interval),
        Just(BigNum),
        (1u8..=38)
            .prop_flat_map(|precision| (Just(precision), 0..=precision))
            .prop_map(|(p, s)| Decimal(p, s)),
        prop::collection::vec("[a-z']{0,4}", 1..4).prop_map(Enum),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let fields = prop::collection::vec((name.clone(), inner.clone()), 1..4);
        prop_oneof![
            inner.clone().prop_map(SqlType::list),
            (inner.clone(), 1u32..9).prop_map(|(element, size)| Array(Box::new(element), size)),
            (inner.clone(), inner).prop_map(|(key, value)| Map(Box::new(key), Box::new(value))),
            fields.clone().prop_map(Struct),
            fields.prop_map(Union),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(sql_type in any_type()) {
        prop_assert_eq!(read(&sql_type.to_string()), sql_type);
    }

    #[test]
    fn any_text_is_an_error_or_a_type_that_is_read_from_its_own_text(text in "[a-z0-9(),.'\" \\[\\]]{0,40}") {
        if let Ok(sql_type) = text.parse::<SqlType>() {
            prop_assert_eq!(read(&sql_type.to_string()), sql_type);
        }
    }

    #[test]
    fn a_made_type_is_read_from_its_own_text(name in "\"?[a-z0-9 .,\"A-Z]{1,4}\"?", more in "(\\.\"?[a-z $]{0,3}\"?)?(\\([a-z'\"]{0,3}\\))?") {
        if let Ok(sql_type) = (name + &more).parse::<SqlType>() {
            prop_assert_eq!(read(&sql_type.to_string()), sql_type);
        }
    }
}
