//! The development loop on a terminal: the real program behind a pseudo-terminal.

use crate::place::{Place, dbgo};
use nix::pty::{Winsize, openpty};
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long something may take that is bound to happen.
const PATIENCE: Duration = Duration::from_secs(120);

/// What each drawing of the screen begins with.
const FRAME: &str = "\u{1b}[1;1H\u{1b}[1;1H";

/// A terminal of 80 columns and 24 rows with `dbgo dev` in it.
struct Terminal {
    child: Child,
    keys: File,
    output: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn start(place: &Place) -> Self {
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(&size, None).expect("a pseudo-terminal");
        let side = || pty.slave.try_clone().expect("a descriptor");
        let child = Command::new(dbgo())
            .arg("dev")
            .current_dir(place.path())
            .env("USER", "ana")
            .env("TERM", "xterm-256color")
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .expect("dbgo starts");
        drop(pty.slave);
        let keys = File::from(pty.master);
        let mut reader = keys.try_clone().expect("a descriptor");
        let output = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&output);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The end of the program is an error here.
            while let Ok(count) = reader.read(&mut bytes) {
                if count == 0 {
                    return;
                }
                let mut written = written.lock().expect("nobody panics with it");
                written.extend_from_slice(&bytes[..count]);
            }
        });
        Self {
            child,
            keys,
            output,
        }
    }

    /// What the screen shows.
    fn screen(&self) -> String {
        let output = self.output.lock().expect("nobody panics with it");
        let text = String::from_utf8_lossy(&output).into_owned();
        let last = text.rsplit(FRAME).next().unwrap_or_default();
        let mut shown = String::new();
        let mut rest = last;
        // Each line begins with its place, `ESC [ row ; column H`, and ends with `ESC [ K`.
        while let Some((line, more)) = rest.split_once('\u{1b}') {
            shown.push_str(line);
            let end = more.find(|it: char| it.is_ascii_alphabetic());
            let end = end.map_or(more.len(), |end| end + 1);
            if more[..end].ends_with('H') {
                shown.push('\n');
            }
            rest = &more[end..];
        }
        shown + rest
    }

    /// Waits until the screen shows all of these.
    #[track_caller]
    fn shows(&self, texts: &[&str]) {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            let misses = |text: &&&str| !screen.contains(**text);
            let Some(missing) = texts.iter().find(misses) else {
                return;
            };
            assert!(
                begun.elapsed() < PATIENCE,
                "`{missing}` isn't on the screen:\n{screen}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn press(&mut self, key: &str) {
        self.keys.write_all(key.as_bytes()).expect("a terminal");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn model(query: &str) -> String {
    format!("-- @config: materialized='table'\n-- @import: seeds.orders\n{query} from :orders\n")
}

#[test]
fn thirty_edits_in_a_terminal() {
    let place = Place::with(&[
        ("seeds/orders.csv", "id,amount\n1,10\n2,20\n"),
        ("models/totals.sql", &model("select sum(amount) as total")),
        (
            "models/more.sql",
            "-- @import: models.totals\nselect total + 1 as more from :totals\n",
        ),
    ]);
    place.dbgo(&["run"]).ends_with(0);
    let mut terminal = Terminal::start(&place);
    terminal.shows(&[
        "dbgo dev · shop · dev_ana · duckdb shop.duckdb",
        "2 models ✓",
        "[q] quit",
    ]);
    for edit in 1..=30_u32 {
        let query = format!("select sum(amount) + {edit}00 as total");
        place.write("models/totals.sql", &model(&query));
        let rows = format!("{}", 30 + edit * 100);
        terminal.shows(&[
            "models/totals.sql",
            &rows,
            "1 model reads this one",
            "1 built",
            "✓",
        ]);
        match edit {
            5 => {
                place.write("models/totals.sql", &model("select sum(amuont) as total"));
                terminal.shows(&["error[unknown-column]", "1 error ✗"]);
            }
            10 => {
                terminal.press("s");
                terminal.shows(&["sql of main.totals", "sum(amount) + 1000"]);
                terminal.press("l");
                terminal.shows(&["lineage of models.totals"]);
            }
            15 => {
                terminal.press("o");
                terminal.shows(&["the engine is free"]);
                place.dbgo(&["show", "totals"]).ends_with(0);
            }
            20 => {
                terminal.press("d");
                terminal.shows(&["main.more"]);
            }
            25 => {
                place.write("models/added.sql", "select 7 as seven\n");
                terminal.shows(&["seven", "3 models ✓"]);
                place.remove("models/added.sql");
                terminal.shows(&["2 models ✓"]);
            }
            _ => {}
        }
    }
    terminal.press("f");
    terminal.shows(&["1 built"]);
    terminal.press("q");
    let status = terminal.child.wait().expect("an end");
    assert_eq!(status.code(), Some(0));
    let output = terminal.output.lock().expect("nobody panics with it");
    let text = String::from_utf8_lossy(&output);
    assert!(text.contains("\u{1b}[?1049l"), "the terminal is given back");
}
