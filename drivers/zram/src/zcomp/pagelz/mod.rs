//! Our codec `pagelz`: pages of 4096 bytes to and from a format made for pages (`docs/pagelz.md`).
//!
//! A block is a row of sequences, literals and a match each, in three streams: tokens, literals and
//! operands. Nothing that the decoder reads then depends on how long the bytes before it were. A token
//! names one of four ways to give an offset: the last one, the one before, one byte, or 12 bits. Heap
//! pages repeat at few distances, mostly multiples of 8, so most offsets cost no byte or one.
//!
//! One decoder reads what all levels write; a level is how hard the encoder looks ([`fast`],
//! [`dense`]). Only [`quick`], the loop of the decoder, reads and writes without a check of each place;
//! it argues why it may. The rest is safe Rust.

mod decoder;
mod dense;
mod fast;
#[cfg(test)]
mod plain;
mod quick;
mod streams;
#[cfg(test)]
mod tests;
mod token;

pub(super) use decoder::decompress;
pub(super) use dense::Dense;
pub(super) use fast::Fast;

/// Levels of the fast parse: from 1 to here.
pub(super) const FAST_LEVEL_MAX: i32 = 2;

/// The highest level.
pub(super) const LEVEL_MAX: i32 = 5;

/// Bytes before the streams: how many operands and tokens there are, 12 bits each.
const HEADER_BYTES: usize = 3;

/// Both offsets that a match may repeat, before there was a match.
const FIRST_OFFSET: usize = 1;
