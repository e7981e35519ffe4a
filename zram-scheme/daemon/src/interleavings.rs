//! All interleavings of two or three threads in the daemon's own concurrent code, by loom. Run with
//! `RUSTFLAGS="--cfg loom" cargo test -p zramd --lib --release interleavings`.
//!
//! Bounds: two or three threads with one or two operations each. Explored are the open-count word, the
//! mailbox and the word of the reply to the events thread, with weak memory, and the locks around
//! them; contents are the engine's own, whose model is `drivers/zram/tests/loom.rs`.

use ::loom::cell::UnsafeCell;
use ::loom::sync::{Arc, Condvar, Mutex};
use ::loom::thread;
use hotplug::{CpuId, Stage};
use kit::lock::LoomLock;
use zram::{Compressor, Config, HeapPages, Worker};

use crate::daemon::Daemon;
use crate::devices::{Content, Devices};
use crate::fake::FakeSocket;
use crate::platform::{Platform, Ports};
use crate::scheme::{File, HandleId, PendingWrite};
use crate::sync::AtomicU32;
use crate::threads::{Mailbox, Message, PostError, ReplyTo};
use zram_lifecycle::open_word::{Fields, OpenWord, Release};
use zram_lifecycle::{Answer, DeviceId, DeviceName, Pages, Refusal, Request, Settings, View};

/// A platform whose sleepers loom puts to sleep; loom finds those that no thread wakes.
struct LoomPlatform {
    waits: Mutex<()>,
    wakes: Condvar,
}

impl LoomPlatform {
    fn new() -> Self {
        Self { waits: Mutex::new(()), wakes: Condvar::new() }
    }
}

impl Platform for LoomPlatform {
    type Mutex = LoomLock;
    type Pages = HeapPages;

    fn pages(&self) -> HeapPages {
        HeapPages
    }

    fn pages_committed(&self) -> usize {
        0
    }

    fn possible_cpus(&self) -> usize {
        1
    }

    fn now_ns(&self) -> u64 {
        0
    }

    fn wait(&self, word: &AtomicU32, expected: u32, _deadline_ns: Option<u64>) {
        // As a futex: the word is compared under the lock that a wake takes.
        let waits = self.waits.lock().unwrap();
        if word.load(core::sync::atomic::Ordering::Relaxed) == expected {
            drop(self.wakes.wait(waits).unwrap());
        }
    }

    fn wake(&self, _word: &AtomicU32) {
        drop(self.waits.lock().unwrap());
        self.wakes.notify_all();
    }
}

/// Forced switches in one run, unless `LOOM_MAX_PREEMPTIONS` says otherwise.
const PREEMPTIONS_MAX: usize = 3;

fn explore(run: impl Fn() + Send + Sync + 'static) {
    let mut model = ::loom::model::Builder::new();
    model.max_branches = 100_000;
    model.preemption_bound = model.preemption_bound.or(Some(PREEMPTIONS_MAX));
    model.check(run);
}

fn id() -> DeviceId {
    DeviceId::new(0).unwrap()
}

/// A word of a device that is there, and memory that loom watches for races: openers read it, the
/// actor writes it.
fn guarded() -> (Arc<(OpenWord, UnsafeCell<u32>)>, Fields) {
    let word = OpenWord::absent();
    word.release(Release::Emptied);
    let fields = word.fields();
    (Arc::new((word, UnsafeCell::new(0))), fields)
}

#[test]
fn what_an_opener_reads_the_actor_does_not_write() {
    explore(|| {
        let (shared, _) = guarded();
        let openers = [(); 2].map(|()| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (word, memory) = &*shared;
                if word.open(None).is_ok() {
                    memory.with(|_| ());
                    word.close();
                }
            })
        });
        let (word, memory) = &*shared;
        if word.claim().is_ok() {
            memory.with_mut(|_| ());
            word.release(Release::Emptied);
        }
        openers.into_iter().for_each(|opener| opener.join().unwrap());
        assert_eq!((word.fields().opens, word.fields().claimed), (0, false));
    });
}

#[test]
fn a_generation_reaches_its_own_content_or_nothing() {
    explore(|| {
        let (shared, before) = guarded();
        let opener = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.0.open(Some(before.generation)))
        };
        let word = &shared.0;
        let is_emptied = word.claim().is_ok();
        if is_emptied {
            word.release(Release::Emptied);
        }
        let is_opened = opener.join().unwrap().is_ok();
        assert!(is_opened != is_emptied);
        assert_eq!(word.fields().generation != before.generation, is_emptied);
    });
}

fn from_client(number: usize) -> Message<usize> {
    let (file, handle) = (File::Root, HandleId(0));
    let write = PendingWrite { client: number, file, handle, size: 1, asked: None };
    Message { request: Request::Remove(id()), reply_to: ReplyTo::Client(write) }
}

fn number(message: &Message<usize>) -> usize {
    match &message.reply_to {
        ReplyTo::Client(write) => write.client,
        ReplyTo::CpuEvents => unreachable!("only clients post here"),
    }
}

#[test]
fn a_taker_that_sleeps_is_woken_for_every_message() {
    explore(|| {
        let shared = Arc::new((LoomPlatform::new(), Mailbox::<LoomPlatform, usize>::new()));
        let posters = [1, 2].map(|it| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (platform, mailbox) = &*shared;
                assert!(mailbox.post(platform, from_client(it)).is_ok());
            })
        });
        let (platform, mailbox) = &*shared;
        // Loom reports a deadlock if a wake is lost.
        let taken = [(); 2].map(|()| number(&mailbox.take(platform)));
        assert!(taken == [1, 2] || taken == [2, 1]);
        posters.into_iter().for_each(|poster| poster.join().unwrap());
    });
}

#[test]
fn a_message_beside_the_end_is_given_back_or_left_over_never_lost() {
    explore(|| {
        let shared = Arc::new((LoomPlatform::new(), Mailbox::<LoomPlatform, usize>::new()));
        let poster = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.1.post(&shared.0, from_client(1)))
        };
        let left = shared.1.close();
        match poster.join().unwrap() {
            Ok(()) => assert_eq!(left.len(), 1),
            Err((error, message)) => {
                assert_eq!((error, number(&message)), (PostError::Closed, 1));
                assert!(left.is_empty());
            }
        }
    });
}

/// What the daemon runs on here, as one name.
enum LoomPorts {}

impl Ports for LoomPorts {
    type Platform = LoomPlatform;
    type Socket = FakeSocket;
}

#[test]
fn the_events_thread_gets_the_reply_to_its_event() {
    explore(|| {
        let daemon: Daemon<LoomPorts> = Daemon::new(LoomPlatform::new(), FakeSocket::default());
        let daemon = Arc::new(daemon);
        let events = {
            let daemon = Arc::clone(&daemon);
            thread::spawn(move || {
                let cpu = CpuId::new(0).unwrap();
                [Stage::Prepare, Stage::Online].map(|stage| daemon.change_cpu(cpu, stage))
            })
        };
        for reply in [Err(Refusal::NoMemory), Ok(Answer::Done)] {
            let Message { reply_to, .. } = daemon.mailbox.take(&daemon.platform);
            daemon.reply(reply_to, reply);
        }
        let errno = syscall::ENOMEM.unsigned_abs();
        assert_eq!(events.join().unwrap(), [Err(errno), Ok(())]);
    });
}

fn content() -> Content<LoomPlatform> {
    let config = Config {
        disksize_pages: 1,
        compressor: Compressor::DEFAULT,
        possible_cpus: 1,
        mem_limit_pages: 0,
    };
    Content::<LoomPlatform>::new(config, HeapPages).unwrap()
}

/// A table whose device 0 has a content.
fn furnished() -> Arc<Devices<LoomPlatform>> {
    let devices = Devices::new();
    let name = DeviceName { id: id(), serial: 0 };
    let pages = Pages::holding(4096).ok();
    devices.install(View { name, settings: Settings::DEFAULT, pages }, content());
    Arc::new(devices)
}

#[test]
fn a_content_that_is_taken_out_has_no_user() {
    explore(|| {
        let devices = furnished();
        let generation = devices.generation(id());
        let user = {
            let devices = Arc::clone(&devices);
            thread::spawn(move || {
                let Ok(content) = devices.use_generation(id(), generation) else { return };
                content.discard(&Worker::new(0).unwrap(), 0, 1);
            })
        };
        // The table asserts that nobody shares what it takes out.
        if devices.claim(id()).is_ok() {
            assert!(devices.empty(id(), None).is_some());
        }
        user.join().unwrap();
    });
}

#[test]
fn statistics_beside_a_shrink_see_one_size_or_the_other() {
    explore(|| {
        let devices = furnished();
        let view = devices.view(id()).unwrap();
        devices.grow(id(), Pages::holding(8192).unwrap()).unwrap();
        let reader = {
            let devices = Arc::clone(&devices);
            thread::spawn(move || {
                let look = |_, content: Option<&Content<LoomPlatform>>| {
                    content.map(|content| content.disksize_pages())
                };
                devices.inspect(view.name, look).unwrap()
            })
        };
        devices.claim(id()).unwrap();
        devices.shrink(id(), Pages::holding(4096).unwrap()).unwrap();
        let seen = reader.join().unwrap();
        assert!([Some(1), Some(2)].contains(&seen), "{seen:?}");
    });
}
