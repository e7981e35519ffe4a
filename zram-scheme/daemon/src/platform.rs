//! The ports: what the daemon needs of the machine under it.
//!
//! Each has two implementations: the program's (`main.rs`, over `zram-rt`) and a fake for tests.
//! Nothing here is called with a lock held, except that of [`Platform::Mutex`] itself and
//! [`Platform::swap_is_used`], which takes none and waits for nothing.

use alloc::vec::Vec;
use lock_api::RawMutex;
use syscall::schemev2::Opcode;
use zram::PageSource;
use zram_abi::cpu_event;
use zram_abi::record::{ENTRIES_MAX, RECORD_SIZE};
use zram_abi::verb::Cookie;

use crate::sync::AtomicU32;

/// What every thread of the daemon needs, as one name; a type without values stands for it.
pub trait Ports: 'static {
    /// Locks, waiting, time and memory.
    type Platform: Platform;

    /// Where the requests of clients come from.
    type Socket: Socket;
}

/// A request of a client, as the socket of these ports gives it.
pub type Client<P> = <<P as Ports>::Socket as Socket>::Request;

/// Locks, waiting, time and memory.
pub trait Platform: Send + Sync + 'static {
    /// A lock whose waiters sleep.
    type Mutex: RawMutex + Send + Sync + 'static;

    /// Where the pools get their pages.
    type Pages: PageSource;

    /// Returns the source of pool pages for one more device.
    fn pages(&self) -> Self::Pages;

    /// Returns how many pool pages are committed, over all devices.
    fn pages_committed(&self) -> usize;

    /// Returns how many CPUs can ever be up; they are numbered from 0.
    fn possible_cpus(&self) -> usize;

    /// Returns how much memory the machine has, in bytes; 0 if it does not say.
    fn memory_bytes(&self) -> u64 {
        0
    }

    /// Tells the kernel that a mounted device has so many pages (`SWAP_RESIZE`); returns whether its area
    /// has as many now. It has not if pages above would have to be given up first. Waits for nothing.
    fn resize_area(&self, _cookie: Cookie) -> bool {
        false
    }

    /// Some device is mounted as swap from now on, or none is any more.
    fn swap_is_used(&self, _is_used: bool) {}

    /// Returns nanoseconds since some moment in the past; never less than before.
    fn now_ns(&self) -> u64;

    /// Returns a count that goes up all the time, by one a nanosecond or about as fast: whichever costs
    /// least to ask for. It may differ from CPU to CPU.
    fn ticks(&self) -> u64 {
        self.now_ns()
    }

    /// Sleeps while `word` holds `expected`, until [`Self::wake`] or `deadline_ns` of
    /// [`Self::now_ns`]. May return early for no reason.
    fn wait(&self, word: &AtomicU32, expected: u32, deadline_ns: Option<u64>);

    /// Wakes all that sleep on `word`.
    fn wake(&self, word: &AtomicU32);
}

/// The other side is gone: nothing comes or goes any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// What answers a request of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was done; a number whose meaning depends on the request.
    Number(usize),
    /// A new handle. Positioned: the kernel keeps the offset and passes it along.
    Opened {
        /// Number of the handle.
        handle: usize,
        /// Whether the kernel keeps the offset.
        positioned: bool,
    },
    /// It was not done.
    Error(i32),
}

/// Where the requests of clients come from.
pub trait Socket: Sync {
    /// One request, owned until it is answered, and so answered once at most.
    type Request: ClientRequest;

    /// Waits for requests and appends them to `requests`, within its capacity if it has one.
    ///
    /// # Errors
    ///
    /// [`Closed`], when no request will ever come again.
    fn receive(&self, requests: &mut Vec<Self::Request>) -> Result<(), Closed>;

    /// Answers a request. That the client is gone by now is no error.
    fn answer(&self, request: Self::Request, answer: Answer);

    /// Tells who watches a handle that there is something to read (`EVENT_READ`). Waits for nobody; that
    /// nobody watches any more is no error. A kernel without events has nobody to tell.
    fn notify(&self, handle: usize) {
        let _ = handle;
    }
}

/// A request as it came: everything in it is the client's choice, and may be nonsense.
///
/// The payload is memory of the client, who may change it meanwhile; it is only ever copied.
pub trait ClientRequest: Send {
    /// Returns what is asked; nothing for an unknown number.
    fn opcode(&self) -> Option<Opcode>;

    /// Returns whether no client waits for an answer; such a request must not be answered.
    fn is_one_way(&self) -> bool;

    /// Returns the number of the handle it is about.
    fn handle(&self) -> usize;

    /// Returns argument `index`; 0 if there is none.
    fn word(&self, index: usize) -> u64;

    /// Returns the user id of the opener of an OpenAt.
    fn opener_uid(&self) -> u32;

    /// Returns the bytes of the payload.
    fn payload_size(&self) -> usize;

    /// Copies the payload from `offset` on into `buffer`; returns how much there was.
    fn copy_payload(&self, offset: usize, buffer: &mut [u8]) -> usize;

    /// Copies `bytes` into the payload from `offset` on; returns how much fitted.
    fn fill_payload(&mut self, offset: usize, bytes: &[u8]) -> usize;
}

/// One of a CPU's swap queues.
pub trait SwapQueue {
    /// Completes the record in `bytes`, waits for the next one and puts it there.
    ///
    /// # Errors
    ///
    /// [`Closed`], once the kernel has revoked the queue.
    fn next(&mut self, bytes: &mut [u8; RECORD_SIZE]) -> Result<(), Closed>;

    /// Returns the window; page `i` belongs to entry `i` of the record.
    fn window(&mut self) -> &mut [zram::PageBytes; ENTRIES_MAX];
}

/// Where CPU events come from.
pub trait CpuEvents {
    /// Waits for an event.
    ///
    /// # Errors
    ///
    /// [`Closed`], when none will ever come again.
    fn next(&mut self) -> Result<cpu_event::Event, Closed>;

    /// Answers an event. That the answer comes too late is no error.
    fn answer(&mut self, answer: cpu_event::Answer);
}

/// Where the log goes in the end.
pub trait LogSink {
    /// Writes bytes; what cannot be written is lost.
    fn write(&mut self, bytes: &[u8]);
}
