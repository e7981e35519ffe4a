//! The swap pager: which page leaves, which swap slot it gets, who waits for it.
//!
//! A [`Pager`] is one value that its owner locks (the in-tree kernel's one lock; on Redox a spin
//! mutex). Every method is called with that lock held, does a bounded amount of work, waits for
//! nothing and, after construction and but for `swapon`, allocates nothing. What must be awaited is
//! told in the answer: a thread that has to sleep is *prepared* here and committed by the kernel; a
//! shootdown lies between [`Pager::reclaim_begin`] and [`Pager::reclaim_finish`], without the lock.
//! The kernel is reached through [`Ports`], which never call back.
//!
//! | file | its noun |
//! | --- | --- |
//! | `requests` | what is asked and answered |
//! | `entry` | what stands in a page table in place of a page |
//! | `ports` | what the pager needs of its kernel |
//! | `places`: `areas`, `slots`, `bitmap`, `counts` | where pages can go, and what each place is doing |
//! | `lines`: `queues` | the lines to the daemon's threads |
//! | `lines`: `in_flight`, `fixed` | the pages of a batch, and what may happen to them meanwhile |
//! | `frames`: `waiters` | threads that wait, in which line, and how no wake is lost |
//! | `frames`: `reserve`, `watermarks` | how many free frames are kept |
//! | `pressure`: `hand` | whether pages are to leave; the hand that goes round all of them |
//! | `moves`: `fault`, `load` | a page is wanted; a page has come |
//! | `moves`: `reclaim`, `store` | pages leave; the daemon has answered |
//! | `moves`: `entries` | what unmap, fork and exit do to swap entries |
//! | `moves`: `reserve` | who gets a free frame |
//! | `moves`: `oom` | memory is really gone |
//! | `moves`: `daemon` | queues open and close; the daemon is dead or stuck; records come and go |
//! | `moves`: `swapoff` | everything comes back |
//! | `invariant`, `moves`: `closing` | a bug of the pager's own closes it |
//! | `memory` | tables that are made once |
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
#[cfg(test)]
mod tests;

pub use crate::frames::watermarks::{Bounds, WatermarkError, Watermarks};
pub use crate::invariant::Invariant;
pub use crate::lines::STUCK_NS;
pub use crate::places::areas::{AREAS_MAX, AreaInfo, AreaState};
pub use entry::{AreaIndex, SwapEntry, SwapSlot};
pub use requests::{
    Commit, Config, Fault, FaultRequest, Fork, FrameAnswer, FrameFor, Next, Reclaim, SwapOff,
    SwapOffError, SwapOnError, Unmapped,
};
pub use statistics::{Latencies, Statistics};

use crate::frames::reserve::Reserve;
use crate::frames::waiters::{LinedUp, Reason, Waiters};
use crate::lines::Lines;
use crate::memory::NoMemory;
use crate::moves::closing::Health;
use crate::moves::swapoff::Job;
use crate::places::areas::Areas;
use crate::places::counts::EntryCounts;
use crate::pressure::Pressure;

use crate::ports::{Direction, Frames, Ports, SpaceId, Waiter};
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
    entries: EntryCounts,
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
    /// Watermarks outside their bounds, no CPU, or more spaces than a slot has users.
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
        if config.cpus == 0 || config.spaces > spaces_max {
            return Err(ConfigError::Invalid);
        }
        let reserve = Reserve::new(config.watermarks, config.bounds);
        let reserve = reserve.map_err(|_| ConfigError::Invalid)?;
        Self::with_tables(config, reserve).map_err(|NoMemory| ConfigError::NoMemory)
    }

    fn with_tables(config: Config, reserve: Reserve) -> Result<Self, NoMemory> {
        Ok(Self {
            spaces: config.spaces,
            health: Health::Sound,
            areas: Areas::default(),
            lines: Lines::new(config.cpus)?,
            waiters: Waiters::new(config.waiters, config.cpus)?,
            pressure: Pressure::new(),
            reserve,
            entries: EntryCounts::new(config.spaces)?,
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
    /// The one call that allocates: two bytes and two bits a page of the device.
    pub fn swapon(&mut self, cookie: Cookie, priority: i64) -> Result<AreaIndex, SwapOnError> {
        let is_open = self.lines.are_served(Direction::In) && self.lines.are_served(Direction::Out);
        if !is_open || self.health != Health::Sound {
            return Err(SwapOnError::NoDaemon);
        }
        self.areas.add(cookie, priority)
    }

    /// Says whether the prepared thread is to sleep, as the last step before it does.
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
        self.entries.of(space)
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
