//! The encoder: one pass over the page with a table of where each group of bytes was last seen.
//!
//! [`search`] walks until 4 bytes at the current place are also at the place that the table
//! names; [`extend`] makes the match as long as it is, [`emit`] writes the sequence. The table is
//! cleared for every page, which is cheaper than any way of telling old entries from new ones. A page
//! that does not shrink enough is given up early.
//!
//! Two tiers differ in how many bytes choose an entry ([`Tier`]). The first takes 5 bytes, where
//! C's encoder takes 4: matches of 4 bytes gain one byte and cost as much time as any other, so
//! finding fewer of them gains more than it loses. The second takes 8 bytes, which finds only long
//! matches, fewer and sooner.
//!
//! Where the time goes: the branch that ends a search cannot be predicted, so every sequence costs
//! a misprediction or two. Hence there are as few branches as possible between one search and the
//! next, and 4 places between two checks for the end of the page.

use super::{LITERALS_LAST, MATCH_MIN, NIBBLE_MAX};
use crate::zcomp::COMPRESSED_MAX;
use crate::{PAGE_SIZE, PageBytes};

/// Entries of the table: 8 KiB.
const ENTRIES: usize = 4096;

/// Places that are looked at between two steps.
const PLACES: usize = 4;

/// Steps without a match before the step grows by one.
const PATIENCE: usize = 64;

/// Where the first of the places lies at the latest. The format wants a match to start 12 bytes
/// before the end; the last place is 17 before it, so that literals can be copied 16 at a time.
const SEARCH_LAST: usize = PAGE_SIZE - 17 - (PLACES - 1);

/// Where a match ends at the latest.
const MATCH_END_MAX: usize = PAGE_SIZE - LITERALS_LAST;

/// The table keeps a place that comes again fewer bytes later. In a row of like records the first
/// one stays the one to compare with: matches get longer, and offsets long enough to be copied by
/// words.
const NEAR: usize = 32;

/// Most bytes of one sequence without long literals: token, 16 bytes of which at most 14 are
/// literals, offset, and the length of a match of a whole page.
const SEQUENCE_MAX: usize = 1 + 16 + 2 + PAGE_SIZE / 255 + 1;

/// Most bytes ever written: a sequence starts, and long literals end, within the limit.
pub(in crate::zcomp) const WRITTEN_MAX: usize = COMPRESSED_MAX + SEQUENCE_MAX;

/// Where each hash was seen in the page.
pub(in crate::zcomp) struct Table([u16; ENTRIES]);

/// How an entry of the table is chosen.
trait Tier {
    /// Returns what is hashed at each of the places from `at` on: words that begin with the bytes
    /// there, as many of them as the tier hashes.
    fn words(page: &PageBytes, at: usize) -> [u64; PLACES];

    /// Returns the entry for such a word.
    fn entry(word: u64) -> usize;
}

/// By 5 bytes.
struct Dense;

/// By 8 bytes.
struct Fast;

/// A place whose next 4 bytes are also found at an earlier one.
#[derive(Clone, Copy)]
struct Hit {
    at: usize,
    candidate: usize,
    entry: usize,
}

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

impl Tier for Dense {
    #[inline(always)]
    fn words(page: &PageBytes, at: usize) -> [u64; PLACES] {
        let word = word(page, at);
        [word, word >> 8, word >> 16, word >> 24]
    }

    #[inline(always)]
    fn entry(word: u64) -> usize {
        /// A prime of 5 bytes, as in LZ4's own hash.
        const MULTIPLIER: u64 = 889_523_592_379;
        top((word << 24).wrapping_mul(MULTIPLIER))
    }
}

impl Tier for Fast {
    #[inline(always)]
    fn words(page: &PageBytes, at: usize) -> [u64; PLACES] {
        core::array::from_fn(|place| word(page, at + place))
    }

    #[inline(always)]
    fn entry(word: u64) -> usize {
        /// A prime of 8 bytes, as in LZ4's own hash.
        const MULTIPLIER: u64 = 11_400_714_785_074_694_791;
        top(word.wrapping_mul(MULTIPLIER))
    }
}

/// Returns the top bits of a product, which depend on all bits of its factors.
#[inline(always)]
fn top(product: u64) -> usize {
    (product >> (u64::BITS - ENTRIES.trailing_zeros())) as usize
}

/// Compresses `page` and returns the bytes used, or nothing if it takes more than
/// [`COMPRESSED_MAX`]; `output` then holds anything. `acceleration`, from 1 on, is how far the search
/// steps over bytes that are found nowhere; from 2 on the quick tier is used.
pub(in crate::zcomp) fn compress(
    table: &mut Table,
    page: &PageBytes,
    acceleration: u32,
    output: &mut [u8; WRITTEN_MAX],
) -> Option<usize> {
    // A step of a page ends any search.
    let step = (acceleration as usize).min(PAGE_SIZE);
    match step {
        1 => compress_by::<Dense>(table, page, 1, output),
        step => compress_by::<Fast>(table, page, step, output),
    }
}

#[inline(never)]
fn compress_by<T: Tier>(
    table: &mut Table,
    page: &PageBytes,
    step: usize,
    output: &mut [u8; WRITTEN_MAX],
) -> Option<usize> {
    table.0.fill(0);
    let (mut anchor, mut used) = (0, 0);
    // A clear table names place 0 for everything, so nothing is looked for there.
    let mut from = 1;
    while let Some(hit) = search::<T>(table, page, from, step) {
        let found = extend(table, page, anchor, hit);
        used = emit(page, anchor, found, output, used)?;
        anchor = found.end;
        from = found.end;
    }
    finish(page, anchor, output, used)
}

/// Returns the next hit at `from` or later.
#[inline(always)]
fn search<T: Tier>(table: &mut Table, page: &PageBytes, from: usize, step: usize) -> Option<Hit> {
    let mut at = from;
    let mut patience = PATIENCE * step;
    while at <= SEARCH_LAST {
        for (place, word) in T::words(page, at).into_iter().enumerate() {
            if let Some(hit) = probe::<T>(table, page, at + place, word) {
                return Some(hit);
            }
        }
        at += PLACES - 1 + patience / PATIENCE;
        patience += 1;
    }
    None
}

/// Puts `at`, where `word` is, into the table and returns a hit if the place it takes the entry of
/// has the same 4 bytes.
#[inline(always)]
fn probe<T: Tier>(table: &mut Table, page: &PageBytes, at: usize, word: u64) -> Option<Hit> {
    let entry = T::entry(word);
    let candidate = usize::from(table.0[entry]);
    table.0[entry] = at as u16;
    let bytes = page.get(candidate..)?.first_chunk::<MATCH_MIN>()?;
    (*bytes == (word as u32).to_le_bytes()).then_some(Hit { at, candidate, entry })
}

/// Returns the match that a hit begins, and decides which of its two places the table keeps.
#[inline(always)]
fn extend(table: &mut Table, page: &PageBytes, anchor: usize, hit: Hit) -> Match {
    let Hit { at, candidate, entry } = hit;
    let offset = at - candidate;
    table.0[entry] = if offset < NEAR { candidate } else { at } as u16;
    let known = at + MATCH_MIN;
    let differs = word(page, known) ^ word(page, candidate + MATCH_MIN);
    let end = if differs == 0 {
        extend_far(page, known + 8, offset)
    } else {
        known + differs.trailing_zeros() as usize / 8
    };
    // Of what could be had by going backwards, one byte is two thirds.
    let is_longer = at != anchor && candidate != 0 && page[at - 1] == page[candidate - 1];
    Match { start: at - usize::from(is_longer), end, offset }
}

/// Returns where the bytes from `end` on and those `offset` before cease to agree.
#[inline(always)]
fn extend_far(page: &PageBytes, mut end: usize, offset: usize) -> usize {
    while end <= MATCH_END_MAX - 8 {
        let differs = word(page, end) ^ word(page, end - offset);
        // Only the last turn computes with what was read: the others need not wait for it.
        if differs != 0 {
            return end + differs.trailing_zeros() as usize / 8;
        }
        end += 8;
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
#[inline(never)]
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
