//! Damaged blocks of `pagelz`: decoding ends, writes only the page, and agrees with the plain
//! decoder.

use zram::{Algorithm, Compressor, OUTPUT_MAX, PageBytes, Stream, plain_pagelz};

use crate::decoder::{damage, decoded};
use crate::{Random, pages};

/// Makes a block at some level and damages it in up to four places; one in 32 stays whole, and one in
/// 16 is any bytes behind a header that may fit.
pub fn input(random: &mut Random) -> Vec<u8> {
    if random.index(16) == 0 {
        return any_bytes(random);
    }
    let page = pages::page(random);
    // Dense ones are made slowly, so there are few of them.
    let levels = if random.index(8) == 0 { [3, 4, 5, 7, 8, 9] } else { [1, 2, 6, 6, 6, 6] };
    let level = levels[random.index(levels.len())];
    let compressor = Compressor::with_level(Algorithm::Pagelz, level).ok();
    let mut stream = compressor.and_then(|compressor| Stream::new(compressor).ok());
    let mut output = [0; OUTPUT_MAX];
    let used = stream.as_mut().and_then(|stream| stream.compress(&page, &mut output));
    let Some(used) = used else { return any_bytes(random) };
    let mut block = output[..used].to_vec();
    if random.index(32) > 0 {
        for _ in 0..=random.index(4) {
            // Half of what happens to a coded block happens to its header.
            if is_coded(&block) && random.index(2) == 0 {
                block[random.index(8)] ^= 1 << random.index(8);
            } else {
                damage(random, &mut block);
            }
        }
    }
    block
}

fn is_coded(block: &[u8]) -> bool {
    block.len() >= 8 && block[2] >= 0x80
}

/// Any bytes behind the header of a plain block or of a coded one.
fn any_bytes(random: &mut Random) -> Vec<u8> {
    let longest = [16, 80, 400, 4000][random.index(4)];
    let mut block: Vec<u8> = (0..8 + random.index(longest)).map(|_| random.next() as u8).collect();
    if random.index(2) == 0 {
        let tokens = random.index(block.len() - 2);
        let operands = random.index(block.len() - 2 - tokens);
        block[..3].copy_from_slice(&((operands | tokens << 12) as u32).to_le_bytes()[..3]);
        return block;
    }
    // Streams that the bytes behind may hold, and an area that may lie within them.
    let symbols = 1 + block.len() * 8 / 6;
    let [operands, literals, tokens] = [0, 1, 2].map(|_| random.index(symbols.min(2048)));
    let area = random.index(block.len());
    let tables = (random.next() & random.next() & 0x0c63) as usize;
    let header = operands | tokens << 12 | 1 << 23 | literals << 24 | area << 36 | tables << 48;
    block[..8].copy_from_slice(&(header as u64).to_le_bytes());
    block
}

/// Bytes before and behind a block, more than a turn of the decoder reads at once.
const ZONE: usize = 192;

/// Decodes `block` between two zones of bytes, and says what it means.
///
/// # Panics
/// If a byte of a zone was touched.
fn decoded_between(zones: u8, block: &[u8]) -> Option<PageBytes> {
    let mut bytes = vec![zones; ZONE + block.len() + ZONE];
    let place = ZONE..ZONE + block.len();
    bytes[place.clone()].copy_from_slice(block);
    let page = decoded(Algorithm::Pagelz, &bytes[place.clone()]);
    let mut untouched = bytes[..place.start].iter().chain(&bytes[place.end..]);
    assert!(untouched.all(|byte| *byte == zones), "a write next to the block");
    assert!(bytes[place] == *block, "a write to the block");
    page
}

/// Decodes `block` between zeros and between ones.
///
/// # Panics
/// If a guard was touched, if the plain decoder does not agree on what the block says, or if what
/// stands next to the block makes a difference.
pub fn run(block: &[u8]) {
    let ours = decoded_between(0, block);
    let again = decoded_between(0xff, block);
    assert!(ours == again, "what stands next to the block makes a difference");
    let plain = plain_pagelz(block);
    assert_eq!(ours.is_some(), plain.is_some(), "valid for one decoder only");
    let is_same = ours.zip(plain).is_none_or(|(ours, plain)| plain == ours);
    assert!(is_same, "two decoders, two pages");
}
