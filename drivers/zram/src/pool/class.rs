//! A size class: its runs, the choice of the place for the next object, and moving objects
//! together.
//!
//! An object goes to the lowest free place of the lowest run; when there is none, one page is added
//! at the lowest place where one is missing. Always taking the lowest lets high runs empty by
//! themselves and leaves the least for compaction to move. One lock guards a class; everything here
//! runs under that lock and takes constant time, except a step of compaction, which has a bound,
//! and the copying of the table of runs when that grows or shrinks.

use alloc::vec::Vec;

use super::layout::{LAYOUTS, Layout};
use super::run::{Emptied, Header, Run};
use super::run_set::{RUNS_MAX, RunSet};
use super::{Handle, PageSource};
use crate::memory;
use crate::prefetch::prefetch;

/// Most objects that compaction looks at under one hold of the lock: some 10 microseconds.
const SWEEP_MAX: usize = 16;

/// What a read of an object saw, to tell later whether it is still the same object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) handle: Handle,
    pub(crate) header: Header,
    /// How many objects of the class had been freed.
    frees: u32,
}

/// Where an object is moved.
#[derive(Clone, Copy)]
struct Passage {
    from: ObjectPlace,
    to: ObjectPlace,
}

/// The objects of one size.
pub(super) struct Class<P: PageSource> {
    index: usize,
    layout: &'static Layout,
    runs: Vec<Run<P::Page>>,
    /// Runs with a free place.
    open: RunSet,
    /// Runs with a missing page.
    growable: RunSet,
    objects: u64,
    object_bytes: u64,
    /// Objects freed so far; wraps.
    frees: u32,
}

/// A place of a class. Ordered as compaction goes: low ones are filled, high ones emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ObjectPlace {
    run: usize,
    place: usize,
}

/// Behind every place.
const END: ObjectPlace = ObjectPlace { run: RUNS_MAX, place: 0 };

/// How far a compaction of one class has come.
pub(super) struct Sweep<G> {
    /// Every object from here on was looked at.
    end: ObjectPlace,
    /// An emptied page, to fill a gap further down with.
    pub(super) spare: Option<G>,
}

/// What one step of compaction did.
pub(super) struct Step<G> {
    /// Pages to be released once the lock is no longer held.
    pub(super) emptied: Emptied<G>,
    pub(super) is_done: bool,
}

impl<G> Sweep<G> {
    pub(super) fn new() -> Self {
        Self::from(END)
    }

    /// Returns a sweep that goes on where another one ended.
    pub(super) fn from(end: ObjectPlace) -> Self {
        Self { end, spare: None }
    }

    /// Returns where another sweep can go on.
    pub(super) fn end(&self) -> ObjectPlace {
        self.end
    }

    /// Keeps one emptied page as the spare and returns the others.
    fn keep_one(&mut self, emptied: Emptied<G>) -> Emptied<G> {
        emptied.map(|page| match (self.spare.is_none(), page) {
            (true, Some(page)) => {
                self.spare = Some(page);
                None
            }
            (_, page) => page,
        })
    }
}

impl<P: PageSource> Class<P> {
    /// Returns an empty class. Takes no heap.
    pub(super) fn new(index: usize) -> Self {
        Self {
            index,
            layout: &LAYOUTS[index],
            runs: Vec::new(),
            open: RunSet::default(),
            growable: RunSet::default(),
            objects: 0,
            object_bytes: 0,
            frees: 0,
        }
    }

    /// Places an object, unless a page must be added for it.
    pub(super) fn insert(&mut self, source: &P, header: Header, bytes: &[u8]) -> Option<Handle> {
        let at = self.first_free()?;
        self.runs[at.run].take_place(at.place, header);
        let start = self.start_of(at);
        self.runs[at.run].write(source, start, bytes);
        self.update_sets(at.run);
        self.objects += 1;
        self.object_bytes += bytes.len() as u64;
        Some(self.handle(at))
    }

    /// Adds a page, after which there is room for an object.
    ///
    /// # Errors
    /// The page, if there is no memory for the bookkeeping.
    pub(super) fn add_page(&mut self, page: P::Page) -> Result<(), P::Page> {
        let Some(run) = self.growable.first().or_else(|| self.add_run()) else {
            return Err(page);
        };
        self.runs[run].add_page(self.layout, page)?;
        self.update_sets(run);
        Ok(())
    }

    /// Returns whether no object and no page fits any more: all runs that a handle can name are full.
    pub(super) fn is_full(&self) -> bool {
        self.runs.len() == RUNS_MAX
            && self.growable.first().is_none()
            && self.open.first().is_none()
    }

    /// Copies the first bytes of an object out and returns what it was, if there is such an object.
    pub(super) fn read(&self, source: &P, handle: Handle, output: &mut [u8]) -> Option<Seen> {
        let at = self.live(handle)?;
        if output.len() > self.layout.place_bytes {
            return None;
        }
        let (head, tail) = self.runs[at.run].pieces(source, self.start_of(at), output.len());
        output[..head.len()].copy_from_slice(head);
        output[head.len()..].copy_from_slice(tail);
        Some(self.seen(at))
    }

    /// Asks the processor for the first `size` bytes of an object.
    pub(super) fn prefetch(&self, source: &P, handle: Handle, size: usize) {
        if let Some(at) = self.live(handle).filter(|_| size <= self.layout.place_bytes) {
            let (head, tail) = self.runs[at.run].pieces(source, self.start_of(at), size);
            prefetch(head);
            prefetch(tail);
        }
    }

    /// Asks the processor for the place that an object of `size` bytes would get now.
    pub(super) fn prefetch_free(&self, source: &P, size: usize) {
        if let Some(at) = self.first_free() {
            let (head, tail) = self.runs[at.run].pieces(source, self.start_of(at), size);
            prefetch(head);
            prefetch(tail);
        }
    }

    /// Returns whether the object is still there that was `seen` with these `bytes`.
    pub(super) fn is_unchanged(&self, source: &P, seen: Seen, bytes: &[u8]) -> bool {
        let Some(at) = self.live(seen.handle) else { return false };
        let now = self.seen(at);
        // If nothing of the class was freed, its objects are the same ones.
        now == seen
            || now.header == seen.header && {
                let (head, tail) = self.runs[at.run].pieces(source, self.start_of(at), bytes.len());
                bytes.starts_with(head) && bytes.ends_with(tail)
            }
    }

    /// Frees an object of `size` bytes and returns the pages emptied by that, if there was one.
    pub(super) fn remove(&mut self, handle: Handle, size: usize) -> Option<Emptied<P::Page>> {
        let at = self.live(handle)?;
        self.objects -= 1;
        self.object_bytes = self.object_bytes.saturating_sub(size as u64);
        Some(self.free(at))
    }

    /// Copies the highest object to `buffer`, all of its place, and returns what it was.
    pub(super) fn read_last(&self, source: &P, buffer: &mut [u8]) -> Option<Seen> {
        let last = self.handle(self.last_live_below(END)?);
        self.read(source, last, &mut buffer[..self.layout.place_bytes])
    }

    /// Gives back the bookkeeping of runs and places that the last object leaves behind it.
    pub(super) fn fit(&mut self) {
        let last = self.runs.iter().rposition(|run| !run.is_empty(self.layout));
        let count = last.map_or(0, |last| last + 1);
        let before = self.runs.len();
        memory::fit(&mut self.runs, count);
        // Without memory for a smaller table the runs stay, and are filled again.
        for run in self.runs.len()..before {
            self.open.set(run, false);
            self.growable.set(run, false);
        }
        if let Some(run) = self.runs.last_mut() {
            run.fit(self.layout);
        }
    }

    /// Moves some of the highest objects down, and goes on where the last step ended.
    pub(super) fn compact(
        &mut self,
        source: &P,
        sweep: &mut Sweep<P::Page>,
        buffer: &mut [u8],
        redirect: &mut impl FnMut(u32, Handle, Handle) -> bool,
    ) -> Step<P::Page> {
        for _ in 0..SWEEP_MAX {
            let Some(from) = self.last_live_below(sweep.end) else { return Step::done() };
            self.fill_gap_below(from, sweep);
            let Some(to) = self.first_free().filter(|to| *to < from) else { return Step::done() };
            sweep.end = from;
            let emptied = if self.copy(source, Passage { from, to }, buffer, redirect) {
                self.free(from)
            } else {
                // The spare may have been added for it, and nothing lies on that now.
                self.detach_empty(to)
            };
            let emptied = sweep.keep_one(emptied);
            if emptied.iter().any(Option::is_some) {
                return Step { emptied, is_done: false };
            }
        }
        Step { emptied: [None, None], is_done: false }
    }

    /// Uses the spare page for the lowest gap, if that is lower than any free place and than `from`.
    fn fill_gap_below(&mut self, from: ObjectPlace, sweep: &mut Sweep<P::Page>) {
        let Some(run) = self.growable.first() else { return };
        let gap = ObjectPlace { run, place: self.runs[run].first_unbacked() };
        let is_lowest = self.first_free().is_none_or(|free| gap < free);
        if is_lowest && gap < from {
            // Without memory for headers the page stays the spare.
            sweep.spare = sweep.spare.take().and_then(|page| self.add_page(page).err());
        }
    }

    /// Copies an object to a free place if its slot can be redirected there; the old place is left
    /// live, to be freed.
    fn copy(
        &mut self,
        source: &P,
        Passage { from, to }: Passage,
        buffer: &mut [u8],
        redirect: &mut impl FnMut(u32, Handle, Handle) -> bool,
    ) -> bool {
        let buffer = &mut buffer[..self.layout.place_bytes];
        let Some(seen) = self.read(source, self.handle(from), buffer) else { return false };
        let start = self.start_of(to);
        self.runs[to.run].write(source, start, buffer);
        if !redirect(seen.header.slot, self.handle(from), self.handle(to)) {
            return false;
        }
        self.runs[to.run].take_place(to.place, seen.header);
        self.update_sets(to.run);
        true
    }

    /// Makes a live place free.
    fn free(&mut self, at: ObjectPlace) -> Emptied<P::Page> {
        self.frees = self.frees.wrapping_add(1);
        let emptied = self.runs[at.run].free_place(self.layout, at.place);
        self.shrunk(at.run);
        emptied
    }

    fn detach_empty(&mut self, at: ObjectPlace) -> Emptied<P::Page> {
        let emptied = self.runs[at.run].detach_empty(self.layout, at.place);
        self.shrunk(at.run);
        emptied
    }

    /// A run left without any page gives its headers back, but not the first run, which is where a
    /// class of few objects comes and goes.
    fn shrunk(&mut self, run: usize) {
        if run > 0 {
            self.runs[run].trim(self.layout);
        }
        self.update_sets(run);
    }

    fn add_run(&mut self) -> Option<usize> {
        let run = self.runs.len();
        if run == RUNS_MAX {
            return None;
        }
        memory::reserve_one(&mut self.runs).ok()?;
        self.open.reserve(run + 1).ok()?;
        self.growable.reserve(run + 1).ok()?;
        self.runs.push(Run::new(self.layout));
        self.growable.set(run, true);
        Some(run)
    }

    fn update_sets(&mut self, run: usize) {
        self.open.set(run, self.runs[run].has_free_place());
        self.growable.set(run, self.runs[run].is_missing_pages());
    }

    fn first_free(&self) -> Option<ObjectPlace> {
        let run = self.open.first()?;
        Some(ObjectPlace { run, place: self.runs[run].first_free()? })
    }

    fn last_live_below(&self, end: ObjectPlace) -> Option<ObjectPlace> {
        let runs = self.runs.iter().enumerate().take(end.run + 1).rev();
        runs.into_iter().find_map(|(run, content)| {
            let limit = if run == end.run { end.place } else { self.layout.places };
            content.last_live_below(limit).map(|place| ObjectPlace { run, place })
        })
    }

    /// Returns what the object at `at` is.
    fn seen(&self, at: ObjectPlace) -> Seen {
        Seen {
            handle: self.handle(at),
            header: self.runs[at.run].header(at.place),
            frees: self.frees,
        }
    }

    /// Returns where the object of `handle` is, if there is one.
    fn live(&self, handle: Handle) -> Option<ObjectPlace> {
        let at = ObjectPlace { run: handle.run(), place: handle.place() };
        self.runs.get(at.run)?.is_live(at.place).then_some(at)
    }

    fn handle(&self, at: ObjectPlace) -> Handle {
        Handle::new(self.index, at.run, at.place)
    }

    /// Returns the offset of a place in its run.
    fn start_of(&self, at: ObjectPlace) -> usize {
        at.place * self.layout.place_bytes
    }

    pub(super) fn objects(&self) -> u64 {
        self.objects
    }

    pub(super) fn object_bytes(&self) -> u64 {
        self.object_bytes
    }

    /// Returns the bytes of heap that the class's bookkeeping takes.
    pub(super) fn metadata_bytes(&self) -> usize {
        self.runs.capacity() * size_of::<Run<P::Page>>()
            + self.runs.iter().map(Run::metadata_bytes).sum::<usize>()
            + self.open.metadata_bytes()
            + self.growable.metadata_bytes()
    }

    /// Takes every page out: the end of the pool.
    pub(super) fn take_pages(&mut self, release: impl FnMut(P::Page)) {
        self.runs.iter_mut().flat_map(Run::take_pages).for_each(release);
    }
}

impl<G> Step<G> {
    fn done() -> Self {
        Self { emptied: [None, None], is_done: true }
    }
}

#[cfg(test)]
mod tests;
