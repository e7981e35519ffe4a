//! One swap area: its device, its slots, and whether it takes pages.
//!
//! An area is Active (takes pages), Draining (`swapoff` brings its pages back) or Dead (its daemon
//! has died and its pages are lost). Whether an active area is *full* is a separate state: LIMIT
//! and NO_RESERVE close it to new pages until enough was freed, with hysteresis, so that a full
//! device is not asked again for every page (DESIGN 8.11); a slot map that could not be allocated
//! closes it too. Uses the slot map; `areas` has the list of areas.

use zram_abi::verb::Cookie;

use crate::entry::SwapSlot;
use crate::invariant::Invariant;
use crate::places::slots::{CHUNK_BYTES, NoSlot, SlotMap};

/// What an area takes part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AreaState {
    /// Pages go there.
    Active,
    /// `swapoff` is under way.
    Draining,
    /// The daemon is dead.
    Dead,
}

/// Whether an active area takes pages now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fullness {
    Open,
    /// `mem_limit` was reached: open again at this use (if anything was used), or at this time, to
    /// find out.
    Limit {
        reopen_used: Option<u32>,
        retry_ns: u64,
    },
    /// The machine had no frame for the pool: open again when the reserve is whole.
    NoReserve,
    /// There was no memory for more of the slot map: slots that it has are still given, others not
    /// before this time.
    NoTable {
        retry_ns: u64,
    },
}

/// An area is asked again after this long though nothing was freed: its limit may have been raised,
/// or there may be memory for its slot map.
const RETRY_NS: u64 = 1_000_000_000;

/// At least so many slots must be freed before an area at its limit is asked again: a batch.
const REOPEN_SLOTS_MIN: u32 = 32;

/// What one line of `/scheme/swap/areas` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AreaInfo {
    /// Device id: the area's name is `zram:ID`.
    pub device: u16,
    /// Pages it has room for.
    pub size_pages: u32,
    /// Pages that are there or on the way, notices not yet sent included.
    pub used_pages: u32,
    /// Higher is used first.
    pub priority: i64,
    /// What it takes part in.
    pub state: AreaState,
    /// Whether slots at its end are being given up.
    pub is_shrinking: bool,
    /// Whether it takes new pages, and why not.
    pub room: Room,
    /// Whether a page could go there now. One that is Limited may have been asked again in vain, or may
    /// be about to be asked.
    pub takes_pages: bool,
}

/// Whether an area has room for pages, for people: an area that was Limited is so until it has taken
/// pages again, or enough of it was freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// It has.
    Free,
    /// Each slot is used.
    Full,
    /// Its device's `mem_limit` has refused pages.
    Limited,
    /// There was no frame for its device's pool, or no memory for its slot map.
    Starved,
}

/// One area.
#[derive(Debug)]
pub(crate) struct Area {
    pub(super) cookie: Cookie,
    pub(super) priority: i64,
    pub(super) state: AreaState,
    pub(super) slots: SlotMap,
    fullness: Fullness,
    /// Its device has refused pages because of its limit, and taken none since.
    is_limited: bool,
}

/// How large an area is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) area_pages: u32,
    pub(crate) device_pages: u32,
}

/// How much of an area is used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// No slot.
    pub(crate) is_empty: bool,
    /// Only slots that the daemon has yet to forget: no page table has an entry of it.
    pub(crate) is_forgotten: bool,
    /// What is in it is lost.
    pub(crate) is_dead: bool,
}

impl Area {
    pub(crate) fn new(cookie: Cookie, priority: i64, slots: SlotMap) -> Self {
        let (state, fullness) = (AreaState::Active, Fullness::Open);
        Self { cookie, priority, state, slots, fullness, is_limited: false }
    }

    pub(crate) fn info(&self) -> AreaInfo {
        AreaInfo {
            device: self.cookie.device,
            size_pages: self.slots.count(),
            used_pages: self.slots.used(),
            priority: self.priority,
            state: self.state,
            is_shrinking: self.slots.used_above().used > 0,
            room: self.room(),
            takes_pages: self.has_room(),
        }
    }

    pub(crate) fn room(&self) -> Room {
        if self.is_limited {
            return Room::Limited;
        }
        match self.fullness {
            Fullness::Open | Fullness::Limit { .. } if !self.slots.has_free() => Room::Full,
            Fullness::Open | Fullness::Limit { .. } => Room::Free,
            Fullness::NoReserve | Fullness::NoTable { .. } => Room::Starved,
        }
    }

    /// Returns whether a page could go there.
    pub(crate) fn has_room(&self) -> bool {
        let has_slot = match self.fullness {
            Fullness::Open => self.slots.has_free(),
            Fullness::NoTable { .. } => self.slots.has_known_free(),
            Fullness::Limit { .. } | Fullness::NoReserve => false,
        };
        self.state == AreaState::Active && has_slot
    }

    /// Returns a free slot, on its way out from now on.
    pub(crate) fn take_free(&mut self, room_bytes: usize, now_ns: u64) -> Option<SwapSlot> {
        let may_grow = self.fullness == Fullness::Open && room_bytes >= CHUNK_BYTES;
        match self.slots.take_free(may_grow) {
            Ok(slot) => Some(slot),
            Err(NoSlot::Used) => None,
            Err(NoSlot::Table) => {
                self.fullness = Fullness::NoTable { retry_ns: now_ns.saturating_add(RETRY_NS) };
                None
            }
        }
    }

    /// Closes it because the device's limit is reached.
    pub(crate) fn reached_limit(&mut self, now_ns: u64) {
        let used = self.slots.used();
        let freed = (used / 16).max(REOPEN_SLOTS_MIN);
        self.is_limited = true;
        self.fullness = Fullness::Limit {
            reopen_used: (used > 0).then_some(used.saturating_sub(freed)),
            retry_ns: now_ns.saturating_add(RETRY_NS),
        };
    }

    /// Its device has taken pages.
    pub(crate) fn took_pages(&mut self) {
        self.is_limited = false;
    }

    /// Closes it because the machine had no frame for the pool.
    pub(crate) fn lacked_frames(&mut self) {
        self.fullness = Fullness::NoReserve;
    }

    pub(crate) fn reopen(&mut self, reserve_is_whole: bool, now_ns: u64) {
        let enough = match self.fullness {
            Fullness::Open => return,
            Fullness::Limit { reopen_used, retry_ns } => {
                let is_freed = reopen_used.is_some_and(|used| self.slots.used() <= used);
                self.is_limited &= !is_freed;
                is_freed || now_ns >= retry_ns
            }
            Fullness::NoReserve => reserve_is_whole,
            Fullness::NoTable { retry_ns } => now_ns >= retry_ns,
        };
        if enough {
            self.fullness = Fullness::Open;
        }
    }

    /// Nothing is told to a dead daemon: pending notices are done at once.
    pub(crate) fn settle(&mut self) -> Result<(), Invariant> {
        if self.state == AreaState::Dead { self.slots.forget_notices() } else { Ok(()) }
    }
}
