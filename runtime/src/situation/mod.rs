//! A project in one of its environments, as the state knows it: all that planning needs.
//!
//! | file | what |
//! |---|---|
//! | `place` | what the project says of the environment, and what the state knows of it |
//! | `previews` | which models' history is cut there |
//! | `window` | the times between which models are filled |
//! | `coverage` | which ranges of time a model's table has |
//! | `loads` | which data a table was built of |
//! | `histories` | which rows can't be computed again |
//! | `restate` | ranges that are filled again |
//! | `naming` | names of physical tables |
//! | `shown` | queries as people read them |
//!
//! The engine stays closed. What has been built, which history is cut, and so which version each
//! model has here, is decided from the state alone.

mod coverage;
mod histories;
mod loads;
mod naming;
mod place;
mod previews;
mod restate;
mod shown;
mod window;

pub use coverage::Coverage;
pub use histories::{Histories, no_history};
pub use loads::{Reads, agree, load_through, proved_equal};
pub use naming::{audit_table, physical, physical_relation, show_query, show_statement, stem};
pub use place::{Belief, Place, Request, Situation, pinned};
pub use previews::{Forks, is_filled_by_time, is_protected};
pub use restate::Restated;
pub use shown::{ShownSlots, source_text};
pub use window::{Window, is_readable, missing_in, unit_of_model};
pub(crate) use window::{interval_of, unit_of};
