//! Damaged blocks: decoding ends, writes only the page, and agrees with another decoder.

use lz4_flex::block::{compress_into, decompress_into};
use zram::{Algorithm, Compressor, OUTPUT_MAX, PAGE_SIZE, PageBytes, Stream};

use crate::{Random, pages};

/// Bytes on either side of the page that nobody may touch.
const GUARD: [u8; 64] = [0xa5; 64];

/// A page that would show a write next to it.
#[repr(C)]
struct Guarded {
    before: [u8; GUARD.len()],
    page: PageBytes,
    behind: [u8; GUARD.len()],
}

/// Decodes `block` by `algorithm`.
///
/// # Panics
/// If a byte next to the page was touched.
pub(crate) fn decoded(algorithm: Algorithm, block: &[u8]) -> Option<PageBytes> {
    let mut guarded = Guarded { before: GUARD, page: [0x5a; PAGE_SIZE], behind: GUARD };
    let result = algorithm.decompress(block, &mut guarded.page);
    assert!(guarded.before == GUARD && guarded.behind == GUARD, "a write outside the page");
    result.is_ok().then_some(guarded.page)
}

/// Makes a block of one of two encoders and damages it in up to four places; one in 32 stays whole.
pub fn input(random: &mut Random) -> Vec<u8> {
    let page = pages::page(random);
    let mut block = block(random, &page);
    if random.index(32) > 0 {
        for _ in 0..=random.index(4) {
            damage(random, &mut block);
        }
    }
    block
}

fn block(random: &mut Random, page: &PageBytes) -> Vec<u8> {
    let mut output = [0; OUTPUT_MAX];
    let stream = match random.index(4) {
        0 | 1 => None,
        tier => Compressor::with_level(Algorithm::Lz4, tier as i32 - 1).ok(),
    };
    let stream = stream.and_then(|compressor| Stream::new(compressor).ok());
    let bytes = stream.and_then(|mut stream| stream.compress(page, &mut output));
    // Ours gives up on what hardly shrinks; the other one takes anything.
    let bytes = bytes.unwrap_or_else(|| compress_into(page, &mut output).unwrap_or(0));
    output[..bytes].to_vec()
}

pub(crate) fn damage(random: &mut Random, block: &mut Vec<u8>) {
    if block.is_empty() {
        block.push(random.next() as u8);
    }
    let at = random.index(block.len());
    match random.index(8) {
        0 => block[at] ^= 1 << random.index(8),
        1 => block[at] = random.next() as u8,
        2 => block[at] = [0, 0x0f, 0xf0, 0xff][random.index(4)],
        3 => block.truncate(at),
        4 => drop(block.remove(at)),
        5 => block.insert(at, [0, 0xff, random.next() as u8][random.index(3)]),
        6 => block.splice(at..at, vec![0xff; random.index(40)]).for_each(drop),
        _ => {
            let from = random.index(block.len());
            let length = random.index(64).min(block.len() - from.max(at));
            block.copy_within(from..from + length, at);
        }
    }
}

/// Decodes `block`.
///
/// # Panics
/// If a guard was touched, or if two decoders do not agree on what the block says.
pub fn run(block: &[u8]) {
    let ours = decoded(Algorithm::Lz4, block);
    let mut page = [0xa5; PAGE_SIZE];
    let other = decompress_into(block, &mut page);
    assert_eq!(ours.is_some(), matches!(other, Ok(PAGE_SIZE)), "valid for one decoder only");
    assert!(ours.is_none_or(|ours| ours == page), "two decoders, two pages");
}
