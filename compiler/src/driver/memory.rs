//! What earlier compilations learned from the engine: answers, kept by their questions.

use crate::sql_type::SqlType;
use crate::types::oracle::{OracleQuestion, OracleRefusal};
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

/// The columns that the engine gives for a question, or its refusal.
pub type Remembered = Result<Vec<(String, SqlType)>, OracleRefusal>;

/// What was learned from an engine.
#[derive(Debug, Default)]
pub struct Learned {
    /// The engine's identity.
    pub identity: String,
    /// Its answers by their questions.
    pub answers: BTreeMap<[u8; 32], Remembered>,
}

/// Answers of an engine. A question's key holds the engine's version and settings, so that an
/// answer is true for good, and a build replays without an engine.
pub struct Memory<'a> {
    recall: Box<dyn Fn() -> Learned + Sync + 'a>,
    known: OnceLock<Learned>,
    learned: Mutex<BTreeMap<[u8; 32], Remembered>>,
}

impl Default for Memory<'_> {
    fn default() -> Self {
        Self::recalled(Learned::default)
    }
}

impl<'a> Memory<'a> {
    /// Answers that were learned before, from the engine with this identity.
    pub fn new(identity: String, known: BTreeMap<[u8; 32], Remembered>) -> Self {
        let memory = Self::default();
        let _ = memory.known.set(Learned {
            identity,
            answers: known,
        });
        memory
    }

    /// Answers that are recalled when the first question comes: most compilations have none, and
    /// need neither the answers nor the engine.
    pub fn recalled(recall: impl Fn() -> Learned + Sync + 'a) -> Self {
        Self {
            recall: Box::new(recall),
            known: OnceLock::new(),
            learned: Mutex::default(),
        }
    }

    fn known(&self) -> &Learned {
        self.known.get_or_init(&self.recall)
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
        if let Some(answer) = self.known().answers.get(&key) {
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

    /// The answers to be kept for the next compilation: those that were used, and if not all
    /// models were `typed`, because of errors or because they hadn't changed, all others too, as
    /// they will be asked again.
    pub fn kept(&self, all_typed: bool) -> BTreeMap<[u8; 32], Remembered> {
        let learned = self.learned.lock();
        let mut kept = learned
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone();
        if !all_typed {
            for (key, answer) in &self.known().answers {
                kept.entry(*key).or_insert_with(|| answer.clone());
            }
        }
        kept
    }

    /// Whether [`kept`](Self::kept) differs from what was known before. Where nothing was asked,
    /// nothing is learned.
    pub fn has_changed(&self, all_typed: bool) -> bool {
        self.known
            .get()
            .is_some_and(|known| self.kept(all_typed) != known.answers)
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
        part(&self.known().identity);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn question(sql: &str) -> OracleQuestion {
        OracleQuestion {
            sql: sql.to_owned(),
            relations: Vec::new(),
        }
    }

    #[test]
    fn answers_that_a_broken_project_does_not_need_are_kept() {
        let answer = || Ok(vec![("a".to_owned(), SqlType::Integer)]);
        let first = Memory::new("engine".to_owned(), BTreeMap::new());
        let _ = first.answer(&question("select 1"), answer);
        let _ = first.answer(&question("select 2"), answer);
        let known = first.kept(true);
        assert_eq!(known.len(), 2);
        let second = Memory::new("engine".to_owned(), known.clone());
        let _ = second.answer(&question("select 1"), answer);
        assert_eq!(second.kept(false), known);
        assert!(!second.has_changed(false));
        assert_eq!(second.kept(true).len(), 1);
        assert!(second.has_changed(true));
    }
}
