//! What is kept between compilations, beside the project, in `.dbgo/cache`.
//!
//! | file | what |
//! |---|---|
//! | `entry` | [`Cache`]: one file for one value, read and written whole |
//! | `store` | [`Store`]: many small values by name, of which a compilation writes only those that changed |
//! | `portable` | values with places in them, as bytes that mean the same for another set of files |
//! | `lazy` | [`Lazy`]: a part of a value, read when somebody looks at it |
//!
//! All that is kept is a copy of what can be computed again. Bytes that were torn, changed, or
//! written by another build of dbgo are a miss, never an error; so is a folder that can't be read
//! or written. Deleting the folder is always safe. Whether a value still holds is for its owner to
//! say: nothing here knows what a value depends on.

mod entry;
mod lazy;
mod portable;
mod segment;
mod store;

pub use entry::Cache;
pub use lazy::Lazy;
pub use portable::{decode, encode};
pub use store::{Mark, Store, Table};
