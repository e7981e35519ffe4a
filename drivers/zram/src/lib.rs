//! The zram engine: compressed pages in memory, found by slot.
//!
//! A device ([`Zram`]) is a table of slots (`slots`), a set of compression streams (`zcomp`) and a
//! pool of compressed objects (`pool`). Store turns 4096 bytes into an object and lets the slot's
//! word point to it; load goes the other way. The engine knows neither scheme nor kernel: memory
//! comes through [`PageSource`], locks through `lock_api::RawMutex`, time is handed in by the
//! caller.
//!
//! **Concurrency.** A slot is one atomic word and has no lock. The thread that swaps a word out
//! owns the object it pointed to, so of two writers each frees exactly one object, and only after
//! the new content is in place. An object is freed and moved only under its size class's lock, so a
//! reader that takes that lock and finds the word unchanged reads a live object (`slots` has the
//! argument). No lock of the engine is ever taken while another one is held, so there is no lock
//! order to get wrong: stream, size class and spare pages are each locked alone and for a bounded
//! copy or one compression. Pages are committed and released with no lock held.
//!
//! **Memory.** Every allocation is fallible and reported; load, take and discard allocate nothing.

#![no_std]
#![deny(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod checksum;
mod device;
mod error;
mod home;
mod memory;
mod pool;
mod prefetch;
mod same_filled;
mod slots;
mod statistics;
mod sync;
#[cfg(test)]
mod test_support;
mod worker;
mod zcomp;

pub use device::{Config, Purpose, StoredSlot, Zram};
pub use error::{LoadError, NoMemory, StoreError, StoredAbove};
pub use pool::{Compaction, HeapPages, PageSource};
pub use statistics::{Metadata, Statistics, StreamStatistics};
pub use worker::Worker;
#[cfg(feature = "oracle")]
pub use zcomp::plain_pagelz;
pub use zcomp::{Algorithm, Compressor, Damaged, NoSuchLevel, OUTPUT_MAX, Stream};

/// Size of a page in bytes; the unit of every store and load.
pub const PAGE_SIZE: usize = 4096;

/// The content of one page.
pub type PageBytes = [u8; PAGE_SIZE];
