//! The options of the examples that look for what goes wrong between processes.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Display;
use std::process::ExitCode;
use std::str::FromStr;

/// What an example knows.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// What it says of itself.
    pub usage: &'static str,
    /// Options without a value.
    pub flags: &'static [&'static str],
    /// Options with one.
    pub values: &'static [&'static str],
}

/// What was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    flags: BTreeSet<String>,
    values: BTreeMap<String, String>,
}

impl Options {
    /// Reads options; `None` where help is asked for.
    ///
    /// # Errors
    /// An option that isn't known, or that has no value.
    pub fn read(
        known: &Known,
        words: impl IntoIterator<Item = String>,
    ) -> Result<Option<Self>, String> {
        let mut options = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word == "--help" {
                return Ok(None);
            }
            if known.flags.contains(&word.as_str()) {
                options.flags.insert(word);
            } else if known.values.contains(&word.as_str()) {
                let value = words.next();
                let value = value.ok_or_else(|| format!("`{word}` needs a value"))?;
                options.values.insert(word, value);
            } else {
                return Err(format!("unknown option `{word}`\n{}", known.usage));
            }
        }
        Ok(Some(options))
    }

    /// Whether an option without a value was given.
    pub fn has(&self, flag: &str) -> bool {
        self.flags.contains(flag)
    }

    /// The value of an option; empty where it wasn't given.
    pub fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// The number that an option was given, or the usual one.
    ///
    /// # Errors
    /// A value that is no such number.
    pub fn number<T: FromStr>(&self, name: &str, usual: T) -> Result<T, String>
    where
        T::Err: Display,
    {
        match self.values.get(name) {
            None => Ok(usual),
            Some(text) => text
                .parse()
                .map_err(|error| format!("`{name} {text}`: {error}")),
        }
    }
}

/// Runs an example with the options that it was called with.
pub fn main(known: &Known, run: impl FnOnce(&Options) -> Result<(), Box<dyn Error>>) -> ExitCode {
    let read = Options::read(known, std::env::args().skip(1));
    let done = match read {
        Ok(Some(options)) => run(&options),
        Ok(None) => {
            println!("{}", known.usage);
            Ok(())
        }
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known = Known {
        usage: "usage",
        flags: &["--long"],
        values: &["--seed"],
    };

    fn read(words: &[&str]) -> Result<Option<Options>, String> {
        Options::read(&KNOWN, words.iter().map(ToString::to_string))
    }

    #[test]
    fn options_are_known_or_refused() {
        let options = read(&["--seed", "7", "--long"]).unwrap().unwrap();
        assert!(options.has("--long"));
        assert_eq!(options.number("--seed", 1), Ok(7));
        assert_eq!(options.number("--other", 3), Ok(3));
        assert_eq!(read(&["--seed", "7", "--help"]), Ok(None));
        assert!(read(&["--seed"]).unwrap_err().contains("needs a value"));
        assert!(read(&["--short"]).unwrap_err().contains("usage"));
        let options = read(&["--seed", "x"]).unwrap().unwrap();
        assert!(options.number("--seed", 1).is_err());
    }
}
