//! Calls are written out, and every place of them lies in a file.

use super::*;
use crate::directives::read;
use crate::source::ProjectFiles;
use crate::span::{Origin, Span};
use proptest::prelude::*;

/// The model's text with its calls written out, and what was found.
fn written(files: &ProjectFiles) -> (crate::expand::Expanded, Vec<Diagnostic>) {
    let (library, mut found) = Library::new(files);
    let file = files.models[0];
    let text = &files.sources.file(file).text;
    let (tree, _) = read(file, text, 0..text.len(), &[]);
    let caller = Caller {
        text,
        file,
        body_start: 0,
        expanded: None,
    };
    let (expanded, more) = write_out(&library, caller, &tree);
    found.extend(more);
    (expanded, found)
}

fn project(macros: &str, model: &str) -> ProjectFiles {
    ProjectFiles::from_texts([("macros/m.sql", macros), ("models/a.sql", model)]).0
}

fn text(macros: &str, model: &str) -> String {
    let (expanded, found) = written(&project(macros, model));
    assert_eq!(found, []);
    expanded.text().to_owned()
}

#[test]
fn bodies_and_arguments_are_closed() {
    let macros = "create macro f(a, b := 1 + 1) as a * b;";
    let cases = [
        ("select f(x)", "select (x * (1 + 1))"),
        (
            "select f(x + 1, (y)) -- f(x)",
            "select ((x + 1) * (y)) -- f(x)",
        ),
        ("select f((x) + (y))", "select (((x) + (y)) * (1 + 1))"),
        ("select \"f\"(f(x))", "select (((x * (1 + 1))) * (1 + 1))"),
        ("select F /* of */ (-1, :v)", "select ((-1) * :v)"),
        ("select 'f(x)', f", "select 'f(x)', f"),
        ("select x as f(a)", "select x as f(a)"),
    ];
    for (model, expected) in cases {
        assert_eq!(text(macros, model), expected);
    }
}

#[test]
fn tables_get_a_name() {
    let macros = "create macro t(rel) as table from :rel r where rel = 1;\
        create macro u(rel) as table select * from :rel join :rel as r on true;";
    let cases = [
        ("from t(:o)", "from (from :o r where :o = 1) as t"),
        ("from t(:o) x", "from (from :o r where :o = 1) x"),
        (
            "from a, u(b) where 1 = 1",
            "from a, (select * from b as rel join b as r on true) as u where 1 = 1",
        ),
        (
            "from u(t(:o))",
            "from (select * from (from :o r where :o = 1) as rel join (from :o r where :o = 1) as r on true) as u",
        ),
        (
            "select 1 from (u(b) join c on 1)",
            "select 1 from ((select * from b as rel join b as r on true) as u join c on 1)",
        ),
    ];
    for (model, expected) in cases {
        assert_eq!(text(macros, model), expected);
    }
}

#[test]
fn places_are_those_of_who_wrote_them() {
    let files = project("create macro f(a) as a + one;", "select f(two), three");
    let (library, found) = Library::new(&files);
    // A name that is no parameter is refused; a macro in which something is wrong isn't written.
    assert_eq!(found.len(), 1);
    assert!(library.macros["f"].broken);
    let files = project("create macro f(a) as a + 1.5;", "select f(two), three");
    let (expanded, _) = written(&files);
    let origin = |word: &str| {
        let start = expanded.text().find(word).unwrap();
        let place = expanded.place(Span::new(expanded.file(), start, start + word.len()));
        let path = files.sources.file(place.file).path.as_str();
        (path, files.sources.text(place))
    };
    assert_eq!(origin("two"), ("models/a.sql", "two"));
    assert_eq!(origin("+ 1.5"), ("macros/m.sql", "+ 1.5"));
    assert_eq!(origin("(two + 1.5)"), ("models/a.sql", "f(two)"));
    assert_eq!(origin("two + 1.5"), ("models/a.sql", "f(two)"));
    assert_eq!(origin("three"), ("models/a.sql", "three"));
    assert_eq!(origin("1.5), three"), ("models/a.sql", "f(two), three"));
}

#[test]
fn what_grows_without_end_is_stopped() {
    let mut macros = "create macro f0(a) as a + a;".to_owned();
    for n in 1..31 {
        macros.push_str(&format!("create macro f{n}(a) as f{0}(f{0}(a));", n - 1));
    }
    let (expanded, found) = written(&project(&macros, "select f30(1)"));
    assert_eq!(found[0].code, crate::diagnostic::Code::ExpansionTooLarge);
    assert!(expanded.text().len() < 2 * crate::expand::MAXIMUM_BYTES);
    let deep = format!("select {}1{}", "f0(".repeat(40), ")".repeat(40));
    let (_, found) = written(&project("create macro f0(a) as a;", &deep));
    assert_eq!(found[0].code, crate::diagnostic::Code::ExpansionTooLarge);
}

proptest! {
    #[test]
    fn every_place_lies_in_a_file(
        macros in prop::collection::vec(prop::sample::select(vec![
            "create macro f(a, b := 2) as a + b;", "create macro g(rel) as table from :rel;",
            "create macro h(x) as f(x, x) || 'é';", "create macro f(a) as a;", "create", "macro f(",
            ") as table", ";", "'", "create macro i() as random(), (a) as a[1];",
        ]), 0..6),
        model in prop::collection::vec(prop::sample::select(vec![
            "select", "f(", "h (", ")", ",", "1", "x", "from", "g(:o", "é", "\n#if env == 'a'\n",
            "\n#endif\n", "surrogate_key(", "date_spine('day', x, ", "deduplicate(:o, a, b", "b :=", "-- y\n",
            "'", "(", "with", "as", "random()", "i(",
        ]), 0..24),
        from in 0_usize..300, length in 0_usize..40,
    ) {
        let files = project(&macros.join(" "), &model.join(" "));
        let (expanded, found) = written(&files);
        let is_good = |span: Span| {
            let inside = files.sources.file(span.file).text.get(span.range()).is_some();
            inside && span.origin == Origin::WRITTEN
        };
        for found in &found {
            let labels = found.primary.iter().chain(&found.secondary);
            prop_assert!(labels.into_iter().all(|label| is_good(label.span)), "{:?}", found);
        }
        let boundary = |at: usize| (0..=at.min(expanded.text().len())).rev()
            .find(|at| expanded.text().is_char_boundary(*at)).unwrap_or(0);
        let span = Span::new(expanded.file(), boundary(from), boundary(from + length));
        prop_assert!(is_good(expanded.place(span)), "{:?} {:?}", span, expanded.place(span));
    }

    #[test]
    fn without_calls_the_text_stays(words in prop::collection::vec("[a-z(),:' \n]{1,6}", 0..20)) {
        let model = words.join(" ");
        let (expanded, _) = written(&project("", &model));
        let called = ["surrogate_key", "safe_divide", "date_spine", "deduplicate"];
        prop_assume!(!called.iter().any(|name| model.contains(name)));
        prop_assert_eq!(expanded.text(), &model);
    }
}
