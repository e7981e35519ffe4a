//! Pages to store.

use host_core::order::Random;

/// Bytes of a page.
pub const PAGE_SIZE: usize = 4096;

/// Returns a page that does not compress, another one for each `seed`.
#[must_use]
pub fn noise(seed: u64) -> [u8; PAGE_SIZE] {
    let mut page = [0; PAGE_SIZE];
    let mut random = Random::new(seed);
    for word in page.as_chunks_mut::<8>().0 {
        *word = random.next().to_le_bytes();
    }
    page
}

/// Returns a page that compresses to about half, another one for each `seed`.
#[must_use]
pub fn half(seed: u64) -> [u8; PAGE_SIZE] {
    let mut page = noise(seed);
    for pair in page.as_chunks_mut::<16>().0 {
        pair[8..].fill(0);
    }
    page
}
