//! The checkouts, with the database and the state that they share.

use super::{Contest, USERS};
use crate::crash::picture::{Picture, Rows};
use crate::crash::process::{End, Running, dbgo};
use crate::crash::project::{self, DATABASE, Release};
use crate::crash::store::Home;
use crate::data::{Data, Lake};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the schema of the state on a server begins with; several contests may share the server.
const SCHEMA: &str = "contest";

/// Several checkouts with one database.
pub struct Arena<'a> {
    contest: &'a Contest,
    folder: PathBuf,
}

/// The release that a checkout has.
pub fn release_of(number: usize) -> Release {
    match number % 2 {
        0 => Release::Old,
        _ => Release::New,
    }
}

/// The views of one environment as if they were another one's.
pub fn renamed(views: &BTreeMap<String, Rows>, environment: &str) -> BTreeMap<String, Rows> {
    let of = format!("__dev_{}.", USERS[0]);
    let to = format!("__{environment}.");
    let renamed = views
        .iter()
        .map(|(name, rows)| (name.replace(&of, &to), rows.clone()));
    renamed.collect()
}

impl<'a> Arena<'a> {
    /// Writes the checkouts.
    ///
    /// # Errors
    /// If a file can't be written, or what the engine says.
    pub fn new(contest: &'a Contest, folder: &Path) -> Result<Self, Box<dyn Error>> {
        let arena = Self {
            contest,
            folder: folder.to_owned(),
        };
        for number in 0..contest.processes {
            let state = match contest.home {
                Home::File => format!("sqlite:{}", arena.folder.join("state.db").display()),
                Home::Server(server) => server.address(&format!("{SCHEMA}_{}", contest.seed)),
            };
            arena.write(
                &arena.checkout(number),
                release_of(number),
                &arena.data(),
                &state,
            )?;
        }
        arena.data().execute(&project::events(Release::New))?;
        Ok(arena)
    }

    fn write(
        &self,
        folder: &Path,
        release: Release,
        tables: &Data,
        state: &str,
    ) -> Result<(), Box<dyn Error>> {
        let settings = format!(
            "name = \"shop\"\n{}[engine.local.settings]\nthreads = 2\n[state]\nurl = \"{state}\"\n",
            tables.settings()
        );
        // One place for the files of a release, so that the same release reads the same files.
        let data = self.folder.join(format!("data-{release:?}"));
        Ok(project::write(folder, (release, &data), &settings)?)
    }

    fn checkout(&self, number: usize) -> PathBuf {
        self.folder.join(format!("checkout-{number}"))
    }

    /// The tables that all share.
    pub fn data(&self) -> Data {
        self.data_of(&self.folder, "contest_lake")
    }

    fn data_of(&self, folder: &Path, schema: &str) -> Data {
        match &self.contest.lakes {
            None => Data::File(folder.join(DATABASE)),
            Some((server, extensions)) => {
                let schema = format!("{schema}_{}", self.contest.seed);
                let lakes = (*server, extensions.as_path());
                Data::Lake(Lake::new(lakes, &schema, &folder.join("lake")))
            }
        }
    }

    /// A call in a checkout, by a user whose environment it changes.
    pub fn command(&self, number: usize, user: &str, words: &[&str]) -> Command {
        self.command_in(&self.checkout(number), user, words)
    }

    fn command_in(&self, folder: &Path, user: &str, words: &[&str]) -> Command {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let cache = self.folder.join("cache");
        let mut command = dbgo(&self.contest.executable, folder, &cache, &words);
        command.env("USER", user);
        command
    }

    /// What all left.
    ///
    /// # Errors
    /// What the engine says.
    pub fn picture(&self) -> Result<Picture, Box<dyn Error>> {
        Picture::of(&self.data().read()?)
    }

    /// What a release comes to that nobody is in the way of, for the first user.
    ///
    /// # Errors
    /// If it fails.
    pub fn alone(&self, release: Release) -> Result<Picture, Box<dyn Error>> {
        let folder = self.folder.join(format!("alone-{release:?}"));
        let data = self.data_of(&folder, &format!("alone_{}", release as usize));
        self.write(&folder, release, &data, "sqlite:.dbgo/state.db")?;
        data.execute(&project::events(Release::New))?;
        let words = self.contest.ways.first().copied().unwrap_or(&["run"]);
        let ended = Running::start(self.command_in(&folder, USERS[0], words))?.wait()?;
        match ended.end {
            End::Exit(0) => Picture::of(&data.read()?),
            end => Err(format!("alone it ended with {end}\n{}", ended.said).into()),
        }
    }

    /// The id of the run that published last for a user, as people see it; empty if nobody did.
    ///
    /// # Errors
    /// What the engine says.
    pub fn published(&self, user: &str) -> Result<String, Box<dyn Error>> {
        const LAST: &str = "
            SELECT entry ->> 'run_id' FROM _dbgo.ledger
            WHERE (entry ->> 'model') = ''
                AND (CAST(entry ->> 'details' AS JSON) ->> 'environment') = ?
            ORDER BY CAST(entry ->> 'committed_at' AS BIGINT) DESC LIMIT 1";
        let connection = self.data().read()?;
        let mut statement = connection.prepare(LAST)?;
        let runs = statement.query_map([format!("dev_{user}")], |row| row.get::<_, String>(0))?;
        Ok(runs.collect::<duckdb::Result<Vec<_>>>()?.concat())
    }
}
