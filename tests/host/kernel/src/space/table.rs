//! The table of address spaces; for each CPU, the space it has loaded and the shootdowns it has yet
//! to send.
//!
//! All of the kernel may read the table; only this folder changes it. Other folders change a space
//! by the methods here.

use alloc::vec::Vec;
use core::ops::Deref;

use super::grants::{Kind, Rights, Span};
use super::shootdown::{After, Pending};
use super::{Space, SpaceId};
use crate::kernel::Kernel;
use crate::limits::{CPUS_MAX, SPACES_MAX};
use crate::machine::paging::UserPage;
use crate::slab::Slab;
use crate::thread::Identity;

/// All address spaces, and what CPUs do with them.
pub(crate) struct Spaces {
    pub(super) table: Slab<Space>,
    pub(super) local: [Local; CPUS_MAX],
    /// Number of the youngest process.
    youngest_pid: u32,
}

/// What one CPU has to do with address spaces.
pub(super) struct Local {
    /// The address space that it has loaded; it may have ended since.
    loaded: Option<SpaceId>,
    /// What it has to send out before it runs a thread again.
    pub(super) pending: Pending,
    /// What waits for the shootdown that it is making.
    pub(super) in_flight: Vec<After>,
}

impl Deref for Spaces {
    type Target = Slab<Space>;

    fn deref(&self) -> &Slab<Space> {
        &self.table
    }
}

impl Spaces {
    /// Returns no spaces.
    pub(crate) const fn new() -> Self {
        Self {
            table: Slab::new(SPACES_MAX),
            local: [const { Local::new() }; CPUS_MAX],
            youngest_pid: 0,
        }
    }

    /// Returns a number for a new process; the first is the first program's.
    pub(crate) fn new_pid(&mut self) -> u32 {
        // Begins again above the first program's number when all have been used.
        self.youngest_pid = self.youngest_pid.checked_add(1).unwrap_or(Identity::FIRST_PID + 1);
        self.youngest_pid
    }
}

impl Local {
    const fn new() -> Self {
        Self { loaded: None, pending: Pending::new(), in_flight: Vec::new() }
    }
}

impl Kernel {
    /// Counts a description that names the space.
    pub(crate) fn retain_space(&mut self, space: SpaceId) {
        self.spaces.table[space].references += 1;
    }

    /// Says whose the space is.
    pub(crate) fn set_owner(&mut self, space: SpaceId, owner: Identity) {
        self.spaces.table[space].owner = owner;
    }

    /// Keeps the space from being killed for memory and from being swapped.
    pub(crate) fn protect_space(&mut self, space: SpaceId) {
        self.spaces.table[space].is_protected = true;
    }

    /// Lends the threads of a space this priority, and returns the one before; nothing if the space has
    /// ended, or had lent the same already.
    pub(crate) fn set_lent_priority(&mut self, space: SpaceId, lent: u8) -> Option<u8> {
        let found = self.spaces.table.get_mut(space)?;
        let before = core::mem::replace(&mut found.lent_priority, lent);
        (before != lent).then_some(before)
    }

    /// Allows a space so many grants.
    pub(crate) fn allow_grants(&mut self, space: SpaceId, most: usize) {
        self.spaces.table[space].grants.allow(most);
    }

    /// Adds a grant; returns false, and adds nothing, if the pages are taken or there are too many.
    #[must_use]
    pub(crate) fn insert_grant(
        &mut self,
        space: SpaceId,
        span: Span,
        rights: Rights,
        kind: Kind,
    ) -> bool {
        self.spaces.table[space].grants.insert(span, rights, kind)
    }

    /// Forgets that a page was used.
    pub(crate) fn take_accessed(&mut self, space: SpaceId, page: UserPage) {
        self.spaces.table[space].tree.take_accessed(page);
    }

    /// Notes which address space this CPU loads now.
    pub(crate) fn load(&mut self, space: Option<SpaceId>) {
        let here = self.here;
        let spaces = &mut self.spaces;
        let before = core::mem::replace(&mut spaces.local[here.index()].loaded, space);
        if before == space {
            // The space has noted this CPU since it was entered.
            return;
        }
        if let Some(left) = before.and_then(|before| spaces.table.get_mut(before)) {
            left.loaded = left.loaded.without(here);
        }
        if let Some(entered) = space.and_then(|space| spaces.table.get_mut(space)) {
            entered.loaded = entered.loaded.with(here);
        }
    }
}
