//! Graphs of small projects.

use super::*;
use crate::diagnostic::{Code, Diagnostic};
use crate::header;
use crate::project;
use crate::source::ProjectFiles;

fn graph(texts: &[(&str, &str)]) -> (ProjectFiles, Graph, Vec<Diagnostic>) {
    let (files, mut diagnostics) = ProjectFiles::from_texts(
        texts
            .iter()
            .copied()
            .chain([("dbgo.toml", "name = 'shop'")]),
    );
    let text = files.sources.file(files.settings).text.clone();
    let (settings, found) = project::parse(files.settings, &text);
    diagnostics.extend(found);
    let (headers, found) = header::parse_all(&files);
    diagnostics.extend(found);
    let (graph, found) = build(&files, &settings, &headers);
    diagnostics.extend(found);
    (files, graph, diagnostics)
}

fn codes(diagnostics: &[Diagnostic]) -> Vec<Code> {
    diagnostics.iter().map(|finding| finding.code).collect()
}

fn order(graph: &Graph) -> Vec<&str> {
    graph
        .order
        .iter()
        .map(|id| graph.node(*id).path.as_str())
        .collect()
}

const SMALL: &[(&str, &str)] = &[
    (
        "models/marts/a_revenue.sql",
        "-- @import: orders = models.staging.stg_orders\n-- @import: seeds.rates\n-- @description: Revenue\nselect 1",
    ),
    (
        "models/staging/stg_orders.sql",
        "-- @config: materialized='table', tags='daily'\n-- @import: sources.raw.orders\nselect 1",
    ),
    ("seeds/rates.csv", "a\n1\n"),
    ("sources/raw/orders.sql", "create table orders (a int)"),
    (
        "exposures/board_pack.sql",
        "-- @exposure: type='dashboard', owner='ana', url='https://bi.example/board'\n-- @import: models.marts.a_revenue\n-- @import: rates = seeds.rates\n-- @uses: rates.a\n-- @description: For the board\n",
    ),
];

#[test]
fn every_node_comes_after_what_it_imports() {
    let (_, graph, diagnostics) = graph(SMALL);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(
        order(&graph),
        [
            "seeds.rates",
            "sources.raw.orders",
            "models.staging.stg_orders",
            "models.marts.a_revenue"
        ]
    );
    let id = graph.find("models.staging.stg_orders").unwrap();
    assert_eq!(graph.node(id).relation(), "staging.stg_orders");
    assert_eq!(
        graph.node(graph.find("seeds.rates").unwrap()).relation(),
        "seeds.rates"
    );
}

#[test]
fn as_text() {
    let (files, graph, _) = graph(SMALL);
    insta::assert_snapshot!("dot", graph.to_dot());
    insta::assert_snapshot!("mermaid", graph.to_mermaid());
    insta::assert_snapshot!("json", graph.to_json(&files.sources));
}

#[test]
fn exposures_tell_what_they_use() {
    let (_, graph, _) = graph(SMALL);
    let rates = graph.find("seeds.rates").unwrap();
    let revenue = graph.find("models.marts.a_revenue").unwrap();
    let of = |node, column| graph.exposures_of(node, column).count();
    assert_eq!((of(rates, Some("A")), of(rates, Some("b"))), (1, 0));
    assert_eq!((of(revenue, Some("any")), of(revenue, None)), (1, 1));
    let orders = graph.find("sources.raw.orders").unwrap();
    assert_eq!(of(orders, None), 0);
}

#[test]
fn imports_of_what_does_not_exist() {
    let (_, _, diagnostics) = graph(&[
        ("models/staging/stg_orders.sql", "select 1"),
        (
            "models/a.sql",
            "-- @import: models.stg_orders\n-- @import: o = models.staging.stg_ordres\n-- @import: x = models.marts.everything\nselect 1",
        ),
    ]);
    assert_eq!(codes(&diagnostics), [Code::UnknownImport; 3]);
    assert_eq!(diagnostics[0].hints, ["write `models.staging.stg_orders`"]);
    assert_eq!(diagnostics[1].hints, ["write `models.staging.stg_orders`"]);
    assert!(diagnostics[2].hints[0].contains("models/marts/everything.sql"));
}

#[test]
fn a_cycle_is_shown_whole() {
    let (_, graph, diagnostics) = graph(&[
        ("models/a.sql", "-- @import: models.b\nselect 1"),
        ("models/b.sql", "-- @import: models.c\nselect 1"),
        (
            "models/c.sql",
            "-- @import: models.a\n-- @import: models.d\nselect 1",
        ),
        ("models/d.sql", "-- @import: d2 = models.d\nselect 1"),
        ("models/e.sql", "-- @import: models.a\nselect 1"),
        ("models/f.sql", "select 1"),
    ]);
    assert_eq!(codes(&diagnostics), [Code::ImportCycle; 2]);
    let cycle = diagnostics
        .iter()
        .find(|finding| !finding.secondary.is_empty())
        .unwrap();
    assert!(
        cycle
            .message
            .ends_with("`models.a` → `models.b` → `models.c` → `models.a`")
    );
    assert_eq!(cycle.secondary.len(), 2);
    assert_eq!(order(&graph), ["models.f"]);
}

#[test]
fn a_long_chain_needs_no_deep_stack() {
    let texts: Vec<(String, String)> = (0..20_000)
        .map(|n| {
            (
                format!("models/m{n:05}.sql"),
                format!("-- @import: models.m{:05}\nselect 1", n + 1),
            )
        })
        .chain([("models/m20000.sql".to_owned(), "select 1".to_owned())])
        .collect();
    let texts: Vec<(&str, &str)> = texts
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let (_, graph, diagnostics) = graph(&texts);
    assert!(diagnostics.is_empty());
    assert_eq!(graph.order.len(), 20_001);
    assert_eq!(order(&graph)[0], "models.m20000");
}

#[test]
fn two_files_with_one_relation() {
    let (_, _, diagnostics) = graph(&[
        ("models/x/a.sql", "select 1"),
        ("models/x/y/A.sql", "select 1"),
        (
            "models/z/b.sql",
            "-- @config: schema='x', alias='a'\nselect 1",
        ),
        (
            "models/z/c.sql",
            "-- @config: schema='x', alias='a', enabled=false\nselect 1",
        ),
    ]);
    assert_eq!(codes(&diagnostics), [Code::DuplicateRelation; 2]);
    assert_eq!(diagnostics[0].secondary.len(), 1);
    let span = diagnostics[1].primary.as_ref().unwrap().span;
    assert_ne!(span.start, span.end);
}

#[test]
fn disabled_models_take_no_part() {
    let (_, graph, diagnostics) = graph(&[
        (
            "models/a.sql",
            "-- @config: enabled=false\n-- @import: models.b\nselect 1",
        ),
        (
            "models/b.sql",
            "-- @config: enabled=false\n-- @import: models.a\nselect 1",
        ),
        ("models/c.sql", "-- @import: models.a\nselect 1"),
    ]);
    assert_eq!(codes(&diagnostics), [Code::UnknownImport]);
    assert_eq!(diagnostics[0].secondary[0].text, "disabled here");
    assert_eq!(order(&graph), ["models.c"]);
}

#[test]
fn nothing_is_concluded_from_a_config_that_cannot_be_read() {
    for config in [
        "materialized='tabel', unique_key='id'",
        "materialized='materialized_view', unique_key='id'",
        "materialized='incremental', time_colum='t'",
        "unique_key='id', materialized='incremental",
    ] {
        let text = format!("-- @config: {config}\nselect 1");
        let (_, _, diagnostics) = graph(&[("models/a.sql", &text)]);
        assert_eq!(diagnostics.len(), 1, "{config}: {diagnostics:?}");
    }
}

#[test]
fn a_former_name_is_free_and_one_models() {
    let was = |was: &str| {
        format!("-- @config: materialized='incremental', strategy='append', was='{was}'\nselect 1")
    };
    let found = |files: &[(&str, &str)]| {
        let (_, _, diagnostics) = graph(files);
        let messages = diagnostics.into_iter().map(|found| found.message);
        messages.collect::<Vec<String>>()
    };
    let (old, own, there) = (was("models.old"), was("models.a"), was("models.c"));
    assert_eq!(found(&[("models/a.sql", &old)]), [""; 0]);
    assert_eq!(
        found(&[("models/a.sql", &own)]),
        ["`models.a` is what this model is called now"]
    );
    assert_eq!(
        found(&[("models/a.sql", &there), ("models/c.sql", "select 1")]),
        ["there is still a model `models.c`, which has its own table"]
    );
    assert_eq!(
        found(&[("models/a.sql", &old), ("models/b.sql", &old)]),
        ["two models say that they were `models.old`"]
    );
}

#[test]
fn a_project_without_models() {
    let (_, _, diagnostics) = graph(&[("seeds/a.csv", "a\n1")]);
    assert_eq!(codes(&diagnostics), [Code::NoModels]);
}
