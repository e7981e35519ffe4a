//! Pages of any content: what was compressed comes back, by our decoder and by another one.

use lz4_flex::block::decompress_into;
use zram::{Algorithm, OUTPUT_MAX, PAGE_SIZE, Stream};

use crate::{Random, pages};

/// Makes a page.
pub fn input(random: &mut Random) -> Vec<u8> {
    pages::page(random).to_vec()
}

/// Compresses the page that starts with `bytes` with every algorithm and decompresses it again.
///
/// # Panics
/// If it does not come back, or there is no memory for a stream.
pub fn run(bytes: &[u8]) {
    let mut page = [0; PAGE_SIZE];
    let length = bytes.len().min(PAGE_SIZE);
    page[..length].copy_from_slice(&bytes[..length]);
    let mut output = [0; OUTPUT_MAX];
    for &algorithm in Algorithm::ALL {
        let mut stream = Stream::new(algorithm).expect("the host has memory");
        let Some(used) = stream.compress(&page, &mut output) else { continue };
        let mut back = [0x5a; PAGE_SIZE];
        assert_eq!(algorithm.decompress(&output[..used], &mut back), Ok(()), "{algorithm:?}");
        assert!(back == page, "{algorithm:?}: another page came back");
        let mut back = [0xa5; PAGE_SIZE];
        assert!(matches!(decompress_into(&output[..used], &mut back), Ok(PAGE_SIZE)));
        assert!(back == page, "{algorithm:?}: another decoder reads another page");
    }
}
