//! Memory calls of a program on its own address space.

use syscall::error::{EINVAL, EOPNOTSUPP};
use syscall::flag::MapFlags;

use super::{Buffer, Caller};
use crate::errno::{SysResult, fail};
use crate::files::Object;
use crate::kernel::Kernel;
use crate::scheme::proc::ProcFile;
use crate::space::grants::Span;
use crate::space::map::{MapRequest, RemotePages, rights_of};
use crate::swap;

/// The descriptor that means anonymous memory.
const ANONYMOUS: usize = usize::MAX;

/// Bytes of a Map: offset, size, flags, address (8 each).
const MAP_SIZE: usize = 32;

impl Kernel {
    pub(super) fn sys_map(
        &mut self,
        caller: Caller,
        descriptor: usize,
        buffer: Buffer,
    ) -> SysResult {
        if buffer.size < MAP_SIZE {
            return fail(EINVAL);
        }
        let [offset, size, flags, address] = self.read_words(caller.space, buffer.address)?;
        let Some(flags) = MapFlags::from_bits(flags as usize) else { return fail(EINVAL) };
        let request = MapRequest { address, size, flags };
        if descriptor == ANONYMOUS {
            return self.map_anonymous(caller.space, request);
        }
        let description = self.description(caller.thread, descriptor)?;
        match *self.descriptions[description].object() {
            Object::Proc(ProcFile::Space(source)) => self.map_remote(
                RemotePages { space: source, address: offset },
                caller.space,
                request,
            ),
            Object::Swap(_) => swap::scheme_map(self, caller, description, request, offset),
            _ => fail(EOPNOTSUPP),
        }
    }

    pub(super) fn sys_unmap(&mut self, caller: Caller, address: u64, size: u64) -> SysResult {
        let size = size.checked_next_multiple_of(zram_abi::PAGE_SIZE as u64);
        let Some(span) = size.and_then(|size| Span::of_bytes(address, size)) else {
            return fail(EINVAL);
        };
        self.unmap(caller.space, span)?;
        Ok(0)
    }

    pub(super) fn sys_protect(
        &mut self,
        caller: Caller,
        span: Option<Span>,
        flags: usize,
    ) -> SysResult {
        let Some(span) = span else { return fail(EINVAL) };
        let rights = rights_of(MapFlags::from_bits_truncate(flags));
        self.protect(caller.space, span, rights)?;
        Ok(0)
    }
}
