//! What a device can say about itself.
//!
//! Numbers are exact when no other thread works; otherwise they are of about the same moment. Names
//! follow Linux's mm_stat and io_stat; the daemon formats them.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use crate::home::Home;
use crate::{NoMemory, memory};

/// The statistics of one device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Bytes of all pages stored, same-filled ones included (mm_stat 1).
    pub orig_data_size: u64,
    /// Bytes of their objects; incompressible pages count whole, same-filled ones nothing (2).
    pub compr_data_size: u64,
    /// Bytes of the pool's pages, spare ones included (3).
    pub mem_used_total: u64,
    /// Bytes that the pool may use; 0 is no limit (4).
    pub mem_limit: u64,
    /// Bytes used at most since the start or the last reset of this number (5).
    pub mem_used_max: u64,
    /// Same-filled pages stored (6).
    pub same_pages: u64,
    /// Pages that compactions have released (7).
    pub pages_compacted: u64,
    /// Incompressible pages stored (8).
    pub huge_pages: u64,
    /// Incompressible pages ever stored (9).
    pub huge_pages_since: u64,
    /// Loads that found damage (io_stat 1).
    pub failed_reads: u64,
    /// Stores refused for the limit or for want of memory, those of swap that were not even tried among
    /// them: of a device that is only swapped to, what the pager counts as `refused_limit` and
    /// `refused_no_reserve` (2).
    pub failed_writes: u64,
    /// Pages discarded, whether or not anything was stored there (4).
    pub notify_free: u64,
    /// Stores refused because the page saves less than an eighth.
    pub no_gain: u64,
    /// What all this takes beside the pool's pages.
    pub metadata: Metadata,
}

/// Bytes of heap that a device takes for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Slot table: directory and leaves, which hold 8 bytes a slot.
    pub table_bytes: u64,
    /// Pool: classes, runs, object headers, page handles.
    pub pool_bytes: u64,
    /// Streams and the places they stand in.
    pub stream_bytes: u64,
}

/// What one CPU's stream has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamStatistics {
    /// The CPU, or nothing for the shared fallback.
    pub cpu: Option<usize>,
    /// Whether there is a stream now.
    pub is_up: bool,
    /// Pages compressed, incompressible ones included.
    pub pages_compressed: u64,
    /// Pages decompressed.
    pub pages_decompressed: u64,
}

/// What is counted as it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    HugeStored,
    FailedRead,
    FailedWrite,
    NoGain,
    Discarded,
    SameStored,
    SameFreed,
}

const EVENTS: usize = Event::SameFreed as usize + 1;

/// Event counts of one CPU, on cache lines of its own.
#[repr(align(128))]
struct Line {
    counts: [AtomicU64; EVENTS],
}

/// Event counts of all CPUs. Relaxed throughout: a statistic decides nothing and orders nothing.
pub(crate) struct Counters {
    /// One per possible CPU and one shared by all other threads.
    lines: Vec<Line>,
}

impl Counters {
    pub(crate) fn new(possible_cpus: usize) -> Result<Self, NoMemory> {
        let line = || Line { counts: [const { AtomicU64::new(0) }; EVENTS] };
        Ok(Self { lines: memory::filled(possible_cpus + 1, line)? })
    }

    /// Counts `times` events.
    pub(crate) fn add(&self, home: Home, event: Event, times: u64) {
        let shared = self.lines.len() - 1;
        self.lines[home.index(shared)].counts[event as usize].fetch_add(times, Ordering::Relaxed);
    }

    /// Returns how often an event has happened.
    pub(crate) fn total(&self, event: Event) -> u64 {
        let count = |line: &Line| line.counts[event as usize].load(Ordering::Relaxed);
        self.lines.iter().map(count).sum()
    }

    /// Returns the bytes of heap that the counters take.
    pub(crate) fn metadata_bytes(&self) -> usize {
        size_of_val(self.lines.as_slice())
    }
}
