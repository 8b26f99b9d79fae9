//! A folder in which processes die: prepared once, and put back before each case.

use super::cases::Start;
use super::picture::Picture;
use super::process::{End, Ended, Running, dbgo};
use super::project::{self, Release};
use super::store::{Saved, Store, remove};
use super::ways::ENVIRONMENT;
use super::{Subject, totals};
use dbgo_runtime::faults::Bug;
use dbgo_runtime::state::{Scope, State};
use std::error::Error;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The name of the project.
const PROJECT: &str = "shop";

/// The name of its engine, whatever that is.
const ENGINE: &str = "local";

/// From where a case starts, and what it would come to if nobody died.
pub struct Prepared {
    saved: Saved,
    /// What is there before.
    pub before: Picture,
    /// What is there after a run that nobody disturbed.
    pub reference: Picture,
    /// How long that took.
    pub took: Duration,
}

/// A process in which a fail point was armed.
pub struct Armed {
    /// How it ended.
    pub ended: Ended,
    /// Whether the point acted.
    pub reached: bool,
}

/// A folder with the project's new release, and what can be put into it.
pub struct Place<'a> {
    subject: &'a Subject,
    folder: PathBuf,
    store: Store,
    starts: Vec<(Start, Prepared)>,
}

impl<'a> Place<'a> {
    /// Writes the project into a new folder and runs what the cases start from.
    ///
    /// # Errors
    /// If a run fails that nobody disturbs, or a file can't be written.
    pub fn new(
        subject: &'a Subject,
        folder: PathBuf,
        starts: &[Start],
    ) -> Result<Self, Box<dyn Error>> {
        std::fs::create_dir_all(&folder)?;
        let mut place = Self {
            subject,
            store: Store::new(&folder, subject.home, subject.lakes.clone())?,
            folder,
            starts: Vec::new(),
        };
        place.write(Release::Old)?;
        place.succeed(&[&["run"]])?;
        place.write(Release::New)?;
        if !subject.way.prepare.is_empty() {
            place.succeed(&subject.way.prepare)?;
        }
        std::thread::sleep(subject.way.rest);
        let published = place.store.save()?;
        for start in starts {
            let prepared = place.prepare(*start, &published)?;
            place.starts.push((*start, prepared));
        }
        Ok(place)
    }

    fn write(&self, release: Release) -> Result<(), Box<dyn Error>> {
        project::write(
            &self.folder,
            (release, &self.folder.join("data")),
            &self.settings(),
        )?;
        self.store.data().execute(&project::events(release))
    }

    /// The project's `dbgo.toml`.
    fn settings(&self) -> String {
        format!(
            "name = \"{PROJECT}\"\n{}[engine.local.settings]\nthreads = 2\n\
             [env]\ndefault = \"{ENVIRONMENT}\"\n[env.{ENVIRONMENT}]\nttl = \"30 days\"\n\
             [run]\nlease = \"1 s\"\n\
             before = [\"create table if not exists runs (id integer)\"]\n\
             after = [\"delete from runs\", \"insert into runs values (1)\"]\n{}{}",
            self.store.data().settings(),
            self.store.settings(),
            self.subject.way.settings,
        )
    }

    fn prepare(&self, start: Start, published: &Saved) -> Result<Prepared, Box<dyn Error>> {
        self.store.restore(published)?;
        match start {
            Start::Published => {}
            Start::Fresh => {
                self.store.remove()?;
                self.store.data().execute(&project::events(Release::New))?;
            }
            Start::Adopting => self.store.remove_state()?,
        }
        let saved = self.store.save()?;
        let before = self.picture()?;
        let took = self.succeed(&self.subject.way.publish)?;
        let reference = self.picture()?;
        let way = &self.subject.way;
        let wrong = totals::wrong(&reference, way.environment);
        if way.fills && !wrong.is_empty() {
            return Err(format!("nobody died, and {}", wrong.join("; ")).into());
        }
        Ok(Prepared {
            saved,
            before,
            reference,
            took,
        })
    }

    /// What is tested here.
    pub fn subject(&self) -> &Subject {
        self.subject
    }

    /// What a start comes to.
    pub fn prepared(&self, start: Start) -> &Prepared {
        let found = self.starts.iter().find(|(known, _)| *known == start);
        // Whoever makes a place names the starts of its cases.
        &found.expect("a start that was prepared").1
    }

    /// Puts a start's data and state back.
    ///
    /// # Errors
    /// If a file can't be written.
    pub fn reset(&self, start: Start) -> Result<(), Box<dyn Error>> {
        Ok(self.store.restore(&self.prepared(start).saved)?)
    }

    /// Looks at the database, which nobody has open.
    ///
    /// # Errors
    /// What the engine says.
    pub fn picture(&self) -> Result<Picture, Box<dyn Error>> {
        Picture::of(&self.store.data().read()?)
    }

    /// What the state says of work that is under way, which nobody does any more.
    ///
    /// # Errors
    /// If the state can't be read.
    pub fn under_way(&self) -> Result<Vec<String>, Box<dyn Error>> {
        let failed = |error: dbgo_runtime::error::Error| error.message;
        let mut state = State::open(&self.store.state()?).map_err(failed)?;
        let scope = Scope {
            project: PROJECT.to_owned(),
            engine: ENGINE.to_owned(),
            environment: self.subject.way.environment.to_owned(),
        };
        let leases = state.leases(PROJECT, ENGINE).map_err(failed)?;
        let known = state.known(&scope).map_err(failed)?;
        state.close().map_err(failed)?;
        let leases = leases
            .iter()
            .map(|lease| format!("a lease of {}", lease.name));
        let runs = known.unfinished.iter().map(|run| format!("the run {run}"));
        let begun = known
            .environments
            .values()
            .filter(|row| !row.pending_plan.is_empty() || !row.intent.is_empty());
        let begun = begun.map(|row| format!("a plan of {}", row.name));
        Ok(leases.chain(runs).chain(begun).collect())
    }

    /// A call of `dbgo` here.
    pub fn command(&self, words: &[&str]) -> Command {
        let words: Vec<String> = words
            .iter()
            .map(|word| word.replace("${ENV}", self.subject.way.environment))
            .collect();
        let subject = self.subject;
        dbgo(&subject.executable, &self.folder, &subject.cache, &words)
    }

    /// Runs commands one after the other, up to one that doesn't end well; gives the last.
    ///
    /// # Errors
    /// If one can't be started.
    pub fn call(&self, commands: &[&[&str]]) -> Result<Ended, Box<dyn Error>> {
        self.call_with(commands, |_| {})
    }

    /// Runs the commands that finish what a process left behind; gives the one that didn't end well, or
    /// the last.
    ///
    /// # Errors
    /// If one can't be started.
    pub fn recover(&self) -> Result<Ended, Box<dyn Error>> {
        self.recover_with(|_| {})
    }

    /// The same with an armed fail point.
    ///
    /// # Errors
    /// If one can't be started.
    pub fn recover_armed(&self, fail_point: &str) -> Result<Ended, Box<dyn Error>> {
        self.recover_with(|command| {
            command.env("DBGO_FAILPOINT", fail_point);
        })
    }

    fn recover_with(&self, prepare: impl Fn(&mut Command)) -> Result<Ended, Box<dyn Error>> {
        let way = &self.subject.way;
        let nothing_to_do = End::Exit(way.nothing_to_do);
        let recover = &way.recover;
        let mut took = Duration::ZERO;
        for (index, words) in recover.iter().enumerate() {
            let ended = self.call_with(&[words], &prepare)?;
            took += ended.took;
            let is_last = index + 1 == recover.len();
            let is_well = ended.end == End::Exit(0) || !is_last && ended.end == nothing_to_do;
            if is_last || !is_well {
                return Ok(Ended { took, ..ended });
            }
        }
        Err("there is no command".into())
    }

    /// Runs commands as [`Place::call`] does, with an armed fail point, and with a seeded bug if there is one.
    ///
    /// # Errors
    /// If one can't be started.
    pub fn call_armed(
        &self,
        commands: &[&[&str]],
        (fail_point, bug): (&str, Option<Bug>),
    ) -> Result<Armed, Box<dyn Error>> {
        let mark = self.folder.join("reached");
        remove(&mark)?;
        let ended = self.call_with(commands, |command| {
            command
                .env("DBGO_FAILPOINT", fail_point)
                .env("DBGO_FAILPOINT_REACHED", &mark);
            if let Some(bug) = bug {
                command.env("DBGO_SEEDED_BUG", bug.text());
            }
        })?;
        Ok(Armed {
            ended,
            reached: mark.exists(),
        })
    }

    fn call_with(
        &self,
        commands: &[&[&str]],
        prepare: impl Fn(&mut Command),
    ) -> Result<Ended, Box<dyn Error>> {
        let mut took = Duration::ZERO;
        let mut last = None;
        for words in commands {
            let mut command = self.command(words);
            prepare(&mut command);
            let ended = Running::start(command)?.wait()?;
            took += ended.took;
            let is_well = ended.end == End::Exit(0);
            last = Some(Ended { took, ..ended });
            if !is_well {
                break;
            }
        }
        last.ok_or_else(|| "there is no command".into())
    }

    fn succeed(&self, commands: &[&[&str]]) -> Result<Duration, Box<dyn Error>> {
        let ended = self.call(commands)?;
        match ended.end {
            End::Exit(0) => Ok(ended.took),
            end => Err(format!("{commands:?} ended with {end}\n{}", ended.said).into()),
        }
    }
}
