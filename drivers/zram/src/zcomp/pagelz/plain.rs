//! The format as `docs/pagelz.md` has it, byte by byte: what the decoder is compared with in tests.

use alloc::vec::Vec;

/// Bytes of a page, and the most of a block.
const PAGE: usize = 4096;
const BLOCK_MAX: usize = 3584;

/// Decodes a block of a page, or returns nothing if it is damaged.
pub(crate) fn decompress(block: &[u8]) -> Option<Vec<u8>> {
    let header = block.get(..3)?;
    let counts = header.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let (operands, tokens) = (counts % 4096, counts / 4096);
    let literals = block.len().checked_sub(3 + operands + tokens)?;
    if block.len() > BLOCK_MAX {
        return None;
    }
    let (operands, rest) = block[3..].split_at(operands);
    let (literals, tokens) = rest.split_at(literals);
    let mut operands = operands.iter().map(|byte| usize::from(*byte));
    let mut literals = literals.iter();
    let (mut last, mut previous) = (1, 1);
    let mut page = Vec::new();
    for token in tokens {
        let (row, column) = (token / 16, usize::from(token % 16));
        let (kind, count, is_open) = match row {
            0..=4 => (0, row + 1, row == 4),
            5..=8 => (1, row - 5, row == 8),
            9..=14 => (2, row - 9, row == 14),
            _ => (3, token % 8, token % 8 == 7),
        };
        let (offset, length, is_long) = match kind {
            0 => (last, 2 + column, column == 15),
            1 => (previous, 2 + column, column == 15),
            2 => {
                let code = operands.next()?;
                let offset = if code < 128 { code } else { 128 + (code - 128) * 8 };
                (offset, 3 + column, column == 15)
            }
            _ => {
                let both = operands.next()? + operands.next()? * 256;
                let is_long = column >= 8;
                (both % 4096, 4 + both / 4096 + if is_long { 16 } else { 0 }, is_long)
            }
        };
        let mut sum = |is_open: bool| {
            let (mut sum, mut is_open) = (0, is_open);
            while is_open {
                let more = operands.next()?;
                (sum, is_open) = (sum + more, more == 255);
            }
            Some(sum)
        };
        let count = usize::from(count) + sum(is_open)?;
        let length = length + sum(is_long)?;
        for _ in 0..count {
            page.push(*literals.next()?);
        }
        let from = page.len().checked_sub(offset).filter(|_| offset > 0)?;
        if page.len() + length > PAGE {
            return None;
        }
        for place in from..from + length {
            page.push(page[place]);
        }
        if kind != 0 {
            previous = last;
        }
        last = offset;
    }
    page.extend(literals);
    (operands.next().is_none() && page.len() == PAGE).then_some(page)
}
