//! The daemon as a process: all its threads, as the program starts them in the machine.

mod platform;
mod queue;
mod socket;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use swap_pager::ports::QueueId;
use zramd::daemon::Daemon;
use zramd::scheme;
use zramd::threads::Actor;
use zramd::threads::events;

use crate::coroutine::{Coroutine, Rest};
use crate::machine::{Shared, lock, queues};
use platform::Ground;
use queue::Queue;
pub(crate) use socket::Call;
use socket::{End, Wire};

/// What the daemon runs on here, as one name.
enum Ports {}

impl zramd::platform::Ports for Ports {
    type Platform = Ground;
    type Socket = End;
}

type Zramd = Daemon<Ports>;

/// A thread of the daemon.
struct Thread {
    coroutine: Coroutine,
    /// The queue it serves; none for the scheme, the actor and the CPU events.
    queue: Option<QueueId>,
    is_awake: bool,
    has_ended: bool,
}

/// The daemon's process.
pub(crate) struct Process {
    threads: Vec<Thread>,
    pub(crate) wire: Arc<Mutex<Wire>>,
    stir: Arc<AtomicBool>,
    /// No thread runs any more, though all could.
    pub(crate) is_silent: bool,
}

fn thread(queue: Option<QueueId>, body: impl FnOnce() + Send + 'static) -> Thread {
    Thread { coroutine: Coroutine::new(body), queue, is_awake: true, has_ended: false }
}

impl Process {
    /// Starts a daemon with the queues of all CPUs open; nothing has run yet.
    pub(crate) fn start(machine: &Shared, cpus: u32) -> Self {
        let stir = Arc::new(AtomicBool::new(false));
        let wire = Arc::new(Mutex::new(Wire::default()));
        let ground = Ground {
            machine: Arc::clone(machine),
            life: lock(machine).life,
            cpus: cpus as usize,
            stir: Arc::clone(&stir),
        };
        let end = End { wire: Arc::clone(&wire), stir: Arc::clone(&stir) };
        let daemon = Arc::new(Zramd::new(ground.clone(), end));
        let mut threads = house_threads(&daemon, cpus);
        for id in queues(cpus) {
            let mut guard = lock(machine);
            let machine = &mut *guard;
            assert!(machine.pager.queue_open(id), "{id:?} is open already");
            let (daemon, ground) = (Arc::clone(&daemon), ground.clone());
            threads.push(thread(Some(id), move || {
                let mut queue = Queue::new(ground, id);
                let cpu = id.cpu.index();
                zramd::threads::queue::run(&daemon, cpu, &mut queue).expect("the host has memory");
            }));
        }
        Self { threads, wire, stir, is_silent: false }
    }

    /// Returns the threads that can go on.
    pub(crate) fn runnable(&mut self) -> Vec<usize> {
        if self.stir.swap(false, Ordering::SeqCst) {
            let waiting = self.threads.iter_mut().filter(|thread| thread.queue.is_none());
            waiting.for_each(|thread| thread.is_awake = true);
        }
        if self.is_silent {
            return Vec::new();
        }
        let ready = |index: &usize| {
            let thread = &self.threads[*index];
            thread.is_awake && !thread.has_ended
        };
        (0..self.threads.len()).filter(ready).collect()
    }

    /// Lets a thread run until it rests.
    pub(crate) fn resume(&mut self, index: usize) {
        let thread = &mut self.threads[index];
        let rest = thread.coroutine.resume();
        thread.is_awake = rest == Rest::Pause;
        thread.has_ended = rest == Rest::Ended;
    }

    /// Returns the thread of a queue.
    pub(crate) fn worker(&self, queue: QueueId) -> usize {
        let own = |thread: &Thread| thread.queue == Some(queue);
        self.threads.iter().position(own).expect("each queue has a thread")
    }

    /// Returns whether the queue's thread can go on.
    pub(crate) fn is_awake(&self, queue: QueueId) -> bool {
        self.threads[self.worker(queue)].is_awake
    }

    /// The thread of a queue has something to hear.
    pub(crate) fn wake_worker(&mut self, queue: QueueId) {
        let index = self.worker(queue);
        self.threads[index].is_awake = true;
    }

    /// Ends one thread where it is; its queue closes with it.
    pub(crate) fn end_worker(&mut self, index: usize) {
        let thread = &mut self.threads[index];
        thread.coroutine.kill();
        (thread.has_ended, thread.is_awake) = (true, false);
    }

    /// Something has come for a client's thread or the actor.
    pub(crate) fn stir(&self) {
        self.stir.store(true, Ordering::SeqCst);
    }

    /// Ends all threads where they are, after the kernel has done with the process.
    pub(crate) fn end(self) {
        self.threads.into_iter().for_each(|mut thread| thread.coroutine.kill());
    }
}

/// Returns the threads that serve no queue.
fn house_threads(daemon: &Arc<Zramd>, cpus: u32) -> Vec<Thread> {
    let own = Arc::clone(daemon);
    let scheme = move || scheme::serve::run(&own).expect("the host has memory");
    let own = Arc::clone(daemon);
    let actor = move || Actor::new(&own).expect("the host has memory").run();
    let own = Arc::clone(daemon);
    let events = move || events::run(&own, &mut events::FixedCpus::new(cpus));
    vec![thread(None, scheme), thread(None, actor), thread(None, events)]
}
