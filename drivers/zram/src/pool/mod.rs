//! The pool: where compressed objects live, addressed by [`Handle`].
//!
//! Objects are sorted into size classes, finer ones the larger the pool is ([`layout`]); a class
//! keeps its objects in runs of up to 64 pages ([`run`]), committed one page at a time when one more
//! object needs it and released when the last object on it is gone ([`class`]). Pages are counted
//! against the limit before they are committed ([`budget`]); up to four emptied pages per CPU are
//! kept for the next store. When asked to, the pool moves objects together ([`compaction`]).
//!
//! Placing and freeing an object takes a constant number of steps under the class's lock. Pages are
//! committed, released and searched for with no lock held. Beside each object, out of line, stand the
//! slot it belongs to, which compaction needs, and its checksum.
//!
//! Relies on: [`PageSource`] for memory; the slot table's rules for who may free what.

mod budget;
mod class;
mod compaction;
mod handle;
mod layout;
mod pages;
mod run;
mod run_set;
mod spares;

use alloc::vec::Vec;

use lock_api::{Mutex, RawMutex};
use once_cell::race::OnceBox;

use budget::Budget;
pub(crate) use budget::Refused;
use class::Class;
pub(crate) use class::Seen;
pub use compaction::Compaction;
pub(crate) use compaction::Slots;
pub(crate) use handle::Handle;
use layout::{CLASS_COUNT, WHOLE_FIRST, class_of, step_in};
pub use pages::{HeapPages, PageSource};
use run::Emptied;
pub(crate) use run::Header;
use spares::Spares;

use crate::checksum::checksum;
use crate::home::Home;
use crate::{NoMemory, memory};

/// Why an object was not placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InsertError {
    /// One more page would exceed the limit.
    Limit,
    /// No memory for a page or for a run's bookkeeping.
    NoMemory,
    /// No run is left that a handle can name, in this object's class or any that it could go to.
    Full,
}

/// What a read of an object found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// The object's bytes were copied out.
    Copied(Seen),
    /// The slot no longer refers to this object: look at the slot again.
    Changed,
    /// The slot refers to this object but there is none.
    Lost,
}

/// A size class and its lock. An array of one, because a box of an array can be allocated fallibly.
type LockedClass<R, P> = [Mutex<R, Class<P>>; 1];

/// The pool of one device.
pub(crate) struct Pool<R: RawMutex, P: PageSource> {
    source: P,
    /// Each is made when its first object arrives: a small pool uses a quarter of them at most.
    classes: Vec<OnceBox<LockedClass<R, P>>>,
    /// One per possible CPU and one shared by all other threads.
    spares: Vec<Mutex<R, Spares<P>>>,
    budget: Budget,
}

/// What the pool holds at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PoolStatistics {
    pub(crate) objects: u64,
    pub(crate) object_bytes: u64,
    /// Objects that are a whole page, stored as it is.
    pub(crate) whole_pages: u64,
    pub(crate) used_pages: u64,
    pub(crate) used_pages_max: u64,
    pub(crate) limit_pages: u64,
    pub(crate) metadata_bytes: usize,
}

impl<R: RawMutex, P: PageSource> Pool<R, P> {
    /// Returns an empty pool that takes its pages from `source`. 0 is no limit.
    pub(crate) fn new(source: P, possible_cpus: usize, limit_pages: u64) -> Result<Self, NoMemory> {
        Ok(Self {
            source,
            classes: memory::filled(CLASS_COUNT, OnceBox::new)?,
            spares: memory::filled(possible_cpus + 1, || Mutex::new(Spares::default()))?,
            budget: Budget::new(limit_pages),
        })
    }

    /// Places `bytes` as an object of `slot` and returns where it is.
    ///
    /// # Errors
    /// Nothing was changed: [`InsertError`] says what was missing.
    ///
    /// # Panics
    /// If there are no bytes or more than a page.
    pub(crate) fn insert(
        &self,
        home: Home,
        slot: u32,
        bytes: &[u8],
    ) -> Result<Handle, InsertError> {
        let first = class_of(bytes.len(), step_in(self.budget.used_pages()));
        let class = self.class_or_new(first).map_err(|NoMemory| InsertError::NoMemory)?;
        // The place arrives while the checksum is computed.
        if let Some(class) = class.try_lock() {
            class.prefetch_free(&self.source, bytes.len());
        }
        let header = Header { slot, checksum: checksum(bytes) };
        // What a class has no run left for goes to the next, where it takes a few bytes more.
        let end = if first < WHOLE_FIRST { WHOLE_FIRST } else { CLASS_COUNT };
        for index in first..end {
            let class = self.class_or_new(index).map_err(|NoMemory| InsertError::NoMemory)?;
            let placed = {
                let mut class = class.lock();
                let placed = class.insert(&self.source, header, bytes);
                if placed.is_none() && class.is_full() {
                    continue;
                }
                placed
            };
            return match placed {
                Some(handle) => Ok(handle),
                None => self.insert_on_new_page(home, class, header, bytes),
            };
        }
        Err(InsertError::Full)
    }

    /// Places an object in a class that has no place free: a page is added first.
    fn insert_on_new_page(
        &self,
        home: Home,
        class: &Mutex<R, Class<P>>,
        header: Header,
        bytes: &[u8],
    ) -> Result<Handle, InsertError> {
        let page = self.obtain_page(home)?;
        let mut class = class.lock();
        // Meanwhile another thread may have made room: a page added now would stay without objects,
        // and neither a free nor compaction would ever release it.
        if let Some(handle) = class.insert(&self.source, header, bytes) {
            drop(class);
            self.put_page(home, page);
            return Ok(handle);
        }
        if let Err(page) = class.add_page(page) {
            drop(class);
            self.put_page(home, page);
            return Err(InsertError::NoMemory);
        }
        Ok(class.insert(&self.source, header, bytes).expect("a page backs at least one place"))
    }

    /// Copies the object at `handle` to `output`, which has the object's size.
    ///
    /// `is_current` is asked under the class's lock whether the slot still refers to this object.
    pub(crate) fn read(
        &self,
        handle: Handle,
        output: &mut [u8],
        is_current: impl FnOnce() -> bool,
    ) -> Read {
        let Some(class) = self.class(handle.class()) else { return Read::Lost };
        let class = class.lock();
        if !is_current() {
            return Read::Changed;
        }
        class.read(&self.source, handle, output).map_or(Read::Lost, Read::Copied)
    }

    /// Asks the processor for the object at `handle`, of `size` bytes, if that needs no waiting.
    pub(crate) fn prefetch(&self, handle: Handle, size: usize) {
        if let Some(class) = self.class(handle.class()).and_then(Mutex::try_lock) {
            class.prefetch(&self.source, handle, size);
        }
    }

    /// Frees the object at `handle`, of `size` bytes, which nothing refers to any more. Returns
    /// whether there was one; it is missing only if the slot word was damaged.
    pub(crate) fn remove(&self, home: Home, handle: Handle, size: usize) -> bool {
        let Some(class) = self.class(handle.class()) else { return false };
        let Some(emptied) = class.lock().remove(handle, size) else { return false };
        emptied.into_iter().flatten().for_each(|page| self.put_page(home, page));
        true
    }

    /// Frees the object that was `seen` with these `bytes` if it is still there and `unlink` takes it out
    /// of its slot. Returns whether it did.
    ///
    /// The check matters: between the read and now the object may have been replaced by another one
    /// of the same slot in the same place.
    pub(crate) fn remove_if(
        &self,
        home: Home,
        seen: Seen,
        bytes: &[u8],
        unlink: impl FnOnce() -> bool,
    ) -> bool {
        let emptied = self.take_out(seen, bytes, unlink);
        let is_freed = emptied.is_some();
        emptied.into_iter().flatten().flatten().for_each(|page| self.put_page(home, page));
        is_freed
    }

    /// As [`Self::remove_if`], but the pages that this empties are the caller's.
    fn take_out(
        &self,
        seen: Seen,
        bytes: &[u8],
        unlink: impl FnOnce() -> bool,
    ) -> Option<Emptied<P::Page>> {
        let mut class = self.class(seen.handle.class())?.lock();
        if !class.is_unchanged(&self.source, seen, bytes) || !unlink() {
            return None;
        }
        class.remove(seen.handle, bytes.len())
    }

    /// Releases the pages kept for `cpu` and returns how many those were.
    pub(crate) fn release_spares(&self, cpu: usize) -> u64 {
        let Some(spares) = self.spares.get(cpu) else { return 0 };
        // All at once: who keeps pages here meanwhile must not keep the caller too.
        let pages = spares.lock().take_all();
        pages.map(|page| self.release(page)).count() as u64
    }

    /// Returns the page accounts.
    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Returns what the pool holds. Exact when nothing else runs.
    pub(crate) fn statistics(&self) -> PoolStatistics {
        let mut sum = PoolStatistics {
            used_pages: self.budget.used_pages(),
            used_pages_max: self.budget.used_pages_max(),
            limit_pages: self.budget.limit_pages(),
            metadata_bytes: size_of_val(self.classes.as_slice())
                + size_of_val(self.spares.as_slice()),
            ..PoolStatistics::default()
        };
        for class in self.all_classes() {
            let class = class.lock();
            sum.metadata_bytes += size_of::<LockedClass<R, P>>();
            sum.objects += class.objects();
            sum.object_bytes += class.object_bytes();
            sum.metadata_bytes += class.metadata_bytes();
        }
        let whole = (WHOLE_FIRST..CLASS_COUNT).filter_map(|class| self.class(class));
        sum.whole_pages = whole.map(|class| class.lock().objects()).sum();
        sum
    }

    /// Returns a page that is already counted: a spare one of the CPU, a new one, or another CPU's
    /// spare one.
    fn obtain_page(&self, home: Home) -> Result<P::Page, InsertError> {
        let spare = self.spares_of(home).lock().take();
        if let Some(page) = spare {
            return Ok(page);
        }
        self.commit_page().or_else(|error| {
            self.spares.iter().find_map(|spares| spares.lock().take()).ok_or(error)
        })
    }

    fn commit_page(&self) -> Result<P::Page, InsertError> {
        self.budget.reserve_page().map_err(|Refused| InsertError::Limit)?;
        match self.source.commit() {
            Ok(page) => {
                self.budget.note_maximum();
                Ok(page)
            }
            Err(NoMemory) => {
                self.budget.return_page();
                Err(InsertError::NoMemory)
            }
        }
    }

    /// Keeps an emptied page for a CPU, or releases it if enough are kept.
    fn put_page(&self, home: Home, page: P::Page) {
        let surplus = self.spares_of(home).lock().put(page);
        if let Some(page) = surplus {
            self.release(page);
        }
    }

    fn release(&self, page: P::Page) {
        self.source.release(page);
        self.budget.return_page();
    }

    /// Returns a class by its index, if there ever was an object in it.
    fn class(&self, index: usize) -> Option<&Mutex<R, Class<P>>> {
        self.classes.get(index)?.get().map(|[class]| class)
    }

    fn class_or_new(&self, index: usize) -> Result<&Mutex<R, Class<P>>, NoMemory> {
        let new = || memory::boxed_array(|| Mutex::new(Class::new(index)));
        self.classes[index].get_or_try_init(new).map(|[class]| class)
    }

    fn all_classes(&self) -> impl Iterator<Item = &Mutex<R, Class<P>>> {
        self.classes.iter().filter_map(OnceBox::get).flatten()
    }

    fn spares_of(&self, home: Home) -> &Mutex<R, Spares<P>> {
        &self.spares[home.index(self.spares.len() - 1)]
    }
}

impl<R: RawMutex, P: PageSource> Drop for Pool<R, P> {
    fn drop(&mut self) {
        for class in self.all_classes() {
            class.lock().take_pages(|page| self.source.release_later(page));
        }
        for spares in &mut self.spares {
            while let Some(page) = spares.get_mut().take() {
                self.source.release_later(page);
            }
        }
        self.source.release_rest();
    }
}

#[cfg(test)]
pub(crate) mod audit;
#[cfg(test)]
mod tests;
