//! Random operations agree with a plain map of contents, whatever the daemon answers.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use zram_abi::record::{Operation, Status};

use super::world::{Access, CPUS, IN, OUT, Policy, World, always_ok, asking, cpu_id};
use crate::ports::{QueueId, SpaceId, SpaceKind, Waiter};
use crate::{Fork, Reclaim, SwapOff, Unmapped};

const PAGES: u64 = 12;
const THREADS: u32 = 4;

#[derive(Clone, Copy, Debug)]
enum Step {
    Write { thread: u32, page: u64, content: u64 },
    Read { thread: u32, page: u64 },
    Unmap { thread: u32, page: u64 },
    Fork { parent: u32, child: u32 },
    Exit { thread: u32 },
    Begin { cpu: u32 },
    Finish { cpu: u32 },
    WorkIn,
    WorkOut { cpu: u32 },
    Policy(usize),
    SwapOff,
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    let thread = || 0..THREADS;
    let page = || 0..PAGES;
    prop_oneof![
        12 => (thread(), page(), 0_u64..50)
            .prop_map(|(thread, page, content)| Step::Write { thread, page, content }),
        6 => (thread(), page()).prop_map(|(thread, page)| Step::Read { thread, page }),
        2 => (thread(), page()).prop_map(|(thread, page)| Step::Unmap { thread, page }),
        1 => (thread(), thread()).prop_map(|(parent, child)| Step::Fork { parent, child }),
        1 => thread().prop_map(|thread| Step::Exit { thread }),
        6 => (0..CPUS).prop_map(|cpu| Step::Begin { cpu }),
        6 => (0..CPUS).prop_map(|cpu| Step::Finish { cpu }),
        6 => Just(Step::WorkIn),
        6 => (0..CPUS).prop_map(|cpu| Step::WorkOut { cpu }),
        1 => (0..POLICIES.len()).prop_map(Step::Policy),
        1 => Just(Step::SwapOff),
        2 => Just(Step::Tick),
    ]
}

const POLICIES: [Policy; 5] = [
    always_ok,
    |operation, slot| match (operation, slot % 3) {
        (Operation::Store, 0) => Status::NoGain,
        (Operation::Store, 1) => Status::NoReserve,
        _ => Status::Ok,
    },
    |operation, slot| match (operation, slot % 4) {
        (Operation::Store, 0) => Status::Limit,
        _ => Status::Ok,
    },
    |operation, _| match operation {
        Operation::Store => Status::NoReserve,
        _ => Status::Ok,
    },
    |operation, slot| match (operation, slot % 5) {
        (Operation::Store, 1) => Status::Pending,
        _ => Status::Ok,
    },
];

struct Run {
    world: World,
    model: BTreeMap<(u32, u64), u64>,
    /// What each thread is trying to do: page, and what to write.
    pending: BTreeMap<u32, (u64, Option<u64>)>,
    unmapped: [Option<Unmapped>; CPUS as usize],
    draining: bool,
}

impl Run {
    fn new() -> Self {
        let mut world = World::new(26, 24);
        world.open(QueueId { cpu: cpu_id(1), ..OUT });
        let (model, pending) = (BTreeMap::new(), BTreeMap::new());
        let mut run = Self { world, model, pending, unmapped: [None, None], draining: false };
        (0..THREADS).for_each(|thread| run.start(thread));
        run
    }

    fn start(&mut self, thread: u32) {
        self.world.space(thread, SpaceKind::Ordinary);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Write { thread, page, content } => self.ask(thread, page, Some(content)),
            Step::Read { thread, page } => self.ask(thread, page, None),
            Step::Unmap { thread, page } => {
                self.world.unmap_page(SpaceId(thread), page);
                self.model.remove(&(thread, page));
            }
            Step::Fork { parent, child } if parent != child => self.fork(parent, child),
            Step::Fork { .. } => {}
            Step::Exit { thread } => self.end(thread),
            Step::Begin { cpu } => self.begin(cpu),
            Step::Finish { cpu } => self.finish(cpu),
            Step::WorkIn => self.work(IN),
            Step::WorkOut { cpu } => self.work(QueueId { cpu: cpu_id(cpu), ..OUT }),
            Step::Policy(index) => self.world.policy = POLICIES[index],
            Step::SwapOff => self.swapoff(),
            Step::Tick => {
                self.world.ports.now_ns += 30_000_000;
                self.world.pager.tick(&mut self.world.ports);
            }
        }
        self.bury();
        self.run_woken();
    }

    fn work(&mut self, queue: QueueId) {
        self.world.answer(queue);
        self.world.work(queue);
    }

    fn ask(&mut self, thread: u32, page: u64, write: Option<u64>) {
        if let Entry::Vacant(place) = self.pending.entry(thread) {
            place.insert((page, write));
            self.attempt(thread);
        }
    }

    fn attempt(&mut self, thread: u32) {
        let Some((page, write)) = self.pending.get(&thread).copied() else { return };
        let request = World::request(SpaceId(thread), page);
        match self.world.try_access(request, write) {
            Access::Done(content) => {
                self.pending.remove(&thread);
                match write {
                    Some(content) => {
                        self.model.insert((thread, page), content);
                    }
                    None => {
                        let expected = self.model.get(&(thread, page)).copied().unwrap_or(0);
                        assert_eq!(content, expected, "thread {thread}, page {page}");
                    }
                }
            }
            Access::Waits => match self.world.pager.commit(Waiter(thread)) {
                crate::Commit::Park => {}
                crate::Commit::Retry => self.attempt(thread),
            },
            Access::Lost => panic!("thread {thread} lost page {page}"),
            Access::OutOfMemory => self.end(thread),
        }
    }

    fn run_woken(&mut self) {
        for _ in 0..1000 {
            let woken: Vec<Waiter> = self.world.ports.woken.drain(..).collect();
            if woken.is_empty() {
                return;
            }
            woken.into_iter().for_each(|waiter| self.attempt(waiter.0));
            self.bury();
        }
        panic!("threads are woken without end");
    }

    fn fork(&mut self, parent: u32, child: u32) {
        if self.pending.contains_key(&parent) {
            return;
        }
        self.end(child);
        let pager = &mut self.world.pager;
        match pager.fork_begin(SpaceId(parent), Waiter(parent), &mut self.world.ports) {
            Fork::Ready => {
                self.world.copy_space(SpaceId(parent), child);
                let pages: Vec<_> = self.model.range((parent, 0)..(parent + 1, 0)).collect();
                let copies: Vec<_> = pages
                    .into_iter()
                    .map(|((_, page), content)| ((child, *page), *content))
                    .collect();
                self.model.extend(copies);
            }
            Fork::Wait => {
                // It asks again another time.
                self.world.pager.waiter_gone(Waiter(parent), &mut self.world.ports);
            }
        }
    }

    /// The thread's space ends and begins anew, empty.
    fn end(&mut self, thread: u32) {
        self.world.exit(SpaceId(thread));
        self.pending.remove(&thread);
        self.model.retain(|(owner, _), _| *owner != thread);
        self.start(thread);
    }

    /// Ends what the pager condemned.
    fn bury(&mut self) {
        while let Some((space, _)) = self.world.ports.killed.pop() {
            self.end(space.0);
        }
    }

    fn begin(&mut self, cpu: u32) {
        let place = &mut self.unmapped[cpu as usize];
        if place.is_none()
            && let Reclaim::Unmapped(unmapped) =
                self.world.pager.reclaim_begin(cpu_id(cpu), &mut self.world.ports)
        {
            *place = Some(unmapped);
        }
    }

    fn finish(&mut self, cpu: u32) {
        if let Some(unmapped) = self.unmapped[cpu as usize].take() {
            let _ = self.world.pager.reclaim_finish(unmapped, &mut self.world.ports);
        }
    }

    fn swapoff(&mut self) {
        let caller = asking(9);
        match self.world.pager.swapoff(super::world::DEVICE, caller, &mut self.world.ports) {
            SwapOff::Done => {
                assert_eq!(self.world.stored.len(), 0, "the device is empty after swapoff");
                self.world.swapon(super::world::DEVICE, 24, 0);
                self.draining = false;
            }
            SwapOff::Wait { .. } => {
                let _ = self.world.pager.commit(Waiter(9));
                self.draining = true;
            }
            SwapOff::Failed(_) => self.draining = false,
        }
    }

    /// Lets everything in flight end, and compares all contents.
    fn settle(&mut self) {
        self.world.policy = always_ok;
        self.world.pager.swapoff_cancel(Waiter(9));
        for _ in 0..200 {
            for cpu in 0..CPUS {
                self.step(Step::Begin { cpu });
                self.step(Step::Finish { cpu });
                self.step(Step::WorkOut { cpu });
            }
            self.step(Step::WorkIn);
            self.step(Step::Tick);
        }
        assert!(self.pending.is_empty(), "still waiting: {:?}", self.pending);
        let model: Vec<_> = self.model.iter().map(|(key, content)| (*key, *content)).collect();
        for ((thread, page), content) in model {
            if self.model.contains_key(&(thread, page)) {
                let read = self.world.access(SpaceId(thread), page, None);
                assert_eq!(read, Access::Done(content), "thread {thread}, page {page}");
            }
        }
        self.world.assert_nothing_leaks();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_page_holds_what_was_written(
        steps in prop::collection::vec(step(), 1..400),
    ) {
        let mut run = Run::new();
        steps.into_iter().for_each(|step| run.step(step));
        run.settle();
    }
}
