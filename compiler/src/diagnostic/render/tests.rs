//! How findings look.

use super::*;
use crate::diagnostic::{Code, Fix, Severity};
use crate::span::FileId;

fn sources() -> SourceSet {
    let mut sources = SourceSet::default();
    let revenue = "-- revenue\n\n\n\nselect\n    o.id,\n    o.amout * r.rate as usd_amount,\n    'größe' as x\nfrom :orders o\njoin :rates r using (day)\n";
    sources.add("models/finance/revenue.sql", revenue);
    sources.add(
        "models/staging/stg_orders.sql",
        "select\n    amount_cents / 100.0 as amount,\n    day\nfrom :raw\n",
    );
    sources.add("models/crlf.sql", "select 1,\r\n  two\r\nfrom x\r\n");
    sources.add("models/z.sql", "");
    sources
}

fn span(sources: &SourceSet, file: u32, text: &str) -> Span {
    let start = sources.file(FileId(file)).text.find(text).unwrap();
    Span::new(FileId(file), start, start + text.len())
}

fn findings(sources: &SourceSet) -> Vec<Diagnostic> {
    vec![
        Diagnostic::error(
            Code::UnknownColumn,
            span(sources, 0, "amout"),
            "`stg_orders` has no column `amout`",
        )
        .saying("not a column of `:orders`")
        .and_at(
            span(sources, 1, "amount,"),
            "a column with a similar name is made here",
        )
        .hint("write `o.amount`")
        .fix(Fix::replace(span(sources, 0, "amout"), "amount")),
        Diagnostic::warning(Code::UnusedImport, span(sources, 0, "x\n"), "after `ö`")
            .and_at(span(sources, 0, "-- revenue"), ""),
        Diagnostic::error(
            Code::UnknownColumn,
            span(sources, 2, "two"),
            "no column `two`",
        ),
        Diagnostic::without_place(Code::NoModels, Severity::Error, "the project has no models")
            .hint("write one"),
        Diagnostic::error(Code::FileTooLarge, Span::new(FileId(3), 0, 0), "too large")
            .hint("split"),
        Diagnostic::error(
            Code::EmptyModel,
            Span::new(FileId(2), 999, 1000),
            "past the end",
        ),
    ]
}

#[test]
fn full_shows_the_lines() {
    let sources = sources();
    insta::assert_snapshot!("full", full(&sources, &findings(&sources), false));
}

#[test]
fn colour_only_when_asked() {
    let sources = sources();
    let findings = findings(&sources);
    assert!(full(&sources, &findings, true).contains('\u{1b}'));
    assert!(!full(&sources, &findings, false).contains('\u{1b}'));
}

#[test]
fn concise_is_one_line_each() {
    let sources = sources();
    insta::assert_snapshot!("concise", concise(&sources, &findings(&sources)));
}

#[test]
fn json_has_a_schema() {
    let sources = sources();
    insta::assert_snapshot!("json", json(&sources, &findings(&sources)[..1]));
}

#[test]
fn github_shows_them_in_pull_requests() {
    let mut sources = sources();
    let odd = sources.add("models/a,b:100%.sql", "select 1\nfrom x");
    let mut findings = findings(&sources);
    findings.push(
        Diagnostic::error(
            Code::SyntaxError,
            Span::new(odd, 0, 15),
            "50% of it,\nsaid: this\r",
        )
        .note("over two lines"),
    );
    insta::assert_snapshot!("github", github(&sources, &findings, "shop/"));
}

#[test]
fn sarif_is_a_log_of_one_run() {
    let mut sources = sources();
    let odd = sources.add("models/a b.sql", "x\nx\n");
    let mut findings = findings(&sources);
    for at in [0, 2] {
        let span = Span::new(odd, at, at + 1);
        findings.push(Diagnostic::note_at(
            Code::ParsedByEngine,
            span,
            "the same line twice",
        ));
    }
    let page = |code: Code| Some(format!("# {code}\n"));
    let context = SarifContext {
        version: "1.2.3",
        prefix: "shop/",
        page: &page,
    };
    insta::assert_snapshot!("sarif", sarif(&sources, &findings, &context));
}

#[test]
fn fingerprints_stay_when_lines_come_above() {
    let print = |text: &str, at: &str| {
        let mut sources = SourceSet::default();
        let file = sources.add("a.sql", text);
        let start = text.find(at).unwrap();
        let finding =
            Diagnostic::error(Code::UnknownColumn, Span::new(file, start, start + 1), "x");
        let context = SarifContext {
            version: "1",
            prefix: "",
            page: &|_| None,
        };
        let log = sarif(&sources, &[finding], &context);
        let log: serde_json::Value = serde_json::from_str(&log).unwrap();
        log["runs"][0]["results"][0]["partialFingerprints"].clone()
    };
    assert_eq!(print("select a", "a"), print("-- b\n\n  select a", "a"));
    assert_ne!(print("select a", "a"), print("select a, b", "a"));
}

#[test]
fn sorted_by_file_and_place() {
    let sources = sources();
    let mut findings = findings(&sources);
    findings.extend(findings.clone());
    sort(&sources, &mut findings);
    let order: Vec<&str> = findings
        .iter()
        .map(|finding| finding.message.as_str())
        .collect();
    assert_eq!(
        order,
        [
            "the project has no models",
            "no column `two`",
            "past the end",
            "`stg_orders` has no column `amout`",
            "after `ö`",
            "too large",
        ]
    );
}

#[test]
fn places_count_characters() {
    assert_eq!(place("aö\nx", 3), Place { line: 1, column: 3 });
    assert_eq!(place("aö\nx", 4), Place { line: 2, column: 1 });
    assert_eq!(place("aö", 2), Place { line: 1, column: 2 });
    assert_eq!(place("a", 99), Place { line: 1, column: 2 });
}

proptest::proptest! {
    #[test]
    fn any_place_of_any_text_can_be_shown(text in "[a\u{e9}\n\r\t \u{4e16}]{0,30}", start in 0_usize..40, length in 0_usize..40) {
        let mut sources = SourceSet::default();
        let file = sources.add("a.sql", text);
        let finding = Diagnostic::error(Code::SyntaxError, Span::new(file, start, start + length), "x")
            .saying("y");
        let shown = full(&sources, &[finding], false);
        proptest::prop_assert!(shown.contains("a.sql"));
    }
}

#[test]
fn junit_has_a_case_for_each_file() {
    let mut sources = sources();
    let odd = sources.add("models/a&b \"c\" <d>.sql", "x\n");
    let mut findings = findings(&sources);
    findings.push(Diagnostic::warning(
        Code::UnusedImport,
        Span::new(odd, 0, 1),
        "what XML can't say: \u{1b}[0m <&>",
    ));
    let text = junit(&sources, &findings, "shop/", Severity::Error);
    insta::assert_snapshot!("junit", text);
    let denied = junit(&sources, &findings, "", Severity::Warning);
    assert!(denied.contains("failures=\"5\""), "{denied}");
}
