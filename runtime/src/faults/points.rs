//! The table of fail points, and what an armed one does.

use std::fmt;

macro_rules! points {
    ($(($text:literal, $name:ident, $place:literal),)*) => {
        /// A place at which a fault can be injected.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Point { $(#[doc = $place] $name,)* }

        impl Point {
            /// All points, ordered as in the table.
            pub const ALL: &'static [Point] = &[$(Point::$name,)*];

            /// The name by which the variable arms it.
            pub const fn text(self) -> &'static str {
                match self { $(Point::$name => $text,)* }
            }

            /// Where it is, in one line.
            pub const fn place(self) -> &'static str {
                match self { $(Point::$name => $place,)* }
            }
        }
    };
}

points! {
    // The engine's own tables
    ("before-bookkeeping-commit", BeforeBookkeepingCommit, "dbgo's tables are created in the engine"),
    ("after-bookkeeping-commit", AfterBookkeepingCommit, "dbgo's tables have just been committed"),
    ("before-adopt-commit", BeforeAdoptCommit, "the engine gets another state database's name"),
    ("after-adopt-commit", AfterAdoptCommit, "the engine belongs to another state database"),
    ("before-fence-commit", BeforeFenceCommit, "the fence is taken, and not committed"),
    ("after-fence-commit", AfterFenceCommit, "the fence is taken"),
    // Batches; the detail is the batch's id, which holds the model's path
    ("before-batch", BeforeBatch, "a batch's transaction hasn't begun"),
    ("before-batch-commit", BeforeBatchCommit, "a batch's rows and its ledger row are written, and not committed"),
    ("after-batch-commit", AfterBatchCommit, "a batch is committed, and the state doesn't know"),
    // Publication
    ("before-publication", BeforePublication, "everything is built, and the publication's transaction hasn't begun"),
    ("before-publication-commit", BeforePublicationCommit, "the views are changed, and not committed"),
    ("after-publication-commit", AfterPublicationCommit, "the views are published, and the state doesn't know"),
    // The state; the detail is what is written
    ("before-layout-commit", BeforeLayoutCommit, "the state's tables are made or changed, and not committed"),
    ("after-layout-commit", AfterLayoutCommit, "the state's tables have just been committed"),
    ("before-state-commit", BeforeStateCommit, "something is written to the state, and not committed"),
    ("after-state-commit", AfterStateCommit, "something has just been committed to the state"),
    // Statements around a run; the detail is `before` or `after`
    ("before-statements-commit", BeforeStatementsCommit, "statements around a run are done, and not committed"),
    ("after-statements-commit", AfterStatementsCommit, "statements around a run have just been committed"),
    // What nobody needs any more
    ("before-sweep-commit", BeforeSweepCommit, "old tables are dropped, and not committed"),
    ("after-sweep-commit", AfterSweepCommit, "old tables are gone, and the state doesn't know"),
}

/// What an armed point gave to the place that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// Nothing happened.
    On,
    /// Somebody else is to take the lease now.
    TakenOver,
}

/// The failure of a place at which a fault was injected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injected {
    message: String,
}

impl fmt::Display for Injected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Injected {}

/// Passes a place. `detail` says what the place is about just now, for points that are reached
/// often.
///
/// # Errors
/// An injected one, or that the variable can't be read.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn fail_point(_point: Point, _detail: &str) -> Result<Passed, Injected> {
    Ok(Passed::On)
}

#[cfg(debug_assertions)]
pub use armed::fail_point;

#[cfg(debug_assertions)]
mod armed {
    use super::{Injected, Passed, Point};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    /// The variable that arms a point.
    const VARIABLE: &str = "DBGO_FAILPOINT";

    /// The variable that names a file, which is made when the point acts.
    const REACHED: &str = "DBGO_FAILPOINT_REACHED";

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Action {
        Kill,
        Stop,
        Wait,
        Error,
        TakeOver,
    }

    /// How long a point that waits does.
    const WAIT: Duration = Duration::from_secs(2);

    #[derive(Debug)]
    pub(super) struct Armed {
        point: Point,
        text: String,
        count: u32,
        action: Action,
        reached: AtomicU32,
    }

    /// Passes a place. `detail` says what the place is about just now, for points that are
    /// reached often.
    ///
    /// # Errors
    /// An injected one, or that the variable can't be read.
    pub fn fail_point(point: Point, detail: &str) -> Result<Passed, Injected> {
        static ARMED: OnceLock<Result<Vec<Armed>, Injected>> = OnceLock::new();
        let armed = ARMED.get_or_init(|| match std::env::var(VARIABLE) {
            Ok(value) => value.split(';').map(Armed::read).collect(),
            Err(_) => Ok(Vec::new()),
        });
        for armed in armed.as_ref().map_err(Clone::clone)? {
            let passed = armed.pass(point, detail)?;
            if passed != Passed::On {
                return Ok(passed);
            }
        }
        Ok(Passed::On)
    }

    impl Armed {
        pub(super) fn read(value: &str) -> Result<Self, Injected> {
            let wrong = || Injected {
                message: format!("{VARIABLE}: `{value}` isn't `name[@text][:count]=action`"),
            };
            let (place, action) = value.rsplit_once('=').ok_or_else(wrong)?;
            let (place, count) = match place.rsplit_once(':') {
                Some((place, count)) => (place, count.parse().map_err(|_| wrong())?),
                None => (place, 1),
            };
            let (name, text) = place.split_once('@').unwrap_or((place, ""));
            let named = Point::ALL.iter().find(|point| point.text() == name);
            let action = match action {
                "kill" => Action::Kill,
                "stop" => Action::Stop,
                "wait" => Action::Wait,
                "error" => Action::Error,
                "take-over" => Action::TakeOver,
                _ => return Err(wrong()),
            };
            Ok(Self {
                point: *named.ok_or_else(wrong)?,
                text: text.to_owned(),
                count,
                action,
                reached: AtomicU32::new(0),
            })
        }

        pub(super) fn pass(&self, point: Point, detail: &str) -> Result<Passed, Injected> {
            if point != self.point || !detail.contains(&self.text) {
                return Ok(Passed::On);
            }
            if self.reached.fetch_add(1, Ordering::SeqCst) + 1 != self.count {
                return Ok(Passed::On);
            }
            if self.action == Action::Wait {
                std::thread::sleep(WAIT);
                return Ok(Passed::On);
            }
            if let Some(path) = std::env::var_os(REACHED) {
                std::fs::write(path, point.text()).map_err(|error| Injected {
                    message: format!("{REACHED}: {error}"),
                })?;
            }
            match self.action {
                Action::Kill => signal("KILL"),
                Action::Stop => signal("STOP"),
                Action::Wait => Ok(Passed::On),
                Action::TakeOver => Ok(Passed::TakenOver),
                Action::Error => Err(Injected {
                    message: format!("injected at `{}`", point.text()),
                }),
            }
        }
    }

    /// Sends a signal to this process and waits until it has come.
    #[cfg(unix)]
    fn signal(name: &str) -> Result<Passed, Injected> {
        let number = match name {
            "KILL" => libc::SIGKILL,
            _ => libc::SIGSTOP,
        };
        // SAFETY: the function takes a number and touches no memory of ours (`raise(3)`).
        match unsafe { libc::raise(number) } {
            0 => Ok(Passed::On),
            _ => Err(Injected {
                message: format!("SIG{name} can't be raised"),
            }),
        }
    }

    #[cfg(not(unix))]
    fn signal(name: &str) -> Result<Passed, Injected> {
        match name {
            "KILL" => std::process::abort(),
            _ => Err(Injected {
                message: format!("there is no SIG{name} on this system"),
            }),
        }
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::armed::Armed;
    use super::*;

    #[test]
    fn a_point_acts_once_where_the_detail_holds_the_text() {
        let armed = Armed::read("before-batch-commit@main.log:2=error").unwrap();
        let pass = |point, detail| armed.pass(point, detail);
        let point = Point::BeforeBatchCommit;
        assert_eq!(pass(point, "1/models.main.log/1"), Ok(Passed::On));
        assert_eq!(pass(point, "1/models.main.other/1"), Ok(Passed::On));
        assert_eq!(
            pass(Point::AfterBatchCommit, "models.main.log"),
            Ok(Passed::On)
        );
        let error = pass(point, "1/models.main.log/2").unwrap_err();
        assert_eq!(error.to_string(), "injected at `before-batch-commit`");
        assert_eq!(pass(point, "1/models.main.log/3"), Ok(Passed::On));
    }

    #[test]
    fn what_can_t_be_read_is_told() {
        for wrong in [
            "",
            "before-batch",
            "no-such-point=kill",
            "before-batch=jump",
            "before-batch:x=kill",
        ] {
            let error = Armed::read(wrong).unwrap_err().to_string();
            assert!(error.contains(&format!("`{wrong}`")), "{error}");
        }
        let armed = Armed::read("before-batch=take-over").unwrap();
        assert_eq!(armed.pass(Point::BeforeBatch, ""), Ok(Passed::TakenOver));
    }

    #[test]
    fn names_are_in_kebab_case_and_there_once() {
        let mut names: Vec<&str> = Point::ALL.iter().map(|point| point.text()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        let is_kebab = |name: &str| {
            name.chars()
                .all(|letter| letter.is_ascii_lowercase() || letter == '-')
        };
        assert!(names.iter().all(|name| is_kebab(name)), "{names:?}");
    }
}
