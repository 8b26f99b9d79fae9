use super::*;
use proptest::prelude::*;

fn tokens(text: &str) -> String {
    let (tokens, _) = lex(FileId(0), text, 0..text.len());
    let shown: Vec<String> = tokens
        .iter()
        .map(|token| {
            let mark = match token.kind {
                TokenKind::Word => "w",
                TokenKind::QuotedName => "q",
                TokenKind::Text => "t",
                TokenKind::DollarText => "d",
                TokenKind::Number => "n",
                TokenKind::Parameter => "p",
                TokenKind::Reference => "r",
                TokenKind::Symbol => "s",
                TokenKind::Comment => "c",
            };
            format!("{mark}{}", &text[token.span.range()])
        })
        .collect();
    shown.join(" ")
}

#[test]
fn tokens_are_as_the_engine_cuts_them() {
    let cases = [
        ("select a1, $x", "wselect wa1 s, p$x"),
        (
            "1_000 1e5 0xFF .5 5. 1.e5 1e+5 1.5e-3",
            "n1_000 n1e5 n0 wxFF n.5 n5. n1.e5 n1e+5 n1.5e-3",
        ),
        ("1a 1__0 1e 1..2 0x", "n1 wa n1 w__0 n1 we n1 s.. n2 n0 wx"),
        (
            "'a''b' \"a\"\"b\" e'a\\'b' X'ab' u&'x' U&\"x\"",
            "t'a''b' q\"a\"\"b\" te'a\\'b' tX'ab' tu&'x' qU&\"x\"",
        ),
        (
            "$$a'b$$ $t$ $$ $t$ $1 ?2 ?",
            "d$$a'b$$ d$t$ $$ $t$ p$1 p?2 p?",
        ),
        ("/* a /* b */ c */ 1 -- x", "c/* a /* b */ c */ n1 c-- x"),
        (
            "a::int->>'b'->1=>2:=3//4**5^@6",
            "wa s:: wint s->> t'b' s-> n1 s=> n2 s:= n3 s// n4 s** n5 s^@ n6",
        ),
        (
            "a=-1 b!=-1 2^-1 a<=>b a|-b 5%-2 a->-1",
            "wa s= s- n1 wb s!=- n1 n2 s^- n1 wa s<=> wb wa s|- wb n5 s%- n2 wa s-> s- n1",
        ),
        ("a--b\n+1 2*/*c*/3", "wa c--b s+ n1 n2 s* c/*c*/ n3"),
        ("ü\u{a0}b #1", "wü wb s# n1"),
    ];
    for (text, expected) in cases {
        assert_eq!(tokens(text), expected, "of {text}");
    }
}

#[test]
fn references_are_told_from_other_colons() {
    let cases = [
        (":orders", "r:orders"),
        ("x=:min and(:a,:b)", "wx s= r:min wand s( r:a s, r:b s)"),
        ("x::int a:=1", "wx s:: wint wa s:= n1"),
        ("arr[1:n]", "warr s[ n1 s: wn s]"),
        ("arr[:n]", "warr s[ s: wn s]"),
        ("f(x)[:n]", "wf s( wx s) s[ s: wn s]"),
        ("[:n]", "s[ r:n s]"),
        ("in [:n]", "win s[ r:n s]"),
        ("{'a':b, c:d}", "s{ t'a' s: wb s, wc s: wd s}"),
        ("a:b \"a\":b", "wa s: wb q\"a\" s: wb"),
        ("a: b, x : y", "wa s: wb s, wx s: wy"),
        ("':a' \":a\" $$:a$$ -- :a", "t':a' q\":a\" d$$:a$$ c-- :a"),
        (":1 : :\u{a0}a", "s: n1 s: s: wa"),
        (":a::int", "r:a s:: wint"),
        ("lambda x:x", "wlambda wx s: wx"),
        ("/* c */:a", "c/* c */ r:a"),
    ];
    for (text, expected) in cases {
        assert_eq!(tokens(text), expected, "of {text}");
    }
}

#[test]
fn what_never_ends_is_reported_at_its_start() {
    for (text, start) in [
        ("a 'b", 2),
        ("\"", 0),
        ("x /* /* */", 2),
        (" $t$ $$", 1),
        ("e'\\", 0),
        ("e'\\ü", 0),
    ] {
        let (_, found) = lex(FileId(0), text, 0..text.len());
        assert_eq!(found.len(), 1, "of {text}");
        assert_eq!(found[0].code, Code::SyntaxError);
        assert_eq!(
            found[0].primary.as_ref().map(|label| label.span.start),
            Some(start)
        );
    }
}

#[test]
fn a_range_is_lexed_with_places_in_the_file() {
    let (tokens, _) = lex(FileId(3), "ab 'c' d", 3..6);
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].span, Span::new(FileId(3), 3, 6));
    assert!(lex(FileId(0), "ü", 1..2).0.is_empty());
    assert!(lex(FileId(0), "a", 5..9).0.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn tokens_cover_everything_but_white_space(
        text in prop_oneof![any::<String>(), "[a-z'\"$:/*\\-\\[\\]ü \n0-9.eE_xu&#?@=<>!^%|\\\\]{0,60}"]
    ) {
        let (tokens, _) = lex(FileId(0), &text, 0..text.len());
        let mut end = 0;
        for token in &tokens {
            let range = token.span.range();
            prop_assert!(range.start >= end && range.end > range.start);
            prop_assert!(text[end..range.start].chars().all(is_space));
            prop_assert!(text.is_char_boundary(range.end));
            end = range.end;
        }
        prop_assert!(text[end..].chars().all(is_space));
    }
}
