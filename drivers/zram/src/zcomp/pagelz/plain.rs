//! A decoder that follows `docs/pagelz.md` byte by byte: tests compare the real decoder with it.

use alloc::vec::Vec;

use super::coded::tables::{LITERALS, OPERANDS, TOKENS};

/// Bytes of a page, and the most of a block.
const PAGE: usize = 4096;
const BLOCK_MAX: usize = 3584;

/// Operands, literals and tokens.
type Streams = [Vec<u8>; 3];

/// Decodes a block of a page, or returns nothing if it is damaged.
#[must_use]
#[cfg_attr(
    not(feature = "oracle"),
    expect(unreachable_pub, reason = "without it, for tests alone")
)]
pub fn decompress(block: &[u8]) -> Option<Vec<u8>> {
    if block.len() > BLOCK_MAX {
        return None;
    }
    let is_coded = *block.get(2)? >= 128;
    let streams = if is_coded { coded_streams(block)? } else { plain_streams(block)? };
    decode(&streams)
}

/// Returns the streams of a plain block.
fn plain_streams(block: &[u8]) -> Option<Streams> {
    let header = block.get(..3)?;
    let counts = header.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let (operands, tokens) = (counts % 4096, counts / 4096);
    let literals = block.len().checked_sub(3 + operands + tokens)?;
    let (operands, rest) = block[3..].split_at(operands);
    let (literals, tokens) = rest.split_at(literals);
    Some([operands.to_vec(), literals.to_vec(), tokens.to_vec()])
}

/// Returns the streams of a coded block, one behind the other.
#[cfg(test)]
pub(super) fn expanded(block: &[u8]) -> Option<Vec<u8>> {
    Some(coded_streams(block)?.concat())
}

/// Returns the streams of a coded block.
fn coded_streams(block: &[u8]) -> Option<Streams> {
    let header = u64::from_le_bytes(block.get(..8)?.try_into().ok()?);
    let field = |from: u32, bits: u32| (header >> from) as usize % (1 << bits);
    let lengths = [field(0, 12), field(24, 12), field(12, 11)];
    let numbers = [field(48, 5), field(53, 5), field(58, 5)];
    if lengths.iter().sum::<usize>() > 4113 || header >> 63 != 0 {
        return None;
    }
    let mut rest = block[8..].to_vec();
    let mut streams = Streams::default();
    for index in 0..3 {
        if numbers[index] == 0 {
            let behind = (rest.len() >= lengths[index]).then(|| rest.split_off(lengths[index]))?;
            streams[index] = core::mem::replace(&mut rest, behind);
        }
    }
    let first_area = field(36, 12);
    let second = (rest.len() >= first_area).then(|| rest.split_off(first_area))?;
    // Lanes 1 and 3 begin at the ends of the areas.
    let reversed = |area: &Vec<u8>| area.iter().rev().copied().collect::<Vec<u8>>();
    let lanes = [rest.clone(), reversed(&rest), second.clone(), reversed(&second)];
    let mut used = [0; 4];
    for index in 0..3 {
        if numbers[index] == 0 {
            continue;
        }
        let tables: &[_] = [&OPERANDS[..], &LITERALS, &TOKENS][index];
        let codes = codes(tables.get(numbers[index] - 1)?);
        let parts = (0..4).flat_map(|lane| core::iter::repeat_n(lane, lengths[index] / 4));
        for lane in parts.chain(0..lengths[index] % 4) {
            streams[index].push(symbol(&codes, &lanes[lane], &mut used[lane])?);
        }
    }
    let bytes = used.map(|bits: usize| bits.div_ceil(8));
    let is_full = bytes[0] + bytes[1] == lanes[0].len() && bytes[2] + bytes[3] == lanes[2].len();
    is_full.then_some(streams)
}

/// How many codes there are of each length, and the bytes in the order of their codes.
type Codes = ([usize; 12], Vec<u8>);

fn codes(digits: &[u8; 256]) -> Codes {
    let length = |byte: &u8| char::from(digits[usize::from(*byte)]).to_digit(16).unwrap_or(0);
    let mut bytes: Vec<u8> = (0..=255).collect();
    bytes.sort_by_key(length);
    let mut counts = [0; 12];
    bytes.iter().for_each(|byte| counts[length(byte) as usize] += 1);
    (counts, bytes)
}

/// Reads a byte whose code begins at bit `used` of a lane. Codes of one length are numbers one after
/// the other, and the first of the next length is the one after the last, with a zero behind.
fn symbol((counts, bytes): &Codes, lane: &[u8], used: &mut usize) -> Option<u8> {
    let (mut code, mut first, mut shorter) = (0, 0, 0);
    for count in &counts[1..] {
        let bit = lane.get(*used / 8)? >> (*used % 8) & 1;
        (code, *used) = (code * 2 + usize::from(bit), *used + 1);
        if code < first + count {
            return bytes.get(shorter + code - first).copied();
        }
        (first, shorter) = ((first + count) * 2, shorter + count);
    }
    None
}

/// Returns the page that streams mean.
fn decode(streams: &Streams) -> Option<Vec<u8>> {
    filled(streams).filter(|(page, rest)| *rest == 0 && page.len() == PAGE).map(|(page, _)| page)
}

/// Returns what the streams of a plain block mean, if it is not damaged but for the page not being full.
#[cfg(test)]
pub(super) fn part(block: &[u8]) -> Option<Vec<u8>> {
    filled(&plain_streams(block)?).filter(|(_, rest)| *rest == 0).map(|(page, _)| page)
}

/// Returns the bytes that streams mean, and how many operands are left over.
fn filled([operands, literals, tokens]: &Streams) -> Option<(Vec<u8>, usize)> {
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
    Some((page, operands.count()))
}
