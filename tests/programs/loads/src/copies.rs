//! `copies MIB [ROUNDS]`: fills memory, copies its own address space as a fork does, and reads every page of
//! the copy.
//!
//! The copy never runs: the program maps the copy's pages, a window at a time. Between two copies
//! half of the pages are written, so that a copy that wrongly shared a page would show the wrong
//! round.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use zram_abi::PAGE_SIZE;
use zram_rt::errno::{Error, InWords, Result};
use zram_rt::memory::Mapping;
use zram_rt::{Fd, environment, eprintln, println};

zram_rt::entry!(main);

/// Pages that are borrowed at once.
const WINDOW: usize = 64;

fn main() -> u8 {
    let mut words = zram_rt::args().skip(1).map(|word| word.parse::<usize>().ok());
    let (Some(Some(mib)), rounds) = (words.next(), words.next().flatten().unwrap_or(2)) else {
        eprintln!("usage: copies MIB [ROUNDS]");
        return 2;
    };
    match check(mib << 20, rounds) {
        Ok(0) => {
            println!("copies: {rounds} copies of {mib} MiB: every page was right");
            0
        }
        Ok(wrong) => {
            eprintln!("copies: {wrong} pages were wrong");
            1
        }
        Err(error) => {
            eprintln!("copies: {}", InWords(error));
            1
        }
    }
}

/// Returns how many pages of all copies were wrong.
fn check(size: usize, rounds: usize) -> Result<usize> {
    let mut memory = Mapping::anonymous(size)?;
    let mut wrong = 0;
    write(&mut memory, 0, 1);
    for round in 0..rounds {
        let copy = copy()?;
        // Only ours: the copy stays as it was.
        write(&mut memory, round + 1, 2);
        wrong += wrong_pages(&copy, &memory, |page| last_round(page, round))?;
        drop(copy);
        wrong += wrong_in(memory.bytes(), 0, |page| last_round(page, round + 1));
    }
    Ok(wrong)
}

/// Returns the last round up to `round` in which the page was written.
fn last_round(page: usize, round: usize) -> usize {
    if page.is_multiple_of(2) { round } else { 0 }
}

fn word(page: usize, round: usize) -> u64 {
    (page as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ round as u64
}

/// Writes every page whose number is a multiple of `step`.
fn write(memory: &mut Mapping, round: usize, step: usize) {
    for (page, bytes) in memory.bytes_mut().chunks_exact_mut(PAGE_SIZE).enumerate().step_by(step) {
        let word = word(page, round).to_ne_bytes();
        // Half a page of it, so that it compresses.
        bytes[..PAGE_SIZE / 2].chunks_exact_mut(8).for_each(|place| place.copy_from_slice(&word));
    }
}

fn wrong_in(bytes: &[u8], first: usize, round: impl Fn(usize) -> usize) -> usize {
    let pages = bytes.chunks_exact(PAGE_SIZE).enumerate();
    let is_wrong = |(index, bytes): &(usize, &[u8])| {
        let page = first + index;
        let word = word(page, round(page)).to_ne_bytes();
        !bytes[..PAGE_SIZE / 2].chunks_exact(8).all(|place| place == word)
    };
    pages.filter(is_wrong).count()
}

fn copy() -> Result<Fd> {
    let proc = environment::proc_root().ok_or(Error::new(syscall::EPERM))?;
    Fd::dup_of(proc, b"cur-context")?.dup(b"addrspace")?.dup(b"exclusive")
}

fn wrong_pages(copy: &Fd, memory: &Mapping, round: impl Fn(usize) -> usize) -> Result<usize> {
    let pages = memory.bytes().len() / PAGE_SIZE;
    let mut wrong = 0;
    for first in (0..pages).step_by(WINDOW) {
        let count = WINDOW.min(pages - first);
        let window = copy.map_shared(memory.address() + first * PAGE_SIZE, count * PAGE_SIZE)?;
        wrong += wrong_in(window.bytes(), first, &round);
    }
    Ok(wrong)
}
