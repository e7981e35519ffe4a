//! Tables of kernel objects and the typed ids that name them.
//!
//! An [`Id`] is an index and a generation: once its object is removed, the id never names another
//! object, so a stale id is detected instead of followed. A table has a fixed maximum size, which
//! bounds what programs can make the kernel allocate. Nothing here counts references: each kind of
//! object does that itself and says what it counts.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::marker::PhantomData;
use core::num::NonZeroU32;
use core::ops::{Index, IndexMut};

/// The name of one `T` in its [`Slab`].
pub struct Id<T> {
    index: u32,
    /// Never 0, so that an absent id takes no more room than one.
    generation: NonZeroU32,
    of: PhantomData<fn() -> T>,
}

/// The table is full; nothing was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// A table of at most `most` objects.
pub struct Slab<T> {
    entries: Vec<Entry<T>>,
    free: Vec<u32>,
    most: usize,
}

struct Entry<T> {
    generation: NonZeroU32,
    value: Option<T>,
}

impl<T> Id<T> {
    /// Returns the id in 32 bits: index in the low, generation in the high half.
    ///
    /// Only for tables of at most 65536 objects; the generation loses its upper bits.
    pub fn tag(self) -> u32 {
        self.index | self.generation.get() << 16
    }

    /// Returns the id in 64 bits.
    pub fn word(self) -> u64 {
        u64::from(self.generation.get()) << 32 | u64::from(self.index)
    }
}

impl<T> Slab<T> {
    /// Bytes that each object takes in the table, its place in the list of free ones included.
    pub const ENTRY_SIZE: usize = size_of::<Entry<T>>() + size_of::<u32>();

    /// Returns an empty table.
    pub const fn new(most: usize) -> Self {
        Self { entries: Vec::new(), free: Vec::new(), most }
    }

    /// Adds `value`.
    ///
    /// # Errors
    ///
    /// [`Full`] when the table holds its most.
    pub fn insert(&mut self, value: T) -> Result<Id<T>, Full> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => self.grow()?,
        };
        let entry = &mut self.entries[index as usize];
        entry.value = Some(value);
        Ok(Id { index, generation: entry.generation, of: PhantomData })
    }

    fn grow(&mut self) -> Result<u32, Full> {
        let index = self.entries.len();
        if index >= self.most {
            return Err(Full);
        }
        self.entries.push(Entry { generation: NonZeroU32::MIN, value: None });
        Ok(index as u32)
    }

    /// Removes and returns the object, or nothing if `id` is stale.
    pub fn remove(&mut self, id: Id<T>) -> Option<T> {
        let entry = self.entries.get_mut(id.index as usize)?;
        if entry.generation != id.generation {
            return None;
        }
        let value = entry.value.take()?;
        entry.generation = entry.generation.checked_add(1).unwrap_or(NonZeroU32::MIN);
        self.free.push(id.index);
        Some(value)
    }

    /// Returns the object, or nothing if `id` is stale.
    pub fn get(&self, id: Id<T>) -> Option<&T> {
        let entry = self.entries.get(id.index as usize)?;
        (entry.generation == id.generation).then_some(entry.value.as_ref()).flatten()
    }

    /// Returns the object, or nothing if `id` is stale.
    pub fn get_mut(&mut self, id: Id<T>) -> Option<&mut T> {
        let entry = self.entries.get_mut(id.index as usize)?;
        (entry.generation == id.generation).then_some(entry.value.as_mut()).flatten()
    }

    /// Returns the id whose [`Id::tag`] is `tag`, or nothing if there is none now.
    pub fn find_tag(&self, tag: u32) -> Option<Id<T>> {
        let index = tag & 0xffff;
        let entry = self.entries.get(index as usize)?;
        let id = Id { index, generation: entry.generation, of: PhantomData };
        (entry.value.is_some() && id.tag() == tag).then_some(id)
    }

    /// Returns the ids of all objects, lowest index first.
    pub fn ids(&self) -> Vec<Id<T>> {
        self.iter().map(|(id, _)| id).collect()
    }

    /// Returns all objects with their ids, lowest index first.
    pub fn iter(&self) -> impl Iterator<Item = (Id<T>, &T)> {
        self.entries.iter().zip(0..).filter_map(|(entry, index)| {
            let id = Id { index, generation: entry.generation, of: PhantomData };
            entry.value.as_ref().map(|value| (id, value))
        })
    }

    /// Returns how many objects there are.
    pub fn count(&self) -> usize {
        self.entries.len() - self.free.len()
    }
}

impl<T> Index<Id<T>> for Slab<T> {
    type Output = T;

    /// Returns the object of an id whose holder keeps it alive; a stale id is a bug of ours.
    fn index(&self, id: Id<T>) -> &T {
        self.get(id).expect("an id held by reference names a live object")
    }
}

impl<T> IndexMut<Id<T>> for Slab<T> {
    fn index_mut(&mut self, id: Id<T>) -> &mut T {
        self.get_mut(id).expect("an id held by reference names a live object")
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.word() == other.word()
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.word().cmp(&other.word())
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.index, self.generation)
    }
}

#[cfg(test)]
mod tests;
