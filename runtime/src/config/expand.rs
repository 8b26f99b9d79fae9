//! `${VAR}` and `${VAR:-default}`, from the environment and from `.env`.

use crate::error::{Code, Error, Kind, Result};
use std::collections::HashMap;
use std::path::Path;

/// Where values come from: the process's environment first, then `.env`.
#[derive(Clone, Default)]
pub struct Lookup {
    file: HashMap<String, String>,
    closed: bool,
}

impl Lookup {
    /// The process's environment and, if it is there, `.env` in `folder`.
    ///
    /// # Errors
    /// `env-file` where a line of it isn't `NAME=value`.
    pub fn new(folder: &Path) -> Result<Self> {
        let path = folder.join(".env");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(Error::new(
                    Kind::Finding,
                    Code::EnvFile,
                    format!("`.env`: {error}"),
                ));
            }
        };
        Ok(Self {
            file: parse(&text)?,
            closed: false,
        })
    }

    /// Only the given values, not the process's environment.
    pub fn only(values: &[(&str, &str)]) -> Self {
        Self {
            file: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            closed: true,
        }
    }

    fn get(&self, name: &str) -> Option<String> {
        let own = if self.closed {
            None
        } else {
            std::env::var(name).ok()
        };
        own.or_else(|| self.file.get(name).cloned())
            .or_else(|| (name == "USER").then(|| self.login_name()).flatten())
    }

    fn login_name(&self) -> Option<String> {
        if self.closed { None } else { login_name() }
    }
}

fn login_name() -> Option<String> {
    ["LOGNAME", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .or_else(name_of_process_owner)
}

/// The name of whoever runs this process.
pub(super) fn user_name() -> Option<String> {
    let named = std::env::var("USER").ok().filter(|name| !name.is_empty());
    named.or_else(login_name)
}

#[cfg(unix)]
fn name_of_process_owner() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == owner).then(|| name.to_owned())
    })
}

#[cfg(not(unix))]
fn name_of_process_owner() -> Option<String> {
    None
}

/// Replaces `${VAR}` and `${VAR:-default}`; a default is taken where the variable is missing or
/// empty. A `$` before anything else stays.
///
/// # Errors
/// `missing-variable` with its name and `place`; never a value.
pub fn expand(text: &str, lookup: &Lookup, place: &str) -> Result<String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        expanded.push_str(&rest[..start]);
        let Some(length) = rest[start..].find('}') else {
            return Err(Error::new(
                Kind::Finding,
                Code::MissingVariable,
                format!("a `${{` in {place} isn't closed"),
            ));
        };
        let inside = &rest[start + 2..start + length];
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        let value = lookup
            .get(name)
            .filter(|value| !value.is_empty() || default.is_none());
        match (value, default) {
            (Some(value), _) => expanded.push_str(&value),
            (None, Some(default)) => expanded.push_str(default),
            (None, None) => return Err(missing(name, place)),
        }
        rest = &rest[start + length + 1..];
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn missing(name: &str, place: &str) -> Error {
    Error::new(
        Kind::Finding,
        Code::MissingVariable,
        format!("`${{{name}}}` in {place} has no value"),
    )
    .hint(format!("set `{name}` in the environment or in `.env`"))
}

fn parse(text: &str) -> Result<HashMap<String, String>> {
    let mut values = HashMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let pair = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Error::new(
                Kind::Finding,
                Code::EnvFile,
                format!("line {} of `.env` isn't `NAME=value`", index + 1),
            ));
        };
        values.insert(name.trim().to_owned(), unquote(value.trim()));
    }
    Ok(values)
}

/// The value without its quotes, or without a comment after it.
fn unquote(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inner) = value
            .strip_prefix(quote)
            .and_then(|rest| rest.split_once(quote))
        {
            return inner.0.to_owned();
        }
    }
    value
        .split(" #")
        .next()
        .unwrap_or(value)
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_defaults_are_replaced() {
        let lookup = Lookup::only(&[("HOST", "db"), ("EMPTY", "")]);
        let expand = |text: &str| expand(text, &lookup, "`[engine.x]`").unwrap();
        assert_eq!(
            expand("postgres://${HOST}/${NAME:-shop}"),
            "postgres://db/shop"
        );
        assert_eq!(expand("${EMPTY:-x}$5${EMPTY}"), "x$5");
    }

    #[test]
    fn a_missing_variable_is_named_with_its_place() {
        let error = expand("a${NOPE}", &Lookup::only(&[]), "`[engine.x]`").unwrap_err();
        assert_eq!(error.code.text(), "missing-variable");
        assert!(error.message.contains("`${NOPE}` in `[engine.x]`"));
        assert!(expand("a${NOPE", &Lookup::only(&[]), "`x`").is_err());
    }

    #[test]
    fn env_files_may_quote_and_comment() {
        let values = parse("# c\nexport A=1 # one\nB='x # y'\nC=\"z\"\n\n").unwrap();
        assert_eq!(
            (&*values["A"], &*values["B"], &*values["C"]),
            ("1", "x # y", "z")
        );
        assert_eq!(
            parse("A=1\nnonsense").unwrap_err().message,
            "line 2 of `.env` isn't `NAME=value`"
        );
    }
}
