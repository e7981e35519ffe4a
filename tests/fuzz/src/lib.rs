//! Fuzzing: plain functions that take any bytes and must not panic, loop or give a wrong result.
//!
//! A [`Target`] makes an input from a number and runs it. The program (`main.rs`) runs millions of
//! inputs, the tests here some thousands. An input depends on (target, seed, number) alone, so a
//! finding can be repeated; the program also writes it to `found/`, whose files the tests run from
//! then on. The targets need no harness, so any other fuzzer can run them unchanged.

#![forbid(unsafe_code)]

pub mod decoder;
pub mod encoder;
pub mod pagelz;
pub mod pages;

pub use host_core::order::Random;

#[cfg(test)]
mod tests;

/// Returns the numbers behind input `number` of a run with `seed`: the same on every machine.
#[must_use]
pub fn random(seed: u64, number: u64) -> Random {
    Random::new(Random::new(seed).next() ^ number.wrapping_mul(0xd134_2543_de82_ef95))
}

/// Something to be fuzzed.
#[derive(Clone, Copy)]
pub struct Target {
    /// What it is called on the command line and in the names of found inputs.
    pub name: &'static str,
    /// Makes an input.
    pub input: fn(&mut Random) -> Vec<u8>,
    /// Runs an input; panics if it finds something.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "decoder", input: decoder::input, run: decoder::run },
    Target { name: "pagelz", input: pagelz::input, run: pagelz::run },
    Target { name: "encoder", input: encoder::input, run: encoder::run },
];
