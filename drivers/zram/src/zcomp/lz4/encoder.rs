//! The encoder: one pass over the page with a table of where each 5 bytes were last seen.
//!
//! [`search`] walks until 4 bytes at the current place are also at the place that the table names;
//! [`extend`] makes the match as long as it is, [`emit`] writes the sequence. The table hashes 5 bytes where C's
//! takes 4: matches of 4 bytes gain one byte and cost as much time as any other, so fewer of them
//! are worth more than what they save. It is cleared for every page, which is cheaper than any way
//! of telling old entries from new ones. A page that does not shrink enough is given up early.
//!
//! What time goes to: the branch that ends a search cannot be predicted, so every sequence costs a
//! misprediction or two; hence as few branches as possible between one search and the next.

use super::{LITERALS_LAST, MATCH_MIN, NIBBLE_MAX};
use crate::zcomp::COMPRESSED_MAX;
use crate::{PAGE_SIZE, PageBytes};

/// Entries of the table: 8 KiB.
const ENTRIES: usize = 4096;

/// Bytes that choose an entry.
const HASHED_BYTES: u32 = 5;

/// A prime of as many bits as there are hashed ones, as in LZ4's own 5-byte hash.
const MULTIPLIER: u64 = 889_523_592_379;

/// Pairs of places searched without a match before the step grows by one.
const PATIENCE: usize = 64;

/// Last place where a search looks, alone or as the first of a pair. The format wants a match to
/// start 12 bytes before the end; 16 let literals be copied 16 at a time.
const SEARCH_LAST: usize = PAGE_SIZE - 17;

/// Where a match ends at the latest.
const MATCH_END_MAX: usize = PAGE_SIZE - LITERALS_LAST;

/// Most bytes of one sequence without long literals: token, 16 bytes of which at most 14 are
/// literals, offset, and the length of a match of a whole page.
const SEQUENCE_MAX: usize = 1 + 16 + 2 + PAGE_SIZE / 255 + 1;

/// Most bytes ever written: a sequence starts, and long literals end, within the limit.
pub(in crate::zcomp) const WRITTEN_MAX: usize = COMPRESSED_MAX + SEQUENCE_MAX;

/// Where each hash was last seen in the page.
pub(in crate::zcomp) struct Table([u16; ENTRIES]);

/// Bytes of the page that are also found earlier in it.
#[derive(Clone, Copy)]
struct Match {
    start: usize,
    end: usize,
    offset: usize,
}

impl Table {
    pub(in crate::zcomp) const fn new() -> Self {
        Self([0; ENTRIES])
    }
}

/// Compresses `page` and returns the bytes used, or nothing if it takes more than
/// [`COMPRESSED_MAX`]; `output` then holds anything.
pub(in crate::zcomp) fn compress(
    table: &mut Table,
    page: &PageBytes,
    output: &mut [u8; WRITTEN_MAX],
) -> Option<usize> {
    table.0.fill(0);
    let (mut anchor, mut used) = (0, 0);
    // A clear table names place 0 for everything, so nothing is looked for there.
    let mut from = 1;
    while let Some(found) = search(table, page, from) {
        used = emit(page, anchor, found, output, used)?;
        anchor = found.end;
        from = found.end;
    }
    finish(page, anchor, output, used)
}

/// Returns the next match that starts at `from` or later.
#[inline(always)]
fn search(table: &mut Table, page: &PageBytes, from: usize) -> Option<Match> {
    let mut at = from;
    let mut patience = PATIENCE;
    while at <= SEARCH_LAST {
        let word = word(page, at);
        if let Some(candidate) = probe(table, page, at, word) {
            return Some(extend(page, at, candidate));
        }
        // 7 of the 8 bytes are left, which is enough for a hash.
        if let Some(candidate) = probe(table, page, at + 1, word >> 8) {
            return Some(extend(page, at + 1, candidate));
        }
        at += 1 + patience / PATIENCE;
        patience += 1;
    }
    None
}

/// Puts `at` into the table and returns the place it takes the entry of, if the same 4 bytes are
/// there.
#[inline(always)]
fn probe(table: &mut Table, page: &PageBytes, at: usize, word: u64) -> Option<usize> {
    let hash = (word << (64 - 8 * HASHED_BYTES)).wrapping_mul(MULTIPLIER);
    let entry = &mut table.0[(hash >> (64 - ENTRIES.trailing_zeros())) as usize];
    let candidate = usize::from(*entry);
    *entry = at as u16;
    let bytes = page.get(candidate..candidate + 4)?;
    (bytes == (word as u32).to_le_bytes()).then_some(candidate)
}

/// Returns how far the bytes at `start` and at `candidate`, 4 of which are known to, agree.
#[inline(always)]
fn extend(page: &PageBytes, start: usize, candidate: usize) -> Match {
    let offset = start - candidate;
    let end = start + MATCH_MIN;
    let differs = word(page, end) ^ word(page, candidate + MATCH_MIN);
    let end = if differs != 0 && end <= MATCH_END_MAX - 8 {
        end + differs.trailing_zeros() as usize / 8
    } else {
        extend_far(page, end, offset)
    };
    Match { start, end, offset }
}

/// Returns where the bytes from `end` on and those `offset` before cease to agree.
#[inline(always)]
fn extend_far(page: &PageBytes, mut end: usize, offset: usize) -> usize {
    while end <= MATCH_END_MAX - 8 {
        let differs = word(page, end) ^ word(page, end - offset);
        end += differs.trailing_zeros() as usize / 8;
        if differs != 0 {
            return end;
        }
    }
    extend_bytes(page, end, offset)
}

/// The same where no word is left to be read.
#[cold]
#[inline(never)]
fn extend_bytes(page: &PageBytes, mut end: usize, offset: usize) -> usize {
    while end < MATCH_END_MAX && page[end] == page[end - offset] {
        end += 1;
    }
    end
}

/// Writes the literals from `anchor` on and the match behind them.
#[inline(always)]
fn emit(
    page: &PageBytes,
    anchor: usize,
    found: Match,
    output: &mut [u8; WRITTEN_MAX],
    used: usize,
) -> Option<usize> {
    let literals = found.start - anchor;
    let length = found.end - found.start - MATCH_MIN;
    let nibble = length.min(NIBBLE_MAX);
    let offset = (found.offset as u16).to_le_bytes();
    let mut used = used;
    if literals < NIBBLE_MAX {
        let place = output.get_mut(used..)?.first_chunk_mut::<20>()?;
        place[0] = (literals << 4 | nibble) as u8;
        place[1..17].copy_from_slice(page.get(anchor..)?.first_chunk::<16>()?);
        place[1 + literals..3 + literals].copy_from_slice(&offset);
        used += 3 + literals;
    } else {
        used = long_literals(&page[anchor..found.start], output, used, nibble)?;
        output.get_mut(used..used + 2)?.copy_from_slice(&offset);
        used += 2;
    }
    // Written in any case and counted only if it is there: cheaper than to foresee which.
    *output.get_mut(used)? = length.wrapping_sub(NIBBLE_MAX) as u8;
    used += usize::from(length >= NIBBLE_MAX);
    if length >= NIBBLE_MAX + 255 {
        used = rest_of_length(length - NIBBLE_MAX, output, used - 1)?;
    }
    (used <= COMPRESSED_MAX).then_some(used)
}

/// Writes a token of 15 or more literals, with the nibble of the match, and the literals.
#[inline(never)]
fn long_literals(
    literals: &[u8],
    output: &mut [u8; WRITTEN_MAX],
    used: usize,
    nibble: usize,
) -> Option<usize> {
    *output.get_mut(used)? = (NIBBLE_MAX << 4 | nibble) as u8;
    let used = rest_of_length(literals.len() - NIBBLE_MAX, output, used + 1)?;
    let end = used + literals.len();
    if end > COMPRESSED_MAX {
        return None;
    }
    output[used..end].copy_from_slice(literals);
    Some(end)
}

/// Writes what a nibble of 15 leaves of a length.
fn rest_of_length(mut rest: usize, output: &mut [u8; WRITTEN_MAX], used: usize) -> Option<usize> {
    let mut places = output.get_mut(used..)?.iter_mut();
    let mut written = 1;
    while rest >= 255 {
        *places.next()? = 255;
        rest -= 255;
        written += 1;
    }
    *places.next()? = rest as u8;
    Some(used + written)
}

/// Writes the last sequence: literals alone.
fn finish(
    page: &PageBytes,
    anchor: usize,
    output: &mut [u8; WRITTEN_MAX],
    used: usize,
) -> Option<usize> {
    let literals = &page[anchor..];
    if literals.len() >= NIBBLE_MAX {
        return long_literals(literals, output, used, 0);
    }
    let end = used + 1 + literals.len();
    if end > COMPRESSED_MAX {
        return None;
    }
    output[used] = (literals.len() << 4) as u8;
    output[used + 1..end].copy_from_slice(literals);
    Some(end)
}

/// Returns 8 bytes as a number whose low byte is the first one.
#[inline(always)]
fn word(page: &PageBytes, at: usize) -> u64 {
    u64::from_le_bytes(*page[at..].first_chunk().expect("a word lies within the page"))
}
