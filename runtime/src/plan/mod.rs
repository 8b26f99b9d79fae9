//! A plan: what a change of an environment would do, as data, before anything is done.
//!
//! A plan compares what the environment points to with a target: the program's project, or what
//! another environment or an earlier revision points to. It is made from the state alone, it is whole
//! before anything runs, and it is stored under an id; [`crate::execute`] does just that, or refuses
//! because the state has moved. This module never changes anything.
//!
//! | file | what |
//! |---|---|
//! | `document` | a plan as JSON, `dbgo/plan/1` |
//! | `definition` | what is kept of a model, to compare it and to show it later |
//! | `target` | what the environment shall point to |
//! | `promoted` | what another environment points to, as it means in this one |
//! | `compare` | what differs, and what that reaches |
//! | `action` | what has to be done for it |
//! | `forks` | which models get tables of the environment's own |
//! | `new_data` | which tables read other rows under the same version |
//! | `make` | all of it together |
//! | `text` | for people |

mod action;
mod compare;
mod definition;
mod document;
mod forks;
mod holdable;
mod make;
mod new_data;
mod promoted;
mod target;
mod text;

pub use definition::{Definition, definition_id};
pub use document::{
    Action, Batches, ChangeKind, Columns, Estimate, ModelPlan, Origin, Plan, PlanOptions, Purpose,
    Reached, SqlChange, ViewChange, ViewPlan, short,
};
pub use make::{Author, check_buildable, make, make_for, unmatched};
pub use promoted::promoted;
pub use target::{Target, TargetModel, is_shown};
pub use text::{Shown, ago, text};

#[cfg(test)]
mod schema_tests;
