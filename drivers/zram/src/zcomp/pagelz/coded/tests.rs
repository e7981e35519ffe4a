//! Coded blocks alone: streams of every small length, and what makes a block a damaged one.

use alloc::vec::Vec;

use super::codes::{COUNTS, encodings_of};
use super::pack::pack;
use super::unpack::expand;
use super::{HEADER_BYTES, Head, STREAM_BYTES_MAX, STREAMS};
use crate::zcomp::pagelz::{decompress, plain};
use crate::zcomp::{COMPRESSED_MAX, Damaged, OUTPUT_MAX};
use crate::{PAGE_SIZE, PageBytes};

/// Bytes that some table of a stream has short codes for, a few others among them.
fn cheap(stream: usize, length: usize, seed: usize) -> Vec<u8> {
    let tables = encodings_of(stream);
    let table = &tables[seed % tables.len()];
    let mut bytes: Vec<u8> = (0..=255).collect();
    bytes.sort_by_key(|byte| table[usize::from(*byte)] & 15);
    (0..length)
        .map(|at| bytes[(at * 7 + seed) * (at + seed) % 11 * (1 + at % 9 / 8 * 20)])
        .collect()
}

fn packed(streams: &[Vec<u8>; STREAMS]) -> Option<Vec<u8>> {
    let mut output = [0; OUTPUT_MAX];
    let parts = [&streams[0][..], &streams[1], &streams[2]];
    let bytes = pack(parts, COMPRESSED_MAX, &mut output)?;
    Some(output[..bytes].to_vec())
}

fn expanded(block: &[u8]) -> Option<Vec<u8>> {
    let head = Head::of(block)?;
    let mut streams = [0; STREAM_BYTES_MAX];
    expand(block, head, &mut streams)?;
    Some(streams[..head.lengths.iter().sum()].to_vec())
}

#[test]
fn streams_of_every_small_length_come_back() {
    for operands in 0..12 {
        for literals in 0..45 {
            for tokens in 0..12 {
                let seed = operands + literals + tokens;
                let streams =
                    [cheap(0, operands, seed), cheap(1, literals, seed), cheap(2, tokens, seed)];
                let block = packed(&streams).expect("it is small");
                let back = expanded(&block);
                assert_eq!(back, Some(streams.concat()), "{operands} {literals} {tokens}");
                assert_eq!(plain::expanded(&block), back, "{operands} {literals} {tokens}");
            }
        }
    }
}

#[test]
fn a_stream_that_no_table_makes_smaller_is_stored_as_it_is() {
    // The dearest bytes of all tables together.
    let mut bytes: Vec<u8> = (0..=255).collect();
    let least = |byte: &u8| {
        let lengths = encodings_of(1).iter().map(|codes| codes[usize::from(*byte)] & 15);
        core::cmp::Reverse(lengths.min())
    };
    bytes.sort_by_key(least);
    let streams = [cheap(0, 90, 1), bytes[..60].to_vec(), cheap(2, 200, 2)];
    let block = packed(&streams).expect("it is small");
    assert_eq!(Head::of(&block).expect("it is coded").tables[1], 0);
    assert_eq!(block[HEADER_BYTES..HEADER_BYTES + 60], streams[1]);
    assert_eq!(expanded(&block), Some(streams.concat()));
}

#[test]
fn the_largest_streams_come_back() {
    let streams = [cheap(0, 1000, 1), cheap(1, 2000, 3), cheap(2, STREAM_BYTES_MAX - 3000, 2)];
    let block = packed(&streams).expect("short codes");
    assert_eq!(expanded(&block), Some(streams.concat()));
}

#[test]
fn a_page_that_only_codes_would_make_smaller_is_not_coded() {
    let literals = |count| packed(&[Vec::new(), cheap(1, count, 1), Vec::new()]);
    assert!(literals(4095).is_some());
    assert_eq!(literals(4096), None);
}

#[test]
fn a_header_comes_back_from_its_bytes() {
    let head = Head { lengths: [1030, 2007, 1020], tables: COUNTS, first_area: 3001 };
    assert_eq!(Head::of(&head.to_bytes()), Some(head));
}

#[test]
fn a_header_that_no_block_has_is_damage() {
    let good = Head { lengths: [0; STREAMS], tables: [0; STREAMS], first_area: 0 };
    let mut bad = Vec::from([good; 4]);
    for stream in 0..STREAMS {
        bad[stream].tables[stream] = COUNTS[stream] + 1;
    }
    bad[3].lengths = [STREAM_BYTES_MAX - 4000, 4001, 0];
    for head in &bad {
        assert_eq!(Head::of(&head.to_bytes()), None, "{head:?}");
    }
    let mut reserved = good.to_bytes();
    reserved[7] |= 0x80;
    assert_eq!((Head::of(&good.to_bytes()), Head::of(&reserved)), (Some(good), None));
}

/// A page that every level codes, and its block.
fn coded_page() -> (PageBytes, Vec<u8>) {
    let page: PageBytes = core::array::from_fn(|at| {
        let word = at as u64 / 8;
        let value = if word % 5 < 2 { 0 } else { 0x7f3a_0000_1000 + word * word % 997 * 16 };
        value.to_le_bytes()[at % 8]
    });
    let mut output = [0; OUTPUT_MAX];
    let mut dense = crate::zcomp::pagelz::Dense::new();
    let bytes = dense.compress(&page, 8, &mut output).expect("it compresses");
    (page, output[..bytes].to_vec())
}

#[test]
fn areas_that_their_lanes_do_not_fill_are_damage() {
    let (page, block) = coded_page();
    let head = Head::of(&block).expect("it is coded");
    let mut back = [0; PAGE_SIZE];
    assert_eq!((decompress(&block, &mut back), back == page), (Ok(()), true));
    for first_area in (0..4096).filter(|first_area| *first_area != head.first_area) {
        let mut other = block.clone();
        other[..HEADER_BYTES].copy_from_slice(&Head { first_area, ..head }.to_bytes());
        assert_eq!(decompress(&other, &mut back), Err(Damaged), "{first_area}");
        assert_eq!(plain::decompress(&other), None, "{first_area}");
    }
    let longer = [&block[..], &[0]].concat();
    assert_eq!(decompress(&longer, &mut back), Err(Damaged));
}
