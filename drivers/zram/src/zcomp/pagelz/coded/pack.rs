//! Makes coded blocks.
//!
//! Each stream gets the table that needs the fewest bits, or is stored unchanged if that table
//! saves little. A block that would not be smaller than the plain one is not made.

use super::codes::{Encoding, encodings_of};
use super::{HEADER_BYTES, Head, LANES, STREAM_BYTES_MAX, STREAM_LENGTH_MAX, STREAMS, lengths};
use crate::PageBytes;
use crate::zcomp::pagelz::HEADER_BYTES as PLAIN_HEADER_BYTES;
use crate::zcomp::pagelz::streams::{Parse, Streams};
use crate::zcomp::{COMPRESSED_MAX, OUTPUT_MAX};

/// Codes between two writes of a word: of 11 bits each, behind up to 7 bits that are left.
const CODES: usize = 5;

const _: () = assert!(
    COMPRESSED_MAX + 2 * size_of::<u64>() <= OUTPUT_MAX,
    "a lane that is written from the end of the output does not meet the one before it"
);

/// A stream is coded if that saves one in so many of its bits: what saves less is not worth its decoding.
const WORTH: usize = 11;

/// A stream and the table chosen for it.
#[derive(Clone, Copy)]
struct Choice<'a> {
    bytes: &'a [u8],
    /// The table and its number, if it is coded.
    codes: Option<(usize, &'static Encoding)>,
    /// Bits that it takes.
    bits: usize,
}

/// Writes the block of a parse, plain or coded, whichever is smaller; returns its bytes, or nothing if
/// they are more than [`COMPRESSED_MAX`].
pub(in crate::zcomp::pagelz) fn finish(
    streams: &mut Streams,
    page: &PageBytes,
    parse: Parse,
    output: &mut [u8; OUTPUT_MAX],
) -> Option<usize> {
    let all = streams.append_literals(page, parse);
    let bytes = lengths(all).iter().sum::<usize>();
    assert!(bytes <= STREAM_BYTES_MAX, "the streams of a page have {bytes} bytes");
    let plain = PLAIN_HEADER_BYTES + bytes;
    match pack(streams.parts(all), plain.min(COMPRESSED_MAX), output) {
        Some(bytes) => Some(bytes),
        None => streams.finish(page, parse, output),
    }
}

/// Writes the coded block of some streams; nothing if it may have more than `bytes_max` bytes.
pub(super) fn pack(
    parts: [&[u8]; STREAMS],
    bytes_max: usize,
    output: &mut [u8; OUTPUT_MAX],
) -> Option<usize> {
    let mut choices = [Choice { bytes: &[], codes: None, bits: 0 }; STREAMS];
    for (stream, (choice, bytes)) in choices.iter_mut().zip(parts).enumerate() {
        *choice = choose(stream, bytes);
    }
    let bits = choices.iter().map(|choice| choice.bits).sum::<usize>();
    // Each lane ends with a byte that need not be full.
    let most = HEADER_BYTES + bits / 8 + LANES;
    // A page without a match has more literals than a header can say.
    if most > bytes_max || parts.iter().any(|bytes| bytes.len() > STREAM_LENGTH_MAX) {
        return None;
    }
    let mut at = HEADER_BYTES;
    for Choice { bytes, codes, .. } in choices {
        if codes.is_none() {
            output.get_mut(at..at + bytes.len())?.copy_from_slice(bytes);
            at += bytes.len();
        }
    }
    let first_area = area(&choices, 0, at, output)?;
    let end = at + first_area + area(&choices, 2, at + first_area, output)?;
    let tables = choices.map(|choice| choice.codes.map_or(0, |(number, _)| number));
    let head = Head { lengths: parts.map(<[u8]>::len), tables, first_area };
    *output.first_chunk_mut()? = head.to_bytes();
    Some(end)
}

/// Chooses a table for a stream.
fn choose(stream: usize, bytes: &[u8]) -> Choice<'_> {
    let mut counts = [0_u16; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let stored = Choice { bytes, codes: None, bits: bytes.len() * 8 };
    let mut best = Choice { bits: stored.bits - stored.bits / WORTH, ..stored };
    for (index, codes) in encodings_of(stream).iter().enumerate() {
        let each = counts.iter().zip(codes);
        let bits = each.map(|(count, code)| u32::from(*count) * u32::from(code & 15)).sum::<u32>();
        if (bits as usize) < best.bits {
            best = Choice { bytes, codes: Some((index + 1, codes)), bits: bits as usize };
        }
    }
    if best.codes.is_some() { best } else { stored }
}

/// Writes the area of two lanes from `start` on and returns its bytes.
fn area(
    choices: &[Choice<'_>; STREAMS],
    first: usize,
    start: usize,
    output: &mut [u8; OUTPUT_MAX],
) -> Option<usize> {
    let forwards = lane::<false>(choices, first, start, output)?;
    let backwards = lane::<true>(choices, first + 1, OUTPUT_MAX, output)?;
    output.copy_within(OUTPUT_MAX - backwards.., start + forwards);
    Some(forwards + backwards)
}

/// Writes a lane, from `at` forwards or backwards, and returns its bytes.
#[inline(never)]
fn lane<const BACKWARDS: bool>(
    choices: &[Choice<'_>; STREAMS],
    lane: usize,
    at: usize,
    output: &mut [u8; OUTPUT_MAX],
) -> Option<usize> {
    let mut writer = Writer::<BACKWARDS> { word: 0, bits: 0, at, output };
    for Choice { bytes, codes, .. } in choices {
        let Some((_, codes)) = codes else { continue };
        let part = bytes.len() / LANES;
        writer.put(bytes.get(lane * part..(lane + 1) * part)?, codes)?;
        let (_, rest) = bytes.split_at(part * LANES);
        writer.put(rest.get(lane..lane + 1).unwrap_or(&[]), codes)?;
    }
    let end = writer.end()?;
    Some(end.abs_diff(at))
}

/// Writes codes, the first in the low bits of the first byte.
struct Writer<'a, const BACKWARDS: bool> {
    word: u64,
    bits: usize,
    /// Where the next byte goes; backwards, behind it.
    at: usize,
    output: &'a mut [u8; OUTPUT_MAX],
}

impl<const BACKWARDS: bool> Writer<'_, BACKWARDS> {
    #[inline(always)]
    fn put(&mut self, symbols: &[u8], codes: &Encoding) -> Option<()> {
        let (many, rest) = symbols.as_chunks::<CODES>();
        for some in many {
            some.iter().for_each(|symbol| self.push(codes[usize::from(*symbol)]));
            self.write()?;
        }
        rest.iter().for_each(|symbol| self.push(codes[usize::from(*symbol)]));
        self.write()
    }

    #[inline(always)]
    fn push(&mut self, code: u16) {
        self.word |= u64::from(code >> 4) << self.bits;
        self.bits += usize::from(code & 15);
    }

    /// Writes all bits and keeps those of a byte that is not full.
    #[inline(always)]
    fn write(&mut self) -> Option<()> {
        let full = self.bits / 8;
        if BACKWARDS {
            let place = self.output.get_mut(self.at.checked_sub(8)?..self.at)?;
            place.copy_from_slice(&self.word.to_be_bytes());
            self.at -= full;
        } else {
            let place = self.output.get_mut(self.at..self.at + 8)?;
            place.copy_from_slice(&self.word.to_le_bytes());
            self.at += full;
        }
        self.word >>= full * 8;
        self.bits %= 8;
        Some(())
    }

    /// Returns where the lane ends; its last byte has been written.
    fn end(self) -> Option<usize> {
        let more = usize::from(self.bits > 0);
        if BACKWARDS { self.at.checked_sub(more) } else { Some(self.at + more) }
    }
}
