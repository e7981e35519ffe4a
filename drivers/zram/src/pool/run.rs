//! A run: the pages that the objects of one size class share.
//!
//! A run is cut into equal places; a place may cross the end of a page, but not the end of the run.
//! Pages are missing until they are needed. A place is live (it has an object), free (all its pages
//! are there) or unbacked. The run's headers hold each object's slot and checksum.

use alloc::vec::Vec;

use super::PageSource;
use super::layout::{Layout, PAGES_MAX};
use crate::memory::{self, Growth};
use crate::{NoMemory, PAGE_SIZE};

/// What the pool keeps about an object beside its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// The slot whose content it is.
    pub(crate) slot: u32,
    /// The checksum of its bytes.
    pub(crate) checksum: u32,
}

/// Pages emptied by freeing one object, which lies on two at most.
pub(super) type Emptied<G> = [Option<G>; 2];

/// Some pages of one size class, of which page `G` may be missing.
#[derive(Debug)]
pub(super) struct Run<G> {
    /// One bit a place: the place has an object.
    live: u128,
    /// One bit a place: the place has no object and all its pages are committed.
    free: u128,
    /// One bit a page: the page is not committed.
    missing: u64,
    /// By place; as long as a place has ever been backed since the run was last empty.
    headers: Vec<Header>,
    /// By page; as long as a page was ever there since the run was last empty.
    pages: Vec<Option<G>>,
}

impl<G> Run<G> {
    /// Returns a run whose pages are all missing. Takes no heap.
    pub(super) fn new(layout: &Layout) -> Self {
        Self {
            live: 0,
            free: 0,
            missing: all_pages(layout),
            headers: Vec::new(),
            pages: Vec::new(),
        }
    }

    pub(super) fn has_free_place(&self) -> bool {
        self.free != 0
    }

    pub(super) fn is_missing_pages(&self) -> bool {
        self.missing != 0
    }

    /// Returns whether `place` has an object.
    pub(super) fn is_live(&self, place: usize) -> bool {
        self.live & bit(place) != 0
    }

    /// Returns the last place below `end` that has an object.
    pub(super) fn last_live_below(&self, end: usize) -> Option<usize> {
        let below = if end == 0 { 0 } else { self.live & bits_through(end - 1) };
        below.checked_ilog2().map(|place| place as usize)
    }

    /// Returns the lowest free place.
    pub(super) fn first_free(&self) -> Option<usize> {
        (self.free != 0).then(|| self.free.trailing_zeros() as usize)
    }

    /// Returns the lowest place that is not backed.
    pub(super) fn first_unbacked(&self) -> usize {
        (self.live | self.free).trailing_ones() as usize
    }

    /// Makes a free place live; its bytes are the caller's to write.
    pub(super) fn take_place(&mut self, place: usize, header: Header) {
        assert!(self.free & bit(place) != 0, "an object was put where there is no free place");
        self.free &= !bit(place);
        self.live |= bit(place);
        self.headers[place] = header;
    }

    /// Makes a live place free and takes out the pages that are left without an object.
    pub(super) fn free_place(&mut self, layout: &Layout, place: usize) -> Emptied<G> {
        assert!(self.is_live(place), "an object was freed twice");
        self.live &= !bit(place);
        self.free |= bit(place);
        self.detach_empty(layout, place)
    }

    /// Takes out the pages of a free place that no object lies on.
    pub(super) fn detach_empty(&mut self, layout: &Layout, place: usize) -> Emptied<G> {
        let (first, last) = layout.pages_of(place).into_inner();
        let second = if last > first { self.detach_if_empty(layout, last) } else { None };
        [self.detach_if_empty(layout, first), second]
    }

    /// Gives the heap back if all pages are missing.
    pub(super) fn trim(&mut self, layout: &Layout) {
        if self.is_empty(layout) {
            self.headers = Vec::new();
            self.pages = Vec::new();
        }
    }

    /// Gives back the headers and handles behind the last place and the last page that are there.
    pub(super) fn fit(&mut self, layout: &Layout) {
        let there = all_pages(layout) & !self.missing;
        memory::fit(&mut self.pages, end_of(u128::from(there)));
        memory::fit(&mut self.headers, end_of(self.live | self.free));
    }

    pub(super) fn is_empty(&self, layout: &Layout) -> bool {
        self.missing == all_pages(layout)
    }

    /// Adds `page` as the lowest missing one. At least one more place is free then: the first one
    /// that lies on it starts on it or on the page before, which is there.
    ///
    /// # Errors
    /// The page, if there is no memory for headers.
    pub(super) fn add_page(&mut self, layout: &Layout, page: G) -> Result<(), G> {
        let index = self.missing.trailing_zeros() as usize;
        let (first, last) = layout.places_on(index).into_inner();
        if self.reserve(layout, index + 1, last + 1).is_err() {
            return Err(page);
        }
        self.pages[index] = Some(page);
        self.missing &= !(1 << index);
        for place in first..=last {
            let (start, end) = layout.pages_of(place).into_inner();
            if self.missing & (1 << start | 1 << end) == 0 {
                self.free |= bit(place);
            }
        }
        Ok(())
    }

    /// Makes room for so many pages and the headers of so many places.
    fn reserve(&mut self, layout: &Layout, pages: usize, places: usize) -> Result<(), NoMemory> {
        /// Room is made for at least so many at a time, 64 bytes of headers: a run is rarely full in
        /// a small pool, and seldom grown.
        const STEP: usize = 8;
        memory::grow(&mut self.pages, pages, Growth { step: STEP, end: layout.pages }, || None)?;
        memory::grow(
            &mut self.headers,
            places,
            Growth { step: STEP, end: layout.places },
            Header::default,
        )
    }

    fn detach_if_empty(&mut self, layout: &Layout, page: usize) -> Option<G> {
        let (first, last) = layout.places_on(page).into_inner();
        let here = bits_through(last) & !(bit(first) - 1);
        if self.live & here != 0 {
            return None;
        }
        self.free &= !here;
        self.missing |= 1 << page;
        self.pages[page].take()
    }

    /// Takes every page out: the end of the pool.
    pub(super) fn take_pages(&mut self) -> impl Iterator<Item = G> + '_ {
        self.pages.iter_mut().filter_map(Option::take)
    }

    /// Returns what is known about the object at `place`, which is live.
    pub(super) fn header(&self, place: usize) -> Header {
        self.headers[place]
    }

    /// Copies an object's bytes in.
    pub(super) fn write<P: PageSource<Page = G>>(
        &mut self,
        source: &P,
        start: usize,
        bytes: &[u8],
    ) {
        let (page, offset) = (start / PAGE_SIZE, start % PAGE_SIZE);
        let (head, tail) = bytes.split_at(bytes.len().min(PAGE_SIZE - offset));
        let content = self.pages[page].as_mut().expect("a live place is backed");
        source.bytes_mut(content)[offset..offset + head.len()].copy_from_slice(head);
        if !tail.is_empty() {
            let content = self.pages[page + 1].as_mut().expect("a live place is backed");
            source.bytes_mut(content)[..tail.len()].copy_from_slice(tail);
        }
    }

    /// Returns an object's `length` bytes, in one or two pieces.
    pub(super) fn pieces<'a, P: PageSource<Page = G>>(
        &'a self,
        source: &'a P,
        start: usize,
        length: usize,
    ) -> (&'a [u8], &'a [u8]) {
        let (page, offset) = (start / PAGE_SIZE, start % PAGE_SIZE);
        let head = length.min(PAGE_SIZE - offset);
        let content = self.pages[page].as_ref().expect("a live place is backed");
        let head = &source.bytes(content)[offset..offset + head];
        if head.len() == length {
            return (head, &[]);
        }
        let content = self.pages[page + 1].as_ref().expect("a live place is backed");
        (head, &source.bytes(content)[..length - head.len()])
    }

    /// Returns the bytes of heap that headers and page handles take.
    pub(super) fn metadata_bytes(&self) -> usize {
        self.headers.capacity() * size_of::<Header>()
            + self.pages.capacity() * size_of::<Option<G>>()
    }
}

fn all_pages(layout: &Layout) -> u64 {
    bits_through(layout.pages - 1) as u64
}

/// Returns how many bits there are up to the last one that is set.
fn end_of(bits: u128) -> usize {
    (u128::BITS - bits.leading_zeros()) as usize
}

const fn bit(place: usize) -> u128 {
    1 << place
}

/// Bits 0 to `last`.
const fn bits_through(last: usize) -> u128 {
    u128::MAX >> (127 - last)
}

const _: () = assert!(PAGES_MAX <= u64::BITS as usize, "pages are bits of a word");

#[cfg(test)]
mod audit {
    use std::vec::Vec;

    use super::{Header, PageSource, Run, bit};
    use crate::pool::audit::Damage;
    use crate::pool::layout::Layout;

    impl<G> Run<G> {
        /// Returns the live places and the number of pages, after checking that they agree.
        pub(in crate::pool) fn audit(&self, layout: &Layout) -> (Vec<usize>, u64) {
            let present = |page: usize| self.missing & 1 << page == 0;
            for page in 0..layout.pages {
                let is_there = self.pages.get(page).is_some_and(Option::is_some);
                assert_eq!(is_there, present(page), "page {page}");
            }
            for place in 0..layout.places {
                let is_backed = layout.pages_of(place).all(present);
                let (live, free) = (self.live & bit(place) != 0, self.free & bit(place) != 0);
                assert!(!(live && free), "place {place} is live and free");
                assert_eq!(live || free, is_backed, "place {place}");
                assert!(!is_backed || place < self.headers.len(), "place {place} has no header");
            }
            let live = (0..layout.places).filter(|place| self.is_live(*place)).collect();
            (live, self.pages.iter().flatten().count() as u64)
        }

        pub(in crate::pool) fn damage<P: PageSource<Page = G>>(
            &mut self,
            source: &P,
            layout: &Layout,
            place: usize,
            damage: Damage,
        ) {
            let start = place * layout.place_bytes;
            let Header { slot, checksum } = &mut self.headers[place];
            match damage {
                Damage::Byte(at, bit) => {
                    let byte = self.pieces(source, start + at, 1).0[0] ^ 1 << bit;
                    self.write(source, start + at, &[byte]);
                }
                Damage::Slot(bit) => *slot ^= 1 << bit,
                Damage::Checksum(bit) => *checksum ^= 1 << bit,
                Damage::Presence => self.live &= !bit(place),
            }
        }
    }
}
