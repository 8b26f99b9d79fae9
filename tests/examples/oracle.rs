//! Puts corpora of statements before the engine and before our own parser and binder, and prints
//! what differs.
//!
//! `oracle [--corpora FOLDER] [--corpus FILE]… [--list NAME]… [--only WORD] [--write]`

use dbgo_tests::oracle::report::{self, Figures, Share};
use dbgo_tests::oracle::verdict::{Finding, Judged};
use dbgo_tests::oracle::{benchmark, corpus, deviations, replay};
use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "usage: oracle [--corpora FOLDER] [--corpus FILE]… [--list NAME]… [--only WORD] [--write]

  --corpora FOLDER  where duckdb_tests.jsonl, duckdb_syntax_errors.jsonl, tpch.jsonl and tpcds.jsonl are
                    (else the folder that DBGO_CORPORA names)
  --corpus FILE     judges this corpus instead: JSON lines, or a sqllogictest file that ends in `.test`
  --only WORD       only files of the corpus whose name contains the word
  --write           writes the deviations to tests/oracle/deviations.tsv
  --list NAME       prints the queries, with our answer and the engine's:";

/// The list of what both refuse.
const AGREED: &str = "agreed";

#[derive(Default)]
struct Options {
    corpora: Option<PathBuf>,
    corpus: Vec<PathBuf>,
    lists: Vec<String>,
    only: String,
    write: bool,
}

fn main() -> ExitCode {
    let done = options().and_then(|options| match options {
        Some(options) => run(&options),
        None => {
            let names: Vec<&str> = Finding::ALL.iter().map(|(_, name)| *name).collect();
            println!(
                "{USAGE}\n                    {}, missed, {AGREED}",
                names.join(", ")
            );
            Ok(())
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// `None` where help is asked for.
fn options() -> Result<Option<Options>, Box<dyn Error>> {
    let mut options = Options::default();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--help" {
            return Ok(None);
        }
        if word == "--write" {
            options.write = true;
            continue;
        }
        let value = words
            .next()
            .ok_or_else(|| format!("`{word}` needs a value"))?;
        match word.as_str() {
            "--corpora" => options.corpora = Some(value.into()),
            "--corpus" => options.corpus.push(value.into()),
            "--only" => options.only = value,
            "--list" => {
                let known = |list: &&(Finding, &str)| list.1.starts_with(&value);
                if value != AGREED && !Finding::ALL.iter().any(|list| known(&list)) {
                    return Err(format!("there is no list `{value}`").into());
                }
                options.lists.push(value);
            }
            _ => return Err(format!("unknown option `{word}`\n{USAGE}").into()),
        }
    }
    let named = std::env::var_os("DBGO_CORPORA").map(PathBuf::from);
    options.corpora = options.corpora.or(named);
    Ok(Some(options))
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    // A panic of ours is a finding and is listed as one.
    std::panic::set_hook(Box::new(|_| {}));
    if !options.corpus.is_empty() {
        for path in &options.corpus {
            judge(path, options)?;
        }
        return Ok(());
    }
    let corpora = options
        .corpora
        .as_deref()
        .ok_or("DBGO_CORPORA isn't set, and neither `--corpora` nor `--corpus` is given")?;
    let mut deviations = BTreeSet::new();
    let mut missed = Share::default();
    for name in ["duckdb_tests", "duckdb_syntax_errors"] {
        let judged = judge(&corpora.join(format!("{name}.jsonl")), options)?;
        deviations.extend(deviations::lines(name, &judged));
        let part = Figures::of(&judged).missed_syntax;
        missed.part += part.part;
        missed.whole += part.whole;
    }
    println!("both: syntax errors of the engine that we accept {missed}  [3 %]");
    if options.write {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(deviations::FILE);
        let lines: String = deviations.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(path, lines)?;
        println!(
            "{} deviations in tests/{}",
            deviations.len(),
            deviations::FILE
        );
    }
    for name in ["tpch", "tpcds"] {
        let (equal, wrong) = benchmark::compare(name, corpora)?;
        wrong.iter().for_each(|wrong| println!("{wrong}"));
        println!("{name}: columns equal to the engine's {equal}  [all]");
    }
    Ok(())
}

fn judge(path: &Path, options: &Options) -> Result<Vec<Judged>, Box<dyn Error>> {
    let begun = Instant::now();
    let mut statements = corpus::read(path)?;
    statements.retain(|statement| statement.file.contains(&options.only));
    let judged = replay::replay(&statements)?;
    for (finding, name) in Finding::ALL {
        if !options
            .lists
            .iter()
            .any(|list| name.starts_with(list.as_str()))
        {
            continue;
        }
        let listed = judged
            .iter()
            .filter(|query| query.findings().contains(&finding));
        for query in listed {
            println!("{name} {}", report::entry(query));
        }
    }
    if options.lists.iter().any(|list| list == AGREED) {
        for query in judged.iter().filter(|query| query.agreed()) {
            println!("{AGREED} {}", report::entry(query));
        }
    }
    let title = format!(
        "{}: {} statements, {:.1} s",
        path.file_name().unwrap_or_default().to_string_lossy(),
        statements.len(),
        begun.elapsed().as_secs_f32()
    );
    println!("{}", Figures::of(&judged).text(&title));
    Ok(judged)
}
