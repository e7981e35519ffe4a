//! Sizes: tables, and every text that can be made from parts.

extern crate std;

use std::format;
use std::string::String;

use proptest::prelude::{any, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::{Just, Strategy};

use super::{NotASize, Size, parse_size};

const UNITS: [(&str, u32); 7] =
    [("", 0), ("K", 10), ("M", 20), ("G", 30), ("T", 40), ("P", 50), ("E", 60)];

#[test]
fn sizes_are_read_as_linux_reads_them() {
    for (text, bytes) in [
        ("1", 1),
        ("4097", 4097),
        ("1K", 1024),
        ("8k", 8192),
        ("1m\n", 1 << 20),
        ("0x10000", 0x10000),
        ("0x10K", 0x4000),
        ("0x1B", 0x1b),
        ("1T", 1 << 40),
        ("0", 0),
        ("0x1e", 30),
        ("15E", 15 << 60),
    ] {
        assert_eq!(parse_size(text), Some(bytes), "{text:?}");
    }
}

#[test]
fn a_unit_may_be_spelled_out_and_blanks_may_follow() {
    for (text, bytes) in [
        ("512MiB", 512 << 20),
        ("1GB", 1 << 30),
        ("1gb", 1 << 30),
        ("262144KiB\n", 256 << 20),
        ("1M ", 1 << 20),
        ("1M \t \n", 1 << 20),
        ("0x10MiB", 16 << 20),
    ] {
        assert_eq!(parse_size(text), Some(bytes), "{text:?}");
    }
}

#[test]
fn what_is_no_size_is_refused() {
    for text in [
        "",
        "\n",
        "abc",
        "-1",
        "+1",
        "1Mgarbage",
        "1Mi",
        "1MBi",
        "1iB",
        "1B",
        "1Z",
        "1.5G",
        "0x",
        "K",
        " 1M",
        "64 M",
        "1M\n\n",
        "1M\n ",
        "%",
        "-5%",
        "5 %",
        "50%%",
        "0x10%",
        "1M%",
        "1\u{e4}",
    ] {
        assert_eq!(Size::parse(text), Err(NotASize::Syntax), "{text:?}");
    }
}

#[test]
fn a_leading_zero_is_not_octal() {
    for text in ["010000", "00", "0644K", "050%"] {
        assert_eq!(Size::parse(text), Err(NotASize::Octal), "{text:?}");
    }
}

#[test]
fn sizes_of_16_eib_and_more_are_too_large() {
    for text in ["16E", "16EiB", "18446744073709551616", "0x10000000000000000", "4294967296%"] {
        assert_eq!(Size::parse(text), Err(NotASize::TooLarge), "{text:?}");
    }
    assert_eq!(Size::Share(u32::MAX).bytes(u64::MAX), Err(NotASize::TooLarge));
}

#[test]
fn a_share_is_of_the_memory_there_is() {
    let share = Size::parse("250%\n").unwrap();
    assert_eq!(share, Size::Share(250));
    assert_eq!(share.bytes(256 << 20), Ok(640 << 20));
    assert_eq!(Size::Share(25).bytes(99), Ok(24), "it is rounded down");
    assert_eq!(share.bytes(0), Err(NotASize::NoMemory));
    assert_eq!(parse_size("250%"), None);
}

fn unit() -> impl Strategy<Value = (String, u32)> {
    let case = prop_oneof![Just(true), Just(false)];
    (0..UNITS.len(), 0..3_usize, case).prop_map(|(index, spelling, is_upper)| {
        let (letter, shift) = UNITS[index];
        let behind = if letter.is_empty() { "" } else { ["", "B", "iB"][spelling] };
        let text = format!("{letter}{behind}");
        (if is_upper { text } else { text.to_lowercase() }, shift)
    })
}

proptest! {
    #[test]
    fn every_number_with_every_unit_is_that_many_bytes(
        number in any::<u64>(),
        (unit, shift) in unit(),
        blanks in "[ \t]{0,3}\n?",
    ) {
        let expected = number.checked_mul(1 << shift).ok_or(NotASize::TooLarge);
        let text = format!("{number}{unit}{blanks}");
        prop_assert_eq!(Size::parse(&text), expected.map(Size::Bytes), "{:?}", text);
        if shift != 60 && unit != "B" {
            let text = format!("{number:#x}{unit}{blanks}");
            prop_assert_eq!(Size::parse(&text), expected.map(Size::Bytes), "{:?}", text);
        }
    }

    #[test]
    fn any_text_is_answered_and_what_is_taken_begins_with_a_digit(text in any::<String>()) {
        if Size::parse(&text).is_ok() {
            prop_assert_eq!(text.as_bytes()[0].is_ascii_digit(), true);
        }
    }
}
