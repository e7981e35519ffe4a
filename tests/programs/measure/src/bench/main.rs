//! `bench`: times the parts of a page's path one by one, in the machine that it runs on.
//!
//! Each part runs in rounds after one for warming up; the median round counts. The codec is the
//! engine's, called in a loop over the sample, so that its figures compare with the whole path of
//! the same boot. Output: one line each, and with `--figures` a second one for programs.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod codec;
mod ping_pong;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::hint::black_box;

use guest::options::Options;
use guest::sample::Sample;
use guest::statistics::Statistics;
use zram_abi::PAGE_SIZE;
use zram_abi::verb::HAND_OFF;
use zram_rt::errno::{Error, InWords};
use zram_rt::{eprintln, fs, println, time};

zram_rt::entry!(main);

/// Rounds of which the median counts.
const ROUNDS: usize = 11;

/// Hand-offs that the kernel times.
const HAND_OFFS: usize = 2000;

/// A verb that no scheme knows.
const UNKNOWN_VERB: u64 = 0xffff;

fn main() -> u8 {
    match run() {
        Ok(()) => 0,
        Err(why) => {
            eprintln!("bench: {why}");
            1
        }
    }
}

fn run() -> Result<(), String> {
    let mut options = Options::from_args();
    let with_figures = options.take_flag("--figures");
    options.end()?;
    let tell = |what: &str, name: &str, nanoseconds: u64| {
        println!("{what:30} {:>6}.{:03} us", nanoseconds / 1000, nanoseconds % 1000);
        if with_figures {
            println!("figure {name} {nanoseconds}");
        }
    };
    let sample = Sample::load().map_err(in_words)?;
    tell("null system call", "null_syscall_ns", median(1000, null_call));
    let request = empty_request().map_err(in_words)?;
    tell("empty request to a scheme", "scheme_request_ns", request);
    let round_trip = ping_pong::round_trip_ns().map_err(in_words)?;
    tell("two threads, there and back", "thread_round_trip_ns", round_trip);
    if let Some(hand_off_ns) = hand_off() {
        tell("hand-off to zramd and back", "handoff_ns", hand_off_ns);
    }
    tell("copy of a page", "memcpy_page_ns", copy(&sample));
    let codec = codec::measure(&sample);
    tell("lz4, compressing a page", "codec_compress_ns", codec.compress_ns);
    tell("lz4, decompressing a page", "codec_decompress_ns", codec.decompress_ns);
    Ok(())
}

/// A call that the kernel refuses as early as it can.
fn null_call() {
    // The answer is EBADF, which is the point.
    let _ = syscall::fsync(usize::MAX);
}

/// Times a `SYS_CALL` without payload to `initfs`, a scheme of another program.
fn empty_request() -> Result<u64, Error> {
    let file = fs::open("/pages.bin", syscall::O_RDONLY)?;
    Ok(median(100, || {
        // The answer is EOPNOTSUPP, after the way there and back.
        let _ = file.call(&mut [], &[UNKNOWN_VERB]);
    }))
}

/// Has the kernel hand records without pages to zramd; returns its median. Nothing without swap.
fn hand_off() -> Option<u64> {
    let control = fs::open("/scheme/swap/control", syscall::O_RDONLY).ok()?;
    // Now and then the daemon is busy with a real record.
    let done = (0..HAND_OFFS).filter(|_| control.call(&mut [], &[HAND_OFF]).is_ok()).count();
    Statistics::read().ok()?.get("handoff_ns").filter(|_| done > 0)
}

fn copy(sample: &Sample) -> u64 {
    let mut to = [0; PAGE_SIZE];
    let mut number = 0;
    median(256, || {
        to.copy_from_slice(sample.page(number));
        number += 1;
        black_box(&to);
    })
}

/// Returns the nanoseconds that one `act` takes, in the median of rounds of `count`.
fn median(count: u64, mut act: impl FnMut()) -> u64 {
    let mut rounds: Vec<u64> = (0..=ROUNDS)
        .map(|_| {
            let start_ns = time::now_ns();
            (0..count).for_each(|_| act());
            time::since_ns(start_ns) / count
        })
        .skip(1)
        .collect();
    middle(&mut rounds)
}

/// Returns the median of some numbers; 0 of none.
fn middle(numbers: &mut [u64]) -> u64 {
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or(0)
}

fn in_words(error: Error) -> String {
    InWords(error).to_string()
}
