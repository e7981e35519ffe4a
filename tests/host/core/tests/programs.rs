//! The parsers and orders of the programs.

use host_core::areas;
use host_core::cpio::Entries;
use host_core::line::Line;
use host_core::order::{Random, Shuffled};

#[test]
fn a_shuffled_order_has_every_number_once() {
    for count in [0, 1, 2, 3, 5, 16, 17, 1000, 4097] {
        let mut numbers: Vec<u64> = Shuffled::new(count, 42).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..count).collect::<Vec<_>>(), "{count} numbers");
    }
}

#[test]
fn another_seed_gives_another_order() {
    let order = |seed| Shuffled::new(1000, seed).collect::<Vec<_>>();
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
    assert!(!order(1).is_sorted());
}

#[test]
fn random_numbers_stay_below_their_end_and_reach_all() {
    let mut random = Random::new(3);
    let mut seen = [false; 8];
    for _ in 0..200 {
        seen[random.below(8) as usize] = true;
    }
    assert_eq!(seen, [true; 8]);
}

/// Returns words, target and whether it is for the background.
fn parts(text: &str) -> Result<(Vec<String>, Option<String>, bool), &'static str> {
    Line::parse(text).map(|line| (line.words, line.target, line.in_background))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

#[test]
fn a_line_has_words_a_target_and_a_place() {
    let target = Some("zram:0/disksize".to_owned());
    assert_eq!(parts("echo 1M > zram:0/disksize"), Ok((words(&["echo", "1M"]), target, false)));
    assert_eq!(parts("memhog --size 1M &"), Ok((words(&["memhog", "--size", "1M"]), None, true)));
    assert_eq!(parts("echo a>b"), Ok((words(&["echo", "a"]), Some("b".to_owned()), false)));
    assert_eq!(parts("  # nothing"), Ok((Vec::new(), None, false)));
    assert_eq!(parts("ls a#b"), Ok((words(&["ls", "a#b"]), None, false)));
}

#[test]
fn quotes_keep_what_is_between_them() {
    let quoted = parts("echo 'a > b' \"c & #\" d'e f'");
    assert_eq!(quoted, Ok((words(&["echo", "a > b", "c & #", "de f"]), None, false)));
    assert_eq!(parts("echo ''"), Ok((words(&["echo", ""]), None, false)));
}

#[test]
fn lines_that_make_no_sense_are_refused() {
    for text in ["echo 'a", "echo >", "echo > > a", "echo > a b", "a & b", "echo > &"] {
        assert!(parts(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_dead_area_is_neither_used_nor_free() {
    let table = "Filename\tType\tSize\tUsed\tPriority\tState\n\
                 zram:0\tpartition\t65536\t1024\t-1\tactive\n\
                 zram:1\tpartition\t4096\t512\t5\tdead\n\
                 zram:2\tpartition\t2048\t8\t0\tdraining\n";
    let names: Vec<_> = areas::areas(table).map(|area| (area.name, area.is_dead())).collect();
    assert_eq!(names, [("zram:0", false), ("zram:1", true), ("zram:2", false)]);
    assert_eq!(areas::totals(table), (67584, 1032));
    assert_eq!(areas::totals(""), (0, 0));
}

/// Returns one archive entry (cpio newc).
fn entry(name: &str, mode: u32, content: &[u8]) -> Vec<u8> {
    let numbers = [1, mode, 0, 0, 1, 0, content.len() as u32, 0, 0, 0, 0, name.len() as u32 + 1, 0];
    let mut bytes = b"070701".to_vec();
    bytes.extend(numbers.iter().flat_map(|number| format!("{number:08x}").into_bytes()));
    bytes.extend_from_slice(name.as_bytes());
    bytes.push(0);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn archive() -> Vec<u8> {
    [
        entry("bin", 0o040_755, b""),
        entry("./bin/sh", 0o100_755, b"abc"),
        entry("script", 0o100_644, b""),
        entry("TRAILER!!!", 0, b""),
        entry("behind", 0o100_644, b"x"),
    ]
    .concat()
}

#[test]
fn an_archive_has_its_files_up_to_the_trailer() {
    let archive = archive();
    let files: Vec<_> = Entries::of(&archive).collect();
    assert_eq!(files, [("bin/sh", &b"abc"[..]), ("script", &b""[..])]);
}

#[test]
fn a_cut_archive_ends_early_and_nothing_else() {
    let archive = archive();
    for end in 0..archive.len() {
        assert!(Entries::of(&archive[..end]).count() <= 2);
    }
}

#[test]
fn an_entry_with_a_size_beyond_the_archive_is_left_out() {
    let mut bytes = entry("big", 0o100_644, b"abc");
    // The size is the seventh number.
    bytes[6 + 6 * 8..6 + 7 * 8].copy_from_slice(b"ffffffff");
    assert_eq!(Entries::of(&bytes).count(), 0);
}
