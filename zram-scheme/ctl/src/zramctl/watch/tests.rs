//! What `zramctl watch` prints when something changes, against a fake system that changes at each
//! wait.

use alloc::string::String;
use alloc::vec::Vec;

use crate::system::fake::{Event, Fake};
use crate::zramctl::run;

fn system(events: Vec<Event>) -> Fake {
    let system = Fake::with(&[
        ("/scheme/zram", "0\ncontrol\n"),
        ("/scheme/zram/0/disksize", "67108864\n"),
        ("/scheme/zram/0/mm_stat", "0 0 4194304 0 0 0 0 0 0\n"),
        ("/scheme/zram/0/mem_watermark", "8388608\n"),
    ]);
    system.events.borrow_mut().extend(events);
    system
}

fn outcome(words: &str, events: Vec<Event>) -> (u8, String) {
    let system = system(events);
    let words: Vec<&str> = words.split(' ').collect();
    let code = run(&system, &words);
    (code, system.shown.take())
}

const SIZE: &str = "/scheme/zram/0/disksize";
const POOL: &str = "/scheme/zram/0/mm_stat";

#[test]
fn size_state_and_watermark_of_a_device_are_told_until_it_is_gone() {
    let events = [
        Event::Text(SIZE, "134217728\n"),
        Event::Text(POOL, "0 0 9437184 0 0 0 0 0 0\n"),
        Event::Text(SIZE, "0\n"),
        Event::Gone(SIZE),
    ];
    let expected = "\
zram:0: disksize 64M
zram:0: disksize 128M
zram:0: its pool has come to mem_watermark: 9M of 8M
zram:0: it has no disksize
zram:0: removed
";
    assert_eq!(outcome("watch zram:0", events.into()), (0, String::from(expected)));
}

#[test]
fn a_pool_that_is_at_the_mark_before_anybody_watches_is_told_too() {
    let system = system(Vec::new());
    let full = String::from("0 0 8388608 0 0 0 0 0 0\n");
    system.files.borrow_mut().insert(POOL.into(), full);
    assert_eq!(run(&system, &["watch", "-b", "-n", "2", "zram:0"]), 0);
    let expected = "zram:0: disksize 64M\nzram:0: its pool has come to mem_watermark: 8M of 8M\n";
    assert_eq!(system.shown.take(), expected);
}

#[test]
fn devices_that_come_and_go_are_told_without_a_name() {
    let events = [
        Event::Text("/scheme/zram", "0\n1\ncontrol\n"),
        Event::Text("/scheme/zram", "1\ncontrol\n"),
        Event::Key(b'x'),
        Event::Key(b'q'),
    ];
    let expected = "zram:0: it is there\nzram:1: added\nzram:0: removed\n";
    assert_eq!(outcome("watch", events.into()), (0, String::from(expected)));
}

#[test]
fn news_of_what_is_as_it_was_are_told_as_that() {
    let events = [Event::Text(SIZE, "67108864\n")];
    let (code, said) = outcome("watch -n 2 zram:0", events.into());
    assert_eq!(
        (code, said.lines().nth(1)),
        (0, Some("zram:0: something changed, and is as it was"))
    );
}

#[test]
fn what_is_not_there_or_makes_no_sense_is_refused_in_words() {
    let (code, said) = outcome("watch zram:7", Vec::new());
    assert_eq!((code, said.as_str()), (1, "! zramctl: zram:7: no such device\n"));
    for words in ["watch -n 0 zram:0", "watch zram:0 zram:1", "watch -x", "watch zram0"] {
        assert_ne!(outcome(words, Vec::new()).0, 0, "{words}");
    }
}

#[test]
fn a_daemon_that_dies_is_named() {
    let (code, said) = outcome("watch zram:0", [Event::Dead].into());
    let expected = "zram:0: disksize 64M\n! zramctl: watch: zramd does not run\n";
    assert_eq!((code, said.as_str()), (1, expected));
}
