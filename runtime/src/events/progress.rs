//! A run on a terminal: its lines, and below them one line per running model with the time it
//! has taken, and a bar of what is done.

use super::{Event, Lines, Subject};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::HashMap;
use std::time::Duration;

/// Shows a run on standard error.
pub struct Progress {
    lines: Lines,
    bars: MultiProgress,
    total: Option<ProgressBar>,
    running: HashMap<String, ProgressBar>,
    /// Lines of models that stay as they are. They come in crowds, and a line that is printed by
    /// itself draws all bars anew.
    waiting: Vec<String>,
}

impl Progress {
    /// A display that writes its lines as `lines` says.
    pub fn new(lines: Lines) -> Self {
        Self {
            lines,
            bars: MultiProgress::new(),
            total: None,
            running: HashMap::new(),
            waiting: Vec::new(),
        }
    }

    /// Shows an event.
    pub fn show(&mut self, event: &Event) {
        match event {
            Event::RunStarted { selected, .. } => {
                self.print(event);
                let bar = self.bars.add(ProgressBar::new(*selected as u64));
                bar.set_style(style("  {bar:40} {pos} of {len} models"));
                self.total = Some(bar);
                return;
            }
            Event::Started(subject) => self.start(subject),
            Event::BatchDone { subject, done, of } => {
                if let Some(bar) = self.running.get(&subject.name) {
                    bar.set_message(format!("{} · batch {done} of {of}", subject.name));
                }
            }
            Event::Built { subject, .. }
            | Event::Unchanged { subject, .. }
            | Event::Skipped { subject, .. }
            | Event::Failed { subject, .. }
            | Event::Cancelled { subject, .. } => self.stop(subject),
            Event::Finished(_) => self.clear(),
            Event::Note(_)
            | Event::Audited { .. }
            | Event::Published { .. }
            | Event::NotPublished(_) => {}
        }
        self.print(event);
    }

    fn start(&mut self, subject: &Subject) {
        let bar = ProgressBar::new_spinner();
        let bar = match &self.total {
            Some(total) => self.bars.insert_before(total, bar),
            None => self.bars.add(bar),
        };
        bar.set_style(style("  {spinner} {msg}  {elapsed}"));
        bar.set_message(subject.name.clone());
        bar.enable_steady_tick(Duration::from_millis(100));
        self.running.insert(subject.name.clone(), bar);
    }

    fn stop(&mut self, subject: &Subject) {
        if let Some(bar) = self.running.remove(&subject.name) {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
        if let Some(total) = &self.total {
            total.inc(1);
        }
    }

    fn clear(&mut self) {
        for (_, bar) in self.running.drain() {
            bar.finish_and_clear();
        }
        if let Some(total) = self.total.take() {
            total.finish_and_clear();
        }
    }

    fn print(&mut self, event: &Event) {
        let Some(text) = self.lines.text(event) else {
            return;
        };
        self.waiting.push(text);
        if matches!(event, Event::Unchanged { .. }) && self.waiting.len() < CROWD {
            return;
        }
        let text = self.waiting.join("\n");
        self.waiting.clear();
        // A terminal that is gone is no reason to stop a run.
        let _ = self.bars.println(text);
    }
}

/// How many lines are printed together at most.
const CROWD: usize = 50;

/// A style from a template of this file; one that can't be read shows indicatif's own.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
