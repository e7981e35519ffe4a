//! `hostile changing`: writes a page to `zram:0` again and again while a thread changes it.
//!
//! The stored page may be any mixture of old and new, but it must be one page: reading it twice
//! gives the same, its checksum is right, and the pages beside it are unchanged.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use syscall::flag::O_RDWR;
use syscall::number as call;
use zram_abi::PAGE_SIZE;
use zram_rt::errno::{Error, InWords, Result};
use zram_rt::{Fd, eprintln, fs, println, thread};

use crate::raw;

/// Writes of the page that changes.
const ROUNDS: usize = 300;

/// Words of a page.
const WORDS: usize = PAGE_SIZE / size_of::<u64>();

/// A page that two threads use at once.
#[repr(align(4096))]
struct Shared([AtomicU64; WORDS]);

/// Runs it; returns how often something was wrong, as an exit code.
pub(crate) fn run() -> u8 {
    match write_what_changes() {
        Ok(0) => {
            println!("hostile: changing: every page was one page");
            0
        }
        Ok(wrong) => {
            println!("hostile: changing: {wrong} of {ROUNDS} rounds were wrong");
            1
        }
        Err(error) => {
            eprintln!("hostile: changing: {}", InWords(error));
            2
        }
    }
}

fn write_what_changes() -> Result<usize> {
    let device = fs::open("zram:0", O_RDWR)?;
    let neighbours = [[0x11; PAGE_SIZE], [0x22; PAGE_SIZE]];
    device.write_at(&neighbours[0], 0)?;
    device.write_at(&neighbours[1], 2 * PAGE_SIZE as u64)?;
    let page = Arc::new(Shared([const { AtomicU64::new(0) }; WORDS]));
    let is_over = Arc::new(AtomicBool::new(false));
    let (changed, ends) = (Arc::clone(&page), Arc::clone(&is_over));
    let changer = thread::Builder::new("changer").spawn(move || change(&changed, &ends))?;
    let address = (&raw const page.0).expose_provenance();
    let mut wrong = 0;
    for _ in 0..ROUNDS {
        let words = [device.raw(), address, PAGE_SIZE, PAGE_SIZE, usize::MAX];
        let written = raw::call(call::SYS_WRITE2, words)?;
        let is_right = written == PAGE_SIZE && is_one_page(&device, &neighbours)?;
        wrong += usize::from(!is_right);
    }
    // Relaxed: nothing else is passed on.
    is_over.store(true, Ordering::Relaxed);
    changer.join();
    Ok(wrong)
}

/// Writes words that hardly compress and words that do, by turns, until told to end.
fn change(page: &Shared, is_over: &AtomicBool) {
    let mut state = 1_u64;
    while !is_over.load(Ordering::Relaxed) {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let is_plain = state >> 63 == 0;
        for word in &page.0 {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            word.store(if is_plain { 7 } else { state }, Ordering::Relaxed);
        }
    }
}

fn is_one_page(device: &Fd, neighbours: &[[u8; PAGE_SIZE]; 2]) -> Result<bool> {
    let pages = || -> Result<Box<[u8; 3 * PAGE_SIZE]>> {
        let mut pages = Box::new([0; 3 * PAGE_SIZE]);
        let size = device.read_at(&mut pages[..], 0)?;
        if size == pages.len() { Ok(pages) } else { Err(Error::new(syscall::EIO)) }
    };
    let (first, second) = (pages()?, pages()?);
    let [before, behind] = neighbours;
    Ok(first == second && first.starts_with(before) && first.ends_with(behind))
}
