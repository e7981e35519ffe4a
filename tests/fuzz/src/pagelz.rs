//! Damaged blocks of `pagelz`: decoding ends, writes the page alone, and agrees with the plain decoder.

use zram::{Algorithm, Compressor, OUTPUT_MAX, Stream};

use crate::decoder::{damage, decoded};
use crate::{Random, pages, plain};

/// Makes a block at some level and damages it in up to four places; one in 32 stays whole, and one in
/// 16 is any bytes behind a header that may fit.
pub fn input(random: &mut Random) -> Vec<u8> {
    if random.below(16) == 0 {
        return any_bytes(random);
    }
    let page = pages::page(random);
    let level = if random.below(8) == 0 { 1 + random.below(5) } else { 1 + random.below(2) };
    let compressor = Compressor::with_level(Algorithm::Pagelz, level as i32).ok();
    let mut stream = compressor.and_then(|compressor| Stream::new(compressor).ok());
    let mut output = [0; OUTPUT_MAX];
    let used = stream.as_mut().and_then(|stream| stream.compress(&page, &mut output));
    let Some(used) = used else { return any_bytes(random) };
    let mut block = output[..used].to_vec();
    if random.below(32) > 0 {
        for _ in 0..=random.below(4) {
            damage(random, &mut block);
        }
    }
    block
}

fn any_bytes(random: &mut Random) -> Vec<u8> {
    let longest = [16, 80, 400, 4000][random.below(4)];
    let mut block: Vec<u8> = (0..3 + random.below(longest)).map(|_| random.byte()).collect();
    let tokens = random.below(block.len() - 2);
    let operands = random.below(block.len() - 2 - tokens);
    block[..3].copy_from_slice(&((operands | tokens << 12) as u32).to_le_bytes()[..3]);
    block
}

/// Decodes `block`, alone and with other bytes behind it.
///
/// # Panics
/// If a guard was touched, if the plain decoder does not agree on what the block says, or if what
/// stands behind the block makes a difference.
pub fn run(block: &[u8]) {
    let ours = decoded(Algorithm::Pagelz, block);
    let mut followed = block.to_vec();
    followed.resize(block.len() + 1024, 0xff);
    let again = decoded(Algorithm::Pagelz, &followed[..block.len()]);
    assert!(ours == again, "what stands behind the block makes a difference");
    let plain = plain::decompress(block);
    assert_eq!(ours.is_some(), plain.is_some(), "valid for one decoder only");
    let is_same = ours.zip(plain).is_none_or(|(ours, plain)| plain == ours);
    assert!(is_same, "two decoders, two pages");
}
