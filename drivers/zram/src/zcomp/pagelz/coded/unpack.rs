//! Decodes coded blocks into their streams.
//!
//! Four lanes are read in turn, five codes of each between two checks of the block. The position in
//! a lane counts bits from its end of an area; a word read there holds 57 bits or more. Where a
//! word would not lie within the block it is assembled byte by byte, with zeros for missing bytes:
//! this happens only in lanes that end there. One check at the end tells whether each lane ended
//! where it should.

use super::codes::{Decoding, decoding_of};
use super::{HEADER_BYTES, Head, LANES, STREAM_BYTES_MAX};
use crate::PageBytes;
use crate::zcomp::pagelz::decoder::{AHEAD, Block, decode};
use crate::zcomp::{COMPRESSED_MAX, Damaged};

/// Bytes before the streams: the decoder may read the one before the first operand.
const BEFORE: usize = 1;

/// Codes between two looks at the block.
const CODES: usize = 5;

/// Stands above the bits of a word: 56 are left at least, of which five codes take 55.
const MARK: u64 = 1 << 63;

/// Streams of this size or less have a smaller buffer, because clearing one takes time.
const FEW: usize = 1536;

/// The lanes of a block.
struct Lanes<'a> {
    block: &'a [u8],
    /// Where the areas begin and end.
    areas: [(usize, usize); 2],
    /// Bits that were read of each lane.
    used: [usize; LANES],
}

/// Decompresses a coded block into `page`; it must fill the page exactly.
///
/// # Errors
/// [`Damaged`]; the page then holds anything.
pub(in crate::zcomp::pagelz) fn decompress(
    block: &[u8],
    page: &mut PageBytes,
) -> Result<(), Damaged> {
    let head = Head::of(block).filter(|_| block.len() <= COMPRESSED_MAX).ok_or(Damaged)?;
    if head.lengths.iter().sum::<usize>() <= FEW {
        by_buffer::<{ BEFORE + FEW + AHEAD }>(block, head, page)
    } else {
        by_buffer::<{ BEFORE + STREAM_BYTES_MAX + AHEAD }>(block, head, page)
    }
}

/// Does it with a buffer for the streams, and zeros behind them so that decoding needs no other end.
#[inline(never)]
fn by_buffer<const N: usize>(
    block: &[u8],
    head: Head,
    page: &mut PageBytes,
) -> Result<(), Damaged> {
    let mut streams = [0; N];
    expand(block, head, &mut streams[BEFORE..]).ok_or(Damaged)?;
    let [operands, literals, tokens] = head.lengths;
    let literals_at = BEFORE + operands;
    let tokens_at = literals_at + literals;
    let block = Block {
        bytes: &streams,
        start: BEFORE,
        literals: literals_at,
        tokens: tokens_at,
        end: tokens_at + tokens,
    };
    decode(&block, page)
}

/// Writes the streams of a block one behind the other; nothing if lanes do not fill their areas.
pub(super) fn expand(block: &[u8], head: Head, streams: &mut [u8]) -> Option<()> {
    let stored = head.lengths.iter().zip(head.tables).filter(|(_, table)| *table == 0);
    let first = HEADER_BYTES + stored.map(|(length, _)| length).sum::<usize>();
    let second = first + head.first_area;
    if second > block.len() {
        return None;
    }
    let areas = [(first, second), (second, block.len())];
    let mut lanes = Lanes { block, areas, used: [0; LANES] };
    let (mut rest, mut stored_at) = (streams, HEADER_BYTES);
    for (stream, (length, table)) in head.lengths.into_iter().zip(head.tables).enumerate() {
        let (bytes, behind) = rest.split_at_mut_checked(length)?;
        if table == 0 {
            bytes.copy_from_slice(block.get(stored_at..stored_at + length)?);
            stored_at += length;
        } else {
            lanes.read(decoding_of(stream, table)?, bytes);
        }
        rest = behind;
    }
    lanes.are_used_up().then_some(())
}

impl Lanes<'_> {
    /// Reads a stream.
    #[inline(never)]
    fn read(&mut self, decoding: &Decoding, bytes: &mut [u8]) {
        let part = bytes.len() / LANES;
        let (first, rest) = bytes.split_at_mut(part);
        let (second, rest) = rest.split_at_mut(part);
        let (third, rest) = rest.split_at_mut(part);
        let (fourth, rest) = rest.split_at_mut(part);
        let (first, first_end) = first.as_chunks_mut::<CODES>();
        let (second, second_end) = second.as_chunks_mut::<CODES>();
        let (third, third_end) = third.as_chunks_mut::<CODES>();
        let (fourth, fourth_end) = fourth.as_chunks_mut::<CODES>();
        let groups = first.iter_mut().zip(second).zip(third).zip(fourth);
        for (((first, second), third), fourth) in groups {
            self.group(decoding, [first, second, third, fourth]);
        }
        self.group(decoding, [first_end, second_end, third_end, fourth_end]);
        let mut words = self.words();
        for (byte, word) in rest.iter_mut().zip(&mut words) {
            *byte = next(decoding, word);
        }
        self.step(words);
    }

    /// Reads as many codes of each lane as there are bytes for them, [`CODES`] at most.
    #[inline(always)]
    fn group(&mut self, decoding: &Decoding, bytes: [&mut [u8]; LANES]) {
        let [mut first, mut second, mut third, mut fourth] = self.words();
        let [to_first, to_second, to_third, to_fourth] = bytes;
        let each = to_first.iter_mut().zip(to_second).zip(to_third).zip(to_fourth);
        for (((to_first, to_second), to_third), to_fourth) in each.take(CODES) {
            *to_first = next(decoding, &mut first);
            *to_second = next(decoding, &mut second);
            *to_third = next(decoding, &mut third);
            *to_fourth = next(decoding, &mut fourth);
        }
        self.step([first, second, third, fourth]);
    }

    /// Returns a word of each lane that begins with its next bits; a one above them says how many
    /// there are.
    #[inline(always)]
    fn words(&self) -> [u64; LANES] {
        let [first, second, third, fourth] = match self.quick_words() {
            Some(words) => words,
            None => self.careful_words(),
        };
        let used = self.used;
        [
            (first | MARK) >> (used[0] % 8),
            (second | MARK) >> (used[1] % 8),
            (third | MARK) >> (used[2] % 8),
            (fourth | MARK) >> (used[3] % 8),
        ]
    }

    /// Counts the bits that were taken of words: the mark has moved by as many.
    #[inline(always)]
    fn step(&mut self, words: [u64; LANES]) {
        for (used, word) in self.used.iter_mut().zip(words) {
            *used = (*used & !7) + word.leading_zeros() as usize;
        }
    }

    #[inline(always)]
    fn quick_words(&self) -> Option<[u64; LANES]> {
        let [(first, middle), (_, end)] = self.areas;
        let used = self.used;
        let last = self.block.len().checked_sub(8)?;
        let first = first + used[0] / 8;
        let second = middle.wrapping_sub(used[1] / 8 + 8);
        let third = middle + used[2] / 8;
        let fourth = end.wrapping_sub(used[3] / 8 + 8);
        if first > last || second > last || third > last || fourth > last {
            return None;
        }
        let at = |place: usize| self.block[place..place + 8].first_chunk().copied();
        Some([
            u64::from_le_bytes(at(first)?),
            u64::from_be_bytes(at(second)?),
            u64::from_le_bytes(at(third)?),
            u64::from_be_bytes(at(fourth)?),
        ])
    }

    /// The same near the ends of the block.
    #[cold]
    #[inline(never)]
    fn careful_words(&self) -> [u64; LANES] {
        let mut words = [0; LANES];
        for (lane, word) in words.iter_mut().enumerate() {
            let (start, end) = self.areas[lane / 2];
            let skipped = self.used[lane] / 8;
            for byte in (skipped..skipped + 8).rev() {
                let place =
                    if lane % 2 == 0 { Some(start + byte) } else { end.checked_sub(byte + 1) };
                let value = place.and_then(|place| self.block.get(place)).copied().unwrap_or(0);
                *word = *word << 8 | u64::from(value);
            }
        }
        words
    }

    /// Says whether the lanes of each area meet.
    fn are_used_up(&self) -> bool {
        let bytes = self.used.map(|bits| bits.div_ceil(8));
        let sums = [bytes[0] + bytes[1], bytes[2] + bytes[3]];
        self.areas.iter().zip(sums).all(|((start, end), sum)| end - start == sum)
    }
}

/// Takes a code from a word and returns its byte.
#[inline(always)]
fn next(decoding: &Decoding, word: &mut u64) -> u8 {
    let entry = decoding[*word as usize % decoding.len()];
    *word >>= entry & 63;
    (entry >> 8) as u8
}
