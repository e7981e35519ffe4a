//! `pages zram:N`: reads and writes a device as a program does, and checks every byte.
//!
//! Requests of 1 to 256 aligned pages at changing places, then requests that must be refused:
//! misaligned offsets and lengths (EINVAL), writes past the end (ENOSPC); a read there is the end
//! of the file.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::format;
use alloc::string::{String, ToString};

use guest::sample::Sample;
use host_core::order::Random;
use syscall::O_RDWR;
use zram_abi::PAGE_SIZE;
use zram_rt::errno::{self, Error, InWords};
use zram_rt::memory::Mapping;
use zram_rt::{Fd, eprintln, fs, println};

zram_rt::entry!(main);

/// Pages of a request, the smallest and the largest among them.
const COUNTS: [usize; 10] = [1, 2, 3, 8, 31, 32, 33, 100, 255, 256];

/// Most pages of one request (DESIGN 4).
const REQUEST_MAX: usize = 256;

/// Rounds over all counts.
const ROUNDS: usize = 4;

const SEED: u64 = 7;

fn main() -> u8 {
    let mut words = zram_rt::args().skip(1);
    let (Some(device), None) = (words.next(), words.next()) else {
        eprintln!("usage: pages zram:N");
        return 2;
    };
    match check(device) {
        Ok(pages) => {
            println!("pages: {pages} pages written and read back, all refusals right");
            0
        }
        Err(why) => {
            eprintln!("pages: {device}: {why}");
            1
        }
    }
}

fn check(device: &str) -> Result<usize, String> {
    let file = fs::open(device, O_RDWR).map_err(in_words)?;
    let size = file.size().map_err(in_words)?;
    let device_pages = (size / PAGE_SIZE as u64) as usize;
    if device_pages < REQUEST_MAX {
        return Err(format!(
            "it has {size} bytes; this test needs {} or more",
            REQUEST_MAX * PAGE_SIZE
        ));
    }
    let sample = Sample::load().map_err(in_words)?;
    let mut buffers = Buffers::new().map_err(in_words)?;
    let mut random = Random::new(SEED);
    let mut written = 0;
    for round in 0..ROUNDS {
        for count in COUNTS {
            let first = random.below((device_pages - count + 1) as u64) as usize;
            buffers.round_trip(&file, &sample, Span { first, count, round })?;
            written += count;
        }
    }
    check_refusals(&file, size, &mut buffers)?;
    Ok(written)
}

/// Pages of one request.
#[derive(Clone, Copy)]
struct Span {
    first: usize,
    count: usize,
    round: usize,
}

struct Buffers {
    out: Mapping,
    back: Mapping,
}

impl Buffers {
    fn new() -> Result<Self, Error> {
        let size = (REQUEST_MAX + 1) * PAGE_SIZE;
        Ok(Self { out: Mapping::anonymous(size)?, back: Mapping::anonymous(size)? })
    }

    fn round_trip(&mut self, file: &Fd, sample: &Sample, span: Span) -> Result<(), String> {
        let length = span.count * PAGE_SIZE;
        let offset = (span.first * PAGE_SIZE) as u64;
        let out = &mut self.out.bytes_mut()[..length];
        for (number, page) in out.chunks_exact_mut(PAGE_SIZE).enumerate() {
            sample.expand((span.first + number) as u64, SEED as u32, span.round as u32, page);
        }
        let what = format!("{} pages at page {}", span.count, span.first);
        expect(&format!("write of {what}"), file.write_at(out, offset), Ok(length))?;
        let back = &mut self.back.bytes_mut()[..length];
        back.fill(0xaa);
        expect(&format!("read of {what}"), file.read_at(back, offset), Ok(length))?;
        match out.iter().zip(&*back).position(|(wrote, read)| wrote != read) {
            None => Ok(()),
            Some(at) => Err(format!("{what}: byte {at} is {}, wrote {}", back[at], out[at])),
        }
    }
}

fn check_refusals(file: &Fd, size: u64, buffers: &mut Buffers) -> Result<(), String> {
    let page = PAGE_SIZE as u64;
    let bytes = buffers.back.bytes_mut();
    let cases = [
        ("one byte", 0, 1, syscall::EINVAL),
        ("half a page", 0, PAGE_SIZE / 2, syscall::EINVAL),
        ("a page and a byte", 0, PAGE_SIZE + 1, syscall::EINVAL),
        ("a misaligned page", 1, PAGE_SIZE, syscall::EINVAL),
        ("a page misaligned by half", page / 2, PAGE_SIZE, syscall::EINVAL),
    ];
    for (what, offset, length, errno) in cases {
        let refusal = Err(Error::new(errno));
        expect(&format!("read of {what}"), file.read_at(&mut bytes[..length], offset), refusal)?;
        expect(&format!("write of {what}"), file.write_at(&bytes[..length], offset), refusal)?;
    }
    let full = Err(Error::new(syscall::ENOSPC));
    expect("write past the end", file.write_at(&bytes[..PAGE_SIZE], size), full)?;
    expect("read past the end", file.read_at(&mut bytes[..PAGE_SIZE], size), Ok(0))?;
    let far = size.next_multiple_of(page).saturating_mul(2);
    expect("read far past the end", file.read_at(&mut bytes[..PAGE_SIZE], far), Ok(0))
}

fn expect(
    what: &str,
    found: Result<usize, Error>,
    wanted: Result<usize, Error>,
) -> Result<(), String> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what}: {}, should be {}", shown(found), shown(wanted)))
}

fn shown(result: Result<usize, Error>) -> String {
    match result {
        Ok(count) => format!("{count}"),
        Err(error) => match errno::name(error.errno) {
            Some(name) => name.to_string(),
            None => format!("errno {}", error.errno),
        },
    }
}

fn in_words(error: Error) -> String {
    InWords(error).to_string()
}
