//! A type that can be read is read from its own text again, and no two types make their rules panic;
//! no call or operator over columns of such types makes the binder panic.
#![no_main]

use dbgo_compiler::lexer::lex;
use dbgo_compiler::parse::parse_query;
use dbgo_compiler::resolve::{BindInput, Column, Schema, bind};
use dbgo_compiler::span::FileId;
use dbgo_compiler::sql_type::coerce::fits_into;
use dbgo_compiler::sql_type::{SqlType, common_type, forced_type};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The text: two types and an expression over columns `a` and `b` of them, each on a line.
libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let mut read = || lines.next().and_then(|line| line.parse::<SqlType>().ok());
    let (Some(one), Some(other)) = (read(), read()) else {
        return;
    };
    for sql_type in [&one, &other] {
        let again = sql_type.to_string().parse::<SqlType>();
        assert_eq!(again.as_ref(), Ok(sql_type));
        assert!(!sql_type.as_column().any(&|part| *part == SqlType::Null));
    }
    common_type(&one, &other);
    forced_type(&one, &other);
    fits_into(&one, &other);
    let column = |name: &str, sql_type: &SqlType| Column {
        name: name.to_owned(),
        sql_type: sql_type.clone(),
        nullable: true,
        made_at: None,
    };
    let table = Schema::known(vec![column("a", &one), column("b", &other)]);
    let query = format!("select {} from t", lines.next().unwrap_or("a"));
    let (tokens, _) = lex(FileId(0), &query, 0..query.len());
    let Ok(tree) = parse_query(&query, &tokens) else {
        return;
    };
    let input = BindInput {
        imports: Cow::Owned(BTreeMap::from([("t".to_owned(), table)])),
        text: &query,
        ..BindInput::default()
    };
    bind(&tree, &input);
});
