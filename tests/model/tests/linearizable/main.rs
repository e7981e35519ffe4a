//! The real actor under concurrent clients answers as if one request came after the other (I-5).
//!
//! Random histories of up to three threads with five operations each, `HISTORIES` of them (2000), from
//! `SEED` on. One that cannot be explained is printed with its seed.

mod host;

use std::env;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};

use hotplug::{CpuId, Stage};
use kit::Random;
use model::history::{Call, Change, Entry, Seen, Span, linearize};
use syscall::flag::{O_RDWR, O_WRONLY};
use zram_lifecycle::{DeviceId, Pages, Request, Settings};
use zramd::threads::Actor;

use host::{Answers, Client, Host, HostDaemon};

/// Numbers of devices that threads name; additions without a number go beyond.
const DEVICES: u64 = 2;
const OPERATIONS: u64 = 5;

/// A thread of a history.
struct Thread<'a> {
    index: usize,
    client: Client<'a>,
    clock: &'a AtomicU64,
    random: Random,
    controls: [usize; 3],
    attribute: Option<usize>,
    device: Option<usize>,
    entries: Vec<Entry>,
}

impl<'a> Thread<'a> {
    fn new(index: usize, seed: u64, daemon: &'a HostDaemon, clock: &'a AtomicU64) -> Self {
        let mut client = Client::new(daemon);
        let controls = ["control/hot_add", "control/hot_remove", "control/exit"]
            .map(|path| client.open(path, if path.ends_with("add") { O_RDWR } else { O_WRONLY }));
        let controls = controls.map(|handle| handle.expect("the daemon has just begun"));
        let random =
            Random::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (index as u64 + 1) << 32);
        let (attribute, device) = (None, None);
        let entries = Vec::new();
        Self { index, client, clock, random, controls, attribute, device, entries }
    }

    fn below(&mut self, end: u64) -> u64 {
        self.random.below(end)
    }

    fn a_device(&mut self) -> DeviceId {
        DeviceId::new(self.below(DEVICES) as u32).expect("a small number")
    }

    fn some_pages(&mut self) -> Pages {
        Pages::holding(4096 * (1 + self.below(3))).expect("a small size")
    }

    /// Performs `call` through `act` and takes down what came of it.
    fn record(&mut self, call: Call, act: impl FnOnce(&mut Self) -> Seen) -> Seen {
        let began = self.clock.fetch_add(1, Ordering::SeqCst);
        if self.below(2) == 0 {
            // Else a loaded machine runs one thread after the other.
            std::thread::yield_now();
        }
        let seen = act(self);
        let ended = self.clock.fetch_add(1, Ordering::SeqCst);
        self.entries.push(Entry { thread: self.index, call, seen, span: Span { began, ended } });
        seen
    }

    fn run(mut self) -> Vec<Entry> {
        let operations = 1 + self.below(OPERATIONS);
        for _ in 0..operations {
            match self.below(16) {
                0..=2 => self.add(),
                3 | 4 => {
                    let id = self.a_device();
                    self.control(1, Request::Remove(id), &id.index().to_string());
                }
                5 => self.control(2, Request::Exit, "1"),
                6 | 7 => self.open_or_close(),
                _ => self.change_attribute(),
            }
        }
        self.close();
        self.entries
    }

    fn add(&mut self) {
        let id = (self.below(2) == 0).then(|| self.a_device());
        let pages = (self.below(2) == 0).then(|| self.some_pages());
        let mut line = id.map_or_else(String::new, |id| format!("id={} ", id.index()));
        line += &pages.map_or_else(String::new, |pages| format!("disksize={}", pages.bytes()));
        let request = Request::Add { id, settings: Settings::DEFAULT, pages };
        let line = format!("{line}\n");
        self.record(Call::Control(request), |it| match it.client.write(it.controls[0], &line) {
            Ok(_) => it.added(),
            Err(errno) => Seen::Errno(errno),
        });
    }

    /// Returns the number that this thread's own handle was told.
    fn added(&mut self) -> Seen {
        match self.client.read(self.controls[0]) {
            Ok(text) => {
                let number = text.trim().parse().ok().and_then(DeviceId::new);
                Seen::Added(number.expect("an addition tells its number"))
            }
            // Exit closed the handle meanwhile: the number is not known.
            Err(_) => Seen::Done,
        }
    }

    fn control(&mut self, control: usize, request: Request, text: &str) {
        self.record(Call::Control(request), |it| done(it.client.write(it.controls[control], text)));
    }

    fn open_or_close(&mut self) {
        if self.device.is_some() {
            return self.close();
        }
        let id = self.a_device();
        self.record(Call::OpenDevice(id), |it| {
            let opened = it.client.open(&id.index().to_string(), O_RDWR);
            it.device = opened.ok();
            done(opened)
        });
    }

    fn close(&mut self) {
        let Some(handle) = self.device.take() else { return };
        self.record(Call::CloseDevice, |it| {
            it.client.close(handle);
            Seen::Done
        });
    }

    fn change_attribute(&mut self) {
        let id = self.a_device();
        let (file, change, text) = self.some_change();
        let path = format!("{}/{file}", id.index());
        let flags = if change.is_none() { syscall::flag::O_RDONLY } else { O_WRONLY };
        let opened = self.record(Call::OpenAttribute(id), |it| {
            let opened = it.client.open(&path, flags);
            it.attribute = opened.ok();
            done(opened)
        });
        let (Seen::Done, Some(handle)) = (opened, self.attribute) else { return };
        match change {
            Some(change) => {
                self.record(Call::Change(change), |it| done(it.client.write(handle, &text)))
            }
            None => self.record(Call::ReadSize, |it| match it.client.read(handle) {
                Ok(text) => Seen::Size(text.trim().parse().expect("a size is a number")),
                Err(errno) => Seen::Errno(errno),
            }),
        };
        self.client.close(handle);
    }

    fn some_change(&mut self) -> (&'static str, Option<Change>, String) {
        let pages = self.some_pages();
        let size = pages.bytes().to_string();
        match self.below(11) {
            0..=2 => ("disksize", Some(Change::Disksize(pages)), size),
            3 | 4 => ("resize", Some(Change::Resize(pages)), size),
            5 => ("reset", Some(Change::Reset), "1".to_owned()),
            6 => ("comp_algorithm", Some(Change::Algorithm), "lz4".to_owned()),
            7 => ("mem_limit", Some(Change::Limit), "0".to_owned()),
            8 => ("compact", Some(Change::Compact), "1".to_owned()),
            9 => ("algorithm_params", Some(Change::Parameters), "level=1".to_owned()),
            _ => ("disksize", None, String::new()),
        }
    }
}

fn done<T>(result: Result<T, i32>) -> Seen {
    result.map_or_else(Seen::Errno, |_| Seen::Done)
}

/// Lets two or three threads run at once on a daemon of their own.
fn history(seed: u64) -> Vec<Entry> {
    let daemon = HostDaemon::new(Host::default(), Answers);
    let mut actor = Actor::new(&daemon).expect("memory");
    let cpu = CpuId::new(0).expect("there is a CPU");
    actor.request(Request::Cpu(cpu, Stage::Online)).expect("it is offline");
    let clock = AtomicU64::new(0);
    let threads = 2 + seed as usize % 2;
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let actor = scope.spawn(|| actor.run());
        let new = |index| Thread::new(index, seed, &daemon, &clock);
        let running = (0..threads).map(new).collect::<Vec<_>>().into_iter().map(|thread| {
            scope.spawn(|| {
                barrier.wait();
                thread.run()
            })
        });
        let running: Vec<_> = running.collect();
        let joined = running.into_iter().flat_map(|thread| thread.join().expect("no panic"));
        let entries: Vec<Entry> = joined.collect();
        end(&daemon, &entries);
        actor.join().expect("no panic");
        entries
    })
}

/// Ends the actor if no thread did.
fn end(daemon: &HostDaemon, entries: &[Entry]) {
    let has_exited =
        |entry: &Entry| entry.call == Call::Control(Request::Exit) && entry.seen == Seen::Done;
    if !entries.iter().any(has_exited) {
        let mut client = Client::new(daemon);
        let exit = client.open("control/exit", O_WRONLY).expect("nobody has ended it");
        client.write(exit, "1").expect("nothing is open");
    }
}

fn setting(name: &str, default: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn concurrent_requests_are_answered_as_if_one_came_after_the_other() {
    let first = setting("SEED", 1);
    let count = setting("HISTORIES", 2000);
    println!("{count} histories from seed {first} on");
    let mut overlaps = 0;
    for seed in first..first + count {
        let entries = history(seed);
        let has_overlap = entries.iter().any(|entry| {
            let others = entries.iter().filter(|other| other.thread != entry.thread);
            let mut others = others.map(|other| other.span);
            others.any(|span| span.overlaps(entry.span))
        });
        overlaps += u64::from(has_overlap);
        let order = linearize(&entries);
        assert!(order.is_some(), "seed {seed}: no order explains {entries:#?}");
    }
    println!("{overlaps} with calls that overlapped");
    assert!(overlaps * 4 > count, "only {overlaps} of {count} histories were concurrent");
}
