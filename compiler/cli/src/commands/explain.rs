//! `dbgo explain`: the page of a kind of finding.

use crate::arguments::ExplainArguments;
use crate::embedded::DIAGNOSTIC_PAGES;
use crate::exit;
use dbgo_compiler::diagnostic::{Code, nearest};
use std::process::ExitCode;

/// Prints the page, or the list of all codes.
pub fn explain(arguments: &ExplainArguments) -> ExitCode {
    let Some(code) = &arguments.code else {
        let width = Code::ALL
            .iter()
            .map(|code| code.text().len())
            .max()
            .unwrap_or(0);
        for code in Code::ALL {
            exit::print(&format!("{:width$}  {}\n", code.text(), code.summary()));
        }
        return exit::OK;
    };
    let file = format!("{code}.md");
    let page = DIAGNOSTIC_PAGES.iter().find(|(name, _)| *name == file);
    let Some((_, page)) = page else {
        let hint = nearest(code, Code::ALL.iter().map(|code| code.text()));
        let hint = hint.map_or_else(
            || "`dbgo explain` lists all codes".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return exit::usage(&format!("there is no code `{code}`\nhint: {hint}"));
    };
    exit::print(&String::from_utf8_lossy(page));
    exit::OK
}
