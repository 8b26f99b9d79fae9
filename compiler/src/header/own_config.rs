//! What a file's own header says, in little room where it says nothing.

use super::Config;
use serde::{Deserialize, Serialize};
use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;

static NOTHING: LazyLock<Config> = LazyLock::new(Config::default);

/// The [`Config`] of a header. Most headers have none, and a configuration is large.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnConfig(Option<Box<Config>>);

impl Deref for OwnConfig {
    type Target = Config;

    fn deref(&self) -> &Config {
        self.0.as_deref().unwrap_or(&NOTHING)
    }
}

impl DerefMut for OwnConfig {
    fn deref_mut(&mut self) -> &mut Config {
        self.0.get_or_insert_default()
    }
}
