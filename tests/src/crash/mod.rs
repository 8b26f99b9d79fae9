//! Processes that die, and what is found then: `cargo xtask crash` and `tests/tests/tool/crash.rs`.
//!
//! | module | holds |
//! |---|---|
//! | [`project`] | the project whose runs are killed |
//! | [`cases`] | where, how and from which start |
//! | [`ways`] | the commands that die, and those that go on |
//! | [`process`] | calls of `dbgo` and how they ended |
//! | [`place`] | a folder that is put back before each case |
//! | [`store`] | its data and state, in files or on a server |
//! | [`picture`] | what a database shows and says of itself |
//! | [`totals`] | what the rows must add up to |
//! | [`verify`] | what must hold |
//! | [`random`] | deaths at any time, and two in a row |
//!
//! A case runs the command with a fail point armed, looks at the database that is left, and runs
//! the command again. What must hold: the process died where it was told to; the views of the
//! environment are all old or all new; the second run finishes what the first one began, with the
//! rows of a run that nobody disturbed; each batch is in the ledger as often as there; a third run
//! has nothing to do.

pub mod cases;
pub mod picture;
pub mod place;
pub mod process;
pub mod project;
pub mod random;
pub mod store;
pub mod totals;
pub mod verify;
pub mod ways;

use cases::{Action, Case, Start};
use picture::Picture;
use place::{Armed, Place};
use process::End;
use std::collections::VecDeque;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use store::{Home, Lakes};
use verify::Seen;
use ways::Way;

/// After how many cases it is said how far it is.
const SPOKEN: usize = 100;

/// What is tested.
#[derive(Clone)]
pub struct Subject {
    /// The tool, built with debug assertions.
    pub executable: PathBuf,
    /// What it takes for the user's cache folder.
    pub cache: PathBuf,
    /// The commands.
    pub way: Way,
    /// Where the state is.
    pub home: Home,
    /// Where a lake is that holds the tables; without one they are in a database file.
    pub lakes: Option<Lakes>,
}

impl Subject {
    /// `dbgo run` of an executable, with a cache in a folder and the state in a file.
    pub fn new(executable: &Path, folder: &Path) -> Self {
        Self {
            executable: executable.to_owned(),
            cache: folder.join("cache"),
            way: Way::run(),
            home: Home::File,
            lakes: None,
        }
    }
}

/// What became of a case.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The case, for people.
    pub case: String,
    /// Whether it must find something.
    pub must_find: bool,
    /// How the last process ended of those that were to die.
    pub end: End,
    /// How many were killed.
    pub deaths: usize,
    /// What was seen then.
    pub seen: Seen,
    /// How long the second one took.
    pub recovered: Duration,
    /// What didn't hold; empty if all did.
    pub findings: Vec<String>,
}

impl Outcome {
    /// Whether nothing was found that shouldn't be, or what had to be.
    pub fn is_well(&self) -> bool {
        self.findings.is_empty() != self.must_find
    }
}

/// Runs cases side by side, each worker in a folder of its own; in the order of the cases.
///
/// # Errors
/// If a place can't be prepared, or a process not be started.
pub fn run(
    subject: &Subject,
    folder: &Path,
    workers: usize,
    cases: Vec<Case>,
) -> Result<Vec<Outcome>, Box<dyn Error>> {
    let mut starts: Vec<Start> = cases.iter().map(|case| case.start).collect();
    starts.sort();
    starts.dedup();
    side_by_side((subject, folder, &starts), workers, cases, |place, case| {
        judge(place, &case)
    })
}

/// Does work in places, as many at once as there are workers.
pub(crate) fn side_by_side<W: Send>(
    (subject, folder, starts): (&Subject, &Path, &[Start]),
    workers: usize,
    work: Vec<W>,
    judge: impl Fn(&Place<'_>, W) -> Result<Outcome, Box<dyn Error>> + Sync,
) -> Result<Vec<Outcome>, Box<dyn Error>> {
    let queue: Mutex<VecDeque<(usize, W)>> = Mutex::new(work.into_iter().enumerate().collect());
    let done: Mutex<Vec<(usize, Outcome)>> = Mutex::default();
    let one = |number: usize| -> Result<(), String> {
        let text = |error: Box<dyn Error>| error.to_string();
        let place =
            Place::new(subject, folder.join(format!("place-{number}")), starts).map_err(text)?;
        loop {
            let next = queue.lock().map_err(|_| "a worker panicked")?.pop_front();
            let Some((index, work)) = next else {
                return Ok(());
            };
            let outcome = judge(&place, work).map_err(text)?;
            if !outcome.is_well() {
                // Whoever waits for hours needn't wait for that.
                eprint!("{}", table(std::slice::from_ref(&outcome)));
            }
            let mut done = done.lock().map_err(|_| "a worker panicked")?;
            done.push((index, outcome));
            if done.len() % SPOKEN == 0 {
                let wrong = done.iter().filter(|(_, it)| !it.is_well());
                eprintln!("{} done, {} with findings", done.len(), wrong.count());
            }
        }
    };
    std::thread::scope(|threads| {
        let one = &one;
        let running: Vec<_> = (0..workers)
            .map(|number| threads.spawn(move || one(number)))
            .collect();
        running.into_iter().try_for_each(|thread| {
            let ended = thread.join();
            ended.unwrap_or_else(|_| Err("a worker panicked".to_owned()))
        })
    })?;
    let mut done = done.into_inner().map_err(|_| "a worker panicked")?;
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, outcome)| outcome).collect())
}

fn judge(place: &Place<'_>, case: &Case) -> Result<Outcome, Box<dyn Error>> {
    place.reset(case.start)?;
    let publish = &place.subject().way.publish;
    let mut findings = Vec::new();
    let mut deaths = 0;
    if !case.earlier.is_empty() {
        let earlier = place.call_armed(publish, (case.earlier, None))?;
        deaths += usize::from(earlier.ended.end == End::Signal(9));
        if !earlier.reached {
            findings.push(format!("`{}` wasn't reached", case.earlier));
        }
    }
    let died = place.call_armed(publish, (&case.variable(), case.bug))?;
    deaths += usize::from(died.ended.end == End::Signal(9));
    if let Some(what) = unexpected(case, &died) {
        findings.push(format!(
            "{what}: {}\n{}",
            died.ended.end,
            died.ended.last_words()
        ));
    }
    let (seen, recovered) = look_and_recover(place, case.start, &mut findings)?;
    Ok(Outcome {
        case: case.to_string(),
        must_find: case.bug.is_some(),
        end: died.ended.end,
        deaths,
        seen,
        recovered,
        findings,
    })
}

/// What a process did otherwise than its armed fail point says.
fn unexpected(case: &Case, died: &Armed) -> Option<&'static str> {
    match (case.action, &died.ended.end) {
        _ if !died.reached => Some("the point wasn't reached"),
        (Action::Kill, End::Signal(9)) | (Action::TakeOver, End::Exit(3)) => None,
        (Action::TakeOver, End::Exit(0)) => Some("it went on after its lease was taken"),
        // What is tried again, or turns out to have been done, is no failure in the end.
        (Action::Error, End::Exit(0 | 1 | 4)) => None,
        _ => Some("it didn't end as it should"),
    }
}

/// Looks at what a process left behind, runs the commands that finish it, and looks again.
pub(crate) fn look_and_recover(
    place: &Place<'_>,
    start: Start,
    findings: &mut Vec<String>,
) -> Result<(Seen, Duration), Box<dyn Error>> {
    let prepared = place.prepared(start);
    let seen = match place.picture() {
        Ok(left) => {
            let pictures = (&left, &prepared.before, &prepared.reference);
            verify::seen(pictures, place.subject().way.environment, findings)
        }
        Err(error) => {
            findings.push(format!("what was left can't be read: {error}"));
            Seen::Mixed
        }
    };
    let ended = place.recover()?;
    if ended.end != End::Exit(0) {
        let (end, said) = (&ended.end, ended.last_words());
        findings.push(format!("the next one didn't finish it: {end}\n{said}"));
        return Ok((seen, ended.took));
    }
    let finished = place.picture()?;
    let way = &place.subject().way;
    match way.publishes_again {
        true => verify::differences(
            &finished.without_publications(),
            &prepared.reference.without_publications(),
            findings,
        ),
        false => verify::differences(&finished, &prepared.reference, findings),
    }
    let again = place.call(&way.again)?;
    if again.end != End::Exit(0) {
        let (end, said) = (&again.end, again.last_words());
        findings.push(format!("one more ended with {end}\n{said}"));
    }
    nothing_done(&finished, &place.picture()?, findings);
    let under_way = place.under_way()?;
    if way.rests && !under_way.is_empty() {
        let under_way = under_way.join(", ");
        findings.push(format!("the state says that it is at work: {under_way}"));
    }
    Ok((seen, ended.took))
}

fn nothing_done(before: &Picture, after: &Picture, findings: &mut Vec<String>) {
    if before.ledger != after.ledger {
        let (before, after) = (before.ledger.len(), after.ledger.len());
        findings.push(format!(
            "one more had something to do: {before} batches became {after}"
        ));
    }
}

/// The outcomes as a table, with what didn't hold below each line.
pub fn table(outcomes: &[Outcome]) -> String {
    let width = outcomes
        .iter()
        .map(|outcome| outcome.case.len())
        .max()
        .unwrap_or(0);
    let mut text = format!(
        "{:width$}  {:8}  {:5}  recovered in\n",
        "case", "ended", "views"
    );
    for outcome in outcomes {
        let Outcome {
            case,
            end,
            seen,
            recovered,
            findings,
            must_find,
            ..
        } = outcome;
        let (end, seen) = (end.to_string(), seen.to_string());
        text += &format!(
            "{case:width$}  {end:8}  {seen:5}  {:.2} s\n",
            recovered.as_secs_f64()
        );
        if *must_find && findings.is_empty() {
            text += "    it found nothing\n";
        }
        for finding in findings {
            text += &format!("    {}\n", finding.replace('\n', "\n    "));
        }
    }
    text
}
