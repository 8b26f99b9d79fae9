//! What crosses the border between generated code and the program that runs it.
//!
//! Generated bodies know this crate and nothing else. Every type here is `repr(C)` or
//! `repr(transparent)`, so that a library built by one rustc can be loaded by a program
//! built with another. There is no allocation, no `std` and no panic in this crate.
//!
//! | module | holds |
//! |---|---|
//! | [`text`] | [`Str`] and [`List`], the static text and slices that cross |
//! | [`render`] | [`Facts`] and [`Sink`], what a model's `render` function is given |
//! | [`definition`] | [`ProjectDef`], [`ShardDef`], [`ModelDef`] and their parts |
#![no_std]
#![warn(missing_docs)]

pub mod definition;
pub mod render;
pub mod text;

pub use definition::*;
pub use render::{Comparison, Facts, Piece, PieceKind, Render, Sink};
pub use text::{List, Str};

/// The stamp of this contract: a hash of its source, the target and a format number.
///
/// `dbgo` sets it when it compiles the contract for a library, and compares a library's
/// exported `DBGO_ABI` with its own before it looks at any other symbol. A program that
/// cargo links needs no stamp; there it is all zeros.
pub const ABI: [u8; 32] = stamp(option_env!("DBGO_ABI_STAMP"));

/// Reads 64 hexadecimal digits; anything else gives zeros.
const fn stamp(hexadecimal: Option<&str>) -> [u8; 32] {
    let mut stamp = [0; 32];
    if let Some(digits) = hexadecimal {
        let digits = digits.as_bytes();
        let mut index = 0;
        while index < 64 && digits.len() == 64 {
            stamp[index / 2] = (stamp[index / 2] << 4) | digit(digits[index]);
            index += 1;
        }
    }
    stamp
}

const fn digit(character: u8) -> u8 {
    match character {
        b'0'..=b'9' => character - b'0',
        b'a'..=b'f' => character - b'a' + 10,
        _ => 0,
    }
}
