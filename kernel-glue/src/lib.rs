//! The kernel's side of compressed swap, without a kernel: the swap pager and the source of CPU
//! events, over ports.
//!
//! A kernel owns a [`swap::Pager`], tells it of faults, of frames it needs and of swap entries it
//! removes, and lends it its page tables, frames, queue windows and threads through the traits of
//! [`ports`]. Nothing here sleeps, spins or knows a machine; all of it runs on the host as well.
//! The other side of the queues is the daemon, known only through `zram-abi`.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::panic,
        clippy::expect_used,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::wildcard_enum_match_arm
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod cpu_events;
pub mod ports;
pub mod swap;
