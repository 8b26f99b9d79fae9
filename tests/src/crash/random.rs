//! Deaths at any time, and two in a row.

use super::cases::{self, Action, Case, Start};
use super::place::Place;
use super::process::{End, Running};
use super::{Outcome, Subject, look_and_recover, side_by_side};
use std::error::Error;
use std::path::Path;

/// Kills processes at random times: up to three one after the other, each somewhere in the time
/// that a run takes. The numbers follow from `seed`.
///
/// # Errors
/// If a place can't be prepared, or a process not be started.
pub fn kills(
    subject: &Subject,
    folder: &Path,
    (workers, count): (usize, u32),
    seed: u64,
) -> Result<Vec<Outcome>, Box<dyn Error>> {
    let rounds: Vec<u64> = (0..u64::from(count)).map(|round| seed + round).collect();
    side_by_side((subject, folder, Start::ALL), workers, rounds, killed)
}

fn killed(place: &Place<'_>, seed: u64) -> Result<Outcome, Box<dyn Error>> {
    let mut random = Random::new(seed);
    let start = Start::ALL[random.below(4).min(2) as usize];
    place.reset(start)?;
    let took = place.prepared(start).took;
    let times = 1 + random.below(3);
    let mut said = Vec::new();
    let mut end = End::Exit(0);
    for _ in 0..times {
        let part = random.below(1000) as f64 / 1000.0;
        let after = took.mul_f64(part);
        for words in &place.subject().way.publish {
            let ended = Running::start(place.command(words))?.kill_after(after)?;
            end = ended.end;
            if end != End::Exit(0) {
                break;
            }
        }
        said.push(format!("{} ms", after.as_millis()));
    }
    let mut findings = Vec::new();
    let (seen, recovered) = look_and_recover(place, start, &mut findings)?;
    Ok(Outcome {
        case: format!(
            "random {seed}: killed after {} ({start:?})",
            said.join(", ")
        ),
        end,
        seen,
        recovered,
        findings,
    })
}

/// Kills the run that finishes what a killed run began, for each two points.
///
/// # Errors
/// If a place can't be prepared, or a process not be started.
pub fn pairs(
    subject: &Subject,
    folder: &Path,
    workers: usize,
) -> Result<Vec<Outcome>, Box<dyn Error>> {
    let is_killed = |case: &Case| case.action == Action::Kill;
    let all: Vec<Case> = cases::short().into_iter().filter(is_killed).collect();
    let pairs: Vec<(Case, Case)> = all
        .iter()
        .flat_map(|first| all.iter().map(|second| (first.clone(), second.clone())))
        .collect();
    side_by_side(
        (subject, folder, Start::ALL),
        workers,
        pairs,
        |place, pair| killed_twice(place, &pair),
    )
}

fn killed_twice(
    place: &Place<'_>,
    (first, second): &(Case, Case),
) -> Result<Outcome, Box<dyn Error>> {
    place.reset(first.start)?;
    let way = &place.subject().way;
    let died = place.call_armed(&way.publish, &first.variable())?;
    let mut findings = Vec::new();
    if !died.reached {
        findings.push(format!("the point wasn't reached: {}", died.ended.end));
    }
    // The second point may lie before what the first run has done: then the run just ends.
    let ended = place.recover_armed(&second.variable())?;
    if !matches!(ended.end, End::Signal(9) | End::Exit(0)) {
        findings.push(format!(
            "the second one: {}\n{}",
            ended.end,
            ended.last_words()
        ));
    }
    let (seen, recovered) = look_and_recover(place, first.start, &mut findings)?;
    Ok(Outcome {
        case: format!("{first}, then {}", second.variable()),
        end: ended.end,
        seen,
        recovered,
        findings,
    })
}

/// Numbers that look random and follow from a seed (splitmix64, Steele, Lea and Flood 2014).
pub struct Random(u64);

impl Random {
    /// Numbers that follow from a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// One of several; there must be one.
    pub fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }

    /// A number that is smaller than another one.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (number ^ (number >> 31)) % bound
    }
}
