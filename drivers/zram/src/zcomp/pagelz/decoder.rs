//! The decoder: [`quick`] for all but the longest sequences and the ends, a careful loop for those.
//!
//! The quick loop stops at anything it cannot prove safe; then [`careful`] decodes one sequence
//! exactly, or finds the damage. The excess that the quick loop wrote is overwritten. It may read a
//! stream beyond its end, into the next one; a check at the end finds whether each stream was used
//! up exactly.

use super::quick::quick;
use super::token::{FAR, LAST, PREVIOUS, SHORT, TABLES};
use super::{FIRST_OFFSET, HEADER_BYTES};
use crate::zcomp::{COMPRESSED_MAX, Damaged};
use crate::{PAGE_SIZE, PageBytes};

/// Blocks of this size or less are copied before they are decoded.
const SMALL: usize = 384;

/// Zeros behind the streams, so that the quick loop needs no other end: some turns of it.
pub(super) const AHEAD: usize = 128;

/// The streams of a block, one behind the other.
pub(super) struct Block<'a> {
    /// What may be read: the streams, and what lies before and behind them.
    pub(super) bytes: &'a [u8],
    /// Where operands, literals and tokens start, and where tokens end.
    pub(super) start: usize,
    pub(super) literals: usize,
    pub(super) tokens: usize,
    pub(super) end: usize,
}

/// How far decoding is. Places in the block are the next byte of each stream.
pub(super) struct Place {
    pub(super) operand: usize,
    pub(super) literal: usize,
    pub(super) token: usize,
    pub(super) filled: usize,
    pub(super) last: usize,
    pub(super) previous: usize,
}

/// Decompresses `block` into `page`; it must fill the page exactly.
///
/// # Errors
/// [`Damaged`]; the page then holds anything.
pub(in crate::zcomp) fn decompress(block: &[u8], page: &mut PageBytes) -> Result<(), Damaged> {
    let streams = Block::of(block).ok_or(Damaged)?;
    if block.len() > SMALL {
        return decode(&streams, page);
    }
    // There are too few tokens behind the literals for the quick loop to come near their end.
    let mut bytes = [0; SMALL + AHEAD];
    bytes.get_mut(..block.len()).ok_or(Damaged)?.copy_from_slice(block);
    decode(&Block { bytes: &bytes, ..streams }, page)
}

/// Decodes streams into `page`; they must fill it and be used up exactly.
///
/// # Errors
/// [`Damaged`]; the page then holds anything.
pub(super) fn decode(block: &Block<'_>, page: &mut PageBytes) -> Result<(), Damaged> {
    let mut place = Place {
        operand: block.start,
        literal: block.literals,
        token: block.tokens,
        filled: 0,
        last: FIRST_OFFSET,
        previous: FIRST_OFFSET,
    };
    while place.token < block.end {
        quick(block, page, &mut place)?;
        if place.token < block.end {
            careful(block, page, &mut place)?;
        }
    }
    let rest = block.bytes.get(place.literal..block.tokens).ok_or(Damaged)?;
    let room = page.get_mut(place.filled..).ok_or(Damaged)?;
    if rest.len() != room.len() || place.operand != block.literals {
        return Err(Damaged);
    }
    room.copy_from_slice(rest);
    Ok(())
}

impl<'a> Block<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let &[low, middle, high] = bytes.first_chunk()?;
        let counts = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
        let literals = HEADER_BYTES + (counts & 0xfff);
        let tokens = bytes.len().checked_sub(counts >> 12)?;
        let is_legal = literals <= tokens && bytes.len() <= COMPRESSED_MAX;
        is_legal.then_some(Self { bytes, start: HEADER_BYTES, literals, tokens, end: bytes.len() })
    }
}

/// Decodes one sequence and checks everything.
#[inline(never)]
fn careful(block: &Block<'_>, page: &mut PageBytes, place: &mut Place) -> Result<(), Damaged> {
    let operands = block.bytes.get(place.operand..block.literals).ok_or(Damaged)?;
    let mut rest = operands.iter().map(|byte| usize::from(*byte));
    let token = &TABLES.tokens[usize::from(*block.bytes.get(place.token).ok_or(Damaged)?)];
    let mut next = || rest.next().ok_or(Damaged);
    let (offset, bits) = match usize::from(token.kind) {
        LAST => (place.last, 0),
        PREVIOUS => (place.previous, 0),
        SHORT => (usize::from(TABLES.short_offsets[next()? & 0xff]), 0),
        FAR.. => {
            let both = next()? | next()? << 8;
            (both & 0xfff, both >> 12)
        }
    };
    let count = token.literals as usize + length(token.literals_mask, &mut next)?;
    let length = token.length as usize + bits + length(token.length_mask, &mut next)?;
    let used = operands.len() - rest.len();
    let start = place.filled + count;
    let end = start + length;
    let until = place.literal + count;
    if until > block.tokens || end > PAGE_SIZE || offset == 0 || offset > start {
        return Err(Damaged);
    }
    let literals = block.bytes.get(place.literal..until).ok_or(Damaged)?;
    page.get_mut(place.filled..start).ok_or(Damaged)?.copy_from_slice(literals);
    repeat_exactly(page, start, end, offset);
    if usize::from(token.kind) != LAST {
        place.previous = place.last;
    }
    (place.last, place.filled) = (offset, end);
    (place.operand, place.literal, place.token) = (place.operand + used, until, place.token + 1);
    Ok(())
}

/// Returns the sum of the operands of a length, if it has any.
fn length(mask: u32, next: &mut impl FnMut() -> Result<usize, Damaged>) -> Result<usize, Damaged> {
    let mut sum = 0;
    let mut is_open = mask != 0;
    while is_open {
        let more = next()?;
        (sum, is_open) = (sum + more, more == 255);
    }
    Ok(sum)
}

/// Repeats the last `offset` bytes from `start` to `end` and not a byte further, doubling what can be
/// copied at once.
fn repeat_exactly(page: &mut PageBytes, start: usize, end: usize, offset: usize) {
    let from = start - offset;
    let mut at = start;
    while at < end {
        let length = (at - from).min(end - at);
        page.copy_within(from..from + length, at);
        at += length;
    }
}
