//! Address spaces: what is mapped, what is resident, and which threads use it.
//!
//! A process is an address space with threads. [`grants`] say what may be where, the page tree what
//! is there now; [`fault`] brings a page in when it is touched, by the program or by the kernel on
//! its behalf ([`user`]). [`map`] changes grants, [`fork`] copies a space, [`shootdown`] delays all
//! work that must wait until no CPU has an old translation, and [`retire`] frees a space.
//!
//! Frames: a page table entry is one user of its frame. A page in a `Shared` or `Lent` grant is in
//! addition a borrow, which tells fork and the pager to leave the frame where it is. So a private
//! page may be written in place exactly when its frame has one user.

pub(crate) mod fault;
pub(crate) mod fork;
pub(crate) mod map;
pub(crate) mod retire;
pub(crate) mod shootdown;
pub(crate) mod table;
pub(crate) mod user;

pub(crate) use host_core::grants;

use grants::Grants;

use crate::errno::SysResult;
use crate::kernel::Kernel;
use crate::limits::SPACES_MAX;
use crate::machine::paging::{NeedFrame, PageTree, Pte, UserPage};
use crate::slab::Id;
use crate::swap;
use crate::thread::{Identity, PRIORITY_LAST};
use zram_abi::CpuSet;

/// Names an address space.
pub(crate) type SpaceId = Id<Space>;

/// An address space.
pub(crate) struct Space {
    /// Its page tables.
    tree: PageTree,
    /// What may be where.
    grants: Grants,
    /// CPUs that may hold translations of it.
    loaded: CpuSet,
    /// Threads that are not dead.
    threads: u32,
    /// Threads that are not dead, and descriptions that name it.
    references: u32,
    /// Whose it is: the identity last given to one of its threads.
    owner: Identity,
    /// Never killed for memory and never swapped: the first program, and what it says of others.
    is_protected: bool,
    /// Its threads run at this priority at least: that of the first of them who waits for a lock.
    lent_priority: u8,
    /// Its last thread has died, and its memory is about to be freed.
    is_vacating: bool,
    /// Pages present in private grants.
    resident_pages: usize,
    /// Pages that have a swap entry.
    swapped_pages: usize,
}

impl Space {
    /// Returns whether `page` may be taken away: it is private, and so not lent or shared.
    pub(crate) fn is_private(&self, page: UserPage) -> bool {
        matches!(
            self.grants.find(page.number()),
            Some((_, grants::Grant { kind: grants::Kind::Private, .. }))
        )
    }
}

/// Returns the page of a number that came from a grant.
pub(crate) fn page(number: u64) -> UserPage {
    UserPage::new(number).expect("grants lie in user space")
}

impl Space {
    /// Returns its page tables.
    pub(crate) fn tree(&self) -> &PageTree {
        &self.tree
    }

    /// Returns what is mapped.
    pub(crate) fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Returns how many threads run in it that are not dead.
    pub(crate) fn threads(&self) -> u32 {
        self.threads
    }

    /// Returns whose it is.
    pub(crate) fn owner(&self) -> Identity {
        self.owner
    }

    /// Returns whether it is never killed for memory.
    pub(crate) fn is_protected(&self) -> bool {
        self.is_protected
    }

    /// Returns the priority that a thread which waits for a lock lends to all of its threads.
    pub(crate) fn lent_priority(&self) -> u8 {
        self.lent_priority
    }

    /// Returns how many pages of its own are in memory.
    pub(crate) fn resident_pages(&self) -> usize {
        self.resident_pages
    }

    /// Returns how many of its pages are in swap.
    pub(crate) fn swapped_pages(&self) -> usize {
        self.swapped_pages
    }
}

impl Kernel {
    /// Makes an empty address space; its one reference is the caller's.
    ///
    /// # Errors
    ///
    /// EMFILE when there are too many; a wait or a kill when there is no frame.
    pub(crate) fn new_space(&mut self, owner: Identity) -> SysResult<SpaceId> {
        if self.spaces.count() >= SPACES_MAX {
            return crate::errno::fail(syscall::error::EMFILE);
        }
        let Some(tree) = PageTree::new(&mut self.frames) else {
            return Err(self.frame_missing());
        };
        Ok(self.spaces.table.insert(Space {
            tree,
            grants: Grants::default(),
            loaded: CpuSet::EMPTY,
            threads: 0,
            references: 1,
            owner,
            is_protected: false,
            lent_priority: PRIORITY_LAST,
            is_vacating: false,
            resident_pages: 0,
            swapped_pages: 0,
        })?)
    }

    /// Sets a page's entry, keeping count of what is resident and swapped; returns the old entry.
    ///
    /// Every change of a private page goes through here, the pager's too. The caller sees to frames'
    /// users and to the shootdown.
    ///
    /// # Errors
    ///
    /// A wait or a kill when a page table needs a frame; nothing was changed.
    pub(crate) fn set_entry(&mut self, space: SpaceId, page: UserPage, pte: Pte) -> SysResult<Pte> {
        let old = match self.spaces.table[space].tree.set(page, pte) {
            Ok(old) => old,
            Err(NeedFrame) => {
                self.make_tables(space, page)?;
                self.spaces.table[space].tree.set(page, pte).expect("all its tables were just made")
            }
        };
        let found = &mut self.spaces.table[space];
        let is_private = found.is_private(page);
        found.count(old, pte, is_private);
        Ok(old)
    }

    /// Makes the tables of a page; like any memory, they are not taken from the daemon's reserve.
    fn make_tables(&mut self, space: SpaceId, page: UserPage) -> SysResult<()> {
        let made = swap::may_allocate(self)
            && self.spaces.table[space].tree.make_tables(page, &mut self.frames).is_ok();
        if made { Ok(()) } else { Err(self.frame_missing()) }
    }
}

impl Space {
    fn count(&mut self, old: Pte, new: Pte, is_private: bool) {
        let resident = |pte| usize::from(is_private && matches!(pte, Pte::Present { .. }));
        let swapped = |pte| usize::from(matches!(pte, Pte::Swap(_)));
        self.resident_pages = self.resident_pages + resident(new) - resident(old);
        self.swapped_pages = self.swapped_pages + swapped(new) - swapped(old);
    }
}
