//! One thread's way into the engine: which CPU it works for, the time, and its own buffer.
//!
//! The buffer is the reason why a stream is held for the compression alone: compressed bytes go to
//! the worker's buffer, the stream is released, and only then may the pool grow, which can mean a
//! system call. On the way back the object is copied out of the pool under its class's lock, and
//! checked and decoded with no lock held. One thread at a time uses a worker (`&mut`), so neither
//! path allocates or clears anything per page.

use alloc::vec::Vec;

use crate::home::Home;
use crate::memory;
use crate::zcomp::OUTPUT_MAX;
use crate::{NoMemory, PAGE_SIZE};

/// What a thread brings along to store and load pages.
#[derive(Debug)]
pub struct Worker {
    pub(crate) home: Home,
    pub(crate) now_seconds: u32,
    pub(crate) buffer: Vec<u8>,
    /// The slot after the one that was loaded last.
    pub(crate) next_slot: Option<u32>,
}

impl Worker {
    /// Returns a worker for the thread that serves `cpu`. A CPU that the device does not know is
    /// served by the shared fallback stream.
    ///
    /// # Errors
    /// [`NoMemory`] when there is no memory for the buffer (about 4.5 KiB).
    pub fn new(cpu: usize) -> Result<Self, NoMemory> {
        Self::at(Home::Cpu(cpu))
    }

    /// Returns a worker for a thread that serves no CPU; it uses the shared fallback stream.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of_no_cpu() -> Result<Self, NoMemory> {
        Self::at(Home::Shared)
    }

    fn at(home: Home) -> Result<Self, NoMemory> {
        const { assert!(OUTPUT_MAX >= PAGE_SIZE, "the buffer holds any object") };
        let buffer = memory::filled(OUTPUT_MAX, || 0)?;
        Ok(Self { home, now_seconds: 0, buffer, next_slot: None })
    }

    /// Moves the worker to another CPU's stream.
    pub fn set_cpu(&mut self, cpu: usize) {
        self.home = Home::Cpu(cpu);
    }

    /// Sets the coarse clock, in seconds, that accesses are recorded with, to 64 seconds exactly. It
    /// may lag some seconds behind, and must never show a time that has not come yet.
    pub fn set_now(&mut self, now_seconds: u32) {
        self.now_seconds = now_seconds;
    }
}
