//! The codec alone: the default codec of devices, over every page of the sample that the pager
//! would store.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hint::black_box;

use guest::sample::Sample;
use zram::{Compressor, OUTPUT_MAX, PAGE_SIZE, PageBytes, Stream};
use zram_rt::time;

use crate::{ROUNDS, middle};

/// Time for one page, the mean over the sample, in the median round.
pub(crate) struct Codec {
    pub(crate) compress_ns: u64,
    pub(crate) decompress_ns: u64,
}

/// Times the codec over the sample.
pub(crate) fn measure(sample: &Sample) -> Codec {
    let compressor = Compressor::DEFAULT;
    let mut stream = Stream::new(compressor).expect("memory is free before memhog runs");
    let mut output = Box::new([0; OUTPUT_MAX]);
    let mut stored: Vec<(usize, Vec<u8>)> = Vec::new();
    for number in 0..sample.pages() {
        if let Some(size) = stream.compress(page(sample, number), &mut output) {
            stored.push((number, output[..size].to_vec()));
        }
    }
    let compress_ns = per_page(stored.len(), || {
        for (number, _) in &stored {
            let _ = black_box(stream.compress(page(sample, *number), &mut output));
        }
    });
    let mut page = [0; PAGE_SIZE];
    let decompress_ns = per_page(stored.len(), || {
        for (_, object) in &stored {
            // It was compressed above.
            let _ = black_box(compressor.algorithm().decompress(object, &mut page));
        }
    });
    Codec { compress_ns, decompress_ns }
}

fn page(sample: &Sample, number: usize) -> &PageBytes {
    sample.page(number).try_into().expect("a page of the sample is a page")
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
