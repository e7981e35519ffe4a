//! Grants: which ranges of an address space are mapped, and how.
//!
//! A grant says what pages of its range are allowed to be; whether a page is there is the page
//! table's business. Ranges never overlap. Changing part of a grant splits it. Pure bookkeeping:
//! [`super::map`] makes page tables follow.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::limits::{GRANTS_MAX, GRANTS_SERVER_MAX};

/// First page number above user space (2^47 bytes).
pub(crate) const PAGES_END: u64 = 1 << 35;

/// A run of pages: first page number and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) count: u64,
}

/// What a program may do with the pages of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) execute: bool,
}

/// Where the pages of a grant come from and who may take them away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anonymous: zeroed on first touch, copied on write after a fork, may be swapped out.
    Private,
    /// Frames shared with somebody, present and borrowed from mapping to unmapping.
    Shared,
    /// As `Shared`, but lent for one request: only the answer to that unmaps it.
    Lent,
}

/// One mapped range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) count: u64,
    pub(crate) rights: Rights,
    pub(crate) kind: Kind,
}

/// All grants of one address space, by first page.
pub(crate) struct Grants {
    ranges: BTreeMap<u64, Grant>,
    most: usize,
}

impl Default for Grants {
    fn default() -> Self {
        Self { ranges: BTreeMap::new(), most: GRANTS_MAX }
    }
}

impl Span {
    /// Returns the span of the whole pages `address..address + size`.
    ///
    /// Nothing if either is no multiple of the page size, the span is empty or leaves user space.
    pub(crate) fn of_bytes(address: u64, size: u64) -> Option<Self> {
        let page_size = zram_abi::PAGE_SIZE as u64;
        let aligned = address.is_multiple_of(page_size) && size.is_multiple_of(page_size);
        let span = Self { start: address / page_size, count: size / page_size };
        let end = span.start.checked_add(span.count)?;
        (aligned && span.count > 0 && end <= PAGES_END).then_some(span)
    }

    /// Returns the first page number behind the span.
    pub(crate) fn end(self) -> u64 {
        self.start + self.count
    }

    /// Returns the page numbers of the span.
    pub(crate) fn pages(self) -> core::ops::Range<u64> {
        self.start..self.end()
    }

    /// Returns the pages that both spans have, or nothing.
    pub(crate) fn common(self, other: Self) -> Option<Self> {
        let start = self.start.max(other.start);
        let end = self.end().min(other.end());
        (start < end).then(|| Self { start, count: end - start })
    }
}

impl Grants {
    /// Returns the grant that covers `page`, with its span.
    pub(crate) fn find(&self, page: u64) -> Option<(Span, Grant)> {
        let (&start, &grant) = self.ranges.range(..=page).next_back()?;
        let span = Span { start, count: grant.count };
        (page < span.end()).then_some((span, grant))
    }

    /// Returns the grants that have pages in `span`, whole, in order.
    pub(crate) fn within(&self, span: Span) -> Vec<(Span, Grant)> {
        let first = self.find(span.start).map_or(span.start, |(found, _)| found.start);
        self.ranges
            .range(first..span.end())
            .map(|(&start, &grant)| (Span { start, count: grant.count }, grant))
            .collect()
    }

    /// Returns all grants in order.
    pub(crate) fn all(&self) -> Vec<(Span, Grant)> {
        self.within(Span { start: 0, count: PAGES_END })
    }

    /// Returns whether no grant has a page in `span`.
    pub(crate) fn is_free(&self, span: Span) -> bool {
        self.find(span.start).is_none() && self.ranges.range(span.pages()).next().is_none()
    }

    /// Returns the lowest free span of `count` pages at or above `from`, or nothing.
    pub(crate) fn find_free(&self, from: u64, count: u64) -> Option<Span> {
        let mut start = self.find(from).map_or(from, |(span, _)| span.end());
        for (&next, grant) in self.ranges.range(start..) {
            if next - start >= count {
                break;
            }
            start = next + grant.count;
        }
        let fits = start.checked_add(count)? <= PAGES_END;
        fits.then_some(Span { start, count })
    }

    /// Adds a grant; returns false, and adds nothing, if the pages are taken or there are too many.
    ///
    /// Private ranges that touch and have the same rights become one: the pool of the daemon maps
    /// its pages one by one.
    pub(crate) fn insert(&mut self, span: Span, rights: Rights, kind: Kind) -> bool {
        let fits = self.ranges.len() < self.most && self.is_free(span);
        if fits {
            let span = self.take_neighbours(span, rights, kind);
            self.ranges.insert(span.start, Grant { count: span.count, rights, kind });
        }
        fits
    }

    /// Removes the grants beside a free span that are like it; returns the span with theirs.
    fn take_neighbours(&mut self, span: Span, rights: Rights, kind: Kind) -> Span {
        let mut whole = span;
        let is_like = |grant: &Grant| {
            kind == Kind::Private && grant.kind == Kind::Private && grant.rights == rights
        };
        let before = span.start.checked_sub(1).and_then(|page| self.find(page));
        for (found, grant) in before.into_iter().chain(self.find(span.end())) {
            if is_like(&grant) {
                self.ranges.remove(&found.start);
                whole.start = whole.start.min(found.start);
                whole.count += found.count;
            }
        }
        whole
    }

    /// Allows as many grants as a server of a scheme needs.
    pub(crate) fn allow_many(&mut self) {
        self.most = GRANTS_SERVER_MAX;
    }

    /// Returns whether as many are allowed as a server needs.
    pub(crate) fn may_be_many(&self) -> bool {
        self.most > GRANTS_MAX
    }

    /// Returns whether two more grants fit, which is the most that changing part of one can add.
    pub(crate) fn has_room_to_split(&self) -> bool {
        self.ranges.len() + 2 <= self.most
    }

    /// Removes the pages of `span` from whatever grants have them.
    pub(crate) fn remove(&mut self, span: Span) {
        self.replace(span, |_| None);
    }

    /// Gives the pages of `span` that are mapped other rights.
    pub(crate) fn set_rights(&mut self, span: Span, rights: Rights) {
        self.replace(span, |grant| Some(Grant { rights, ..grant }));
    }

    fn replace(&mut self, span: Span, with: impl Fn(Grant) -> Option<Grant>) {
        for (found, grant) in self.within(span) {
            let Some(common) = found.common(span) else { continue };
            self.ranges.remove(&found.start);
            let before = Span { start: found.start, count: common.start - found.start };
            let after = Span { start: common.end(), count: found.end() - common.end() };
            for (piece, grant) in
                [(before, Some(grant)), (common, with(grant)), (after, Some(grant))]
            {
                if let Some(grant) = grant.filter(|_| piece.count > 0) {
                    self.ranges.insert(piece.start, Grant { count: piece.count, ..grant });
                }
            }
        }
    }
}
