//! The program that serves the queues: its identity, and that its memory is present before it is
//! used.
//!
//! If the daemon touched a page that can have no frame, it would be killed, and with it all pages
//! that it keeps. Redox gives frames when pages are touched. So the daemon's pages are made present
//! when a device is mounted, and what the daemon maps from its first queue on comes with all its
//! frames or is refused, which the daemon can answer with an error of its own. None of its pages is
//! swapped out: its space is pinned.

use core::sync::atomic::Ordering;

use zram_abi::error::ENOMEM;

use crate::held::pages;
use crate::state::Glue;
use crate::{Errno, Kernel, Page, Range, SpaceKey, Tables};

/// All pages that a program can have.
const ALL: (u64, u64) = (0, u64::MAX);

impl<K: Kernel> Glue<K> {
    /// Returns the space that serves the queues.
    pub(crate) fn daemon(&self) -> SpaceKey {
        // Relaxed: it is set before the first queue opens, by the daemon itself.
        SpaceKey(self.daemon.load(Ordering::Relaxed))
    }

    /// The same as a reference, if it is still there.
    pub(crate) fn daemon_space(&self) -> Option<K::Space> {
        K::upgrade(self.daemon_space.lock().as_ref()?)
    }

    /// The running context's space serves the queues from now on.
    pub(crate) fn set_daemon_here(&self) {
        let space = self.kernel.current_space().map(|space| K::downgrade(&space));
        let before = core::mem::replace(&mut *self.daemon_space.lock(), space);
        drop(before);
        self.daemon.store(self.kernel.current_key().0, Ordering::Relaxed);
    }

    /// No space serves the queues any more.
    pub(crate) fn forget_daemon(&self) {
        self.daemon.store(0, Ordering::Relaxed);
        let before = self.daemon_space.lock().take();
        drop(before);
    }

    /// Returns whether the daemon runs here.
    pub(crate) fn is_daemon_here(&self) -> bool {
        let daemon = self.daemon();
        daemon.0 != 0 && self.kernel.current_key() == daemon
    }

    /// Private memory that may be written was mapped: if it is the daemon's, all of it is made present.
    ///
    /// # Errors
    ///
    /// ENOMEM if there is no frame for all of it: the caller takes the mapping away again.
    ///
    /// # Context
    ///
    /// With no lock held; does not wait, because the daemon is who makes frames free.
    pub fn mapped(&self, space: &K::Space, range: Range) -> Result<(), Errno> {
        if !self.is_active() || range.size == 0 || K::key(space) != self.daemon() {
            return Ok(());
        }
        self.populate(space, pages(range))
    }

    /// Makes present what the daemon has, and may not have touched yet.
    ///
    /// # Errors
    ///
    /// ENOMEM.
    ///
    /// # Context
    ///
    /// Waits. With no lock held.
    pub(crate) fn pin(&self) -> Result<(), Errno> {
        match self.daemon_space() {
            Some(space) => self.populate(&space, ALL),
            None => Ok(()),
        }
    }

    fn populate(&self, space: &K::Space, (first, last): (u64, u64)) -> Result<(), Errno> {
        let mut at = first;
        while let Some(page) = self.next_missing(space, at, last) {
            let is_there = self.kernel.make_present(space, page, true);
            // What was unmapped meanwhile lacks nothing.
            if !is_there && self.next_missing(space, page.0, page.0).is_some() {
                return Err(Errno(ENOMEM));
            }
            at = page.0.saturating_add(1);
        }
        Ok(())
    }

    /// Returns the first page of a range that may be written and could not be without a fault.
    fn next_missing(&self, space: &K::Space, first: u64, last: u64) -> Option<Page> {
        self.kernel.look(space, |tables| {
            let mut at = first;
            while let Some(span) = tables.next_span(Page(at)) {
                let end = span.first.0.saturating_add(span.count).min(last.saturating_add(1));
                at = at.max(span.first.0);
                if at > last {
                    return None;
                }
                if tables.may_write(Page(at))
                    && let Some(page) = (at..end).map(Page).find(|page| lacks::<K>(tables, *page))
                {
                    return Some(page);
                }
                at = end;
            }
            None
        })
    }
}

/// Says whether a write to the page would fault.
fn lacks<K: Kernel>(tables: &dyn Tables, page: Page) -> bool {
    let there = K::BITS.present | K::BITS.writable;
    tables.entry(page).unwrap_or(0) & there != there
}
