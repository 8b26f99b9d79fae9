//! The development loop on a terminal: what it works on above, what the last save gave below, and the
//! keys at the bottom. The whole screen is drawn anew after each event, in one piece.

use super::event::Event;
use super::lines::Lines;
use crate::report::plural;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use std::io::{self, Write};

/// No longer than the narrowest usual terminal is wide.
const KEYS: &str = " [a] apply [d] downstream [f] refresh [s] sql [l] lineage [o] release [q] quit";

/// What a terminal has that doesn't tell.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// The screen.
pub struct Screen {
    lines: Lines,
    size: (u16, u16),
    title: String,
    models: usize,
    errors: usize,
    is_busy: bool,
    body: Vec<String>,
    /// Whether the next event begins a new picture.
    begins: bool,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// Where it can't be written, or doesn't give single keys.
    pub fn enter() -> io::Result<Self> {
        let size = crossterm::terminal::size().unwrap_or(USUAL_SIZE);
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, Hide)?;
        let mut screen = Self {
            lines: Lines::new(Some(usize::from(size.0)), false),
            size,
            title: "dbgo dev".to_owned(),
            models: 0,
            errors: 0,
            is_busy: true,
            body: Vec::new(),
            begins: false,
        };
        screen.draw();
        Ok(screen)
    }

    /// Gives the terminal back as it was.
    pub fn leave(&self) {
        // A terminal that is gone needs nothing back.
        let _ = execute!(io::stdout(), Show, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }

    /// Takes in another size.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        self.lines.resize(usize::from(size.0));
        self.draw();
    }

    /// Says that something was begun.
    pub fn begin(&mut self) {
        self.is_busy = true;
        self.begins = true;
        self.draw();
    }

    /// Takes in what happened.
    pub fn tell(&mut self, event: &Event) {
        match event {
            Event::Started {
                project,
                place,
                models,
            } => {
                let place = place.as_ref();
                let place = place.map(|(name, engine)| format!(" · {name} · {engine}"));
                self.title = format!("dbgo dev · {project}{}", place.unwrap_or_default());
                self.models = *models;
                self.errors = 0;
            }
            Event::Loaded { models, .. } => {
                self.models = *models;
                self.errors = 0;
            }
            Event::Findings {
                json, has_errors, ..
            } => self.errors = if *has_errors { errors_in(json) } else { 0 },
            Event::Done { .. } => self.is_busy = false,
            _ => {}
        }
        if !matches!(event, Event::Started { .. }) {
            let text = self.lines.text(event);
            let parts = match event {
                // The number of rows stands below them.
                Event::Rows { .. } => ["\n", &text.data, &text.talk],
                _ => [&text.talk, &text.data, ""],
            };
            let lines = parts.iter().flat_map(|text| text.lines());
            let lines: Vec<String> = lines.map(str::to_owned).collect();
            if !lines.is_empty() && std::mem::take(&mut self.begins) {
                self.body.clear();
            }
            self.body.extend(lines);
        }
        self.draw();
    }

    fn draw(&mut self) {
        let frame = self.frame();
        let mut output = Vec::new();
        // Writing into memory doesn't fail.
        let _ = queue!(output, MoveTo(0, 0));
        for (row, line) in (0..).zip(&frame) {
            let _ = queue!(output, MoveTo(0, row));
            output.extend_from_slice(line.as_bytes());
            let _ = queue!(output, Clear(ClearType::UntilNewLine));
        }
        let _ = queue!(output, Clear(ClearType::FromCursorDown));
        let mut terminal = io::stdout().lock();
        let _ = terminal.write_all(&output).and_then(|()| terminal.flush());
    }

    /// The lines of the whole screen: as many as it has rows, none longer than it is wide.
    fn frame(&self) -> Vec<String> {
        let (width, height) = (usize::from(self.size.0), usize::from(self.size.1));
        let state = match (self.is_busy, self.errors) {
            (true, _) => "…".to_owned(),
            (false, 0) => format!("{} ✓", plural(self.models, "model")),
            (false, errors) => format!("{} ✗", plural(errors, "error")),
        };
        let room = width.saturating_sub(state.chars().count() + 1);
        let title = cut(&self.title, room);
        let rule = "─".repeat(width);
        let space = room.saturating_sub(title.chars().count()) + 1;
        let first = format!("{title}{}{state}", " ".repeat(space));
        let mut frame = vec![cut(&first, width), rule.clone()];
        let room = height.saturating_sub(4);
        let left_out = self.body.len().saturating_sub(room);
        let shown = if left_out > 0 {
            room.saturating_sub(1)
        } else {
            room
        };
        frame.extend(self.body.iter().take(shown).map(|line| cut(line, width)));
        if left_out > 0 && room > 0 {
            let more = plural(self.body.len() - shown, "more line");
            frame.push(cut(&format!("… {more}"), width));
        }
        frame.resize(2 + room, String::new());
        frame.extend([rule, cut(KEYS, width)]);
        frame.truncate(height);
        frame
    }
}

/// The number of errors in a document of findings.
fn errors_in(findings: &serde_json::Value) -> usize {
    let found = findings["diagnostics"].as_array();
    let is_error = |found: &&serde_json::Value| found["severity"] == "error";
    found.map_or(1, |found| found.iter().filter(is_error).count().max(1))
}

/// A line that isn't longer than this.
fn cut(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let start: String = line.chars().take(width.saturating_sub(1)).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(size: (u16, u16), body: usize) -> Screen {
        Screen {
            lines: Lines::new(Some(usize::from(size.0)), false),
            size,
            title: "dbgo dev · flights · dev_ana · duckdb flights.duckdb".to_owned(),
            models: 41,
            errors: 0,
            is_busy: false,
            body: (0..body).map(|line| format!("line {line}")).collect(),
            begins: false,
        }
    }

    #[test]
    fn a_frame_fills_the_screen_and_no_more() {
        for (width, height) in [(80, 24), (40, 10), (200, 60), (5, 3), (1, 1)] {
            for body in [0, 5, 100] {
                let frame = screen((width, height), body).frame();
                assert_eq!(frame.len(), usize::from(height), "{width}×{height}");
                let fits = |line: &String| line.chars().count() <= usize::from(width);
                assert!(frame.iter().all(fits), "{width}×{height}: {frame:?}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let frame = screen((80, 24), 30).frame();
        assert!(frame[0].ends_with("41 models ✓"), "{}", frame[0]);
        assert_eq!(frame[2], "line 0");
        assert_eq!(frame[21], "… 11 more lines");
        assert!(frame[23].contains("[q] quit"));
    }
}
