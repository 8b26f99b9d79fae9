//! Projects in memory, compiled without an engine.

use dbgo_compiler::diagnostic::Diagnostic;
use dbgo_compiler::driver::{Memory, compile, outline};
use dbgo_compiler::fingerprint::Profile;
use dbgo_compiler::source::ProjectFiles;
use dbgo_compiler::sql_type::SqlType;
use dbgo_compiler::types::oracle::{OracleQuestion, OracleRefusal, TypeOracle};
use std::collections::BTreeMap;

/// Stands for an engine where none is asked.
struct NoEngine;

impl TypeOracle for NoEngine {
    fn identity(&self) -> String {
        String::new()
    }

    fn columns(&self, question: &OracleQuestion) -> Result<Vec<(String, SqlType)>, OracleRefusal> {
        Err(OracleRefusal {
            message: format!("nobody is to be asked: {}", question.sql),
            position: None,
            is_about_query: false,
        })
    }
}

/// The profiles of models by their paths, `models.name`, and what was found in the project. The
/// texts are files by their paths; without a `dbgo.toml` there is one with a name alone.
pub fn profiles(texts: &[(String, String)]) -> (BTreeMap<String, Profile>, Vec<Diagnostic>) {
    let own = texts.iter().any(|(path, _)| path == "dbgo.toml");
    let settings = (!own).then_some(("dbgo.toml", "name = 'shop'"));
    let texts = texts
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    let (files, found) = ProjectFiles::from_texts(settings.into_iter().chain(texts));
    let memory = Memory::new(String::new(), BTreeMap::new());
    let compilation = compile(outline(files, found), &NoEngine, &memory);
    let models = compilation.project.models.iter();
    let profiles = models
        .map(|model| (model.path.clone(), model.profile.clone()))
        .collect();
    (profiles, compilation.diagnostics)
}

/// The import lines that a query needs which reads sources as `:name`, unless its own header has
/// imports.
pub fn with_imports(query: &str, sources: &[&str]) -> String {
    if query.contains("@import") {
        return query.to_owned();
    }
    let lower = query.to_lowercase();
    let read = sources
        .iter()
        .filter(|name| lower.contains(&format!(":{name}")));
    let lines: String = read
        .map(|name| format!("-- @import: sources.{name}\n"))
        .collect();
    format!("{lines}{query}\n")
}
