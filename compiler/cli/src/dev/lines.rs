//! What is told, as lines: rows to standard output, everything else to standard error.

use super::changes::{Changes, ColumnChange};
use super::event::Event;
use crate::report::plural;
use crate::workspace::Steps;
use dbgo_runtime::error::Error;
use dbgo_runtime::events::{Lines as RunLines, duration, grouped};
use jiff::Zoned;
use std::time::Duration;

/// Where the lines below the first one of a save begin.
const INDENT: &str = "          ";

/// The lines of a development loop.
pub struct Lines {
    /// How many columns there are; nothing is cut without.
    width: Option<usize>,
    run: RunLines,
}

/// What an event says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Rows, and whatever else was asked for.
    pub data: String,
    /// All else.
    pub talk: String,
}

impl Lines {
    /// Lines for a terminal of this width, or for a file.
    pub fn new(width: Option<usize>, colour: bool) -> Self {
        Self {
            width,
            run: RunLines::new(colour, None),
        }
    }

    /// Takes in that the terminal has another width.
    pub fn resize(&mut self, width: usize) {
        self.width = Some(width);
    }

    /// What an event says.
    pub fn text(&self, event: &Event) -> Text {
        let mut text = Text::default();
        match event {
            Event::Rows {
                preview,
                took,
                since_save,
                ..
            } => {
                let (table, left_out) = preview.table(self.width);
                text.data = table;
                text.talk = rows(
                    preview.row_count(),
                    preview.has_more(),
                    (*took, *since_save),
                );
                if !left_out.is_empty() {
                    let names = left_out.join(", ");
                    text.talk
                        .push_str(&format!(" not shown, as they don't fit: {names}\n"));
                }
            }
            Event::Shown {
                what,
                model,
                text: shown,
            } => {
                text.talk = format!("{what} of {model}\n");
                text.data = format!("{}\n", shown.trim_end());
            }
            other => text.talk = self.talk(other),
        }
        text
    }

    fn talk(&self, event: &Event) -> String {
        match event {
            Event::Started {
                project,
                place,
                models,
            } => {
                let parts = [Some(format!("dbgo dev · {project}"))]
                    .into_iter()
                    .chain([place.as_ref().map(|(environment, _)| environment.clone())])
                    .chain([place.as_ref().map(|(_, engine)| engine.clone())])
                    .chain([Some(plural(*models, "model"))]);
                let parts: Vec<String> = parts.flatten().collect();
                format!("{}\n", parts.join(" · "))
            }
            Event::Saved { files } => {
                let now = Zoned::now().strftime("%H:%M:%S").to_string();
                format!("{now}  {}\n", self::files(files.iter().map(String::as_str)))
            }
            Event::Findings {
                text,
                has_errors,
                took,
                ..
            } => {
                let last = match has_errors {
                    true => format!(
                        "✗ checked in {}; the last good version stays\n",
                        duration(*took)
                    ),
                    false => String::new(),
                };
                format!("{text}{last}")
            }
            Event::Failed(error) => failure(error),
            Event::Loaded { changes, steps, .. } => loaded(changes, steps),
            Event::Columns { changes, .. } => changes.iter().map(column).collect(),
            Event::NoRows { error, .. } => {
                let hint = match error.code {
                    dbgo_runtime::error::Code::NotBuilt => "hint: `a` builds it\n",
                    _ => "",
                };
                format!("{}{hint}", failure(error))
            }
            Event::Downstream { readers, .. } => match readers {
                1 => " downstream: 1 model reads this one, and still checks\n".to_owned(),
                _ => format!(" downstream: {readers} models read this one, all still check\n"),
            },
            Event::NotBuilt { model, rows, most } => format!(
                " {model} isn't built by itself: its query goes through {} rows, and\n `auto_rows` \
                 of `[dev]` is {}; `a` builds it\n",
                grouped(*rows),
                grouped(*most)
            ),
            Event::Run(event) => {
                let line = self.run.text(event);
                line.map(|line| format!("{line}\n")).unwrap_or_default()
            }
            Event::Released => "the engine is free; the next save takes it back\n".to_owned(),
            Event::Note(text) => format!("{text}\n"),
            Event::Done { broken_off, .. } => match broken_off {
                true => "broken off\n".to_owned(),
                false => String::new(),
            },
            Event::Rows { .. } | Event::Shown { .. } => String::new(),
        }
    }
}

/// Some files, or how many.
fn files<'f>(mut files: impl Iterator<Item = &'f str>) -> String {
    match (files.next(), files.count()) {
        (None | Some(""), _) => "the project".to_owned(),
        (Some(first), 0) => first.to_owned(),
        (Some(first), others) => format!("{first} and {}", plural(others, "other file")),
    }
}

fn loaded(changes: &Changes, steps: &Steps) -> String {
    let compiled = steps.compiled.saturating_sub(steps.checked);
    let loaded = steps.loaded.saturating_sub(steps.compiled);
    let mut text = format!(
        "{INDENT}check {} · compile {} · load {}\n",
        milliseconds(steps.checked),
        milliseconds(compiled),
        milliseconds(loaded)
    );
    for (sign, models) in [
        ("~", &changes.changed),
        ("+", &changes.added),
        ("-", &changes.removed),
    ] {
        if models.len() == 1 && sign == "~" {
            continue;
        }
        if let Some(first) = models.first() {
            let names = match models.len() {
                1 => first.clone(),
                count => plural(count, "model"),
            };
            text.push_str(&format!("{INDENT}{sign} {names}\n"));
        }
    }
    text
}

fn column(change: &ColumnChange) -> String {
    match change {
        ColumnChange::Added { name, sql_type } => format!("{INDENT}+ column {name} {sql_type}\n"),
        ColumnChange::Removed { name } => format!("{INDENT}- column {name}\n"),
        ColumnChange::Retyped {
            name,
            before,
            after,
        } => format!("{INDENT}~ column {name} {after}, was {before}\n"),
    }
}

fn rows(count: u64, has_more: bool, (took, since_save): (Duration, Duration)) -> String {
    let rows = match (count, has_more) {
        (1, false) => "1 row".to_owned(),
        (count, false) => format!("{} rows", grouped(count)),
        (count, true) => format!("the first {} rows", grouped(count)),
    };
    format!(
        " {rows} · query {} · {} after the save\n",
        milliseconds(took),
        duration(since_save)
    )
}

fn milliseconds(took: Duration) -> String {
    format!("{} ms", took.as_millis())
}

/// An error as all commands print it, without colours.
fn failure(error: &Error) -> String {
    let hint = error.hint.as_ref().map(|hint| format!("hint: {hint}\n"));
    format!(
        "error[{}]: {}\n{}",
        error.code,
        error.message,
        hint.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn many_files_are_counted() {
        assert_eq!(files(["models/a.sql"].into_iter()), "models/a.sql");
        assert_eq!(files(["a", "b", "c"].into_iter()), "a and 2 other files");
        assert_eq!(files([""].into_iter()), "the project");
    }

    #[test]
    fn changes_of_columns_have_a_line_each() {
        let lines = Lines::new(Some(80), false);
        let text = lines.text(&Event::Columns {
            model: "marts.daily".to_owned(),
            changes: vec![
                ColumnChange::Added {
                    name: "p90".to_owned(),
                    sql_type: "DOUBLE".to_owned(),
                },
                ColumnChange::Removed {
                    name: "n".to_owned(),
                },
            ],
        });
        assert_eq!(
            text.talk,
            format!("{INDENT}+ column p90 DOUBLE\n{INDENT}- column n\n")
        );
        assert_eq!(text.data, "");
    }

    #[test]
    fn a_model_that_is_too_large_says_what_builds_it() {
        let lines = Lines::new(Some(80), false);
        let text = lines.text(&Event::NotBuilt {
            model: "marts.daily".to_owned(),
            rows: 2_000_000,
            most: 1_000_000,
        });
        assert!(text.talk.contains("2,000,000"), "{}", text.talk);
        assert!(text.talk.contains("`a` builds it"), "{}", text.talk);
        assert!(text.talk.lines().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn what_was_saved_is_the_first_line() {
        let lines = Lines::new(None, false);
        let files = BTreeSet::from(["models/a.sql".to_owned()]);
        let text = lines.text(&Event::Saved { files });
        assert!(text.talk.ends_with("  models/a.sql\n"), "{}", text.talk);
    }
}
