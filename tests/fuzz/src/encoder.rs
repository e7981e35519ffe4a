//! Pages of any content: a compressed page is decoded to the same bytes, by our decoder and by
//! another one.

use lz4_flex::block::decompress_into;
use zram::{Algorithm, Compressor, OUTPUT_MAX, PAGE_SIZE, Stream, plain_pagelz};

use crate::{Random, pages};

/// Makes a page.
pub fn input(random: &mut Random) -> Vec<u8> {
    pages::page(random).to_vec()
}

/// Levels that are tried where an algorithm has them.
const LEVELS: [i32; 11] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 64, 65_537];

/// Compresses the page that starts with `bytes` with every algorithm at several levels and
/// decompresses it again.
///
/// # Panics
/// If it does not come back, or there is no memory for a stream.
pub fn run(bytes: &[u8]) {
    let mut page = [0; PAGE_SIZE];
    let length = bytes.len().min(PAGE_SIZE);
    page[..length].copy_from_slice(&bytes[..length]);
    let mut output = [0; OUTPUT_MAX];
    let levels = |algorithm: &Algorithm| {
        LEVELS.map(|level| Compressor::with_level(*algorithm, level).ok()).into_iter().flatten()
    };
    for compressor in Algorithm::ALL.iter().flat_map(levels) {
        let mut stream = Stream::new(compressor).expect("the host has memory");
        let Some(used) = stream.compress(&page, &mut output) else { continue };
        let mut back = [0x5a; PAGE_SIZE];
        let read = compressor.algorithm().decompress(&output[..used], &mut back);
        assert_eq!(read, Ok(()), "{compressor:?}");
        assert!(back == page, "{compressor:?}: another page came back");
        if compressor.algorithm() == Algorithm::Pagelz {
            let plain = plain_pagelz(&output[..used]).map(|back| back == page);
            assert_eq!(plain, Some(true), "{compressor:?}: the plain decoder");
            continue;
        }
        let mut back = [0xa5; PAGE_SIZE];
        assert!(matches!(decompress_into(&output[..used], &mut back), Ok(PAGE_SIZE)));
        assert!(back == page, "{compressor:?}: another decoder reads another page");
    }
}
