//! The pool's page accounts: pages in use, the limit, the highest use.
//!
//! A page is counted before it is committed, by one compare-exchange against the limit, so the
//! count never exceeds the limit, with any number of threads. Lowering the limit below the use
//! frees nothing; it only refuses growth.
//!
//! All orders are Relaxed: the count is one word, and no other data is published through it.

use core::sync::atomic::{AtomicU64, Ordering};

/// One page more would exceed the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// Pages in use, allowed, and used at most.
pub(crate) struct Budget {
    used: AtomicU64,
    used_max: AtomicU64,
    /// 0 is no limit.
    limit: AtomicU64,
}

impl Budget {
    pub(super) fn new(limit_pages: u64) -> Self {
        let limit = AtomicU64::new(limit_pages);
        Self { used: AtomicU64::new(0), used_max: AtomicU64::new(0), limit }
    }

    /// Counts one page more, or refuses.
    pub(super) fn reserve_page(&self) -> Result<(), Refused> {
        let limit = self.limit_pages();
        let more = |used| (limit == 0 || used < limit).then_some(used + 1);
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(_) => Ok(()),
            Err(_) => Err(Refused),
        }
    }

    /// Counts one page less.
    pub(super) fn return_page(&self) {
        let before = self.used.fetch_sub(1, Ordering::Relaxed);
        assert!(before > 0, "a page was returned that nobody had reserved");
    }

    /// Records the use of now as the highest, if it is.
    pub(super) fn note_maximum(&self) {
        self.used_max.fetch_max(self.used_pages(), Ordering::Relaxed);
    }

    /// Sets the limit; 0 is none.
    pub(crate) fn set_limit_pages(&self, limit_pages: u64) {
        self.limit.store(limit_pages, Ordering::Relaxed);
    }

    /// Sets the highest use to the use of now.
    pub(crate) fn reset_maximum(&self) {
        self.used_max.store(self.used_pages(), Ordering::Relaxed);
    }

    pub(crate) fn used_pages(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    pub(super) fn used_pages_max(&self) -> u64 {
        self.used_max.load(Ordering::Relaxed)
    }

    pub(super) fn limit_pages(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Refused};

    #[test]
    fn the_last_page_below_the_limit_is_the_last_one_given() {
        let budget = Budget::new(2);
        assert_eq!([(); 3].map(|()| budget.reserve_page()), [Ok(()), Ok(()), Err(Refused)]);
        budget.return_page();
        assert_eq!(budget.reserve_page(), Ok(()));
    }

    #[test]
    fn a_limit_below_the_use_takes_nothing_and_gives_nothing() {
        let budget = Budget::new(0);
        (0..5).for_each(|_| budget.reserve_page().expect("no limit"));
        budget.set_limit_pages(3);
        assert_eq!((budget.used_pages(), budget.reserve_page()), (5, Err(Refused)));
        (0..3).for_each(|_| budget.return_page());
        assert_eq!(budget.reserve_page(), Ok(()));
    }

    #[test]
    fn the_maximum_stays_until_it_is_reset() {
        let budget = Budget::new(0);
        (0..5).for_each(|_| budget.reserve_page().expect("no limit"));
        budget.note_maximum();
        budget.return_page();
        budget.note_maximum();
        assert_eq!(budget.used_pages_max(), 5);
        budget.reset_maximum();
        assert_eq!(budget.used_pages_max(), 4);
    }
}
