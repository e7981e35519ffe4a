//! Our codec `lz4`: pages of 4096 bytes to and from the LZ4 block format.
//!
//! The format is that of `lz4_Block_format.md` in the LZ4 sources: any LZ4 decoder reads what the
//! encoder writes, and the decoder reads any valid block of one page. A block is a row of sequences;
//! a sequence is a token (two nibbles), literals, and a match: an offset back into what was decoded
//! and a length. A nibble of 15 goes on in bytes that are added up until one is below 255.
//!
//! Knowing that the input is one page is what makes it fast: positions are 16 bits, the table is
//! small, no state lives from page to page, and nearly all checks of bounds are one comparison a
//! sequence. Everything is safe Rust over arrays of fixed size, so no input, valid or not, makes it
//! read or write outside of them.

mod decoder;
mod encoder;
#[cfg(test)]
mod tests;

pub(super) use decoder::decompress;
pub(super) use encoder::{Table, WRITTEN_MAX, compress};

/// A length nibble that goes on in further bytes.
const NIBBLE_MAX: usize = 15;

/// Shortest match; the nibble counts from here.
const MATCH_MIN: usize = 4;

/// Bytes at the end of a block that are always literals (end-of-block condition 2 of the format).
const LITERALS_LAST: usize = 5;
