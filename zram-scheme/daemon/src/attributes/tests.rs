//! Writes as on Linux 6.18.44, observed live (`1.7` of the reference): parse errors here, state errors
//! in the tests of `scheme`. Where Linux ignores the end of a size, we refuse it.

use super::mistake::{Mistake, Wrong};
use super::number::Numbers;
use super::{Command, command, number};
use crate::errno;
use zram_abi::attribute::Attribute;
use zram_lifecycle::{DeviceId, DeviceName, Limit, Pages, Request};

const NAME: fn() -> DeviceName = || DeviceName { id: DeviceId::new(0).unwrap(), serial: 0 };

const MEMORY_BYTES: u64 = 256 << 20;

fn errno_of(attribute: Attribute, written: &str) -> Option<i32> {
    let refused = command(NAME(), attribute, written.as_bytes(), MEMORY_BYTES).err();
    refused.map(|wrong| errno::of_mistake(wrong.mistake))
}

#[test]
fn disksize_takes_what_linux_takes() {
    for (written, bytes) in [
        ("1", 4096),
        ("4095", 4096),
        ("4097", 8192),
        ("1K", 4096),
        ("8k", 8192),
        ("1m\n", 1 << 20),
        ("0x10000", 65536),
        ("1M ", 1 << 20),
        ("512MiB", 512 << 20),
        ("250%", 640 << 20),
        ("1T", 1 << 40),
    ] {
        let pages = Pages::holding(bytes).unwrap();
        let expected = Command::Lifecycle(Request::SetDisksize(NAME(), pages));
        let command = command(NAME(), Attribute::Disksize, written.as_bytes(), MEMORY_BYTES);
        assert_eq!(command, Ok(expected), "{written:?}");
    }
}

#[test]
fn bad_writes_have_the_errno_of_linux() {
    use Attribute::{CompAlgorithm, Disksize, MemLimit, MemUsedMax, MmStat, Reset};
    let long = "x".repeat(128);
    for (attribute, written, errno) in [
        (Disksize, "0", syscall::EINVAL),
        (Disksize, "abc", syscall::EINVAL),
        (Disksize, "-1", syscall::EINVAL),
        (Disksize, "1Mgarbage", syscall::EINVAL),
        (Disksize, "010000", syscall::EINVAL),
        (Disksize, "1M x", syscall::EINVAL),
        (Disksize, "1Z", syscall::EINVAL),
        (Disksize, "1.5G", syscall::EINVAL),
        (Disksize, "\n", syscall::EINVAL),
        (Disksize, "16T", syscall::ENOMEM),
        (Disksize, "1P", syscall::ENOMEM),
        (Disksize, "16E", syscall::EINVAL),
        (Reset, "0", syscall::EINVAL),
        (Reset, "abc", syscall::EINVAL),
        (Reset, "-1", syscall::EINVAL),
        (Reset, "70000", syscall::ERANGE),
        (Reset, "1x", syscall::EINVAL),
        (Reset, "99999999999999999999", syscall::ERANGE),
        (CompAlgorithm, "nosuch", syscall::EINVAL),
        (CompAlgorithm, " lz4", syscall::EINVAL),
        (CompAlgorithm, "lz4 ", syscall::EINVAL),
        (CompAlgorithm, "LZ4", syscall::EINVAL),
        (CompAlgorithm, "lz4\n\n", syscall::EINVAL),
        (CompAlgorithm, long.as_str(), syscall::E2BIG),
        (MemLimit, "much", syscall::EINVAL),
        (MemLimit, "-1", syscall::EINVAL),
        (MemLimit, "1K K", syscall::EINVAL),
        (MemUsedMax, "1", syscall::EINVAL),
        (MemUsedMax, "x", syscall::EINVAL),
        (MmStat, "1", syscall::EACCES),
    ] {
        assert_eq!(errno_of(attribute, written), Some(errno), "{attribute:?} {written:?}");
    }
}

#[test]
fn good_writes_are_taken() {
    use Attribute::{CompAlgorithm, Compact, MemLimit, MemUsedMax, Reset, Resize};
    for (attribute, written) in [
        (Resize, "64K\n"),
        (Reset, "1"),
        (Reset, "65535\n"),
        (Reset, "+7"),
        (CompAlgorithm, "lz4"),
        (CompAlgorithm, "lz4\n"),
        (MemLimit, "0"),
        (MemLimit, "256M\n"),
        (MemUsedMax, "0\n"),
        (Compact, "anything"),
    ] {
        assert_eq!(errno_of(attribute, written), None, "{attribute:?} {written:?}");
    }
}

#[test]
fn a_limit_is_rounded_up_to_a_page() {
    let limit =
        |written: &'static [u8]| command(NAME(), Attribute::MemLimit, written, MEMORY_BYTES);
    let set = |bytes| Ok(Command::Lifecycle(Request::SetLimit(NAME(), Limit::Hard(bytes))));
    assert_eq!(limit(b"1"), set(4096));
    assert_eq!(limit(b"0"), set(0));
    assert_eq!(limit(b"0xffffffffffffffff"), set(u64::MAX - 4095));
}

#[test]
fn ids_are_read_as_by_linux() {
    assert_eq!(number::device_id("3\n"), Ok(DeviceId::new(3)));
    assert_eq!(number::device_id("999"), Ok(None));
    for written in ["-1", "abc", "1x", "", "\n"] {
        assert_eq!(number::device_id(written), Err(Mistake::NotANumber(Numbers::Id)));
    }
    assert_eq!(number::device_id("2147483648"), Err(Mistake::OutOfRange(Numbers::Id)));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    for attribute in [Attribute::Disksize, Attribute::Reset, Attribute::MemLimit] {
        let wrong = Wrong::in_all(&[0xff, 0xfe], Mistake::NotText);
        assert_eq!(command(NAME(), attribute, &[0xff, 0xfe], MEMORY_BYTES), Err(wrong));
    }
}
