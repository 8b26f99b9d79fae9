//! Runs compiled dbgo projects: adapters, state, execution and the commands of a built program.

pub mod adapters;
