//! A folder in which processes die: prepared once, and put back before each case.

use super::cases::Start;
use super::picture::{self, Picture};
use super::process::{End, Ended, Running, dbgo};
use super::project::{self, DATABASE, Release};
use super::store::{Saved, Store, remove};
use super::{ENVIRONMENT, Subject};
use std::error::Error;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

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
            store: Store::new(&folder, subject.home),
            folder,
            starts: Vec::new(),
        };
        place.write(Release::Old)?;
        place.succeed(&subject.way.publish)?;
        place.write(Release::New)?;
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
        picture::execute(&self.database(), &project::events(release))
    }

    /// The project's `dbgo.toml`.
    fn settings(&self) -> String {
        format!(
            "name = \"shop\"\n[engine.local]\ntype = \"duckdb\"\npath = \"{DATABASE}\"\n\
             [engine.local.settings]\nthreads = 2\n[env]\ndefault = \"{ENVIRONMENT}\"\n\
             [run]\nlease = \"1 s\"\n\
             before = [\"create table if not exists runs (id integer)\"]\n\
             after = [\"delete from runs\", \"insert into runs values (1)\"]\n{}",
            self.store.settings()
        )
    }

    fn prepare(&self, start: Start, published: &Saved) -> Result<Prepared, Box<dyn Error>> {
        self.store.restore(published)?;
        match start {
            Start::Published => {}
            Start::Fresh => {
                self.store.remove()?;
                picture::execute(&self.database(), &project::events(Release::New))?;
            }
            Start::Adopting => self.store.remove_state()?,
        }
        let saved = self.store.save()?;
        let before = self.picture()?;
        let took = self.succeed(&self.subject.way.publish)?;
        let reference = self.picture()?;
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
        Picture::take(&self.database())
    }

    /// A call of `dbgo` here, with the seeded bug if there is one.
    pub fn command(&self, words: &[&str]) -> Command {
        let words: Vec<String> = words
            .iter()
            .map(|word| word.replace("${ENV}", ENVIRONMENT))
            .collect();
        let subject = self.subject;
        let mut command = dbgo(&subject.executable, &self.folder, &subject.cache, &words);
        if let Some(bug) = subject.bug {
            command.env("DBGO_SEEDED_BUG", bug.text());
        }
        command
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
        const NOTHING_TO_DO: End = End::Exit(2);
        let recover = &self.subject.way.recover;
        let mut took = Duration::ZERO;
        for (index, words) in recover.iter().enumerate() {
            let ended = self.call_with(&[words], &prepare)?;
            took += ended.took;
            let is_last = index + 1 == recover.len();
            let is_well = ended.end == End::Exit(0) || !is_last && ended.end == NOTHING_TO_DO;
            if is_last || !is_well {
                return Ok(Ended { took, ..ended });
            }
        }
        Err("there is no command".into())
    }

    /// Runs commands as [`Place::call`] does, with an armed fail point.
    ///
    /// # Errors
    /// If one can't be started.
    pub fn call_armed(
        &self,
        commands: &[&[&str]],
        fail_point: &str,
    ) -> Result<Armed, Box<dyn Error>> {
        let mark = self.folder.join("reached");
        remove(&mark)?;
        let ended = self.call_with(commands, |command| {
            command
                .env("DBGO_FAILPOINT", fail_point)
                .env("DBGO_FAILPOINT_REACHED", &mark);
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

    fn database(&self) -> PathBuf {
        self.folder.join(DATABASE)
    }
}
