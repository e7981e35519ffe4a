//! The fake kernel: the implementation of the pager's ports.
//!
//! Port calls do what a kernel does and assert that nothing happens that would harm a kernel: a
//! frame freed while a TLB knows it, a victim of a pinned space, a page mapped over another one, a
//! shared frame mapped for one user. What the pager tells threads is only noted; the scheduler
//! ([`crate::world`]) acts on it after the call, as a kernel does when it leaves the pager's lock.

pub(crate) mod frames;
pub(crate) mod space;
mod tlb;
pub(crate) mod windows;

use std::collections::BTreeMap;

use swap_pager::SwapEntry;
use swap_pager::ports::{
    Candidate, Clock, CpuId, Frame, Frames, KillReason, Mapping, Page, Place, QueueId, Scan,
    SpaceId, SpaceKind, Spaces, Threads, Waiter, Windows,
};

use frames::FrameTable;
use host_core::order::Random;
use space::{Present, Pte, Space};
use tlb::Tlb;
use windows::WindowTable;

/// Entries that one look at a page table sees: few, so that looks are resumed.
const LOOK: usize = 8;

/// What the pager told since the scheduler last asked.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Parked threads that go on.
    pub(crate) woken: Vec<Waiter>,
    /// Workers of these queues have something to hear.
    pub(crate) stirred: Vec<QueueId>,
    /// Queues that were revoked.
    pub(crate) revoked: Vec<QueueId>,
    /// Spaces that must die.
    pub(crate) killed: Vec<(SpaceId, KillReason)>,
}

/// What an access met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    /// The frame with the page.
    Frame(Frame),
    /// No page yet.
    Absent,
    /// A write, and the frame is mapped read-only.
    ReadOnly(Frame),
    /// A swap entry.
    Swapped(SwapEntry),
}

/// Frames, spaces, TLBs, windows and the clock.
pub(crate) struct Kernel {
    pub(crate) frames: FrameTable,
    pub(crate) spaces: Vec<Option<Space>>,
    pub(crate) windows: WindowTable,
    pub(crate) told: Told,
    pub(crate) now_ns: u64,
    /// How often each page was taken out of its table.
    pub(crate) unmaps: BTreeMap<(SpaceId, Page), u32>,
    tlbs: Vec<Tlb>,
    /// Frames below which memory may be called gone.
    reserve: u32,
    random: Random,
}

impl Kernel {
    /// Returns a machine with so many free frames and no space.
    pub(crate) fn new(frames: u32, cpus: u32, reserve: u32, random: Random) -> Self {
        Self {
            frames: FrameTable::new(frames),
            spaces: Vec::new(),
            windows: WindowTable::default(),
            told: Told::default(),
            now_ns: 1,
            unmaps: BTreeMap::new(),
            tlbs: vec![Tlb::default(); cpus as usize],
            reserve,
            random,
        }
    }

    /// Returns the space, which exists.
    pub(crate) fn space(&self, space: SpaceId) -> &Space {
        self.spaces[space.0 as usize].as_ref().expect("the space exists")
    }

    /// Returns the space, which exists, to change it.
    pub(crate) fn space_mut(&mut self, space: SpaceId) -> &mut Space {
        self.spaces[space.0 as usize].as_mut().expect("the space exists")
    }

    /// Returns what stands in the page table.
    pub(crate) fn pte(&self, space: SpaceId, page: Page) -> Option<Pte> {
        self.spaces.get(space.0 as usize)?.as_ref()?.table.get(&page.0).copied()
    }

    /// Accesses a page on `cpu`, as its memory management unit does.
    pub(crate) fn touch(&mut self, cpu: CpuId, space: SpaceId, page: Page, write: bool) -> Touch {
        if let Some(frame) = self.tlbs[cpu.index()].find(space, page, write) {
            return Touch::Frame(frame);
        }
        let present = match self.space_mut(space).table.get_mut(&page.0) {
            None => return Touch::Absent,
            Some(Pte::Swapped(entry)) => return Touch::Swapped(*entry),
            Some(Pte::Present(present)) => present,
        };
        if write && !present.is_writable {
            return Touch::ReadOnly(present.frame);
        }
        present.is_accessed = true;
        present.is_dirty |= write;
        let Present { frame, is_writable, is_dirty, .. } = *present;
        let known = tlb::Entry { space, page, frame, takes_writes: is_writable && is_dirty };
        self.tlbs[cpu.index()].insert(known, &mut self.random);
        Touch::Frame(frame)
    }

    /// Has one CPU forget a page.
    pub(crate) fn flush_on(&mut self, cpu: usize, space: SpaceId, page: Page) {
        self.tlbs[cpu].flush(space, page);
    }

    /// Has all CPUs forget a page.
    pub(crate) fn flush(&mut self, space: SpaceId, page: Page) {
        self.tlbs.iter_mut().for_each(|tlb| tlb.flush(space, page));
    }

    /// Has all CPUs forget a space.
    pub(crate) fn flush_space(&mut self, space: SpaceId) {
        self.tlbs.iter_mut().for_each(|tlb| tlb.flush_space(space));
    }

    /// Writes to a frame as a program does.
    pub(crate) fn write(&mut self, frame: Frame, change: impl FnOnce(&mut zram::PageBytes)) {
        change(self.frames.bytes_mut(frame));
    }

    fn is_candidate(&self, pte: &Pte) -> Option<Candidate> {
        let Pte::Present(present) = pte else { return None };
        let stays = present.is_no_gain && !present.is_dirty;
        let is_private = self.frames.users(present.frame) == 1;
        let accessed = present.is_accessed;
        (is_private && !stays).then_some(Candidate { page: Page(0), accessed })
    }

    /// Looks at a bounded part of a page table.
    fn look<T>(
        &self,
        space: SpaceId,
        from: Page,
        found: impl Fn(u64, &Pte) -> Option<T>,
    ) -> Scan<T> {
        let mut entries = self.space(space).table.range(from.0..);
        for (page, pte) in entries.by_ref().take(LOOK) {
            if let Some(found) = found(*page, pte) {
                return Scan::Found(found);
            }
        }
        entries.next().map_or(Scan::End, |(page, _)| Scan::Resume(Page(*page)))
    }

    fn replace(&mut self, space: SpaceId, page: Page, pte: Option<Pte>) {
        let table = &mut self.space_mut(space).table;
        let old = match pte {
            Some(pte) => table.insert(page.0, pte),
            None => table.remove(&page.0),
        };
        assert!(matches!(old, Some(Pte::Swapped(_))), "{space:?} {page:?} held {old:?}");
    }
}

impl Spaces for Kernel {
    fn kind(&self, space: SpaceId) -> Option<SpaceKind> {
        Some(self.spaces.get(space.0 as usize)?.as_ref()?.kind)
    }

    fn resident_pages(&self, space: SpaceId) -> u32 {
        let is_present = |pte: &&Pte| matches!(pte, Pte::Present(_));
        self.space(space).table.values().filter(is_present).count() as u32
    }

    fn next_candidate(&mut self, space: SpaceId, from: Page) -> Scan<Candidate> {
        self.look(space, from, |page, pte| {
            let candidate = self.is_candidate(pte)?;
            Some(Candidate { page: Page(page), ..candidate })
        })
    }

    fn clear_accessed(&mut self, space: SpaceId, page: Page) {
        match self.space_mut(space).table.get_mut(&page.0) {
            Some(Pte::Present(present)) => present.is_accessed = false,
            other => panic!("the accessed bit of {other:?} is cleared"),
        }
    }

    fn unmap(&mut self, space: SpaceId, page: Page, entry: SwapEntry) -> Option<Frame> {
        assert_ne!(self.kind(space), Some(SpaceKind::Pinned), "a pinned page is a victim");
        let pte = self.pte(space, page)?;
        self.is_candidate(&pte)?;
        // A system call may have borrowed it, or another kernel has its own reasons.
        if self.random.once_in(40) {
            return None;
        }
        let Pte::Present(present) = pte else { return None };
        self.space_mut(space).table.insert(page.0, Pte::Swapped(entry));
        *self.unmaps.entry((space, page)).or_default() += 1;
        Some(present.frame)
    }

    fn map(&mut self, place: Place, frame: Frame, mapping: Mapping) -> bool {
        let Place { space, page, entry } = place;
        if self.entry(space, page) != Some(entry) {
            return false;
        }
        let is_shared = self.frames.users(frame) > 1;
        assert!(!is_shared, "{frame:?} is mapped as {mapping:?}");
        let present = Present {
            frame,
            is_writable: true,
            is_accessed: true,
            is_dirty: mapping != Mapping::NoGain,
            is_no_gain: mapping == Mapping::NoGain,
        };
        self.replace(space, page, Some(Pte::Present(present)));
        true
    }

    fn forget(&mut self, Place { space, page, entry }: Place) -> bool {
        let stands = self.entry(space, page) == Some(entry);
        if stands {
            self.replace(space, page, None);
        }
        stands
    }

    fn entry(&self, space: SpaceId, page: Page) -> Option<SwapEntry> {
        match self.pte(space, page)? {
            Pte::Swapped(entry) => Some(entry),
            Pte::Present(_) => None,
        }
    }

    fn next_swapped(&mut self, space: SpaceId, from: Page) -> Scan<Place> {
        self.look(space, from, |page, pte| match pte {
            Pte::Swapped(entry) => Some(Place { space, page: Page(page), entry: *entry }),
            Pte::Present(_) => None,
        })
    }

    fn kill(&mut self, space: SpaceId, reason: KillReason) {
        assert_eq!(self.kind(space), Some(SpaceKind::Ordinary), "killed for memory");
        assert!(self.free_count() <= self.reserve, "killed with {} free", self.free_count());
        self.told.killed.push((space, reason));
    }
}

impl Frames for Kernel {
    fn allocate(&mut self) -> Option<Frame> {
        self.frames.allocate()
    }

    fn release(&mut self, frame: Frame) {
        if self.frames.release(frame) {
            let known = self.tlbs.iter().any(|tlb| tlb.knows(frame));
            assert!(!known, "{frame:?} is freed while a TLB knows it");
        }
    }

    fn free_count(&self) -> u32 {
        self.frames.free_count()
    }

    fn is_zero(&self, frame: Frame) -> bool {
        let known = self.tlbs.iter().any(|tlb| tlb.knows(frame));
        assert!(!known, "{frame:?} is read while a TLB knows it");
        self.frames.bytes(frame).iter().all(|&byte| byte == 0)
    }
}

impl Windows for Kernel {
    fn give(&mut self, queue: QueueId, index: usize, frame: Frame) {
        let known = self.tlbs.iter().any(|tlb| tlb.knows(frame));
        assert!(!known, "{frame:?} is given while a TLB knows it");
        self.windows.give(queue, index, frame, &self.frames);
    }

    fn collect(&mut self, queue: QueueId, index: usize, frame: Frame) {
        self.windows.collect(queue, index, frame, &mut self.frames);
    }
}

impl Threads for Kernel {
    fn wake(&mut self, waiter: Waiter) {
        self.told.woken.push(waiter);
    }

    fn wake_worker(&mut self, queue: QueueId) {
        self.told.stirred.push(queue);
    }

    fn revoke_worker(&mut self, queue: QueueId) {
        self.told.stirred.push(queue);
        self.told.revoked.push(queue);
    }
}

impl Clock for Kernel {
    fn now_ns(&self) -> u64 {
        self.now_ns
    }
}
