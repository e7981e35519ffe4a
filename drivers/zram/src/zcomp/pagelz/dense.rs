//! The dense parse: of all ways to cut the page, about the one that gives the smallest block.
//!
//! For each place the cheapest way found to get there is kept ([`Arrival`]), with the two offsets that
//! can be repeated from it. Places are taken in order; each tries a literal, repeats of both offsets,
//! and the matches that a chain of earlier places with the same 3 bytes offers, and improves the
//! arrivals behind. A match that is long enough is taken without looking further. A sequence costs a
//! byte more than its bytes, because fewer of them decode faster.

use super::fast::{extend, word};
use super::streams::{Counts, Parse, Sequence, Streams};
use super::token::{
    FAR, LAST, LENGTH_DIRECT, LENGTH_MIN, LITERALS_OPEN, OFFSET_BYTES, PREVIOUS, SHORT, short_code,
};
use super::{FIRST_OFFSET, PLAIN_LEVEL_MAX, coded, parse_of};
use crate::zcomp::OUTPUT_MAX;
use crate::{PAGE_SIZE, PageBytes};

/// Entries of the table of chains: 8 KiB.
const ENTRIES: usize = 4096;
/// The end of a chain.
const NOWHERE: u16 = u16::MAX;
/// A place that nothing leads to.
const UNREACHED: u16 = u16::MAX;
/// What a byte costs.
const BYTE: u16 = 8;
/// What a sequence costs beyond its bytes. With 1 there are 11 % more of them, for 3.5 % less.
const SEQUENCE: u16 = BYTE + 1;
/// Places where a word can be read.
const WORD_LAST: usize = PAGE_SIZE - 8;
/// Of the places in a match that was taken at once, so many at either end are remembered.
const REMEMBERED: usize = 16;

/// What the dense parse works on.
pub(in crate::zcomp) struct Dense {
    heads: [u16; ENTRIES],
    earlier: [u16; PAGE_SIZE],
    arrivals: [Arrival; PAGE_SIZE + 1],
    /// Where the sequences of the way that was chosen end, from the last to the first.
    ends: [u16; PAGE_SIZE / 2],
    streams: Streams,
}

/// The cheapest way to a place.
#[derive(Clone, Copy)]
struct Arrival {
    cost: u16,
    /// Literals since the last match; for one that ends here, those before it.
    literals: u16,
    /// The match that ends here, or 0.
    length: u16,
    kind: u16,
    last: u16,
    previous: u16,
}

/// How hard a level looks.
#[derive(Clone, Copy)]
struct Effort {
    /// Places of a chain that are looked at.
    depth: usize,
    /// A match of this length is taken at once.
    enough: usize,
}

/// A match, of one kind, of all lengths from the first to the second.
#[derive(Clone, Copy)]
struct Offer {
    kind: usize,
    lengths: (usize, usize),
    offset: usize,
}

/// The longest matches of both kinds that are not repeats.
struct Found {
    short: (usize, usize),
    far: (usize, usize),
}

impl Effort {
    const fn of(level: i32) -> Self {
        match level {
            ..=3 => Self { depth: 1, enough: 16 },
            4 => Self { depth: 4, enough: 20 },
            5.. => Self { depth: 16, enough: 64 },
        }
    }
}

impl Dense {
    pub(in crate::zcomp) const fn new() -> Self {
        let nothing = Arrival { cost: 0, literals: 0, length: 0, kind: 0, last: 0, previous: 0 };
        Self {
            heads: [0; ENTRIES],
            earlier: [0; PAGE_SIZE],
            arrivals: [nothing; PAGE_SIZE + 1],
            ends: [0; PAGE_SIZE / 2],
            streams: Streams::new(),
        }
    }

    /// Compresses `page` and returns the bytes used, or nothing if it does not shrink by an eighth.
    pub(in crate::zcomp) fn compress(
        &mut self,
        page: &PageBytes,
        level: i32,
        output: &mut [u8; OUTPUT_MAX],
    ) -> Option<usize> {
        self.parse(page, Effort::of(parse_of(level)));
        let parse = self.emit(page);
        if level > PLAIN_LEVEL_MAX {
            return coded::finish(&mut self.streams, page, parse, output);
        }
        self.streams.finish(page, parse, output)
    }

    #[inline(never)]
    fn parse(&mut self, page: &PageBytes, effort: Effort) {
        self.heads.fill(NOWHERE);
        self.arrivals.iter_mut().for_each(|arrival| arrival.cost = UNREACHED);
        let first = FIRST_OFFSET as u16;
        self.arrivals[0] =
            Arrival { cost: 0, literals: 0, length: 0, kind: 0, last: first, previous: first };
        let (mut at, mut remembered) = (0, 0);
        while at < PAGE_SIZE {
            let longest = self.leave(page, at, effort, &mut remembered);
            if longest < effort.enough {
                at += 1;
                continue;
            }
            let end = at + longest;
            for place in remembered..end.min(WORD_LAST) {
                if place < at + REMEMBERED || place + REMEMBERED > end {
                    self.remember(page, place);
                }
            }
            remembered = remembered.max(end.min(WORD_LAST));
            at = end;
        }
    }

    /// Improves what can be reached from `at`; returns the longest match that was tried.
    #[inline(always)]
    fn leave(
        &mut self,
        page: &PageBytes,
        at: usize,
        effort: Effort,
        remembered: &mut usize,
    ) -> usize {
        let mut here = self.arrivals[at];
        if here.cost == UNREACHED {
            return 0;
        }
        if here.length > 0 {
            (here.literals, here.length) = (0, 0);
        }
        let next = &mut self.arrivals[at + 1];
        if here.cost + BYTE < next.cost {
            *next = Arrival { cost: here.cost + BYTE, literals: here.literals + 1, ..here };
        } else if next.cost <= here.cost {
            // What starts there is hardly worse.
            return 0;
        }
        if at > WORD_LAST {
            return 0;
        }
        // Lengths up to here have a kind that costs no more.
        let (mut done, mut longest) = (1, 0);
        for (kind, offset) in [(LAST, here.last), (PREVIOUS, here.previous)] {
            let offset = usize::from(offset);
            if offset > at || (kind == LAST && here.literals == 0) {
                continue;
            }
            let length = extend(page, at, offset) - at;
            if length > done.max(1) {
                self.offer(
                    at,
                    here,
                    Offer { kind, lengths: (done + 1, length), offset },
                    effort.enough,
                );
                longest = longest.max(length);
                if usize::from(here.literals) < LITERALS_OPEN[kind] {
                    done = length;
                }
            }
        }
        if longest >= effort.enough {
            return longest;
        }
        while *remembered < at {
            self.remember(page, *remembered);
            *remembered += 1;
        }
        let found = self.find(page, at, done, effort);
        let (length, offset) = found.short;
        if offset != 0 {
            let lengths = (done.max(2) + 1, length);
            self.offer(at, here, Offer { kind: SHORT, lengths, offset }, effort.enough);
            longest = longest.max(length);
        }
        let (far, offset) = found.far;
        if offset != 0 {
            let lengths = (length.max(3) + 1, far);
            self.offer(at, here, Offer { kind: FAR, lengths, offset }, effort.enough);
            longest = longest.max(far);
        }
        longest
    }

    /// Improves the arrivals that a match leads to.
    #[inline(always)]
    fn offer(&mut self, at: usize, here: Arrival, offer: Offer, enough: usize) {
        let Offer { kind, lengths: (shortest, length), offset } = offer;
        let is_open = usize::from(here.literals) >= LITERALS_OPEN[kind];
        let operands = OFFSET_BYTES[kind] as u16 + u16::from(is_open);
        let base = here.cost + BYTE * (1 + operands) + SEQUENCE;
        let shortest = if length >= enough { length } else { shortest };
        let previous = if kind == LAST { here.previous } else { here.last };
        let to = Arrival {
            cost: base,
            literals: here.literals,
            length: 0,
            kind: kind as u16,
            last: offset as u16,
            previous,
        };
        let direct = LENGTH_MIN[kind] + LENGTH_DIRECT[kind];
        let Some(places) = self.arrivals.get_mut(at + shortest..=at + length) else { return };
        for (place, length) in places.iter_mut().zip(shortest..) {
            let more =
                if length >= direct { BYTE * (1 + ((length - direct) / 255) as u16) } else { 0 };
            let cost = base + more;
            if cost < place.cost {
                *place = Arrival { cost, length: length as u16, ..to };
            }
        }
    }

    /// Looks along the chain of `at` for matches of more than `done` bytes.
    #[inline(always)]
    fn find(&self, page: &PageBytes, at: usize, done: usize, effort: Effort) -> Found {
        let here = word(page, at);
        let mut candidate = self.heads[entry(here)];
        let (mut short, mut far) = ((done.max(2), 0), (done.max(3), 0));
        let mut depth = effort.depth;
        while candidate != NOWHERE && depth > 0 {
            let from = usize::from(candidate);
            let offset = at - from;
            let differs = here ^ word(page, from);
            let length = if differs == 0 {
                extend(page, at + 8, offset) - at
            } else {
                differs.trailing_zeros() as usize / 8
            };
            if length > short.0 && short_code(offset) < 256 {
                short = (length, offset);
                if length > far.0 {
                    far = (length, 0);
                }
            } else if length > far.0 {
                far = (length, offset);
            }
            if length >= effort.enough {
                break;
            }
            candidate = self.earlier[from % PAGE_SIZE];
            depth -= 1;
        }
        Found { short, far }
    }

    #[inline(always)]
    fn remember(&mut self, page: &PageBytes, place: usize) {
        let entry = entry(word(page, place));
        self.earlier[place % PAGE_SIZE] = self.heads[entry];
        self.heads[entry] = place as u16;
    }

    /// Fills the streams with the way that leads to the end.
    #[inline(never)]
    fn emit(&mut self, page: &PageBytes) -> Parse {
        let ending = self.arrivals[PAGE_SIZE];
        let tail = if ending.length == 0 { usize::from(ending.literals) } else { 0 };
        let mut at = PAGE_SIZE - tail;
        let mut count = 0;
        while at > 0 {
            self.ends[count] = at as u16;
            count += 1;
            let Arrival { literals, length, .. } = self.arrivals[at];
            at -= usize::from(literals) + usize::from(length);
        }
        let mut counts = Counts::default();
        for index in (0..count).rev() {
            let end = usize::from(self.ends[index]);
            let arrival = self.arrivals[end];
            let (literals, length) = (usize::from(arrival.literals), usize::from(arrival.length));
            let offset = usize::from(arrival.last);
            let kind = usize::from(arrival.kind);
            let operand = if kind == SHORT { short_code(offset) } else { offset };
            let start = end - length - literals;
            let sequence = Sequence { start, literals, length, kind, operand };
            counts = self.streams.push(page, sequence, counts);
        }
        Parse { anchor: PAGE_SIZE - tail, counts }
    }
}

/// Returns the entry for the low 3 bytes of a word.
#[inline(always)]
fn entry(word: u64) -> usize {
    /// A prime of 4 bytes.
    const MULTIPLIER: u32 = 506_832_829;
    let product = ((word as u32) << 8).wrapping_mul(MULTIPLIER);
    (product >> (u32::BITS - ENTRIES.trailing_zeros())) as usize
}
