//! Our blocks against `lz4_flex` in both directions, and the decoder against an obvious one.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::Index;

use super::{Table, WRITTEN_MAX, compress, decompress};
use crate::zcomp::{COMPRESSED_MAX, Damaged, OUTPUT_MAX};
use crate::{PAGE_SIZE, PageBytes};

/// Both tiers, and the second with larger and larger steps.
const ACCELERATIONS: [u32; 6] = [1, 2, 3, 8, 100, 65_537];

/// Returns our block for a page, unless it does not shrink enough.
fn block_by(acceleration: u32, page: &PageBytes) -> Option<Vec<u8>> {
    let mut output = [0; WRITTEN_MAX];
    let bytes = compress(&mut Table::new(), page, acceleration, &mut output)?;
    Some(output[..bytes].to_vec())
}

/// Returns our densest block for a page, unless it does not shrink enough.
fn block_of(page: &PageBytes) -> Option<Vec<u8>> {
    block_by(1, page)
}

/// Returns the block of another encoder.
fn block_of_flex(page: &PageBytes) -> Vec<u8> {
    let mut output = [0; OUTPUT_MAX];
    let bytes = lz4_flex::block::compress_into(page, &mut output).expect("the worst case fits");
    output[..bytes].to_vec()
}

/// Decodes by another decoder.
fn decoded_by_flex(block: &[u8]) -> Option<PageBytes> {
    let mut page = [0xee; PAGE_SIZE];
    let bytes = lz4_flex::block::decompress_into(block, &mut page).ok()?;
    (bytes == PAGE_SIZE).then_some(page)
}

fn decoded(block: &[u8]) -> Result<PageBytes, Damaged> {
    let mut page = [0xee; PAGE_SIZE];
    decompress(block, &mut page).map(|()| page)
}

/// Decodes by the words of the format, byte by byte.
fn plainly_decoded(block: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = block.iter().map(|byte| usize::from(*byte));
    let mut page = Vec::new();
    loop {
        let token = bytes.next()?;
        let length = |nibble: usize, bytes: &mut dyn Iterator<Item = usize>| {
            let mut sum = nibble;
            let mut is_open = nibble == 15;
            while is_open {
                let more = bytes.next()?;
                sum += more;
                is_open = more == 255;
            }
            Some(sum)
        };
        for _ in 0..length(token >> 4, &mut bytes)? {
            page.push(bytes.next()? as u8);
        }
        if bytes.len() == 0 {
            return (page.len() == PAGE_SIZE).then_some(page);
        }
        let offset = bytes.next()? | bytes.next()? << 8;
        for _ in 0..length(token & 15, &mut bytes)? + 4 {
            let from = page.len().checked_sub(offset).filter(|_| offset > 0)?;
            page.push(page[from]);
            if page.len() > PAGE_SIZE {
                return None;
            }
        }
    }
}

/// Writes one sequence; without a match it is the last one.
fn sequence(block: &mut Vec<u8>, literals: &[u8], found: Option<(usize, usize)>) {
    let (offset, length) = found.unwrap_or((0, 4));
    let nibbles = [literals.len(), length - 4].map(|count| count.min(15));
    block.push((nibbles[0] << 4 | nibbles[1]) as u8);
    let rest = |block: &mut Vec<u8>, count: usize| {
        if let Some(rest) = count.checked_sub(15) {
            block.extend(vec![255; rest / 255]);
            block.push((rest % 255) as u8);
        }
    };
    rest(block, literals.len());
    block.extend(literals);
    if found.is_some() {
        block.extend((offset as u16).to_le_bytes());
        rest(block, length - 4);
    }
}

fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut random = seed | 1;
    let next = || {
        random = random.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
        (random >> 24) as u8
    };
    core::iter::repeat_with(next).take(length).collect()
}

/// A page of records of `width` bytes that differ in some of them, from `start` on, after noise.
fn records(width: usize, start: usize, changes: &[(Index, u8)], seed: u32) -> PageBytes {
    let record = noise(seed, width);
    let mut page = [0; PAGE_SIZE];
    page[..start].copy_from_slice(&noise(!seed, start));
    for (place, byte) in page[start..].iter_mut().zip(record.iter().cycle()) {
        *place = *byte;
    }
    for (index, byte) in changes {
        page[index.index(PAGE_SIZE)] = *byte;
    }
    page
}

/// Pages as programs have them: runs with noise, records, and both torn by single bytes.
fn any_page() -> impl Strategy<Value = PageBytes> {
    let piece = (any::<u8>(), 1_usize..300, any::<bool>());
    let runs = (proptest::collection::vec(piece, 1..60), any::<u32>())
        .prop_map(|(pieces, seed)| crate::zcomp::tests::page_of(&pieces, seed));
    let change = (any::<Index>(), any::<u8>());
    let changes = proptest::collection::vec(change, 0..400);
    let records = (1_usize..700, 0..PAGE_SIZE, changes, any::<u32>())
        .prop_map(|(width, start, changes, seed)| records(width, start, &changes, seed));
    prop_oneof![runs, records]
}

proptest! {
    #[test]
    fn every_lz4_decoder_reads_our_blocks(page in any_page()) {
        for acceleration in ACCELERATIONS {
            if let Some(block) = block_by(acceleration, &page) {
                prop_assert!(block.len() <= COMPRESSED_MAX);
                prop_assert!(decoded_by_flex(&block) == Some(page), "{}", acceleration);
                prop_assert!(decoded(&block) == Ok(page), "{}", acceleration);
            }
        }
    }

    #[test]
    fn we_read_the_blocks_of_another_encoder(page in any_page()) {
        let block = block_of_flex(&page);
        prop_assert!(decoded(&block) == Ok(page));
    }

    #[test]
    fn damage_is_what_the_format_does_not_allow(
        page in any_page(),
        changes in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let mut block = block_of_flex(&page);
        for (index, byte) in &changes {
            let at = index.index(block.len());
            block[at] = *byte;
        }
        let plain = plainly_decoded(&block);
        prop_assert_eq!(decoded(&block).ok().map(|page| page.to_vec()), plain);
    }
}

#[test]
fn every_offset_and_length_is_copied_right_wherever_it_lies() {
    for offset in (1..40).chain([100, 1000]) {
        for length in (4..80).chain([273, 274, 275, 1000]) {
            for tail in [5, 12, 40, 300, 2000] {
                let lead = (PAGE_SIZE - tail).saturating_sub(length).max(offset);
                let tail = PAGE_SIZE - lead - length;
                let mut block = Vec::new();
                sequence(&mut block, &noise(7, lead), Some((offset, length)));
                sequence(&mut block, &noise(8, tail), None);
                let page = decoded(&block).map(|page| page.to_vec()).ok();
                assert_eq!(page, plainly_decoded(&block), "{offset} {length} {tail}");
            }
        }
    }
}

#[test]
fn every_count_of_literals_is_copied_right_in_the_middle_of_a_page() {
    for literals in 0..600 {
        let mut block = Vec::new();
        sequence(&mut block, &noise(1, 100), Some((60, 900)));
        sequence(&mut block, &noise(2, literals), Some((50, 20)));
        sequence(&mut block, &noise(3, PAGE_SIZE - 1020 - literals), None);
        let page = decoded(&block).map(|page| page.to_vec()).ok();
        assert_eq!(page, plainly_decoded(&block), "{literals} literals");
    }
}

#[test]
fn every_part_of_a_block_is_damage() {
    let page = records(24, 9, &[], 5);
    let block = block_of(&page).expect("records compress");
    assert!(decoded(&block) == Ok(page));
    for length in 0..block.len() {
        assert_eq!(decoded(&block[..length]), Err(Damaged), "{length} bytes");
    }
}

#[test]
fn runs_of_every_period_and_end_come_back() {
    for period in 1..20 {
        for end in [4096, 4095, 4091, 4090, 4084, 4083, 4079, 1000] {
            let mut page = [0; PAGE_SIZE];
            let pattern = noise(period as u32, period);
            page.iter_mut().zip(pattern.iter().cycle()).for_each(|(to, byte)| *to = *byte);
            page[end..].copy_from_slice(&noise(9, PAGE_SIZE - end));
            for acceleration in [1, 2] {
                let block = block_by(acceleration, &page).expect("a run compresses");
                assert!(decoded(&block) == Ok(page), "period {period}, end {end}");
                assert!(decoded_by_flex(&block) == Some(page), "period {period}, end {end}");
            }
        }
    }
}

#[test]
fn noise_is_given_up_and_what_just_fits_is_not() {
    let page = |repeated: usize| {
        let mut page: PageBytes = noise(3, PAGE_SIZE).try_into().expect("a page");
        page.copy_within(..repeated, PAGE_SIZE - repeated);
        page
    };
    let sizes: Vec<_> =
        (0..800).map(|repeated| block_of(&page(repeated)).map(|b| b.len())).collect();
    assert_eq!(sizes[0], None);
    let fits: Vec<usize> = sizes.iter().filter_map(|size| *size).collect();
    let largest = fits.iter().max().expect("some fit");
    assert!((COMPRESSED_MAX - 1..=COMPRESSED_MAX).contains(largest), "{largest} bytes");
    assert!(sizes[700..].iter().all(Option::is_some));
}

#[test]
fn a_higher_acceleration_finds_less() {
    // Addresses of one heap: 6 bytes are the same, 2 differ; the fast tier looks for 8.
    let mut addresses = [0; PAGE_SIZE];
    for (word, low) in addresses.chunks_exact_mut(8).zip(noise(3, PAGE_SIZE).chunks_exact(2)) {
        word.copy_from_slice(&[low[0], low[1], 0x55, 0x7a, 0x3c, 0x56, 0, 0]);
    }
    let records = records(300, 0, &[], 11);
    let size = |acceleration, page| block_by(acceleration, page).map(|block| block.len());
    assert!(size(1, &addresses).is_some_and(|bytes| bytes < PAGE_SIZE * 3 / 4));
    assert_eq!(size(2, &addresses), None);
    assert!(size(2, &records) < size(64, &records));
}
