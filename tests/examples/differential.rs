//! Puts mutants of the queries of a corpus before the engine and before our own parser and binder, and
//! prints where the two differ, by what the differences have in common.
//!
//! `differential CORPUS [--mutants NUMBER] [--seed NUMBER] [--only WORD]`

use dbgo_tests::differential::gather::{self, Gathered};
use dbgo_tests::differential::run::{self, Plan, Position};
use dbgo_tests::oracle::corpus;
use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode};

/// As much stack as the main thread of a program has.
const STACK: usize = 8 * 1024 * 1024;

const USAGE: &str = "usage: differential CORPUS [--mutants NUMBER] [--seed NUMBER] [--only WORD]

  CORPUS            JSON lines, or a sqllogictest file that ends in `.test`
  --mutants NUMBER  of each query (else 5)
  --seed NUMBER     what the mutants follow from (else 1)
  --only WORD       only files of the corpus whose name contains the word";

#[derive(Clone)]
struct Options {
    corpus: String,
    only: String,
    plan: Plan,
    is_part: bool,
}

fn main() -> ExitCode {
    let done = options().and_then(|options| match options.is_part {
        true => part(options),
        false => all(&options),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let mut options = Options {
        corpus: words.next().ok_or(USAGE)?,
        only: String::new(),
        plan: Plan {
            seed: 1,
            mutants: 5,
            share: (0, 1),
            after: None,
        },
        is_part: false,
    };
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(USAGE);
        match word.as_str() {
            "--mutants" => options.plan.mutants = value()?.parse()?,
            "--seed" => options.plan.seed = value()?.parse()?,
            "--only" => options.only = value()?,
            // How this program calls itself.
            "--part" => {
                options.plan.share = (value()?.parse()?, value()?.parse()?);
                options.is_part = true;
            }
            "--after" => {
                let position = [value()?.parse()?, value()?.parse()?, value()?.parse()?];
                options.plan.after = Some(position);
            }
            _ => return Err(USAGE.into()),
        }
    }
    Ok(options)
}

fn part(options: Options) -> Result<(), Box<dyn Error>> {
    std::panic::set_hook(Box::new(|_| {}));
    let work = move || {
        let mut statements = corpus::read(Path::new(&options.corpus))?;
        statements.retain(|statement| statement.file.contains(&options.only));
        run::run(&statements, &options.plan, &mut |event| {
            println!("{}", gather::line(&event));
        })
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work)?;
    thread.join().map_err(|_| "a thread panicked")??;
    Ok(())
}

fn all(options: &Options) -> Result<(), Box<dyn Error>> {
    let program = std::env::current_exe()?;
    let parts = std::thread::available_parallelism().map_or(1, usize::from);
    let command = |part: usize, after: Option<Position>| {
        let mut command = Command::new(&program);
        command.arg(&options.corpus).args(["--only", &options.only]);
        command.args(["--mutants", &options.plan.mutants.to_string()]);
        command.args(["--seed", &options.plan.seed.to_string()]);
        command.args(["--part", &part.to_string(), &parts.to_string()]);
        if let Some(after) = after {
            command
                .arg("--after")
                .args(after.map(|number| number.to_string()));
        }
        command
    };
    let mut gathered = Gathered::default();
    let done: Vec<Result<Gathered, String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..parts)
            .map(|part| scope.spawn(move || gather::gather(&|after| command(part, after))))
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|done| done.unwrap_or_else(|_| Err("a thread panicked".to_owned())))
            .collect()
    });
    for part in done {
        gathered.extend(part?);
    }
    println!("{}", gathered.text());
    Ok(())
}
