//! What `swapon` and `swapoff` do with their arguments, against a fake system.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::system::fake::Fake;
use crate::{swapoff, swapon};

const HEAD: &str = "Filename\tType\tSize\tUsed\tPriority\tState\n";
const AREAS: &str = "\
Filename\tType\tSize\tUsed\tPriority\tState
zram:0\tpartition\t786432\t254464\t100\tfull
zram:10\tpartition\t64\t0\t-1\tactive
zram:11\tpartition\t64\t8\t-2\tdead
";

fn system(areas: &str) -> Fake {
    Fake::with(&[
        ("/scheme/swap/areas", areas),
        ("/scheme/zram", "0\n1\n2\ncontrol\n"),
        ("/scheme/zram/0/disksize", "805306368\n"),
        ("/scheme/zram/1/disksize", "65536\n"),
        ("/scheme/zram/2/disksize", "4096\n"),
        ("/scheme/zram/3/disksize", "0\n"),
        ("/etc/zram.conf", "[zram:0]\nswap-priority = 7\n[zram:1]\nswap-priority=3\n[zram:2]\n"),
    ])
}

/// Returns the exit code, what was done and what was said.
fn run(system: &Fake, words: &str) -> (u8, Vec<String>, String) {
    let words: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
    let code = match words[0] {
        "swapon" => swapon::run(system, &words[1..]),
        _ => swapoff::run(system, &words[1..]),
    };
    (code, system.done(), system.shown.borrow().clone())
}

fn done(words: &str) -> (u8, Vec<String>) {
    let (code, done, _) = run(&system(HEAD), words);
    (code, done)
}

fn said(areas: &str, words: &str) -> String {
    run(&system(areas), words).2
}

#[test]
fn options_of_mounting_without_a_device_are_refused_and_list_nothing() {
    for words in ["swapon -p zram:0", "swapon -p5", "swapon -d", "swapon -e"] {
        let (code, done, said) = run(&system(HEAD), words);
        assert_eq!((code, done), (2, [].into()), "{words}");
        assert_eq!(said, "! swapon: no device is named; see swapon --help\n", "{words}");
    }
}

#[test]
fn a_priority_is_taken_in_every_form_and_place() {
    for words in [
        "swapon -p5 zram:0",
        "swapon -p 5 zram:0",
        "swapon zram:0 --priority=5",
        "swapon --priority 5 zram:0",
    ] {
        assert_eq!(done(words), (0, ["mount zram:0 5".to_string()].into()), "{words}");
    }
}

#[test]
fn a_priority_out_of_range_is_refused_with_the_range_and_nothing_is_mounted() {
    for bad in ["-2", "32768", "5x", "2147483648", "-32769"] {
        let (code, done, said) = run(&system(HEAD), &["swapon -p ", bad, " zram:0"].concat());
        assert_eq!((code, done.len()), (2, 0));
        assert_eq!(
            said,
            ["! swapon: priority ", bad, ": it is 0 to 32767; see swapon --help\n"].concat()
        );
    }
}

#[test]
fn without_a_priority_each_area_goes_below_all_others() {
    let (code, done) = done("swapon zram:0 zram:1 zram:2");
    assert_eq!(
        (code, done),
        (
            0,
            [
                "mount zram:0 -1".to_string(),
                "mount zram:1 -2".to_string(),
                "mount zram:2 -3".to_string()
            ]
            .into()
        )
    );
}

#[test]
fn a_dead_area_pushes_the_next_one_no_further_down() {
    let (code, done, _) = run(&system(AREAS), "swapon zram:1");
    assert_eq!((code, done), (0, ["mount zram:1 -2".to_string()].into()));
}

#[test]
fn all_mounts_what_the_configuration_names_and_is_not_mounted() {
    assert_eq!(
        done("swapon -a"),
        (0, ["mount zram:0 7".to_string(), "mount zram:1 3".into()].into())
    );
    let (code, done, _) = run(&system(AREAS), "swapon -a");
    assert_eq!((code, done), (0, ["mount zram:1 3".to_string()].into()));
}

#[test]
fn each_reason_not_to_mount_has_words_of_its_own() {
    for (words, said_words) in [
        ("swapon zram:0", "! swapon: zram:0: it is already mounted as swap\n"),
        ("swapon zram:9", "! swapon: zram:9: no such device\n"),
        ("swapon zram0", "! swapon: zram0: no device is called so; the name here is zram:0\n"),
        (
            "swapon /dev/zram1",
            "! swapon: /dev/zram1: no device is called so; the name here is zram:1\n",
        ),
        ("swapon zram:65536", "! swapon: zram:65536: no such device; the numbers end at 65535\n"),
        ("swapon -e zram:9", ""),
    ] {
        assert_eq!(said(AREAS, words), said_words, "{words}");
    }
    let with_errno = |errno, words: &str| {
        let mut system = system(AREAS);
        system.fails = [("mount", errno), ("unmount", errno)].into();
        run(&system, words).2
    };
    let full = with_errno(syscall::EINVAL, "swapon zram:1");
    assert_eq!(full, "! swapon: zram:1: 3 areas are the most, and so many are mounted\n");
    let open = with_errno(syscall::EBUSY, "swapon zram:1");
    assert_eq!(open, "! swapon: zram:1: a program has it open, or another swapon is under way\n");
    assert!(with_errno(syscall::ENODATA, "swapon zram:3").contains("echo 64M > zram:3/disksize"));
    assert!(with_errno(syscall::ENODEV, "swapon zram:1").contains("zramd does not run"));
    let not_mounted = with_errno(syscall::EINVAL, "swapoff zram:1");
    assert_eq!(not_mounted, "! swapoff: zram:1: it is not mounted as swap\n");
    let no_device = with_errno(syscall::EINVAL, "swapoff zram:9");
    assert_eq!(no_device, "! swapoff: zram:9: no such device\n");
}

#[test]
fn one_failure_among_several_devices_is_told_and_the_others_are_mounted() {
    let (code, done) = done("swapon zram:9 zram:1 zram0 zram:2");
    assert_eq!((code, done.len()), (1, 2));
}

#[test]
fn a_device_of_fewer_than_ten_pages_is_mounted_with_a_warning() {
    let warning = "! swapon: zram:2: mounted, but 4096 bytes are room for 1 pages only\n";
    assert_eq!(said(HEAD, "swapon zram:2"), warning);
    assert_eq!(said(HEAD, "swapon zram:1"), "");
}

#[test]
fn verbose_says_what_was_done_and_discard_forgets_first() {
    assert_eq!(said(HEAD, "swapon -v zram:1"), "swapon zram:1: 64 KiB, priority -1\n");
    let (code, done) = done("swapon -d zram:1");
    assert_eq!(
        (code, done),
        (0, ["discard zram:1 0 16".to_string(), "mount zram:1 -1".into()].into())
    );
    assert_eq!(self::done("swapon --discard=pages zram:1").1, ["mount zram:1 -1"]);
    assert_eq!(self::done("swapon --discard=never zram:1").0, 2);
}

#[test]
fn the_list_shows_full_and_dead_areas_in_columns_that_line_up() {
    let expected = "\
NAME    TYPE      SIZE   USED PRIO STATE
zram:0  partition 768M 248.5M  100 full
zram:10 partition  64K     0B   -1 active
zram:11 partition  64K     8K   -2 dead
";
    for words in ["swapon", "swapon --show", "swapon --output-all"] {
        assert_eq!(said(AREAS, words), expected, "{words}");
    }
}

#[test]
fn the_list_has_the_columns_and_the_form_that_are_asked_for() {
    let raw = said(AREAS, "swapon --show=NAME,used --raw --bytes --noheadings");
    assert_eq!(raw, "zram:0 260571136\nzram:10 0\nzram:11 8192\n");
    let refusal = said(AREAS, "swapon --show=LABEL");
    let names = "! swapon: LABEL: no such column; there are NAME, TYPE, SIZE, USED, PRIO, STATE";
    assert!(refusal.starts_with(names), "{refusal}");
    let summary = "\
Filename Type        Size   Used Priority
zram:0   partition 786432 254464      100
zram:10  partition     64      0       -1
zram:11  partition     64      8       -2
";
    assert_eq!(said(AREAS, "swapon -s"), summary);
    assert!(said(AREAS, "swapon --json").starts_with("{\n   \"swaps\": ["));
}

#[test]
fn swapoff_takes_several_devices_or_all_that_live() {
    assert_eq!(
        done("swapoff zram:0 zram:000"),
        (0, ["unmount zram:0".to_string(), "unmount zram:0".into()].into())
    );
    let (code, done, said) = run(&system(AREAS), "swapoff -av");
    assert_eq!((code, done), (0, ["unmount zram:0".to_string(), "unmount zram:10".into()].into()));
    assert_eq!(said, "swapoff zram:0\nswapoff zram:10\n");
    assert_eq!(self::done("swapoff -a"), (0, Vec::new()));
}

#[test]
fn what_makes_no_sense_is_refused_and_nothing_is_done() {
    for words in
        ["swapon --nosuch", "swapon -s zram:0", "swapoff", "swapoff -a zram:0", "swapoff -x"]
    {
        let (code, done) = done(words);
        assert_eq!((code, done.len()), (2, 0), "{words}");
    }
}
