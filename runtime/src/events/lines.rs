//! A run as lines of text.

use super::{AuditOutcome, AuditStatus, Event, Subject, Summary};
use std::cell::Cell;
use std::io::Write;
use std::time::Duration;

/// How wide the names' column is at least and at most.
const NAME_WIDTHS: (usize, usize) = (20, 36);

/// Writes one line per event that is of interest.
pub struct Lines {
    /// Whether to colour the marks.
    pub colour: bool,
    /// Whether to leave out everything but failures, notes and the end.
    pub quiet: bool,
    /// How long compiling took before the run, where that happened.
    pub compiled_in: Option<Duration>,
    /// How wide the names' column is, which the first event of a run tells.
    name_width: Cell<usize>,
}

impl Lines {
    /// Lines with marks in colour, or not, and with how long compiling took.
    pub fn new(colour: bool, compiled_in: Option<Duration>) -> Self {
        Self {
            colour,
            quiet: false,
            compiled_in,
            name_width: Cell::new(NAME_WIDTHS.0),
        }
    }

    /// Writes what an event has to say, if anything.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write(&self, event: &Event, out: &mut dyn Write) -> std::io::Result<()> {
        match self.text(event) {
            // In one piece, as standard error isn't buffered.
            Some(text) => out.write_all((text + "\n").as_bytes()),
            None => Ok(()),
        }
    }

    /// What an event has to say, without the last line's end.
    pub fn text(&self, event: &Event) -> Option<String> {
        if self.quiet
            && matches!(
                event,
                Event::RunStarted { .. } | Event::Built { .. } | Event::Unchanged { .. }
            )
        {
            return None;
        }
        Some(match event {
            Event::RunStarted {
                environment,
                engine,
                models,
                changed,
                longest_name,
                ..
            } => {
                self.name_width
                    .set((*longest_name).clamp(NAME_WIDTHS.0, NAME_WIDTHS.1));
                self.opening(environment, engine, *models, *changed)
            }
            Event::Note(text) => {
                let text = text.replace('\n', "\n    ");
                format!("  {} {text}", self.mark("!", "33"))
            }
            Event::Started(_) | Event::BatchDone { .. } | Event::Published { .. } => return None,
            Event::Audited { subject, outcome } => return self.warning(subject, outcome),
            Event::Built {
                subject,
                rows,
                added,
                intervals,
                duration,
            } => {
                let (amount, rest) = amounts(*rows, *added, intervals.as_ref());
                let took = self::duration(*duration);
                let start = self.start("✓", "32", subject);
                format!("{start} {amount:<15} {took:>7}{rest}")
                    .trim_end()
                    .to_owned()
            }
            Event::Unchanged { subject, reason } => {
                format!("{} {reason}", self.start("=", "2", subject))
            }
            Event::Skipped { subject, reason } => {
                format!("{} skipped: {reason}", self.head("-", "33", subject))
            }
            Event::Cancelled { subject, kept } => {
                let kept = match kept {
                    Some((done, of)) => format!(": {done} of {} kept", count(*of, "batch")),
                    None => String::new(),
                };
                format!("{} cancelled{kept}", self.head("-", "33", subject))
            }
            Event::Failed {
                subject,
                message,
                detail,
                ..
            } => {
                let mut text = format!("{} {message}", self.head("✗", "31", subject));
                for line in detail.lines() {
                    text.push_str("\n      ");
                    text.push_str(line);
                }
                text
            }
            Event::NotPublished(reason) => format!("\n  nothing was published: {reason}"),
            Event::Finished(summary) => closing(summary),
        })
    }

    fn opening(
        &self,
        environment: &str,
        (kind, location): &(String, String),
        models: usize,
        changed: usize,
    ) -> String {
        let mut text = format!(
            "  {environment} on {kind} {location} · {}",
            count(models, "model")
        );
        if changed > 0 {
            text.push_str(&format!(", {changed} changed"));
        }
        if let Some(compiled) = self.compiled_in {
            text.push_str(&format!(", compiled in {}", duration(compiled)));
        }
        text
    }

    /// An audit that warned. What one that failed found is told with its model's failure.
    fn warning(&self, subject: &Subject, outcome: &AuditOutcome) -> Option<String> {
        if outcome.status != AuditStatus::Warned {
            return None;
        }
        let mut text = format!("{} {outcome}", self.head("!", "33", subject));
        for line in outcome.examples() {
            text.push_str("\n      ");
            text.push_str(&line);
        }
        Some(text)
    }

    fn start(&self, mark: &str, colour: &str, subject: &Subject) -> String {
        format!("{} {:<11}", self.head(mark, colour, subject), subject.kind)
    }

    fn head(&self, mark: &str, colour: &str, subject: &Subject) -> String {
        let width = self.name_width.get();
        format!("  {} {:<width$}", self.mark(mark, colour), subject.name)
    }

    fn mark(&self, mark: &str, colour: &str) -> String {
        if self.colour {
            format!("\u{1b}[{colour}m{mark}\u{1b}[0m")
        } else {
            mark.to_owned()
        }
    }
}

fn amounts(
    rows: Option<u64>,
    added: bool,
    intervals: Option<&(u64, u64, String)>,
) -> (String, String) {
    let plus = |rows: u64| format!("  +{}", count_of(rows, "row"));
    match (intervals, rows) {
        (Some((done, all, unit)), rows) => (
            format!("{done} of {all} {unit}"),
            rows.map_or_else(String::new, plus),
        ),
        (None, Some(rows)) if added => (String::new(), plus(rows)),
        (None, Some(rows)) => {
            let word = if rows == 1 { "row" } else { "rows" };
            (format!("{:>10} {word}", grouped(rows)), String::new())
        }
        (None, None) => (String::new(), String::new()),
    }
}

fn closing(summary: &Summary) -> String {
    let parts: Vec<String> = [
        (summary.unchanged, "up to date"),
        (summary.built, "built"),
        (summary.failed, "failed"),
        (summary.skipped, "skipped"),
        (summary.cancelled, "cancelled"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{number} {word}"))
    // What was built is shown; that views change though less was built has to be said.
    .chain((summary.published > summary.built).then(|| format!("{} published", summary.published)))
    .collect();
    let what = if parts.is_empty() {
        "nothing to do".to_owned()
    } else {
        parts.join(", ")
    };
    let text = format!("  {what} in {}", duration(summary.duration));
    let run = format!("run {}", summary.id);
    let gap = 76_usize
        .saturating_sub(text.chars().count() + run.len())
        .max(2);
    format!("\n{text}{}{run}", " ".repeat(gap))
}

fn count(number: usize, word: &str) -> String {
    count_of(number as u64, word)
}

fn count_of(number: u64, word: &str) -> String {
    let end = match number {
        1 => "",
        _ if word.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{} {word}{end}", grouped(number))
}

/// A duration as people read it: `0.31 s`, `4 min 05 s`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.2} s", duration.as_secs_f64())
    } else if seconds < 3_600 {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    } else {
        format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60)
    }
}

/// A number with a comma between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(event: &Event) -> String {
        let lines = Lines::new(false, None);
        lines.text(event).unwrap()
    }

    fn subject(name: &str, kind: &'static str) -> Subject {
        Subject {
            name: name.to_owned(),
            kind,
        }
    }

    #[test]
    fn built_models_are_one_line() {
        let built = |kind, rows, intervals| Event::Built {
            subject: subject("staging.stg_flights", kind),
            rows,
            added: false,
            intervals,
            duration: Duration::from_millis(310),
        };
        assert_eq!(
            text(&built("table", Some(336_776), None)),
            "  ✓ staging.stg_flights  table          336,776 rows  0.31 s"
        );
        assert_eq!(
            text(&built(
                "incremental",
                Some(27_004),
                Some((31, 31, "days".to_owned()))
            )),
            "  ✓ staging.stg_flights  incremental 31 of 31 days    0.31 s  +27,004 rows"
        );
    }

    #[test]
    fn a_line_fits_a_terminal() {
        let line = text(&Event::Built {
            subject: subject("staging.stg_flights", "incremental"),
            rows: Some(27_004),
            added: true,
            intervals: Some((365, 365, "days".to_owned())),
            duration: Duration::from_secs(59),
        });
        assert!(line.chars().count() <= 80, "{line}");
    }

    #[test]
    fn the_end_counts_what_happened() {
        let summary = Summary {
            id: "8f20a4d1".to_owned(),
            unchanged: 36,
            built: 3,
            failed: 1,
            duration: Duration::from_millis(580),
            ..Summary::default()
        };
        let text = text(&Event::Finished(summary));
        assert!(text.starts_with("\n  36 up to date, 3 built, 1 failed in 0.58 s  "));
        assert!(text.ends_with("  run 8f20a4d1"));
    }

    #[test]
    fn views_that_change_without_a_build_are_told() {
        let summary = Summary {
            unchanged: 3,
            published: 1,
            ..Summary::default()
        };
        let text = text(&Event::Finished(summary));
        assert!(text.contains("3 up to date, 1 published in"), "{text}");
    }

    #[test]
    fn batches_that_stay_are_told() {
        let cancelled = |kept| {
            text(&Event::Cancelled {
                subject: subject("a.b", "incremental"),
                kept,
            })
        };
        assert!(cancelled(Some((3, 8))).ends_with(" cancelled: 3 of 8 batches kept"));
        assert!(cancelled(None).ends_with(" cancelled"));
    }

    #[test]
    fn one_row_is_no_rows() {
        let built = |added| Event::Built {
            subject: subject("a.b", "table"),
            rows: Some(1),
            added,
            intervals: None,
            duration: Duration::ZERO,
        };
        assert!(text(&built(false)).contains(" 1 row "));
        assert!(text(&built(true)).ends_with("+1 row"));
    }

    #[test]
    fn numbers_and_durations_are_readable() {
        assert_eq!(
            (grouped(0), grouped(999), grouped(1_000)),
            ("0".into(), "999".into(), "1,000".into())
        );
        assert_eq!(duration(Duration::from_secs(245)), "4 min 05 s");
    }
}
