//! Compaction: objects are moved together, and the pages that this empties are released.
//!
//! From the largest class down, each is first swept ([`Sweep`]): its highest objects go to its
//! lowest gaps, until at most one page of it is part-filled. What is free on such pages is good for
//! smaller objects too. So the last objects of the class are then lifted to free places of larger
//! classes; their pages are there anyway, and about two thirds of the part-filled pages go. At the
//! end the class gives back the bookkeeping of what has gone.
//!
//! Other threads store, load and free meanwhile: a lock is held for a few moves, and never two.

use lock_api::{Mutex, RawMutex};

use super::class::{Class, Sweep};
use super::layout::{CLASS_COUNT, LAYOUTS, PLACES_MAX};
use super::run::Emptied;
use super::{Handle, PageSource, Pool};

/// How many larger classes are asked for a free place: those of up to 256 bytes more. Asking all
/// of them empties no page more in a pool of 100,000.
const LARGER_MAX: usize = 32;

/// The slots that objects belong to.
pub(crate) struct Slots<S, R> {
    /// `size(slot, at)` returns the size of the slot's object if that is at `at`.
    pub(crate) size: S,
    /// `redirect(slot, from, to)` lets the slot refer to `to` if its object is at `from`, and
    /// returns whether it was.
    pub(crate) redirect: R,
}

impl<R: RawMutex, P: PageSource> Pool<R, P> {
    /// Moves objects together and releases the pages that this empties, spare pages included.
    /// Returns how many.
    pub(crate) fn compact(
        &self,
        buffer: &mut [u8],
        slots: &Slots<impl Fn(u32, Handle) -> Option<usize>, impl Fn(u32, Handle, Handle) -> bool>,
    ) -> u64 {
        let mut released = 0;
        let mut release = |page| {
            self.release(page);
            released += 1;
        };
        for index in (0..CLASS_COUNT).rev() {
            let Some(class) = self.class(index) else { continue };
            self.sweep(class, buffer, &slots.redirect, &mut release);
            class.lock().fit();
            // Bounded, as others may go on making room above.
            for _ in 0..PLACES_MAX {
                let Some(emptied) = self.lift_last(index, buffer, slots) else { break };
                emptied.into_iter().flatten().for_each(&mut release);
            }
            class.lock().fit();
        }
        released + (0..self.spares.len()).map(|cpu| self.release_spares(cpu)).sum::<u64>()
    }

    fn sweep(
        &self,
        class: &Mutex<R, Class<P>>,
        buffer: &mut [u8],
        mut redirect: impl FnMut(u32, Handle, Handle) -> bool,
        mut release: impl FnMut(P::Page),
    ) {
        let mut sweep = Sweep::new();
        loop {
            let step = class.lock().compact(&self.source, &mut sweep, buffer, &mut redirect);
            step.emptied.into_iter().flatten().for_each(&mut release);
            if step.is_done {
                break;
            }
        }
        sweep.spare.into_iter().for_each(release);
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
        let (from, seen) = self.class(index)?.lock().read_last(&self.source, buffer)?;
        let slot = seen.header.slot;
        let size = (slots.size)(slot, from)?;
        // A damaged size may be larger than the place, and than the one to come.
        let bytes = buffer.get(..LAYOUTS[index].place_bytes)?.get(..size)?;
        let place = |index| self.class(index)?.lock().insert(&self.source, seen.header, bytes);
        let to = (index + 1..CLASS_COUNT - 1).take(LARGER_MAX).find_map(place)?;
        // The size once more: meanwhile another object of the slot may have come to the same place.
        let is_same = || (slots.size)(slot, from) == Some(size);
        let unlink = || is_same() && (slots.redirect)(slot, from, to);
        let emptied = self.take_out(from, seen, bytes, unlink);
        // If the slot has changed, nothing refers to the copy.
        emptied.or_else(|| self.class(to.class())?.lock().remove(to, size))
    }
}
