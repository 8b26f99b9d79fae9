//! `cargo xtask bench check`

use std::error::Error;

use super::measure::{Series, sample};
use super::models::models;
use super::report::{Line, table};
use super::run::{dbgo, forget_libraries};
use super::{Options, Place, project};
use crate::toolchain::{BenchPrograms, Cargo};

/// Takes the figures of `dbgo check` and prints them.
pub fn run(
    cargo: &Cargo,
    programs: &BenchPrograms,
    place: &Place,
    options: &Options,
) -> Result<(), Box<dyn Error>> {
    let models = models(options.models);
    project::write(place, &models, options.threads())?;
    let (mut cold, mut warm) = (Series::default(), Series::default());
    for round in 1..=options.rounds {
        eprintln!("xtask: round {round} of {}", options.rounds);
        forget_libraries(place)?;
        cold.add(sample(&mut dbgo(cargo, programs, place, "check"))?);
        warm.add(sample(&mut dbgo(cargo, programs, place, "check"))?);
    }
    println!("{} models, {} rounds", models.len(), options.rounds);
    let lines = [
        Line {
            name: "dbgo check, cold",
            series: &cold,
            bar: None,
        },
        Line {
            name: "dbgo check, warm",
            series: &warm,
            bar: None,
        },
    ];
    print!("{}", table(&lines));
    Ok(())
}
