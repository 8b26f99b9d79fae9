//! Holds change profiles against the rows of mutated queries of TPC-DS:
//! `cargo run -p dbgo-tests --example mutations [MUTATIONS OF EACH QUERY [SEED]]`.

use dbgo_tests::mutations::{benchmark::Benchmark, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let for_each = arguments.next().and_then(|text| text.parse().ok());
    let seed = arguments.next().and_then(|text| text.parse().ok());
    let Some(benchmark) = Benchmark::find("tpcds") else {
        return ExitCode::FAILURE;
    };
    let outcome = run(&benchmark, for_each.unwrap_or(60), seed.unwrap_or(1));
    println!("{outcome}");
    for missed in &outcome.missed {
        println!("missed: {missed}");
    }
    match outcome.missed.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
