//! A project in memory, compiled as `dbgo check` does.

use crate::markdown::Block;
use crate::oracle::EngineOracle;
use dbgo_compiler::diagnostic::{Diagnostic, render};
use dbgo_compiler::driver::{self, Compilation, Memory};
use dbgo_compiler::source::{ProjectFiles, SourceSet};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The real engine, as the tool asks it; opened once for all tests of this binary.
static ENGINE: LazyLock<EngineOracle> = LazyLock::new(EngineOracle::default);

/// The files of a project, by their paths.
pub type Files<'t> = BTreeMap<&'t str, &'t str>;

/// The files that stand in fenced blocks. Without a `dbgo.toml` there is one with a name alone.
pub fn files_of<'t>(blocks: impl IntoIterator<Item = &'t Block>) -> Files<'t> {
    let mut files = Files::from([("dbgo.toml", "name = \"page\"\n")]);
    for block in blocks.into_iter().filter(|block| block.name.contains('.')) {
        files.insert(&block.name, &block.text);
    }
    files
}

/// Compiles a project as far as it goes.
pub fn compile(files: &Files<'_>) -> Compilation {
    let texts = files.iter().map(|(path, text)| (*path, *text));
    let (files, found) = ProjectFiles::from_texts(texts);
    compile_files(files, found)
}

/// Compiles a project whose files have been read.
pub fn compile_files(files: ProjectFiles, found: Vec<Diagnostic>) -> Compilation {
    driver::compile(driver::outline(files, found), &*ENGINE, &Memory::default())
}

/// Findings as people see them, moved to the right.
pub fn shown(sources: &SourceSet, diagnostics: &[Diagnostic]) -> String {
    let text = render::full(sources, diagnostics, false);
    let lines = text.trim_end().lines().map(|line| format!("    {line}"));
    lines.collect::<Vec<_>>().join("\n")
}
