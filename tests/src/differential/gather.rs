//! A run in processes of its own, as the engine may crash or hang: each is started again after the
//! mutant that ended it.

use super::run::{Difference, Event, Position};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long a process may say nothing.
const SILENCE: Duration = Duration::from_secs(60);

/// How often a process may be started again.
const MOST_STARTS: usize = 200;

/// What was found.
#[derive(Default)]
pub struct Gathered {
    /// Mutants.
    pub mutants: usize,
    /// Those that ended the process.
    pub crashes: usize,
    /// The differences by finding and template: how many, and the shortest.
    pub templates: BTreeMap<(String, String), (usize, Vec<String>)>,
}

impl Gathered {
    /// Takes in what happened.
    pub fn add(&mut self, event: Event) {
        match event {
            Event::Begins(_) => self.mutants += 1,
            Event::Same => {}
            Event::Differs(difference) => self.add_difference(difference),
        }
    }

    fn add_difference(&mut self, difference: Difference) {
        let key = (difference.finding, difference.template);
        let (count, entries) = self.templates.entry(key).or_default();
        *count += 1;
        entries.push(difference.entry);
        entries.sort_by_key(String::len);
        entries.truncate(2);
    }

    /// Takes in what another one has.
    pub fn extend(&mut self, other: Gathered) {
        self.mutants += other.mutants;
        self.crashes += other.crashes;
        for (key, (count, entries)) in other.templates {
            let (own, shortest) = self.templates.entry(key).or_default();
            *own += count;
            shortest.extend(entries);
            shortest.sort_by_key(String::len);
            shortest.truncate(2);
        }
    }

    /// The templates, the frequent ones first, and the figures.
    pub fn text(&self) -> String {
        let mut sorted: Vec<_> = self.templates.iter().collect();
        sorted.sort_by_key(|((finding, _), (count, _))| (finding, std::cmp::Reverse(*count)));
        let mut text = String::new();
        let mut figures: BTreeMap<&str, usize> = BTreeMap::new();
        for ((finding, template), (count, entries)) in sorted {
            *figures.entry(finding).or_default() += count;
            text.push_str(&format!(
                "== {finding} {count}: {template}\n{}\n",
                entries.join("")
            ));
        }
        text.push_str(&format!(
            "{} mutants, {} crashes",
            self.mutants, self.crashes
        ));
        for (finding, count) in figures {
            let share = 100.0 * count as f64 / self.mutants.max(1) as f64;
            text.push_str(&format!(", {finding} {count} ({share:.2} %)"));
        }
        text
    }
}

/// What a process writes of an event, in a line.
pub fn line(event: &Event) -> String {
    match event {
        Event::Begins(position) => json!(position),
        Event::Same => Value::Null,
        Event::Differs(found) => json!({
            "finding": found.finding, "template": found.template, "entry": found.entry,
        }),
    }
    .to_string()
}

fn read(line: &str) -> Option<Event> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    Some(match &value {
        Value::Null => Event::Same,
        Value::Array(numbers) => {
            let at = |index: usize| numbers.get(index)?.as_u64()?.try_into().ok();
            Event::Begins([at(0)?, at(1)?, at(2)?])
        }
        _ => Event::Differs(Difference {
            finding: text("finding"),
            template: text("template"),
            entry: text("entry"),
        }),
    })
}

/// Runs a part in processes that `command` makes, each going on behind a position.
///
/// # Errors
/// If a process can't be started.
pub fn gather(command: &dyn Fn(Option<Position>) -> Command) -> Result<Gathered, String> {
    let mut gathered = Gathered::default();
    let mut last = None;
    for _ in 0..MOST_STARTS {
        let started = command(last).stdout(Stdio::piped()).spawn();
        let mut child = started.map_err(|error| error.to_string())?;
        let before = last;
        listen(&mut child, &mut last, &mut gathered);
        let ended = child.wait().map_err(|error| error.to_string())?;
        if ended.success() || last == before {
            return Ok(gathered);
        }
        gathered.crashes += 1;
        eprintln!("ended by {last:?}: {ended}");
    }
    Ok(gathered)
}

fn listen(child: &mut Child, last: &mut Option<Position>, gathered: &mut Gathered) {
    let (sender, receiver) = channel();
    let Some(output) = child.stdout.take() else {
        return;
    };
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    loop {
        match receiver.recv_timeout(SILENCE) {
            Ok(line) => {
                let Some(event) = read(&line) else { continue };
                if let Event::Begins(position) = event {
                    *last = Some(position);
                }
                gathered.add(event);
            }
            Err(RecvTimeoutError::Timeout) => {
                // It is no more than this process's own child.
                let _ = child.kill();
                return;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
