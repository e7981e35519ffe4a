//! A short list in place: at most `N` items, no allocation.
//!
//! For batches and records, whose size is bounded by the window. Used by the in-flight tables.

/// At most `N` items, in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fixed<T, const N: usize> {
    items: [T; N],
    count: usize,
}

impl<T: Copy, const N: usize> Fixed<T, N> {
    /// Returns an empty list; `filler` fills the unused places.
    pub(crate) const fn new(filler: T) -> Self {
        Self { items: [filler; N], count: 0 }
    }

    /// Adds an item.
    ///
    /// # Errors
    ///
    /// The item, if the list is full: it may be all that is known of a page.
    pub(crate) fn push(&mut self, item: T) -> Result<(), T> {
        let Some(place) = self.items.get_mut(self.count) else { return Err(item) };
        *place = item;
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    /// Returns the items.
    pub(crate) fn as_slice(&self) -> &[T] {
        self.items.get(..self.count).unwrap_or_default()
    }

    /// Returns the items, to change them.
    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        self.items.get_mut(..self.count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_list_gives_the_item_back_and_stays_as_it_was() {
        let mut list = Fixed::<u32, 2>::new(0);
        assert_eq!([list.push(7), list.push(8), list.push(9)], [Ok(()), Ok(()), Err(9)]);
        assert_eq!(list.as_slice(), [7, 8]);
    }
}
