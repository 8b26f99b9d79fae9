//! What a database shows, holds and says of itself, read without any of our own code.

use duckdb::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

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
    /// The tables and views in `_dbgo` besides dbgo's own and the failing rows of audits, with the rows of tables.
    pub objects: BTreeMap<String, Rows>,
    /// How many fences there are, where each lease has one of its own.
    pub fences: usize,
}

/// The columns that say when a run began, in all models of the project: of them only counts whether there
/// is such an instant.
pub const WHEN: &[&str] = &["seen_from", "seen_until"];

impl Picture {
    /// Looks at everything of an opened database, as it is at one instant.
    ///
    /// # Errors
    /// What the engine says: also that a view can't be read.
    pub fn of(connection: &Connection) -> Result<Self, Box<dyn Error>> {
        connection.execute_batch("BEGIN TRANSACTION READ ONLY")?;
        let picture = Self::taken(connection)?;
        connection.execute_batch("COMMIT")?;
        Ok(picture)
    }

    fn taken(connection: &Connection) -> Result<Self, Box<dyn Error>> {
        let mut picture = Self::default();
        let reader = Reader::new(connection)?;
        for (schema, name) in pairs(
            connection,
            "SELECT schema_name, view_name FROM duckdb_views()
             WHERE NOT internal AND schema_name <> '_dbgo' AND database_name = current_database()",
        )? {
            let rows = reader
                .rows(&schema, &name)
                .map_err(|error| format!("the view {schema}.{name} can't be read: {error}"))?;
            picture.views.insert(format!("{schema}.{name}"), rows);
        }
        let own = texts(
            connection,
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = '_dbgo'
             AND database_name = current_database() AND table_name IN ('ledger', 'meta', 'published')",
        )?;
        if own.len() == 3 {
            picture.read_bookkeeping(&reader)?;
        } else if !own.is_empty() {
            return Err(format!("of dbgo's own tables there are only {own:?}").into());
        }
        Ok(picture)
    }

    /// The same without what tells how often something was published.
    pub fn without_publications(&self) -> Self {
        let mut picture = self.clone();
        picture.ledger.retain(|batch| !batch.model.is_empty());
        picture.revisions.clear();
        picture
    }

    fn read_bookkeeping(&mut self, reader: &Reader<'_>) -> Result<(), Box<dyn Error>> {
        let connection = reader.connection;
        for entry in texts(connection, "SELECT entry FROM _dbgo.ledger")? {
            self.ledger.extend(Batch::read(&entry)?);
        }
        self.ledger.sort();
        let epoch = texts(connection, "SELECT CAST(epoch AS VARCHAR) FROM _dbgo.meta")?;
        self.epoch = epoch.concat().parse()?;
        let revisions = "SELECT environment, CAST(max(revision) AS VARCHAR) FROM _dbgo.published
            GROUP BY environment";
        for (environment, revision) in pairs(connection, revisions)? {
            self.revisions.insert(environment, revision.parse()?);
        }
        let objects = pairs(
            connection,
            "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = '_dbgo'
             AND table_catalog = current_database()
             AND table_name NOT IN ('ledger', 'meta', 'published')",
        )?;
        for (name, kind) in objects {
            if is_of_audit(&name) {
                continue;
            }
            if is_fence(&name) {
                self.fences += 1;
                continue;
            }
            let rows = match kind.as_str() {
                "VIEW" => Rows::new(),
                _ => reader.rows("_dbgo", &name)?,
            };
            self.objects.insert(name, rows);
        }
        Ok(())
    }
}

impl Batch {
    /// Reads an entry; nothing for one of failing rows.
    fn read(entry: &str) -> Result<Option<Self>, Box<dyn Error>> {
        let entry: serde_json::Value = serde_json::from_str(entry)?;
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        if is_of_audit(&text("physical_table")) {
            return Ok(None);
        }
        Ok(Some(Self {
            model: text("model"),
            version: text("version"),
            range: match &entry["range"] {
                serde_json::Value::Null => String::new(),
                range => range.to_string(),
            },
            rows: entry["rows"].as_u64().unwrap_or_default(),
        }))
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

/// Whether a table holds the failing rows of an audit. It is written after the batch that they are of, to look at and
/// not to build on: whoever dies in between leaves those that were there.
fn is_of_audit(name: &str) -> bool {
    name.contains("__audit_")
}

/// Whether a table is a lease's fence: `fence_`, eight digits of a hash, and the token.
fn is_fence(name: &str) -> bool {
    let digits = name
        .strip_prefix("fence_")
        .and_then(|rest| rest.split_once('_'));
    digits.is_some_and(|(_, token)| token.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Reads the rows of tables and views.
struct Reader<'c> {
    connection: &'c Connection,
    /// Those that have columns which say when a run began.
    timed: BTreeSet<(String, String)>,
}

impl<'c> Reader<'c> {
    fn new(connection: &'c Connection) -> duckdb::Result<Self> {
        let names = WHEN.join("', '");
        let timed = pairs(
            connection,
            &format!(
                "SELECT DISTINCT schema_name, table_name FROM duckdb_columns()
                 WHERE database_name = current_database() AND column_name IN ('{names}')"
            ),
        )?;
        Ok(Self {
            connection,
            timed: timed.into_iter().collect(),
        })
    }

    /// The rows, as text, sorted.
    fn rows(&self, schema: &str, name: &str) -> duckdb::Result<Rows> {
        let of = format!("\"{schema}\".\"{name}\"");
        let from = match self.timed.contains(&(schema.to_owned(), name.to_owned())) {
            true => {
                let is_there = |column: &&str| format!("{column} IS NOT NULL AS {column}");
                let replaced: Vec<String> = WHEN.iter().map(is_there).collect();
                format!("(SELECT * REPLACE ({}) FROM {of})", replaced.join(", "))
            }
            false => of,
        };
        let query = format!("SELECT CAST(shown AS VARCHAR) FROM {from} AS shown ORDER BY 1");
        texts(self.connection, &query)
    }
}
