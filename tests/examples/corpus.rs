//! Makes a corpus of a folder of sqllogictest files: a fifth of them, chosen by a hash of their
//! names, without those of another corpus.
//!
//! `corpus FOLDER FIFTH OTHER_CORPUS OUT`: `FIFTH` is a number from 0 to 4.

use dbgo_tests::oracle::corpus::{self, Statement};
use dbgo_tests::oracle::logic_test;
use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        [folder, fifth, other, out] => make(folder, fifth, other, out),
        _ => Err("usage: corpus FOLDER FIFTH OTHER_CORPUS OUT".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn make(folder: &str, fifth: &str, other: &str, out: &str) -> Result<(), Box<dyn Error>> {
    let fifth: u8 = fifth.parse()?;
    let other: BTreeSet<String> = corpus::read(Path::new(other))?
        .into_iter()
        .map(|statement| statement.file)
        .collect();
    let root = Path::new(folder);
    let mut files = Vec::new();
    collect(root, &mut files)?;
    files.sort();
    let mut lines = Vec::new();
    let mut chosen = 0;
    let mut seen = BTreeSet::new();
    for path in &files {
        let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
        let is_chosen = blake3::hash(name.as_bytes()).as_bytes()[0] % 5 == fifth;
        if !is_chosen || other.contains(&name) {
            continue;
        }
        chosen += 1;
        let text = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
        // Each query once; what makes tables, each time.
        let is_new =
            |found: &Statement| !found.is_query() || seen.insert(found.sql.trim().to_owned());
        let mut found = logic_test::read(&text, &name);
        found.retain(is_new);
        lines.extend(found.iter().map(corpus::line));
    }
    std::fs::write(out, lines.join("\n"))?;
    println!(
        "{} statements of {chosen} of {} files",
        lines.len(),
        files.len()
    );
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().unwrap_or_default();
        if path.is_dir() {
            collect(&path, files)?;
        } else if extension == "test" || extension == "test_slow" {
            files.push(path);
        }
    }
    Ok(())
}
