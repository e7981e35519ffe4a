//! Copying an address space: private pages are shared until one side writes.

use syscall::error::ENOMEM;

use super::grants::Kind;
use super::{SpaceId, page};
use crate::errno::{SysResult, fail};
use crate::kernel::Kernel;
use crate::machine::frames::Frame;
use crate::machine::paging::{Pte, UserPage};
use crate::swap;

/// A copy in the making.
#[derive(Clone, Copy)]
struct Fork {
    source: SpaceId,
    copy: SpaceId,
}

impl Kernel {
    /// Returns a copy of an address space; its one reference is the caller's. Lent pages are left out.
    ///
    /// # Errors
    ///
    /// EMFILE when there are too many spaces, ENOMEM when a server has more grants than a program may
    /// have; a wait or a kill when memory is missing. No copy stays.
    pub(crate) fn fork_space(&mut self, source: SpaceId) -> SysResult<SpaceId> {
        swap::fork_begins(self, source)?;
        let copy = self.new_space(self.spaces[source].owner)?;
        match self.fork_into(source, copy) {
            Ok(()) => Ok(copy),
            Err(halt) => {
                self.release_space(copy);
                Err(halt)
            }
        }
    }

    fn fork_into(&mut self, source: SpaceId, copy: SpaceId) -> SysResult<()> {
        for (span, grant) in self.spaces[source].grants.all() {
            if grant.kind == Kind::Lent {
                continue;
            }
            if !self.spaces.table[copy].grants.insert(span, grant.rights, grant.kind) {
                return fail(ENOMEM);
            }
            let mut next = page(span.start);
            while let Some((number, pte)) = self.next_entry(source, next, page(span.end())) {
                self.fork_page(Fork { source, copy }, number, pte, grant.kind)?;
                next = page(number.number() + 1);
            }
        }
        Ok(())
    }

    /// Returns the first page of a range that is present or swapped.
    pub(crate) fn next_entry(
        &self,
        space: SpaceId,
        from: UserPage,
        end: UserPage,
    ) -> Option<(UserPage, Pte)> {
        self.spaces[space].tree.entries(from..end).next()
    }

    fn fork_page(
        &mut self,
        Fork { source, copy }: Fork,
        number: UserPage,
        pte: Pte,
        kind: Kind,
    ) -> SysResult<()> {
        match pte {
            Pte::Empty => Ok(()),
            Pte::Swap(entry) => {
                // Its tables first: they may have to wait for a frame.
                self.set_entry(copy, number, pte)?;
                let counted = swap::entry_duplicated(self, copy, entry);
                if counted.is_err() {
                    let cleared = self.set_entry(copy, number, Pte::Empty);
                    cleared.expect("taking an entry away needs no page table");
                }
                counted
            }
            Pte::Present { frame, .. } => match kind {
                Kind::Shared | Kind::Lent => self.map_shared(copy, number, frame),
                Kind::Private if self.frames.is_borrowed(frame) => {
                    self.fork_borrowed(copy, number, frame)
                }
                Kind::Private => self.fork_private(Fork { source, copy }, number, pte, frame),
            },
        }
    }

    /// Lets both sides read the frame; the side that writes first gets a copy.
    fn fork_private(
        &mut self,
        Fork { source, copy }: Fork,
        number: UserPage,
        pte: Pte,
        frame: Frame,
    ) -> SysResult<()> {
        let Pte::Present { writable, executable, accessed, .. } = pte else { return Ok(()) };
        let shared = Pte::Present { frame, writable: false, executable, accessed, dirty: true };
        self.set_entry(copy, number, shared)?;
        self.frames.get(frame);
        if writable {
            let old = self.set_entry(source, number, shared);
            old.expect("a present page has all its tables");
            self.forget(source, number);
        }
        Ok(())
    }

    /// A frame that is lent at this moment may be written by the borrower, so the copy is real.
    fn fork_borrowed(&mut self, copy: SpaceId, number: UserPage, frame: Frame) -> SysResult<()> {
        let own = self.frame_for()?;
        self.frames.copy(frame, own);
        let grant = self.spaces[copy].grants.find(number.number());
        let (_, grant) = grant.expect("the grant was just copied");
        self.place(copy, number, own, grant.rights)
    }
}
