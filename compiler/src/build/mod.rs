//! Generated crates → libraries and programs. The only stage that starts other programs.
//!
//! | module | does |
//! |---|---|
//! | [`rustc`] | finds the compiler and checks its version |
//! | [`contract`] | compiles `dbgo-contract`, once for each rustc, and stamps it |
//! | [`library`] | makes libraries of bodies, which `dbgo` loads |
//! | [`program`] | makes the executable of a project, and its interfaces alone |
//! | [`runtime_crates`] | unpacks the crates that generated ones depend on |
//! | [`libduckdb`] | finds the engine's library that a program is linked with |
//! | [`lock`] | keeps two builds of a project apart |
//! | [`cargo`] | calls cargo, out of reach of the user's build settings |

pub mod cargo;
pub mod contract;
mod found_rustc;
pub mod libduckdb;
pub mod library;
mod lock;
pub mod program;
pub mod runtime_crates;
pub mod rustc;
