//! The choice of pages, and files that are not samples.

use super::*;

fn page(seed: u64) -> Page {
    let mut page = [0; PAGE_SIZE];
    for (index, word) in (0_u64..).zip(page.as_chunks_mut::<8>().0) {
        *word = (seed * 1000 + index % 50).to_le_bytes();
    }
    page
}

/// A multiplicative generator: bytes that LZ4 finds nothing in.
fn noise() -> Page {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut page = [0; PAGE_SIZE];
    for byte in &mut page {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        *byte = (state >> 56) as u8;
    }
    page
}

#[test]
fn pages_are_taken_evenly_from_every_source_and_all_addresses() {
    let small: Vec<Page> = (0..100).map(page).collect();
    let large: Vec<Page> = (0..5000).map(page).collect();
    let parts = choose([small.as_slice(), &large, &large].into_iter());
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [100, 462, 462]);
    assert_eq!(parts[1].last(), Some(&page(4989)), "462 of 5000: the last is in the last stride");
}

#[test]
fn at_most_one_page_in_twenty_is_same_filled() {
    let mut pages: Vec<Page> = (0..2000).map(page).collect();
    pages.extend(vec![[7; PAGE_SIZE]; 5000]);
    assert!(Profile::of(&choose_from(&pages, 1000)).same_filled <= 50);
    let few: Vec<Page> = pages[1960..].to_vec();
    let profile = Profile::of(&choose_from(&few, 1000));
    assert!(profile.same_filled * 20 <= profile.pages, "{profile:?}");
}

#[test]
fn a_profile_counts_each_page_once() {
    let profile = Profile::of(&[page(1), noise(), [0; PAGE_SIZE], page(2)]);
    assert_eq!((profile.pages, profile.same_filled), (4, 1));
    assert!((profile.incompressible_share - 0.25).abs() < 1e-9);
    assert!(profile.ratio > 5.0, "50 words that repeat: {}", profile.ratio);
}

#[test]
fn what_is_no_sample_is_refused_in_words() {
    let path = place::under_target("corpus/test-no-sample").expect("target can be written");
    for content in [&b""[..], &[0; 4097], &[0; (PAGES_MAX + 1) * PAGE_SIZE]] {
        write_private(&path, content).expect("target can be written");
        let message = read(&path).expect_err("not a sample");
        assert!(message.contains("1 to 1024 pages"), "{message}");
    }
    fs::remove_file(&path).expect("it was just written");
}

#[test]
fn a_sample_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let path = place::under_target("corpus/test-private").expect("target can be written");
    write_private(&path, &page(3)).expect("target can be written");
    let mode = fs::metadata(&path).expect("it was just written").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(read(&path).expect("one page"), [page(3)]);
    fs::remove_file(&path).expect("it was just written");
}

#[test]
fn the_specimen_builds_the_same_data_every_time() {
    let size = specimen::Specimen::build(1).size();
    assert_eq!(size, specimen::Specimen::build(1).size());
    assert!(size > 100_000, "{size}");
}

#[test]
fn a_file_that_is_no_sample_is_told_why() {
    let why = |bytes: usize| super::pages_of(&vec![0; bytes]).map(|pages| pages.len());
    assert_eq!(why(4096), Ok(1));
    for (bytes, words) in [
        (0, "0 bytes are too short; "),
        (4095, "4095 bytes are too short; "),
        (4097, "4097 bytes are not whole pages; "),
        (1025 << 12, "4198400 bytes are too long; "),
    ] {
        let refusal = why(bytes).expect_err("it is no sample");
        assert!(refusal.starts_with(words), "{refusal}");
    }
}
