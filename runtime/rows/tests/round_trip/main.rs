//! Every value that the engine can hold survives the way into it and back:
//! written as SQL, stored in a table, exported to Arrow, read as a `Value`.

mod engine;
mod generated;
mod laws;
mod losses;
mod pinned;
mod strategies;
