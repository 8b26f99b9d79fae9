use super::*;
use crate::diagnostic::Diagnostic;
use crate::span::FileId;
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn variables() -> Vec<Variable> {
    let variable = |name: &str, kind| Variable {
        name: name.to_owned(),
        kind,
        list: None,
    };
    vec![
        variable("region", Some(ValueKind::Text)),
        variable("size", Some(ValueKind::Integer)),
        variable("rate", Some(ValueKind::Number)),
        variable("flag", Some(ValueKind::Boolean)),
        variable("days", None),
    ]
}

fn context() -> Context {
    let place = |env: &str, engine: &str| Place {
        env: env.to_owned(),
        engine: engine.to_owned(),
    };
    Context {
        dialect: "duckdb".to_owned(),
        incremental: true,
        places: vec![place("prod", "postgres"), place("dev_*", "duckdb")],
    }
}

fn read_all(text: &str) -> (DirectiveTree, Vec<Diagnostic>) {
    read(FileId(0), text, 0..text.len(), &variables())
}

fn texts(text: &str, context: &Context) -> Result<Vec<String>, Diagnostic> {
    let (tree, found) = read_all(text);
    assert!(found.is_empty(), "{found:?} of {text}");
    let variants = variants(text, &tree, context)?;
    Ok(variants
        .variants
        .iter()
        .map(|variant| {
            let words: Vec<&str> = variant
                .tokens
                .iter()
                .map(|token| &text[token.span.range()])
                .collect();
            words.join(" ")
        })
        .collect())
}

#[test]
fn variants_are_what_can_be_reached() {
    let cases: &[(&str, &[&str])] = &[
        ("select 1", &["select 1"]),
        ("a\n#if is_incremental\nb\n#endif\nc", &["a b c", "a c"]),
        (
            "#if flag\na\n#elif is_incremental\nb\n#else\nc\n#endif",
            &["a", "b", "c"],
        ),
        // The two facts of a batch are never both true.
        ("#if is_incremental and full_refresh\na\n#endif\nb", &["b"]),
        (
            "#if is_incremental\na\n#endif\n#if full_refresh\nb\n#endif",
            &["a", "b", ""],
        ),
        // What the build knows folds away.
        ("#if dialect == 'duckdb'\na\n#else\nb\n#endif", &["a"]),
        ("#if 1 < 2 and not false\na\n#endif", &["a"]),
        // The environment decides the engine.
        (
            "#if env == 'prod'\na\n#endif\n#if engine == 'postgres'\nb\n#endif",
            &["a b", ""],
        ),
        (
            "#if env == 'dev_x' and engine == 'postgres'\na\n#endif\nb",
            &["b"],
        ),
        (
            "#if env in ['prod', 'dev_ann']\na\n#else\nb\n#endif",
            &["a", "b"],
        ),
        ("#if env == 'staging'\na\n#endif\nb", &["b"]),
        // A variable has one value.
        (
            "#if region == 'eu'\na\n#endif\n#if region == 'us'\nb\n#endif",
            &["a", "b", ""],
        ),
        (
            "#if region != 'eu'\na\n#endif\n#if region == 'eu'\nb\n#endif",
            &["b", "a"],
        ),
        ("#if size > 1 and size < 2\na\n#endif\nb", &["b"]),
        ("#if rate > 1 and rate < 2\na\n#endif\nb", &["a b", "b"]),
        (
            "#if 10 <= size\na\n#elif size >= 5\nb\n#elif size == 10\nc\n#endif",
            &["a", "b", ""],
        ),
        ("#if size!=-1\na\n#endif", &["", "a"]),
        // One text is one variant, whatever leads to it; comments don't count.
        ("#if flag\na -- x\n#else\na\n#endif", &["a -- x"]),
        ("#if flag\n-- x\n#endif\na", &["a"]),
        ("#if flag\n#if not flag\na\n#endif\nb\n#endif", &["b", ""]),
        // Not directives.
        (
            "'\n#if x\n' /*\n#if y\n*/ $$\n#if z\n$$",
            &["'\n#if x\n' /*\n#if y\n*/ $$\n#if z\n$$"],
        ),
        ("select\n #1, a #b", &["select # 1 , a # b"]),
        ("  #if flag -- remark\r\na\r\n  #endif\r\n", &["a", ""]),
    ];
    for (text, expected) in cases {
        assert_eq!(
            texts(text, &context()).map(|all| all.join("¦")),
            Ok(expected.join("¦")),
            "of {text}"
        );
    }
}

#[test]
fn a_model_that_is_not_incremental_is_never_added_to() {
    let context = Context {
        incremental: false,
        ..context()
    };
    let text = "#if is_incremental\na\n#elif full_refresh\nb\n#endif";
    assert_eq!(texts(text, &context), Ok(vec!["b".into(), String::new()]));
}

#[test]
fn faults_name_their_code_and_place() {
    let cases = [
        ("#if flag\na", "unbalanced-directive", "#if flag"),
        ("a\n#endif", "unbalanced-directive", "#endif"),
        ("#else", "unbalanced-directive", "#else"),
        (
            "#if flag\n#else\n#else -- x\n#endif",
            "unbalanced-directive",
            "#else -- x",
        ),
        (
            "#if flag\n#else\n#elif flag\n#endif",
            "unbalanced-directive",
            "#elif flag",
        ),
        ("#iff flag\n", "unknown-directive", "#iff"),
        ("#before\na", "unbalanced-directive", "#before"),
        ("a\n#end", "unbalanced-directive", "#end"),
        ("#before\n#after\n#end", "unbalanced-directive", "#after"),
        (
            "#if flag\n#after\n#end\n#endif",
            "unbalanced-directive",
            "#after",
        ),
        (
            "#before\n#if flag\n#end",
            "unbalanced-directive",
            "#if flag",
        ),
        ("#before a\n#end", "malformed-directive", "a"),
        ("#before\n#end a", "malformed-directive", "a"),
        ("#error", "malformed-directive", "#error"),
        ("#if\n#endif", "malformed-condition", "#if"),
        ("#if flag and\n#endif", "malformed-condition", "and"),
        ("#if (flag\n#endif", "malformed-condition", "flag"),
        ("#if flag flag\n#endif", "malformed-condition", "flag"),
        ("#if env\n#endif", "malformed-condition", "env"),
        (
            "#if size == 'x'\n#endif",
            "malformed-condition",
            "size == 'x'",
        ),
        ("#if env = 'x'\n#endif", "malformed-condition", "="),
        ("#if :flag\n#endif", "malformed-condition", ":flag"),
        ("#if days == 'x'\n#endif", "malformed-condition", "days"),
        (
            "#if region == env\n#endif",
            "malformed-condition",
            "region == env",
        ),
        (
            "#if flag\n#else flag\n#endif",
            "malformed-condition",
            "flag",
        ),
        ("#if size in 3\n#endif", "malformed-condition", "3"),
        (
            "#if 1234567890123456789 == size\n#endif",
            "malformed-condition",
            "1234567890123456789",
        ),
        ("#if is_incrementl\n#endif", "unknown-fact", "is_incrementl"),
        ("#if x == 'a\n#endif", "syntax-error", "'"),
    ];
    for (text, code, place) in cases {
        let (_, found) = read_all(text);
        let error = found.iter().find(|found| found.code.text() == code);
        let error = error.unwrap_or_else(|| panic!("{found:?} of {text}"));
        let span = error.primary.as_ref().map(|label| label.span);
        assert_eq!(
            span.map(|span| &text[span.range()]),
            Some(place),
            "of {text}"
        );
    }
    let (_, found) = read_all("#if is_incrementl\n#endif");
    assert_eq!(found[0].hints, ["did you mean `is_incremental`?"]);
    let (_, found) = read_all("#enddif");
    assert_eq!(found[0].hints, ["did you mean `#endif`?"]);
}

#[test]
fn an_else_twice_names_the_opener() {
    let (_, found) = read_all("#if flag\n#else\n#else\n#endif");
    assert_eq!(found[0].secondary.len(), 2);
    assert_eq!(found[0].secondary[1].span.start, 0);
}

#[test]
fn text_pieces_and_lines_make_up_the_file() {
    let text = "a\n  #if flag\n  b\n#else\nc\n#endif\n d";
    let (tree, _) = read_all(text);
    let Node::Text { span, tokens } = &tree.nodes[0] else {
        panic!("{:?}", tree.nodes);
    };
    assert_eq!(&text[span.range()], "a\n");
    assert_eq!(tree.tokens_of(tokens).len(), 1);
    let Node::If {
        branches,
        otherwise,
        span,
    } = &tree.nodes[1]
    else {
        panic!("{:?}", tree.nodes);
    };
    assert_eq!(&text[span.range()], "#if flag\n  b\n#else\nc\n#endif");
    assert_eq!(&text[branches[0].span.range()], "#if flag");
    assert_eq!(
        otherwise
            .as_ref()
            .map(|otherwise| &text[otherwise.span.range()]),
        Some("#else")
    );
    assert!(matches!(&tree.nodes[2], Node::Text { span, .. } if &text[span.range()] == " d"));
}

#[test]
fn too_many_variants_are_counted_without_looking_at_all() {
    for count in [7_usize, 20, 40] {
        let mut text = String::from("select 0\n");
        let mut variables = variables();
        for index in 0..count {
            text.push_str(&format!("#if v{index} == 'x'\n, {index}\n#endif\n"));
            variables.push(Variable {
                name: format!("v{index}"),
                kind: Some(ValueKind::Text),
                list: None,
            });
        }
        let (tree, found) = read(FileId(0), &text, 0..text.len(), &variables);
        assert!(found.is_empty());
        // The best of some, as a busy machine may stop any one of them.
        let attempts = (0..5).map(|_| {
            let start = Instant::now();
            let error = variants(&text, &tree, &context()).expect_err("more than 64");
            (start.elapsed(), error)
        });
        let (elapsed, error) = attempts.min_by_key(|(elapsed, _)| *elapsed).expect("five");
        assert!(elapsed < Duration::from_millis(50), "{elapsed:?}");
        assert_eq!(error.code.text(), "too-many-variants");
        assert_eq!(1 + error.secondary.len(), count.min(24));
    }
    let six = (0..6)
        .map(|i| format!("#if size == {i}\n, {i}\n#endif\n"))
        .collect::<String>();
    assert_eq!(texts(&six, &context()).map(|all| all.len()), Ok(7));
}

#[test]
fn sixty_four_variants_are_fine() {
    let mut text = String::new();
    for (index, test) in [
        "flag",
        "region == 'x'",
        "size > 1",
        "rate > 1",
        "env == 'prod'",
        "is_incremental",
    ]
    .iter()
    .enumerate()
    {
        text.push_str(&format!("#if {test}\n{index}\n#endif\n"));
    }
    assert_eq!(texts(&text, &context()).map(|all| all.len()), Ok(64));
}

#[test]
fn references_are_listed_with_their_places() {
    let text = "from :orders where a::int = :min and b[:x] = {'k':v}";
    let (tokens, _) = crate::lexer::lex(FileId(0), text, 0..text.len());
    let found: Vec<(&str, u32)> = references(text, &tokens)
        .map(|(name, span)| (name, span.start))
        .collect();
    assert_eq!(found, [("orders", 5), ("min", 28)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_makes_it_panic(
        lines in prop::collection::vec(
            prop_oneof!["#(if|elif) (not )?(flag|size|env|\\(|is_incremental)( (==|in|<|and|or|!=)( (-?1|'x'|\\[1\\]|flag))?)?", "#(else|endif)", "[a-z' /*$]{0,8}"],
            0..12,
        )
    ) {
        let text = lines.join("\n");
        let (tree, _) = read_all(&text);
        if let Ok(variants) = variants(&text, &tree, &context()) {
            prop_assert!(!variants.variants.is_empty());
            for variant in &variants.variants {
                prop_assert!(!variant.assignments.is_empty());
                prop_assert!(variant.tokens.is_sorted_by_key(|token| token.span.start));
            }
        }
    }

    #[test]
    fn numbers_keep_their_order(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000, scale in 0_u32..4) {
        let read = |value: i64| {
            let unit = 10_i64.pow(scale);
            let text = format!("{}.{:0width$}", value.abs() / unit, value.abs() % unit, width = scale as usize);
            let number = Number::read(&text).expect("a number");
            if value < 0 { number.negated() } else { number }
        };
        let (left, right) = (read(a), read(b));
        prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        let middle = left.middle(right);
        prop_assert!(middle >= left.min(right) && middle <= left.max(right));
        prop_assert!(left.floor() <= left && left < left.floor().plus(1));
    }
}
