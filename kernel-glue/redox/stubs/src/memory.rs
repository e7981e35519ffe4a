//! Frames, page tables, the map of all memory.

use core::marker::PhantomData;
use core::sync::atomic::AtomicUsize;

pub const PAGE_SIZE: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhysicalAddress(usize);

impl PhysicalAddress {
    pub const fn new(address: usize) -> Self {
        Self(address)
    }
    pub fn data(&self) -> usize {
        self.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VirtualAddress(usize);

impl VirtualAddress {
    pub const fn new(address: usize) -> Self {
        Self(address)
    }
    pub fn data(&self) -> usize {
        self.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame(usize);

impl Frame {
    pub fn containing(address: PhysicalAddress) -> Self {
        Self(address.0)
    }
    pub fn base(self) -> PhysicalAddress {
        PhysicalAddress(self.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page(usize);

impl Page {
    pub fn containing_address(address: VirtualAddress) -> Self {
        Self(address.0)
    }
    pub fn start_address(self) -> VirtualAddress {
        VirtualAddress(self.0)
    }
    pub fn next_by(self, _count: usize) -> Self {
        unimplemented!()
    }
}

#[derive(Debug)]
pub struct Enomem;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RefCount {
    One,
    Shared(core::num::NonZeroUsize),
    Cow(core::num::NonZeroUsize),
}

impl RefCount {
    pub fn to_raw(self) -> usize {
        unimplemented!()
    }
}

pub struct PageInfo {
    pub refcount: AtomicUsize,
}

impl PageInfo {
    pub fn refcount(&self) -> Option<RefCount> {
        unimplemented!()
    }
    #[must_use]
    pub fn remove_ref(&self) -> Option<RefCount> {
        unimplemented!()
    }
}

pub fn get_page_info(_frame: Frame) -> Option<&'static PageInfo> {
    unimplemented!()
}

pub fn allocate_frame() -> Option<Frame> {
    unimplemented!()
}

pub unsafe fn deallocate_frame(_frame: Frame) {
    unimplemented!()
}

pub fn free_frames() -> usize {
    unimplemented!()
}

pub fn total_frames() -> usize {
    unimplemented!()
}

pub fn the_zeroed_frame() -> (Frame, &'static PageInfo) {
    unimplemented!()
}

pub trait RmmArch {
    const PAGE_SHIFT: usize;
    const PAGE_ENTRY_SHIFT: usize;
    const PAGE_ENTRY_SIZE: usize;
    const PAGE_ENTRY_MASK: usize;
    const PAGE_ENTRIES: usize;
    const PAGE_LEVELS: usize;
    const ENTRY_FLAG_PRESENT: usize;
    const ENTRY_FLAG_READWRITE: usize;
    const ENTRY_FLAG_UNCACHEABLE: usize;
    const ENTRY_FLAG_WRITE_COMBINING: usize;
    fn phys_to_virt(address: PhysicalAddress) -> VirtualAddress;
}

#[derive(Debug)]
pub struct RmmA;

impl RmmArch for RmmA {
    const PAGE_SHIFT: usize = 12;
    const PAGE_ENTRY_SHIFT: usize = 9;
    const PAGE_ENTRY_SIZE: usize = 8;
    const PAGE_ENTRY_MASK: usize = 511;
    const PAGE_ENTRIES: usize = 512;
    const PAGE_LEVELS: usize = 4;
    const ENTRY_FLAG_PRESENT: usize = 1;
    const ENTRY_FLAG_READWRITE: usize = 2;
    const ENTRY_FLAG_UNCACHEABLE: usize = 16;
    const ENTRY_FLAG_WRITE_COMBINING: usize = 128;
    fn phys_to_virt(_address: PhysicalAddress) -> VirtualAddress {
        unimplemented!()
    }
}

#[derive(Clone, Copy, Debug)]
pub struct PageFlags<A>(usize, PhantomData<A>);

impl<A> PageFlags<A> {
    pub fn new() -> Self {
        unimplemented!()
    }
    pub fn data(&self) -> usize {
        self.0
    }
    pub fn has_write(&self) -> bool {
        unimplemented!()
    }
}

pub struct PageEntry<A>(usize, PhantomData<A>);

impl<A> PageEntry<A> {
    pub fn new(_address: usize, _flags: usize) -> Self {
        unimplemented!()
    }
    pub fn data(&self) -> usize {
        self.0
    }
}

#[must_use]
pub struct PageFlush<A>(PhantomData<A>);

impl<A> PageFlush<A> {
    pub unsafe fn ignore(self) {}
}

pub struct PageTable<A>(PhantomData<A>);

impl<A> PageTable<A> {
    pub fn phys(&self) -> PhysicalAddress {
        unimplemented!()
    }
    pub fn level(&self) -> usize {
        unimplemented!()
    }
    pub unsafe fn entry(&self, _index: usize) -> Option<PageEntry<A>> {
        unimplemented!()
    }
    pub unsafe fn next(&self, _index: usize) -> Option<Self> {
        unimplemented!()
    }
}

pub trait FrameAllocator {
    unsafe fn free_one(&mut self, _address: PhysicalAddress) {}
}

#[derive(Debug)]
pub struct TheFrameAllocator;

impl FrameAllocator for TheFrameAllocator {}

#[derive(Debug)]
pub struct PageMapper(TheFrameAllocator);

impl PageMapper {
    pub fn table(&self) -> PageTable<RmmA> {
        unimplemented!()
    }
    pub fn allocator_mut(&mut self) -> &mut TheFrameAllocator {
        &mut self.0
    }
    pub unsafe fn map_phys(
        &mut self,
        _at: VirtualAddress,
        _frame: PhysicalAddress,
        _flags: PageFlags<RmmA>,
    ) -> Option<PageFlush<RmmA>> {
        unimplemented!()
    }
}
