//! What a database shows, holds and says of itself, read without any of our own code.

use duckdb::{AccessMode, Config, Connection};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

/// The rows of a view, as text, sorted.
pub type Rows = Vec<String>;

/// A batch of the ledger, without what differs between two runs that do the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Batch {
    /// The model's import path; empty for a publication.
    pub model: String,
    /// Its version.
    pub version: String,
    /// The range in microseconds since 1970, where it has one.
    pub range: String,
    /// How many rows it wrote.
    pub rows: u64,
}

/// What a database holds at one moment.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// The rows of each view of users, by `schema.name`.
    pub views: BTreeMap<String, Rows>,
    /// All batches, sorted.
    pub ledger: Vec<Batch>,
    /// Each environment's revision, as the engine has it.
    pub revisions: BTreeMap<String, u64>,
    /// The last lease that the engine gave.
    pub epoch: u64,
    /// How many generations there are of each table and view in `_dbgo` besides dbgo's own. Which ones they are
    /// depends on what was broken off.
    pub objects: BTreeMap<String, usize>,
}

impl Picture {
    /// Opens a database for reading only and looks at everything.
    ///
    /// # Errors
    /// What the engine says: also that a view can't be read.
    pub fn take(database: &Path) -> Result<Self, Box<dyn Error>> {
        let config = Config::default().access_mode(AccessMode::ReadOnly)?;
        Self::of(&Connection::open_with_flags(database, config)?)
    }

    /// Looks at everything of an opened database.
    ///
    /// # Errors
    /// What the engine says: also that a view can't be read.
    pub fn of(connection: &Connection) -> Result<Self, Box<dyn Error>> {
        let mut picture = Self::default();
        for (schema, name) in pairs(
            connection,
            "SELECT schema_name, view_name FROM duckdb_views()
             WHERE NOT internal AND schema_name <> '_dbgo' AND database_name = current_database()",
        )? {
            let query = format!(
                "SELECT CAST(shown AS VARCHAR) FROM \"{schema}\".\"{name}\" AS shown ORDER BY 1"
            );
            let rows = texts(connection, &query)
                .map_err(|error| format!("the view {schema}.{name} can't be read: {error}"))?;
            picture.views.insert(format!("{schema}.{name}"), rows);
        }
        let own = texts(
            connection,
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = '_dbgo'
             AND database_name = current_database() AND table_name IN ('ledger', 'meta', 'published')",
        )?;
        if own.len() == 3 {
            picture.read_bookkeeping(connection)?;
        } else if !own.is_empty() {
            return Err(format!("of dbgo's own tables there are only {own:?}").into());
        }
        Ok(picture)
    }

    fn read_bookkeeping(&mut self, connection: &Connection) -> Result<(), Box<dyn Error>> {
        for entry in texts(connection, "SELECT entry FROM _dbgo.ledger")? {
            self.ledger.push(Batch::read(&entry)?);
        }
        self.ledger.sort();
        let epoch = texts(connection, "SELECT CAST(epoch AS VARCHAR) FROM _dbgo.meta")?;
        self.epoch = epoch.concat().parse()?;
        let revisions = "SELECT environment, CAST(max(revision) AS VARCHAR) FROM _dbgo.published
            GROUP BY environment";
        for (environment, revision) in pairs(connection, revisions)? {
            self.revisions.insert(environment, revision.parse()?);
        }
        let objects = texts(
            connection,
            "SELECT table_name FROM information_schema.tables WHERE table_schema = '_dbgo'
             AND table_catalog = current_database()
             AND table_name NOT IN ('ledger', 'meta', 'published')
             AND NOT regexp_full_match(table_name, 'fence_[0-9a-f]{8}_[0-9]+')",
        )?;
        for name in objects {
            let without = name.trim_end_matches(|digit: char| digit.is_ascii_digit());
            *self.objects.entry(without.to_owned()).or_default() += 1;
        }
        Ok(())
    }
}

impl Batch {
    fn read(entry: &str) -> Result<Self, Box<dyn Error>> {
        let entry: serde_json::Value = serde_json::from_str(entry)?;
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            model: text("model"),
            version: text("version"),
            range: match &entry["range"] {
                serde_json::Value::Null => String::new(),
                range => range.to_string(),
            },
            rows: entry["rows"].as_u64().unwrap_or_default(),
        })
    }
}

fn texts(connection: &Connection, query: &str) -> duckdb::Result<Vec<String>> {
    let mut statement = connection.prepare(query)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

fn pairs(connection: &Connection, query: &str) -> duckdb::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare(query)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Runs statements on a database that nobody has open.
///
/// # Errors
/// What the engine says.
pub fn execute(database: &Path, statements: &[String]) -> Result<(), Box<dyn Error>> {
    let connection = Connection::open(database)?;
    for statement in statements {
        connection.execute_batch(statement)?;
    }
    Ok(())
}
