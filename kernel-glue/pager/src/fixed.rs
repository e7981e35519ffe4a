//! A short list in place: at most `N` items, no allocation.
//!
//! For batches and records, whose size is bounded by the window. Used by the in-flight tables.

/// At most `N` items, in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fixed<T, const N: usize> {
    items: [T; N],
    count: usize,
}

impl<T: Copy, const N: usize> Fixed<T, N> {
    /// Returns an empty list; `filler` fills the unused places.
    pub(super) const fn new(filler: T) -> Self {
        Self { items: [filler; N], count: 0 }
    }

    /// Adds an item; returns false, and adds nothing, if the list is full.
    pub(super) fn push(&mut self, item: T) -> bool {
        let Some(place) = self.items.get_mut(self.count) else { return false };
        *place = item;
        self.count = self.count.saturating_add(1);
        true
    }

    /// Returns the items.
    pub(super) fn as_slice(&self) -> &[T] {
        self.items.get(..self.count).unwrap_or_default()
    }

    /// Returns the items, to change them.
    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        self.items.get_mut(..self.count).unwrap_or_default()
    }
}
