//! The quick loop of the decoder: as many sequences as the streams surely have bytes for, then a look
//! at how many that is from there on.
//!
//! It copies 16 literals and 24 bytes of a match at once and lets the next sequence overwrite what was
//! too much. There is no branch on the kind of offset or on whether a length goes on: what a token says
//! comes from a table. It stops, before the sequence, at anything that needs more than that.
//!
//! **Why it may read and write without checks.** [`Cursor`] is three places in the bytes of the block and
//! one in the page. A turn that is completed uses at most [`OPERANDS`] operands and [`COPIED`] literals, and
//! reads no more than these and the byte before its operands: a token says how many operands there are,
//! and a turn with a length that goes on after its first byte is not completed. [`turns_ahead`] allows only
//! as many turns as there are that many bytes for, whatever the block says, so no place passes the end. A
//! turn with more literals looks first whether there are bytes for these and for all turns behind it. For
//! the page, a turn begins at [`START_MAX`] at the latest; 16 literals and a short match fit behind that, and
//! where more is written, its end is checked. A match begins behind its source, which is in the page.
#![expect(
    unsafe_code,
    reason = "with checks in every turn of the loop before this one a load took 2.00 us, without 1.76"
)]

use core::hint::black_box;

use super::decoder::{Block, Place};
use super::token::{FAR, NOWHERE, PREVIOUS, TABLES, Tables};
use crate::{PAGE_SIZE, PageBytes};

/// Most operands of a turn: two of an offset and one for each length.
const OPERANDS: usize = 4;

/// Literals that are copied at once, and most of a turn that does not count them.
const COPIED: usize = 16;

/// A match of up to this many bytes is copied without a look at its length.
const SHORT_MATCH: usize = 24;

/// Offsets below a word's size: the match repeats bytes that it has just written.
const WORD: usize = 8;

/// Where a turn begins at the latest: 16 literals and a short match fit behind.
const START_MAX: usize = PAGE_SIZE - COPIED - SHORT_MATCH;

/// Where longer matches, and those that repeat less than a word, end at the latest: two words more are
/// written.
const END_MAX: usize = PAGE_SIZE - 2 * WORD;

/// From here on an operand says that a length goes on, or it may be that one.
const LENGTH_LONG: usize = 255;

/// Bytes that there must be behind the literals for any turn to be allowed; coded blocks are decoded to
/// a buffer that has more.
const LITERALS_AHEAD_MIN: usize = 2 * COPIED;

/// Where the turns are.
#[derive(Clone, Copy)]
struct Cursor {
    operand: *const u8,
    literal: *const u8,
    token: *const u8,
    /// The next byte of the page.
    target: *mut u8,
}

/// What does not move.
#[derive(Clone, Copy)]
struct Limits {
    /// The end of all bytes that may be read.
    end: *const u8,
    /// Behind the last token of the turns that are allowed.
    tokens: *const u8,
    /// The start of the page.
    page: *mut u8,
    /// Where a turn begins at the latest.
    start: *mut u8,
    tables: &'static Tables,
    /// [`COPIED`], which the compiler must not know: it would unroll loops that end soon.
    step: usize,
}

/// By kind: both offsets that can be repeated, nothing for the others; and room for what is dropped.
type Recent = [usize; 5];

const _: () = {
    let mut token = 0;
    while token < 256 {
        let entry = &TABLES.tokens[token];
        assert!(entry.kind as usize <= FAR, "there are four kinds");
        assert!(entry.slot as usize == PREVIOUS || entry.slot == NOWHERE, "these are the slots");
        assert!(entry.operands as usize <= OPERANDS && entry.offset_bytes <= 2, "as many operands");
        assert!(entry.short_mask < 256, "there are as many short offsets");
        assert!(entry.literals as usize <= COPIED && entry.length as usize <= SHORT_MATCH);
        token += 1;
    }
    assert!(
        FAR < NOWHERE as usize && (NOWHERE as usize) < size_of::<Recent>() / size_of::<usize>()
    );
};

/// Decodes sequences of `block` while that is easy.
#[inline(never)]
pub(super) fn quick(block: &Block<'_>, page: &mut PageBytes, place: &mut Place) {
    let at = |place: usize| block.bytes.get(place..).map(<[u8]>::as_ptr);
    // Then no offset leads below zero, and a source is told from a place before the page by one comparison.
    if page.as_ptr().addr() < PAGE_SIZE {
        return;
    }
    let places = [at(place.operand), at(place.literal), at(place.token), at(block.end)];
    let ([Some(operand), Some(literal), Some(token), Some(tokens_end)], false) =
        (places, place.operand == 0)
    else {
        return;
    };
    let mut limits = Limits {
        end: block.bytes.as_ptr_range().end,
        tokens: token,
        page: page.as_mut_ptr(),
        start: page.as_mut_ptr().wrapping_add(START_MAX),
        tables: black_box(&TABLES),
        step: black_box(COPIED),
    };
    let first = Cursor { operand, literal, token, target: limits.page.wrapping_add(place.filled) };
    let mut cursor = first;
    let mut recent: Recent = [place.last, place.previous, 0, 0, 0];
    loop {
        let tokens = tokens_end.addr() - cursor.token.addr();
        let count = tokens.min(turns_ahead(&cursor, limits.end));
        limits.tokens = black_box(cursor.token.wrapping_add(count));
        let mut is_easy = count > 0;
        while is_easy && cursor.token != limits.tokens {
            is_easy = turn(&mut cursor, &limits, &mut recent);
        }
        if !is_easy {
            break;
        }
    }
    place.operand += cursor.operand.addr() - first.operand.addr();
    place.literal += cursor.literal.addr() - first.literal.addr();
    place.token += cursor.token.addr() - first.token.addr();
    place.filled = cursor.target.addr() - limits.page.addr();
    [place.last, place.previous, ..] = recent;
}

/// Returns how many turns there are bytes for; each may use some of the literals that the next one
/// reads.
#[inline(always)]
fn turns_ahead(cursor: &Cursor, end: *const u8) -> usize {
    let literals = end.addr() - cursor.literal.addr();
    let operands = end.addr() - cursor.operand.addr();
    (literals.saturating_sub(LITERALS_AHEAD_MIN) / COPIED).min(operands / OPERANDS)
}

/// Decodes one sequence, or says that it is not easy.
#[inline(always)]
fn turn(cursor: &mut Cursor, limits: &Limits, recent: &mut Recent) -> bool {
    let Cursor { operand, literal, token, target } = *cursor;
    if target > limits.start {
        return false;
    }
    // SAFETY: turns are allowed while there are tokens.
    let [value] = unsafe { read(token) };
    let token = &limits.tables.tokens[usize::from(value)];
    // SAFETY: a turn has OPERANDS ahead: see the header.
    let first = u16::from_le_bytes(unsafe { read(operand) });
    // SAFETY: likewise.
    let [more] = unsafe { read(operand.wrapping_add(usize::from(token.offset_bytes))) };
    // SAFETY: and COPIED literals.
    let bytes: [u8; COPIED] = unsafe { read(literal) };
    // SAFETY: `target` was checked.
    unsafe { write(target, bytes) };
    let literals = (u32::from(more) & token.literals_mask) + token.literals;
    let literals = literals as usize;
    let code = (u32::from(first) & token.short_mask) as usize;
    // SAFETY: a mask of short codes leaves a byte: see the assertion above.
    let short = unsafe { *limits.tables.short_offsets.get_unchecked(code) };
    // SAFETY: a kind is at most FAR: see the assertion above.
    let repeated = unsafe { *recent.get_unchecked(usize::from(token.kind)) };
    let offset = (u32::from(short) | u32::from(first) & token.far_mask) as usize | repeated;
    if literals > COPIED && !copy_literals(cursor, limits, literals) {
        return false;
    }
    let behind = operand.wrapping_add(usize::from(token.operands));
    // SAFETY: the last operand of the turn, or the byte before it.
    let [more] = unsafe { read(behind.wrapping_sub(1)) };
    let bits = u32::from(first) >> 12 & token.length_bits;
    let length = ((u32::from(more) & token.length_mask) + token.length + bits) as usize;
    let start = target.wrapping_add(literals);
    if !copy_match(limits, start, offset, length) {
        return false;
    }
    let last = recent[0];
    // SAFETY: a slot is PREVIOUS or NOWHERE.
    let slot = unsafe { recent.get_unchecked_mut(usize::from(token.slot)) };
    *slot = last;
    recent[0] = offset;
    *cursor = Cursor {
        operand: behind,
        literal: literal.wrapping_add(literals),
        token: cursor.token.wrapping_add(1),
        target: start.wrapping_add(length),
    };
    true
}

/// Copies the literals of a turn that has more than [`COPIED`], all but these, and says whether that was
/// possible.
#[inline(always)]
fn copy_literals(cursor: &Cursor, limits: &Limits, count: usize) -> bool {
    let turns = limits.tokens.addr() - cursor.token.addr();
    let ahead = limits.end.addr() - cursor.literal.addr();
    let end = cursor.target.addr() - limits.page.addr() + count;
    // The other turns find what they would have found, and so does this one's last piece.
    if count >= LENGTH_LONG || ahead < count + COPIED * (turns + 1) || end > START_MAX {
        return false;
    }
    let mut done = COPIED;
    while done < count {
        // SAFETY: less than COPIED bytes behind `count` end before what is ahead.
        let bytes: [u8; COPIED] = unsafe { read(cursor.literal.wrapping_add(done)) };
        // SAFETY: this piece ends less than COPIED behind `end`, which was checked.
        unsafe { write(cursor.target.wrapping_add(done), bytes) };
        done += limits.step;
    }
    true
}

/// Copies a match to `start`, which is COPIED behind [`START_MAX`] at most, and says whether that was
/// possible.
#[inline(always)]
fn copy_match(limits: &Limits, start: *mut u8, offset: usize, length: usize) -> bool {
    let from = start.wrapping_sub(offset).cast_const();
    if from < limits.page.cast_const() {
        return false;
    }
    if offset < WORD {
        return repeat(limits, start, offset, length);
    }
    for done in [0, WORD, 2 * WORD] {
        // SAFETY: SHORT_MATCH bytes fit behind `start`, and `from` is in the page and a word or more before.
        unsafe { copy_word(from.wrapping_add(done), start.wrapping_add(done)) };
    }
    if length > SHORT_MATCH {
        let filled = start.addr() - limits.page.addr();
        if length >= LENGTH_LONG || filled + length > END_MAX {
            return false;
        }
        let mut done = SHORT_MATCH;
        while done < length {
            for done in [done, done + WORD] {
                // SAFETY: as above, and two words fit behind the last byte of the match.
                unsafe { copy_word(from.wrapping_add(done), start.wrapping_add(done)) };
            }
            done += limits.step;
        }
    }
    true
}

/// Repeats the last `offset` bytes of the page, fewer than a word, and says whether that was possible.
#[inline(always)]
fn repeat(limits: &Limits, start: *mut u8, offset: usize, length: usize) -> bool {
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
    let filled = start.addr() - limits.page.addr();
    if offset == 0 || length >= LENGTH_LONG || filled + length > END_MAX {
        return false;
    }
    let offset = offset % WORD;
    // SAFETY: `offset` is not above `filled`, and a word fits behind `start`.
    let bytes = unsafe { read(start.wrapping_sub(offset)) };
    let period = u64::from_le_bytes(bytes) & ((1 << (8 * offset)) - 1);
    let word = period.wrapping_mul(ONES[offset]).to_le_bytes();
    let stride = usize::from(STRIDES[offset]);
    let mut done = 0;
    while done < length {
        for done in [done, done + stride] {
            // SAFETY: a word's stride and a word fit behind the last byte of the match.
            unsafe { write(start.wrapping_add(done), word) };
        }
        done += 2 * stride;
    }
    true
}

/// Returns `N` bytes at a place.
///
/// # Safety
/// They must lie within the bytes that the pointer was made from.
#[inline(always)]
unsafe fn read<const N: usize>(place: *const u8) -> [u8; N] {
    // SAFETY: by the caller's promise; an array of bytes lies anywhere.
    unsafe { place.cast::<[u8; N]>().read() }
}

/// Writes bytes to the page.
///
/// # Safety
/// They must fit behind `target`.
#[inline(always)]
unsafe fn write<const N: usize>(target: *mut u8, bytes: [u8; N]) {
    // SAFETY: by the caller's promise; an array of bytes lies anywhere.
    unsafe { target.cast::<[u8; N]>().write(bytes) }
}

/// Copies a word within the page.
///
/// # Safety
/// It must fit behind `to`, and `from` must lie before that.
#[inline(always)]
unsafe fn copy_word(from: *const u8, to: *mut u8) {
    // SAFETY: a word behind `from` ends before the one behind `to`.
    let word: [u8; WORD] = unsafe { read(from) };
    // SAFETY: by the caller's promise.
    unsafe { write(to, word) }
}
