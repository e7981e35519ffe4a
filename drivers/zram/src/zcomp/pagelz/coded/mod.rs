//! Coded blocks: the three streams of a plain block, each written by a prefix code or unchanged.
//!
//! The codes are not made for a page but chosen from fixed tables ([`tables`]), so a page stores no
//! table and a decoder builds none. Symbols of all streams lie in four lanes that are decoded side
//! by side: while one waits for memory and shifts, the other three go on. Two lanes share an area,
//! one from its beginning, one from its end, so that one number says where all four are.
//!
//! A bit of a block's header says that the block is coded; the count of tokens does not need that
//! bit. [`pack`] makes blocks, [`unpack`] decodes them, [`Head`] is their header.

mod codes;
mod pack;
pub(super) mod tables;
mod unpack;

#[cfg(test)]
mod tests;

pub(super) use pack::finish;
pub(super) use unpack::decompress;

use super::streams::Counts;

/// Bytes before the streams.
const HEADER_BYTES: usize = 8;

/// Streams of a block, in the order in which they come: operands, literals, tokens.
const STREAMS: usize = 3;

/// Lanes that a coded stream is cut into.
const LANES: usize = 4;

/// The bit of a header that says that the block is coded.
const CODED: u64 = 1 << 23;

/// Bits of the number of a table; 0 stands for a stream that is stored as it is.
const TABLE_BITS: usize = 5;

/// Most bytes of a stream: 12 bits of the header say how many.
const STREAM_LENGTH_MAX: usize = 4095;

/// Most bytes of all streams together, which no valid block has more of: a sequence never takes more of
/// them than of the page, except for a byte for every 255 literals of a count that goes on and on.
const STREAM_BYTES_MAX: usize = crate::PAGE_SIZE + crate::PAGE_SIZE.div_ceil(255);

/// What a coded block begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    /// Bytes of each stream once it is decoded.
    lengths: [usize; STREAMS],
    /// By stream: the number of its table, or 0.
    tables: [usize; STREAMS],
    /// Bytes of the first area.
    first_area: usize,
}

impl Head {
    /// Returns the header of these fields.
    fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let Self { lengths: [operands, literals, tokens], tables, first_area } = self;
        let mut word = (operands | tokens << 12 | literals << 24 | first_area << 36) as u64 | CODED;
        for (index, table) in tables.into_iter().enumerate() {
            word |= (table as u64) << (48 + index * TABLE_BITS);
        }
        word.to_le_bytes()
    }

    /// Returns what a block begins with, or nothing if it cannot begin so.
    fn of(block: &[u8]) -> Option<Self> {
        let word = u64::from_le_bytes(*block.first_chunk()?);
        let field = |from: usize, bits: usize| (word >> from) as usize & ((1 << bits) - 1);
        let lengths = [field(0, 12), field(24, 12), field(12, 11)];
        let tables = core::array::from_fn(|index| field(48 + index * TABLE_BITS, TABLE_BITS));
        let is_legal = word & CODED != 0
            && word >> 63 == 0
            && lengths.iter().sum::<usize>() <= STREAM_BYTES_MAX
            && tables.iter().zip(codes::COUNTS).all(|(table, count)| *table <= count);
        is_legal.then_some(Self { lengths, tables, first_area: field(36, 12) })
    }
}

/// Says whether a block is a coded one.
#[inline(always)]
pub(super) fn is_coded(block: &[u8]) -> bool {
    block.get(2).is_some_and(|byte| byte & 0x80 != 0)
}

/// Returns the counts in the order of the streams.
fn lengths(counts: Counts) -> [usize; STREAMS] {
    [counts.operands, counts.literals, counts.tokens]
}
