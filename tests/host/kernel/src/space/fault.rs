//! Bringing a page in: demand zero, copy on write, page-in.
//!
//! [`Kernel::resolve`] makes one page ready for one kind of access, for a fault of a program as
//! well as for the kernel's own reads and writes of user memory. A program's page becomes present
//! only there, and gets a frame only in [`Kernel::frame_for`]; so everything that can make a thread
//! wait for memory is here, and behind the hooks of [`crate::swap`].

use syscall::error::EFAULT;

use super::grants::{Grant, Kind, Rights};
use super::shootdown::After;
use super::{SpaceId, page};
use crate::errno::{Halt, SysResult, fail};
use crate::kernel::Kernel;
use crate::machine::frames::Frame;
use crate::machine::paging::{Pte, UserPage};
use crate::swap;

/// What is about to be done with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
    Execute,
    /// A write by the creator of the address space, whatever the rights of its program.
    Install,
}

impl Access {
    /// Returns whether these rights allow it.
    fn is_allowed_by(self, rights: Rights) -> bool {
        match self {
            Self::Read => rights.read,
            Self::Write => rights.write,
            Self::Execute => rights.execute,
            Self::Install => true,
        }
    }
}

/// Rounds in which a page may change its state before it is ready; each hook that returns success
/// has moved it one state on, and there are fewer states than this.
const ROUNDS_MAX: usize = 8;

impl Kernel {
    /// Makes a page present and fit for `access`, and returns its frame.
    ///
    /// The frame stays with the page until the kernel lock is given up or a hook of the pager runs.
    ///
    /// # Errors
    ///
    /// EFAULT if no grant allows the access; a wait or a kill when memory is missing.
    pub(crate) fn resolve(
        &mut self,
        space: SpaceId,
        number: UserPage,
        access: Access,
    ) -> SysResult<Frame> {
        for _ in 0..ROUNDS_MAX {
            let Some((_, grant)) = self.spaces[space].grants.find(number.number()) else {
                return fail(EFAULT);
            };
            if !access.is_allowed_by(grant.rights) {
                return fail(EFAULT);
            }
            match self.spaces[space].tree.get(number) {
                Pte::Present { frame, writable, .. } => {
                    if self.is_fit(frame, writable, grant.kind, access) {
                        return Ok(frame);
                    }
                    self.make_own(space, number, frame)?;
                }
                Pte::Swap(_) => swap::page_in(self, space, number)?,
                Pte::Empty => self.demand_zero(space, number, grant)?,
            }
        }
        panic!("page {number:?} does not become ready for {access:?}");
    }

    /// Returns a frame of undefined content for the current thread, with one user.
    ///
    /// # Errors
    ///
    /// A wait or a kill when none is free, or the free ones are kept for others.
    pub(crate) fn frame_for(&mut self) -> SysResult<Frame> {
        swap::frame_now(self).ok_or_else(|| self.frame_missing())
    }

    /// Returns what becomes of the current thread when there is no frame for it.
    pub(crate) fn frame_missing(&mut self) -> Halt {
        swap::frame_needed(self)
    }

    fn demand_zero(&mut self, space: SpaceId, number: UserPage, grant: Grant) -> SysResult<()> {
        if grant.kind != Kind::Private {
            return fail(EFAULT);
        }
        let frame = self.frame_for()?;
        self.frames.clear(frame);
        self.place(space, number, frame, grant.rights)
    }

    /// Maps a frame as a private page that the caller was about to use; on failure it is put.
    ///
    /// # Errors
    ///
    /// A wait or a kill when a page table needs a frame.
    pub(crate) fn place(
        &mut self,
        space: SpaceId,
        number: UserPage,
        frame: Frame,
        rights: Rights,
    ) -> SysResult<()> {
        let pte = Pte::Present {
            frame,
            writable: rights.write,
            executable: rights.execute,
            accessed: true,
            dirty: rights.write,
        };
        match self.set_entry(space, number, pte) {
            Ok(old) => {
                assert!(!matches!(old, Pte::Present { .. }), "a page is placed over another");
                Ok(())
            }
            Err(halt) => {
                self.put_frame(frame);
                Err(halt)
            }
        }
    }

    /// Returns whether a present page can be used so as it is.
    fn is_fit(&self, frame: Frame, writable: bool, kind: Kind, access: Access) -> bool {
        match access {
            Access::Read | Access::Execute => true,
            Access::Write => writable,
            Access::Install => kind != Kind::Private || self.frames.users(frame) == 1,
        }
    }

    /// Gives the page its own copy of the frame, or the frame itself if it has no other user.
    fn make_own(&mut self, space: SpaceId, number: UserPage, old: Frame) -> SysResult<()> {
        let Some((_, grant)) = self.spaces[space].grants.find(number.number()) else {
            return fail(EFAULT);
        };
        let is_alone = grant.kind != Kind::Private || self.frames.users(old) == 1;
        let frame = if is_alone { old } else { self.frame_for()? };
        if !is_alone {
            self.frames.copy(old, frame);
        }
        let pte = Pte::Present {
            frame,
            writable: grant.rights.write,
            executable: grant.rights.execute,
            accessed: true,
            dirty: true,
        };
        self.set_entry(space, number, pte)?;
        if !is_alone {
            self.forget(space, number);
            self.afterwards(After::Put(old));
        }
        Ok(())
    }

    /// Brings in all pages of private grants; used when a space becomes pinned.
    ///
    /// # Errors
    ///
    /// As [`Self::resolve`]; the pages brought in stay.
    pub(crate) fn populate(&mut self, space: SpaceId, start: u64, count: u64) -> SysResult<()> {
        for number in start..start + count {
            let Some((_, grant)) = self.spaces[space].grants.find(number) else { continue };
            if grant.kind == Kind::Private && grant.rights.read {
                let access = if grant.rights.write { Access::Write } else { Access::Read };
                self.resolve(space, page(number), access)?;
            }
        }
        Ok(())
    }
}
