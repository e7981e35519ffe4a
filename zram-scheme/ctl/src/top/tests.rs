//! Frames and keys of `zramctl top`.

use alloc::string::{String, ToString};

use super::frame::{Frame, Moment, Order};
use super::{milliseconds, run};
use crate::device::DeviceNumber;
use crate::system::fake::Fake;
use crate::zramctl::devices::{Device, Memory, Stream};

const AREAS: &str = "head\nzram:1\tpartition\t786432\t254464\t-1\tfull\n";

fn device(number: u16, data: u64, compressed: u64, pages: u64) -> Device {
    let stream = Stream { owner: "0".to_string(), compressed: pages, decompressed: pages / 2 };
    Device {
        number: DeviceNumber::new(number),
        disksize: Some(805_306_368),
        algorithm: Some("lz4".to_string()),
        memory: Some(Memory { data, compressed, total: compressed, ..Memory::default() }),
        streams: Some([stream].into()),
        metadata: None,
        area: (number == 1).then(|| "full".to_string()),
    }
}

fn moment(at_ns: u64, pages: u64) -> Moment {
    let statistics = alloc::format!("pages_out {pages}\npages_in {}\n", pages / 2);
    // As many slow ones at every moment, and the more quick ones the later it is.
    let latencies = alloc::format!("56999 {pages}\n120999 {}\n900000 500\n", pages / 50);
    let devices = [device(0, 4096, 2048, 0), device(1, 3 << 20, 1 << 20, pages)];
    Moment::of(at_ns, [&statistics, &latencies, AREAS], devices.into())
}

#[test]
fn a_frame_shows_rates_of_the_time_between_two_moments() {
    let (before, now) = (moment(1_000_000_000, 1000), moment(3_000_000_000, 3000));
    let frame = Frame { before: &before, now: &now, order: Order::Data, is_held: false };
    let expected = "\
zram, sorted by data    q ends, p holds, s sorts
pages a second  out 1000  in 500    page-in takes  p50 56 us  p99 120 us
swap            248.5M of 768M in use

NAME   ALGORITHM DATA COMPR TOTAL COMP-RATIO STATE
zram:1 lz4         3M    1M    1M       3.00 full
zram:0 lz4         4K    2K    2K       2.00

NAME   CPU COMPR/S DECOMPR/S
zram:0   0       0         0
zram:1   0    1000       500
";
    assert_eq!(frame.text(), expected);
}

#[test]
fn a_moment_has_no_rate_against_itself_and_none_runs_backwards() {
    let (now, later) = (moment(5, 10), moment(4, 3));
    for (before, now) in [(&now, &now), (&now, &later)] {
        let frame = Frame { before, now, order: Order::Name, is_held: true };
        let text = frame.text();
        assert!(text.contains("out 0  in 0") && text.contains("held"), "{text}");
        assert!(text.contains("page-in takes  p50 -  p99 -\n"), "{text}");
    }
}

/// Returns what was shown until the end.
fn watched(keys: &[u8], words: &[&str]) -> String {
    let system = Fake::default();
    system.keys.borrow_mut().extend(keys.iter().rev());
    run(&system, words).expect("the words are right");
    system.shown.take()
}

#[test]
fn frames_come_until_their_number_or_q() {
    let frames = |text: &str| text.matches("pages a second").count();
    assert_eq!(frames(&watched(b"", &["-b", "-n", "3"])), 3);
    assert_eq!(frames(&watched(b"", &["-n", "2"])), 2);
    assert_eq!(frames(&watched(b"xq", &[])), 1);
    assert!(!watched(b"", &["-b", "-n1"]).contains('\x1b'));
}

#[test]
fn the_order_goes_round_by_s() {
    assert!(watched(b"s", &["-n", "2"]).contains("sorted by data"));
    assert_eq!(Order::Ratio.next(), Order::Name);
}

#[test]
fn delays_are_seconds_within_bounds() {
    assert_eq!((milliseconds("1"), milliseconds("0.25")), (Ok(1000), Ok(250)));
    for bad in ["", "0", "0.05", "3601", "x", "1.2345", "-1", "1.x"] {
        assert!(milliseconds(bad).is_err(), "{bad:?}");
    }
}
