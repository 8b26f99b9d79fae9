//! What each model reads: the load of everything, and what proves that a source is unchanged.
//!
//! A load is the id of the batch that changed a table last. A view's load is made of the loads
//! it reads. An empty load proves nothing, and what can't be proved counts as changed.

use super::failure::engine_failed;
use crate::adapters::{Dialect, Session};
use crate::error::Result;
use crate::project::{PlanFacts, Project, Relation};
use crate::situation::source_text;
use crate::version::fingerprint;
use dbgo_contract::SourceDef;
use std::time::UNIX_EPOCH;

/// Proofs of all sources that are `needed`, in the order of the project's sources.
///
/// They are taken before anything is read: data that arrives meanwhile is a change of the next
/// run.
///
/// # Errors
/// What the engine says of a `changed_by`.
pub fn proofs(
    (project, facts): (&Project, &PlanFacts),
    needed: impl Fn(Relation) -> bool,
    dialect: &dyn Dialect,
    session: &mut Session,
) -> Result<Vec<String>> {
    project
        .sources()
        .iter()
        .enumerate()
        .map(|(index, source)| {
            if !needed(Relation::Source(index)) {
                return Ok(String::new());
            }
            proof((project, facts), source, dialect, session)
        })
        .collect()
}

fn proof(
    (project, facts): (&Project, &PlanFacts),
    source: &'static SourceDef,
    dialect: &dyn Dialect,
    session: &mut Session,
) -> Result<String> {
    if !source.changed_by.is_empty() {
        let query = format!(
            "SELECT CAST((\n{}\n) AS VARCHAR) FROM {}",
            source.changed_by,
            source_text((project, facts), source, dialect)
        );
        let rows = session
            .query(&query)
            .map_err(|error| engine_failed(&error, &format!("changed_by of {}", source.file)))?;
        let value = super::checks::cells(&rows)
            .into_iter()
            .flatten()
            .next()
            .flatten();
        return Ok(format!(
            "value {}",
            value.unwrap_or_else(|| "null".to_owned())
        ));
    }
    if source.location.is_empty() || source.location.as_str().contains("://") {
        return Ok(String::new());
    }
    Ok(files(
        &project
            .resolve_path(source.location.as_str())
            .to_string_lossy(),
    )
    .unwrap_or_default())
}

/// Name, size and time of all files of a pattern; nothing where one can't be read.
fn files(pattern: &str) -> Option<String> {
    let mut seen: Vec<String> = Vec::new();
    for path in glob::glob(pattern).ok()? {
        let path = path.ok()?;
        let metadata = std::fs::metadata(&path).ok()?;
        let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        seen.push(format!(
            "{}|{}|{}",
            path.display(),
            metadata.len(),
            modified.as_nanos()
        ));
    }
    (!seen.is_empty()).then(|| fingerprint(seen.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_proves_itself_by_size_and_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let pattern = folder.path().join("*.csv").to_string_lossy().into_owned();
        assert_eq!(files(&pattern), None);
        std::fs::write(&path, "a\n1\n").unwrap();
        let first = files(&pattern).unwrap();
        assert_eq!(files(&pattern).unwrap(), first);
        std::fs::write(&path, "a\n1\n2\n").unwrap();
        assert_ne!(files(&pattern).unwrap(), first);
    }
}
