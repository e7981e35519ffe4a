//! Training as a whole, on generated pages.

use std::fs;
use std::path::PathBuf;
use std::slice;

use zram::PAGE_SIZE;

use super::train;

/// Writes a file of made pages: words with counters, between texts.
fn file(name: &str) -> PathBuf {
    let mut pages = vec![0; 40 * PAGE_SIZE];
    for (index, word) in (0_u64..).zip(pages.as_chunks_mut::<8>().0) {
        let words = [index * 24 + 0x7f00_0000, index % 7, u64::from_le_bytes(*b"the word")];
        *word = words[(index % 11 % 3) as usize].to_le_bytes();
    }
    let folder = std::env::temp_dir().join(format!("train-tables-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the folder can be made");
    let path = folder.join(name);
    fs::write(&path, pages).expect("the file can be written");
    path
}

#[test]
fn the_same_pages_give_the_same_tables() {
    let path = file("twice.bin");
    let first = train("2026-11-28", slice::from_ref(&path)).expect("the pages compress");
    assert_eq!(train("2026-11-28", slice::from_ref(&path)), Ok(first));
    fs::remove_file(path).expect("it was just written");
}

#[test]
fn the_source_says_how_many_pages_of_which_files_it_comes_from() {
    let path = file("named.bin");
    let text = train("2026-11-28", slice::from_ref(&path)).expect("the pages compress");
    assert!(text.contains("2026-11-28: 40 pages that compress, of: named.bin 40"), "{text}");
    fs::remove_file(path).expect("it was just written");
}

#[test]
fn a_file_of_half_a_page_is_refused_in_words() {
    let path = file("half.bin");
    fs::write(&path, [1; PAGE_SIZE / 2]).expect("the file can be written");
    let words = train("2026-11-28", slice::from_ref(&path)).expect_err("not whole pages");
    assert!(words.contains("2048 bytes are not whole pages"), "{words}");
    fs::remove_file(path).expect("it was just written");
}

#[test]
fn no_file_is_a_mistake() {
    assert!(train("2026-11-28", &[]).is_err_and(|words| words.starts_with("usage: ")));
}
