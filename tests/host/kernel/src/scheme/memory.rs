//! `memory`: how much memory there is, as a StatVfs in blocks of a page.

use syscall::error::EINVAL;

use crate::calls::Buffer;
use crate::errno::{SysResult, fail};
use crate::kernel::Kernel;
use crate::space::SpaceId;

/// Bytes of a StatVfs: block size (4), padding (4), blocks, free, available (8 each).
const STATVFS_SIZE: usize = 32;

impl Kernel {
    /// Writes the totals of memory.
    ///
    /// # Errors
    ///
    /// EINVAL if the buffer is too small, EFAULT.
    pub(crate) fn write_memory_totals(&mut self, space: SpaceId, buffer: Buffer) -> SysResult {
        if buffer.size < STATVFS_SIZE {
            return fail(EINVAL);
        }
        let free = self.frames.free_count() as u64;
        let words = [zram_abi::PAGE_SIZE as u64, self.frames.total_count() as u64, free, free];
        let mut bytes = [0; STATVFS_SIZE];
        for (field, word) in bytes.chunks_exact_mut(8).zip(words) {
            field.copy_from_slice(&word.to_le_bytes());
        }
        self.write_user(space, buffer.address, &bytes)?;
        Ok(0)
    }
}
