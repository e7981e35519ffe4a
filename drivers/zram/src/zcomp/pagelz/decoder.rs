//! The decoder: a quick loop for all but the longest sequences and the ends, a careful one for those.
//!
//! [`quick`] takes [`TURNS`] tokens at a time. As many cannot use more than a [`LiteralWindow`] and an
//! [`OperandWindow`], so what they read is checked once for all of them; near the end of the block the
//! windows are copies with zeros behind. It copies 16 literals and 32 bytes of a match at once and lets
//! the next sequence overwrite what was too much; at anything it has doubts about it stops, and
//! [`careful`] decodes one sequence exactly, or finds the damage. What is true at the end, that each
//! stream was used up, makes good that a window may have led from one stream into the next.

use super::token::{FAR, LAST, PREVIOUS, SHORT, SHORT_OFFSETS, TOKENS};
use super::{FIRST_OFFSET, HEADER_BYTES};
use crate::zcomp::{COMPRESSED_MAX, Damaged};
use crate::{PAGE_SIZE, PageBytes};

/// Tokens between two looks at the streams.
const TURNS: usize = 8;

/// Literals of one sequence in the quick loop.
const QUICK_LITERALS: usize = 32;

/// Operands of one sequence in the quick loop: offset and one byte for each length.
const QUICK_OPERANDS: usize = 4;

/// The quick loop starts sequences, and matches, up to here: 16 literals and 32 bytes, or 7 words, fit
/// behind.
const QUICK_START_MAX: usize = PAGE_SIZE - 64;

/// Where long matches of the quick loop end at the latest: they are copied in pieces of 16 bytes.
const QUICK_END_MAX: usize = PAGE_SIZE - 32;

/// A match of up to this many bytes is copied without a look at its length.
const SHORT_MATCH: usize = 32;

const WORD: usize = 8;

type LiteralWindow = [u8; TURNS * QUICK_LITERALS + QUICK_LITERALS];
type OperandWindow = [u8; TURNS * QUICK_OPERANDS + QUICK_OPERANDS];

/// A block whose header fits it.
struct Block<'a> {
    bytes: &'a [u8],
    /// Where literals and tokens start.
    literals: usize,
    tokens: usize,
}

/// How far decoding is. Places in the block are the next byte of each stream.
struct Place {
    operand: usize,
    literal: usize,
    token: usize,
    filled: usize,
    last: usize,
    previous: usize,
}

/// Decompresses `block` into `page`; it must fill the page exactly.
///
/// # Errors
/// [`Damaged`]; the page then holds anything.
pub(in crate::zcomp) fn decompress(block: &[u8], page: &mut PageBytes) -> Result<(), Damaged> {
    let block = Block::of(block).ok_or(Damaged)?;
    let mut place = Place {
        operand: HEADER_BYTES,
        literal: block.literals,
        token: block.tokens,
        filled: 0,
        last: FIRST_OFFSET,
        previous: FIRST_OFFSET,
    };
    while place.token < block.bytes.len() {
        quick(&block, page, &mut place);
        if place.token < block.bytes.len() {
            careful(&block, page, &mut place)?;
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
        is_legal.then_some(Self { bytes, literals, tokens })
    }
}

/// Returns the window at `at`, or a copy of what there is of it with zeros behind.
#[inline(always)]
fn window<'a, const N: usize>(bytes: &'a [u8], at: usize, spare: &'a mut [u8; N]) -> &'a [u8; N] {
    let rest = bytes.get(at..).unwrap_or(&[]);
    match rest.first_chunk() {
        Some(window) => window,
        None => padded(rest, spare),
    }
}

#[inline(never)]
fn padded<'a, const N: usize>(rest: &[u8], spare: &'a mut [u8; N]) -> &'a [u8; N] {
    spare.fill(0);
    spare.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
    spare
}

/// Decodes sequences while that is easy.
#[inline(never)]
fn quick(block: &Block<'_>, page: &mut PageBytes, place: &mut Place) {
    let mut spare_literals = [0; size_of::<LiteralWindow>()];
    let mut spare_operands = [0; size_of::<OperandWindow>()];
    loop {
        let tokens = block.bytes.get(place.token..).unwrap_or(&[]);
        let tokens = tokens.get(..TURNS).unwrap_or(tokens);
        let literals = window(block.bytes, place.literal, &mut spare_literals);
        let operands = window(block.bytes, place.operand, &mut spare_operands);
        if turns(tokens, literals, operands, page, place) < TURNS {
            break;
        }
    }
}

/// Decodes up to [`TURNS`] sequences and returns how many it did.
#[inline(always)]
fn turns(
    tokens: &[u8],
    literals: &LiteralWindow,
    operands: &OperandWindow,
    page: &mut PageBytes,
    place: &mut Place,
) -> usize {
    let (mut literal, mut operand, mut filled) = (0, 0, place.filled);
    let mut recent = [place.last, place.previous, 0, 0];
    let mut done = 0;
    for token in tokens {
        let token = &TOKENS[usize::from(*token)];
        // Masks that change nothing: so many tokens use no more.
        let (l, o) = (literal % (TURNS * QUICK_LITERALS), operand % (TURNS * QUICK_OPERANDS));
        if filled > QUICK_START_MAX {
            break;
        }
        let first = u16::from_le_bytes([operands[o], operands[o + 1]]);
        let more = operands[o + usize::from(token.offset_bytes & 3)] & token.literals_mask;
        let count = usize::from(token.literals) + usize::from(more);
        page[filled..filled + 16].copy_from_slice(&literals[l..l + 16]);
        let short = SHORT_OFFSETS[usize::from(first as u8 & token.short_mask)];
        let kind = usize::from(token.kind & 3);
        let offset = usize::from(short | first & token.far_mask) | recent[kind];
        let start = filled + count;
        if count > 16 {
            if count > QUICK_LITERALS {
                break;
            }
            page[filled + 16..filled + 32].copy_from_slice(&literals[l + 16..l + 32]);
        }
        if offset.wrapping_sub(1) >= start || start > QUICK_START_MAX {
            break;
        }
        let more =
            operands[o + usize::from(token.operands.wrapping_sub(1) & 3)] & token.length_mask;
        let bits = usize::from(first >> 12) & usize::from(token.length_bits);
        let length = usize::from(token.length) + bits + usize::from(more);
        if length <= SHORT_MATCH {
            if offset < WORD {
                repeat_short(page, start, offset);
            } else {
                let from = start - offset;
                copy::<8>(page, from, start);
                copy::<8>(page, from + 8, start + 8);
                copy::<8>(page, from + 16, start + 16);
                copy::<8>(page, from + 24, start + 24);
            }
        } else if more == 255 || !long_match(page, start, start + length, offset) {
            break;
        }
        recent[1] = core::hint::select_unpredictable(kind == LAST, recent[1], recent[0]);
        recent[0] = offset;
        (literal, operand) = (literal + count, operand + usize::from(token.operands));
        (filled, done) = (start + length, done + 1);
    }
    place.token += done;
    place.literal += literal;
    place.operand += operand;
    (place.filled, place.last, place.previous) = (filled, recent[0], recent[1]);
    done
}

/// Copies `N` bytes within the page.
#[inline(always)]
fn copy<const N: usize>(page: &mut PageBytes, from: usize, to: usize) {
    page.copy_within(from..from + N, to);
}

/// Repeats the last `offset` bytes, fewer than 8, up to 32 bytes and some more.
#[inline(always)]
fn repeat_short(page: &mut PageBytes, start: usize, offset: usize) {
    let (word, stride) = pattern(page, start, offset);
    for turn in 0..7 {
        let at = start + turn * stride;
        page[at..at + WORD].copy_from_slice(&word);
    }
}

/// Copies a match and says whether that was possible.
#[inline(always)]
fn long_match(page: &mut PageBytes, start: usize, end: usize, offset: usize) -> bool {
    if end > QUICK_END_MAX || offset > start {
        return false;
    }
    if offset < 16 {
        repeat(page, start, end, offset);
        return true;
    }
    let mut at = start;
    while at < end {
        copy::<16>(page, at - offset, at);
        at += 16;
    }
    true
}

/// Repeats the last `offset` bytes, fewer than 16, from `start` to `end` and some more.
#[inline(never)]
fn repeat(page: &mut PageBytes, start: usize, end: usize, offset: usize) {
    let mut at = start;
    if offset >= WORD {
        while at < end {
            copy::<8>(page, at - offset, at);
            at += WORD;
        }
        return;
    }
    let (word, stride) = pattern(page, start, offset);
    while at < end {
        page[at..at + WORD].copy_from_slice(&word);
        at += stride;
    }
}

/// Returns 8 bytes that repeat the last `offset`, 1 to 7, and after how many of them the same 8 bytes
/// come again.
#[inline(always)]
fn pattern(page: &PageBytes, start: usize, offset: usize) -> ([u8; WORD], usize) {
    /// By offset: a one at each multiple of it.
    const ONES: [u64; WORD] = [
        0,
        0x0101_0101_0101_0101,
        0x0001_0001_0001_0001,
        0x0001_0000_0100_0001,
        0x0000_0001_0000_0001,
        0x0000_0100_0000_0001,
        0x0001_0000_0000_0001,
        0x0100_0000_0000_0001,
    ];
    /// By offset: the largest multiple that is not above 8.
    const STRIDES: [usize; WORD] = [8, 8, 8, 6, 8, 5, 6, 7];
    let offset = offset % WORD;
    let bytes = page[start - offset..].first_chunk::<WORD>().expect("a word lies behind");
    let period = u64::from_le_bytes(*bytes) & ((1 << (8 * offset)) - 1);
    (period.wrapping_mul(ONES[offset]).to_le_bytes(), STRIDES[offset])
}

/// Decodes one sequence and checks everything.
#[inline(never)]
fn careful(block: &Block<'_>, page: &mut PageBytes, place: &mut Place) -> Result<(), Damaged> {
    let operands = block.bytes.get(place.operand..block.literals).ok_or(Damaged)?;
    let mut rest = operands.iter().map(|byte| usize::from(*byte));
    let token = &TOKENS[usize::from(*block.bytes.get(place.token).ok_or(Damaged)?)];
    let mut next = || rest.next().ok_or(Damaged);
    let (offset, bits) = match usize::from(token.kind) {
        LAST => (place.last, 0),
        PREVIOUS => (place.previous, 0),
        SHORT => (usize::from(SHORT_OFFSETS[next()? & 0xff]), 0),
        FAR.. => {
            let both = next()? | next()? << 8;
            (both & 0xfff, both >> 12)
        }
    };
    let count = usize::from(token.literals) + length(token.literals_mask, &mut next)?;
    let length = usize::from(token.length) + bits + length(token.length_mask, &mut next)?;
    let used = operands.len() - rest.len();
    let start = place.filled + count;
    let end = start + length;
    let until = place.literal + count;
    if until > block.tokens || end > PAGE_SIZE || offset == 0 || offset > start {
        return Err(Damaged);
    }
    let literals = block.bytes.get(place.literal..until).ok_or(Damaged)?;
    page.get_mut(place.filled..start).ok_or(Damaged)?.copy_from_slice(literals);
    if !long_match(page, start, end, offset) {
        repeat_exactly(page, start, end, offset);
    }
    if usize::from(token.kind) != LAST {
        place.previous = place.last;
    }
    (place.last, place.filled) = (offset, end);
    (place.operand, place.literal, place.token) = (place.operand + used, until, place.token + 1);
    Ok(())
}

/// Returns the sum of the operands of a length, if it has any.
fn length(mask: u8, next: &mut impl FnMut() -> Result<usize, Damaged>) -> Result<usize, Damaged> {
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
