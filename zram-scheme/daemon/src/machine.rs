//! The machine's ports, over `zram-rt`.

#![forbid(clippy::unwrap_used)]

mod cpus;
mod memory;
mod pages;
mod socket;

use core::sync::atomic::AtomicU32;

use zram::PageBytes;
use zram_abi::record::{ENTRIES_MAX, RECORD_SIZE};
use zram_abi::verb::Cookie;
use zram_rt::futex::{self, FutexMutex};
use zram_rt::swap_queue::{self, Direction, SwapQueue};
use zram_rt::{console, time};
use zramd::platform::{Closed, LogSink, Platform, Ports};

pub(crate) use cpus::Cpus;
use pages::PoolPages;
pub(crate) use socket::MachineSocket;

/// Locks, waiting, time and memory of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MachinePlatform {
    possible_cpus: u32,
    memory_bytes: u64,
}

impl MachinePlatform {
    pub(crate) fn new() -> Self {
        memory::look_for_pager();
        Self { possible_cpus: cpus::count_possible(), memory_bytes: memory::total_bytes() }
    }

    pub(crate) const fn possible(self) -> u32 {
        self.possible_cpus
    }
}

/// The ports to the machine, as one name.
pub(crate) enum MachinePorts {}

impl Ports for MachinePorts {
    type Platform = MachinePlatform;
    type Socket = MachineSocket;
}

impl Platform for MachinePlatform {
    type Mutex = FutexMutex;
    type Pages = PoolPages;

    fn pages(&self) -> PoolPages {
        PoolPages
    }

    fn pages_committed(&self) -> usize {
        pages::committed()
    }

    fn possible_cpus(&self) -> usize {
        self.possible_cpus as usize
    }

    fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    fn resize_area(&self, cookie: Cookie) -> bool {
        swap_queue::resize_area(cookie).is_ok()
    }

    fn swap_is_used(&self, is_used: bool) {
        memory::swap_is_used(is_used);
    }

    fn now_ns(&self) -> u64 {
        time::now_ns()
    }

    fn ticks(&self) -> u64 {
        time::ticks()
    }

    fn wait(&self, word: &AtomicU32, expected: u32, deadline_ns: Option<u64>) {
        // After the deadline the caller looks at the word again, as after any return.
        let _ = futex::wait(word, expected, deadline_ns);
    }

    fn wake(&self, word: &AtomicU32) {
        futex::wake(word, u32::MAX);
    }
}

/// One of a CPU's swap queues.
pub(crate) struct Queue(SwapQueue);

impl Queue {
    pub(crate) fn open(cpu: u32, direction: Direction) -> zram_rt::Result<Self> {
        SwapQueue::open(cpu, direction).map(Self)
    }
}

impl zramd::platform::SwapQueue for Queue {
    fn next(&mut self, bytes: &mut [u8; RECORD_SIZE]) -> Result<(), Closed> {
        self.0.next(bytes).map_err(|_| Closed)
    }

    fn window(&mut self) -> &mut [PageBytes; ENTRIES_MAX] {
        let (pages, _) = self.0.window().as_chunks_mut();
        pages.try_into().expect("a window has ENTRIES_MAX pages")
    }
}

/// The program's standard error.
pub(crate) struct Console;

impl LogSink for Console {
    fn write(&mut self, bytes: &[u8]) {
        // Lines come whole and were text; each goes out in one write.
        for line in core::str::from_utf8(bytes).unwrap_or_default().lines() {
            console::print_to(2, format_args!("{line}"), "\n");
        }
    }
}
