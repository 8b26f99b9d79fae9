//! `dbgo check --fix`: writes the fixes of findings that have one answer, and checks again.

use crate::workspace::{Judge, Workspace};
use crate::{exit, report};
use dbgo_compiler::diagnostic::fix::{Fixed, apply};
use dbgo_compiler::diagnostic::render::place;
use dbgo_compiler::driver::Checked;
use dbgo_compiler::emit::{Rewrite, RewriteError, rewrite};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// How often fixes are written and the project is checked again. A fix may bring another finding
/// to light, and of fixes that overlap only one is written at a time.
const ROUNDS: usize = 50;

/// Writes fixes until there are none, and gives what remains.
///
/// # Errors
/// The exit code, after saying why nothing more was written.
pub fn fix(directory: &Path, judge: Judge) -> Result<(Checked, Duration), ExitCode> {
    let mut count = 0;
    for _ in 0..ROUNDS {
        let (checked, _) = Workspace::open(directory)?.check(judge);
        let fixed = apply(&checked.outline.files.sources, &checked.diagnostics);
        if fixed.applied.is_empty() {
            break;
        }
        write(&checked, &fixed)?;
        count += fixed.applied.len();
        tell(&checked, &fixed);
    }
    if count > 0 {
        let noun = if count == 1 { "fix" } else { "fixes" };
        eprintln!("{count} {noun} written\n");
    }
    Ok(Workspace::open(directory)?.check(judge))
}

fn write(checked: &Checked, fixed: &Fixed) -> Result<(), ExitCode> {
    let files = &checked.outline.files;
    let change = |(file, text): (&dbgo_compiler::span::FileId, &String)| Rewrite {
        path: files.path_on_disk(*file),
        before: files.sources.file(*file).hash,
        text: text.clone(),
    };
    let changes: Vec<Rewrite> = fixed.texts.iter().map(change).collect();
    rewrite(&changes).map_err(|error| match error {
        RewriteError::Changed(path) => exit::refused(&format!(
            "`{}` was changed while it was checked, so nothing is written\nhint: call `dbgo check --fix` again",
            path.display()
        )),
        RewriteError::Unwritable(finding) => {
            report::show(&files.sources, &[*finding], crate::arguments::Format::Full);
            exit::FINDINGS
        }
    })
}

/// One line for each finding that was mended.
fn tell(checked: &Checked, fixed: &Fixed) {
    let sources = &checked.outline.files.sources;
    for finding in fixed
        .applied
        .iter()
        .filter_map(|index| checked.diagnostics.get(*index))
    {
        let (Some(label), Some(fix)) = (&finding.primary, &finding.fix) else {
            continue;
        };
        let file = sources.file(label.span.file);
        let place = place(&file.text, label.span.start as usize);
        eprintln!(
            "fixed {}:{}:{}: {}: {}",
            file.path, place.line, place.column, finding.message, fix.title
        );
    }
}
