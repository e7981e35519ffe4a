//! Numbers of pool pages: which are in use, and when each page is unmapped.
//!
//! A number is free (nothing is mapped there), in use (its page has an owner), spare (its page is
//! mapped, but has no owner) or aside (other code has mapped something there). It is in one of
//! three sets (`numbers/set.rs`), or in none while its page has an owner, so the thread that takes
//! it out of a set owns it. The lowest number goes first, so that pages stay close together and few
//! page tables are needed.
//!
//! To unmap a page in the middle of others, a system needs room for one more piece, and may have
//! none. So a page without an owner first becomes a spare one; then one call unmaps all spare pages
//! beside each other, and those that cannot be unmapped stay spare. Spare pages are used before new
//! ones; their unmapping is tried again when a page beside them goes, and when other unmappings
//! have made room.
//!
//! This module makes no system call: its user maps and unmaps. Many threads may call everything at
//! once and no lock is taken, because threads of different priorities commit and release pages.
//! Relies on the heap for 12 KiB of sets for each 128 MiB of numbers, made when the first of them
//! is used.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use once_cell::race::OnceBox;

use crate::numbers::set::{SET_NUMBERS, SET_WORDS, Set, initial};

mod set;

/// Blocks of [`SET_NUMBERS`] numbers.
const BLOCKS: usize = 512;

/// Most numbers: 64 GiB of pages, whose pool has 64 MiB of bookkeeping beside it.
pub const NUMBERS_MAX: u32 = BLOCKS as u32 * SET_NUMBERS;

/// Most pages that are unmapped by one call: no longer than a kernel may be away.
const RUN_MAX: u32 = 1024;

/// Runs that one release tries to give back: its own, those beside it and one that was waiting.
const RUNS_MAX: usize = 4;

/// Numbers that are taken before those aside are tried again.
const TAKES_BEFORE_RETRY: u32 = 1024;

/// The sets that a number can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Free,
    Spare,
    Aside,
}

const KINDS: usize = 3;

type Block = [AtomicU64; KINDS * SET_WORDS];

/// The numbers of one region of pages.
pub struct Numbers {
    most: u32,
    blocks: [OnceBox<Block>; BLOCKS],
    /// How many are spare: at least those that are in the set.
    spares: AtomicU32,
    /// How many are aside, in the same way.
    asides: AtomicU32,
    /// Numbers taken since those aside were tried.
    takes: AtomicU32,
}

/// A number that its holder alone has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Nothing of ours is mapped there.
    Unmapped(u32),
    /// Its page is still mapped, with whatever it contains.
    Mapped(u32),
}

impl Numbers {
    /// Returns `most` free numbers, [`NUMBERS_MAX`] at most.
    pub const fn new(most: u32) -> Self {
        assert!(most <= NUMBERS_MAX, "there are bits for so many");
        Self {
            most,
            blocks: [const { OnceBox::new() }; BLOCKS],
            spares: AtomicU32::new(0),
            asides: AtomicU32::new(0),
            takes: AtomicU32::new(0),
        }
    }

    /// Takes the number of a spare page or else the lowest free one.
    ///
    /// Returns nothing when none is left or there is no memory for bookkeeping.
    pub fn take(&self) -> Option<Taken> {
        if let Some(number) = self.take_spare() {
            return Some(Taken::Mapped(number));
        }
        // Relaxed: how often something is tried is no matter of order.
        let takes = self.takes.fetch_add(1, Ordering::Relaxed);
        if takes >= TAKES_BEFORE_RETRY {
            self.retry_those_aside();
        }
        let free = self.take_free().or_else(|| {
            self.retry_those_aside();
            self.take_free()
        });
        free.map(Taken::Unmapped)
    }

    /// Returns whether [`Self::take`], which has just given nothing, has no number left, and did not lack
    /// memory for bookkeeping.
    pub fn is_used_up(&self) -> bool {
        self.made_blocks().count() == self.most.div_ceil(SET_NUMBERS) as usize
    }

    /// Takes back a number that [`Self::take`] gave and whose page is not mapped.
    pub fn put_back(&self, number: u32) {
        self.put(Kind::Free, number);
    }

    /// Takes back a number where somebody else has mapped something: it is not given out for a while.
    pub fn set_aside(&self, number: u32) {
        self.asides.fetch_add(1, Ordering::Relaxed);
        self.put(Kind::Aside, number);
    }

    /// Takes back a number whose page is mapped, and unmaps that if the system can.
    ///
    /// `unmap` unmaps a run of pages that nobody has and returns whether it did; if not, all of them
    /// are still mapped. It is called with other numbers too, those of spare pages.
    pub fn release(&self, number: u32, mut unmap: impl FnMut(Range<u32>) -> bool) {
        self.release_later(number);
        let mut next = Some(number);
        for _ in 0..RUNS_MAX {
            let Some(run) = next.and_then(|number| self.unmap_run(number, &mut unmap)) else {
                return;
            };
            next = self.spare_after(&run);
        }
    }

    /// Takes back a number whose page is mapped. It stays a spare page until [`Self::release_spares`]
    /// or until a page beside it goes.
    pub fn release_later(&self, number: u32) {
        // Relaxed: only a hint that there is something in the set. Counted first, so that it is
        // never less than what others may take out.
        self.spares.fetch_add(1, Ordering::Relaxed);
        self.put(Kind::Spare, number);
    }

    /// Unmaps all spare pages that the system can unmap, run by run. `unmap` is as in
    /// [`Self::release`].
    pub fn release_spares(&self, mut unmap: impl FnMut(Range<u32>) -> bool) {
        // Whatever the first round removed may have made room for what it could not.
        for _ in 0..2 {
            let mut from = 0;
            while let Some(number) = self.next_spare(from) {
                from = match self.unmap_run(number, &mut unmap) {
                    Some(run) => run.end.max(number + 1),
                    None => self.end_of_spares(number),
                };
            }
        }
    }

    /// Returns how many pages are spare; exact when nothing else runs.
    pub fn spares(&self) -> u32 {
        self.spares.load(Ordering::Relaxed)
    }

    /// Unmaps the spare pages around `number` and returns their run, if that is possible.
    fn unmap_run(
        &self,
        number: u32,
        unmap: &mut impl FnMut(Range<u32>) -> bool,
    ) -> Option<Range<u32>> {
        for _ in 0..2 {
            let run = self.claim_run(number)?;
            let count = run.end - run.start;
            if unmap(run.clone()) {
                self.spares.fetch_sub(count, Ordering::Relaxed);
                run.clone().for_each(|number| self.put(Kind::Free, number));
                return Some(run);
            }
            run.clone().for_each(|number| self.put(Kind::Spare, number));
            // A page beside it may have gone just now, by a thread that did not find this run: it is
            // the end of a piece then. Either that thread sees these pages in the set of spare ones,
            // or this one sees its pages in the set of free ones: both sets are in SeqCst order.
            if !self.is_beside_free(&run).contains(&true) {
                return None;
            }
        }
        None
    }

    /// Takes `number` and the spare ones beside it out of the spare ones, if it is spare.
    fn claim_run(&self, number: u32) -> Option<Range<u32>> {
        let claim = |number: u32| self.set(Kind::Spare, number).is_some_and(|set| set.take(number));
        if !claim(number) {
            return None;
        }
        let mut run = number..number + 1;
        while run.end - run.start < RUN_MAX && claim(run.end) {
            run.end += 1;
        }
        while run.end - run.start < RUN_MAX && run.start > 0 && claim(run.start - 1) {
            run.start -= 1;
        }
        Some(run)
    }

    /// Returns which spare page to try next, when a run was unmapped.
    fn spare_after(&self, run: &Range<u32>) -> Option<u32> {
        let beside = [Some(run.end), run.start.checked_sub(1)].into_iter().flatten();
        let spare_beside = beside.into_iter().find(|number| self.has(Kind::Spare, *number));
        // Two holes became one: there is room for another split.
        let has_joined = || self.is_beside_free(run) == [true, true];
        spare_beside.or_else(|| if has_joined() { self.next_spare(0) } else { None })
    }

    /// Returns whether the numbers before and behind a run are free.
    fn is_beside_free(&self, run: &Range<u32>) -> [bool; 2] {
        let before = run.start.checked_sub(1);
        [before.is_some_and(|number| self.has(Kind::Free, number)), self.has(Kind::Free, run.end)]
    }

    fn take_spare(&self) -> Option<u32> {
        // Relaxed: a hint that saves looking into every block.
        if self.spares.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let number = self.take_lowest(Kind::Spare)?;
        self.spares.fetch_sub(1, Ordering::Relaxed);
        Some(number)
    }

    fn take_free(&self) -> Option<u32> {
        for index in 0..self.most.div_ceil(SET_NUMBERS) {
            let block = self.block_or_new(index)?;
            if let Some(at) = set_of(block, Kind::Free).take_lowest() {
                return Some(index * SET_NUMBERS + at);
            }
        }
        None
    }

    fn take_lowest(&self, kind: Kind) -> Option<u32> {
        self.made_blocks()
            .find_map(|(first, block)| set_of(block, kind).take_lowest().map(|at| first + at))
    }

    /// Lets all numbers aside be taken again.
    fn retry_those_aside(&self) {
        self.takes.store(0, Ordering::Relaxed);
        // Bounded, as others may set numbers aside meanwhile.
        for _ in 0..self.asides.load(Ordering::Relaxed) {
            let Some(number) = self.take_lowest(Kind::Aside) else { return };
            self.asides.fetch_sub(1, Ordering::Relaxed);
            self.put(Kind::Free, number);
        }
    }

    /// Returns the lowest spare number from `from` on.
    fn next_spare(&self, from: u32) -> Option<u32> {
        self.made_blocks().find_map(|(first, block)| {
            let at = set_of(block, Kind::Spare).next(from.saturating_sub(first))?;
            Some(first + at)
        })
    }

    /// Returns the first number behind `number` that is not spare.
    fn end_of_spares(&self, number: u32) -> u32 {
        let mut end = number + 1;
        while self.has(Kind::Spare, end) {
            end += 1;
        }
        end
    }

    fn has(&self, kind: Kind, number: u32) -> bool {
        self.set(kind, number).is_some_and(|set| set.has(number))
    }

    fn put(&self, kind: Kind, number: u32) {
        let set = self.set(kind, number);
        set.expect("a number that was taken has a block").put(number);
    }

    /// Returns the set of a number's block, if the block was made.
    fn set(&self, kind: Kind, number: u32) -> Option<Set<'_>> {
        let block = self.blocks.get((number / SET_NUMBERS) as usize)?.get()?;
        Some(set_of(block, kind))
    }

    /// Returns the blocks that were made, with their first numbers, in order.
    fn made_blocks(&self) -> impl Iterator<Item = (u32, &Block)> {
        // The lowest number goes first, so no block follows one that was never needed.
        self.blocks.iter().map_while(OnceBox::get).zip(0..).map(|(block, index)| {
            let first: u32 = index;
            (first * SET_NUMBERS, block)
        })
    }

    fn block_or_new(&self, index: u32) -> Option<&Block> {
        let new = || {
            let left = self.most.saturating_sub(index * SET_NUMBERS).min(SET_NUMBERS);
            let mut words = Vec::new();
            words.try_reserve_exact(KINDS * SET_WORDS).map_err(|_| ())?;
            let initial = (0..KINDS * SET_WORDS).map(|word| initial(word, left));
            words.extend(initial.map(AtomicU64::new));
            let block: Box<Block> = words.into_boxed_slice().try_into().map_err(|_| ())?;
            Ok(block)
        };
        let block: Result<_, ()> = self.blocks.get(index as usize)?.get_or_try_init(new);
        block.ok()
    }
}

/// Returns one of the sets of a block.
fn set_of(block: &Block, kind: Kind) -> Set<'_> {
    let (sets, _) = block.as_chunks();
    let [free, spare, aside] = sets else { unreachable!("a block has a set of each kind") };
    Set::new(match kind {
        Kind::Free => free,
        Kind::Spare => spare,
        Kind::Aside => aside,
    })
}

#[cfg(test)]
mod tests;
