//! The swap pager: it chooses which page is swapped out, gives it a swap slot, and keeps the
//! threads that wait for it.
//!
//! A [`Pager`] is one value that its owner locks (with the in-tree kernel's one lock; on Redox with
//! a spin mutex). Every method is called with that lock held, does a bounded amount of work, waits
//! for nothing and, after construction, allocates nothing but chunks of slot maps as slots are
//! first used ([`Config::table_bytes_max`]). If something must be awaited, the answer says so: a
//! thread that has to sleep is *prepared* here and committed by the kernel; a shootdown takes place
//! between [`Pager::reclaim_begin`] and [`Pager::reclaim_finish`], without the lock. The pager
//! reaches the kernel through [`Ports`], which never call back. The kernel reports the entries that
//! unmap, exit and fork remove or copy to [`Entries`], under any locks; the pager collects these
//! reports at its next call.
//!
//! | file | its noun |
//! | --- | --- |
//! | `requests` | requests to the pager and its answers |
//! | `entry` | the swap entry, which replaces a page in a page table |
//! | `ports` | what the pager needs of its kernel |
//! | `files`: `texts`, `params` | the files of `swap`: paths, verbs, texts, error numbers |
//! | `places`: `areas`, `area`, `slots`, `bitmap` | the swap areas, and the state of each swap slot |
//! | `places`: `entries`, `word` | how many entries name each slot, counted without the pager's lock |
//! | `lines`: `queues` | the queues to the daemon's threads |
//! | `lines`: `in_flight`, `fixed` | the pages of a batch, and what may happen to them meanwhile |
//! | `frames`: `waiters` | threads that wait, in which queue, and how no wake is lost |
//! | `frames`: `reserve`, `watermarks` | how many free frames are kept |
//! | `pressure`: `hand` | whether pages must be swapped out; the clock hand that selects them |
//! | `moves`: `fault`, `load` | the beginning and the end of a page-in |
//! | `moves`: `reclaim`, `store` | the beginning and the end of a page-out |
//! | `moves`: `entries` | collects what the hooks have counted; fork begins |
//! | `moves`: `reserve` | who gets a free frame |
//! | `moves`: `oom` | what happens when memory is exhausted |
//! | `moves`: `daemon` | queues open and close; records are taken and completed; the daemon is dead or stuck |
//! | `moves`: `swapoff` | swapoff, and making an area smaller |
//! | `invariant`, `moves`: `closing` | a broken invariant closes the pager |
//! | `memory`, `sync`, `time` | allocation that may fail; what loom replaces; a clock that may stand still |
//! | `statistics`, `moves`: `probe` | counts and latencies |

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

mod entry;
pub mod files;
mod frames;
mod invariant;
mod lines;
mod memory;
mod moves;
mod places;
pub mod ports;
mod pressure;
mod requests;
mod statistics;
mod sync;
#[cfg(test)]
mod tests;
mod time;

pub use crate::frames::watermarks::{Bounds, WatermarkError, Watermarks};
pub use crate::invariant::Invariant;
pub use crate::lines::STUCK_NS;
pub use crate::places::area::{AreaInfo, AreaState, Room};
pub use crate::places::areas::AREAS_MAX;
pub use crate::places::entries::{Duplicate, Entries};
pub use crate::time::{TICK_MOST_NS, TICK_NS};
pub use entry::{AreaIndex, SwapEntry, SwapSlot};
pub use requests::{
    Caller, Commit, Config, Fault, FaultRequest, Fork, FrameAnswer, FrameFor, Next, Reclaim,
    Resize, ResizeBy, SwapOff, SwapOffError, SwapOnError, Unmapped,
};
pub use statistics::{Latencies, Statistics};

use crate::frames::reserve::Reserve;
use crate::frames::waiters::{LinedUp, Reason, Waiters};
use crate::lines::Lines;
use crate::memory::NoMemory;
use crate::moves::closing::Health;
use crate::moves::swapoff::Job;
use crate::places::areas::Areas;
use crate::pressure::Pressure;
use crate::time::Time;

use alloc::sync::Arc;

use crate::ports::{Clock, CpuId, Direction, Frames, Ports, SpaceId, Waiter};
use zram_abi::verb::Cookie;

/// The pager: all areas, queues, waiting threads and pages in flight.
#[derive(Debug)]
pub struct Pager {
    /// Address spaces that can exist at once.
    spaces: u32,
    health: Health,
    areas: Areas,
    lines: Lines,
    waiters: Waiters,
    pressure: Pressure,
    reserve: Reserve,
    entries: Arc<Entries>,
    time: Time,
    swapoff: Option<Job>,
    statistics: Statistics,
    latencies: Latencies,
    hand_offs: Latencies,
}

/// Why a [`Config`] is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// No memory for the tables.
    NoMemory,
    /// Watermarks outside their bounds, no CPU, more CPUs than have a name, or more spaces than a slot has users.
    Invalid,
}

impl Pager {
    /// Returns a pager without areas.
    ///
    /// # Errors
    ///
    /// See [`ConfigError`].
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let spaces_max = u32::from(crate::places::slots::USERS_MAX);
        let has_last_cpu = config.cpus.checked_sub(1).and_then(CpuId::new).is_some();
        if !has_last_cpu || config.spaces > spaces_max {
            return Err(ConfigError::Invalid);
        }
        let reserve = Reserve::new(config.watermarks, config.bounds);
        let reserve = reserve.map_err(|_| ConfigError::Invalid)?;
        Self::with_tables(config, reserve).map_err(|NoMemory| ConfigError::NoMemory)
    }

    fn with_tables(config: Config, reserve: Reserve) -> Result<Self, NoMemory> {
        let entries = Arc::new(Entries::new(config.spaces)?);
        Ok(Self {
            spaces: config.spaces,
            health: Health::Sound,
            areas: Areas::new(Arc::clone(&entries), config.table_bytes_max)?,
            lines: Lines::new(config.cpus)?,
            waiters: Waiters::new(config.waiters, config.cpus)?,
            pressure: Pressure::new(),
            reserve,
            entries,
            time: Time::default(),
            swapoff: None,
            statistics: Statistics::default(),
            latencies: Latencies::new()?,
            hand_offs: Latencies::new()?,
        })
    }

    /// Adds an area for an attached device; pages go there from now on.
    ///
    /// The caller has pinned the daemon's address space and keeps the device open until
    /// [`Pager::swapoff`] is done.
    ///
    /// # Errors
    ///
    /// See [`SwapOnError`]; nothing changes then.
    ///
    /// # Context
    ///
    /// Allocates nothing: the map of its slots comes piece by piece as they are used.
    pub fn swapon(&mut self, cookie: Cookie, priority: i64) -> Result<AreaIndex, SwapOnError> {
        let is_open = self.lines.are_served(Direction::In) && self.lines.are_served(Direction::Out);
        if !is_open || self.health != Health::Sound {
            return Err(SwapOnError::NoDaemon);
        }
        self.areas.add(cookie, priority)
    }

    /// Says whether the prepared thread is to sleep, as the last step before it does.
    ///
    /// # Context
    ///
    /// With [`Commit::Park`] the kernel must have the thread blocked before it lets go of the pager's lock
    /// (on Redox `Status::Blocked`), and give up the CPU afterwards: a wake between the lock's end and the
    /// block would find nobody to wake, and be lost. Until then the thread counts as awake: whatever it
    /// still does (a shootdown, handing the CPU over) comes before this call.
    pub fn commit(&mut self, waiter: Waiter) -> Commit {
        self.waiters.commit(waiter)
    }

    /// Returns the areas, as `/scheme/swap/areas` lists them.
    pub fn areas(&self) -> impl Iterator<Item = AreaInfo> {
        self.areas.infos()
    }

    /// Returns the bytes that the slot maps of all areas take.
    pub fn table_bytes(&self) -> usize {
        self.areas.table_bytes()
    }

    /// Returns the counts.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Returns how long page-ins took, from the fault that had its frame to the mapped page.
    pub fn page_in_latencies(&self) -> &Latencies {
        &self.latencies
    }

    /// Returns how long records without pages took ([`Pager::probe`]).
    pub fn hand_off_latencies(&self) -> &Latencies {
        &self.hand_offs
    }

    /// Returns how many swap entries the space has.
    pub fn swapped_pages(&self, space: SpaceId) -> u32 {
        self.entries.count(space)
    }

    /// Returns the owner of swap entries, for the kernel's hooks: they tell it what unmap, exit and
    /// fork do to entries, without the pager's lock.
    pub fn entries(&self) -> Arc<Entries> {
        Arc::clone(&self.entries)
    }

    /// Returns the time that deadlines are measured by.
    fn now_ns(&self, clock: &impl Clock) -> u64 {
        self.time.at(clock.now_ns())
    }

    /// Returns the watermarks.
    pub fn watermarks(&self) -> Watermarks {
        self.reserve.marks()
    }

    /// Returns what the watermarks may be set to.
    pub fn bounds(&self) -> Bounds {
        self.reserve.bounds()
    }

    /// Sets the watermarks.
    ///
    /// # Errors
    ///
    /// Which of them is not allowed; nothing changes then.
    pub fn set_watermarks(&mut self, watermarks: Watermarks) -> Result<(), WatermarkError> {
        self.reserve.set_marks(watermarks)
    }

    /// Prepares the thread to wait; what it had lined up before is given back.
    fn wait(&mut self, waiter: Waiter, reason: Reason, ports: &mut impl Ports) {
        let left = self.waiters.prepare(waiter, reason);
        Self::give_up_turn(left, ports);
    }

    fn give_up_turn(left: Option<LinedUp>, ports: &mut impl Frames) {
        if let Some(lined_up) = left {
            ports.release(lined_up.frame);
        }
    }
}
