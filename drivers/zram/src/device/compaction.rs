//! Compaction of a device: the pool moves objects, and asks this module which slot owns each.
//!
//! Relies on [`Compaction`], which does one bounded step at a time.

use core::sync::atomic::Ordering;

use lock_api::RawMutex;

use super::Zram;
use crate::pool::{Compaction, Handle, Slots};
use crate::slots::{SlotState, StoredObject};
use crate::{PageSource, Worker};

impl<R: RawMutex, P: PageSource> Zram<R, P> {
    /// Moves objects together, releases the pages that this empties and all spare ones, and returns
    /// how many. Stores and loads go on meanwhile.
    ///
    /// # Context
    /// As [`Self::compact_step`], but takes as long as all steps together.
    pub fn compact(&self, worker: &mut Worker) -> u64 {
        let mut compaction = Compaction::new();
        while !self.compact_step(worker, &mut compaction) {}
        compaction.released_pages()
    }

    /// Does one more step of a compaction of this device and returns whether it was the last one.
    /// Between two steps anything may happen to the device.
    ///
    /// # Context
    /// Allocates smaller copies of tables and works without; releases some hundred pages at most,
    /// with no lock held.
    pub fn compact_step(&self, worker: &mut Worker, compaction: &mut Compaction) -> bool {
        let slots = Slots {
            size: |slot, at| self.size_at(slot, at),
            redirect: |slot, from, to| self.redirect(slot, from, to),
        };
        let before = compaction.released_pages();
        let is_done = self.pool.compact_step(compaction, &mut worker.buffer, &slots);
        let released = compaction.released_pages().saturating_sub(before);
        // Relaxed: a statistic.
        self.pages_compacted.fetch_add(released, Ordering::Relaxed);
        is_done
    }

    /// Returns the size of the object of `slot` if it is at `at`.
    fn size_at(&self, slot: u32, at: Handle) -> Option<usize> {
        match self.table.get(slot)?.load().decode() {
            Ok(SlotState::Stored(object)) if object.handle == at => Some(object.size.bytes()),
            Ok(SlotState::Stored(_) | SlotState::SameFilled(_) | SlotState::Free) | Err(_) => None,
        }
    }

    /// Lets `slot` refer to `to` if its object is at `from`.
    fn redirect(&self, slot: u32, from: Handle, to: Handle) -> bool {
        let Some(entry) = self.table.get(slot) else { return false };
        let word = entry.load();
        match word.decode() {
            Ok(SlotState::Stored(object)) if object.handle == from => {
                entry.replace(word, SlotState::Stored(StoredObject { handle: to, ..object }))
            }
            Ok(SlotState::Stored(_) | SlotState::SameFilled(_) | SlotState::Free) | Err(_) => false,
        }
    }
}
