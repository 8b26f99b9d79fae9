//! Loading the extensions, and attaching a lake.

use std::path::Path;
use std::time::Duration;

use ::duckdb::Connection;
use url::Url;

use super::super::connect;
use super::super::ddl::{identifier, string};
use super::super::errors::engine_error;
use crate::adapters::OpenOptions;
use crate::adapters::error::{EngineError, ErrorClass};

/// The name of the attached database.
pub(super) const CATALOG: &str = "lake";

/// The schema of the catalogue where the address names none.
const SCHEMA: &str = "dbgo_lake";

/// What has to be loaded, in this order.
const EXTENSIONS: [&str; 2] = ["postgres_scanner", "ducklake"];

/// How often attaching is tried again where another process makes the same catalogue at the same time.
const RETRIES: u32 = 20;

/// The pause between two of these attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// How the extension tries again what others committed just before: often and soon, since each batch writes
/// a row of the ledger, and rarely long.
const SETTINGS: &str = "SET GLOBAL ducklake_max_retry_count = 100;
SET GLOBAL ducklake_retry_wait_ms = 20;
SET GLOBAL ducklake_retry_backoff = 1.1;";

/// A database in memory with the lake attached to it.
pub(super) fn attached(location: &str, options: &OpenOptions) -> Result<Connection, EngineError> {
    let in_memory = OpenOptions {
        settings: options.settings.clone(),
        ..OpenOptions::default()
    };
    let connection = connect::connect(Path::new(":memory:"), &in_memory)?;
    load(&connection, options.option("extensions"))?;
    connection
        .execute_batch(SETTINGS)
        .map_err(|error| engine_error(&error, SETTINGS))?;
    let attach = statement(location, options)?;
    let mut attempt = 0;
    loop {
        let Err(error) = connection.execute_batch(&attach) else {
            return Ok(connection);
        };
        // The statement holds the address, which may hold a password.
        let error = explained(engine_error(&error, ""), location);
        if !is_made_by_another(&error) || attempt >= RETRIES {
            return Err(error);
        }
        std::thread::sleep(PAUSE);
        attempt += 1;
    }
}

/// Loads the extensions: those of a folder, or those that the engine itself has installed.
fn load(connection: &Connection, folder: Option<&str>) -> Result<(), EngineError> {
    for name in EXTENSIONS {
        let missing = |message: String| {
            let name = name.to_owned();
            EngineError::new(ErrorClass::ExtensionMissing { name }, message)
        };
        let what = match folder {
            Some(folder) => {
                let file = Path::new(folder).join(format!("{name}.duckdb_extension"));
                if !file.exists() {
                    let message = format!("there is no `{name}.duckdb_extension` in `{folder}`");
                    return Err(missing(message));
                }
                string(&file.to_string_lossy())
            }
            None => name.to_owned(),
        };
        let load = format!("LOAD {what}");
        connection.execute_batch(&load).map_err(|error| {
            let error = engine_error(&error, &load);
            match folder {
                Some(_) => missing(format!(
                    "the extension `{name}` can't be loaded: {}",
                    first_line(&error.message)
                )),
                None => missing(format!("the engine has no extension `{name}` installed")),
            }
        })?;
    }
    Ok(())
}

fn statement(location: &str, options: &OpenOptions) -> Result<String, EngineError> {
    let (address, schema) = address(location)?;
    let mut given = vec![format!("METADATA_SCHEMA {}", string(&schema))];
    if let Some(data) = options.option("data") {
        given.push(format!("DATA_PATH {}", string(data)));
    }
    if options.read_only {
        given.push("READ_ONLY".to_owned());
    }
    Ok(format!(
        "ATTACH {} AS {} ({})",
        string(&format!("ducklake:postgres:{address}")),
        identifier(CATALOG),
        given.join(", ")
    ))
}

/// The address as the client of Postgres reads it, and the schema that only we know of.
fn address(location: &str) -> Result<(String, String), EngineError> {
    let wrong = |why: &str| {
        let message = format!("the address of the catalogue can't be read: {why}");
        EngineError::new(ErrorClass::Refused, message)
    };
    let mut url = Url::parse(location).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(wrong("it doesn't begin with `postgres://`"));
    }
    let mut schema = SCHEMA.to_owned();
    let mut others = Vec::new();
    for (key, value) in url.query_pairs() {
        match &*key {
            "schema" => schema = value.into_owned(),
            _ => others.push((key.into_owned(), value.into_owned())),
        }
    }
    url.set_query(None);
    if !others.is_empty() {
        url.query_pairs_mut().extend_pairs(others);
    }
    Ok((url.into(), schema))
}

/// What the engine says of a lake that can't be attached, in short.
fn explained(error: EngineError, location: &str) -> EngineError {
    let message = &error.message;
    let has = |words: &str| message.contains(words);
    if let Some((_, rest)) = message.split_once("Unable to connect to Postgres at ") {
        // The address, in quotes, and what the client of Postgres says.
        let why = rest.split_once("\": ").map_or(rest, |(_, why)| why);
        let message = format!("the catalogue can't be reached: {}", first_line(why));
        return EngineError::new(ErrorClass::Unreachable, message);
    }
    if has("explicitly disabled") {
        let message = "there is no lake yet";
        return EngineError::new(ErrorClass::Catalog, message);
    }
    if has("does not match existing data path") {
        let known = message.split("existing data path in the catalog ").nth(1);
        let known = known.and_then(|rest| rest.split('"').nth(1)).unwrap_or("");
        let message = format!("its files are in `{known}`, and `data` says something else");
        return EngineError::new(ErrorClass::Refused, message);
    }
    let (plain, _) = address(location).unwrap_or_default();
    let message = match plain.is_empty() {
        true => message.clone(),
        false => message.replace(&plain, "the catalogue"),
    };
    EngineError { message, ..error }
}

/// Whether another process made something of the catalogue that this one was making as well.
fn is_made_by_another(error: &EngineError) -> bool {
    let words = [
        "already exists",
        "duplicate key",
        "concurrently",
        "deadlock",
    ];
    error.class.is_retryable() || words.iter().any(|words| error.message.contains(words))
}

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_no_part_of_the_address() {
        let read = |text: &str| address(text).unwrap();
        let usual = ("postgres://ana@db/shop".to_owned(), SCHEMA.to_owned());
        assert_eq!(read("postgres://ana@db/shop"), usual);
        let (address, schema) = read("postgres://ana@db/shop?schema=a&sslmode=disable");
        assert_eq!(address, "postgres://ana@db/shop?sslmode=disable");
        assert_eq!(schema, "a");
        assert!(super::address("lake.db").is_err());
        assert!(super::address("mysql://a@b/c").is_err());
    }

    #[test]
    fn a_server_that_isn_t_there_is_told_without_its_password() {
        let error = EngineError::new(
            ErrorClass::Io,
            "Failed to attach DuckLake MetaData \"x\" at path + \"postgres:postgres://a:geheim@b/c\"\
             Unable to connect to Postgres at \"postgres://a:geheim@b/c\": connection to server \
             at \"b\", port 5432 failed: Connection refused\n\tIs the server running?",
        );
        let told = explained(error, "postgres://a:geheim@b/c");
        assert_eq!(told.class, ErrorClass::Unreachable);
        assert_eq!(
            told.message,
            "the catalogue can't be reached: connection to server at \"b\", port 5432 failed: \
             Connection refused"
        );
        assert!(!told.engine_text.contains("geheim"));
    }
}
