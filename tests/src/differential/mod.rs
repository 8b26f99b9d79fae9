//! Mutants of the queries of a corpus, put before the engine and before our own parser and binder:
//! where the two differ, the query is made shorter as long as they differ in the same way.
//!
//! | file | what |
//! |---|---|
//! | `source` | a query with the places that can be changed |
//! | `pool` | what can be put there |
//! | `mutate` | a query with one or a few changes |
//! | `expressions`, `calls`, `tables`, `clauses` | the changes |
//! | `template` | what a difference has in common with others |
//! | `reduce` | a shorter query with the same difference |
//! | `run` | the mutants of a whole corpus |
//! | `gather` | the same in processes of their own, and what they found |
//!
//! Nothing here is part of the product.

mod calls;
mod clauses;
mod expressions;
pub mod gather;
mod mutate;
mod pool;
mod reduce;
pub mod run;
mod source;
mod tables;
mod template;
