//! `swap:` as a scheme of this kernel's.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::num::NonZeroUsize;

use redox_glue::{Errno, Payload, ROOT};

use super::{GLUE, errno, error, machine};
use crate::{
    context::{
        file::{InternalFlags, LockedFileDescription},
        memory::{AddrSpaceWrapper, Grant},
    },
    memory::{PAGE_SIZE, Page},
    scheme::{CallerCtx, KernelScheme, OpenResult, SchemeId, StrOrBytes},
    sync::CleanLockToken,
    syscall::{
        error::{EEXIST, EINVAL, ENOMEM, Error, Result},
        flag::{CallFlags, MapFlags},
        usercopy::{UserSliceRo, UserSliceRw, UserSliceWo},
    },
};

/// The scheme's number; those below `MAX_GLOBAL_SCHEMES` that `GlobalSchemes` leaves.
pub const SCHEME: SchemeId = SchemeId::new(15);

/// The number under which the first program finds it (`zram_abi::boot::scheme_id::SWAP`).
pub const PUBLIC_ID: u8 = 21;

/// The scheme.
pub struct SwapScheme;

/// A record of the caller's.
struct Bytes(UserSliceRw);

impl Payload for Bytes {
    fn read(&mut self, into: &mut [u8]) -> core::result::Result<(), Errno> {
        self.0.copy_to_slice(into).map_err(errno)
    }

    fn write(&mut self, from: &[u8]) -> core::result::Result<(), Errno> {
        self.0.copy_from_slice(from).map_err(errno)
    }
}

fn words(metadata: &[u64]) -> [u64; 3] {
    let word = |index| metadata.get(index).copied().unwrap_or(0);
    [word(0), word(1), word(2)]
}

impl KernelScheme for SwapScheme {
    fn scheme_root(&self, _token: &mut CleanLockToken) -> Result<usize> {
        Ok(ROOT)
    }

    fn kopenat(
        &self,
        file: usize,
        path: StrOrBytes,
        _flags: usize,
        _fcntl_flags: u32,
        _ctx: CallerCtx,
        _token: &mut CleanLockToken,
    ) -> Result<OpenResult> {
        let path = path.as_str().map_err(|_| Error::new(EINVAL))?;
        let opened = GLUE.open(file, path).map_err(error)?;
        let flags =
            if opened.is_positioned { InternalFlags::POSITIONED } else { InternalFlags::empty() };
        Ok(OpenResult::SchemeLocal(opened.number, flags))
    }

    fn kreadoff(
        &self,
        id: usize,
        buf: UserSliceWo,
        offset: u64,
        _flags: u32,
        _stored_flags: u32,
        _token: &mut CleanLockToken,
    ) -> Result<usize> {
        let copy = |bytes: &[u8]| buf.copy_common_bytes_from_slice(bytes).map_err(errno);
        GLUE.read(id, offset, copy).map_err(error)
    }

    fn kwriteoff(
        &self,
        id: usize,
        buf: UserSliceRo,
        _offset: u64,
        _flags: u32,
        _stored_flags: u32,
        _token: &mut CleanLockToken,
    ) -> Result<usize> {
        let copy = |bytes: &mut [u8]| buf.copy_to_slice(bytes).map_err(errno);
        GLUE.write(id, buf.len(), copy).map_err(error)
    }

    fn kcall(
        &self,
        fds: &[usize],
        payload: UserSliceRw,
        _flags: CallFlags,
        metadata: &[u64],
        _token: &mut CleanLockToken,
    ) -> Result<usize> {
        let &[number] = fds else { return Err(Error::new(EINVAL)) };
        GLUE.call_file(number, words(metadata), &mut Bytes(payload)).map_err(error)
    }

    fn kfdwrite(
        &self,
        id: usize,
        mut descs: Vec<Arc<LockedFileDescription>>,
        _flags: CallFlags,
        metadata: &[u64],
        _token: &mut CleanLockToken,
    ) -> Result<usize> {
        match (descs.pop(), descs.is_empty()) {
            (Some(device), true) => GLUE.take_device(id, words(metadata), device).map_err(error),
            _ => Err(Error::new(EINVAL)),
        }
    }

    fn kfmap(
        &self,
        number: usize,
        addr_space: &Arc<AddrSpaceWrapper>,
        map: &crate::syscall::data::Map,
        _consume: bool,
        token: &mut CleanLockToken,
    ) -> Result<usize> {
        let window = GLUE.window(number).map_err(error)?;
        if map.size != window.len() * PAGE_SIZE || map.offset != 0 {
            return Err(Error::new(EINVAL));
        }
        let mut guard = addr_space.acquire_write(token.downgrade());
        let free = guard.grants.find_free(guard.mmap_min, window.len());
        let base = free.ok_or(Error::new(ENOMEM))?.base;
        let one = NonZeroUsize::new(1).ok_or(Error::new(EEXIST))?;
        let flags = MapFlags::MAP_FIXED_NOREPLACE | MapFlags::PROT_READ | MapFlags::PROT_WRITE;
        for (step, number) in window.into_iter().enumerate() {
            let page: Page = base.next_by(step);
            guard.mmap(
                addr_space,
                Some(page),
                one,
                flags,
                None,
                |page, flags, mapper, flusher| {
                    let frame = machine::frame(number);
                    Grant::allocated_shared_one_page(frame, page, flags, mapper, flusher, false)
                },
            )?;
        }
        Ok(base.start_address().data())
    }

    fn kfpath(&self, _id: usize, buf: UserSliceWo, _token: &mut CleanLockToken) -> Result<usize> {
        buf.copy_common_bytes_from_slice(b"/scheme/swap")
    }

    fn close(&self, id: usize, _token: &mut CleanLockToken) -> Result<()> {
        GLUE.close_file(id);
        Ok(())
    }
}
