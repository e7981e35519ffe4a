//! Emptied pages that a CPU keeps, because its next store may well need one.
//!
//! A store and a load that alternate at a page's edge would else commit and release a page each
//! time, with a system call each. Spare pages fit every class, so four per CPU are enough for that
//! case and too few to matter. They count as used, are given up when memory or the limit is
//! reached, and compaction releases them.

use super::PageSource;

/// Most pages that one CPU keeps.
const SPARES_MAX: usize = 4;

/// The spare pages of one CPU.
pub(super) struct Spares<P: PageSource> {
    pages: [Option<P::Page>; SPARES_MAX],
}

impl<P: PageSource> Default for Spares<P> {
    fn default() -> Self {
        Self { pages: [const { None }; SPARES_MAX] }
    }
}

impl<P: PageSource> Spares<P> {
    /// Takes a page out.
    pub(super) fn take(&mut self) -> Option<P::Page> {
        self.pages.iter_mut().find_map(Option::take)
    }

    /// Takes all pages out.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = P::Page> + use<P> {
        core::mem::take(&mut self.pages).into_iter().flatten()
    }

    /// Keeps `page`, or gives it back if enough are kept.
    pub(super) fn put(&mut self, page: P::Page) -> Option<P::Page> {
        match self.pages.iter_mut().find(|place| place.is_none()) {
            Some(place) => place.replace(page),
            None => Some(page),
        }
    }
}

#[cfg(test)]
impl<P: PageSource> Spares<P> {
    /// Returns how many pages are kept.
    pub(super) fn count(&self) -> usize {
        self.pages.iter().flatten().count()
    }
}
