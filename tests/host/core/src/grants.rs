//! Grants: the mapped ranges of an address space, and how each is mapped.
//!
//! A grant says how pages of its range may be used; the page table says whether a page is there.
//! Ranges never overlap. Changing part of a grant splits it. This is pure bookkeeping: the kernel's
//! `space` makes page tables follow.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::limits::{GRANTS_MAX, GRANTS_SERVER_MIN, GRANTS_SERVER_PART};

/// First page number above user space (2^47 bytes).
pub const PAGES_END: u64 = 1 << 35;

/// A run of pages: first page number and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Number of the first page.
    pub start: u64,
    /// How many pages.
    pub count: u64,
}

/// What a program may do with the pages of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Read them.
    pub read: bool,
    /// Write to them.
    pub write: bool,
    /// Run what is in them.
    pub execute: bool,
}

/// Where the pages of a grant come from and who may take them away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anonymous: zeroed on first touch, copied on write after a fork, may be swapped out.
    Private,
    /// Frames shared with others, present and borrowed from mapping to unmapping.
    Shared,
    /// As `Shared`, but lent for one request: only the answer to that unmaps it.
    Lent,
}

/// One mapped range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// How many pages.
    pub count: u64,
    /// What may be done with them.
    pub rights: Rights,
    /// Where they come from.
    pub kind: Kind,
}

/// All grants of one address space, by first page.
pub struct Grants {
    ranges: BTreeMap<u64, Grant>,
    most: usize,
}

impl Default for Grants {
    fn default() -> Self {
        Self::with_most(GRANTS_MAX)
    }
}

/// Returns how many grants an address space may have that serves a scheme, on a machine with so
/// many frames: what `grants=N` on the command line says, or what its memory is worth.
pub fn server_most(command_line: &str, frames: usize) -> usize {
    let number = |word: &str| word.strip_prefix("grants=")?.parse().ok();
    let wanted = command_line.split_whitespace().find_map(number);
    wanted.unwrap_or((frames / GRANTS_SERVER_PART).max(GRANTS_SERVER_MIN))
}

impl Span {
    /// Returns the span of the whole pages `address..address + size`.
    ///
    /// Nothing if either is no multiple of the page size, the span is empty or leaves user space.
    pub fn of_bytes(address: u64, size: u64) -> Option<Self> {
        let page_size = zram_abi::PAGE_SIZE as u64;
        let aligned = address.is_multiple_of(page_size) && size.is_multiple_of(page_size);
        let span = Self { start: address / page_size, count: size / page_size };
        let end = span.start.checked_add(span.count)?;
        (aligned && span.count > 0 && end <= PAGES_END).then_some(span)
    }

    /// Returns the first page number behind the span.
    pub fn end(self) -> u64 {
        self.start + self.count
    }

    /// Returns the page numbers of the span.
    pub fn pages(self) -> core::ops::Range<u64> {
        self.start..self.end()
    }

    /// Returns the pages that both spans have, or nothing.
    pub fn common(self, other: Self) -> Option<Self> {
        let start = self.start.max(other.start);
        let end = self.end().min(other.end());
        (start < end).then(|| Self { start, count: end - start })
    }
}

impl Grants {
    /// Returns no grants, of which there may be `most`.
    pub fn with_most(most: usize) -> Self {
        Self { ranges: BTreeMap::new(), most }
    }

    /// Returns the grant that covers `page`, with its span.
    pub fn find(&self, page: u64) -> Option<(Span, Grant)> {
        let (&start, &grant) = self.ranges.range(..=page).next_back()?;
        let span = Span { start, count: grant.count };
        (page < span.end()).then_some((span, grant))
    }

    /// Returns the grants that have pages in `span`, whole, in order.
    pub fn within(&self, span: Span) -> Vec<(Span, Grant)> {
        let first = self.find(span.start).map_or(span.start, |(found, _)| found.start);
        self.ranges
            .range(first..span.end())
            .map(|(&start, &grant)| (Span { start, count: grant.count }, grant))
            .collect()
    }

    /// Returns all grants in order.
    pub fn all(&self) -> Vec<(Span, Grant)> {
        self.within(Span { start: 0, count: PAGES_END })
    }

    /// Returns whether no grant has a page in `span`.
    pub fn is_free(&self, span: Span) -> bool {
        self.find(span.start).is_none() && self.ranges.range(span.pages()).next().is_none()
    }

    /// Returns the lowest free span of `count` pages at or above `from`, or nothing.
    pub fn find_free(&self, from: u64, count: u64) -> Option<Span> {
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
    /// its pages one by one. A range that becomes part of another needs no room, and neither does what
    /// is lent: requests are bounded, and must reach a server however many grants its pool is made of.
    pub fn insert(&mut self, span: Span, rights: Rights, kind: Kind) -> bool {
        if !self.is_free(span) {
            return false;
        }
        let neighbours = self.neighbours_like(span, rights, kind);
        let needs_room = kind != Kind::Lent && neighbours == [None, None];
        let fits = !needs_room || self.ranges.len() < self.most;
        if fits {
            let mut whole = span;
            for found in neighbours.into_iter().flatten() {
                self.ranges.remove(&found.start);
                whole.start = whole.start.min(found.start);
                whole.count += found.count;
            }
            self.ranges.insert(whole.start, Grant { count: whole.count, rights, kind });
        }
        fits
    }

    /// Returns the grants before and behind a free span that are like it and touch it.
    fn neighbours_like(&self, span: Span, rights: Rights, kind: Kind) -> [Option<Span>; 2] {
        let like = |(found, grant): (Span, Grant)| {
            let is_private = kind == Kind::Private && grant.kind == Kind::Private;
            (is_private && grant.rights == rights).then_some(found)
        };
        let before = span.start.checked_sub(1).and_then(|page| self.find(page));
        [before.and_then(like), self.find(span.end()).and_then(like)]
    }

    /// Returns whether as many are allowed as a server needs.
    pub fn may_be_many(&self) -> bool {
        self.most > GRANTS_MAX
    }

    /// Allows `most` grants, if so many are not allowed yet.
    pub fn allow(&mut self, most: usize) {
        self.most = self.most.max(most);
    }

    /// Returns whether the grants that remain without the pages of `span` are not too many.
    ///
    /// Only taking pages out of the middle of one grant makes one more: a whole grant or an end of
    /// one can be removed at any time.
    pub fn has_room_to_remove(&self, span: Span) -> bool {
        self.has_room_to_replace(span, |_| None)
    }

    /// Returns whether the grants are not too many if the pages of `span` get other rights.
    pub fn has_room_to_set_rights(&self, span: Span, rights: Rights) -> bool {
        self.has_room_to_replace(span, |grant| Some(Grant { rights, ..grant }))
    }

    /// Removes the pages of `span` from whatever grants have them.
    pub fn remove(&mut self, span: Span) {
        self.replace(span, |_| None);
    }

    /// Gives the pages of `span` that are mapped other rights.
    pub fn set_rights(&mut self, span: Span, rights: Rights) {
        self.replace(span, |grant| Some(Grant { rights, ..grant }));
    }

    fn has_room_to_replace(&self, span: Span, with: impl Fn(Grant) -> Option<Grant>) -> bool {
        let (mut before, mut after) = (0, 0);
        for (found, grant) in self.within(span) {
            before += 1;
            after += pieces(found, grant, span, &with).into_iter().flatten().count();
        }
        after <= before || self.ranges.len() - before + after <= self.most
    }

    fn replace(&mut self, span: Span, with: impl Fn(Grant) -> Option<Grant>) {
        for (found, grant) in self.within(span) {
            self.ranges.remove(&found.start);
            for (piece, grant) in pieces(found, grant, span, &with).into_iter().flatten() {
                self.ranges.insert(piece.start, Grant { count: piece.count, ..grant });
            }
        }
    }
}

/// Returns what one grant becomes if its pages of `span` are replaced: itself if nothing changes.
fn pieces(
    found: Span,
    grant: Grant,
    span: Span,
    with: impl Fn(Grant) -> Option<Grant>,
) -> [Option<(Span, Grant)>; 3] {
    let changed = with(grant);
    let Some(common) = found.common(span).filter(|_| changed != Some(grant)) else {
        return [Some((found, grant)), None, None];
    };
    let before = Span { start: found.start, count: common.start - found.start };
    let after = Span { start: common.end(), count: found.end() - common.end() };
    [(before, Some(grant)), (common, changed), (after, Some(grant))]
        .map(|(piece, grant)| Some((piece, grant.filter(|_| piece.count > 0)?)))
}

#[cfg(test)]
mod tests;
