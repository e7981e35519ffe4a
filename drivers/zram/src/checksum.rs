//! A 32-bit checksum of an object, to detect memory that loses bits.
//!
//! It is taken over the compressed bytes, not over the page: they are fewer, and damage is found
//! before a decoder reads it. The method is multiply and fold, as in wyhash and rapidhash: four
//! independent lanes take 16 bytes each per round, so nothing waits for the multiplier. It is 40
//! lines of our own instead of a crate, because nothing here needs streaming, seeds or a stable
//! format: no checksum ever leaves the machine. It is no defence against a forger.

/// Bytes taken in one round.
const BLOCK: usize = 64;

/// Odd words without structure: the fractional parts of the square roots of 2, 3, 5 and 7.
const KEYS: [u64; 4] =
    [0x6a09_e667_f3bc_c909, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1];

/// Returns the checksum of `bytes`; the length counts.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let (blocks, tail) = bytes.as_chunks::<BLOCK>();
    let mut lanes = KEYS;
    for block in blocks {
        mix(&mut lanes, block);
    }
    if !tail.is_empty() {
        let mut block = [0; BLOCK];
        block[..tail.len()].copy_from_slice(tail);
        mix(&mut lanes, &block);
    }
    let length = bytes.len() as u64;
    let sum = fold(lanes[0] ^ length, lanes[1] ^ KEYS[2]) ^ fold(lanes[2] ^ KEYS[1], lanes[3]);
    let sum = fold(sum ^ KEYS[0], KEYS[3]);
    (sum ^ (sum >> 32)) as u32
}

fn mix(lanes: &mut [u64; 4], block: &[u8; BLOCK]) {
    let (pairs, _) = block.as_chunks::<16>();
    for ((lane, pair), key) in lanes.iter_mut().zip(pairs).zip(KEYS) {
        let pair = u128::from_le_bytes(*pair);
        *lane = fold(*lane ^ pair as u64, key ^ (pair >> 64) as u64);
    }
}

/// Multiplies to 128 bits and folds the halves together.
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::checksum;
    use alloc::vec;

    #[test]
    fn every_flipped_bit_of_a_page_changes_the_sum() {
        let mut page = vec![0_u8; 4096];
        for (at, byte) in page.iter_mut().enumerate() {
            *byte = (at * at / 7) as u8;
        }
        let whole = checksum(&page);
        for bit in 0..page.len() * 8 {
            page[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(checksum(&page), whole, "bit {bit}");
            page[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn every_length_of_zeros_has_its_own_sum() {
        let zeros = [0; 4096];
        let mut sums: vec::Vec<u32> = (0..=4096).map(|length| checksum(&zeros[..length])).collect();
        sums.sort_unstable();
        sums.dedup();
        assert_eq!(sums.len(), 4097);
    }
}
