//! The quick loop of the decoder: it decodes as many sequences as there are surely enough bytes
//! for, then computes how many more it may decode from there.
//!
//! It copies 16 literals and 24 bytes of a match at once; the next sequence overwrites the excess.
//! It does not branch on the kind of an offset or on whether a length goes on in an operand: a
//! table gives the meaning of each token. Longer literals and matches have functions of their own,
//! so that the loop keeps its values in registers. It stops before a sequence near the end of the
//! page, and before literals whose count goes on.
//!
//! **Why it may read and write without checks.** [`Cursor`] is three places in the bytes of the
//! block and one in the page. A turn of the loop uses at most [`OPERANDS`] operands and [`COPIED`]
//! literals, and reads only these and the byte before its operands; the token gives the number of
//! operands. [`turns_ahead`] allows only as many turns as there are enough bytes for, whatever the
//! block says, so no place passes the end. A turn that uses more (literals, or operands of a length
//! that goes on) checks the end for each of these, and is then the last turn before turns are
//! counted again. As to the page, a turn begins at [`START_MAX`] at the latest; 16 literals and a
//! short match fit behind that, and a turn that writes more checks its end. A match begins behind
//! its source, which is in the page.
//!
//! **Why damage may be reported at once.** A turn that finds an offset of 0, an offset to before
//! the page, or a match that ends behind the page, has read either what the block says or bytes
//! behind the end of a stream; both are damage.
#![expect(
    unsafe_code,
    reason = "with checks in every turn of the loop before this one a load took 2.00 us, without 1.76"
)]

use core::hint::black_box;

use super::decoder::{Block, Place};
use super::token::{FAR, NOWHERE, PREVIOUS, TABLES, Tables, WORD};
use crate::zcomp::Damaged;
use crate::{PAGE_SIZE, PageBytes};

/// Most operands of a turn: two of an offset and one for each length.
const OPERANDS: usize = 4;

/// Literals that are copied at once, and most of a turn that does not count them.
const COPIED: usize = 16;

/// A match of up to this many bytes is copied without a look at its length.
const SHORT_MATCH: usize = 24;

/// A longer match of up to this many bytes is copied without a loop, if it does not repeat less than a word.
const MIDDLE_MATCH: usize = 64;

/// Where a turn begins at the latest: a middle match fits behind, or 16 literals and a short one.
const START_MAX: usize = PAGE_SIZE - MIDDLE_MATCH;

const _: () = assert!(COPIED + SHORT_MATCH <= MIDDLE_MATCH, "they fit behind the last start");

/// Bytes of a longer match that are copied at once.
const PIECE: usize = 16;

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
    /// Behind the last token of the turns that are allowed.
    until: *const u8,
    /// The next byte of the page.
    target: *mut u8,
}

/// What does not move.
#[derive(Clone, Copy)]
struct Limits {
    /// The end of all bytes that may be read.
    end: *const u8,
    /// The start of the page.
    page: *mut u8,
    /// Where a turn begins at the latest.
    start: *mut u8,
    tables: &'static Tables,
}

/// What a match repeats, and for how many bytes.
struct Match {
    offset: usize,
    length: usize,
}

/// The rest of a match's length: whether it goes on in further operands, and where.
struct Rest {
    operand: *const u8,
    goes_on: bool,
}

/// Where a long match ends.
struct Ended {
    /// Behind its operands.
    operand: *const u8,
    /// Behind its bytes in the page.
    target: *mut u8,
}

/// What comes after a turn.
enum Step {
    /// The next one.
    Turn,
    /// This sequence, with more care; nothing of it was done.
    Careful,
    /// Nothing: the block is damaged.
    Damaged,
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
///
/// # Errors
/// [`Damaged`]; the place is then any.
#[inline(never)]
pub(super) fn quick(
    block: &Block<'_>,
    page: &mut PageBytes,
    place: &mut Place,
) -> Result<(), Damaged> {
    let at = |place: usize| block.bytes.get(place..).map(<[u8]>::as_ptr);
    let places = [at(place.operand), at(place.literal), at(place.token), at(block.end)];
    let [Some(operand), Some(literal), Some(token), Some(tokens_end)] = places else {
        return Ok(());
    };
    // Then no offset leads below zero, and a source is told from a place before the page by one comparison.
    if place.operand == 0 || page.as_ptr().addr() < PAGE_SIZE {
        return Ok(());
    }
    let limits = Limits {
        end: block.bytes.as_ptr_range().end,
        page: page.as_mut_ptr(),
        start: page.as_mut_ptr().wrapping_add(START_MAX),
        tables: black_box(&TABLES),
    };
    let target = limits.page.wrapping_add(place.filled);
    let first = Cursor { operand, literal, token, until: token, target };
    let mut cursor = first;
    let mut recent: Recent = [place.last, place.previous, 0, 0, 0];
    let mut step = Step::Turn;
    while matches!(step, Step::Turn) {
        let tokens = tokens_end.addr() - cursor.token.addr();
        let count = tokens.min(turns_ahead(&cursor, limits.end));
        if count == 0 {
            break;
        }
        cursor.until = black_box(cursor.token.wrapping_add(count));
        while matches!(step, Step::Turn) && cursor.token != cursor.until {
            step = turn(&mut cursor, &limits, &mut recent);
        }
    }
    place.operand += cursor.operand.addr() - first.operand.addr();
    place.literal += cursor.literal.addr() - first.literal.addr();
    place.token += cursor.token.addr() - first.token.addr();
    place.filled = cursor.target.addr() - limits.page.addr();
    [place.last, place.previous, ..] = recent;
    if matches!(step, Step::Damaged) { Err(Damaged) } else { Ok(()) }
}

impl Cursor {
    /// Says whether a turn finds what it reads without a look: for tests, as the header has it.
    fn has_a_turn(&self, limits: &Limits) -> bool {
        let ahead = |place: *const u8| limits.end.addr() - place.addr();
        self.token < self.until
            && ahead(self.operand) >= OPERANDS
            && ahead(self.literal) >= COPIED
            && self.target >= limits.page
    }
}

/// Returns how many turns there are bytes for; each may use some of the literals that the next one
/// reads.
#[inline(always)]
fn turns_ahead(cursor: &Cursor, end: *const u8) -> usize {
    let literals = end.addr() - cursor.literal.addr();
    let operands = end.addr() - cursor.operand.addr();
    (literals.saturating_sub(LITERALS_AHEAD_MIN) / COPIED).min(operands / OPERANDS)
}

/// Decodes one sequence.
#[inline(always)]
fn turn(cursor: &mut Cursor, limits: &Limits, recent: &mut Recent) -> Step {
    let Cursor { operand, literal, token, target, .. } = *cursor;
    if target > limits.start {
        return Step::Careful;
    }
    debug_assert!(cursor.has_a_turn(limits), "a turn is allowed if there are bytes for it");
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
    if literals > COPIED {
        if !long_literals(limits, literal, target, literals) {
            return Step::Careful;
        }
        cursor.until = cursor.token.wrapping_add(1);
    }
    let code = (u32::from(first) & token.short_mask) as usize;
    // SAFETY: a mask of short codes leaves a byte: see the assertion above.
    let short = unsafe { *limits.tables.short_offsets.get_unchecked(code) };
    // SAFETY: a kind is at most FAR: see the assertion above.
    let repeated = unsafe { *recent.get_unchecked(usize::from(token.kind)) };
    let offset = (u32::from(short) | u32::from(first) & token.far_mask) as usize | repeated;
    let behind = operand.wrapping_add(usize::from(token.operands));
    // SAFETY: the last operand of the turn, or the byte before it.
    let [more] = unsafe { read(behind.wrapping_sub(1)) };
    let bits = u32::from(first) >> 12 & token.length_bits;
    let more = u32::from(more) & token.length_mask;
    let length = (more + token.length + bits) as usize;
    let last = recent[0];
    // SAFETY: a slot is PREVIOUS or NOWHERE.
    let slot = unsafe { recent.get_unchecked_mut(usize::from(token.slot)) };
    *slot = last;
    recent[0] = offset;
    let start = target.wrapping_add(literals);
    cursor.literal = literal.wrapping_add(literals);
    cursor.token = cursor.token.wrapping_add(1);
    cursor.operand = behind;
    cursor.target = start.wrapping_add(length);
    if !copy_match(limits, start, offset) {
        return Step::Damaged;
    }
    if length > SHORT_MATCH && length <= MIDDLE_MATCH && offset >= WORD && start <= limits.start {
        for word in SHORT_MATCH / WORD..MIDDLE_MATCH / WORD {
            let to = start.wrapping_add(word * WORD);
            // SAFETY: MIDDLE_MATCH bytes fit behind the last start, and the source is in the page.
            unsafe { copy::<WORD>(to.wrapping_sub(offset), to) };
        }
    } else if length > SHORT_MATCH {
        let goes_on = more == LENGTH_LONG as u32;
        let found = Match { offset, length };
        let rest = Rest { operand: behind, goes_on };
        let Some(ended) = long_match(limits, start, found, rest) else {
            return Step::Damaged;
        };
        if ended.operand != behind {
            cursor.until = cursor.token;
        }
        (cursor.operand, cursor.target) = (ended.operand, ended.target);
    }
    Step::Turn
}

/// Copies the literals of a turn that has more than [`COPIED`], all but these, and says whether that was
/// possible: whether the block has so many, and a short match fits behind.
#[cold]
#[inline(never)]
fn long_literals(limits: &Limits, literal: *const u8, target: *mut u8, count: usize) -> bool {
    let end = target.addr() - limits.page.addr() + count;
    let ahead = limits.end.addr() - literal.addr();
    if count >= LENGTH_LONG || count > ahead || end > START_MAX + COPIED {
        return false;
    }
    let mut done = COPIED;
    while done < count {
        // The last piece ends where the literals end, and is partly copied twice.
        let at = done.min(count - COPIED);
        // SAFETY: COPIED bytes of the `count` that are ahead.
        let bytes: [u8; COPIED] = unsafe { read(literal.wrapping_add(at)) };
        // SAFETY: they end with the literals, which was checked.
        unsafe { write(target.wrapping_add(at), bytes) };
        done += COPIED;
    }
    true
}

/// Copies the first [`SHORT_MATCH`] bytes of a match to `start`, which is COPIED behind [`START_MAX`] at
/// most, and says whether there is such an offset.
#[inline(always)]
fn copy_match(limits: &Limits, start: *mut u8, offset: usize) -> bool {
    let from = start.wrapping_sub(offset).cast_const();
    if from < limits.page.cast_const() {
        return false;
    }
    if offset < WORD {
        return offset != 0 && repeat(limits, start, offset);
    }
    for done in [0, WORD, 2 * WORD] {
        // SAFETY: SHORT_MATCH bytes fit behind `start`, and `from` is in the page and a word or more before.
        unsafe { copy::<WORD>(from.wrapping_add(done), start.wrapping_add(done)) };
    }
    true
}

/// Repeats the last `offset` bytes of the page, fewer than a word, for [`SHORT_MATCH`] bytes. They are in
/// the page, and so many bytes fit behind `start`.
#[inline(always)]
fn repeat(limits: &Limits, start: *mut u8, offset: usize) -> bool {
    let period = &limits.tables.periods[offset % WORD];
    // SAFETY: the offset leads into the page, and a word fits behind `start`.
    let word = u64::from_le_bytes(unsafe { read(start.wrapping_sub(offset)) });
    let word = (word & period.mask).wrapping_mul(period.ones);
    // SAFETY: a word fits behind `start`.
    unsafe { write(start, word.to_le_bytes()) };
    for to in [WORD, 2 * WORD] {
        let to = start.wrapping_add(to);
        // SAFETY: SHORT_MATCH bytes fit behind `start`, and `back` is a word or more and leads behind the
        // first byte that is repeated.
        unsafe { copy::<WORD>(to.wrapping_sub(period.back), to) };
    }
    true
}

/// Copies the rest of a match of more than [`SHORT_MATCH`] bytes, and returns where it ends, or nothing if
/// that is not within the page.
#[cold]
#[inline(never)]
fn long_match(
    limits: &Limits,
    start: *mut u8,
    Match { offset, mut length }: Match,
    Rest { mut operand, mut goes_on }: Rest,
) -> Option<Ended> {
    while goes_on && length <= PAGE_SIZE && operand != limits.end {
        // SAFETY: it is not at the end yet.
        let [more] = unsafe { read(operand) };
        operand = operand.wrapping_add(1);
        length += usize::from(more);
        goes_on = usize::from(more) == LENGTH_LONG;
    }
    let room = PAGE_SIZE - (start.addr() - limits.page.addr());
    if goes_on || length > room {
        return None;
    }
    let next = start.wrapping_add(length);
    if length < 2 * PIECE {
        let back = if offset < WORD { limits.tables.periods[offset].back } else { offset };
        let last = next.wrapping_sub(WORD);
        // SAFETY: it is the match's last word, behind what is copied, which lies behind the first byte
        // that is repeated: `back` is at most 14 then.
        unsafe { copy::<WORD>(last.wrapping_sub(back), last) };
    } else if offset <= PIECE {
        fill(start, next, offset);
    } else {
        copy_far(start, next, offset);
    }
    Some(Ended { operand, target: next })
}

/// Repeats the `offset` bytes before `start`, [`PIECE`] at most, up to `next`; the first
/// [`SHORT_MATCH`] bytes are there, two pieces or more are wanted.
#[inline(always)]
fn fill(start: *mut u8, next: *mut u8, offset: usize) {
    /// By offset: the largest multiple that is not above [`PIECE`].
    const STRIDES: [u8; PIECE + 1] =
        [16, 16, 16, 15, 16, 15, 12, 14, 16, 9, 10, 11, 12, 13, 14, 15, 16];
    let stride = usize::from(STRIDES[offset]);
    // SAFETY: it was just written.
    let piece: [u8; PIECE] = unsafe { read(start) };
    let last = next.wrapping_sub(PIECE);
    let mut at = start.wrapping_add(stride);
    while at < last {
        // SAFETY: a piece fits behind `last`.
        unsafe { write(at, piece) };
        at = at.wrapping_add(stride);
    }
    // SAFETY: likewise; a stride before `last` is not before `start`.
    unsafe { copy::<PIECE>(last.wrapping_sub(stride), last) };
}

/// Copies what lies `offset` before, more than [`PIECE`], from a piece behind `start` up to `next`; the
/// first [`SHORT_MATCH`] bytes are there, two pieces or more are wanted.
///
/// What was just written is slow to read back in other pieces. So with every `offset` bytes that are
/// copied, twice as many are there, and are copied next from twice as far.
#[inline(always)]
fn copy_far(start: *mut u8, next: *mut u8, offset: usize) {
    let last = next.wrapping_sub(PIECE);
    let mut at = start.wrapping_add(PIECE);
    let mut far = offset;
    while at < last {
        let stop = last.min(at.wrapping_add(far));
        while at < stop {
            // SAFETY: a piece fits behind `last`; `far` is a multiple of the offset that leads behind the
            // first byte of the source, which is in the page.
            unsafe { copy::<PIECE>(at.wrapping_sub(far), at) };
            at = at.wrapping_add(PIECE);
        }
        far *= 2;
    }
    // SAFETY: likewise.
    unsafe { copy::<PIECE>(last.wrapping_sub(offset), last) };
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

/// Copies `N` bytes within the page; where they overlap, all are read before any is written.
///
/// # Safety
/// They must fit behind `to`, and `from` must lie in the page, before that.
#[inline(always)]
unsafe fn copy<const N: usize>(from: *const u8, to: *mut u8) {
    // SAFETY: `N` bytes behind `from` end before those behind `to`.
    let bytes: [u8; N] = unsafe { read(from) };
    // SAFETY: by the caller's promise.
    unsafe { write(to, bytes) }
}
