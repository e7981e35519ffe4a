//! `faults WHICH`: provokes a fault of the Redox kernel that docs/redox-upstream.md describes.
//!
//! On a kernel that has it, `futex` stops the CPU, and `frames` shows two faults at once: it prints
//! the number of frames that the kernel counts as free until the kernel panics for lack of a frame.
//! Where a fault is fixed the program says so and ends with 0. For a machine of one CPU without
//! swap.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

mod raw;

use core::sync::atomic::AtomicU32;

use syscall::{FUTEX_WAIT, O_RDONLY, SYS_FUTEX};
use zram_abi::PAGE_SIZE;
use zram_rt::errno::{InWords, Result};
use zram_rt::memory::Mapping;
use zram_rt::{eprintln, fs, println};

zram_rt::entry!(main);

/// A page of a mapping that a Redox kernel does not map before it is touched; it maps 16 at once.
const UNTOUCHED: usize = 20;

/// How often `frames` says how many are free; at the end it says so at each page.
const STEP: u64 = 32;

fn main() -> u8 {
    let which = zram_rt::args().nth(1).unwrap_or("");
    let result = match which {
        "futex" => futex(),
        "frames" => frames(),
        _ => {
            eprintln!("usage: faults futex | frames");
            return 2;
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("faults: {which}: {}", InWords(error));
        2
    })
}

fn free_frames() -> Result<u64> {
    fs::open("/scheme/memory", O_RDONLY)?.totals().map(|totals| totals.f_bfree)
}

/// Waits on a futex with a time limit that lies in a page which is not there yet.
fn futex() -> Result<u8> {
    let memory = Mapping::anonymous(2 * UNTOUCHED * PAGE_SIZE)?;
    let word = AtomicU32::new(1);
    let limit = memory.address() + UNTOUCHED * PAGE_SIZE;
    println!("faults: futex: waits until time 0; a kernel with this fault says no more");
    let answer = raw::call(SYS_FUTEX, [word.as_ptr() as usize, FUTEX_WAIT, 1, limit, 0]);
    println!("faults: futex: the kernel answers {answer:?}");
    Ok(0)
}

/// Touches pages until there are none, and says how many the kernel counts as free.
fn frames() -> Result<u8> {
    let mut memory = Mapping::anonymous((free_frames()? as usize + 1) * PAGE_SIZE)?;
    for page in memory.bytes_mut().chunks_exact_mut(PAGE_SIZE) {
        let free = free_frames()?;
        if free.is_multiple_of(STEP) || free < STEP {
            println!("faults: frames: {free} free");
        }
        page[0] = 1;
    }
    println!("faults: frames: all that were free could be used");
    Ok(0)
}
