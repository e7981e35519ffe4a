//! Mapping, unmapping, changing rights.

use alloc::vec::Vec;

use syscall::error::{EACCES, EEXIST, EINVAL, ENOMEM};
use syscall::flag::MapFlags;

use super::fault::Access;
use super::grants::{Kind, Rights, Span};
use super::shootdown::After;
use super::{SpaceId, page};
use crate::errno::{Errno, Halt, SysResult, fail};
use crate::kernel::Kernel;
use crate::limits::{FILL_MAX, SHARED_MAX};
use crate::machine::frames::Frame;
use crate::machine::paging::{Pte, UserPage};
use crate::swap;

/// Where pages go for which the program names no address: 64 GiB, above every program.
pub(crate) const MAP_FIRST: u64 = 1 << 24;
/// Where pages go that are lent to a daemon: 64 TiB, out of the way of the rest.
pub(crate) const LENT_FIRST: u64 = 1 << 34;

/// Entries that one call takes away before it lets others have the kernel.
const UNMAP_MAX: usize = SHARED_MAX as usize;

/// What a program asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MapRequest {
    pub(crate) address: u64,
    pub(crate) size: u64,
    pub(crate) flags: MapFlags,
}

/// Returns the rights that these flags ask for; who may write or execute may read.
pub(crate) fn rights_of(flags: MapFlags) -> Rights {
    let write = flags.contains(MapFlags::PROT_WRITE);
    let execute = flags.contains(MapFlags::PROT_EXEC);
    let read = flags.contains(MapFlags::PROT_READ) || write || execute;
    Rights { read, write, execute }
}

/// Where pages lie that another space is to share.
#[derive(Clone, Copy)]
pub(crate) struct RemotePages {
    /// Whose they are.
    pub(crate) space: SpaceId,
    /// The first byte of the first.
    pub(crate) address: u64,
}

impl Kernel {
    /// Returns the free span for a request, making it free if it is to replace what is there.
    ///
    /// # Errors
    ///
    /// EINVAL, EEXIST, ENOMEM; the call may have to go on later with the rest of the work.
    pub(crate) fn choose_span(
        &mut self,
        space: SpaceId,
        request: MapRequest,
        first: u64,
    ) -> SysResult<Span> {
        let Some(wish) = Span::of_bytes(request.address, request.size) else {
            return fail(EINVAL);
        };
        let is_free = wish.start > 0 && self.spaces[space].grants.is_free(wish);
        if request.flags.contains(MapFlags::MAP_FIXED_NOREPLACE) && !is_free {
            return fail(EEXIST);
        }
        if request.flags.contains(MapFlags::MAP_FIXED) {
            if wish.start == 0 {
                return fail(EINVAL);
            }
            self.unmap(space, wish)?;
            return Ok(wish);
        }
        if is_free {
            return Ok(wish);
        }
        self.spaces[space].grants.find_free(first, wish.count).ok_or(Halt::Fail(Errno(ENOMEM)))
    }

    /// Maps anonymous memory and returns its address.
    ///
    /// Private memory appears when it is touched, in a pinned space at once; shared memory at once.
    ///
    /// # Errors
    ///
    /// As [`Self::choose_span`]; nothing is mapped.
    pub(crate) fn map_anonymous(&mut self, space: SpaceId, request: MapRequest) -> SysResult {
        let span = self.choose_span(space, request, MAP_FIRST)?;
        let is_shared = request.flags.contains(MapFlags::MAP_SHARED);
        let kind = if is_shared { Kind::Shared } else { Kind::Private };
        let at_once = is_shared || swap::space_pinned(self, space);
        let most = if is_shared { SHARED_MAX } else { FILL_MAX };
        let most = most.min(self.frames.free_count() as u64);
        if at_once && span.count > most {
            return fail(ENOMEM);
        }
        if !self.spaces.table[space].grants.insert(span, rights_of(request.flags), kind) {
            return fail(ENOMEM);
        }
        let filled = match kind {
            Kind::Private if at_once => self.populate(space, span.start, span.count),
            Kind::Private => Ok(()),
            Kind::Shared | Kind::Lent => self.fill_shared(space, span),
        };
        if filled.is_err() {
            self.unmap_span(space, span);
            return fail(ENOMEM);
        }
        Ok(page(span.start).address() as usize)
    }

    fn fill_shared(&mut self, space: SpaceId, span: Span) -> SysResult<()> {
        for number in span.pages() {
            let frame = self.frame_for()?;
            self.frames.clear(frame);
            let mapped = self.map_shared(space, page(number), frame);
            self.put_frame(frame);
            mapped?;
        }
        Ok(())
    }

    /// Maps a frame into a shared or lent grant, as a further user and borrow.
    ///
    /// # Errors
    ///
    /// A wait or a kill when a page table needs a frame.
    pub(crate) fn map_shared(
        &mut self,
        space: SpaceId,
        number: UserPage,
        frame: Frame,
    ) -> SysResult<()> {
        let Some((_, grant)) = self.spaces[space].grants.find(number.number()) else {
            return fail(EINVAL);
        };
        let Rights { write: writable, execute: executable, .. } = grant.rights;
        let pte = Pte::Present { frame, writable, executable, accessed: true, dirty: writable };
        self.set_entry(space, number, pte)?;
        self.frames.get(frame);
        self.frames.borrow(frame);
        Ok(())
    }

    /// Maps pages of another space, present and shared, and returns their address.
    ///
    /// # Errors
    ///
    /// EINVAL, EFAULT, ENOMEM; a wait or a kill when memory is missing. Nothing is mapped.
    pub(crate) fn map_remote(
        &mut self,
        from: RemotePages,
        space: SpaceId,
        request: MapRequest,
    ) -> SysResult {
        let rights = rights_of(request.flags);
        let span = self.choose_span(space, request, MAP_FIRST)?;
        let source_span = Span::of_bytes(from.address, span.count * zram_abi::PAGE_SIZE as u64);
        let Some(source_span) = source_span else { return fail(EINVAL) };
        if span.count > SHARED_MAX {
            return fail(ENOMEM);
        }
        if !self.spaces.table[space].grants.insert(span, rights, Kind::Shared) {
            return fail(ENOMEM);
        }
        let access = if rights.write { Access::Install } else { Access::Read };
        for (number, to) in source_span.pages().zip(span.pages()) {
            let shared = self
                .touch(from.space, page(number), access)
                .and_then(|frame| self.map_shared(space, page(to), frame));
            if let Err(halt) = shared {
                self.unmap_span(space, span);
                return Err(halt);
            }
        }
        Ok(page(span.start).address() as usize)
    }

    /// Unmaps whatever a program has mapped in a span.
    ///
    /// # Errors
    ///
    /// EINVAL if part of it is lent, ENOMEM if it lies in the middle of a grant and there are too many
    /// to split one; nothing was unmapped. The call may have to go on later with the rest of the work.
    pub(crate) fn unmap(&mut self, space: SpaceId, span: Span) -> SysResult<()> {
        let grants = &self.spaces[space].grants;
        if grants.within(span).iter().any(|(_, grant)| grant.kind == Kind::Lent) {
            return fail(EINVAL);
        }
        if !grants.has_room_to_remove(span) {
            return fail(ENOMEM);
        }
        // Grants go with their entries: whatever happens before the call goes on, no grant is left
        // whose pages are gone, and what is left of a grant that was split is an end of one.
        let done = self.clear_entries(space, span, Some(UNMAP_MAX));
        self.spaces.table[space].grants.remove(done);
        if done == span { Ok(()) } else { Err(Halt::Again) }
    }

    /// Unmaps one whole grant, lent or not, however long it takes.
    pub(crate) fn unmap_span(&mut self, space: SpaceId, span: Span) {
        self.clear_entries(space, span, None);
        self.spaces.table[space].grants.remove(span);
    }

    /// Takes up to `most` entries away, or all of them; returns the part of the span, from its start, that has none
    /// left.
    fn clear_entries(&mut self, space: SpaceId, span: Span, most: Option<usize>) -> Span {
        let range = page(span.start)..page(span.end());
        let entries = self.spaces[space].tree.entries(range);
        let entries = entries.map(|(number, _)| number);
        let found: Vec<_> = match most {
            Some(most) => entries.take(most).collect(),
            None => entries.collect(),
        };
        let end = match found.last() {
            Some(last) if Some(found.len()) == most => last.number() + 1,
            Some(_) | None => span.end(),
        };
        for number in found {
            self.clear_entry(space, number);
        }
        Span { start: span.start, count: end - span.start }
    }

    fn clear_entry(&mut self, space: SpaceId, number: UserPage) {
        let is_private = self.spaces[space].is_private(number);
        let old = self.set_entry(space, number, Pte::Empty);
        match old.expect("taking an entry away needs no page table") {
            Pte::Empty => {}
            Pte::Swap(entry) => swap::entry_dropped(self, space, entry),
            Pte::Present { frame, .. } => {
                self.forget(space, number);
                self.afterwards(if is_private { After::Put(frame) } else { After::Return(frame) });
            }
        }
    }

    /// Changes the rights of the pages of a span that are mapped.
    ///
    /// Page tables cannot say that a page is there but inaccessible: private pages without any right
    /// are given back, and are zeros if they become accessible again.
    ///
    /// # Errors
    ///
    /// EINVAL if part of it is lent or if shared pages were to become inaccessible, EACCES if shared
    /// pages were to become writable, ENOMEM if there would be too many grants; the call may have to go
    /// on later.
    pub(crate) fn protect(&mut self, space: SpaceId, span: Span, rights: Rights) -> SysResult<()> {
        let grants = &self.spaces[space].grants;
        for (_, grant) in grants.within(span) {
            match grant.kind {
                Kind::Lent => return fail(EINVAL),
                Kind::Shared if !rights.read => return fail(EINVAL),
                Kind::Shared if rights.write && !grant.rights.write => return fail(EACCES),
                Kind::Shared | Kind::Private => {}
            }
        }
        if !grants.has_room_to_set_rights(span, rights) {
            return fail(ENOMEM);
        }
        if !rights.read && self.clear_entries(space, span, Some(UNMAP_MAX)) != span {
            return Err(Halt::Again);
        }
        let mut next = page(span.start);
        while let Some((number, pte)) = self.next_entry(space, next, page(span.end())) {
            self.restrict(space, number, pte, rights);
            next = page(number.number() + 1);
        }
        self.spaces.table[space].grants.set_rights(span, rights);
        Ok(())
    }

    /// Leaves a present page at most these rights; those that it gains come with its next fault.
    fn restrict(&mut self, space: SpaceId, number: UserPage, pte: Pte, rights: Rights) {
        let Pte::Present { frame, writable, accessed, .. } = pte else { return };
        let pte = Pte::Present {
            frame,
            writable: writable && rights.write,
            executable: rights.execute,
            accessed,
            dirty: writable,
        };
        let old = self.set_entry(space, number, pte);
        old.expect("a present page has all its tables");
        self.forget(space, number);
    }
}
