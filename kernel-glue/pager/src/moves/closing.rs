//! A broken invariant of the pager: the pager closes.
//!
//! A bug here must not crash the machine. The first broken invariant is recorded. From then on
//! every area is dead, so that nothing more is stored, and at the next tick at the latest all
//! queues are revoked, as when the daemon dies: pages that are being swapped out go back, and a
//! program that touches a page in swap is killed. All other programs go on. A closed pager stays
//! closed.

use crate::Pager;
use crate::entry::SwapEntry;
use crate::invariant::Invariant;
use crate::places::slots::SlotMap;
use crate::ports::{Ports, SpaceId};

/// Whether the pager's rules have held so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// All of them.
    Sound,
    /// This one did not: areas are dead, queues have yet to be revoked.
    Broken(Invariant),
    /// The same, and all queues were revoked.
    Closed(Invariant),
}

impl Pager {
    /// Returns the rule that was found broken, if one was: then the pager is closed for good.
    pub fn broken_invariant(&self) -> Option<Invariant> {
        match self.health {
            Health::Sound => None,
            Health::Broken(invariant) | Health::Closed(invariant) => Some(invariant),
        }
    }

    /// A rule is broken: nothing more is stored from now on.
    pub(crate) fn broke(&mut self, invariant: Invariant) {
        if self.health == Health::Sound {
            self.health = Health::Broken(invariant);
            self.areas.kill_all();
        }
    }

    /// Returns what was to be had, or notes which rule was broken.
    pub(crate) fn holds<T>(&mut self, result: Result<T, Invariant>) -> Option<T> {
        result.map_err(|invariant| self.broke(invariant)).ok()
    }

    /// Has an event happen to the slot of `entry`.
    pub(crate) fn turn_slot<T>(
        &mut self,
        entry: SwapEntry,
        event: impl FnOnce(&mut SlotMap, crate::SwapSlot) -> Result<T, Invariant>,
    ) -> Option<T> {
        let result = self.areas.turn_slot(entry, event);
        self.holds(result)
    }

    /// Closes the pager if a rule was found broken.
    pub(crate) fn close_if_broken(&mut self, ports: &mut impl Ports) {
        if let Health::Broken(invariant) = self.health {
            self.health = Health::Closed(invariant);
            self.daemon_died(ports);
        }
    }

    /// An entry is about to stand in a page table of the space.
    pub(crate) fn entry_placed(&mut self, space: SpaceId) {
        let added = self.entries.add(space);
        self.holds(added);
    }

    /// The pager has put something else in the place of an entry.
    pub(crate) fn entry_replaced(&mut self, space: SpaceId, entry: SwapEntry) {
        let removed = self.entries.remove(space);
        self.holds(removed);
        self.turn_slot(entry, SlotMap::replaced);
    }
}
