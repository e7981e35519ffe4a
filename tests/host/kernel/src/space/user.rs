//! Reading and writing user memory, always by walking page tables to frames.
//!
//! A page that is absent is brought in first, which may make the thread wait and execute its system
//! call again. So a call reads all its arguments before it does anything, and calls
//! [`Kernel::expect_writable`] before it takes what it is going to write: after that the write
//! cannot fail while the call lasts.

use syscall::error::EFAULT;

use super::SpaceId;
use super::fault::Access;
use crate::errno::{SysResult, fail};
use crate::kernel::Kernel;
use crate::machine::frames::{FRAME_SIZE, Frame};
use crate::machine::paging::{Pte, UserPage};

/// Part of a user buffer that lies in one page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) page: UserPage,
    /// First byte in the page.
    pub(crate) offset: usize,
    /// Bytes in the page.
    pub(crate) size: usize,
    /// Where in the buffer they lie.
    pub(crate) at: usize,
}

/// Returns the pieces of a user buffer, page by page.
///
/// # Errors
///
/// EFAULT if it is not wholly in user space.
pub(crate) fn pieces(address: u64, size: usize) -> SysResult<impl Iterator<Item = Piece>> {
    let end = address.checked_add(size as u64);
    if end.is_none_or(|end| end > UserPage::END.address()) {
        return fail(EFAULT);
    }
    let mut at = 0;
    Ok(core::iter::from_fn(move || {
        let position = address + at as u64;
        let page = UserPage::containing(position).filter(|_| at < size)?;
        let offset = position as usize % FRAME_SIZE;
        let piece = Piece { page, offset, size: (FRAME_SIZE - offset).min(size - at), at };
        at += piece.size;
        Some(piece)
    }))
}

impl Kernel {
    /// Copies user memory into `into`.
    ///
    /// # Errors
    ///
    /// EFAULT; a wait or a kill when memory is missing.
    pub(crate) fn read_user(
        &mut self,
        space: SpaceId,
        address: u64,
        into: &mut [u8],
    ) -> SysResult<()> {
        for piece in pieces(address, into.len())? {
            let frame = self.touch(space, piece.page, Access::Read)?;
            self.frames.read(frame, piece.offset, &mut into[piece.at..][..piece.size]);
        }
        Ok(())
    }

    /// Copies `from` into user memory.
    ///
    /// # Errors
    ///
    /// As [`Self::read_user`]; some of it may be written then.
    pub(crate) fn write_user(
        &mut self,
        space: SpaceId,
        address: u64,
        from: &[u8],
    ) -> SysResult<()> {
        for piece in pieces(address, from.len())? {
            let frame = self.touch(space, piece.page, Access::Write)?;
            self.frames.write(frame, piece.offset, &from[piece.at..][..piece.size]);
        }
        Ok(())
    }

    /// Makes user memory present and writable, so that the rest of this call can write it.
    ///
    /// # Errors
    ///
    /// As [`Self::read_user`].
    pub(crate) fn expect_writable(
        &mut self,
        space: SpaceId,
        address: u64,
        size: usize,
    ) -> SysResult<()> {
        for piece in pieces(address, size)? {
            self.touch(space, piece.page, Access::Write)?;
        }
        Ok(())
    }

    /// Returns `N` words of user memory.
    ///
    /// # Errors
    ///
    /// As [`Self::read_user`].
    pub(crate) fn read_words<const N: usize>(
        &mut self,
        space: SpaceId,
        address: u64,
    ) -> SysResult<[u64; N]> {
        let mut words = [0; N];
        for (index, word) in words.iter_mut().enumerate() {
            let mut bytes = [0; 8];
            let Some(at) = address.checked_add(8 * index as u64) else { return fail(EFAULT) };
            self.read_user(space, at, &mut bytes)?;
            *word = u64::from_le_bytes(bytes);
        }
        Ok(words)
    }

    /// Resolves a page for an access of the kernel's, which the CPU does not note in the entry.
    pub(crate) fn touch(
        &mut self,
        space: SpaceId,
        page: UserPage,
        access: Access,
    ) -> SysResult<Frame> {
        let frame = self.resolve(space, page, access)?;
        let tree = &mut self.spaces.table[space].tree;
        if let Pte::Present { frame, writable, executable, accessed, dirty } = tree.get(page) {
            // A CPU may write through the entry at this moment: then dirty must not be lost.
            let may_write = writable || access == Access::Install;
            if !accessed || may_write && !dirty {
                let pte =
                    Pte::Present { frame, writable, executable, accessed: true, dirty: may_write };
                let replaced = tree.set(page, pte);
                replaced.expect("a present page has all its tables");
            }
        }
        Ok(frame)
    }
}
