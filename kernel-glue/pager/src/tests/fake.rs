//! Fake ports: page tables, frames and windows as plain maps; a page's contents are one number.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use zram_abi::record::ENTRIES_MAX;

use crate::SwapEntry;
use crate::ports::{
    Candidate, Clock, Direction, Frame, Frames, KillReason, Mapping, Page, Place, QueueId, Scan,
    SpaceId, SpaceKind, Spaces, Threads, Waiter, Windows,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pte {
    Present { frame: Frame, writable: bool, accessed: bool, no_gain: bool },
    Swapped(SwapEntry),
}

#[derive(Clone, Debug)]
pub(crate) struct Space {
    pub(crate) kind: SpaceKind,
    pub(crate) table: BTreeMap<u64, Pte>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FakeFrame {
    pub(crate) users: u32,
    pub(crate) content: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Fake {
    pub(crate) spaces: Vec<Option<Space>>,
    pub(crate) frames: Vec<FakeFrame>,
    pub(crate) windows: BTreeMap<(u32, bool), [Option<u64>; ENTRIES_MAX]>,
    /// Every page is used again as soon as its accessed bit is cleared.
    pub(crate) always_accessed: bool,
    pub(crate) woken: Vec<Waiter>,
    pub(crate) woken_workers: Vec<QueueId>,
    pub(crate) revoked: Vec<QueueId>,
    pub(crate) killed: Vec<(SpaceId, KillReason)>,
    pub(crate) now_ns: u64,
}

pub(crate) fn key(queue: QueueId) -> (u32, bool) {
    (queue.cpu.number(), queue.direction == Direction::In)
}

impl Fake {
    pub(crate) fn new(frames: usize, spaces: usize) -> Self {
        Self {
            frames: vec![FakeFrame::default(); frames],
            spaces: vec![None; spaces],
            ..Self::default()
        }
    }

    pub(crate) fn space_mut(&mut self, space: SpaceId) -> &mut Space {
        self.spaces[space.0 as usize].as_mut().expect("the test made this space")
    }

    pub(crate) fn pte(&self, space: SpaceId, page: Page) -> Option<Pte> {
        self.spaces[space.0 as usize].as_ref()?.table.get(&page.0).copied()
    }

    pub(crate) fn frame_mut(&mut self, frame: Frame) -> &mut FakeFrame {
        &mut self.frames[frame.0 as usize]
    }

    pub(crate) fn content(&self, frame: Frame) -> u64 {
        self.frames[frame.0 as usize].content
    }

    pub(crate) fn pane(&mut self, queue: QueueId, index: usize) -> &mut Option<u64> {
        &mut self.windows.entry(key(queue)).or_insert([None; ENTRIES_MAX])[index]
    }

    pub(crate) fn share(&mut self, frame: Frame) {
        let frame = self.frame_mut(frame);
        assert!(frame.users > 0, "a free frame is shared");
        frame.users += 1;
    }

    fn is_candidate(&self, pte: &Pte) -> bool {
        match *pte {
            Pte::Present { frame, no_gain, .. } => {
                !no_gain && self.frames[frame.0 as usize].users == 1
            }
            Pte::Swapped(_) => false,
        }
    }
}

impl Spaces for Fake {
    fn kind(&self, space: SpaceId) -> Option<SpaceKind> {
        Some(self.spaces.get(space.0 as usize)?.as_ref()?.kind)
    }

    fn resident_pages(&self, space: SpaceId) -> u32 {
        let table = &self.spaces[space.0 as usize].as_ref().unwrap().table;
        table.values().filter(|pte| matches!(pte, Pte::Present { .. })).count() as u32
    }

    fn next_candidate(&mut self, space: SpaceId, from: Page) -> Scan<Candidate> {
        let table = &self.spaces[space.0 as usize].as_ref().unwrap().table;
        let found = table.range(from.0..).find(|(_, pte)| self.is_candidate(pte));
        match found {
            Some((&page, &Pte::Present { accessed, .. })) => {
                Scan::Found(Candidate { page: Page(page), accessed })
            }
            _ => Scan::End,
        }
    }

    fn clear_accessed(&mut self, space: SpaceId, page: Page) {
        let used_again = self.always_accessed;
        match self.space_mut(space).table.get_mut(&page.0) {
            Some(Pte::Present { accessed, .. }) => *accessed = used_again,
            other => panic!("clear_accessed of {other:?}"),
        }
    }

    fn unmap(&mut self, space: SpaceId, page: Page, entry: SwapEntry) -> Option<Frame> {
        match self.space_mut(space).table.insert(page.0, Pte::Swapped(entry)) {
            Some(Pte::Present { frame, .. }) => Some(frame),
            other => panic!("unmap of {other:?}"),
        }
    }

    fn map(&mut self, place: Place, frame: Frame, mapping: Mapping) -> bool {
        let Place { space, page, entry } = place;
        if self.entry(space, page) != Some(entry) {
            return false;
        }
        let pte = Pte::Present {
            frame,
            writable: true,
            accessed: true,
            no_gain: mapping == Mapping::NoGain,
        };
        self.space_mut(space).table.insert(page.0, pte);
        true
    }

    fn forget(&mut self, Place { space, page, entry }: Place) -> bool {
        let stands = self.entry(space, page) == Some(entry);
        if stands {
            self.space_mut(space).table.remove(&page.0);
        }
        stands
    }

    fn entry(&self, space: SpaceId, page: Page) -> Option<SwapEntry> {
        match self.pte(space, page)? {
            Pte::Swapped(entry) => Some(entry),
            Pte::Present { .. } => None,
        }
    }

    fn next_swapped(&mut self, space: SpaceId, from: Page) -> Scan<Place> {
        let table = &self.spaces[space.0 as usize].as_ref().unwrap().table;
        let swapped = |(page, pte): (&u64, &Pte)| match pte {
            Pte::Swapped(entry) => Some(Place { space, page: Page(*page), entry: *entry }),
            Pte::Present { .. } => None,
        };
        table.range(from.0..).find_map(swapped).map_or(Scan::End, Scan::Found)
    }

    fn kill(&mut self, space: SpaceId, reason: KillReason) {
        self.killed.push((space, reason));
    }
}

impl Frames for Fake {
    fn allocate(&mut self) -> Option<Frame> {
        let free = self.frames.iter().position(|frame| frame.users == 0)?;
        self.frames[free] = FakeFrame { users: 1, content: 0xdead };
        Some(Frame(free as u32))
    }

    fn release(&mut self, frame: Frame) {
        let frame = self.frame_mut(frame);
        frame.users = frame.users.checked_sub(1).expect("frame freed twice");
    }

    fn free_count(&self) -> u32 {
        self.frames.iter().filter(|frame| frame.users == 0).count() as u32
    }

    fn is_zero(&self, frame: Frame) -> bool {
        self.content(frame) == 0
    }
}

impl Windows for Fake {
    fn give(&mut self, queue: QueueId, index: usize, frame: Frame) {
        *self.pane(queue, index) = Some(self.content(frame));
    }

    fn collect(&mut self, queue: QueueId, index: usize, frame: Frame) {
        let content = self.pane(queue, index).take().expect("the daemon has filled it");
        self.frame_mut(frame).content = content;
    }
}

impl Threads for Fake {
    fn wake(&mut self, waiter: Waiter) {
        self.woken.push(waiter);
    }

    fn wake_worker(&mut self, queue: QueueId) {
        self.woken_workers.push(queue);
    }

    fn revoke_worker(&mut self, queue: QueueId) {
        self.revoked.push(queue);
    }
}

impl Clock for Fake {
    fn now_ns(&self) -> u64 {
        self.now_ns
    }
}
