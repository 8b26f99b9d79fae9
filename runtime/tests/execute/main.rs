//! Runs of hand-made projects over real database files and real state.

mod audits;
mod claims;
mod commands;
mod crash;
mod errors;
mod fence;
mod fixture;
mod graph;
mod incremental;
mod kept_tables;
mod keyed;
mod rebuild;
mod restore;
mod schedules;
mod statements;
mod versions;
mod zones;
