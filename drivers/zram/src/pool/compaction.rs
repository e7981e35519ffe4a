//! Compaction: moves objects together and releases the pages that become empty.
//!
//! Classes are compacted from the largest down. First each is swept ([`Sweep`]): its highest
//! objects go to its lowest gaps, until at most one of its pages is part-filled. Then its last
//! objects are lifted into free places of larger classes, which can hold smaller objects too and
//! whose pages are needed anyway; about two thirds of the part-filled pages go. At the end the
//! class frees the bookkeeping of its released pages.
//!
//! Other threads store, load and free meanwhile: compaction holds a lock for a few moves only, and
//! never two locks.
//!
//! The work is cut into steps of some milliseconds at most, so that a thread can do its other
//! duties between them ([`Compaction`]). No page is held from one step to the next: the pool may be
//! dropped between any two steps.

use lock_api::RawMutex;

use super::class::{ObjectPlace, Sweep};
use super::layout::{CLASS_COUNT, LAYOUTS, PLACES_MAX, WHOLE_FIRST};
use super::run::Emptied;
use super::{Handle, PageSource, Pool};

/// How many larger classes are asked for a free place: those of up to 256 bytes more. Asking all
/// of them empties no page more in a pool of 100,000.
const LARGER_MAX: usize = 32;

/// Most pages that the sweep of one step empties, give or take two: at 35 us for a release in an
/// emulated machine, about 2 ms.
const SWEEP_STEPS_MAX: usize = 64;

/// How far a compaction of a pool has come.
#[derive(Debug)]
pub struct Compaction {
    /// Classes still to be compacted: those below this one.
    classes_left: usize,
    /// Where the sweep of the class on turn goes on; nothing before it began.
    sweep_from: Option<ObjectPlace>,
    released: u64,
}

impl Compaction {
    /// Returns a compaction that has not begun.
    #[must_use]
    pub const fn new() -> Self {
        Self { classes_left: CLASS_COUNT, sweep_from: None, released: 0 }
    }

    /// Returns how many pages it has released until now.
    #[must_use]
    pub const fn released_pages(&self) -> u64 {
        self.released
    }
}

impl Default for Compaction {
    fn default() -> Self {
        Self::new()
    }
}

/// The slots that objects belong to.
pub(crate) struct Slots<S, R> {
    /// `size(slot, at)` returns the size of the slot's object if that is at `at`.
    pub(crate) size: S,
    /// `redirect(slot, from, to)` lets the slot refer to `to` if its object is at `from`, and
    /// returns whether it was.
    pub(crate) redirect: R,
}

impl<R: RawMutex, P: PageSource> Pool<R, P> {
    /// Does one more step of a compaction: moves objects together and releases the pages that this
    /// empties, in the end the spare ones too. Returns whether that was the last step.
    pub(crate) fn compact_step(
        &self,
        compaction: &mut Compaction,
        buffer: &mut [u8],
        slots: &Slots<impl Fn(u32, Handle) -> Option<usize>, impl Fn(u32, Handle, Handle) -> bool>,
    ) -> bool {
        // Classes without an object cost nothing and are no step.
        let next = (0..compaction.classes_left).rev().find(|&index| self.class(index).is_some());
        let Some(index) = next else {
            let spares = (0..self.spares.len()).map(|cpu| self.release_spares(cpu)).sum::<u64>();
            compaction.classes_left = 0;
            compaction.released += spares;
            return true;
        };
        compaction.classes_left = index + 1;
        if self.sweep_step(index, compaction, buffer, slots) {
            self.lift(index, compaction, buffer, slots);
            compaction.classes_left = index;
            compaction.sweep_from = None;
        }
        false
    }

    /// Sweeps a class a little further and returns whether it is swept.
    fn sweep_step(
        &self,
        index: usize,
        compaction: &mut Compaction,
        buffer: &mut [u8],
        slots: &Slots<impl Fn(u32, Handle) -> Option<usize>, impl Fn(u32, Handle, Handle) -> bool>,
    ) -> bool {
        let Some(class) = self.class(index) else { return true };
        let mut redirect = |slot, from, to| (slots.redirect)(slot, from, to);
        let mut sweep = compaction.sweep_from.map_or_else(Sweep::new, Sweep::from);
        let mut is_done = false;
        for _ in 0..SWEEP_STEPS_MAX {
            let step = class.lock().compact(&self.source, &mut sweep, buffer, &mut redirect);
            compaction.released += self.release_all(step.emptied);
            is_done = step.is_done;
            if is_done {
                break;
            }
        }
        compaction.sweep_from = Some(sweep.end());
        compaction.released += self.release_all([sweep.spare, None]);
        is_done
    }

    /// Lifts the last objects of a swept class to larger ones.
    fn lift(
        &self,
        index: usize,
        compaction: &mut Compaction,
        buffer: &mut [u8],
        slots: &Slots<impl Fn(u32, Handle) -> Option<usize>, impl Fn(u32, Handle, Handle) -> bool>,
    ) {
        let Some(class) = self.class(index) else { return };
        class.lock().fit();
        // Bounded, as others may go on making room above.
        for _ in 0..PLACES_MAX {
            let Some(emptied) = self.lift_last(index, buffer, slots) else { break };
            compaction.released += self.release_all(emptied);
        }
        class.lock().fit();
    }

    fn release_all(&self, emptied: Emptied<P::Page>) -> u64 {
        emptied.into_iter().flatten().map(|page| self.release(page)).count() as u64
    }

    /// Moves the last object of a class to a free place of a larger one and returns the pages that
    /// this empties; nothing if there is no such object or no such place.
    ///
    /// The copy is made as a store makes an object, before any slot refers to it, and the slot is
    /// redirected under the lock of the old place's class, as in a move within one class.
    fn lift_last(
        &self,
        index: usize,
        buffer: &mut [u8],
        slots: &Slots<impl Fn(u32, Handle) -> Option<usize>, impl Fn(u32, Handle, Handle) -> bool>,
    ) -> Option<Emptied<P::Page>> {
        let seen = self.class(index)?.lock().read_last(&self.source, buffer)?;
        let (from, slot) = (seen.handle, seen.header.slot);
        let size = (slots.size)(slot, from)?;
        // A damaged size may be larger than the place, and than the one to come.
        let bytes = buffer.get(..LAYOUTS[index].place_bytes)?.get(..size)?;
        let place = |index| self.class(index)?.lock().insert(&self.source, seen.header, bytes);
        let to = (index + 1..WHOLE_FIRST).take(LARGER_MAX).find_map(place)?;
        // The size once more: meanwhile another object of the slot may have come to the same place.
        let is_same = || (slots.size)(slot, from) == Some(size);
        let unlink = || is_same() && (slots.redirect)(slot, from, to);
        let emptied = self.take_out(seen, bytes, unlink);
        // If the slot has changed, nothing refers to the copy.
        emptied.or_else(|| self.class(to.class())?.lock().remove(to, size))
    }
}
