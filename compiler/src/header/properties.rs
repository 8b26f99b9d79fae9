//! What holds for the header of any text.

use super::{FileId, FileKind, parse};
use proptest::prelude::*;

/// Texts that look like headers, so that the reading gets far.
fn header_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "-- ",
        "--",
        "@config",
        "@import",
        "@column",
        "@var",
        "@description",
        "@audit",
        "@param",
        "@merge",
        "@grant",
        "@index",
        "not_null",
        "on",
        "update",
        "except",
        "delete when",
        "select to",
        "unique",
        ":",
        "=",
        ",",
        "'",
        "\"",
        "''",
        "(",
        ")",
        "[",
        "]",
        "\n",
        "\r\n",
        "/*",
        "*/",
        " ",
        "models.a",
        "key",
        "materialized",
        "'table'",
        "tags",
        "x",
        "1",
        "not null",
        "decimal(18,2)",
        "#if a",
        "é",
        "@",
        "select 1",
        "-",
        "\u{2003}",
        "start",
        "'2013-01-01'",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn check(text: &str) -> Result<(), TestCaseError> {
    for kind in [
        FileKind::Model,
        FileKind::Source,
        FileKind::Seed,
        FileKind::Exposure,
        FileKind::Audit,
    ] {
        let (header, diagnostics) = parse(FileId(0), text, kind);
        prop_assert!(text.is_char_boundary(header.body_start));
        let labels = diagnostics
            .iter()
            .flat_map(|finding| finding.primary.iter().chain(&finding.secondary))
            .map(|label| label.span);
        let imports = header
            .imports
            .iter()
            .flat_map(|import| [import.span, import.alias.span, import.path.span]);
        let columns = header
            .columns
            .iter()
            .flat_map(|column| [column.span, column.name.span]);
        let types = header
            .variables
            .iter()
            .map(|variable| variable.sql_type.span);
        for span in labels.chain(imports).chain(columns).chain(types) {
            prop_assert!(text.get(span.range()).is_some(), "{span:?} of {text:?}");
        }
        for import in &header.imports {
            prop_assert_eq!(&text[import.path.span.range()], import.path.value.as_str());
            prop_assert_eq!(
                &text[import.alias.span.range()],
                import.alias.value.as_str()
            );
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC{0,80}") {
        check(&text)?;
    }

    #[test]
    fn any_header_is_read(text in header_like()) {
        check(&text)?;
    }
}
