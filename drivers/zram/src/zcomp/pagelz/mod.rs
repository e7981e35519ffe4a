//! Our codec `pagelz`: pages of 4096 bytes to and from a format made for pages (`docs/pagelz.md`).
//!
//! A block is a row of sequences, literals and a match each, in three streams: tokens, literals and
//! operands. Nothing that the decoder reads then depends on how long the bytes before it were. A token
//! names one of four ways to give an offset: the last one, the one before, one byte, or 12 bits. Heap
//! pages repeat at few distances, mostly multiples of 8, so most offsets cost no byte or one.
//!
//! A level is how hard the encoder searches ([`fast`], [`dense`]), and whether the streams are
//! stored unchanged or by codes ([`coded`]); the block itself says which, so decoding needs no
//! level. Only [`quick`], the loop of the decoder, reads and writes without a check of each place;
//! its header argues why this is safe. The rest is safe Rust.

mod coded;
mod decoder;
mod dense;
mod fast;
#[cfg(any(test, feature = "oracle"))]
pub(crate) mod plain;
mod quick;
mod streams;
#[cfg(test)]
mod tests;
mod token;

pub(super) use dense::Dense;
pub(super) use fast::Fast;

use super::Damaged;
use crate::PageBytes;

/// The highest level whose blocks are plain; the ones above are the parses of levels 2 to 5, with
/// coded blocks.
const PLAIN_LEVEL_MAX: i32 = 5;

/// The highest level.
pub(super) const LEVEL_MAX: i32 = 9;

/// Bytes before the streams: how many operands and tokens there are, 12 bits each.
const HEADER_BYTES: usize = 3;

/// Both offsets that a match may repeat, before there was a match.
const FIRST_OFFSET: usize = 1;

/// Says whether a level cuts the page by the fast parse.
pub(super) const fn is_fast(level: i32) -> bool {
    parse_of(level) <= 2
}

/// Returns the level of plain blocks with the same parse.
const fn parse_of(level: i32) -> i32 {
    if level > PLAIN_LEVEL_MAX { level - 4 } else { level }
}

/// Decompresses `block`, of any level, into `page`; it must fill the page exactly.
///
/// # Errors
/// [`Damaged`]; the page then holds anything.
pub(super) fn decompress(block: &[u8], page: &mut PageBytes) -> Result<(), Damaged> {
    if coded::is_coded(block) {
        coded::decompress(block, page)
    } else {
        decoder::decompress(block, page)
    }
}
