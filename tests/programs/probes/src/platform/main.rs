//! `platform`: checks `zram-rt` and the kernel's calls under it, from inside the machine.
//!
//! Each check is a function named after the fact that it proves, and prints a line; the exit code
//! is 1 if one fails. With an argument it is its own child: it exits with that code, or crashes.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod files;
mod memory;
mod processes;
mod threads;

use alloc::string::{String, ToString};

use zram_rt::errno::{Error, InWords};
use zram_rt::println;

zram_rt::entry!(main);

/// A fact, and what checks it; it says in words why it does not hold.
pub(crate) type Check = (&'static str, fn() -> Result<(), String>);

fn main() -> u8 {
    if let Some(word) = zram_rt::args().nth(1) {
        return processes::be_a_child(word);
    }
    let mut wrong = 0_u8;
    let checks = threads::CHECKS.iter().chain(memory::CHECKS).chain(files::CHECKS);
    for (fact, check) in checks.chain(processes::CHECKS) {
        match check() {
            Ok(()) => println!("ok    {fact}"),
            Err(why) => {
                println!("WRONG {fact}: {why}");
                wrong += 1;
            }
        }
    }
    println!("platform: {wrong} wrong");
    u8::from(wrong != 0)
}

/// Returns an error in words, behind what was tried.
pub(crate) fn told(what: &str) -> impl Fn(Error) -> String {
    move |error| alloc::format!("{what}: {}", InWords(error))
}

/// Fails with `why` unless it `holds`.
pub(crate) fn ensure(holds: bool, why: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why.to_string()) }
}
