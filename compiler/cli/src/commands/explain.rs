//! `dbgo explain`: the page of a kind of finding, or of an error that ends a command.

use crate::arguments::ExplainArguments;
use crate::embedded::{DIAGNOSTIC_PAGES, ERROR_PAGES};
use crate::exit;
use dbgo_compiler::diagnostic::{self, nearest};
use dbgo_runtime::error;
use std::process::ExitCode;

/// Prints the page, or the list of all codes.
pub fn explain(arguments: &ExplainArguments) -> ExitCode {
    let codes = codes();
    let Some(code) = &arguments.code else {
        let width = codes.iter().map(|(code, _)| code.len()).max().unwrap_or(0);
        for (code, summary) in codes {
            exit::print(&format!("{code:width$}  {summary}\n"));
        }
        return exit::OK;
    };
    let file = format!("{code}.md");
    let page = DIAGNOSTIC_PAGES
        .iter()
        .chain(ERROR_PAGES)
        .find(|(name, _)| *name == file);
    let Some((_, page)) = page else {
        let hint = nearest(code, codes.iter().map(|(code, _)| *code));
        let hint = hint.map_or_else(
            || "`dbgo explain` lists all codes".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return exit::usage(&format!("there is no code `{code}`\nhint: {hint}"));
    };
    exit::print(&String::from_utf8_lossy(page));
    exit::OK
}

/// All codes with what they mean: the compiler's, then those of the runtime that the compiler
/// hasn't. A code of both means the same in both.
fn codes() -> Vec<(&'static str, &'static str)> {
    let mut codes: Vec<(&str, &str)> = diagnostic::Code::ALL
        .iter()
        .map(|code| (code.text(), code.summary()))
        .collect();
    let runtime = error::Code::ALL
        .iter()
        .map(|code| (code.text(), code.summary()));
    for (code, summary) in runtime {
        if !codes.iter().any(|(known, _)| *known == code) {
            codes.push((code, summary));
        }
    }
    codes
}
