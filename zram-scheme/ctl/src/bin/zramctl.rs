//! The program `zramctl`; `ctl::zramctl` says what it does.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod machine;

use alloc::vec::Vec;

zram_rt::entry!(main);

fn main() -> u8 {
    let words: Vec<&str> = zram_rt::args().skip(1).collect();
    ctl::zramctl::run(&machine::Machine, &words)
}
