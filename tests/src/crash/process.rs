//! Processes of `dbgo`, and how they ended.

use std::io::{self, Read, Seek};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The longest that one process may take. One that takes longer is ended and is a finding.
const PATIENCE: Duration = Duration::from_secs(600);

/// How often a running process is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Exit(i32),
    /// By a signal.
    Signal(i32),
    /// It was ended because it took too long.
    Hung,
}

impl std::fmt::Display for End {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            End::Exit(code) => write!(formatter, "exit {code}"),
            End::Signal(9) => write!(formatter, "killed"),
            End::Signal(signal) => write!(formatter, "signal {signal}"),
            End::Hung => write!(formatter, "hung"),
        }
    }
}

/// A process that has ended.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub end: End,
    /// From its start to its end.
    pub took: Duration,
    /// What it printed, both streams.
    pub said: String,
}

/// A process that runs.
pub struct Running {
    child: Child,
    log: std::fs::File,
    started: Instant,
}

impl Ended {
    /// The last lines of what it printed.
    pub fn last_words(&self) -> String {
        const LINES: usize = 12;
        let lines: Vec<&str> = self.said.trim_end().lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }
}

impl Running {
    /// Starts a process whose output is kept.
    ///
    /// # Errors
    /// If it can't be started.
    pub fn start(mut command: Command) -> io::Result<Self> {
        let log = tempfile::tempfile()?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?)
            .spawn()?;
        Ok(Self {
            child,
            log,
            started: Instant::now(),
        })
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// What the system says.
    pub fn wait(self) -> io::Result<Ended> {
        self.wait_until(None)
    }

    /// Kills it after a time, if it hasn't ended before.
    ///
    /// # Errors
    /// What the system says.
    pub fn kill_after(self, time: Duration) -> io::Result<Ended> {
        self.wait_until(Some(time))
    }

    fn wait_until(mut self, kill: Option<Duration>) -> io::Result<Ended> {
        let mut hung = false;
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            let running = self.started.elapsed();
            hung = running > PATIENCE;
            if hung || kill.is_some_and(|time| running >= time) {
                self.child.kill()?;
                break self.child.wait()?;
            }
            let left = kill.map_or(LOOK, |time| time.saturating_sub(running));
            std::thread::sleep(LOOK.min(left));
        };
        let took = self.started.elapsed();
        let mut said = String::new();
        self.log.rewind()?;
        self.log.read_to_string(&mut said)?;
        let end = if hung { End::Hung } else { end_of(status) };
        Ok(Ended { end, took, said })
    }
}

#[cfg(unix)]
fn end_of(status: ExitStatus) -> End {
    use std::os::unix::process::ExitStatusExt;
    let signal = || End::Signal(status.signal().unwrap_or(0));
    status.code().map_or_else(signal, End::Exit)
}

#[cfg(not(unix))]
fn end_of(status: ExitStatus) -> End {
    End::Exit(status.code().unwrap_or(-1))
}

/// A call of `dbgo` in a folder, with a cache of its own, and with nothing else from outside that
/// it could go by.
pub fn dbgo(executable: &Path, folder: &Path, cache: &Path, words: &[String]) -> Command {
    let mut command = Command::new(executable);
    command
        .args(words)
        .current_dir(folder)
        .env_remove("DBGO_FAILPOINT")
        .env_remove("DBGO_SEEDED_BUG")
        .env("XDG_CACHE_HOME", cache)
        .env("USER", "ana")
        .env("NO_COLOR", "1");
    command
}
