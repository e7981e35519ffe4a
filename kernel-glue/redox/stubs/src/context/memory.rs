//! Address spaces.

use alloc::sync::Arc;
use core::num::NonZeroUsize;

use crate::memory::{Frame, Page, PageFlags, PageMapper, RmmA};
use crate::sync::{CleanLockToken, Guard, L4, L5, LockToken, RwLock};
use crate::syscall::error::Result;
use crate::syscall::flag::MapFlags;

#[derive(Debug)]
pub struct AddrSpaceWrapper {
    pub inner: RwLock<L5, AddrSpace>,
}

impl AddrSpaceWrapper {
    pub fn acquire_read<'a>(&'a self, _: LockToken<'a, L4>) -> Guard<'a, L5, AddrSpace> {
        unimplemented!()
    }
    pub fn acquire_write<'a>(&'a self, _: LockToken<'a, L4>) -> Guard<'a, L5, AddrSpace> {
        unimplemented!()
    }
    pub fn munmap(
        &self,
        _span: PageSpan,
        _unpin: bool,
        _token: &mut CleanLockToken,
    ) -> Result<UnmapVec> {
        unimplemented!()
    }
    /// A hook line adds it.
    pub fn shoot_down(&self, _: LockToken<'_, L4>) {}
}

#[derive(Debug)]
pub struct AddrSpace {
    pub table: Table,
    pub grants: UserGrants,
    pub mmap_min: usize,
}

impl AddrSpace {
    pub fn current() -> Result<Arc<AddrSpaceWrapper>> {
        unimplemented!()
    }
    pub fn mmap(
        &mut self,
        _lock: &AddrSpaceWrapper,
        _base: Option<Page>,
        _count: NonZeroUsize,
        _flags: MapFlags,
        _notify: Option<&mut UnmapVec>,
        _map: impl FnOnce(Page, PageFlags<RmmA>, &mut PageMapper, &mut Flusher) -> Result<Grant>,
    ) -> Result<Page> {
        unimplemented!()
    }
}

#[derive(Debug)]
pub struct Table {
    pub utable: PageMapper,
}

pub struct UnmapVec;

pub fn handle_notify_files(_files: UnmapVec, _token: &mut CleanLockToken) {}

pub struct Flusher;

#[derive(Debug)]
pub struct UserGrants;

impl UserGrants {
    pub fn contains(&self, _page: Page) -> Option<(Page, &GrantInfo)> {
        unimplemented!()
    }
    pub fn conflicts(&self, _span: PageSpan) -> impl Iterator<Item = (Page, &'_ GrantInfo)> + '_ {
        core::iter::empty()
    }
    pub fn find_free(&self, _min: usize, _count: usize) -> Option<PageSpan> {
        unimplemented!()
    }
}

#[derive(Clone, Copy)]
pub struct PageSpan {
    pub base: Page,
    pub count: usize,
}

impl PageSpan {
    pub fn new(base: Page, count: usize) -> Self {
        Self { base, count }
    }
}

pub struct GrantInfo {
    pub provider: Provider,
}

impl GrantInfo {
    pub fn flags(&self) -> PageFlags<RmmA> {
        unimplemented!()
    }
    pub fn page_count(&self) -> usize {
        unimplemented!()
    }
}

pub enum Provider {
    Allocated { cow_file_ref: Option<GrantFileRef>, phys_contiguous: bool },
    AllocatedShared { is_pinned_userscheme_borrow: bool },
}

pub struct GrantFileRef;
pub struct Grant;

impl Grant {
    pub fn allocated_shared_one_page(
        _frame: Frame,
        _page: Page,
        _flags: PageFlags<RmmA>,
        _mapper: &mut PageMapper,
        _flusher: &mut Flusher,
        _is_pinned: bool,
    ) -> Result<Self> {
        unimplemented!()
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AccessMode {
    Read,
    Write,
    InstrFetch,
}

#[derive(Debug)]
pub enum PfError {
    /// A hook line adds it.
    Swapped(Arc<AddrSpaceWrapper>, Page),
    Segv,
    Oom,
    NonfatalInternalError,
    RecursionLimitExceeded,
}

/// A hook line makes it of what was one with its caller.
pub fn correct_once(
    _space: &Arc<AddrSpaceWrapper>,
    _page: Page,
    _access: AccessMode,
    _token: &mut CleanLockToken,
) -> core::result::Result<(), PfError> {
    unimplemented!()
}
