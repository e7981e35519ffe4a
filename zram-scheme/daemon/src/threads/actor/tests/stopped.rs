//! The actor holds nothing while it waits: wherever it stops, pages are swapped out and in.
//!
//! Device 1 is mounted and CPU 1 serves its queue, also while that CPU's stream comes and goes. The
//! actor changes devices 0 and 2 and the CPU, and is stopped in two ways: between any two
//! operations that it performs, and wherever it allocates or frees memory, which is all that it
//! waits for.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use hotplug::{CpuId, InstanceId, Stage};
use zram::PageBytes;
use zram_abi::record::{ENTRIES_MAX, Operation, Record, Status};
use zram_abi::verb::{Cookie, SWAP_ATTACH};

use super::super::Hands;
use crate::fake::allocator::with_stops;
use crate::fake::{FakeDaemon, FakePorts, Machine, page};
use crate::threads::Actor;
use crate::threads::queue;
use zram_lifecycle::{
    Ask, Effect, Limit, Outcome, Pages, Refusal, Request, Settings, State, World, drive,
};

/// Longest that a page may take on a machine under load; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Far more pages than the actor has reasons to stop; a request that finds more and more does not end.
const PAGES_MAX: u32 = 5000;

/// The thread of CPU 1's queue.
struct Pager {
    daemon: &'static FakeDaemon,
    cookie: Cookie,
    worker: zram::Worker,
    window: Box<[PageBytes; ENTRIES_MAX]>,
    pages: u32,
}

impl Pager {
    fn new(machine: &mut Machine) -> Self {
        let handle = machine.open("1");
        let word = machine.verb(handle, [SWAP_ATTACH, 0, 0]).unwrap();
        Self {
            daemon: machine.daemon,
            cookie: Cookie::unpack(word as u64).unwrap(),
            worker: zram::Worker::new(1).unwrap(),
            window: Box::new([[0; 4096]; ENTRIES_MAX]),
            pages: 0,
        }
    }

    /// Stores a page, loads it and takes it out.
    fn swap_a_page(&mut self) {
        self.pages += 1;
        let content = page(u64::from(self.pages));
        for operation in [Operation::Store, Operation::Load, Operation::Take] {
            self.window[0] = if operation == Operation::Store { content } else { [0; 4096] };
            let Cookie { device, generation, .. } = self.cookie;
            let mut record = Record::new(operation, device.into(), generation.into(), 0);
            assert!(record.push(self.pages % 256));
            queue::serve(self.daemon, &mut self.worker, &mut record, &mut self.window);
            assert_eq!(record.entries()[0].status, Status::Ok);
            assert!(self.window[0] == content);
        }
    }
}

/// A daemon with a device 0 of 1 MiB and a mounted device 1, the actor's parts, and who pages.
fn mounted() -> (Pager, State, Hands<'static, FakePorts>) {
    let mut machine = Machine::with_device("1M");
    machine.echo("control/hot_add", "disksize=1M").unwrap();
    let pager = Pager::new(&mut machine);
    let Actor { state, hands } = machine.actor.take().unwrap();
    (pager, state.unwrap(), hands)
}

/// Requests with every question of the core in them, and whether they wait for memory.
fn requests(daemon: &FakeDaemon) -> [(Request, bool); 13] {
    let [name, mounted] =
        [0, 1].map(|id| daemon.devices.view(InstanceId::new(id).unwrap()).unwrap().name);
    let cpu = CpuId::new(1).unwrap();
    let pages = |bytes| Pages::holding(bytes).unwrap();
    let add = Request::Add { id: None, settings: Settings::DEFAULT, pages: Some(pages(1 << 20)) };
    [
        (Request::Cpu(cpu, Stage::Dying), false),
        (Request::Cpu(cpu, Stage::Dead), true),
        (Request::Reset(name), true),
        (Request::SetDisksize(name, pages(8192)), true),
        (Request::Cpu(cpu, Stage::Prepare), true),
        (Request::Resize(name, pages(1 << 30)), true),
        (Request::Resize(name, pages(4096)), true),
        (Request::Resize(mounted, pages(1 << 30)), true),
        (Request::Compact(name), false),
        (Request::SetLimit(name, Limit::Hard(1 << 20)), false),
        (add, true),
        (Request::Remove(name.id), true),
        (Request::Exit, false),
    ]
}

/// Exit is refused, because a device is mounted; the others are served.
fn expected(request: Request) -> Result<(), Refusal> {
    if request == Request::Exit { Err(Refusal::Open) } else { Ok(()) }
}

/// A world in which a page goes out and in wherever the actor could be stopped.
struct Stopped<'a, W> {
    world: &'a mut W,
    pager: &'a mut Pager,
}

impl<W: World> World for Stopped<'_, W> {
    fn ask(&mut self, ask: Ask) -> Outcome {
        self.pager.swap_a_page();
        let outcome = self.world.ask(ask);
        self.pager.swap_a_page();
        outcome
    }

    fn perform(&mut self, effect: Effect) {
        self.pager.swap_a_page();
        self.world.perform(effect);
        self.pager.swap_a_page();
    }
}

#[test]
fn pages_go_in_and_out_wherever_the_actor_is_stopped() {
    let (mut pager, mut state, mut hands) = mounted();
    for (request, _) in requests(pager.daemon) {
        let mut stopped = Stopped { world: &mut hands, pager: &mut pager };
        state = drive(state, request, &mut stopped);
        assert_eq!(hands.reply.take().unwrap().map(drop), expected(request), "{request:?}");
    }
    assert!(pager.pages > 40, "the actor was stopped {} times", pager.pages);
}

/// Where the actor's thread stands still until the pager's lets it go on.
struct Gate {
    at: Mutex<At>,
    changed: Condvar,
    stops: AtomicU32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// The actor runs.
    Running,
    /// It stands still until a page went out and in.
    Stopped,
    /// It has performed everything.
    Ended,
    /// It stood still for longer than anything takes.
    Stuck,
}

static GATE: Gate =
    Gate { at: Mutex::new(At::Running), changed: Condvar::new(), stops: AtomicU32::new(0) };

impl Gate {
    /// Returns whether it was where it should have been; only then is it changed.
    fn change(&self, from: At, to: At) -> bool {
        let mut at = self.at.lock().unwrap();
        let is_there = *at == from;
        if is_there {
            *at = to;
            self.changed.notify_all();
        }
        is_there
    }

    /// Waits until the actor is not there any more, but not for ever.
    fn wait_while(&self, there: At) -> At {
        let at = self.at.lock().unwrap();
        let waited = self.changed.wait_timeout_while(at, PATIENCE, |at| *at == there);
        *waited.unwrap().0
    }
}

/// Stops the actor's thread until a page went out and in.
fn stop() {
    // Relaxed: only this thread counts and reads.
    GATE.stops.fetch_add(1, Ordering::Relaxed);
    if GATE.change(At::Running, At::Stopped) && GATE.wait_while(At::Stopped) == At::Stopped {
        // The pager waits for what this thread holds. Go on, so that the test can fail.
        GATE.change(At::Stopped, At::Stuck);
    }
}

#[test]
fn pages_go_in_and_out_while_the_actor_waits_for_memory() {
    let (mut pager, mut state, mut hands) = mounted();
    let requests = requests(pager.daemon);
    let served = thread::scope(|scope| {
        let actor = scope.spawn(move || {
            let served = requests.map(|(request, _)| {
                let before = GATE.stops.load(Ordering::Relaxed);
                let from = state.clone();
                state = with_stops(stop, || drive(from, request, &mut hands));
                let stops = GATE.stops.load(Ordering::Relaxed) - before;
                (stops, hands.reply.take().unwrap().map(drop))
            });
            GATE.change(At::Running, At::Ended);
            served
        });
        while GATE.wait_while(At::Running) == At::Stopped {
            pager.swap_a_page();
            assert!(pager.pages < PAGES_MAX, "the actor waits for more and more");
            GATE.change(At::Stopped, At::Running);
        }
        actor.join().unwrap()
    });
    assert_eq!(GATE.wait_while(At::Running), At::Ended);
    for ((request, waits), (stops, reply)) in requests.into_iter().zip(served) {
        println!("{request:?}: stopped {stops} times");
        assert_eq!((stops > 0, reply), (waits, expected(request)), "{request:?}");
    }
}
