//! The swap pager in the Redox kernel: the functions that its hooks call.
//!
//! A [`Glue`] is one static value of the kernel. Lines in the kernel's own files call it
//! (`HOOKS.md` says which and why); it calls the kernel through one trait, [`Kernel`], that a
//! module of this repository implements with the kernel's types (`binding/`). So all decisions are
//! made here and are tested over a fake kernel; the binding only translates types.
//!
//! Redox gives each context a kernel stack of its own and never preempts it, so a wait is a loop:
//! ask the pager, block under its lock, release the lock, switch, ask again.
//!
//! Locks, outer to inner; nothing is taken the other way round:
//!
//! | lock | held while | by |
//! | --- | --- | --- |
//! | the pager's ([`Glue`]) | one call of the pager | whoever holds none of these |
//! | a context, the lists of who is to wake | one change | ports |
//! | an address space, for reading | one look at its page table | ports |
//! | leaves: numbers of spaces, held ranges, open files | one look or change | anybody |
//!
//! The counting of swap entries with an address space locked (unmap, fork, exit) takes none of
//! these locks: [`swap_pager::Entries`] does it. A port that holds the last reference to a space
//! keeps it until the end of the call, because the space's destructor closes files.
//!
//! | file | its noun |
//! | --- | --- |
//! | `kernel` | what is needed of the kernel |
//! | `state` | the pager, its lock, and what its ports own |
//! | `ports` | the pager's ports over the kernel |
//! | `spaces` | numbers of address spaces |
//! | `fault` | a thread needs a page or a frame: the loops that wait |
//! | `settle` | what the kernel must do after a call of the pager: reclaim, a kill |
//! | `frames` | who may take a frame, and how many must be left |
//! | `held` | ranges that a system call may touch, and that stay in memory |
//! | `daemon` | the program that serves the queues, and that its memory is present before it is used |
//! | `entries` | what unmap, fork and exit do to entries |
//! | `scheme`, `queue`, `area` | `swap:`: files; the daemon's queues; mounting |

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

mod area;
mod daemon;
mod entries;
mod fault;
mod frames;
mod held;
mod kernel;
mod ports;
mod queue;
mod scheme;
mod settle;
mod spaces;
mod state;
#[cfg(test)]
mod tests;

pub use entries::Copied;
pub use fault::{Attempt, Outcome};
pub use frames::Whose;
pub use held::Range;
pub use kernel::{Bits, Kernel, SpaceKey, Span, TableId, Tables, ThreadKey};
pub use scheme::{Opened, Payload, ROOT};
pub use state::Glue;
pub use swap_pager::files::Errno;
pub use swap_pager::ports::{CpuId, Frame, KillReason, Page};
pub use zram_abi::verb::SWAP_ATTACH;
