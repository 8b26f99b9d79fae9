//! What each file of a project is, by its folder and extension.

use super::SourceSet;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::{FileId, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// How a seed's data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeedFormat {
    /// Values separated by commas, or by the `delimiter` of the typing file.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// Data in the repository.
#[derive(Clone, Debug)]
pub struct SeedFile {
    /// The file with the data. For CSV the [`SourceSet`] has its text, for Parquet its path and
    /// hash only.
    pub data: FileId,
    /// How the data is written.
    pub format: SeedFormat,
    /// The `.sql` of the same stem beside it, which gives the columns their types.
    pub typing: Option<FileId>,
    /// The end of a Parquet file, from its metadata on; empty for CSV.
    pub footer: Arc<[u8]>,
    /// How many bytes the file has.
    pub size: u64,
}

/// The files of a project, by what they are; each list is ordered by path.
#[derive(Clone, Debug)]
pub struct ProjectFiles {
    /// The folder that holds `dbgo.toml`.
    pub root: PathBuf,
    /// The texts.
    pub sources: SourceSet,
    /// `dbgo.toml`.
    pub settings: FileId,
    /// `models/**/*.sql` without those that type a seed.
    pub models: Vec<FileId>,
    /// `sources/**/*.sql`: tables that somebody else fills.
    pub tables: Vec<FileId>,
    /// `exposures/**/*.sql`: who uses what.
    pub exposures: Vec<FileId>,
    /// `fragments/**/*.sql`: pieces of SQL that `#include` writes out.
    pub fragments: Vec<FileId>,
    /// `macros/**/*.sql`: names for expressions and queries.
    pub macros: Vec<FileId>,
    /// `audits/**/*.sql`: queries that give the rows of a model that are wrong.
    pub audits: Vec<FileId>,
    /// CSV and Parquet files under `models/` and `seeds/`.
    pub seeds: Vec<SeedFile>,
    /// Files that exist but couldn't be read as what they are, which has been reported. They stay
    /// in the lists above, so that an import of one isn't reported as well.
    pub unusable: BTreeSet<FileId>,
}

impl ProjectFiles {
    /// Files that are in memory already, for tests and for editors: paths relative to the
    /// project's folder, with their texts. Without a `dbgo.toml` among them, an empty one is added.
    pub fn from_texts<'a>(
        texts: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<Diagnostic>) {
        let mut texts: Vec<(&str, &str)> = texts.into_iter().collect();
        texts.sort_unstable();
        let mut sources = SourceSet::default();
        let listed: Vec<Listed> = texts
            .into_iter()
            .map(|(path, text)| Listed {
                file: sources.add(path, text),
                footer: Arc::from([]),
                size: text.len() as u64,
            })
            .collect();
        let settings = listed
            .iter()
            .map(|listed| listed.file)
            .find(|file| sources.file(*file).path == "dbgo.toml")
            .unwrap_or_else(|| sources.add("dbgo.toml", ""));
        classify(PathBuf::new(), sources, settings, listed, BTreeSet::new())
    }

    /// Whether the file could be read as what it is.
    pub fn is_usable(&self, file: FileId) -> bool {
        !self.unusable.contains(&file)
    }

    /// A hash, not yet finished, of what all models, seeds and sources depend on: the project's
    /// file, and the files that belong to none of them, such as macros. Nothing depends on
    /// exposures. Of audits only the names belong to it, since who calls one says so.
    pub fn shared_hash(&self) -> blake3::Hasher {
        let seeds = self.seeds.iter();
        let of_seeds = seeds
            .flat_map(|seed| [Some(seed.data), seed.typing])
            .flatten();
        let mut of_nodes = vec![false; self.sources.len()];
        for file in self
            .models
            .iter()
            .chain(&self.tables)
            .chain(&self.exposures)
            .chain(&self.audits)
            .copied()
            .chain(of_seeds)
        {
            of_nodes[file.0 as usize] = true;
        }
        let mut hasher = blake3::Hasher::new();
        for (file, source) in self.sources.iter() {
            if of_nodes[file.0 as usize] {
                continue;
            }
            hasher.update(&(source.path.len() as u64).to_le_bytes());
            hasher.update(source.path.as_bytes());
            hasher.update(source.hash.as_bytes());
            hasher.update(&[u8::from(self.is_usable(file))]);
        }
        for file in &self.audits {
            let path = &self.sources.file(*file).path;
            hasher.update(&(path.len() as u64).to_le_bytes());
            hasher.update(path.as_bytes());
        }
        hasher
    }

    /// The path of a file on disk.
    pub fn path_on_disk(&self, file: FileId) -> PathBuf {
        self.root.join(&self.sources.file(file).path)
    }
}

/// The path by which a file is imported: `models/finance/revenue.sql` is `models.finance.revenue`.
pub fn import_path(path: &str) -> String {
    let stem = stem_of(path);
    stem.replace('/', ".")
}

/// A file that has been added to the set, with the end of its bytes if it is Parquet.
pub(super) struct Listed {
    pub(super) file: FileId,
    pub(super) footer: Arc<[u8]>,
    pub(super) size: u64,
}

fn stem_of(path: &str) -> &str {
    let name_start = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[name_start..].rfind('.') {
        Some(dot) if dot > 0 => &path[..name_start + dot],
        _ => path,
    }
}

pub(super) fn extension_of(path: &str) -> String {
    path[stem_of(path).len()..]
        .trim_start_matches('.')
        .to_ascii_lowercase()
}

/// Sorts files into what they are. `listed` is ordered by path.
pub(super) fn classify(
    root: PathBuf,
    sources: SourceSet,
    settings: FileId,
    listed: Vec<Listed>,
    unusable: BTreeSet<FileId>,
) -> (ProjectFiles, Vec<Diagnostic>) {
    let mut files = ProjectFiles {
        root,
        sources,
        settings,
        models: Vec::new(),
        tables: Vec::new(),
        exposures: Vec::new(),
        fragments: Vec::new(),
        macros: Vec::new(),
        audits: Vec::new(),
        seeds: Vec::new(),
        unusable,
    };
    let mut diagnostics = Vec::new();
    let mut statements = Vec::new();
    for entry in listed {
        let path = files.sources.file(entry.file).path.clone();
        let folder = path.split('/').next().unwrap_or_default();
        let extension = extension_of(&path);
        let meant = match (folder, extension.as_str()) {
            ("models" | "seeds", "csv") => Some(SeedFormat::Csv),
            ("models" | "seeds", "parquet") => Some(SeedFormat::Parquet),
            _ => None,
        };
        match (folder, extension.as_str(), meant) {
            (_, _, Some(format)) => files.seeds.push(SeedFile {
                data: entry.file,
                format,
                typing: None,
                footer: entry.footer,
                size: entry.size,
            }),
            ("models" | "seeds", "sql", None) => statements.push(entry.file),
            ("sources", "sql", None) => files.tables.push(entry.file),
            ("exposures", "sql", None) => files.exposures.push(entry.file),
            // No import names them, so that they may be called anything.
            ("fragments", "sql", None) => {
                files.fragments.push(entry.file);
                continue;
            }
            ("macros", "sql", None) => {
                files.macros.push(entry.file);
                continue;
            }
            ("audits", "sql", None) => {
                files.audits.push(entry.file);
                continue;
            }
            _ => continue,
        }
        diagnostics.extend(check_name(&path, entry.file));
    }
    pair_typings(&mut files, statements, &mut diagnostics);
    (files, diagnostics)
}

/// Gives each `.sql` beside a seed to that seed; the others are models.
fn pair_typings(
    files: &mut ProjectFiles,
    statements: Vec<FileId>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut seeds: BTreeMap<String, usize> = BTreeMap::new();
    for (index, seed) in files.seeds.iter().enumerate() {
        let stem = stem_of(&files.sources.file(seed.data).path).to_owned();
        seeds.entry(stem).or_insert(index);
    }
    for file in statements {
        let path = &files.sources.file(file).path;
        match seeds.get(stem_of(path)) {
            Some(index) => files.seeds[*index].typing = Some(file),
            None if path.starts_with("models/") => files.models.push(file),
            None => diagnostics.push(
                Diagnostic::error(
                    Code::MalformedSeed,
                    Span::new(file, 0, 0),
                    format!("`{path}` types a seed that doesn't exist"),
                )
                .hint(format!(
                    "put `{0}.csv` or `{0}.parquet` beside it, or move the file to `models/`",
                    stem_of(path)
                )),
            ),
        }
    }
}

/// Parts of an import path are separated by dots, so that a part has none; the rest is what can
/// be written in a header without quotes.
fn check_name(path: &str, file: FileId) -> Option<Diagnostic> {
    let bad = stem_of(path).split('/').find(|part| {
        part.is_empty()
            || !part
                .chars()
                .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    })?;
    Some(
        Diagnostic::error(
            Code::InvalidFileName,
            Span::new(file, 0, 0),
            format!("`{bad}` in `{path}` can't be part of an import path"),
        )
        .hint("use letters, digits, `_` and `-`"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_sorted_by_folder_and_extension() {
        let (files, diagnostics) = ProjectFiles::from_texts([
            ("dbgo.toml", "name = 'shop'"),
            ("models/a/b.sql", ""),
            ("models/seeds/rates.csv", ""),
            ("models/seeds/rates.sql", ""),
            ("seeds/places.parquet", ""),
            ("sources/raw/orders.sql", ""),
            ("models/readme.md", ""),
        ]);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        let path = |file: FileId| files.sources.file(file).path.as_str();
        assert_eq!(
            files.models.iter().map(|f| path(*f)).collect::<Vec<_>>(),
            ["models/a/b.sql"]
        );
        assert_eq!(files.tables.len(), 1);
        assert_eq!(files.seeds.len(), 2);
        assert_eq!(
            files.seeds[0].typing.map(path),
            Some("models/seeds/rates.sql")
        );
        assert_eq!(files.seeds[1].format, SeedFormat::Parquet);
    }

    #[test]
    fn findings_of_placement() {
        let (_, diagnostics) =
            ProjectFiles::from_texts([("models/a.b.sql", ""), ("seeds/alone.sql", "")]);
        let codes: Vec<Code> = diagnostics.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [Code::InvalidFileName, Code::MalformedSeed]);
    }

    #[test]
    fn import_paths_have_dots() {
        assert_eq!(
            import_path("models/finance/revenue.sql"),
            "models.finance.revenue"
        );
        assert_eq!(import_path("seeds/x.csv"), "seeds.x");
    }
}
