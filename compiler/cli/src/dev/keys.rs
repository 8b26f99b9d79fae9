//! What somebody wants: keys of a terminal, or the same letters as lines of standard input.

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
use std::io::BufRead;

/// A wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Build what was edited, and what it needs.
    Apply,
    /// Build what reads it as well.
    Downstream,
    /// Build the shown model anew.
    FullRefresh,
    /// Show its SQL.
    Sql,
    /// Show its lineage.
    Lineage,
    /// Let go of the engine.
    Release,
    /// End.
    Quit,
    /// The terminal has another size: columns and rows.
    Resized(u16, u16),
}

impl Key {
    fn of(letter: char) -> Option<Self> {
        Some(match letter.to_ascii_lowercase() {
            'a' => Key::Apply,
            'd' => Key::Downstream,
            'f' => Key::FullRefresh,
            's' => Key::Sql,
            'l' => Key::Lineage,
            'o' => Key::Release,
            'q' => Key::Quit,
            _ => return None,
        })
    }
}

/// Reads the keys of the terminal for as long as `take` wants more.
pub fn from_terminal(take: impl Fn(Key) -> bool) {
    while let Ok(event) = crossterm::event::read() {
        let key = match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => match key.code {
                KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                    Some(Key::Quit)
                }
                KeyCode::Char(letter) => Key::of(letter),
                _ => None,
            },
            Event::Resize(columns, rows) => Some(Key::Resized(columns, rows)),
            _ => None,
        };
        if key.is_some_and(|key| !take(key)) {
            return;
        }
    }
}

/// Reads letters, one a line, from standard input. Its end is no wish to end: there may be nobody.
pub fn from_lines(take: impl Fn(Key) -> bool) {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        let mut letters = line.trim().chars();
        let (first, more) = (letters.next(), letters.next());
        let key = first.filter(|_| more.is_none()).and_then(Key::of);
        if key.is_some_and(|key| !take(key)) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_mean_the_same_in_any_case() {
        assert_eq!(Key::of('a'), Some(Key::Apply));
        assert_eq!(Key::of('Q'), Some(Key::Quit));
        assert_eq!(Key::of('x'), None);
    }
}
