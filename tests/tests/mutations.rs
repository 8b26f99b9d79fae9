//! A part of the mutations of TPC-DS; `cargo run -p dbgo-tests --example mutations` does them all.

use dbgo_tests::mutations::{benchmark::Benchmark, run};

#[test]
fn rows_of_mutations_agree_with_their_profiles() {
    let Some(benchmark) = Benchmark::find("tpcds") else {
        return;
    };
    let outcome = run(&benchmark, 3, 7);
    println!("{outcome}");
    assert!(outcome.missed.is_empty(), "{:#?}", outcome.missed);
    assert_eq!(outcome.opaque, 0, "queries that nobody looked into");
    assert!(
        outcome.other_rows * 4 > outcome.made,
        "most mutations of the test show nothing: {outcome}"
    );
}
