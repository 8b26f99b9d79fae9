//! Where a state is: a file of SQLite, or a server of Postgres.

use super::address::decoded;
use crate::error::{Code, Error, Kind, Result};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Where a state is.
#[derive(Clone, PartialEq, Eq)]
pub enum StateAddress {
    /// A file, which is made where it is missing.
    Sqlite(PathBuf),
    /// A database of a server, and a schema in it, which is made where it is missing.
    Postgres {
        /// The address. It may hold a password.
        url: String,
        /// The address as messages show it.
        shown: String,
    },
}

/// The schema where the address names none.
const SCHEMA: &str = "dbgo_state";

/// How long a connection may take where the address doesn't say it.
const CONNECT: Duration = Duration::from_secs(10);

/// How long sent data may stay unacknowledged where the address doesn't say it, in milliseconds.
const USER_TIMEOUT: u32 = 30_000;

/// The address of a server, taken apart.
pub(crate) struct Server {
    /// The address without what only dbgo understands.
    pub url: String,
    /// The schema.
    pub schema: String,
    /// The longest that a connection may take.
    pub connect_timeout: Duration,
    /// The longest that data which the server sent may stay unacknowledged, in milliseconds.
    pub user_timeout: u32,
}

impl StateAddress {
    /// The address that a `url` of `[state]` means. `resolve` says where a relative path starts.
    ///
    /// # Errors
    /// `state-address` if it is no address of a state. The message doesn't hold it, since it may
    /// hold a password.
    pub fn parse(url: &str, resolve: impl FnOnce(&str) -> PathBuf) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return match path.trim_start_matches("//") {
                "" => Err(wrong("the address of the state names no file")),
                path => Ok(StateAddress::Sqlite(resolve(path))),
            };
        }
        let shown = match Url::parse(url) {
            Ok(parsed) if is_postgres(parsed.scheme()) => shown(&parsed),
            Ok(_) => {
                let scheme = url.split(':').next().unwrap_or_default();
                let message = format!("a state can't be in a database of type `{scheme}`");
                return Err(wrong(message));
            }
            Err(error) => {
                let message = format!("the address of the state can't be read: {error}");
                return Err(wrong(message));
            }
        };
        let url = url.to_owned();
        let address = StateAddress::Postgres { url, shown };
        address.server()?;
        Ok(address)
    }

    /// Whether nothing is there yet, so that looking for something needn't make it. A server is
    /// only known by asking it.
    pub fn is_missing(&self) -> bool {
        match self {
            StateAddress::Sqlite(path) => !path.exists(),
            StateAddress::Postgres { .. } => false,
        }
    }

    /// The address as messages may show it.
    pub fn shown(&self) -> String {
        match self {
            StateAddress::Sqlite(path) => path.display().to_string(),
            StateAddress::Postgres { shown, .. } => shown.clone(),
        }
    }

    /// A message in which the password doesn't stand.
    pub(crate) fn conceal(&self, message: &str) -> String {
        const SHORTEST: usize = 3;
        let StateAddress::Postgres { url, shown } = self else {
            return message.to_owned();
        };
        let mut text = message.replace(url.as_str(), shown);
        let Ok(parsed) = Url::parse(url) else {
            return text;
        };
        let queried = parsed.query_pairs().filter(|(key, _)| key == "password");
        let mut secrets: Vec<String> = queried.map(|(_, value)| value.into_owned()).collect();
        secrets.extend(parsed.password().map(str::to_owned));
        secrets.extend(parsed.password().map(decoded));
        for secret in secrets.iter().filter(|text| text.len() >= SHORTEST) {
            text = text.replace(secret.as_str(), "***");
        }
        text
    }

    /// The server that an address of Postgres names.
    ///
    /// # Errors
    /// `state-address` if a parameter has no sense.
    pub(crate) fn server(&self) -> Result<Server> {
        let StateAddress::Postgres { url, .. } = self else {
            return Err(wrong("this state isn't on a server"));
        };
        let mut url = Url::parse(url)
            .map_err(|error| wrong(format!("the address of the state can't be read: {error}")))?;
        let mut server = Server {
            url: String::new(),
            schema: SCHEMA.to_owned(),
            connect_timeout: CONNECT,
            user_timeout: USER_TIMEOUT,
        };
        let mut others = Vec::new();
        for (key, value) in url.query_pairs() {
            match &*key {
                "schema" => server.schema = schema(&value)?,
                // As in libpq: 0 means for ever, and an hour is that for a command.
                "connect_timeout" => {
                    server.connect_timeout = match number(&key, &value)? {
                        0 => Duration::from_secs(3600),
                        seconds => Duration::from_secs(seconds.into()),
                    };
                }
                "tcp_user_timeout" => server.user_timeout = number(&key, &value)?,
                _ if is_of_postgres(&key) => others.push((key.into_owned(), value.into_owned())),
                // A word that is passed over could be the schema, with a typing mistake.
                _ => {
                    let message = format!("the address of the state has no parameter `{key}`");
                    return Err(wrong(message));
                }
            }
        }
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
        server.url = url.into();
        Ok(server)
    }
}

impl fmt::Debug for StateAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StateAddress({})", self.shown())
    }
}

/// Whether a parameter is one that the client of Postgres reads.
fn is_of_postgres(key: &str) -> bool {
    const KEYS: [&str; 12] = [
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "host",
        "hostaddr",
        "port",
        "dbname",
        "user",
        "password",
        "application_name",
        "statement-cache-capacity",
    ];
    KEYS.contains(&key)
}

fn is_postgres(scheme: &str) -> bool {
    matches!(scheme, "postgres" | "postgresql")
}

/// An address without its password, and without all parameters but the schema.
fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    // Both fail only for addresses that can't have a password.
    let _ = shown.set_password(None);
    shown.set_fragment(None);
    let schema = url.query_pairs().find(|(key, _)| key == "schema");
    let schema = schema.map(|(_, schema)| format!("schema={schema}"));
    shown.set_query(schema.as_deref());
    shown.into()
}

fn schema(name: &str) -> Result<String> {
    const LONGEST: usize = 63;
    let is_plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let starts_well = name.starts_with(|first: char| !first.is_ascii_digit());
    if starts_well
        && name.chars().all(is_plain)
        && name.len() <= LONGEST
        && !name.starts_with("pg_")
    {
        return Ok(name.to_owned());
    }
    Err(wrong(format!("`{name}` can't be the schema of a state"))
        .hint("use lower-case letters, digits and `_`"))
}

fn number(key: &str, value: &str) -> Result<u32> {
    value.parse().map_err(|_| {
        wrong(format!(
            "`{key}` of the state's address isn't a whole number"
        ))
    })
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(Kind::Finding, Code::StateAddress, message).hint(
        "write `url = \"sqlite:.dbgo/state.db\"` or \
         `url = \"postgres://user@host/database?schema=dbgo_state\"`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<StateAddress> {
        StateAddress::parse(url, |path| PathBuf::from("/project").join(path))
    }

    #[test]
    fn a_file_starts_where_the_project_is() {
        for url in ["sqlite:.dbgo/state.db", "sqlite://.dbgo/state.db"] {
            let path = PathBuf::from("/project/.dbgo/state.db");
            assert_eq!(parse(url).unwrap(), StateAddress::Sqlite(path));
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let url = "postgres://ana:hunt%65r2@db:5433/shop?schema=s1&password=other&sslmode=disable";
        let address = parse(url).unwrap();
        assert_eq!(address.shown(), "postgres://ana@db:5433/shop?schema=s1");
        assert_eq!(
            format!("{address:?}"),
            "StateAddress(postgres://ana@db:5433/shop?schema=s1)"
        );
        let message = format!("no `hunt%65r2`, `hunter2` or `other` at {url}");
        assert_eq!(
            address.conceal(&message),
            "no `***`, `***` or `***` at postgres://ana@db:5433/shop?schema=s1"
        );
        for url in [
            "postgres://ana:hunter2@db:99999/x",
            "mysql://a:hunter2@b/c",
            "hunter2",
        ] {
            let error = parse(url).unwrap_err();
            assert_eq!(error.code.text(), "state-address");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_dbgo_alone_understands_is_taken_out() {
        let url =
            "postgresql://db/shop?schema=s1&sslmode=require&connect_timeout=3&tcp_user_timeout=0";
        let server = parse(url).unwrap().server().unwrap();
        assert_eq!(server.url, "postgresql://db/shop?sslmode=require");
        assert_eq!((server.schema.as_str(), server.user_timeout), ("s1", 0));
        assert_eq!(server.connect_timeout, Duration::from_secs(3));
        let server = parse("postgres://db/shop").unwrap().server().unwrap();
        assert_eq!(server.schema, "dbgo_state");
        for query in [
            "shema=s1",
            "schema=",
            "schema=A",
            "schema=1a",
            "schema=pg_x",
            "connect_timeout=x",
        ] {
            let error = parse(&format!("postgres://db/shop?{query}")).unwrap_err();
            assert_eq!(error.code.text(), "state-address", "{query}");
        }
    }
}
