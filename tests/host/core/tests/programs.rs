//! The parsers and random orders of the programs.

use host_core::complete::{Answer, Sought, answer, sought};
use host_core::cpio::Entries;
use host_core::line::{self, Command, LINE_MAX, Target};
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

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn command(text: &[&str]) -> Command {
    Command { words: words(text), ..Command::default() }
}

fn to(text: &[&str], file: &str, appends: bool) -> Command {
    Command { target: Some(Target { file: file.to_owned(), appends }), ..command(text) }
}

#[test]
fn a_command_has_words_a_target_and_a_place() {
    let parse = |text| line::parse(text).map(|commands| commands.into_iter().next());
    let background = Command { in_background: true, ..command(&["memhog", "--size", "1M"]) };
    for (text, expected) in [
        ("echo 1M > zram:0/disksize", to(&["echo", "1M"], "zram:0/disksize", false)),
        ("echo 1M >> zram:0/disksize", to(&["echo", "1M"], "zram:0/disksize", true)),
        ("memhog --size 1M &", background),
        ("echo a>b", to(&["echo", "a"], "b", false)),
        ("ls a#b", command(&["ls", "a#b"])),
        ("! ls", Command { must_fail: true, ..command(&["ls"]) }),
        ("!ls", Command { must_fail: true, ..command(&["ls"]) }),
        ("echo !", command(&["echo", "!"])),
    ] {
        assert_eq!(parse(text), Ok(Some(expected)), "{text:?}");
    }
    assert_eq!(line::parse("  # nothing"), Ok(Vec::new()));
}

#[test]
fn a_line_has_commands_that_run_in_turn() {
    let all = line::parse("echo a > b; ! ls x;free ;");
    let must_fail = Command { must_fail: true, ..command(&["ls", "x"]) };
    assert_eq!(all, Ok(vec![to(&["echo", "a"], "b", false), must_fail, command(&["free"])]));
}

#[test]
fn quotes_keep_what_is_between_them() {
    let quoted = line::parse("echo 'a > b' \"c & #\" d'e; f' '|'");
    assert_eq!(quoted, Ok(vec![command(&["echo", "a > b", "c & #", "de; f", "|"])]));
    assert_eq!(line::parse("echo ''"), Ok(vec![command(&["echo", ""])]));
}

#[test]
fn lines_that_make_no_sense_are_refused() {
    for text in [
        "echo 'a",
        "echo >",
        "echo > > a",
        "echo > a b",
        "a & b",
        "echo > &",
        "a;;b",
        ";",
        "!",
        "! > a",
        "&",
        "> a",
        "ls | cat",
        "ls < a",
        "a >>",
    ] {
        assert!(line::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_line_over_the_limit_is_refused_and_nothing_of_it_is_a_command() {
    let longest = "x".repeat(LINE_MAX);
    assert!(line::parse(&longest).is_ok());
    assert!(line::parse(&(longest + "x")).is_err());
}

#[test]
fn the_word_before_the_cursor_tells_which_names_are_sought() {
    let name = |directory, start| Sought::Name { directory, start };
    for (before, expected) in [
        ("", Sought::Command("")),
        ("zra", Sought::Command("zra")),
        ("echo 1; zra", Sought::Command("zra")),
        ("! ls", Sought::Command("ls")),
        ("cat ", name("", "")),
        ("cat zram:0/mm", name("zram:0/", "mm")),
        ("echo 1 >zram:", name("zram:", "")),
        ("echo 1 > /scheme/zr", name("/scheme/", "zr")),
        ("/bin/sw", name("/bin/", "sw")),
    ] {
        assert_eq!(sought(before), expected, "{before:?}");
    }
}

#[test]
fn a_completion_inserts_what_all_fitting_names_have_in_common() {
    let names = words(&["mm_stat", "mem_limit", "mem_used_max", "reset"]);
    let rest = |rest: &str, is_whole| Answer::Insert { rest: rest.to_owned(), is_whole };
    assert_eq!(answer("r", &names), rest("eset", true));
    assert_eq!(answer("me", &names), rest("m_", false));
    assert_eq!(answer("mem_", &names), Answer::Choices(words(&["mem_limit", "mem_used_max"])));
    assert_eq!(answer("reset", &names), Answer::Complete);
    assert_eq!(answer("x", &names), Answer::Nothing);
}

#[test]
fn more_choices_than_a_screen_shows_are_cut_and_say_so() {
    let names: Vec<String> = (0..200).map(|number| format!("a{number:03}b")).collect();
    let Answer::Choices(choices) = answer("a", &names[..]) else {
        panic!("nothing is certain behind a0 and a1")
    };
    assert!(choices.len() < 50 && choices.last().is_some_and(|last| last == "..."));
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
