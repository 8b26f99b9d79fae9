//! What earlier compilations learned from the engine: answers, kept by their questions.

use crate::sql_type::SqlType;
use crate::types::oracle::{OracleQuestion, OracleRefusal};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The columns that the engine gives for a question, or its refusal.
pub type Remembered = Result<Vec<(String, SqlType)>, OracleRefusal>;

/// Answers of an engine. A question's key holds the engine's version and settings, so that an
/// answer is true for good, and a build replays without an engine.
#[derive(Debug, Default)]
pub struct Memory {
    identity: String,
    known: BTreeMap<[u8; 32], Remembered>,
    learned: Mutex<BTreeMap<[u8; 32], Remembered>>,
}

impl Memory {
    /// Answers that were learned before, from the engine with this identity.
    pub fn new(identity: String, known: BTreeMap<[u8; 32], Remembered>) -> Self {
        Self {
            identity,
            known,
            learned: Mutex::default(),
        }
    }

    /// The answer to a question: a remembered one, or that of `ask`.
    ///
    /// # Errors
    /// The engine's refusal.
    pub fn answer(
        &self,
        question: &OracleQuestion,
        ask: impl FnOnce() -> Remembered,
    ) -> Remembered {
        let key = self.key(question);
        if let Some(answer) = self.known.get(&key) {
            let answer = answer.clone();
            self.learn(key, &answer);
            return answer;
        }
        let answer = ask();
        // A refusal that isn't about the query, such as too little memory, may be another one
        // the next time.
        if answer
            .as_ref()
            .err()
            .is_none_or(|refusal| refusal.is_about_query)
        {
            self.learn(key, &answer);
        }
        answer
    }

    /// All answers that were used, to be kept for the next compilation.
    pub fn used(&self) -> BTreeMap<[u8; 32], Remembered> {
        self.learned
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone()
    }

    /// Whether something was learned, or something remembered is no longer of use.
    pub fn has_changed(&self) -> bool {
        self.used() != self.known
    }

    fn learn(&self, key: [u8; 32], answer: &Remembered) {
        self.learned
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .insert(key, answer.clone());
    }

    fn key(&self, question: &OracleQuestion) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let mut part = |text: &str| {
            hasher
                .update(&(text.len() as u64).to_le_bytes())
                .update(text.as_bytes());
        };
        part(&self.identity);
        part(&question.sql);
        for (name, columns) in &question.relations {
            part(name);
            part(&columns.len().to_string());
            for (column, sql_type) in columns {
                part(column);
                part(&sql_type.to_string());
            }
        }
        *hasher.finalize().as_bytes()
    }
}
