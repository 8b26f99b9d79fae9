//! Faults on purpose, so that tests can hold what happens after a crash against what must hold.
//!
//! Two kinds, both in builds with debug assertions alone; elsewhere each is a constant that the
//! optimizer removes:
//!
//! - A *fail point* is a named place between two things that must not come apart. The variable
//!   `DBGO_FAILPOINT` arms one of them: `NAME[@TEXT][:COUNT]=ACTION`. It acts the `COUNT`th time
//!   (the first, if left out) that the place is reached with a detail that contains `TEXT`. Several
//!   are separated by `;`.
//!   A file that `DBGO_FAILPOINT_REACHED` names is made before that, so that a test knows.
//! - A *seeded bug* is a mistake that a test of crashes must find; one that doesn't is no test.
//!   `DBGO_SEEDED_BUG` names it.
//!
//! | action | what happens |
//! |---|---|
//! | `kill` | the process gets `SIGKILL` |
//! | `stop` | it gets `SIGSTOP`, and goes on when somebody sends `SIGCONT` |
//! | `wait` | it waits for two seconds |
//! | `error` | the place fails as its surroundings fail: a lost engine, a broken state database |
//! | `take-over` | somebody else takes the lease; only where [`fail_point`]'s answer is looked at |
//!
//! What this is not: nothing here decides anything in a program that people use.

mod points;
mod seeded;

pub use points::{Injected, Passed, Point, fail_point};
pub use seeded::{Bug, is_seeded};
