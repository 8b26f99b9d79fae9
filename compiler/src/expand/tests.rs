//! Every byte of a written-out text comes from a place of the user's files.

use super::*;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::ProjectFiles;
use crate::span::{Origin, Span};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn written_out(files: &ProjectFiles) -> (Option<Unfolded>, Vec<Diagnostic>) {
    let around = Surroundings {
        files,
        variables: &[],
        imports: &BTreeMap::new(),
        seeds: BTreeMap::new(),
    };
    let file = files.models[0];
    let text = &files.sources.file(file).text;
    unfold(file, text, 0..text.len(), &around)
}

fn project(model: &str, fragment: &str) -> ProjectFiles {
    let texts = [("models/a.sql", model), ("fragments/f.sql", fragment)];
    ProjectFiles::from_texts(texts).0
}

/// The place of the first occurrence of a word in the written-out text, as text.
fn origin_of<'f>(files: &'f ProjectFiles, expanded: &Expanded, word: &str) -> (&'f str, &'f str) {
    let start = expanded.text().find(word).unwrap();
    let span = Span::new(expanded.file(), start, start + word.len());
    let place = expanded.place(span);
    (
        &files.sources.file(place.file).path,
        files.sources.text(place),
    )
}

#[test]
fn words_come_from_where_they_are_written() {
    let files = project(
        "select one,\n#for x in ['a', 'b'] sep ','\n  two_${x} + three\n#endfor\n#include 'fragments/f.sql' (y='v')\nwhere four",
        "five, '${y}'",
    );
    let (unfolded, found) = written_out(&files);
    assert_eq!(found, []);
    let expanded = unfolded.unwrap().expanded;
    assert_eq!(
        expanded.text(),
        "select one,\n  two_a + three,\n  two_b + three\nfive, 'v'\nwhere four"
    );
    let origin = |word| origin_of(&files, &expanded, word);
    assert_eq!(origin("one"), ("models/a.sql", "one"));
    assert_eq!(origin("two_b"), ("models/a.sql", "two_${x}"));
    assert_eq!(origin("b + three"), ("models/a.sql", "${x} + three"));
    assert_eq!(origin("five"), ("fragments/f.sql", "five"));
    assert_eq!(origin("'v'"), ("fragments/f.sql", "'${y}'"));
    assert_eq!(origin("four"), ("models/a.sql", "four"));
    // Ends in two expansions meet in what is around both.
    assert_eq!(
        origin("three,\n  two_b"),
        ("models/a.sql", "#for x in ['a', 'b'] sep ','")
    );
    assert_eq!(
        origin("one,\n  two_a").1,
        "one,\n#for x in ['a', 'b'] sep ','"
    );
    assert_eq!(
        origin("three\nfive").1,
        "#for x in ['a', 'b'] sep ','\n  two_${x} + three\n#endfor\n#include 'fragments/f.sql' (y='v')"
    );
    let whole = Span::new(expanded.file(), 0, expanded.text().len());
    assert_eq!(
        files.sources.text(expanded.place(whole)),
        &*files.sources.file(files.models[0]).text
    );
}

#[test]
fn a_finding_names_the_expansions_around_it() {
    let files = project(
        "#for x in [1, 2]\n#include 'fragments/f.sql' (y=x)\n#endfor\n",
        "${y} + oops",
    );
    let expanded = written_out(&files).0.unwrap().expanded;
    let at = expanded.text().rfind("oops").unwrap();
    let found = expanded.finding(Diagnostic::error(
        Code::UnknownColumn,
        Span::new(expanded.file(), at, at + 4),
        "no column `oops`",
    ));
    assert_eq!(files.sources.text(found.primary.unwrap().span), "oops");
    assert_eq!(
        found.notes,
        [
            "in `fragments/f.sql`, which is included",
            "in round 2 of 2 of `#for x`: `x` is `2`"
        ]
    );
    let labels: Vec<&str> = found
        .secondary
        .iter()
        .map(|label| files.sources.text(label.span))
        .collect();
    assert_eq!(labels, ["#include 'fragments/f.sql' (y=x)", "2"]);
}

#[test]
fn the_bounds_hold() {
    let nested = |depth: usize| {
        let open: String = (0..depth).map(|n| format!("#for x{n} in [1]\n")).collect();
        format!("{open}1\n{}", "#endfor\n".repeat(depth))
    };
    let found = |model: &str, fragment: &str| written_out(&project(model, fragment)).1;
    assert_eq!(found(&nested(MAXIMUM_LEVELS), ""), []);
    let codes =
        |found: Vec<Diagnostic>| -> Vec<Code> { found.iter().map(|found| found.code).collect() };
    assert_eq!(
        codes(found(&nested(MAXIMUM_LEVELS + 1), "")),
        [Code::ExpansionTooLarge]
    );
    let long = "x".repeat(MAXIMUM_BYTES / 100);
    let numbers: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    let model = format!(
        "select 1\n#for n in [{}]\n#include 'fragments/f.sql'\n#endfor\n",
        numbers.join(", ")
    );
    assert_eq!(codes(found(&model, &long)), [Code::ExpansionTooLarge]);
    let (unfolded, _) = written_out(&project(&model, &long));
    assert!(unfolded.unwrap().expanded.text().len() < MAXIMUM_BYTES + long.len() + 100);
}

proptest! {
    #[test]
    fn every_place_lies_in_a_file(
        lines in prop::collection::vec(prop::sample::select(vec![
            "#for x in ['a', 'é''', 3] sep ', '", "#for y in [x, 1]", "#endfor", "#if env == 'a'",
            "#if x == 'a'", "#else", "#endif", "select '${x}', \"${y}\"", "${x}_${y}é", "-- ${x}",
            "#include 'fragments/f.sql' (p='q')", "#error 'no ${x}'", "'text\n", "#for in", "",
        ]), 0..14),
        fragment in prop::sample::select(vec!["", "${p} -- x", "'${p}'\n#for x in [p]\n${x}\n#endfor", "#endif"]),
        from in 0_usize..400, length in 0_usize..60,
    ) {
        let model = lines.join("\n");
        let files = project(&model, fragment);
        let (unfolded, found) = written_out(&files);
        let is_good = |span: Span| {
            let inside = files.sources.file(span.file).text.get(span.range()).is_some();
            inside && span.origin == Origin::WRITTEN
        };
        for found in &found {
            let labels = found.primary.iter().chain(&found.secondary);
            prop_assert!(labels.into_iter().all(|label| is_good(label.span)), "{:?}", found);
        }
        if let Some(unfolded) = unfolded {
            let expanded = unfolded.expanded;
            let boundary = |at: usize| (0..=at.min(expanded.text().len())).rev()
                .find(|at| expanded.text().is_char_boundary(*at)).unwrap_or(0);
            let span = Span::new(expanded.file(), boundary(from), boundary(from + length));
            prop_assert!(is_good(expanded.place(span)), "{:?} {:?}", span, expanded.place(span));
            prop_assert!(!expanded.place(span).file.is_written_out());
        }
    }

    #[test]
    fn any_text_is_written_out(text in "[#fore\\[\\]${}x 'a,()in\n]{0,60}") {
        let _ = written_out(&project(&format!("#for x in ['a']\n{text}"), &text));
    }
}
