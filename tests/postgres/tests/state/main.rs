//! The state database as its users see it, on SQLite and on Postgres: the same tests on both.

mod claims;
mod environments;
mod faults;
mod fixture;
mod known;
mod network;
mod races;
mod retire;
mod sweep;
mod transfer;
