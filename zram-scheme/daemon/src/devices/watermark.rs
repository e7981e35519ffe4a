//! The soft limit of a device's pool. It refuses nothing; watchers of the device get one event when
//! the pool reaches it, and another only after the pool was below it.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The watermark of one device. Relaxed: it is a hint for people, given by the storing thread.
#[derive(Debug)]
pub(super) struct Watermark {
    /// 0 is none.
    pages: AtomicU64,
    is_above: AtomicBool,
}

impl Watermark {
    pub(super) const fn new() -> Self {
        Self { pages: AtomicU64::new(0), is_above: AtomicBool::new(false) }
    }

    /// Sets the mark; 0 is none. A use that is above it by now counts as one that comes to it.
    pub(super) fn set(&self, pages: u64) {
        if self.pages.swap(pages, Ordering::Relaxed) != pages {
            self.is_above.store(false, Ordering::Relaxed);
        }
    }

    /// Notes the use of now; returns whether it has come to the mark since the last time.
    pub(super) fn is_reached_by(&self, used_pages: u64) -> bool {
        let pages = self.pages.load(Ordering::Relaxed);
        let is_above = pages != 0 && used_pages >= pages;
        is_above != self.is_above.load(Ordering::Relaxed)
            && !self.is_above.swap(is_above, Ordering::Relaxed)
            && is_above
    }
}

#[cfg(test)]
mod tests {
    use super::Watermark;

    #[test]
    fn it_is_reached_once_until_the_use_was_below() {
        let watermark = Watermark::new();
        assert!(!watermark.is_reached_by(1000), "there is none");
        watermark.set(10);
        let reached = [9, 10, 11, 10, 9, 10].map(|pages| watermark.is_reached_by(pages));
        assert_eq!(reached, [false, true, false, false, false, true]);
        watermark.set(5);
        assert!(watermark.is_reached_by(10), "it is another mark");
    }
}
