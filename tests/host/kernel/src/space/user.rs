//! Reading and writing user memory, always by walking page tables to frames.
//!
//! A page that is absent is brought in first, which may make the thread wait and execute its system
//! call again. So a call reads all its arguments before it has any effect, and calls
//! [`Kernel::expect_writable`] before it takes the data that it will write to user memory: after
//! that the write cannot fail while the call lasts.

use syscall::error::EFAULT;

use super::SpaceId;
use super::fault::Access;
use crate::errno::{SysResult, fail};
use crate::kernel::Kernel;
use crate::machine::frames::{FRAME_SIZE, Frame};
use crate::machine::paging::{Pte, UserPage};

/// A range of addresses that lies wholly in user space: nothing else can be made one. Whether anything
/// is mapped there shows when it is touched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffer {
    /// Its first byte.
    pub(crate) address: u64,
    /// How many bytes.
    pub(crate) size: usize,
    /// Nobody else writes one down without [`Self::new`].
    _checked: (),
}

/// A buffer, and whose memory it is in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserBuffer {
    pub(crate) space: SpaceId,
    pub(crate) buffer: Buffer,
}

impl Buffer {
    /// Returns the range of `size` bytes at `address`.
    ///
    /// # Errors
    ///
    /// EFAULT if it is not wholly in user space.
    pub(crate) fn new(address: u64, size: usize) -> SysResult<Self> {
        match address.checked_add(size as u64) {
            Some(end) if end <= UserPage::END.address() => Ok(Self { address, size, _checked: () }),
            Some(_) | None => fail(EFAULT),
        }
    }

    /// Returns its first `size` bytes, or all if it has fewer.
    pub(crate) fn first(self, size: usize) -> Self {
        Self { size: self.size.min(size), ..self }
    }

    /// Returns what is behind its first `size` bytes, of which it has as many or more.
    pub(crate) fn behind(self, size: usize) -> Self {
        let rest = self.size.checked_sub(size).expect("no more was done than the buffer holds");
        Self { address: self.address + size as u64, size: rest, ..self }
    }

    /// Returns its pieces, page by page.
    pub(crate) fn pieces(self) -> impl Iterator<Item = Piece> {
        let mut at = 0;
        core::iter::from_fn(move || {
            let position = self.address + at as u64;
            let page = UserPage::containing(position).filter(|_| at < self.size)?;
            let offset = position as usize % FRAME_SIZE;
            let size = (FRAME_SIZE - offset).min(self.size - at);
            let piece = Piece { page, offset, size, at };
            at += size;
            Some(piece)
        })
    }
}

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
        for piece in Buffer::new(address, into.len())?.pieces() {
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
        for piece in Buffer::new(address, from.len())?.pieces() {
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
        for piece in Buffer::new(address, size)?.pieces() {
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
