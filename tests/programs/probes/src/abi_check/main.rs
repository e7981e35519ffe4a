//! `abi-check`: prints the kernel's answers to the calls that our user side makes, one line a fact.
//!
//! The lines are the same on every run of one kernel: `abi: GROUP: FACT = ANSWER`, where the answer
//! is a number or the name of an error. They were recorded on a Redox kernel, and `make test`
//! compares this repository's own kernel with the record (`tests/qemu/tests/redox/conformance.rs`).
//! The program runs in the daemon's place, because only the daemon may make schemes: it serves one
//! of its own and starts itself once more as the scheme's client.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

mod client;
mod contexts;
mod descriptors;
mod mappings;
mod raw;
mod served;
mod waits;

use alloc::format;
use alloc::string::{String, ToString};

use zram_rt::errno::{Result, name};
use zram_rt::{println, thread};

zram_rt::entry!(main);

/// A fact, and what asks for the answer.
pub(crate) type Fact = (&'static str, fn() -> String);

/// The argument of the client.
pub(crate) const CLIENT: &str = "client";

fn main() -> u8 {
    if zram_rt::args().nth(1) == Some(CLIENT) {
        return client::run();
    }
    for (group, facts) in [
        ("descriptors", descriptors::FACTS),
        ("mappings", mappings::FACTS),
        ("waits", waits::FACTS),
        ("contexts", contexts::FACTS),
    ] {
        for (fact, ask) in facts {
            println!("abi: {group}: {fact} = {}", ask());
        }
    }
    match served::run() {
        Ok(()) => 0,
        Err(why) => {
            println!("abi: scheme: it could not be served: {why}");
            1
        }
    }
}

/// Returns an answer with its number.
pub(crate) fn number(result: Result<usize>) -> String {
    result.map_or_else(|error| word(error.errno), |value| format!("{value}"))
}

/// Returns an answer whose number says nothing.
pub(crate) fn done<T>(result: Result<T>) -> String {
    result.map_or_else(|error| word(error.errno), |_| "ok".to_string())
}

fn word(errno: i32) -> String {
    name(errno).map_or_else(|| format!("errno {errno}"), ToString::to_string)
}

/// Runs `body` in a thread of its own; returns whether that was possible.
pub(crate) fn beside(body: impl FnOnce() + Send + 'static) -> bool {
    thread::Builder::new("beside").spawn(body).is_ok()
}
