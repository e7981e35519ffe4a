//! The codec alone: lz4 over every page of the sample that the pager would store.

use alloc::vec;
use alloc::vec::Vec;
use core::hint::black_box;

use guest::sample::Sample;
use lz4_flex::block::{
    CompressTable, compress_into_with_table, decompress_into, get_maximum_output_size,
};
use zram_abi::PAGE_SIZE;
use zram_rt::time;

use crate::{ROUNDS, middle};

/// A page that saves less than an eighth is not stored (DESIGN 6).
const STORED_MAX: usize = PAGE_SIZE - PAGE_SIZE / 8;

/// Time for one page, the mean over the sample, in the median round.
pub(crate) struct Codec {
    pub(crate) compress_ns: u64,
    pub(crate) decompress_ns: u64,
}

/// Times the codec over the sample.
pub(crate) fn measure(sample: &Sample) -> Codec {
    let mut output = vec![0; get_maximum_output_size(PAGE_SIZE)];
    let mut table = CompressTable::small();
    let mut stored: Vec<(usize, Vec<u8>)> = Vec::new();
    for number in 0..sample.pages() {
        let size = compress_into_with_table(sample.page(number), &mut output, &mut table);
        if let Ok(size @ ..=STORED_MAX) = size {
            stored.push((number, output[..size].to_vec()));
        }
    }
    let compress_ns = per_page(stored.len(), || {
        for (number, _) in &stored {
            let size = compress_into_with_table(sample.page(*number), &mut output, &mut table);
            // Its success was seen above.
            let _ = black_box(size);
        }
    });
    let mut page = [0; PAGE_SIZE];
    let decompress_ns = per_page(stored.len(), || {
        for (_, object) in &stored {
            // It was compressed above.
            let _ = black_box(decompress_into(object, &mut page));
        }
    });
    Codec { compress_ns, decompress_ns }
}

fn per_page(pages: usize, mut round: impl FnMut()) -> u64 {
    let mut rounds: Vec<u64> = (0..=ROUNDS)
        .map(|_| {
            let start_ns = time::now_ns();
            round();
            time::since_ns(start_ns) / pages.max(1) as u64
        })
        .skip(1)
        .collect();
    middle(&mut rounds)
}
