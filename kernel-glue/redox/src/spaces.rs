//! Numbers of address spaces.
//!
//! Redox does not number address spaces and has no list of them. A space gets its number when the
//! pager first has to do with it: at its first fault, or when a fork copies a swap entry into it. A
//! hook in the midst of an unmap only knows the root of the page table, so a space is found by
//! that, and without a lock, because such a hook may hold any. The number is free again when the
//! space is gone and the pager has been told. References are beside the numbers, under a leaf lock.

use core::sync::atomic::{AtomicUsize, Ordering};

use spin::mutex::SpinMutex;
use swap_pager::Entries;
use swap_pager::ports::SpaceId;

use crate::state::{Glue, Lock};
use crate::{Kernel, TableId};

/// Address spaces that can have a number at once; one more cannot swap, and a fork of a swapped
/// program then fails.
pub(crate) const SPACES_MAX: u32 = 512;

const PLACES: usize = SPACES_MAX as usize;

/// Who has which number.
pub(crate) struct Registry<K: Kernel> {
    roots: [AtomicUsize; PLACES],
    spaces: Lock<K, [Option<K::WeakSpace>; PLACES]>,
}

impl<K: Kernel> Registry<K> {
    pub(crate) const fn new() -> Self {
        Self {
            roots: [const { AtomicUsize::new(0) }; PLACES],
            spaces: SpinMutex::new([const { None }; PLACES]),
        }
    }

    /// Returns the number of the space with this table.
    pub(crate) fn find(&self, table: TableId) -> Option<SpaceId> {
        // Pairs with the Release in `number`. A space's own hooks ask after it got its number, and
        // the root is not used again before it has given the number back.
        self.place(table, |root| root.load(Ordering::Acquire) == table.0)
    }

    /// Returns the number of the space with this table, and gives it one if it has none; nothing if
    /// all are taken.
    pub(crate) fn number(&self, table: TableId, entries: &Entries) -> Option<SpaceId> {
        // So that a space does not get two.
        let spaces = self.spaces.lock();
        let number = self.find(table).or_else(|| self.take(table, entries));
        drop(spaces);
        number
    }

    fn take(&self, table: TableId, entries: &Entries) -> Option<SpaceId> {
        let first = home(table);
        let number =
            (0..PLACES).map(|step| (first.wrapping_add(step)) % PLACES).find(|&place| {
                let is_free =
                    self.roots.get(place).is_some_and(|root| root.load(Ordering::Relaxed) == 0);
                is_free && !entries.is_gone(id(place))
            })?;
        // Pairs with the Acquire in `find`.
        self.roots.get(number)?.store(table.0, Ordering::Release);
        Some(id(number))
    }

    fn place(
        &self,
        table: TableId,
        mut is_it: impl FnMut(&AtomicUsize) -> bool,
    ) -> Option<SpaceId> {
        let first = home(table);
        let mut places = (0..PLACES).map(|step| (first.wrapping_add(step)) % PLACES);
        places.find(|&place| self.roots.get(place).is_some_and(&mut is_it)).map(id)
    }

    /// Keeps a reference to the space.
    pub(crate) fn remember(&self, number: SpaceId, space: K::WeakSpace) {
        if let Some(place) = self.spaces.lock().get_mut(place_of(number)) {
            *place = Some(space);
        }
    }

    /// Returns whether there is a reference to the space.
    pub(crate) fn is_known(&self, number: SpaceId) -> bool {
        self.spaces.lock().get(place_of(number)).is_some_and(Option::is_some)
    }

    /// Returns the space of this number, if it is still there.
    pub(crate) fn get(&self, number: SpaceId) -> Option<K::Space> {
        K::upgrade(self.spaces.lock().get(place_of(number))?.as_ref()?)
    }

    /// Takes the number away from the space with this table, and returns it.
    pub(crate) fn forget(&self, table: TableId) -> Option<SpaceId> {
        let number = self.find(table)?;
        let space = self.spaces.lock().get_mut(place_of(number)).and_then(Option::take);
        drop(space);
        self.roots.get(place_of(number))?.store(0, Ordering::Release);
        Some(number)
    }
}

impl<K: Kernel> Glue<K> {
    /// The running context's space has had a fault: from now on the pager knows it.
    pub(crate) fn meet_current(&self) {
        if self.is_active()
            && let Some(space) = self.kernel.current_space()
        {
            self.number_of(&space);
        }
    }

    /// Returns the number of a space, which has one from now on.
    pub(crate) fn number_of(&self, space: &K::Space) -> Option<SpaceId> {
        let root = self.kernel.look(space, |tables| tables.root());
        let number = self.spaces.number(root, self.entries()?)?;
        if !self.spaces.is_known(number) {
            self.spaces.remember(number, K::downgrade(space));
        }
        Some(number)
    }
}

/// Returns the place where the search for a table's number begins.
fn home(table: TableId) -> usize {
    (table.0 >> 12) % PLACES
}

fn place_of(number: SpaceId) -> usize {
    usize::try_from(number.0).unwrap_or(usize::MAX)
}

fn id(place: usize) -> SpaceId {
    SpaceId(u32::try_from(place).unwrap_or(u32::MAX))
}
