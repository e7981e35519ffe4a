//! The three streams of a block that is being made.
//!
//! Positions in them are masked, not checked: every sequence takes 2 bytes of the page or more, one
//! token and at most 4 operands (a length that takes more operands takes 255 bytes of the page for
//! each), so no page can fill the arrays, and the mask changes nothing.

use super::HEADER_BYTES;
use super::token::{
    FAR, LENGTH_DIRECT, LENGTH_HALVES, LENGTH_MIN, LITERAL_HALVES, LITERALS_OPEN, OFFSET_BYTES,
    OPEN,
};
use crate::zcomp::COMPRESSED_MAX;
use crate::{PAGE_SIZE, PageBytes};

const TOKENS: usize = PAGE_SIZE / 2;
const LITERALS: usize = PAGE_SIZE;
const OPERANDS: usize = TOKENS * 4;
/// What is written behind the last place, in vain.
const SPARE: usize = 16;

/// Bytes of the streams, in arrays for the worst page.
pub(super) struct Streams {
    tokens: [u8; TOKENS],
    literals: [u8; LITERALS + SPARE],
    operands: [u8; OPERANDS + SPARE],
}

/// How many bytes of each stream there are.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) tokens: usize,
    pub(super) literals: usize,
    pub(super) operands: usize,
}

/// What the streams hold when a page is parsed.
#[derive(Clone, Copy)]
pub(super) struct Parse {
    /// Where the last literals start in the page; the streams do not have them yet.
    pub(super) anchor: usize,
    pub(super) counts: Counts,
}

/// Literals and the match behind them.
#[derive(Clone, Copy)]
pub(super) struct Sequence {
    /// Where the literals start in the page.
    pub(super) start: usize,
    pub(super) literals: usize,
    pub(super) length: usize,
    pub(super) kind: usize,
    /// The code of a short offset or a far offset.
    pub(super) operand: usize,
}

impl Streams {
    pub(super) const fn new() -> Self {
        Self {
            tokens: [0; TOKENS],
            literals: [0; LITERALS + SPARE],
            operands: [0; OPERANDS + SPARE],
        }
    }

    /// Adds a sequence.
    #[inline(always)]
    pub(super) fn push(&mut self, page: &PageBytes, sequence: Sequence, counts: Counts) -> Counts {
        let Sequence { start, literals, length, operand, .. } = sequence;
        let kind = sequence.kind & 3;
        self.copy_literals(page, start, literals, counts.literals);
        let more = length - LENGTH_MIN[kind];
        let by_literals = LITERAL_HALVES[kind * 16 + literals.min(15)];
        let by_length = LENGTH_HALVES[(kind / FAR) * 32 + more.min(16)];
        self.tokens[counts.tokens % TOKENS] = (by_literals as u8).wrapping_add(by_length as u8);
        let offset = (operand as u16 | by_length & 0xf000).to_le_bytes();
        let at = counts.operands % OPERANDS;
        self.operands[at..at + 2].copy_from_slice(&offset);
        let at = at + OFFSET_BYTES[kind];
        // Written in any case and counted only if it is there: cheaper than to foresee which.
        self.operands[at] = literals.wrapping_sub(LITERALS_OPEN[kind]) as u8;
        let mut counts = Counts {
            tokens: counts.tokens + 1,
            literals: counts.literals + literals,
            operands: at + usize::from(by_literals >> 8),
        };
        if literals >= 255 + 3 && literals - LITERALS_OPEN[kind] >= 255 {
            counts.operands = self.push_length(literals - LITERALS_OPEN[kind], counts.operands - 1);
        }
        if by_length & OPEN != 0 {
            counts.operands = self.push_length(more - LENGTH_DIRECT[kind], counts.operands);
        }
        counts
    }

    /// Adds a sequence of at most 4 literals whose token, without the length, is `half`, and whose
    /// match repeats an offset.
    #[inline(always)]
    pub(super) fn push_repeat(
        &mut self,
        literals: ([u8; 8], usize),
        half: u8,
        more: usize,
        counts: Counts,
    ) -> Counts {
        let (word, count) = literals;
        let at = counts.literals % LITERALS;
        self.literals[at..at + 8].copy_from_slice(&word);
        self.tokens[counts.tokens % TOKENS] = half.wrapping_add(more.min(15) as u8);
        let operands =
            if more >= 15 { self.push_length(more - 15, counts.operands) } else { counts.operands };
        Counts { tokens: counts.tokens + 1, literals: counts.literals + count, operands }
    }

    #[inline(always)]
    fn copy_literals(&mut self, page: &PageBytes, start: usize, count: usize, at: usize) {
        let at = at % LITERALS;
        if count <= 16
            && let Some(bytes) = page.get(start..).and_then(|rest| rest.first_chunk::<16>())
        {
            self.literals[at..at + 16].copy_from_slice(bytes);
        } else {
            self.copy_exactly(page, start, count, at);
        }
    }

    #[inline(never)]
    fn copy_exactly(&mut self, page: &PageBytes, start: usize, count: usize, at: usize) {
        self.literals[at..at + count].copy_from_slice(&page[start..start + count]);
    }

    /// Writes the operands of a length and returns how many there are then.
    #[inline(always)]
    fn push_length(&mut self, length: usize, at: usize) -> usize {
        if length < 255 {
            self.operands[at % OPERANDS] = length as u8;
            return at + 1;
        }
        self.push_long(length, at)
    }

    #[cold]
    #[inline(never)]
    fn push_long(&mut self, mut length: usize, mut at: usize) -> usize {
        while length >= 255 {
            self.operands[at % OPERANDS] = 255;
            (length, at) = (length - 255, at + 1);
        }
        self.operands[at % OPERANDS] = length as u8;
        at + 1
    }

    /// Adds the last literals, and returns the counts with them.
    pub(super) fn append_literals(&mut self, page: &PageBytes, parse: Parse) -> Counts {
        let Parse { anchor, counts } = parse;
        let (rest, at) = (PAGE_SIZE - anchor, counts.literals);
        self.copy_exactly(page, anchor, rest, at);
        Counts { literals: at + rest, ..counts }
    }

    /// Returns operands, literals and tokens.
    pub(super) fn parts(&self, counts: Counts) -> [&[u8]; 3] {
        let Counts { tokens, literals, operands } = counts;
        [&self.operands[..operands], &self.literals[..literals], &self.tokens[..tokens]]
    }

    /// Writes the block of a parse and returns its bytes, or nothing if they are more than
    /// [`COMPRESSED_MAX`].
    pub(super) fn finish(
        &self,
        page: &PageBytes,
        parse: Parse,
        output: &mut [u8],
    ) -> Option<usize> {
        let rest = page.get(parse.anchor..)?;
        let Counts { tokens, literals, operands } = parse.counts;
        let bytes = HEADER_BYTES + operands + literals + rest.len() + tokens;
        if bytes > COMPRESSED_MAX {
            return None;
        }
        let header = ((operands | tokens << 12) as u32).to_le_bytes();
        let mut place = output.get_mut(..bytes)?;
        let parts = [
            header.get(..HEADER_BYTES)?,
            self.operands.get(..operands)?,
            self.literals.get(..literals)?,
            rest,
            self.tokens.get(..tokens)?,
        ];
        for part in parts {
            let (head, behind) = place.split_at_mut(part.len());
            head.copy_from_slice(part);
            place = behind;
        }
        Some(bytes)
    }
}
