//! A pager, fake ports and a fake daemon together, driven step by step by the tests.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use zram_abi::record::{Operation, Record, Status};
use zram_abi::verb::Cookie;

use super::fake::{Fake, Pte, Space, key};
use crate::ports::{CpuId, Direction, Frame, Frames, Page, QueueId, SpaceId, SpaceKind, Waiter};
use crate::time::TICK_MOST_NS;
use crate::{
    Bounds, Caller, Commit, Config, Duplicate, Fault, FaultRequest, FrameAnswer, FrameFor, Next,
    Pager, Reclaim, Unmapped, Watermarks,
};

/// The CPU of that number.
pub(crate) const fn cpu_id(number: u32) -> CpuId {
    CpuId::new(number).expect("a test has few CPUs")
}

/// A thread of that number that asks on the first CPU.
pub(crate) const fn asking(waiter: u32) -> Caller {
    Caller { waiter: Waiter(waiter), cpu: CPU }
}

pub(crate) const CPU: CpuId = CpuId::BOOT;
pub(crate) const IN: QueueId = QueueId { cpu: CPU, direction: Direction::In };
pub(crate) const OUT: QueueId = QueueId { cpu: CPU, direction: Direction::Out };
pub(crate) const DEVICE: u16 = 0;
pub(crate) const SPACES: usize = 64;
pub(crate) const CPUS: u32 = 2;

/// How the daemon answers for one slot.
pub(crate) type Policy = fn(Operation, u32) -> Status;

pub(crate) fn always_ok(_: Operation, _: u32) -> Status {
    Status::Ok
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) pager: Pager,
    pub(crate) ports: Fake,
    /// What the daemon keeps: contents by device and slot.
    pub(crate) stored: BTreeMap<(u32, u32), u64>,
    /// What each worker has in hand.
    pub(crate) held: BTreeMap<(u32, bool), Record>,
    pub(crate) policy: Policy,
}

/// What an access came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Done(u64),
    Waits,
    Lost,
    OutOfMemory,
}

pub(crate) const BOUNDS: Bounds =
    Bounds { reserve_min: 2, reserve_max: u32::MAX, high_max: u32::MAX };

pub(crate) const MARKS: Watermarks = Watermarks { reserve: 2, low: 4, high: 8, batch: 4 };

pub(crate) const CONFIG: Config = Config {
    cpus: CPUS,
    spaces: SPACES as u32,
    waiters: 80,
    watermarks: MARKS,
    bounds: BOUNDS,
    table_bytes_max: usize::MAX,
};

impl World {
    /// A world of `frames` frames, queues open, one area of `slots` slots.
    pub(crate) fn new(frames: usize, slots: u32) -> Self {
        let mut world = Self::without_area(frames);
        world.swapon(DEVICE, slots, 0);
        world
    }

    pub(crate) fn without_area(frames: usize) -> Self {
        let mut world = Self {
            pager: Pager::new(CONFIG).unwrap(),
            ports: Fake::new(frames, SPACES),
            stored: BTreeMap::new(),
            held: BTreeMap::new(),
            policy: always_ok,
        };
        world.open(IN);
        world.open(OUT);
        world
    }

    pub(crate) fn swapon(&mut self, device: u16, pages: u32, priority: i64) {
        let cookie = Cookie { device, generation: 1, pages };
        self.pager.swapon(cookie, priority).unwrap();
    }

    pub(crate) fn open(&mut self, queue: QueueId) {
        assert!(self.pager.queue_open(queue));
        self.held.insert(key(queue), Record::none());
        assert_eq!(self.work(queue), None);
    }

    pub(crate) fn space(&mut self, space: u32, kind: SpaceKind) -> SpaceId {
        self.ports.spaces[space as usize] = Some(Space { kind, table: BTreeMap::new() });
        SpaceId(space)
    }

    /// A space with pages 0 to `contents.len()` of these contents, none of them used lately.
    pub(crate) fn space_with(&mut self, space: u32, contents: &[u64]) -> SpaceId {
        let space = self.space(space, SpaceKind::Ordinary);
        for (page, content) in (0_u64..).zip(contents) {
            let frame = self.ports.allocate().unwrap();
            self.ports.frame_mut(frame).content = *content;
            let pte = Pte::Present { frame, writable: true, accessed: false, no_gain: false };
            self.ports.space_mut(space).table.insert(page, pte);
        }
        space
    }

    /// Takes frames away until `left` are free; gives them back by `Frames::release`.
    pub(crate) fn hog(&mut self, left: u32) -> Vec<Frame> {
        let mut hogged = Vec::new();
        while self.ports.free_count() > left {
            hogged.push(self.ports.allocate().unwrap());
        }
        hogged
    }

    pub(crate) fn request(space: SpaceId, page: u64) -> FaultRequest {
        FaultRequest { space, page: Page(page), waiter: Waiter(space.0), cpu: CPU }
    }

    pub(crate) fn fault(&mut self, space: SpaceId, page: u64) -> Fault {
        self.pager.fault(Self::request(space, page), &mut self.ports)
    }

    /// Unmaps a batch by pressure.
    pub(crate) fn unmap_batch(&mut self) -> Unmapped {
        self.pager.feel_pressure(&self.ports);
        for _ in 0..100 {
            match self.pager.reclaim_begin(CPU, &mut self.ports) {
                Reclaim::Unmapped(unmapped) => return unmapped,
                Reclaim::Again => {}
                Reclaim::Nothing => panic!("nothing to reclaim: {:?}", self.pager),
            }
        }
        panic!("no victim in 100 steps");
    }

    /// Unmaps a batch and posts it.
    pub(crate) fn post_batch(&mut self) {
        let unmapped = self.unmap_batch();
        let _ = self.pager.reclaim_finish(unmapped, &mut self.ports);
    }

    /// Swaps pages out, batch by batch, as long as there is pressure.
    pub(crate) fn reclaim_all(&mut self) {
        for _ in 0..1000 {
            match self.pager.reclaim_begin(CPU, &mut self.ports) {
                Reclaim::Unmapped(unmapped) => {
                    let _ = self.pager.reclaim_finish(unmapped, &mut self.ports);
                }
                Reclaim::Again => {}
                Reclaim::Nothing => {
                    let idle = self.serve(OUT) == 0;
                    if idle && !self.pager.wants_reclaim(CPU) {
                        return;
                    }
                }
            }
        }
        panic!("reclaim does not end");
    }

    /// Swaps one batch out, if there is pressure and a victim.
    fn reclaim_one(&mut self) {
        if let Reclaim::Unmapped(unmapped) = self.pager.reclaim_begin(CPU, &mut self.ports) {
            let _ = self.pager.reclaim_finish(unmapped, &mut self.ports);
        }
        self.serve(OUT);
    }

    /// The worker completes what it holds and takes the next record, which is returned.
    pub(crate) fn work(&mut self, queue: QueueId) -> Option<Record> {
        let held = self.held[&key(queue)].clone();
        match self.pager.queue_next(queue, &held, &mut self.ports) {
            Next::Record(record) => {
                self.held.insert(key(queue), record.clone());
                Some(record)
            }
            Next::Idle { run } => {
                self.held.insert(key(queue), Record::none());
                self.ports.woken.extend(run);
                None
            }
            Next::Closed => None,
            Next::Invalid => panic!("the fake daemon's reply was refused"),
        }
    }

    /// The worker does what the record in its hands asks, by the policy.
    pub(crate) fn answer(&mut self, queue: QueueId) {
        let mut record = self.held[&key(queue)].clone();
        let (operation, device) = (record.operation, record.device);
        for (index, entry) in record.entries_mut().iter_mut().enumerate() {
            entry.status = (self.policy)(operation, entry.slot);
            if entry.status == Status::Ok {
                entry.status = self.perform(queue, index, operation, (device, entry.slot));
            }
        }
        self.held.insert(key(queue), record);
    }

    fn perform(
        &mut self,
        queue: QueueId,
        index: usize,
        operation: Operation,
        slot: (u32, u32),
    ) -> Status {
        match operation {
            Operation::None => {}
            Operation::Store => {
                let Some(content) = *self.ports.pane(queue, index) else { panic!("nothing given") };
                self.stored.insert(slot, content);
            }
            Operation::Load | Operation::Take => {
                let Some(content) = self.stored.get(&slot).copied() else { return Status::Gone };
                *self.ports.pane(queue, index) = Some(content);
                if operation == Operation::Take {
                    self.stored.remove(&slot);
                }
            }
            Operation::Free => {
                if self.stored.remove(&slot).is_none() {
                    return Status::Gone;
                }
            }
        }
        Status::Ok
    }

    /// The worker of `queue` works until it is idle; returns how many records it did.
    pub(crate) fn serve(&mut self, queue: QueueId) -> usize {
        let mut count = 0;
        loop {
            let had = self.held[&key(queue)].operation != Operation::None;
            self.answer(queue);
            if self.work(queue).is_none() {
                return count + usize::from(had);
            }
            count += usize::from(had);
            assert!(count < 10_000, "records without end");
        }
    }

    /// Reads or writes a page as its space's one thread; waits at most once for each cause.
    pub(crate) fn access(&mut self, space: SpaceId, page: u64, write: Option<u64>) -> Access {
        for _ in 0..100 {
            match self.try_access(Self::request(space, page), write) {
                Access::Waits => {
                    let _ = self.pager.commit(Waiter(space.0));
                    if self.serve(IN) == 0 {
                        self.reclaim_one();
                    }
                }
                done => return done,
            }
        }
        panic!("{space:?} page {page} never comes");
    }

    /// One attempt, as the processor and the kernel's fault handler make it.
    pub(crate) fn try_access(&mut self, request: FaultRequest, write: Option<u64>) -> Access {
        let (space, page) = (request.space, request.page);
        match self.ports.pte(space, page) {
            Some(Pte::Swapped(_)) => match self.pager.fault(request, &mut self.ports) {
                Fault::Mapped => self.try_access(request, write),
                Fault::Wait { .. } => Access::Waits,
                Fault::Lost => Access::Lost,
                Fault::OutOfMemory => Access::OutOfMemory,
            },
            Some(Pte::Present { frame, writable, .. }) => {
                let Some(content) = write else { return Access::Done(self.ports.content(frame)) };
                if !writable && self.ports.frames[frame.0 as usize].users > 1 {
                    return self.copy_page(request, frame, content);
                }
                let pte = Pte::Present { frame, writable: true, accessed: true, no_gain: false };
                self.ports.space_mut(space).table.insert(page.0, pte);
                self.ports.frame_mut(frame).content = content;
                Access::Done(content)
            }
            None => self.fresh_page(request, write),
        }
    }

    fn copy_page(&mut self, request: FaultRequest, old: Frame, content: u64) -> Access {
        let frame = match self.new_frame(request.waiter) {
            Ok(frame) => frame,
            Err(access) => return access,
        };
        self.ports.release(old);
        let pte = Pte::Present { frame, writable: true, accessed: true, no_gain: false };
        self.ports.space_mut(request.space).table.insert(request.page.0, pte);
        self.ports.frame_mut(frame).content = content;
        self.pager.frames_freed(&mut self.ports);
        Access::Done(content)
    }

    fn fresh_page(&mut self, request: FaultRequest, write: Option<u64>) -> Access {
        let Some(content) = write else { return Access::Done(0) };
        let frame = match self.new_frame(request.waiter) {
            Ok(frame) => frame,
            Err(access) => return access,
        };
        self.ports.frame_mut(frame).content = content;
        let pte = Pte::Present { frame, writable: true, accessed: true, no_gain: false };
        self.ports.space_mut(request.space).table.insert(request.page.0, pte);
        Access::Done(content)
    }

    fn new_frame(&mut self, waiter: Waiter) -> Result<Frame, Access> {
        match self.pager.frame_needed(FrameFor::Thread(waiter), &mut self.ports) {
            FrameAnswer::Frame(frame) => Ok(frame),
            FrameAnswer::Wait => Err(Access::Waits),
            FrameAnswer::OutOfMemory => Err(Access::OutOfMemory),
        }
    }

    /// Lets time pass, with the ticks of a machine that runs.
    pub(crate) fn pass(&mut self, mut left_ns: u64) {
        while left_ns > 0 {
            let step_ns = left_ns.min(TICK_MOST_NS);
            self.ports.now_ns += step_ns;
            left_ns -= step_ns;
            self.pager.tick(&mut self.ports);
        }
    }

    /// Parks a thread that was told to wait.
    pub(crate) fn park(&mut self, waiter: Waiter) {
        assert_eq!(self.pager.commit(waiter), Commit::Park);
    }

    /// Unmaps one page, as munmap does.
    pub(crate) fn unmap_page(&mut self, space: SpaceId, page: u64) {
        match self.ports.space_mut(space).table.remove(&page) {
            Some(Pte::Present { frame, .. }) => {
                self.ports.release(frame);
                self.pager.frames_freed(&mut self.ports);
            }
            Some(Pte::Swapped(entry)) => {
                self.pager.entries().drop_user(space, entry);
            }
            None => {}
        }
    }

    /// Ends a space, as exit does.
    pub(crate) fn exit(&mut self, space: SpaceId) {
        let pages: Vec<u64> = self.ports.space_mut(space).table.keys().copied().collect();
        pages.into_iter().for_each(|page| self.unmap_page(space, page));
        self.pager.waiter_gone(Waiter(space.0), &mut self.ports);
        self.ports.spaces[space.0 as usize] = None;
        self.pager.entries().space_gone(space);
        self.pager.frames_freed(&mut self.ports);
    }

    /// Copies a space whose `fork_begin` was Ready.
    pub(crate) fn copy_space(&mut self, parent: SpaceId, child: u32) -> SpaceId {
        let mut copy = self.ports.space_mut(parent).clone();
        let child = SpaceId(child);
        for pte in copy.table.values_mut() {
            match pte {
                Pte::Present { frame, writable, .. } => {
                    *writable = false;
                    self.ports.share(*frame);
                }
                Pte::Swapped(entry) => {
                    assert_eq!(self.pager.entries().add_user(child, *entry), Duplicate::Counted);
                }
            }
        }
        self.ports.space_mut(parent).table.clone_from(&copy.table);
        self.ports.spaces[child.0 as usize] = Some(copy);
        child
    }

    pub(crate) fn used_slots(&self) -> u32 {
        self.pager.areas().map(|area| area.used_pages).sum()
    }

    /// Sends all notices and checks that nothing is kept that nobody has.
    pub(crate) fn assert_nothing_leaks(&mut self) {
        for _ in 0..10 {
            self.pager.tick(&mut self.ports);
            for (cpu, is_input) in self.held.keys().copied().collect::<Vec<_>>() {
                let direction = if is_input { Direction::In } else { Direction::Out };
                self.serve(QueueId { cpu: cpu_id(cpu), direction });
            }
        }
        assert_eq!(self.pager.broken_invariant(), None);
        let entries: u32 = (0..SPACES as u32).map(|it| self.pager.swapped_pages(SpaceId(it))).sum();
        assert!(self.used_slots() <= entries, "{} slots, {entries} entries", self.used_slots());
        assert_eq!(self.stored.len() as u32, self.used_slots());
        let mut users = alloc::vec![0; self.ports.frames.len()];
        let tables = self.ports.spaces.iter().flatten().flat_map(|space| space.table.values());
        for pte in tables {
            if let Pte::Present { frame, .. } = pte {
                users[frame.0 as usize] += 1;
            }
        }
        let kept: Vec<u32> = self.ports.frames.iter().map(|frame| frame.users).collect();
        assert_eq!(kept, users, "frames in use, against page tables");
    }
}
