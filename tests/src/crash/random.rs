//! Deaths at any time, and two in a row.

use super::cases::{Action, Case, Start};
use super::place::Place;
use super::process::{End, Running};
use super::{Outcome, Subject, look_and_recover, side_by_side};
use std::error::Error;
use std::path::Path;
use std::time::Duration;

/// From where the processes start that are killed at random times: most from a release that is published.
const STARTS: [Start; 4] = [
    Start::Published,
    Start::Published,
    Start::Fresh,
    Start::Adopting,
];

/// How often a process that had ended before its time is begun anew.
const ATTEMPTS: u32 = 8;

/// Kills processes at random times, each round two, one after the other: what is killed second goes on with
/// what the first one left. The times are spread evenly over a run's life, and follow from `seed` alone: a round is
/// repeated by its own number as the seed.
///
/// # Errors
/// If a place can't be prepared, or a process not be started.
pub fn kills(
    subject: &Subject,
    folder: &Path,
    (workers, count): (usize, u32),
    seed: u64,
) -> Result<Vec<Outcome>, Box<dyn Error>> {
    let rounds = u64::from(count.div_ceil(2));
    let rounds: Vec<u64> = (0..rounds).map(|round| seed + round).collect();
    side_by_side((subject, folder, Start::ALL), workers, rounds, killed)
}

fn killed(place: &Place<'_>, seed: u64) -> Result<Outcome, Box<dyn Error>> {
    let start = STARTS[seed as usize % STARTS.len()];
    let (first, second) = parts(seed);
    place.reset(start)?;
    let way = &place.subject().way;
    let mut said = Vec::new();
    let mut end = End::Exit(0);
    let mut part = first;
    for _ in 0..ATTEMPTS {
        let after = place.prepared(start).took.mul_f64(part);
        said.push(format!("{} ms", after.as_millis()));
        end = killed_after(place, &way.publish, after)?;
        if end != End::Exit(0) {
            break;
        }
        // Other programs keep this machine less busy than when the time was taken.
        part *= 0.8;
        place.reset(start)?;
    }
    // What is left to do may be soon done, so that this one ends by itself now and then.
    let after = place.prepared(start).took.mul_f64(second);
    said.push(format!("{} ms", after.as_millis()));
    let second = killed_after(place, &way.recover, after)?;
    let mut findings = Vec::new();
    for end in [&end, &second] {
        if !matches!(end, End::Signal(9) | End::Exit(0 | 2)) {
            findings.push(format!("it ended by itself: {end}"));
        }
    }
    let (seen, recovered) = look_and_recover(place, start, &mut findings)?;
    let deaths = [end.clone(), second];
    let deaths = deaths.iter().filter(|it| **it == End::Signal(9)).count();
    Ok(Outcome {
        case: format!(
            "random {seed}: killed after {} ({start:?})",
            said.join(", ")
        ),
        must_find: false,
        end,
        deaths,
        seen,
        recovered,
        findings,
    })
}

/// Which parts of a run's life go by before the first and before the second death. The first ones of rounds
/// that follow each other are spread evenly: by the golden ratio, which leaves no gap for long (Weyl 1916).
fn parts(seed: u64) -> (f64, f64) {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let mut random = Random::new(seed);
    let first = (seed as f64 * GOLDEN).fract();
    (first, random.below(1000) as f64 / 1000.0)
}

fn killed_after(
    place: &Place<'_>,
    commands: &[&[&str]],
    after: Duration,
) -> Result<End, Box<dyn Error>> {
    let mut end = End::Exit(0);
    let mut left = after;
    for words in commands {
        let ended = Running::start(place.command(words))?.kill_after(left)?;
        left = left.saturating_sub(ended.took);
        end = ended.end;
        if end != End::Exit(0) && end != End::Exit(2) {
            break;
        }
    }
    Ok(end)
}

/// Two cases in a row, of which the second one dies in the run that goes on after the first one's death.
pub type Pair = (Case, Case);

/// Each death twice in a row: by the same point again, where it is passed again, and by some others.
/// `others`: how many, which follow from a seed; each with each if there are that many.
pub fn pairs(cases: Vec<Case>, others: usize, seed: u64) -> Vec<Pair> {
    let is_killed = |case: &Case| case.action == Action::Kill && case.earlier.is_empty();
    let all: Vec<Case> = cases.into_iter().filter(is_killed).collect();
    let mut random = Random::new(seed);
    let mut pairs = Vec::new();
    for (index, first) in all.iter().enumerate() {
        let mut seconds: Vec<usize> = (0..all.len()).filter(|it| *it != index).collect();
        // The first ones of a shuffled list (Fisher and Yates 1938).
        for at in 0..others.min(seconds.len()) {
            let from = at + random.below((seconds.len() - at) as u64) as usize;
            seconds.swap(at, from);
        }
        seconds.truncate(others);
        let seconds = std::iter::once(index).chain(seconds);
        pairs.extend(seconds.map(|second| (first.clone(), all[second].clone())));
    }
    pairs
}

/// Kills the run that finishes what a killed run began.
///
/// # Errors
/// If a place can't be prepared, or a process not be started.
pub fn killed_twice(
    subject: &Subject,
    folder: &Path,
    workers: usize,
    pairs: Vec<Pair>,
) -> Result<Vec<Outcome>, Box<dyn Error>> {
    side_by_side(
        (subject, folder, Start::ALL),
        workers,
        pairs,
        |place, pair| twice(place, &pair),
    )
}

fn twice(place: &Place<'_>, (first, second): &Pair) -> Result<Outcome, Box<dyn Error>> {
    place.reset(first.start)?;
    let way = &place.subject().way;
    let died = place.call_armed(&way.publish, (&first.variable(), None))?;
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
        must_find: false,
        deaths: 1 + usize::from(ended.end == End::Signal(9)),
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

#[cfg(test)]
mod tests {
    use super::super::cases;
    use super::*;

    #[test]
    fn deaths_are_spread_over_a_life() {
        let mut tenths = [0; 10];
        for seed in 1..=500 {
            let (first, second) = parts(seed);
            assert!((0.0..1.0).contains(&first) && (0.0..1.0).contains(&second));
            tenths[(first * 10.0) as usize] += 1;
        }
        assert!(
            tenths.iter().all(|count| (45..=55).contains(count)),
            "{tenths:?}"
        );
    }

    #[test]
    fn each_case_dies_twice_of_the_same_and_of_others() {
        let killed = cases::short();
        let is_killed = |it: &&Case| it.action == Action::Kill && it.earlier.is_empty();
        let count = killed.iter().filter(is_killed).count();
        let some = pairs(cases::short(), 2, 7);
        assert_eq!(some.len(), 3 * count);
        let same = some
            .iter()
            .filter(|(first, second)| first == second)
            .count();
        assert_eq!(same, count);
        assert_eq!(some, pairs(cases::short(), 2, 7));
        assert_ne!(some, pairs(cases::short(), 2, 8));
        assert_eq!(pairs(cases::short(), usize::MAX, 1).len(), count * count);
    }
}
