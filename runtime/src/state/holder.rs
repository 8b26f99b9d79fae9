//! Who holds a lease, and whether that process is still there.

use super::deployment::Holder;
use super::layout::random_id;

impl Holder {
    /// This process, started by `user`, with an id that no other call gives.
    pub fn this_process(user: &str) -> Self {
        let pid = std::process::id();
        Self {
            host: host(),
            pid,
            process_start: match look_at(pid) {
                Seen::Running(start) => start,
                Seen::Gone | Seen::Unknown => 0,
            },
            boot_id: boot_id(),
            id: random_id(),
            user: user.to_owned(),
        }
    }

    /// Whether the process is gone for certain, as `observer` can tell: one that runs on the same
    /// machine, since the same start of it, and sees the same processes.
    pub fn is_dead(&self, observer: &Holder) -> bool {
        if self.boot_id.is_empty() || self.boot_id != observer.boot_id || self.host != observer.host
        {
            return false;
        }
        match look_at(self.pid) {
            Seen::Running(start) => self.process_start != 0 && start != self.process_start,
            Seen::Gone => true,
            Seen::Unknown => false,
        }
    }
}

/// What can be told of a process.
enum Seen {
    /// It runs, since a time in the system's own units.
    Running(u64),
    /// There is no such process, or it has ended and only its parent doesn't know yet.
    Gone,
    /// The system doesn't say.
    Unknown,
}

#[cfg(unix)]
fn look_at(pid: u32) -> Seen {
    use rustix::io::Errno;
    use rustix::process::{Pid, test_kill_process};
    let Some(number) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return Seen::Unknown;
    };
    // A process of somebody else may be hidden in `/proc`, but not from this.
    if test_kill_process(number) == Err(Errno::SRCH) {
        return Seen::Gone;
    }
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(text) => start_time(&text),
        Err(_) => Seen::Unknown,
    }
}

#[cfg(not(unix))]
fn look_at(_pid: u32) -> Seen {
    Seen::Unknown
}

/// Reads `/proc/PID/stat` (see proc(5)): after the name, which is in parentheses and may hold
/// anything, the state is the first field and the time of the start the twentieth.
#[cfg(unix)]
fn start_time(stat: &str) -> Seen {
    let Some((_, fields)) = stat.rsplit_once(')') else {
        return Seen::Unknown;
    };
    let fields: Vec<&str> = fields.split_whitespace().collect();
    if matches!(fields.first(), Some(&("Z" | "X" | "x"))) {
        return Seen::Gone;
    }
    match fields.get(19).and_then(|start| start.parse().ok()) {
        Some(start) => Seen::Running(start),
        None => Seen::Unknown,
    }
}

/// The name of this machine.
#[cfg(unix)]
pub fn host() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}

/// The name of this machine.
#[cfg(not(unix))]
pub fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// The system's start, and the processes that can be seen: those of two containers of one machine
/// have the same numbers.
fn boot_id() -> String {
    let Ok(boot) = std::fs::read_to_string("/proc/sys/kernel/random/boot_id") else {
        return String::new();
    };
    let Ok(processes) = std::fs::read_link("/proc/self/ns/pid") else {
        return String::new();
    };
    format!("{} {}", boot.trim(), processes.display())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn this_process_is_alive() {
        let me = Holder::this_process("ana");
        assert!(!me.is_dead(&me));
        assert!(me.process_start > 0 && !me.host.is_empty() && !me.boot_id.is_empty());
        assert_ne!(me.id, Holder::this_process("ana").id);
    }

    #[test]
    fn only_what_can_be_seen_is_dead() {
        let me = Holder::this_process("ana");
        let mut child = Command::new("true").spawn().unwrap();
        let pid = child.id();
        let other = Holder {
            pid,
            process_start: 1,
            ..me.clone()
        };
        let mut waited = 0;
        // It is dead before its parent has looked, and after.
        while !other.is_dead(&me) {
            waited += 1;
            assert!(waited < 500);
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        child.wait().unwrap();
        assert!(other.is_dead(&me));
        let elsewhere = Holder {
            host: "other".to_owned(),
            ..other.clone()
        };
        let earlier = Holder {
            boot_id: "other".to_owned(),
            ..other.clone()
        };
        let unknown = Holder {
            boot_id: String::new(),
            ..other
        };
        assert!(!elsewhere.is_dead(&me) && !earlier.is_dead(&me));
        assert!(!unknown.is_dead(&unknown));
    }

    #[test]
    fn a_number_that_is_used_again_is_another_process() {
        let me = Holder::this_process("ana");
        let earlier = Holder {
            process_start: me.process_start - 1,
            ..me.clone()
        };
        assert!(earlier.is_dead(&me));
    }

    #[test]
    fn the_name_of_a_program_confuses_nothing() {
        let fields: Vec<String> = (1..30).map(|field| field.to_string()).collect();
        let stat = format!("12 (a) Z (b) S {}", fields.join(" "));
        assert!(matches!(start_time(&stat), Seen::Running(19)));
    }
}
