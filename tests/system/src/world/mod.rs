//! The world: programs, the daemon and the kernel, and the choice of the next step.
//!
//! Everything that can happen next is a [`Step`]; [`World::step`] draws one of the possible steps.
//! A step is as much as a kernel does under its lock, or what a thread of the daemon does between
//! two system calls. The seed decides everything, so a failure is repeated by its seed.
//!
//! | file | what |
//! | --- | --- |
//! | `program` | threads of programs: what they want and how far they are |
//! | `memory` | page faults, fork, unmap and exit, as a kernel does them |
//! | `service` | the daemon starts and dies, clients configure it, areas come and go |
//! | `control` | single steps, for tests that need one order of things |
//! | `checks` | everything agrees: bytes, frames, slots, statistics |

mod checks;
mod control;
mod memory;
mod program;
mod service;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use swap_pager::ports::{KillReason, QueueId, SpaceId, SpaceKind, UserPage};
use swap_pager::{Bounds, Config, Pager, Reclaim, TICK_MOST_NS, Unmapped, Watermarks};
use zram::PageBytes;

use crate::kernel::Kernel;
use crate::kernel::space::Space;
use crate::machine::{Machine, Shared, cpu_id, lock};
use crate::process::Process;
use host_core::order::Random;
use program::Thread;
pub(crate) use program::{Change, Job, Outcome, ThreadId};
pub(crate) use service::Area;

/// Address spaces at most, the daemon's included.
pub(crate) const SPACES_MAX: u32 = 12;

/// Threads of programs at most.
pub(crate) const THREADS_MAX: u32 = 24;

/// The space of the daemon.
pub(crate) const DAEMON: SpaceId = SpaceId(0);

/// Pages of the daemon that are no pool pages: its program, stacks and heap.
const DAEMON_PAGES: u64 = 6;

/// So much time without any event means that nobody will ever go on: several times the longest
/// time that the pager gives anyone.
const HANG_NS: u64 = 60_000_000_000;

/// How a world is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) seed: u64,
    pub(crate) cpus: u32,
    pub(crate) frames: u32,
    pub(crate) marks: Watermarks,
}

impl Setup {
    /// A machine with two CPUs.
    pub(crate) const fn new(seed: u64, frames: u32) -> Self {
        let marks = Watermarks { reserve: 12, low: 20, high: 28, batch: 8 };
        Self { seed, cpus: 2, frames, marks }
    }

    /// The same with so many CPUs.
    pub(crate) const fn cpus(self, cpus: u32) -> Self {
        Self { cpus, ..self }
    }
}

/// A batch between unmap and acknowledgement.
struct Unmapping {
    unmapped: Unmapped,
    pages: Vec<UserPage>,
    /// CPUs that have not acknowledged.
    missing: Vec<usize>,
}

/// Something that can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A thread of a program goes on.
    Program(usize),
    /// A thread of the daemon goes on.
    Daemon(usize),
    /// A CPU takes a batch of pages out of their tables.
    Reclaim(u32),
    /// A CPU acknowledges the shootdown that another one has begun.
    Acknowledge { of: u32, by: usize },
    /// All have acknowledged.
    Finish(u32),
    /// A part of a dying space goes.
    Bury(SpaceId),
    /// The timer.
    Tick,
}

/// Everything.
pub(crate) struct World {
    pub(crate) setup: Setup,
    pub(crate) machine: Shared,
    pub(crate) random: Random,
    pub(crate) threads: Vec<Thread>,
    /// What every page that was ever touched must hold.
    pub(crate) model: BTreeMap<(SpaceId, u64), Box<PageBytes>>,
    pub(crate) process: Option<Process>,
    /// Devices of the daemon, mounted or not.
    pub(crate) devices: Vec<u16>,
    pub(crate) areas: Vec<Area>,
    /// Spaces killed for memory.
    pub(crate) killed: Vec<(SpaceId, KillReason)>,
    /// Spaces killed because they touched a page that is lost.
    pub(crate) bereft: Vec<SpaceId>,
    /// Areas whose daemon was killed or given up.
    pub(crate) dead_areas: BTreeSet<u8>,
    unmapping: BTreeMap<u32, Unmapping>,
    dying: BTreeSet<SpaceId>,
    /// Handles of devices that are no longer mounted.
    forgotten: Vec<usize>,
    /// Nothing but the daemon goes on.
    is_frozen: bool,
    calls: u64,
    idle_ns: u64,
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the world was {:?}", self.setup);
        } else if let Some(process) = self.process.take() {
            lock(&self.machine).life += 1;
            process.end();
        }
    }
}

impl World {
    /// Returns a machine without programs and daemon.
    pub(crate) fn new(setup: Setup) -> Self {
        let mut random = Random::new(setup.seed);
        let config = Config {
            cpus: setup.cpus,
            spaces: SPACES_MAX,
            waiters: THREADS_MAX,
            watermarks: setup.marks,
            bounds: Bounds {
                reserve_min: setup.marks.reserve,
                reserve_max: u32::MAX,
                high_max: u32::MAX,
            },
            table_bytes_max: usize::MAX,
        };
        let pager = Pager::new(config).expect("the watermarks are in order");
        let own = Random::new(random.next());
        let mut kernel = Kernel::new(setup.frames, setup.cpus, setup.marks.reserve, own);
        kernel.spaces = vec![None; SPACES_MAX as usize];
        let machine = Machine::new(pager, kernel, Random::new(random.next()));
        Self {
            setup,
            machine: Arc::new(Mutex::new(machine)),
            random,
            threads: (0..THREADS_MAX).map(Thread::unused).collect(),
            model: BTreeMap::new(),
            process: None,
            devices: Vec::new(),
            areas: Vec::new(),
            killed: Vec::new(),
            bereft: Vec::new(),
            dead_areas: BTreeSet::new(),
            unmapping: BTreeMap::new(),
            dying: BTreeSet::new(),
            forgotten: Vec::new(),
            is_frozen: false,
            calls: 0,
            idle_ns: 0,
        }
    }

    /// Returns a machine with a daemon that serves one area of `pages` pages.
    pub(crate) fn with_swap(setup: Setup, pages: u32) -> Self {
        let mut world = Self::new(setup);
        world.start_daemon();
        let device = world.add_device(pages, "");
        world.swapon(device, 0);
        world
    }

    /// Adds a space with one thread; nothing if there is no room for it.
    pub(crate) fn add_space(&mut self, kind: SpaceKind) -> Option<ThreadId> {
        let mut machine = lock(&self.machine);
        let own = DAEMON.0 as usize + 1;
        let mut places = machine.kernel.spaces.iter_mut().enumerate().skip(own);
        let (number, place) = places.find(|(_, place)| place.is_none())?;
        *place = Some(Space::new(kind));
        drop(machine);
        Some(self.add_thread(SpaceId(number as u32)))
    }

    /// Adds an ordinary program.
    pub(crate) fn add_program(&mut self) -> ThreadId {
        self.add_space(SpaceKind::Ordinary).expect("there is room for a program")
    }

    /// Adds a thread to a space.
    pub(crate) fn add_thread(&mut self, space: SpaceId) -> ThreadId {
        let free = self.threads.iter().position(|thread| thread.space.is_none());
        let index = free.expect("there is room for a thread");
        self.threads[index].start(space);
        ThreadId(index)
    }

    /// Returns the space of a thread that lives.
    pub(crate) fn space_of(&self, thread: ThreadId) -> SpaceId {
        self.threads[thread.0].space.expect("the thread lives")
    }

    /// Lets anything that can happen next happen.
    pub(crate) fn step(&mut self) {
        let steps = self.possible();
        if steps.is_empty() {
            self.tick(20_000_000);
            self.idle_ns += 20_000_000;
            return;
        }
        self.idle_ns = 0;
        let step = if self.random.once_in(50) { Step::Tick } else { self.random.pick(&steps) };
        self.perform(step);
    }

    /// Lets `count` things happen.
    pub(crate) fn steps(&mut self, count: usize) {
        (0..count).for_each(|_| self.step());
    }

    /// Returns all that can happen next but for the timer.
    pub(crate) fn possible(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        if let Some(process) = &mut self.process {
            steps.extend(process.runnable().into_iter().map(Step::Daemon));
        }
        if self.is_frozen {
            return steps;
        }
        let ready = |thread: &Thread| thread.can_go_on() && !self.is_dying(thread);
        let threads = self.threads.iter().enumerate().filter(|(_, thread)| ready(thread));
        steps.extend(threads.map(|(index, _)| Step::Program(index)));
        steps.extend(self.dying.iter().copied().map(Step::Bury));
        let machine = lock(&self.machine);
        for cpu in 0..self.setup.cpus {
            match self.unmapping.get(&cpu) {
                Some(batch) if batch.missing.is_empty() => steps.push(Step::Finish(cpu)),
                Some(batch) => {
                    let missing = batch.missing.iter();
                    steps.extend(missing.map(|&by| Step::Acknowledge { of: cpu, by }));
                }
                None if machine.pager.wants_reclaim(cpu_id(cpu)) => steps.push(Step::Reclaim(cpu)),
                None => {}
            }
        }
        steps
    }

    fn is_dying(&self, thread: &Thread) -> bool {
        thread.space.is_some_and(|space| self.dying.contains(&space))
    }

    /// Lets this happen.
    pub(crate) fn perform(&mut self, step: Step) {
        lock(&self.machine).kernel.now_ns += 2_000;
        match step {
            Step::Program(index) => self.go_on(index),
            Step::Daemon(index) => {
                let process = self.process.as_mut().expect("its threads were runnable");
                process.resume(index);
            }
            Step::Reclaim(cpu) => self.reclaim(cpu),
            Step::Acknowledge { of, by } => self.acknowledge(of, by),
            Step::Finish(cpu) => self.finish(cpu),
            Step::Bury(space) => self.bury(space),
            Step::Tick => self.tick(1_000_000),
        }
        self.heed();
    }

    fn tick(&mut self, passed_ns: u64) {
        {
            let mut guard = lock(&self.machine);
            let machine = &mut *guard;
            machine.kernel.now_ns += passed_ns;
            machine.pager.tick(&mut machine.kernel);
        }
        self.heed();
    }

    /// Lets time pass; only the timer notices.
    pub(crate) fn pass(&mut self, time_ns: u64) {
        let mut left_ns = time_ns;
        while left_ns > 0 {
            let step_ns = left_ns.min(TICK_MOST_NS);
            self.tick(step_ns);
            left_ns -= step_ns;
        }
    }

    fn reclaim(&mut self, cpu: u32) {
        let mut guard = lock(&self.machine);
        let Machine { pager, kernel, .. } = &mut *guard;
        match pager.reclaim_begin(cpu_id(cpu), kernel) {
            Reclaim::Unmapped(unmapped) => {
                let pages = pager.unmapped_pages(&unmapped).collect();
                let missing = (0..self.setup.cpus as usize).collect();
                let batch = Unmapping { unmapped, pages, missing };
                assert!(self.unmapping.insert(cpu, batch).is_none(), "two batches on a cpu");
            }
            Reclaim::Again | Reclaim::Nothing => {}
        }
    }

    fn acknowledge(&mut self, of: u32, by: usize) {
        let batch = self.unmapping.get_mut(&of).expect("a shootdown is under way");
        batch.missing.retain(|cpu| *cpu != by);
        let mut machine = lock(&self.machine);
        let flush = |at: &UserPage| machine.kernel.flush_on(by, at.space, at.page);
        batch.pages.iter().for_each(flush);
    }

    fn finish(&mut self, cpu: u32) {
        let batch = self.unmapping.remove(&cpu).expect("all have acknowledged");
        let mut guard = lock(&self.machine);
        let Machine { pager, kernel, .. } = &mut *guard;
        let run = pager.reclaim_finish(batch.unmapped, kernel);
        kernel.told.stirred.extend(run);
    }

    /// Does what the pager told while its lock was held.
    pub(crate) fn heed(&mut self) {
        let told = {
            let mut machine = lock(&self.machine);
            let told = std::mem::take(&mut machine.kernel.told);
            told.revoked.iter().for_each(|queue| machine.ledger.dropped(*queue));
            told
        };
        if !told.revoked.is_empty() {
            self.areas_are_dead();
        }
        told.woken.into_iter().for_each(|waiter| self.threads[waiter.0 as usize].wake());
        told.stirred.into_iter().for_each(|queue| self.wake_worker(queue));
        for (space, reason) in told.killed {
            self.killed.push((space, reason));
            self.dying.insert(space);
        }
    }

    fn wake_worker(&mut self, queue: QueueId) {
        if let Some(process) = &mut self.process {
            process.wake_worker(queue);
        }
    }

    /// Lets things happen until `done`; panics if nothing can lead there.
    pub(crate) fn run_until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        const STEPS_MAX: u32 = 300_000;
        self.idle_ns = 0;
        for _ in 0..STEPS_MAX {
            if done(self) {
                return;
            }
            assert!(self.idle_ns < HANG_NS, "{what}: nobody can go on\n{}", self.describe());
            self.step();
        }
        panic!("{what}: not in {STEPS_MAX} steps\n{}", self.describe());
    }

    /// Returns what everybody is doing, for a failure's message.
    pub(crate) fn describe(&self) -> String {
        let machine = lock(&self.machine);
        let threads: Vec<_> = self.threads.iter().filter(|thread| thread.space.is_some()).collect();
        let areas: Vec<_> = machine.pager.areas().collect();
        let free = machine.kernel.frames.free_count();
        let pool = machine.pool.len();
        let dying = &self.dying;
        // What is before the queues and behind the statistics is long and tells little.
        let pager = format!("{:?}", machine.pager);
        let pager = pager.split("queues: ").last().unwrap_or_default();
        let pager = pager.split(", latencies").next().unwrap_or_default();
        let pager = pager.replace("Entry { state: Awake, next: None, grant: None }, ", "");
        let ledger = &machine.ledger;
        format!(
            "free {free}, pool {pool}, dying {dying:?}\n{areas:?}\n{threads:?}\n{ledger:?}\n{pager}"
        )
    }
}
