//! The decoder: a quick loop for all but the longest sequences and the ends, a careful one for those.
//!
//! [`quick`] copies 16 bytes of literals and 18 of a match at once and lets the next sequence
//! overwrite the excess; it stops where that could leave the page or the block, and at anything it
//! cannot prove safe. [`careful`] then decodes one sequence exactly, or finds the damage. The
//! excess that `quick` wrote is overwritten, and after damage the page is not used anyway.
//!
//! The quick loop branches on lengths instead of computing with them: a predicted branch lets the
//! processor start on the next token before this one's bytes have arrived. For the same reason it reads
//! the next token before it copies the match.

use super::{MATCH_MIN, NIBBLE_MAX};
use crate::zcomp::Damaged;
use crate::{PAGE_SIZE, PageBytes};

/// Bytes of the block that one turn of the quick loop looks at: a token, 14 literals, an offset and
/// the next token or one more byte of length.
const WINDOW: usize = 18;

/// The quick loop starts sequences up to here: 14 literals and a match of 18 bytes fit behind.
const QUICK_START_MAX: usize = PAGE_SIZE - 32;

/// Where long literals and long matches of the quick loop end at the latest: they are copied in
/// pieces of up to 32 bytes.
const QUICK_END_MAX: usize = PAGE_SIZE - 32;

/// Offsets below a word's size: the match repeats bytes that it has just written.
const WORD: usize = 8;

/// Decompresses `block` into `page`; it must fill the page exactly.
///
/// # Errors
/// [`Damaged`]; the page then holds anything.
pub(in crate::zcomp) fn decompress(block: &[u8], page: &mut PageBytes) -> Result<(), Damaged> {
    let (mut rest, mut filled) = (block, 0);
    loop {
        (rest, filled) = quick(rest, page, filled);
        (rest, filled) = careful(rest, page, filled)?;
        if rest.is_empty() {
            return if filled == PAGE_SIZE { Ok(()) } else { Err(Damaged) };
        }
    }
}

/// Decodes sequences while that is easy; returns the rest of the block and how far the page is.
#[inline(never)]
fn quick<'a>(mut rest: &'a [u8], page: &mut PageBytes, mut filled: usize) -> (&'a [u8], usize) {
    let Some(mut token) = rest.first().map(|byte| usize::from(*byte)) else {
        return (rest, filled);
    };
    while let Some(window) = rest.first_chunk::<WINDOW>()
        && filled <= QUICK_START_MAX
    {
        let (literals, nibble) = (token >> 4, token & NIBBLE_MAX);
        if literals == NIBBLE_MAX {
            let Some(done) = long_literals(rest, page, filled) else { break };
            (rest, filled) = done;
            let Some(next) = rest.first() else { break };
            token = usize::from(*next);
            continue;
        }
        page[filled..filled + 16].copy_from_slice(&window[1..17]);
        let start = filled + literals;
        // One read of both bytes.
        let Some(offset) = window[1 + literals..].first_chunk() else { break };
        let offset = usize::from(u16::from_le_bytes(*offset));
        if offset > start {
            break;
        }
        if nibble < NIBBLE_MAX {
            token = usize::from(window[3 + literals]);
            if !short_match(page, start, offset) {
                break;
            }
            filled = start + MATCH_MIN + nibble;
            rest = &rest[3 + literals..];
        } else {
            let more = usize::from(window[3 + literals]);
            let Some(next) = rest.get(4 + literals) else { break };
            token = usize::from(*next);
            let end = start + MATCH_MIN + NIBBLE_MAX + more;
            if more == 255 || !long_match(page, start, end, offset) {
                break;
            }
            filled = end;
            rest = &rest[4 + literals..];
        }
    }
    (rest, filled)
}

/// Decodes a sequence of 15 to 269 literals, if that is easy.
#[inline(never)]
fn long_literals<'a>(
    block: &'a [u8],
    page: &mut PageBytes,
    filled: usize,
) -> Option<(&'a [u8], usize)> {
    let (&[token, more], rest) = block.split_first_chunk()?;
    let start = filled + NIBBLE_MAX + usize::from(more);
    if more == 255 || start > QUICK_END_MAX {
        return None;
    }
    let (mut at, mut pieces) = (filled, rest);
    while at < start {
        let (piece, others) = pieces.split_first_chunk::<32>()?;
        page[at..at + 32].copy_from_slice(piece);
        (at, pieces) = (at + 32, others);
    }
    let (&[low, high, more], _) = rest.get(start - filled..)?.split_first_chunk()?;
    let (offset, rest) =
        (usize::from(u16::from_le_bytes([low, high])), &rest[start - filled + 2..]);
    let nibble = usize::from(token) & NIBBLE_MAX;
    if nibble < NIBBLE_MAX {
        let is_done = short_match(page, start, offset);
        return is_done.then_some((rest, start + MATCH_MIN + nibble));
    }
    let end = start + MATCH_MIN + NIBBLE_MAX + usize::from(more);
    let is_done = more < 255 && long_match(page, start, end, offset);
    is_done.then(|| (&rest[1..], end))
}

/// Copies the 18 bytes that a match has at most by its nibble, and says whether that was possible.
#[inline(always)]
fn short_match(page: &mut PageBytes, start: usize, offset: usize) -> bool {
    if offset < WORD {
        return repeat_short(page, start, offset);
    }
    if offset > start || start > PAGE_SIZE - 18 {
        return false;
    }
    let from = start - offset;
    copy::<8>(page, from, start);
    copy::<8>(page, from + 8, start + 8);
    copy::<2>(page, from + 16, start + 16);
    true
}

/// Copies a match of 19 bytes or more and says whether that was possible.
#[inline(always)]
fn long_match(page: &mut PageBytes, start: usize, end: usize, offset: usize) -> bool {
    if end > QUICK_END_MAX || offset > start {
        return false;
    }
    if offset < 16 {
        return repeat(page, start, end, offset);
    }
    let from = start - offset;
    copy::<16>(page, from, start);
    copy::<16>(page, from + 16, start + 16);
    let mut at = start + 32;
    while at < end {
        copy::<16>(page, at - offset, at);
        at += 16;
    }
    true
}

/// Copies `N` bytes within the page.
#[inline(always)]
fn copy<const N: usize>(page: &mut PageBytes, from: usize, to: usize) {
    page.copy_within(from..from + N, to);
}

/// Repeats the last `offset` bytes, fewer than 8, up to 18 bytes and some more.
#[inline(always)]
fn repeat_short(page: &mut PageBytes, start: usize, offset: usize) -> bool {
    let Some((word, stride)) = pattern(page, start, offset) else { return false };
    if start > PAGE_SIZE - 32 {
        return false;
    }
    for turn in 0..4 {
        let at = start + turn * stride;
        page[at..at + WORD].copy_from_slice(&word);
    }
    true
}

/// Repeats the last `offset` bytes, fewer than 16, from `start` to `end` and some more.
#[inline(never)]
fn repeat(page: &mut PageBytes, start: usize, end: usize, offset: usize) -> bool {
    if end > QUICK_END_MAX || offset > start {
        return false;
    }
    let mut at = start;
    let Some((word, stride)) = pattern(page, start, offset) else {
        while at < end {
            copy::<8>(page, at - offset, at);
            at += WORD;
        }
        return offset != 0;
    };
    while at < end {
        page[at..at + WORD].copy_from_slice(&word);
        at += stride;
    }
    true
}

/// Returns 8 bytes that repeat the last `offset`, if those are fewer, and after how many of them the
/// same 8 bytes come again.
#[inline(always)]
fn pattern(page: &PageBytes, start: usize, offset: usize) -> Option<([u8; WORD], usize)> {
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
    const STRIDES: [usize; WORD] = [0, 8, 8, 6, 8, 5, 6, 7];
    if offset == 0 || offset >= WORD || offset > start {
        return None;
    }
    let bytes = page[start - offset..].first_chunk::<WORD>()?;
    let period = u64::from_le_bytes(*bytes) & ((1 << (8 * offset)) - 1);
    Some((period.wrapping_mul(ONES[offset]).to_le_bytes(), STRIDES[offset]))
}

/// Decodes one sequence and checks everything; returns what is left of the block, nothing after its
/// last sequence, and how far the page is.
#[inline(never)]
fn careful<'a>(
    block: &'a [u8],
    page: &mut PageBytes,
    filled: usize,
) -> Result<(&'a [u8], usize), Damaged> {
    let (&token, rest) = block.split_first().ok_or(Damaged)?;
    let (literals, rest) = length(usize::from(token >> 4), rest)?;
    let (literals, rest) = rest.split_at_checked(literals).ok_or(Damaged)?;
    let start = filled + literals.len();
    page.get_mut(filled..start).ok_or(Damaged)?.copy_from_slice(literals);
    if rest.is_empty() {
        return Ok((rest, start));
    }
    let (&offset, rest) = rest.split_first_chunk::<2>().ok_or(Damaged)?;
    let offset = usize::from(u16::from_le_bytes(offset));
    let (more, rest) = length(usize::from(token & 15), rest)?;
    let end = start + MATCH_MIN + more;
    // The last sequence has no match.
    if offset == 0 || offset > start || end > PAGE_SIZE || rest.is_empty() {
        return Err(Damaged);
    }
    if offset < 16 && end <= QUICK_END_MAX {
        repeat(page, start, end, offset);
    } else {
        repeat_exactly(page, start, end, offset);
    }
    Ok((rest, end))
}

/// Returns the length that a nibble begins, and what is behind its further bytes.
fn length(nibble: usize, mut rest: &[u8]) -> Result<(usize, &[u8]), Damaged> {
    let mut sum = nibble;
    if nibble == NIBBLE_MAX {
        loop {
            let (&more, behind) = rest.split_first().ok_or(Damaged)?;
            (sum, rest) = (sum + usize::from(more), behind);
            if more < 255 {
                break;
            }
        }
    }
    Ok((sum, rest))
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
