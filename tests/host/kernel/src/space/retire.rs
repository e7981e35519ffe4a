//! The end of an address space.
//!
//! When its last thread is dead, a space gives back its memory at once, even while descriptions
//! still name it; the empty shell goes with the last of those. Taking the pages needs no shootdown
//! of single pages: first all CPUs leave the space, then nobody can reach anything in it.

use alloc::vec::Vec;

use super::SpaceId;
use super::grants::{Kind, PAGES_END, Span};
use super::page;
use super::shootdown::After;
use crate::kernel::Kernel;
use crate::machine::paging::{Pte, UserPage};
use crate::swap;
use crate::thread::Identity;

/// Pages whose entries are collected at a time.
const PIECE: usize = 512;

impl Kernel {
    /// Adds a thread that is not dead.
    pub(crate) fn join_space(&mut self, space: SpaceId) {
        self.spaces.table[space].threads += 1;
        self.spaces.table[space].references += 1;
    }

    /// Takes a thread that died or went elsewhere away; with the last one the memory is freed.
    pub(crate) fn leave_space(&mut self, space: SpaceId) {
        let found = &mut self.spaces.table[space];
        found.threads -= 1;
        if found.threads == 0 {
            assert!(found.owner.pid != Identity::FIRST_PID, "the first program has ended");
            self.close_schemes_of(space);
            swap::space_ended(self);
            let found = &mut self.spaces.table[space];
            (found.is_vacating, found.is_protected) = (true, false);
            self.forget_all(space);
            self.afterwards(After::Vacate(space));
        } else {
            self.release_space(space);
        }
    }

    /// Takes a reference away; with the last one the space is gone.
    pub(crate) fn release_space(&mut self, space: SpaceId) {
        let found = &mut self.spaces.table[space];
        found.references -= 1;
        if found.references == 0 {
            self.vacate_pages(space);
            let gone = self.spaces.table.remove(space).expect("it was just found");
            gone.tree.destroy(&mut self.frames);
        }
    }

    /// Returns whether a process is on its way out and will free memory without being asked.
    pub(crate) fn is_freeing(&self) -> bool {
        self.threads.iter().any(|(_, thread)| thread.is_killed())
            || self.spaces.iter().any(|(_, space)| space.is_vacating)
    }

    /// Frees the memory of a space whose last thread has died and that no CPU has loaded, and takes
    /// that thread's reference away.
    pub(crate) fn vacate(&mut self, space: SpaceId) {
        self.spaces.table[space].is_vacating = false;
        // A thread may have come in meanwhile, through a description: then the memory is its own.
        if self.spaces[space].threads == 0 {
            self.vacate_pages(space);
        }
        self.release_space(space);
    }

    fn vacate_pages(&mut self, space: SpaceId) {
        assert!(self.spaces[space].threads == 0, "a space with threads is vacated");
        let mut next = UserPage::ZERO;
        loop {
            let entries = self.spaces[space].tree.entries(next..UserPage::END);
            let found: Vec<_> = entries.take(PIECE).collect();
            let Some(&(last, _)) = found.last() else { break };
            next = page(last.number() + 1);
            for (number, pte) in found {
                self.vacate_page(space, number, pte);
            }
        }
        self.spaces.table[space].grants.remove(Span { start: 0, count: PAGES_END });
    }

    fn vacate_page(&mut self, space: SpaceId, number: UserPage, pte: Pte) {
        let grant = self.spaces[space].grants.find(number.number());
        let (_, grant) = grant.expect("every page lies in a grant");
        let cleared = self.set_entry(space, number, Pte::Empty);
        cleared.expect("taking an entry away needs no page table");
        match (pte, grant.kind) {
            (Pte::Empty, _) => {}
            (Pte::Swap(entry), _) => swap::entry_dropped(self, space, entry),
            (Pte::Present { frame, .. }, Kind::Private) => self.put_frame(frame),
            (Pte::Present { frame, .. }, Kind::Shared | Kind::Lent) => self.return_frame(frame),
        }
    }
}
