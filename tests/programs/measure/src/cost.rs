//! `cost DEVICE`: the cost of a page for a program that writes it to a device and reads it back;
//! `cost DEVICE compaction`: the cost of compacting after gaps were made everywhere.
//!
//! The cost is in instructions, of program, kernel and daemon together: `cost` reads the time-stamp
//! counter, which counts instructions on a machine with QEMU's `-icount`, and cycles elsewhere. It
//! reads no clock, because a Redox kernel's runs backwards now and then. Everything that is read
//! back is compared.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use guest::sample::Sample;
use syscall::O_RDWR;
use zram_abi::PAGE_SIZE;
use zram_abi::verb::DISCARD;
use zram_rt::errno::InWords;
use zram_rt::memory::Mapping;
use zram_rt::{Fd, eprintln, fs, println};

zram_rt::entry!(main);

/// Pages of each row: four times those of the longest request.
const PAGES: usize = 1024;

/// Pages of one request.
const AT_ONCE: [usize; 3] = [1, 16, 256];

/// What the pages of a row hold.
#[derive(Clone, Copy)]
enum Content {
    Sample,
    SameFilled,
}

fn main() -> u8 {
    let words: Vec<&str> = zram_rt::args().skip(1).collect();
    let measured = match *words {
        [path] => measure(path),
        [path, "compaction"] => measure_compaction(path),
        _ => {
            eprintln!("usage: cost DEVICE [compaction]");
            return 2;
        }
    };
    match measured {
        Ok(()) => 0,
        Err(why) => {
            eprintln!("cost: {why}");
            1
        }
    }
}

fn measure(path: &str) -> Result<(), String> {
    let words = |error| format!("{}", InWords(error));
    let device = fs::open(path, O_RDWR).map_err(words)?;
    let sample = Sample::load().map_err(words)?;
    let mut written = Mapping::anonymous(PAGES * PAGE_SIZE).map_err(words)?;
    let mut read = Mapping::anonymous(PAGES * PAGE_SIZE).map_err(words)?;
    // Both are touched before anything is counted.
    read.bytes_mut().fill(1);
    for (content, name) in [(Content::Sample, "sample"), (Content::SameFilled, "same-filled")] {
        fill(&sample, content, written.bytes_mut());
        for at_once in AT_ONCE {
            // The first round makes the tables that the second finds.
            write(&device, written.bytes(), at_once).map_err(words)?;
            let out = write(&device, written.bytes(), at_once).map_err(words)?;
            let back = read_back(&device, read.bytes_mut(), at_once).map_err(words)?;
            if read.bytes() != written.bytes() {
                return Err(format!("{name}, {at_once} at once: other bytes came back"));
            }
            println!("cost: {name}, {at_once} pages a request: write {out} read {back} a page");
        }
    }
    Ok(())
}

/// Pages that a compaction is measured with, of which two of three go before it.
const COMPACTED_PAGES: usize = 12 * PAGES;

/// Bytes of what the pool takes, and pages that compaction gave back: columns 3 and 7 of `mm_stat`.
fn pool(path: &str) -> Result<(u64, u64), String> {
    let text =
        fs::read_text(&format!("{path}/mm_stat")).map_err(|error| format!("{}", InWords(error)))?;
    let column = |index| text.split_whitespace().nth(index)?.parse().ok();
    column(2).zip(column(6)).ok_or_else(|| format!("mm_stat is {text}"))
}

fn measure_compaction(path: &str) -> Result<(), String> {
    let words = |error| format!("{}", InWords(error));
    let device = fs::open(path, O_RDWR).map_err(words)?;
    let sample = Sample::load().map_err(words)?;
    let mut page = Mapping::anonymous(PAGE_SIZE).map_err(words)?;
    for index in 0..COMPACTED_PAGES as u64 {
        sample.expand(index, 1, 0, page.bytes_mut());
        device.write_at(page.bytes(), index * PAGE_SIZE as u64).map_err(words)?;
    }
    for index in (0..COMPACTED_PAGES as u64).filter(|index| index % 3 != 0) {
        device.call(&mut [], &[DISCARD, index, 1]).map_err(words)?;
    }
    let (before, moved_before) = pool(path)?;
    let start = counter();
    fs::write(&format!("{path}/compact"), b"1").map_err(words)?;
    let took = counter() - start;
    let (after, moved) = pool(path)?;
    let pages = moved - moved_before;
    println!(
        "cost: compaction of {before} bytes to {after}: {pages} pages given back, {} each",
        took.checked_div(pages).unwrap_or(0)
    );
    Ok(())
}

fn fill(sample: &Sample, content: Content, memory: &mut [u8]) {
    for (index, page) in memory.chunks_exact_mut(PAGE_SIZE).enumerate() {
        match content {
            Content::Sample => sample.expand(index as u64, 1, 0, page),
            Content::SameFilled => page.fill(index as u8),
        }
    }
}

fn write(device: &Fd, memory: &[u8], at_once: usize) -> zram_rt::Result<u64> {
    let start = counter();
    for (index, piece) in memory.chunks(at_once * PAGE_SIZE).enumerate() {
        let offset = (index * at_once * PAGE_SIZE) as u64;
        if device.write_at(piece, offset)? != piece.len() {
            return Err(zram_rt::Error::new(syscall::ENOSPC));
        }
    }
    Ok((counter() - start) / PAGES as u64)
}

fn read_back(device: &Fd, memory: &mut [u8], at_once: usize) -> zram_rt::Result<u64> {
    let start = counter();
    for (index, piece) in memory.chunks_mut(at_once * PAGE_SIZE).enumerate() {
        let (offset, wanted) = ((index * at_once * PAGE_SIZE) as u64, piece.len());
        if device.read_at(piece, offset)? != wanted {
            return Err(zram_rt::Error::new(syscall::EIO));
        }
    }
    Ok((counter() - start) / PAGES as u64)
}

/// Returns the time-stamp counter.
#[expect(unsafe_code, reason = "an instruction that Rust has no safe function for")]
fn counter() -> u64 {
    // SAFETY: the instruction reads a counter that every x86-64 machine has.
    unsafe { core::arch::x86_64::_rdtsc() }
}
