//! A part of the mutations of TPC-DS; `cargo run -p dbgo-tests --example mutations` does them all.

use dbgo_tests::mutations::{benchmark::Benchmark, run};

#[test]
fn mutations_with_other_rows_have_other_profiles() {
    let Some(benchmark) = Benchmark::find("tpcds") else {
        return;
    };
    let outcome = run(&benchmark, 3, 7);
    println!("{outcome}");
    assert!(outcome.missed.is_empty(), "{:#?}", outcome.missed);
    assert!(
        outcome.other_rows * 4 > outcome.made,
        "most mutations of the test show nothing: {outcome}"
    );
}
