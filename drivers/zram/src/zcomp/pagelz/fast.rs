//! The fast parse: takes the first match that a table of places gives, and after it the repeats of
//! one of the last two offsets.
//!
//! It is the search of [`lz4`](super::super::lz4) with two differences. At level 1 only even places
//! are looked at, because what repeats in memory is aligned; a match found is made longer by a byte
//! backwards. And after each match 8 bytes are compared with those at both last offsets: a repeat of
//! 3 bytes after up to 2 literals costs a token alone. Repeats farther off or shorter are left out on
//! purpose: they take the place of longer matches. So do many short ones in a row, where bytes repeat at a
//! distance that is not among the last two: after eight of them the table is asked again.

use core::hint::select_unpredictable;

use super::streams::{Counts, Parse, Sequence, Streams};
use super::token::{FAR, LAST, LENGTH_MIN, PREVIOUS, SHORT, short_code};
use super::{FIRST_OFFSET, PLAIN_LEVEL_MAX, coded};
use crate::zcomp::OUTPUT_MAX;
use crate::{PAGE_SIZE, PageBytes};

/// Entries of the table: 8 KiB.
const ENTRIES: usize = 4096;
/// Places that are looked at between two steps.
const PLACES: usize = 4;
/// Steps without a match before the step grows by one.
const PATIENCE: usize = 64;
/// Where the first of the places lies at the latest: words can be read at all of them, 16 literals be
/// copied at once, and a match found there starts within the page.
const SEARCH_LAST: usize = PAGE_SIZE - 32;
/// The table keeps a place that comes again fewer bytes later: matches get longer.
const NEAR: usize = 32;
/// Bytes that the table is asked for, at least.
const FOUND_MIN: usize = 4;
/// Bytes that a repeat has at least.
const REPEAT_MIN: usize = 3;

/// So many words of a match are compared one by one, most matches end there; longer ones by pieces.
const NEAR_WORDS: usize = 8;
/// Bytes that are compared at once behind these.
const PIECE: usize = 32;

/// A repeat of fewer bytes is a short one.
const REPEAT_LONG: usize = 12;
/// After so many short repeats in a row the table is asked: it may know a longer match.
const SHORT_REPEATS_MAX: usize = 8;

/// What the fast parse works on.
pub(in crate::zcomp) struct Fast {
    table: [u16; ENTRIES],
    streams: Streams,
}

/// A place whose next bytes are also found at an earlier one.
#[derive(Clone, Copy)]
struct Hit {
    at: usize,
    candidate: usize,
    entry: usize,
}

/// Literals behind which the bytes at a recent offset come again.
#[derive(Clone, Copy)]
struct Repeat {
    literals: usize,
    /// Whether the offset is the one before the last.
    is_previous: bool,
}

/// The offsets that can be repeated.
#[derive(Clone, Copy)]
struct Recent {
    last: usize,
    previous: usize,
}

/// How far the parse is.
#[derive(Clone, Copy)]
struct Parsed {
    /// Where the last match ends.
    end: usize,
    counts: Counts,
    recent: Recent,
}

impl Fast {
    pub(in crate::zcomp) const fn new() -> Self {
        Self { table: [0; ENTRIES], streams: Streams::new() }
    }

    /// Compresses `page` and returns the bytes used, or nothing if it does not shrink by an eighth.
    /// Level 1 looks at even places, others at all.
    pub(in crate::zcomp) fn compress(
        &mut self,
        page: &PageBytes,
        level: i32,
        output: &mut [u8; OUTPUT_MAX],
    ) -> Option<usize> {
        self.table.fill(0);
        let parse = if level == 1 { self.parse::<2>(page) } else { self.parse::<1>(page) };
        if level > PLAIN_LEVEL_MAX {
            return coded::finish(&mut self.streams, page, parse, output);
        }
        self.streams.finish(page, parse, output)
    }

    /// Fills the streams.
    #[inline(never)]
    fn parse<const STEP: usize>(&mut self, page: &PageBytes) -> Parse {
        let recent = Recent { last: FIRST_OFFSET, previous: FIRST_OFFSET };
        let mut parsed = Parsed { end: 0, counts: Counts::default(), recent };
        // A clear table names place 0 for everything, so nothing is looked for there.
        let mut from = 1;
        while let Some(hit) = search::<STEP>(&mut self.table, page, from) {
            parsed = self.take(page, hit, parsed);
            let mut short = 0;
            while short < SHORT_REPEATS_MAX
                && parsed.end <= SEARCH_LAST
                && let Some(found) = repeat(page, parsed.end, parsed.recent)
            {
                let before = parsed.end;
                parsed = self.take_repeat(page, found, parsed);
                short = if parsed.end - before < REPEAT_LONG { short + 1 } else { 0 };
            }
            from = parsed.end;
        }
        Parse { anchor: parsed.end, counts: parsed.counts }
    }

    /// Adds the sequence that ends with the match of a hit.
    #[inline(always)]
    fn take(&mut self, page: &PageBytes, hit: Hit, parsed: Parsed) -> Parsed {
        let Hit { at, candidate, entry } = hit;
        let Parsed { end: anchor, counts, recent } = parsed;
        let offset = at - candidate;
        self.table[entry] = if offset < NEAR { candidate } else { at } as u16;
        let end = extend(page, at + FOUND_MIN, offset);
        let is_longer = at != anchor && candidate != 0 && page[at - 1] == page[candidate - 1];
        let start = at - usize::from(is_longer);
        let code = short_code(offset);
        let is_last = offset == recent.last && start > anchor;
        let kind = select_unpredictable(code < 256, SHORT, FAR);
        let kind = select_unpredictable(offset == recent.previous, PREVIOUS, kind);
        let kind = select_unpredictable(is_last, LAST, kind);
        let sequence = Sequence {
            start: anchor,
            literals: start - anchor,
            length: end - start,
            kind,
            operand: select_unpredictable(code < 256, code, offset),
        };
        let counts = self.streams.push(page, sequence, counts);
        let previous = select_unpredictable(is_last, recent.previous, recent.last);
        Parsed { end, counts, recent: Recent { last: offset, previous } }
    }

    /// Adds the sequence whose match repeats an offset after some literals.
    #[inline(always)]
    fn take_repeat(
        &mut self,
        page: &PageBytes,
        Repeat { literals, is_previous }: Repeat,
        parsed: Parsed,
    ) -> Parsed {
        let Parsed { end: anchor, counts, recent } = parsed;
        let offset = select_unpredictable(is_previous, recent.previous, recent.last);
        let start = anchor + literals;
        let end = extend(page, start + REPEAT_MIN, offset);
        // Row 5 has no literal; row 0 has one, so row -1 would have none.
        let row = select_unpredictable(is_previous, 0x50_u8, 0xf0);
        let half = row.wrapping_add((literals << 4) as u8);
        let word = word(page, anchor).to_le_bytes();
        let more = end - start - LENGTH_MIN[LAST];
        let counts = self.streams.push_repeat((word, literals), half, more, counts);
        let previous = select_unpredictable(is_previous, recent.last, recent.previous);
        Parsed { end, counts, recent: Recent { last: offset, previous } }
    }
}

/// Returns the next hit at `from` or later.
#[inline(always)]
fn search<const STEP: usize>(
    table: &mut [u16; ENTRIES],
    page: &PageBytes,
    from: usize,
) -> Option<Hit> {
    let mut at = from.next_multiple_of(STEP);
    let mut patience = PATIENCE;
    while at <= SEARCH_LAST {
        let first = word(page, at);
        for place in 0..PLACES {
            let here = at + place * STEP;
            let bytes = if STEP == 1 { first >> (8 * place) } else { word(page, here) };
            let entry = entry(bytes);
            let candidate = usize::from(table[entry]);
            table[entry] = here as u16;
            let found = page.get(candidate..)?.first_chunk::<FOUND_MIN>()?;
            if *found == (bytes as u32).to_le_bytes() {
                return Some(Hit { at: here, candidate, entry });
            }
        }
        at += (PLACES - 1 + patience / PATIENCE) * STEP;
        patience += 1;
    }
    None
}

/// Returns the entry for the low 5 bytes of a word.
#[inline(always)]
fn entry(word: u64) -> usize {
    /// A prime of 5 bytes.
    const MULTIPLIER: u64 = 889_523_592_379;
    ((word << 24).wrapping_mul(MULTIPLIER) >> (u64::BITS - ENTRIES.trailing_zeros())) as usize
}

/// Returns the first repeat of one of the last offsets after 2 literals at most.
#[inline(always)]
fn repeat(page: &PageBytes, anchor: usize, recent: Recent) -> Option<Repeat> {
    /// The upper bits of the first three bytes.
    const STARTS: u64 = 0x80_8080;
    let here = word(page, anchor);
    let runs = |offset: usize| {
        let same = zero_bytes(here ^ word(page, anchor - offset));
        same & (same >> 8) & (same >> 16) & STARTS
    };
    let (last, previous) = (runs(recent.last), runs(recent.previous));
    let both = last | previous;
    let first = both & both.wrapping_neg();
    (both != 0).then(|| Repeat {
        literals: both.trailing_zeros() as usize / 8,
        is_previous: previous & first != 0,
    })
}

/// Returns a word with the upper bit set of each byte that is zero.
#[inline(always)]
fn zero_bytes(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    !(((word & LOW) + LOW) | word | LOW)
}

/// Returns where the bytes from `end` on and those `offset` before cease to agree.
#[inline(always)]
pub(super) fn extend(page: &PageBytes, mut end: usize, offset: usize) -> usize {
    let near = (end + NEAR_WORDS * 8).min(PAGE_SIZE - 7);
    while end < near {
        let differs = word(page, end) ^ word(page, end - offset);
        if differs != 0 {
            return end + differs.trailing_zeros() as usize / 8;
        }
        end += 8;
    }
    extend_far(page, end, offset)
}

/// The same for a long match.
#[cold]
#[inline(never)]
fn extend_far(page: &PageBytes, mut end: usize, offset: usize) -> usize {
    let pieces = |from: usize| page[from..].as_chunks::<PIECE>().0.iter();
    let same = pieces(end).zip(pieces(end - offset)).take_while(|(here, before)| here == before);
    end += PIECE * same.count();
    while end <= PAGE_SIZE - 8 {
        let differs = word(page, end) ^ word(page, end - offset);
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
    while end < PAGE_SIZE && page[end] == page[end - offset] {
        end += 1;
    }
    end
}

/// Returns 8 bytes as a number whose low byte is the first one.
#[inline(always)]
pub(super) fn word(page: &PageBytes, at: usize) -> u64 {
    u64::from_le_bytes(*page[at..].first_chunk().expect("a word lies within the page"))
}
