//! The way in: a slot's content is found, copied out of the pool, checked and decoded.
//!
//! A take is a load that frees the slot if it still holds what was read. Nothing here allocates, so
//! loads work when all memory is used. Anything wrong with an object is reported as damage, and
//! then no byte of the object reaches a reader.

use lock_api::RawMutex;

use super::Zram;
use crate::checksum::checksum;
use crate::pool::{Read, Seen};
use crate::slots::{Entry, SlotState, SlotWord, StoredObject};
use crate::statistics::Event;
use crate::{LoadError, PageBytes, PageSource, Worker, same_filled};

/// What a read of a slot saw: enough to free exactly that.
enum Found {
    Free,
    SameFilled(SlotWord),
    Stored(Copied),
}

/// An object that was copied out of the pool.
#[derive(Clone, Copy)]
struct Copied {
    /// The slot's word that named it.
    word: SlotWord,
    object: StoredObject,
    seen: Seen,
}

impl<R: RawMutex, P: PageSource> Zram<R, P> {
    /// Reads `slot` into `page`; a slot that holds nothing reads as zeros.
    ///
    /// # Errors
    /// [`LoadError`]; after damage `page` is zeroed, so that no other page's byte reaches a reader.
    ///
    /// # Context
    /// Allocates nothing and calls no [`PageSource::commit`]: it works when all memory is gone.
    pub fn load(
        &self,
        worker: &mut Worker,
        slot: u32,
        page: &mut PageBytes,
    ) -> Result<(), LoadError> {
        match self.read(worker, slot, page)? {
            Found::Free => {}
            Found::SameFilled(word) | Found::Stored(Copied { word, .. }) => {
                if let Some(entry) = self.table.get(slot) {
                    entry.touch(word, self.table.age_at(worker.now_seconds));
                }
            }
        }
        Ok(())
    }

    /// Reads `slot` into `page` and frees it in the same step: of two takes, one gets the content.
    ///
    /// # Errors
    /// As [`Self::load`]; the slot is then not freed.
    ///
    /// # Context
    /// As [`Self::load`]; may release pages, with no lock held.
    pub fn take(
        &self,
        worker: &mut Worker,
        slot: u32,
        page: &mut PageBytes,
    ) -> Result<(), LoadError> {
        loop {
            let is_taken = match self.read(worker, slot, page)? {
                Found::Free => true,
                Found::SameFilled(word) => {
                    let is_taken = self.unlink(slot, word);
                    self.counters.add(worker.home, Event::SameFreed, u64::from(is_taken));
                    is_taken
                }
                Found::Stored(Copied { word, object, seen }) => {
                    let bytes = &worker.buffer[..object.size.bytes()];
                    let unlink = || self.unlink(slot, word);
                    self.pool.remove_if(worker.home, seen, bytes, unlink)
                }
            };
            // Not taken: another thread changed the slot, or compaction moved the object.
            if is_taken {
                return Ok(());
            }
        }
    }

    /// Returns whether `slot` holds a page. Swap asks only for what it has stored, so there a slot
    /// that holds none is a page that was lost, not one of zeros.
    #[must_use]
    pub fn holds(&self, slot: u32) -> bool {
        let word = self.table.get(slot).map(|entry| entry.load().decode());
        !matches!(word, None | Some(Ok(SlotState::Free)))
    }

    fn unlink(&self, slot: u32, word: SlotWord) -> bool {
        self.table.get(slot).is_some_and(|entry| entry.replace(word, SlotState::Free))
    }

    fn read(
        &self,
        worker: &mut Worker,
        slot: u32,
        page: &mut PageBytes,
    ) -> Result<Found, LoadError> {
        if slot >= self.table.slot_count() {
            return Err(LoadError::OutOfRange);
        }
        let Some(entry) = self.table.get(slot) else {
            page.fill(0);
            return Ok(Found::Free);
        };
        self.read_entry(worker, slot, entry, page).inspect_err(|_| {
            page.fill(0);
            self.counters.add(worker.home, Event::FailedRead, 1);
        })
    }

    fn read_entry(
        &self,
        worker: &mut Worker,
        slot: u32,
        entry: Entry<'_>,
        page: &mut PageBytes,
    ) -> Result<Found, LoadError> {
        loop {
            let word = entry.load();
            let object = match word.decode().map_err(|_| LoadError::Damaged)? {
                SlotState::Free => {
                    page.fill(0);
                    return Ok(Found::Free);
                }
                SlotState::SameFilled(fill) => {
                    self.look_ahead(worker, slot);
                    same_filled::fill(page, fill.word());
                    return Ok(Found::SameFilled(word));
                }
                SlotState::Stored(object) => object,
            };
            let bytes = &mut worker.buffer[..object.size.bytes()];
            match self.pool.read(object.handle, bytes, || entry.load().has_content_of(word)) {
                Read::Changed => {}
                Read::Lost => return Err(LoadError::Damaged),
                Read::Copied(seen) => {
                    self.look_ahead(worker, slot);
                    let copied = Copied { word, object, seen };
                    self.unpack(worker, slot, copied, page)?;
                    return Ok(Found::Stored(copied));
                }
            }
        }
    }

    /// In a row of loads, lets the processor fetch the next slot's object while this one is
    /// decoded.
    fn look_ahead(&self, worker: &mut Worker, slot: u32) {
        let next = slot.checked_add(1);
        let is_in_row = core::mem::replace(&mut worker.next_slot, next) == Some(slot);
        let entry = next.filter(|_| is_in_row).and_then(|next| self.table.get(next));
        if let Some(Ok(SlotState::Stored(object))) = entry.map(|entry| entry.load().decode()) {
            self.pool.prefetch(object.handle, object.size.bytes());
        }
    }

    /// Checks the object in the worker's buffer and turns it into the page it was.
    fn unpack(
        &self,
        worker: &Worker,
        slot: u32,
        Copied { object, seen, .. }: Copied,
        page: &mut PageBytes,
    ) -> Result<(), LoadError> {
        let bytes = &worker.buffer[..object.size.bytes()];
        let header = seen.header;
        if header.slot != slot || header.checksum != checksum(bytes) {
            return Err(LoadError::Damaged);
        }
        if object.size.is_incompressible() {
            page.copy_from_slice(bytes);
            return Ok(());
        }
        self.zcomp.decompress(worker.home, bytes, page).map_err(|_| LoadError::Damaged)
    }
}
