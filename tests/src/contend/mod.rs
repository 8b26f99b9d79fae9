//! Processes that want the same: `cargo xtask contend` and `tests/tests/tool/contend.rs`.
//!
//! Several checkouts of one project, half of them of each release, share a state on a server and a
//! database file or a lake, and change three environments for a while, each process after the other. What must
//! hold: a process ends well, or is refused and told who is in its way, and never meets a raw error of a
//! lock; each environment shows what the process that published last in it would have published alone;
//! no batch is committed twice, and nobody commits under a lease that somebody else has had since.
//!
//! | module | holds |
//! |---|---|
//! | [`arena`] | the checkouts, and what one of them alone comes to |
//! | [`ledger`] | what the ledger must say of writers that take turns |

pub mod arena;
pub mod ledger;

use crate::crash::picture::Picture;
use crate::crash::process::{End, Running};
use crate::crash::project::{MODELS, Model, Release, Shown};
use crate::crash::random::Random;
use crate::crash::store::Home;
use crate::crash::verify::{self, Seen};
use arena::Arena;
use dbgo_test_postgres::Server;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The users whose environments are changed: `dev_one` and so on.
pub const USERS: [&str; 3] = ["one", "two", "three"];

/// How it goes on.
pub struct Contest {
    /// The tool.
    pub executable: PathBuf,
    /// Where the state is.
    pub home: Home,
    /// The command lines, of which one is taken at a time.
    pub ways: Vec<&'static [&'static str]>,
    /// How many processes there are at once.
    pub processes: usize,
    /// For how long new ones are started.
    pub time: Duration,
    /// What the choices follow from.
    pub seed: u64,
    /// The server and the extensions of a lake that holds the tables; a database file without one.
    pub lakes: Option<(&'static Server, PathBuf)>,
}

/// A process that has ended.
pub struct Turn {
    user: &'static str,
    release: Release,
    end: End,
    said: String,
}

/// What it came to.
pub struct Result {
    /// How many processes ended in which way: `done`, or why they were refused.
    pub ends: BTreeMap<String, usize>,
    /// What didn't hold; empty if all did.
    pub findings: Vec<String>,
}

/// What no message may hold: what engines and databases say of their locks among themselves.
const RAW: &[&str] = &[
    "Could not set lock",
    "database is locked",
    "deadlock",
    "could not serialize",
    "IO Error",
    "panicked",
    "SQLITE_BUSY",
];

/// The codes of refusals that a process may get because of another one.
const REFUSALS: &[&str] = &["database-held", "lease-held", "stale-plan"];

/// Who comes second waits or is refused, and says so with `run` and with `apply`.
pub fn usual_ways() -> Vec<&'static [&'static str]> {
    vec![
        &["run", "--wait", "300"],
        &["run"],
        &["apply", "--yes", "--wait", "300"],
        &["apply", "--yes"],
    ]
}

/// Lets processes contend in a folder.
///
/// # Errors
/// If a process can't be started, or one fails that nobody is in the way of.
pub fn run(contest: &Contest, folder: &Path) -> std::result::Result<Result, Box<dyn Error>> {
    let arena = Arena::new(contest, folder)?;
    let turns = contend(contest, &arena)?;
    let mut findings = Vec::new();
    let mut ends = BTreeMap::new();
    for turn in &turns {
        match judge(turn) {
            Ok(how) => *ends.entry(how.to_owned()).or_insert(0) += 1,
            Err(what) => {
                *ends.entry("wrong".to_owned()).or_insert(0) += 1;
                let (end, user) = (&turn.end, turn.user);
                findings.push(format!("{what}: {end}, of {user}\n{}", turn.said.trim()));
            }
        }
    }
    let left = arena.picture()?;
    let old = arena.alone(Release::Old)?;
    let new = arena.alone(Release::New)?;
    for user in USERS {
        let published = arena.published(user)?;
        let by = turns
            .iter()
            .find(|turn| turn.end == End::Exit(0) && turn.said.contains(&published));
        let Some(by) = by.filter(|_| !published.is_empty()) else {
            findings.push(format!(
                "nobody said to have published `{published}` for {user}"
            ));
            continue;
        };
        shows_alone((&left, &old, &new), by, &mut findings);
    }
    let one_at_a_time = contest.lakes.is_none();
    ledger::check((&arena.data().read()?, one_at_a_time), &mut findings)?;
    Ok(Result { ends, findings })
}

/// An environment must show what the process that published last in it would have alone.
fn shows_alone(
    (left, old, new): (&Picture, &Picture, &Picture),
    by: &Turn,
    findings: &mut Vec<String>,
) {
    let environment = format!("dev_{}", by.user);
    let of_environment = |picture: &Picture| Picture {
        views: arena::renamed(&picture.views, &environment),
        ..Picture::default()
    };
    let (old, new) = (of_environment(old), of_environment(new));
    // Tables that grow in place belong to all environments; the ledger tells what is in them.
    let models: Vec<&Model> = MODELS
        .iter()
        .filter(|model| model.shown == Shown::Together)
        .collect();
    let mut wrong = Vec::new();
    let pictures = (left, &old, &new);
    let seen = verify::seen_of(pictures, (&environment, &models), &mut wrong);
    let expected = match by.release {
        Release::Old => Seen::Old,
        Release::New => Seen::New,
    };
    findings.extend(wrong.iter().map(|what| format!("{environment}: {what}")));
    if seen != expected {
        findings.push(format!(
            "{environment} shows {seen}, and {expected} was published last"
        ));
    }
}

/// What a process came to, if it may.
fn judge(turn: &Turn) -> std::result::Result<&'static str, String> {
    if let Some(raw) = RAW.iter().find(|raw| turn.said.contains(**raw)) {
        return Err(format!("it said `{raw}`"));
    }
    match turn.end {
        End::Exit(0) => Ok("done"),
        End::Exit(3) => {
            let is_said = |code: &&&str| turn.said.contains(&format!("error[{code}]"));
            let code = REFUSALS.iter().find(is_said);
            let code = code.ok_or("it was refused for another reason")?;
            let names_holder = ["process ", " by "]
                .iter()
                .any(|word| turn.said.contains(word));
            match names_holder {
                true => Ok(code),
                false => Err("it doesn't say who is in the way".to_owned()),
            }
        }
        _ => Err("it failed".to_owned()),
    }
}

fn contend(contest: &Contest, arena: &Arena) -> std::result::Result<Vec<Turn>, Box<dyn Error>> {
    let started = Instant::now();
    let one = |number: usize| -> std::result::Result<Vec<Turn>, String> {
        let mut random = Random::new(contest.seed + number as u64);
        let mut turns = Vec::new();
        while started.elapsed() < contest.time {
            // On a slow machine there is only one turn of each, in which every environment has to be
            // published.
            let (user, words) = match (turns.is_empty(), contest.ways.first()) {
                (true, Some(waiting)) => (USERS[number % USERS.len()], *waiting),
                _ => (*random.of(&USERS), *random.of(&contest.ways)),
            };
            let command = arena.command(number, user, words);
            let ended = Running::start(command).and_then(Running::wait);
            let ended = ended.map_err(|error| error.to_string())?;
            turns.push(Turn {
                user,
                release: arena::release_of(number),
                end: ended.end,
                said: ended.said,
            });
        }
        Ok(turns)
    };
    std::thread::scope(|threads| {
        let one = &one;
        let running: Vec<_> = (0..contest.processes)
            .map(|number| threads.spawn(move || one(number)))
            .collect();
        let mut turns = Vec::new();
        for thread in running {
            let of_one = thread.join().map_err(|_| "a thread panicked")??;
            turns.extend(of_one);
        }
        Ok(turns)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(code: i32, said: &str) -> Turn {
        Turn {
            user: "one",
            release: Release::Old,
            end: End::Exit(code),
            said: said.to_owned(),
        }
    }

    #[test]
    fn a_refusal_must_name_who_is_in_the_way() {
        let held = "error[database-held]: `shop.duckdb` is held by process 7 (`dbgo`)";
        assert_eq!(judge(&turn(3, held)), Ok("database-held"));
        assert!(judge(&turn(3, "error[database-held]: held")).is_err());
        assert!(judge(&turn(3, "error[not-ours]: by process 7")).is_err());
        assert!(judge(&turn(1, held)).is_err());
        assert!(judge(&turn(0, "database is locked")).is_err());
        assert_eq!(judge(&turn(0, "30 built")), Ok("done"));
    }
}
