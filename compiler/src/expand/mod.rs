//! Writes out what stands for other text: `#for`, `#include` and calls of macros.
//!
//! In goes a file's text, out comes an [`Expanded`] text that holds nothing but SQL, references
//! and `#if`, with the way from each of its bytes back to the files that the user wrote. Every
//! later stage works on that text as on a file's, so that what is resolved and typed is what the
//! engine gets; only what leaves the model's stage, its findings above all, goes back by
//! [`Expanded::finding`] and [`Expanded::place`]. A file without any of these is never copied.
//!
//! | file | what |
//! |---|---|
//! | `text` | the written-out text and its origins |
//! | `template` | a file's text → its loops and includes |
//! | `list`, `elements` | what a `#for` goes over |
//! | `substitute` | `${x}` |
//! | `unfold` | loops and includes → text |
//! | `macros` | calls of macros → text |
//!
//! Nothing here evaluates a condition: `#if` is the matter of [`directives`](crate::directives).

mod elements;
mod list;
pub mod macros;
mod substitute;
mod template;
#[cfg(test)]
mod tests;
mod text;
mod unfold;

pub use list::{Element, ElementKind};
pub use text::{Expanded, Expansion, ExpansionKind};
pub use unfold::{MAXIMUM_BYTES, MAXIMUM_ITERATIONS, MAXIMUM_LEVELS, SeedText, Surroundings};
pub use unfold::{Unfolded, may_unfold, unfold};

/// The text of an `#error` that stands where something couldn't be written out, which was
/// reported: whoever reaches it says nothing more.
pub(crate) const REPORTED: &str = "$$reported$$";
