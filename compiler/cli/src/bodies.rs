//! The texts of bodies. Formatting them is the slowest step of a compilation: for libraries it is done
//! for those alone that no library holds, and for a program, which needs all, each is kept by a hash
//! of the model that it is made of.

use dbgo_compiler::cache::Cache;
use dbgo_compiler::codegen::{body, format_file};
use dbgo_compiler::lineage::carried::{ModelLineage, TableColumns, carried};
use dbgo_compiler::parallel::side_by_side;
use dbgo_compiler::typed::{TypedModel, TypedProject};
use std::collections::BTreeMap;

/// The name of the cache's entry.
const ENTRY: &str = "bodies";

/// The entry depends on nothing but the program, which the cache knows; each text has its own key.
const KEY: [u8; 32] = [0; 32];

/// The text of a model's body. `tables` has the columns of what it imports.
pub fn body_text(model: &TypedModel, tables: &TableColumns<'_>) -> String {
    format_file(body::body(model, &carried(model, tables)))
}

/// The hash by which a body's text is known.
pub fn text_hash(text: &str) -> [u8; 32] {
    *blake3::hash(text.as_bytes()).as_bytes()
}

/// Each model's import path with the text of its body, in order.
pub fn bodies(project: &TypedProject, cache: &Cache) -> Vec<(String, String)> {
    let known: BTreeMap<[u8; 32], String> = cache.get(ENTRY, &KEY).unwrap_or_default();
    let indexes: Vec<usize> = (0..project.models.len()).collect();
    let tables = TableColumns::of(project);
    let texts = side_by_side(&indexes, |index: usize| {
        let model = &project.models[index];
        let lineage = carried(model, &tables);
        let key = key(model, &lineage);
        let text = key.and_then(|key| known.get(&key)).cloned();
        let made = || format_file(body::body(model, &lineage));
        (key, text.unwrap_or_else(made))
    });
    let used: BTreeMap<[u8; 32], &str> = texts
        .iter()
        .filter_map(|(key, text)| Some(((*key)?, text.as_str())))
        .collect();
    if !used.keys().eq(known.keys()) {
        // Without a cache all are formatted again the next time.
        let _ = cache.put(ENTRY, &KEY, &used);
    }
    let paths = project.models.iter().map(|model| model.path.clone());
    paths.zip(texts.into_iter().map(|(_, text)| text)).collect()
}

/// A hash of all that a body is made of; `None` for a model that can't be written down.
fn key(model: &TypedModel, lineage: &ModelLineage) -> Option<[u8; 32]> {
    let bytes = serde_json::to_vec(&(model, lineage)).ok()?;
    Some(*blake3::hash(&bytes).as_bytes())
}

/// A hash of everything that a project is made of: of all but its models, and of each model's import
/// path and the hash of its body, in order.
pub fn project_hash(shell: &TypedProject, bodies: &[(&str, [u8; 32])]) -> String {
    let mut hasher = blake3::Hasher::new();
    let shell = TypedProject {
        models: Vec::new(),
        ..shell.clone()
    };
    // Unlike any format that could refuse a value, this can't leave anything out.
    hasher.update(format!("{shell:?}").as_bytes());
    for (path, hash) in bodies {
        hasher.update(path.as_bytes()).update(&[0]).update(hash);
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::EngineOracle;
    use dbgo_compiler::driver::{self, Memory};
    use dbgo_compiler::source::ProjectFiles;

    fn project(second: &str) -> TypedProject {
        let (files, found) = ProjectFiles::from_texts([
            ("dbgo.toml", "name = \"shop\"\n"),
            ("models/one.sql", "select 1 as id\n"),
            ("models/two.sql", second),
        ]);
        let outline = driver::outline(files, found);
        driver::compile(outline, &EngineOracle::default(), &Memory::default()).project
    }

    #[test]
    fn a_changed_model_formats_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::new(folder.path(), "test");
        let before = project("select 2 as id\n");
        let first = bodies(&before, &cache);
        let kept: BTreeMap<[u8; 32], String> = cache.get(ENTRY, &KEY).expect("texts");
        assert_eq!(kept.len(), 2);
        // Marked, so that what comes from the cache is told from what is made.
        let marked: BTreeMap<[u8; 32], String> = kept
            .iter()
            .map(|(key, text)| (*key, format!("{text}// kept\n")))
            .collect();
        cache.put(ENTRY, &KEY, &marked).expect("a cache");

        let after = project("select 3 as id\n");
        let second = bodies(&after, &cache);
        assert_eq!(second[0].1, format!("{}// kept\n", first[0].1));
        assert_ne!(second[1].1, first[1].1);
        assert!(!second[1].1.contains("// kept"));
        let kept: BTreeMap<[u8; 32], String> = cache.get(ENTRY, &KEY).expect("texts");
        assert_eq!(kept.len(), 2, "the old text is forgotten");
        let tables = TableColumns::of(&before);
        let mut keys = before
            .models
            .iter()
            .map(|it| key(it, &carried(it, &tables)));
        assert!(keys.all(|key| key.is_some()));
    }

    #[test]
    fn each_part_of_a_project_is_in_its_hash() {
        let whole = project("select 2 as id\n");
        let mut other = whole.clone();
        other.settings.workers += 1;
        assert_ne!(project_hash(&whole, &[]), project_hash(&other, &[]));
        let body = ("models.one", text_hash("text"));
        assert_ne!(project_hash(&whole, &[]), project_hash(&whole, &[body]));
    }
}
