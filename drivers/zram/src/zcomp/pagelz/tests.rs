//! Blocks of all levels, and the decoder against an obvious one.

use alloc::vec::Vec;

use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::Index;

use super::fast::extend;
use super::plain;
use super::token::{TABLES, short_code};
use super::{Dense, Fast, LEVEL_MAX, PLAIN_LEVEL_MAX, decompress, is_fast};
use crate::zcomp::{COMPRESSED_MAX, OUTPUT_MAX};
use crate::{PAGE_SIZE, PageBytes};

fn block_by(level: i32, page: &PageBytes) -> Option<Vec<u8>> {
    let mut output = [0; OUTPUT_MAX];
    let bytes = if is_fast(level) {
        Fast::new().compress(page, level, &mut output)?
    } else {
        Dense::new().compress(page, level, &mut output)?
    };
    Some(output[..bytes].to_vec())
}

fn decoded(block: &[u8]) -> Option<Vec<u8>> {
    let mut page = [0xee; PAGE_SIZE];
    decompress(block, &mut page).ok().map(|()| page.to_vec())
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
    let mut page: PageBytes = noise(!seed, PAGE_SIZE).try_into().expect("a page");
    page[start..].iter_mut().zip(record.iter().cycle()).for_each(|(to, byte)| *to = *byte);
    for (index, byte) in changes {
        page[index.index(PAGE_SIZE)] = *byte;
    }
    page
}

fn any_page() -> impl Strategy<Value = PageBytes> {
    let changes = proptest::collection::vec((any::<Index>(), any::<u8>()), 0..400);
    let of_records = (1_usize..300, 0_usize..2000, changes, any::<u32>())
        .prop_map(|(width, start, changes, seed)| records(width, start, &changes, seed));
    let pieces = proptest::collection::vec((any::<u8>(), 1_usize..600, any::<bool>()), 1..60);
    let of_runs = (pieces, any::<u32>())
        .prop_map(|(pieces, seed)| crate::zcomp::tests::page_of(&pieces, seed));
    prop_oneof![of_records, of_runs]
}

/// Streams that are written by hand.
#[derive(Default)]
struct Written {
    operands: Vec<u8>,
    literals: Vec<u8>,
    tokens: Vec<u8>,
}

impl Written {
    fn push(&mut self, token: u8, operands: &[u8], literals: &[u8]) {
        self.tokens.push(token);
        self.operands.extend(operands);
        self.literals.extend(literals);
    }

    fn block(&self) -> Vec<u8> {
        let header = (self.operands.len() | self.tokens.len() << 12) as u32;
        let mut block = header.to_le_bytes()[..3].to_vec();
        for stream in [&self.operands, &self.literals, &self.tokens] {
            block.extend(stream);
        }
        block
    }
}

proptest! {
    #[test]
    fn both_decoders_give_the_page_of_every_level_back(page in any_page()) {
        for level in 1..=LEVEL_MAX {
            if let Some(block) = block_by(level, &page) {
                prop_assert!(block.len() <= COMPRESSED_MAX);
                prop_assert!(decoded(&block).as_deref() == Some(&page[..]), "level {}", level);
                prop_assert!(plain::decompress(&block).as_deref() == Some(&page[..]), "level {}", level);
            }
        }
    }

    #[test]
    fn damage_is_what_the_format_does_not_allow(
        page in any_page(),
        level in 1..=LEVEL_MAX,
        changes in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let Some(mut block) = block_by(level, &page) else { return Ok(()) };
        for (index, byte) in &changes {
            let at = index.index(block.len());
            block[at] = *byte;
        }
        prop_assert_eq!(decoded(&block), plain::decompress(&block));
    }
}

#[test]
fn every_short_offset_has_the_code_that_it_is_read_from() {
    for offset in 0..PAGE_SIZE {
        let code = short_code(offset);
        let is_short = offset < 128 || (offset % 8 == 0 && offset < 1152);
        assert_eq!(
            TABLES.short_offsets.get(code).map(|read| usize::from(*read)),
            is_short.then_some(offset)
        );
    }
}

/// Two tokens of every value with every value of their first operand, in a page that they fit: the
/// smallest blocks that can say anything.
#[test]
fn two_tokens_of_every_value_mean_what_the_format_says() {
    for lead in [0, 40, 1000] {
        for first in 0..=255_u8 {
            for second in 0..=255_u8 {
                let mut written = Written::default();
                // Literals, and a match of a byte before them.
                written.push(0xf7, &[1, 0, lead as u8 % 248, 255, 255, 0][..3], &noise(3, 300));
                written.push(first, &noise(u32::from(second), 4), &[]);
                written.push(second, &noise(u32::from(first), 4), &[]);
                let block = written.block();
                assert_eq!(decoded(&block), plain::decompress(&block), "{lead} {first} {second}");
            }
        }
    }
}

#[test]
fn every_offset_and_length_is_copied_right_wherever_it_lies() {
    for offset in (1..40).chain([127, 128, 136, 1000, 1144]) {
        for length in (4..80).chain([274, 275, 1000]) {
            for tail in [0, 1, 5, 12, 40, 64, 65, 300, 1500] {
                let lead = (PAGE_SIZE - tail - length).min(1600).max(offset);
                let mut written = Written::default();
                let mut operands = Vec::from((offset as u16).to_le_bytes());
                if lead >= 7 {
                    push_count(&mut operands, lead - 7);
                }
                let column = if length >= 20 { 8 } else { 0 };
                if length >= 20 {
                    push_count(&mut operands, length - 20);
                } else {
                    operands[1] |= ((length - 4) << 4) as u8;
                }
                written.push(0xf0 | column | lead.min(7) as u8, &operands, &noise(5, lead));
                // What remains but the tail, as a run.
                let rest = PAGE_SIZE - lead - length - tail;
                if rest > 16 {
                    let mut operands = Vec::new();
                    push_count(&mut operands, rest - 1 - 17);
                    written.push(0x0f, &operands, &[7]);
                    written.literals.extend(noise(8, tail));
                } else {
                    written.literals.extend(noise(8, tail + rest));
                }
                let page = decoded(&written.block());
                let plain = plain::decompress(&written.block());
                assert_eq!(page, plain, "{offset} {length} {tail}");
                assert!(page.is_some() || rest > 16, "{offset} {length} {tail}");
            }
        }
    }
}

/// Three tokens of every kind, with counts that go on and without, each with operands that are small,
/// or go on, or are offsets that there are not; what they leave of the page is literals.
#[test]
fn three_tokens_of_every_kind_mean_what_the_format_says() {
    let tokens = [0x00, 0x0f, 0x4f, 0x50, 0x5f, 0x8c, 0x90, 0x9f, 0xef, 0xf0, 0xf7, 0xf8];
    let operands = [0, 1, 9, 255];
    let (mut valid, mut damaged) = (0, 0);
    for first in tokens {
        for second in tokens {
            for third in tokens {
                for pattern in 0..operands.len().pow(2) {
                    let operand = |place: usize| operands[pattern / [1, 4][place % 2] % 4];
                    let block = of_tokens(&[first, second, third], operand);
                    let page = plain::decompress(&block);
                    assert_eq!(decoded(&block), page, "{block:?}");
                    if page.is_some() { valid += 1 } else { damaged += 1 }
                }
            }
        }
    }
    assert!(valid > 5000 && damaged > 5000, "both: {valid} {damaged}");
}

/// Returns a block of `tokens` behind 924 bytes of page, with as many operands as they need and 40
/// literals or as many as the page needs.
fn of_tokens(tokens: &[u8], operand: impl Fn(usize) -> u8) -> Vec<u8> {
    let mut written = Written::default();
    let mut lead = Vec::from([24, 0]);
    push_count(&mut lead, 24 - 7);
    push_count(&mut lead, 900 - 20);
    written.push(0xff, &lead, &noise(3, 24));
    for token in tokens {
        let (row, column) = (token / 16, token % 16);
        let (offset, are_open) = match row {
            0..9 => (0, [row == 4 || row == 8, column == 15]),
            9..15 => (1, [row == 14, column == 15]),
            _ => (2, [column % 8 == 7, column >= 8]),
        };
        let mut bytes: Vec<u8> = (0..offset).map(&operand).collect();
        for _ in are_open.iter().filter(|is_open| **is_open) {
            let start = bytes.len();
            bytes.extend((start..start + 3).map(&operand).take_while(|byte| *byte == 255));
            bytes.push(operand(bytes.len()) % 255);
        }
        written.push(*token, &bytes, &[]);
    }
    written.literals.extend(noise(7, 40));
    if let Some(page) = plain::part(&written.block()) {
        written.literals.extend(noise(11, PAGE_SIZE.saturating_sub(page.len())));
    }
    written.block()
}

/// The page before the match is one long sequence; the match itself has few literals, so that the quick
/// loop takes it.
#[test]
fn a_match_of_any_offset_and_length_is_copied_right_behind_a_few_literals() {
    for offset in (1..40).chain([63, 64, 65, 128, 257, 512]) {
        for length in (4..100).chain([258, 274, 275, 276, 529, 530, 785, 2000]) {
            for (literals, tail) in [(0, 1200), (3, 64), (6, 0), (2, 20)] {
                let lead = 4096 - tail - length - literals;
                let mut written = Written::default();
                // 530 literals, and the last of them again up to the match.
                let mut operands = Vec::from([1, 0]);
                push_count(&mut operands, 530 - 7);
                push_count(&mut operands, lead - 530 - 20);
                written.push(0xff, &operands, &noise(5, 530));
                let mut operands = Vec::from((offset as u16).to_le_bytes());
                if length >= 20 {
                    push_count(&mut operands, length - 20);
                } else {
                    operands[1] |= ((length - 4) << 4) as u8;
                }
                let column = if length >= 20 { 8 } else { 0 };
                written.push(0xf0 | column | literals as u8, &operands, &noise(9, literals));
                written.literals.extend(noise(8, tail));
                let page = plain::decompress(&written.block());
                assert!(page.is_some(), "{offset} {length} {literals} {tail}");
                assert_eq!(decoded(&written.block()), page, "{offset} {length} {literals} {tail}");
            }
        }
    }
}

/// Writes a count that goes on.
fn push_count(operands: &mut Vec<u8>, count: usize) {
    operands.extend(core::iter::repeat_n(255, count / 255));
    operands.push((count % 255) as u8);
}

#[test]
fn every_part_of_a_block_is_damage() {
    let page = records(24, 9, &[], 5);
    for level in 1..=LEVEL_MAX {
        let block = block_by(level, &page).expect("records compress");
        for length in 0..block.len() {
            assert_eq!(decoded(&block[..length]), None, "level {level}, {length} bytes");
        }
    }
}

#[test]
fn a_match_is_as_long_as_its_bytes_agree() {
    for end in [1, 8, 30, 4000, 4088, 4095] {
        for length in (0..PAGE_SIZE - end).filter(|length| *length < 200 || length % 61 < 3) {
            let mut page = [7; PAGE_SIZE];
            page[end + length] = 8;
            assert_eq!(extend(&page, end, 1), end + length);
        }
        assert_eq!(extend(&[7; PAGE_SIZE], end, 1), PAGE_SIZE);
    }
}

#[test]
fn runs_of_every_period_and_end_come_back() {
    for period in 1..20 {
        for end in [4096, 4095, 4091, 4090, 4084, 4083, 4079, 4064, 4033, 4032, 1000] {
            let mut page = [0; PAGE_SIZE];
            let pattern = noise(period as u32, period);
            page.iter_mut().zip(pattern.iter().cycle()).for_each(|(to, byte)| *to = *byte);
            page[end..].copy_from_slice(&noise(9, PAGE_SIZE - end));
            for level in 1..=LEVEL_MAX {
                let block = block_by(level, &page).expect("a run compresses");
                assert!(decoded(&block).as_deref() == Some(&page[..]), "{level} {period} {end}");
            }
        }
    }
}

#[test]
fn a_higher_level_is_denser_on_records_with_changes() {
    let page: PageBytes = core::array::from_fn(|at| {
        let (record, byte) = (at / 48, at % 48);
        if byte % 8 < 3 {
            (record * 7 + byte * 13) as u8 ^ (record * record) as u8
        } else {
            byte as u8
        }
    });
    let size = |level| block_by(level, &page).map_or(PAGE_SIZE, |it| it.len());
    let plain: Vec<_> = (1..=PLAIN_LEVEL_MAX).map(size).collect();
    let coded: Vec<_> = (PLAIN_LEVEL_MAX + 1..=LEVEL_MAX).map(size).collect();
    assert!(plain.is_sorted_by(|lower, higher| lower >= higher), "{plain:?}");
    assert!(plain.first() > plain.last(), "{plain:?}");
    // The parse weighs bytes, not codes, so the coded blocks of two levels may be nearly the same.
    assert!(coded[1..].iter().all(|size| *size < coded[0]), "{coded:?}");
    assert!(
        plain[1..].iter().zip(&coded).all(|(plain, coded)| coded < plain),
        "{plain:?} {coded:?}"
    );
}

/// The blocks of `docs/pagelz.md`: a decoder of another may be tested with them.
#[test]
fn golden_blocks_mean_what_the_document_says() {
    let [zeros, kinds] = golden();
    assert_eq!(decoded(&zeros), Some([0; PAGE_SIZE].to_vec()));
    let page = decoded(&kinds).expect("it is valid");
    assert_eq!(&page[..16], b"abcdabcdabXabcXa");
    assert_eq!(page[16..4090], [b'Z'; 4074]);
    assert_eq!(&page[4090..], b"YYYend");
    let in_document = [
        [[16, 16, 0].as_slice(), &[255; 15], &[0xfd, 0, 0x0f]].concat(),
        [
            [0x14, 0x50, 0, 4, 0x20, 11, 1].as_slice(),
            &[255; 15],
            &[0xe6],
            b"abcdXZYend",
            &[0xf4, 0xa0, 0x50, 0xaf, 0],
        ]
        .concat(),
    ];
    assert_eq!([&zeros, &kinds], [&in_document[0], &in_document[1]]);
    for block in [zeros, kinds] {
        assert_eq!(plain::decompress(&block), decoded(&block));
    }
}

/// A page of zeros, and one with every kind of offset.
fn golden() -> [Vec<u8>; 2] {
    let mut zeros = Written::default();
    // One literal; 17 + 15 * 255 + 253 bytes at the offset that there is before a match, 1.
    zeros.push(0x0f, &[[255; 15].as_slice(), &[253]].concat(), &[0]);
    let mut kinds = Written::default();
    // Far: 4 literals, offset 4, length 4 + 2.
    kinds.push(0xf4, &[4, 0x20], b"abcd");
    // Short: one literal, offset 11, length 3.
    kinds.push(0xa0, &[11], b"X");
    // The previous offset, 4: no literal, length 2.
    kinds.push(0x50, &[], b"");
    // Short: one literal, offset 1, length 18 + 15 * 255 + 230.
    kinds.push(0xaf, &[[1].as_slice(), &[255; 15], &[230]].concat(), b"Z");
    // The last offset, 1: one literal, length 2. Then the last literals.
    kinds.push(0x00, &[], b"Y");
    kinds.literals.extend(b"end");
    [zeros.block(), kinds.block()]
}
