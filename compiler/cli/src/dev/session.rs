//! The loop: what happened decides what is done next, and what is given up for it.
//!
//! The first event of a save acts at once. One that comes while something is done makes that stop, and
//! all begins anew with the files of both, as soon as nothing more comes for a moment.

use super::event::Event;
use super::keys::{self, Key};
use super::lines::Lines;
use super::screen::Screen;
use super::watch::Watch;
use super::work::{Heritage, Job, Save, Work};
use crate::arguments::DevArguments;
use crate::{exit, library};
use dbgo_runtime::cli::on_signal;
use dbgo_runtime::execute::Interrupt;
use std::collections::{BTreeSet, VecDeque};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How long it must be quiet before work that was broken off begins anew: whatever writes several files
/// is then done with most of them.
const QUIET: Duration = Duration::from_millis(10);

/// What the loop waits for.
enum Message {
    /// Something happened to these files.
    Changed(BTreeSet<String>, Instant),
    /// A key.
    Key(Key),
    /// A signal to end.
    Signal,
    /// The work tells something.
    Told(Event),
    /// The work is done, or was broken off.
    Idle(Heritage),
}

/// Watches and works until somebody ends it.
pub fn watch_and_work(root: &Path, arguments: &DevArguments) -> Result<ExitCode, ExitCode> {
    let (sender, messages) = channel();
    let changed = sender.clone();
    let watch = Watch::new(root, move |files| {
        // Nobody is left to be told when the loop has ended.
        let _ = changed.send(Message::Changed(files, Instant::now()));
    });
    let watch = watch.map_err(|error| {
        eprintln!("error: `{}` can't be watched: {error}", root.display());
        eprintln!("hint: on Linux, `fs.inotify.max_user_watches` says how many folders can be");
        exit::FINDINGS
    })?;
    let signals = sender.clone();
    on_signal(move || {
        let _ = signals.send(Message::Signal);
    });
    let front = Front::open(arguments, &sender);
    let jobs = start_work(root, arguments, sender);
    let session = Session {
        watch,
        front,
        jobs,
        doing: None,
        saved: None,
        wishes: VecDeque::new(),
        heritage: Heritage::default(),
        patches: arguments.patches,
    };
    session.run(&messages)
}

/// Starts the thread that works. It ends when nobody has jobs any more.
fn start_work(
    root: &Path,
    arguments: &DevArguments,
    sender: Sender<Message>,
) -> Sender<(Job, Interrupt)> {
    let (jobs, waiting) = channel::<(Job, Interrupt)>();
    let mut work = Work::new(root, arguments);
    std::thread::spawn(move || {
        for (job, interrupt) in waiting {
            let began = Instant::now();
            work.perform(&job, &interrupt, &mut |event| {
                let _ = sender.send(Message::Told(event));
            });
            let done = Event::Done {
                broken_off: interrupt.is_wished(),
                took: began.elapsed(),
            };
            let _ = sender.send(Message::Told(done));
            let _ = sender.send(Message::Idle(work.heritage()));
        }
    });
    jobs
}

/// What is being done.
struct Doing {
    interrupt: Interrupt,
    /// The files that it is about; they are looked at again if it is broken off.
    files: BTreeSet<String>,
}

struct Session {
    watch: Watch,
    front: Front,
    jobs: Sender<(Job, Interrupt)>,
    doing: Option<Doing>,
    /// What was saved and isn't looked at yet.
    saved: Option<Save>,
    /// What was asked for and isn't begun yet.
    wishes: VecDeque<Job>,
    heritage: Heritage,
    /// How many libraries may be loaded before the process starts anew.
    patches: usize,
}

/// Why the loop ends.
enum End {
    Quit,
    Restart,
}

impl Session {
    fn run(mut self, messages: &Receiver<Message>) -> Result<ExitCode, ExitCode> {
        self.begin(Job::Save(Save {
            files: BTreeSet::new(),
            at: Instant::now(),
        }));
        let end = loop {
            let message = match self.saved.as_ref().filter(|_| self.doing.is_none()) {
                Some(save) => {
                    let quiet = QUIET.saturating_sub(save.at.elapsed());
                    match messages.recv_timeout(quiet) {
                        Ok(message) => message,
                        Err(RecvTimeoutError::Timeout) => {
                            self.begin_next();
                            continue;
                        }
                        Err(RecvTimeoutError::Disconnected) => break End::Quit,
                    }
                }
                None => match messages.recv() {
                    Ok(message) => message,
                    Err(_) => break End::Quit,
                },
            };
            if let Some(end) = self.take(message) {
                break end;
            }
        };
        self.front.close();
        let is_asked = self.finish(messages);
        match end {
            End::Restart if !is_asked => Err(restart(&self.heritage)),
            End::Quit | End::Restart => Ok(exit::OK),
        }
    }

    fn take(&mut self, message: Message) -> Option<End> {
        match message {
            Message::Changed(files, at) => self.changed(files, at),
            Message::Key(Key::Quit) | Message::Signal => return Some(End::Quit),
            Message::Key(Key::Resized(columns, rows)) => self.front.resize((columns, rows)),
            Message::Key(key) => {
                self.wishes.extend(job_of(key));
                if self.doing.is_none() {
                    self.begin_next();
                }
            }
            Message::Told(event) => self.front.tell(&event),
            Message::Idle(heritage) => {
                self.heritage = heritage;
                let done = self.doing.take();
                // What was broken off has to be looked at again, unless it was no save.
                if let Some(done) = done.filter(|done| done.interrupt.is_wished())
                    && let Some(saved) = &mut self.saved
                {
                    saved.files.extend(done.files);
                }
                if self.saved.is_none() {
                    if self.wishes.is_empty() && library::loaded_libraries() >= self.patches {
                        return Some(End::Restart);
                    }
                    self.begin_next();
                }
            }
        }
        None
    }

    fn changed(&mut self, files: BTreeSet<String>, at: Instant) {
        self.watch.refresh();
        let saved = self.saved.get_or_insert_with(|| Save {
            files: BTreeSet::new(),
            at,
        });
        saved.files.extend(files);
        saved.at = at;
        match &self.doing {
            Some(doing) => doing.interrupt.interrupt(),
            None => self.begin_next(),
        }
    }

    /// Begins what waits, saves first.
    fn begin_next(&mut self) {
        if let Some(save) = self.saved.take() {
            self.begin(Job::Save(save));
        } else if let Some(job) = self.wishes.pop_front() {
            self.begin(job);
        }
    }

    fn begin(&mut self, job: Job) {
        let interrupt = Interrupt::new();
        self.doing = Some(Doing {
            interrupt: interrupt.clone(),
            files: match &job {
                Job::Save(save) => save.files.clone(),
                _ => BTreeSet::new(),
            },
        });
        self.front.begin();
        // The thread ends with the process alone.
        let _ = self.jobs.send((job, interrupt));
    }

    /// Ends what is being done and closes the engine in order. Gives whether somebody asked for the end
    /// meanwhile; who asks twice doesn't wait.
    fn finish(&mut self, messages: &Receiver<Message>) -> bool {
        if let Some(doing) = &self.doing {
            doing.interrupt.interrupt();
        }
        let mut left = usize::from(self.doing.is_some()) + 1;
        let _ = self.jobs.send((Job::Release, Interrupt::new()));
        let mut asked = 0;
        while left > 0 && asked < 2 {
            match messages.recv() {
                Ok(Message::Idle(heritage)) => {
                    self.heritage = heritage;
                    left -= 1;
                }
                Ok(Message::Signal | Message::Key(Key::Quit)) => asked += 1,
                Ok(_) => {}
                Err(_) => break,
            }
        }
        let waiting = messages.try_iter();
        let is_quit =
            |message: Message| matches!(message, Message::Signal | Message::Key(Key::Quit));
        waiting.map(is_quit).fold(asked > 0, |any, one| any | one)
    }
}

fn job_of(key: Key) -> Option<Job> {
    Some(match key {
        Key::Apply => Job::Build,
        Key::Downstream => Job::BuildDownstream,
        Key::FullRefresh => Job::FullRefresh,
        Key::Sql => Job::Sql,
        Key::Lineage => Job::Lineage,
        Key::Release => Job::Release,
        Key::Quit | Key::Resized(..) => return None,
    })
}

/// Starts this program anew in place of this process, without the libraries that have gathered. Only
/// comes back where that fails.
#[cfg(unix)]
fn restart(heritage: &Heritage) -> ExitCode {
    use std::os::unix::process::CommandExt;
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return not_restarted(&error),
    };
    let mut words: Vec<_> = std::env::args_os().skip(1).collect();
    for (word, value) in [("--focus", &heritage.focus), ("--shown", &heritage.shown)] {
        if let Some(place) = words.iter().position(|other| other == word) {
            words.drain(place..words.len().min(place + 2));
        }
        if let Some(value) = value {
            words.extend([word.into(), value.into()]);
        }
    }
    let mut command = Command::new(program);
    command.args(words);
    not_restarted(&command.exec())
}

/// Elsewhere a process can't become another one: it ends, and says so.
#[cfg(not(unix))]
fn restart(_: &Heritage) -> ExitCode {
    not_restarted(&std::io::Error::from(std::io::ErrorKind::Unsupported))
}

fn not_restarted(error: &std::io::Error) -> ExitCode {
    eprintln!("error: too much is loaded, and dbgo can't start anew: {error}");
    eprintln!("hint: call `dbgo dev` again");
    exit::FINDINGS
}

/// Where things are told.
enum Front {
    Screen(Box<Screen>),
    Lines(Lines),
    Json,
}

impl Front {
    /// A screen where there is a terminal, and else lines or JSON.
    fn open(arguments: &DevArguments, sender: &Sender<Message>) -> Self {
        let keys = sender.clone();
        let take = move |key| keys.send(Message::Key(key)).is_ok();
        let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        if is_terminal
            && !arguments.json
            && let Ok(screen) = Screen::enter()
        {
            std::thread::spawn(move || keys::from_terminal(take));
            return Front::Screen(Box::new(screen));
        }
        std::thread::spawn(move || keys::from_lines(take));
        match arguments.json {
            true => Front::Json,
            false => Front::Lines(Lines::new(None, false)),
        }
    }

    fn tell(&mut self, event: &Event) {
        match self {
            Front::Screen(screen) => screen.tell(event),
            Front::Lines(lines) => {
                let text = lines.text(event);
                // Nobody is left to be told where a stream can't be written.
                let _ = std::io::stderr().write_all(text.talk.as_bytes());
                if !text.data.is_empty() {
                    exit::print(&text.data);
                }
            }
            Front::Json => {
                if let Some(line) = event.json() {
                    exit::print(&format!("{line}\n"));
                }
            }
        }
    }

    fn begin(&mut self) {
        if let Front::Screen(screen) = self {
            screen.begin();
        }
    }

    fn resize(&mut self, size: (u16, u16)) {
        if let Front::Screen(screen) = self {
            screen.resize(size);
        }
    }

    fn close(&self) {
        if let Front::Screen(screen) = self {
            screen.leave();
        }
    }
}
