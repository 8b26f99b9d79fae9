//! Runs compiled dbgo projects: adapters, state, execution and the commands of a built program.
//!
//! Everything starts from a static [`dbgo_contract::ProjectDef`]; no file of a project is ever
//! parsed here. A module uses only those below it:
//!
//! | module | holds |
//! |---|---|
//! | [`cli`] | the commands that a built program has, which the tool `dbgo` shares |
//! | [`execute`] | plans carried out: what to build, building it, publishing it |
//! | [`plan`] | what a change of an environment would do, as data |
//! | [`situation`] | a project in an environment, as the state knows it |
//! | [`environments`] | what a project says of an environment, and where its views stand |
//! | [`selection`] | the language that says which models a command is about |
//! | [`version`] | versions of models |
//! | [`state`] | the state database |
//! | [`adapters`] | engines |
//! | [`project`] | the definitions joined into a graph, and the host of `render` |
//! | [`intervals`] | ranges of time |
//! | [`config`], [`events`], [`error`] | settings, what a run tells, what ends a command |
//! | [`faults`] | crashes and mistakes on purpose, for tests |

pub mod adapters;
pub mod cli;
pub mod config;
pub mod environments;
pub mod error;
pub mod events;
pub mod execute;
pub mod faults;
pub mod intervals;
pub mod plan;
pub mod project;
pub mod selection;
pub mod situation;
pub mod state;
pub mod version;

pub use dbgo_contract as contract;
