//! What `zramctl` prints and does, against a fake system.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::run;
use crate::system::fake::Fake;

fn system() -> Fake {
    Fake::with(&[
        ("/scheme/zram", "0\n1\n10\ncontrol\n"),
        ("/scheme/swap/areas", "head\nzram:0\tpartition\t786432\t254464\t-1\tfull\n"),
        ("/scheme/zram/0/disksize", "805306368\n"),
        ("/scheme/zram/0/algorithm_params", "priority=0 algo=lz4 level=1\n"),
        ("/scheme/zram/0/mm_stat", "260571136 89391104 94371840 0 99614720 12 34 56 78\n"),
        (
            "/scheme/zram/0/streams",
            "0            1000      200\n1               5        6\nfallback        0        0\n\
             table_bytes 1425408\nstreams_bytes 16384\n",
        ),
        ("/scheme/zram/1/disksize", "0\n"),
        ("/scheme/zram/1/algorithm_params", "priority=0 algo=pagelz level=5\n"),
        ("/scheme/zram/1/mm_stat", "       0        0        0        0        0 0 0 0 0\n"),
        ("/scheme/zram/1/streams", "table_bytes 0\nstreams_bytes 0\n"),
        ("/scheme/zram/10/mm_stat", "4096 4096 4096 4096 4096 0 0 1 1\n"),
    ])
}

fn outcome(system: &Fake, words: &str) -> (u8, Vec<String>, String) {
    let words: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
    let code = run(system, &words);
    (code, system.done(), system.shown.borrow().clone())
}

fn said(words: &str) -> String {
    outcome(&system(), words).2
}

fn done(words: &str) -> (u8, Vec<String>) {
    let (code, done, _) = outcome(&system(), words);
    (code, done)
}

#[test]
fn the_list_lines_up_and_adds_up_and_shows_what_cannot_be_read() {
    let expected = "\
NAME    ALGORITHM DISKSIZE   DATA COMPR TOTAL STREAMS MOUNTPOINT STATE
zram:0  lz4           768M 248.5M 85.2M   90M       2 [SWAP]     full
zram:1  pagelz:5        0B     0B    0B    0B       0
zram:10 -                -     4K    4K    4K       -
total                 768M 248.5M 85.2M   90M
";
    assert_eq!(said(""), expected);
}

#[test]
fn every_column_can_be_asked_for_as_plain_numbers() {
    let expected = "\
NAME ALGORITHM DISKSIZE DATA COMPR TOTAL STREAMS MOUNTPOINT STATE ZERO-PAGES MEM-LIMIT MEM-USED MIGRATED \
COMP-RATIO SAME-FILLED INCOMPRESSIBLE METADATA
zram:0 lz4 805306368 260571136 89391104 94371840 2 [SWAP] full 12 0 99614720 34 2.91 12 56 1441792
";
    assert_eq!(said("--output-all --bytes --raw zram:0"), expected);
}

#[test]
fn columns_are_chosen_in_their_order_and_unknown_ones_are_refused() {
    assert_eq!(said("-o comp-ratio,NAME -n zram:0"), "2.91 zram:0\n");
    assert!(said("-o +METADATA zram:0").contains("STATE METADATA\n"));
    assert_eq!(said("--raw -n -o NAME,COMP-RATIO"), "zram:0 2.91\nzram:1 -\nzram:10 1.00\n");
    let refusal = said("-o NOSUCH");
    assert!(
        refusal.starts_with("! zramctl: NOSUCH: no such column; there are NAME, "),
        "{refusal}"
    );
}

#[test]
fn json_has_an_object_for_each_device_and_no_total() {
    let json = said("--json -b -o NAME,DATA,ALGORITHM zram:10 zram:0");
    let expected = "{
   \"zramctl\": [
      {
         \"name\": \"zram:10\",
         \"data\": 4096,
         \"algorithm\": null
      },
      {
         \"name\": \"zram:0\",
         \"data\": 260571136,
         \"algorithm\": \"lz4\"
      }
   ]
}
";
    assert_eq!(json, expected);
}

#[test]
fn devices_that_are_not_there_and_a_dead_daemon_are_told_apart() {
    let (code, _, said) = outcome(&system(), "zram:7");
    assert_eq!((code, said.as_str()), (1, "! zramctl: zram:7: no such device\n"));
    let dead = Fake::default();
    let (code, _, said) = outcome(&dead, "");
    assert_eq!((code, said.as_str()), (1, "! zramctl: zram: zramd does not run\n"));
    let empty = Fake::with(&[("/scheme/zram", "control\n")]);
    assert_eq!(outcome(&empty, "").0, 0);
}

#[test]
fn a_device_is_configured_in_the_order_that_it_needs() {
    assert_eq!(
        done("-s 64M zram:1 -p level=2 -a lz4"),
        (
            0,
            [
                "write /scheme/zram/1/comp_algorithm lz4".to_string(),
                "write /scheme/zram/1/algorithm_params level=2".into(),
                "write /scheme/zram/1/disksize 64M".into()
            ]
            .into()
        )
    );
    assert_eq!(done("--resize=1G zram:0").1, ["write /scheme/zram/0/resize 1G"]);
    assert_eq!(
        done("-r zram:0 zram:1").1,
        ["write /scheme/zram/0/reset 1", "write /scheme/zram/1/reset 1"]
    );
}

#[test]
fn a_new_device_is_added_at_once_and_tells_its_name() {
    let (code, done, said) = outcome(&system(), "--find --size 64M -a lz4 -p level=2");
    let line = "add comp_algorithm=lz4 disksize=64M level=2".to_string();
    assert_eq!((code, done, said.as_str()), (0, [line].into(), "zram:7\n"));
}

#[test]
fn a_refused_reset_is_told_without_the_number_that_nobody_wrote() {
    let mut system = system();
    system.fails = [("write /scheme/zram/0/reset", syscall::EBUSY)].into();
    let path = "/scheme/zram/0/last_error".to_string();
    let why = "reset: device 0 is mounted as swap; swapoff zram:0 first\n".to_string();
    system.files.borrow_mut().insert(path, why);
    let words = "! zramctl: zram:0: reset: device 0 is mounted as swap; swapoff zram:0 first\n";
    assert_eq!(outcome(&system, "-r zram:0").2, words);
}

#[test]
fn a_refusal_is_told_once_in_the_words_of_the_device() {
    let mut system = system();
    system.fails = [("write /scheme/zram/1/disksize", syscall::EINVAL)].into();
    let path = "/scheme/zram/1/last_error".to_string();
    system.files.borrow_mut().insert(path, "disksize: not a size: 5x\n".to_string());
    let (code, _, said) = outcome(&system, "-s 5x zram:1");
    assert_eq!((code, said.as_str()), (1, "! zramctl: zram:1: disksize 5x: not a size: 5x\n"));
}

#[test]
fn what_is_odd_about_a_value_that_was_taken_is_told_once() {
    let system = system();
    let insert = |path: &str, text: &str| {
        system.files.borrow_mut().insert(path.to_string(), text.to_string());
    };
    insert("/scheme/zram/1/last_note", "disksize: the device has room for 1 page only\n");
    insert("/scheme/zram/control/last_note", "hot_add: a mem_limit of 4096 bytes is 4 KiB only\n");
    let (code, _, said) = outcome(&system, "-a lz4 -s 512 zram:1");
    let words = "! zram:1: disksize 512: taken, but the device has room for 1 page only\n";
    assert_eq!((code, said.as_str()), (0, words), "the note is not about the algorithm");
    system.shown.borrow_mut().clear();
    let (code, _, said) = outcome(&system, "--find -p mem_limit=100");
    let words = "! zram:7: taken, but a mem_limit of 4096 bytes is 4 KiB only\nzram:7\n";
    assert_eq!((code, said.as_str()), (0, words));
}

#[test]
fn a_device_or_a_part_of_it_is_forgotten() {
    assert_eq!(done("discard zram:0").1, ["discard zram:0 0 196608"]);
    assert_eq!(done("discard zram:0 1M 8K").1, ["discard zram:0 256 2"]);
    for words in ["discard", "discard zram:0 1", "discard zram:0 1 4096", "discard zram:0 0 x"] {
        let (code, done) = done(words);
        assert!(code != 0 && done.is_empty(), "{words}");
    }
    let mut system = system();
    system.fails = [("discard", syscall::EBUSY)].into();
    let words = "! zramctl: zram:0: it is mounted as swap; its pages are programs' memory\n";
    assert_eq!(outcome(&system, "discard zram:0").2, words);
}

#[test]
fn what_makes_no_sense_is_refused_and_nothing_is_done() {
    for words in [
        "--nosuch",
        "-r",
        "-s 1M",
        "-s 1M zram:0 zram:1",
        "-r -s 1M zram:0",
        "--resize 1M",
        "-f zram:0",
        "--raw --json",
        "-r zram:0 zram1",
    ] {
        let (code, done) = done(words);
        assert!(code != 0 && done.is_empty(), "{words}");
    }
}
