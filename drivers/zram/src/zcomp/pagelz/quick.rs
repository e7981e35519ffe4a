//! The quick loop of the decoder: up to [`TURNS`] sequences between two looks at the block.
//!
//! It copies 16 literals and 32 bytes of a match at once and lets the next sequence overwrite what was
//! too much. There is no branch on the kind of offset or on whether literals go on: what a token says
//! comes from a table. It stops, before the sequence, at anything that needs more than that.
//!
//! **Why it may read and write without checks.** A turn that is completed uses at most
//! [`QUICK_LITERALS`] literals and [`QUICK_OPERANDS`] operands: a token says how many operands there
//! are, offset and a byte for each length, and a turn with more literals, or with a length that goes on
//! after that byte, is not completed. So in the last of [`TURNS`] turns no cursor has passed
//! `(TURNS - 1) * QUICK_...` places, and a turn reads at most as many again. [`turns`] begins
//! them only while as many bytes as all of them together are ahead, and cursors never pass those,
//! whatever the block says; near the end of a block the bytes are a copy with zeros behind. For the page, a turn
//! begins at [`QUICK_START_MAX`] at the latest, and 16 literals, 7 words and what else it writes at
//! once fit behind that; a match begins at most [`COPIED`] bytes later, and its source before it.
#![expect(
    unsafe_code,
    reason = "with checks in every turn a load took 2.00 us, so and with another end of a block 1.76"
)]

use super::decoder::{Block, Place};
use super::token::TABLES;
use crate::{PAGE_SIZE, PageBytes};

/// Turns between two looks at the block.
const TURNS: usize = 8;

/// Most literals of a turn.
const QUICK_LITERALS: usize = 32;

/// Most operands of a turn: two of an offset and one for each length.
const QUICK_OPERANDS: usize = 4;

/// Literals that are copied at once.
const COPIED: usize = 16;

/// A match of up to this many bytes is copied without a look at its length.
const SHORT_MATCH: usize = 32;

/// Offsets below a word's size: the match repeats bytes that it has just written.
const WORD: usize = 8;

/// Where a turn begins at the latest: 16 literals and a match of 7 words fit behind.
const QUICK_START_MAX: usize = PAGE_SIZE - COPIED - 7 * WORD;

/// Where long matches end at the latest: they are copied in pieces of up to 32 bytes.
const QUICK_END_MAX: usize = PAGE_SIZE - 32;

/// Bytes that must be there of each stream before turns begin.
pub(super) const LITERALS_AHEAD: usize = TURNS * QUICK_LITERALS;
const OPERANDS_AHEAD: usize = TURNS * QUICK_OPERANDS;

/// Operands that are copied near the end of a block, at most.
const OPERANDS_MANY: usize = 512;

/// Where the turns are. The pointers lie within the slices of [`Rest`], or at their ends.
#[derive(Clone, Copy)]
struct Cursor {
    literal: *const u8,
    operand: *const u8,
    token: *const u8,
    filled: usize,
}

/// Both offsets that can be repeated, nothing for the other kinds, and room for what is dropped.
type Recent = [usize; 8];

/// What is left of the streams, and more behind that belongs to others.
struct Rest<'a> {
    literals: &'a [u8],
    operands: &'a [u8],
    tokens: &'a [u8],
}

/// Decodes sequences of `block` while that is easy.
pub(super) fn quick(block: &Block<'_>, page: &mut PageBytes, place: &mut Place) {
    let rest = |at: usize| block.bytes.get(at..).unwrap_or(&[]);
    let all = |place: &Place| Rest {
        literals: rest(place.literal),
        operands: rest(place.operand),
        tokens: block.bytes.get(place.token..block.end).unwrap_or(&[]),
    };
    run(&all(place), page, place);
    let Rest { literals, operands, tokens } = all(place);
    // For few tokens the copy costs more than it saves.
    if tokens.len() < TURNS || literals.len() >= LITERALS_AHEAD {
        return;
    }
    let literals = &padded::<{ 3 * LITERALS_AHEAD }>(literals);
    if operands.len() < OPERANDS_MANY {
        let operands = &padded::<{ OPERANDS_MANY + OPERANDS_AHEAD }>(operands);
        run(&Rest { literals, operands, tokens }, page, place);
    } else {
        run(&Rest { literals, operands, tokens }, page, place);
    }
}

/// Returns the bytes with zeros behind.
#[inline(never)]
fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut all = [0; N];
    let count = bytes.len().min(N);
    all[..count].copy_from_slice(&bytes[..count]);
    all
}

/// Decodes sequences while that is easy and there is enough of each stream, and counts what they use.
fn run(rest: &Rest<'_>, page: &mut PageBytes, place: &mut Place) {
    let start = Cursor {
        literal: rest.literals.as_ptr(),
        operand: rest.operands.as_ptr(),
        token: rest.tokens.as_ptr(),
        filled: place.filled,
    };
    let mut recent: Recent = [place.last, place.previous, 0, 0, 0, 0, 0, 0];
    let end = turns(&start, rest, page, &mut recent);
    place.literal += end.literal.addr() - start.literal.addr();
    place.operand += end.operand.addr() - start.operand.addr();
    place.token += end.token.addr() - start.token.addr();
    place.filled = end.filled;
    [place.last, place.previous, ..] = recent;
}

/// Does it and returns where it stopped. Apart, so that nothing but what turns need takes a register.
#[inline(never)]
fn turns(start: &Cursor, rest: &Rest<'_>, page: &mut PageBytes, recent: &mut Recent) -> Cursor {
    let mut cursor = *start;
    loop {
        let literals = rest.literals.as_ptr_range().end.addr() - cursor.literal.addr();
        let operands = rest.operands.as_ptr_range().end.addr() - cursor.operand.addr();
        let tokens = rest.tokens.as_ptr_range().end.addr() - cursor.token.addr();
        if literals < LITERALS_AHEAD || operands < OPERANDS_AHEAD || tokens == 0 {
            return cursor;
        }
        let end = cursor.token.wrapping_add(tokens.min(TURNS));
        while cursor.token != end {
            let Some(next) = turn(cursor, page, recent) else { return cursor };
            cursor = next;
        }
    }
}

/// Decodes one sequence, or nothing if that is not easy.
#[inline(always)]
fn turn(cursor: Cursor, page: &mut PageBytes, recent: &mut Recent) -> Option<Cursor> {
    let Cursor { literal, operand, filled, .. } = cursor;
    if filled > QUICK_START_MAX {
        return None;
    }
    // SAFETY: `turns` calls while there is a token.
    let [token] = unsafe { read(cursor.token) };
    let token = &TABLES.tokens[usize::from(token)];
    // SAFETY: a turn has QUICK_OPERANDS ahead: see the argument in the header.
    let first = u16::from_le_bytes(unsafe { read(operand) });
    let behind = operand.wrapping_add(usize::from(token.offset_bytes));
    // SAFETY: likewise.
    let [more] = unsafe { read(behind) };
    let count = usize::from(token.literals) + usize::from(more & token.literals_mask);
    // SAFETY: likewise, and a turn may read QUICK_LITERALS.
    let bytes: [u8; COPIED] = unsafe { read(literal) };
    // SAFETY: `filled` was checked.
    unsafe { write(page, filled, bytes) };
    let short = TABLES.short_offsets[usize::from(first as u8 & token.short_mask)];
    let repeated = recent[usize::from(token.kind & 3)];
    let offset = usize::from(short | first & token.far_mask) | repeated;
    let start = filled + count;
    if count > COPIED {
        if count > QUICK_LITERALS || start > QUICK_START_MAX {
            return None;
        }
        // SAFETY: likewise.
        let bytes: [u8; COPIED] = unsafe { read(literal.wrapping_add(COPIED)) };
        // SAFETY: `filled` was checked, and 72 bytes fit behind it.
        unsafe { write(page, filled + COPIED, bytes) };
    }
    if offset.wrapping_sub(1) >= start {
        return None;
    }
    // SAFETY: likewise; a token without operands reads the first of the next one's.
    let [more] = unsafe { read(operand.wrapping_add(usize::from(token.last_operand))) };
    let more = more & token.length_mask;
    let bits = usize::from(first >> 12) & usize::from(token.length_bits);
    let length = usize::from(token.length) + bits + usize::from(more);
    if length > SHORT_MATCH {
        if more == 255 || !long_match(page, start, start + length, offset) {
            return None;
        }
    } else if offset < WORD {
        repeat_short(page, start, offset);
    } else {
        let from = start - offset;
        for word in [0, 8, 16, 24] {
            // SAFETY: `start` is at most QUICK_START_MAX + COPIED, so 32 bytes fit behind it, and the
            // offset, which was checked, leads to a place before it.
            unsafe { copy_word(page, from + word, start + word) };
        }
    }
    recent[usize::from(token.slot & 7)] = recent[0];
    recent[0] = offset;
    Some(Cursor {
        literal: literal.wrapping_add(count),
        operand: operand.wrapping_add(usize::from(token.operands)),
        token: cursor.token.wrapping_add(1),
        filled: start + length,
    })
}

/// Returns `N` bytes at a cursor.
///
/// # Safety
/// They must lie within the bytes that the pointer was made from.
#[inline(always)]
unsafe fn read<const N: usize>(cursor: *const u8) -> [u8; N] {
    // SAFETY: by the caller's promise; an array of bytes lies anywhere.
    unsafe { cursor.cast::<[u8; N]>().read() }
}

/// Writes bytes to the page.
///
/// # Safety
/// They must fit behind `at`.
#[inline(always)]
unsafe fn write<const N: usize>(page: &mut PageBytes, at: usize, bytes: [u8; N]) {
    debug_assert!(at + N <= PAGE_SIZE, "{N} bytes at {at}");
    let to = page.as_mut_ptr().wrapping_add(at).cast::<[u8; N]>();
    // SAFETY: by the caller's promise within the page; an array of bytes lies anywhere.
    unsafe { to.write(bytes) }
}

/// Copies a word within the page.
///
/// # Safety
/// It must fit behind `to`, and `from` must lie before that.
#[inline(always)]
unsafe fn copy_word(page: &mut PageBytes, from: usize, to: usize) {
    debug_assert!(from < to, "from {from} to {to}");
    // SAFETY: a word behind `from` ends before the one behind `to`.
    let word: [u8; WORD] = unsafe { read(page.as_ptr().wrapping_add(from)) };
    // SAFETY: by the caller's promise.
    unsafe { write(page, to, word) }
}

/// Repeats the last `offset` bytes, 1 to 7, up to 32 bytes and some more.
#[inline(always)]
fn repeat_short(page: &mut PageBytes, start: usize, offset: usize) {
    let (word, stride) = pattern(page, start, offset);
    let Some(room) = page.get_mut(start..).and_then(|rest| rest.first_chunk_mut::<56>()) else {
        return;
    };
    for turn in 0..7 {
        let at = turn * stride;
        room[at..at + WORD].copy_from_slice(&word);
    }
}

/// Copies a match and says whether that was possible: it may write 32 bytes more.
#[inline(always)]
pub(super) fn long_match(page: &mut PageBytes, start: usize, end: usize, offset: usize) -> bool {
    if end > QUICK_END_MAX || offset > start {
        return false;
    }
    if offset < 16 {
        repeat(page, start, end, offset);
        return true;
    }
    let mut at = start;
    while at < end {
        page.copy_within(at - offset..at - offset + 16, at);
        at += 16;
    }
    true
}

/// Repeats the last `offset` bytes, fewer than 16, from `start` to `end` and some more. Cold, so that
/// the loop keeps its registers for the others.
#[cold]
#[inline(never)]
fn repeat(page: &mut PageBytes, start: usize, end: usize, offset: usize) {
    let mut at = start;
    if offset >= WORD {
        while at < end {
            page.copy_within(at - offset..at - offset + WORD, at);
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
    const STRIDES: [u8; WORD] = [8, 8, 8, 6, 8, 5, 6, 7];
    let offset = offset % WORD;
    let bytes = page[start - offset..].first_chunk::<WORD>().expect("a word lies behind");
    let period = u64::from_le_bytes(*bytes) & ((1 << (8 * offset)) - 1);
    (period.wrapping_mul(ONES[offset]).to_le_bytes(), usize::from(STRIDES[offset]))
}
