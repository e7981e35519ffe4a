//! Everything at once: random programs, random failures, random order.
//!
//! Each run is one seed. `ZRAM_SEEDS=FIRST..END` runs others; a failure prints what to run again.

use std::collections::BTreeMap;
use std::ops::Range;

use swap_pager::ports::SpaceKind;
use swap_pager::{SwapOffError, Watermarks};

use syscall::error::EBUSY;

use crate::content::Kind;
use crate::machine::{Mishaps, lock};
use crate::world::{Change, Job, Outcome, Setup, ThreadId, World};
use host_core::order::Random;

/// Pages that a program uses at most: some spaces are larger than the machine.
const PAGES: usize = 160;

/// What may go wrong besides what programs and the pager do to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weather {
    /// Nothing.
    Fair,
    /// Limits, failing commits, `swapoff`.
    Foul,
    /// Also bits that rot and daemons that die.
    Deadly,
}

struct Storm {
    world: World,
    random: Random,
    weather: Weather,
    /// The thread that mounts and unmounts; nobody kills it for memory.
    control: ThreadId,
    device_pages: u32,
    tally: Tally,
}

/// How often what happened.
type Tally = BTreeMap<&'static str, u64>;

impl Storm {
    fn new(seed: u64, weather: Weather) -> Self {
        let mut random = Random::new(seed);
        let batch = 1 + random.index(32) as u32;
        let setup = Setup {
            seed,
            cpus: 1 + random.index(4) as u32,
            frames: 90 + random.index(300) as u32,
            marks: Watermarks { reserve: 14, low: 22, high: 30 + random.index(12) as u32, batch },
        };
        let mut world = World::new(setup);
        let control = world.add_space(SpaceKind::Protected).expect("a first space");
        let device_pages = 60 + random.index(600) as u32;
        let mut storm = Self { world, random, weather, control, device_pages, tally: Tally::new() };
        storm.restart();
        (0..2 + storm.random.index(4)).for_each(|_| {
            storm.world.add_program();
        });
        storm
    }

    /// Starts a daemon with one or two areas of different priority.
    fn restart(&mut self) {
        self.world.start_daemon();
        for priority in 0..1 + self.random.index(2) {
            let device = self.world.add_device(self.device_pages, "");
            self.world.swapon(device, priority as i64);
        }
    }

    fn operation(&mut self) {
        match self.random.index(64) {
            0..40 => self.employ(),
            40..56 => {
                let count = self.random.index(60);
                self.world.steps(count);
            }
            56 => self.world.pass(300_000_000),
            57 if self.weather != Weather::Fair => self.set_mishaps(),
            58 if self.weather != Weather::Fair => self.configure(),
            59 if self.weather != Weather::Fair => self.unmount(),
            60 if self.weather != Weather::Fair => self.mount(),
            61 if self.weather == Weather::Deadly && self.random.once_in(12) => self.disaster(),
            62 if self.weather == Weather::Deadly => self.lose_queue(),
            62 if self.weather == Weather::Foul && self.random.once_in(3) => self.manage(),
            _ => self.populate(),
        }
    }

    /// Gives some idle thread something to do.
    fn employ(&mut self) {
        let mut idle = self.world.living();
        idle.retain(|thread| self.world.threads[thread.0].is_idle() && *thread != self.control);
        if idle.is_empty() {
            return self.world.steps(20);
        }
        let thread = self.random.pick(&idle);
        let page = self.random.index(PAGES) as u64;
        let job = match self.random.index(100) {
            0..55 => {
                Job::Write(page, Change::Whole(Kind::any(&mut self.random), self.random.next()))
            }
            55..65 => Job::Write(page, Change::Word(self.random.index(512), self.random.next())),
            65..92 => Job::Read(page),
            92..97 => Job::Unmap { first: page, count: 1 + self.random.index(30) as u64 },
            97..99 => Job::Fork,
            _ => Job::Exit,
        };
        self.world.begin(thread, job);
    }

    /// Keeps some programs running, some of them with two threads.
    fn populate(&mut self) {
        let living = self.world.living();
        if living.len() < 4 {
            self.world.add_space(SpaceKind::Ordinary);
        } else if living.len() < 10 && self.random.once_in(2) {
            let thread = self.random.pick(&living);
            if thread != self.control {
                let space = self.world.space_of(thread);
                self.world.add_thread(space);
            }
        }
    }

    fn set_mishaps(&mut self) {
        let bit_rots =
            if self.weather == Weather::Deadly { self.random.pick(&[0, 0, 0, 0, 60]) } else { 0 };
        let commit_fails = self.random.pick(&[0, 0, 0, 8, 2, 1]);
        lock(&self.world.machine).mishaps = Mishaps { commit_fails, bit_rots };
    }

    fn configure(&mut self) {
        let device = self.random.pick(&self.world.devices);
        let limit = self.random.pick(&["0", "0", "32K", "128K", "512K"]);
        let (file, text) =
            if self.random.once_in(3) { ("compact", "1") } else { ("mem_limit", limit) };
        let written = self.world.write_file(&format!("{device}/{file}"), text);
        written.expect("the attribute can be written");
    }

    fn unmount(&mut self) {
        let living = self.world.living();
        let thread = if self.random.once_in(3) { self.random.pick(&living) } else { self.control };
        if self.world.threads[thread.0].is_idle() {
            let device = self.random.pick(&self.world.devices);
            self.world.begin(thread, Job::SwapOff(device));
        } else if self.random.once_in(3) {
            self.world.cancel_swapoff(thread);
        }
    }

    /// Mounts again what was unmounted.
    fn mount(&mut self) {
        self.world.close_forgotten();
        let mounted =
            |device: &u16| self.world.areas.iter().any(|area| area.cookie.device == *device);
        let Some(device) = self.world.devices.iter().copied().find(|device| !mounted(device))
        else {
            return;
        };
        self.world.swapon(device, 5);
        self.count("mounted again", 1);
    }

    /// Devices come and go beside the mounted ones, which refuse to.
    fn manage(&mut self) {
        let device = self.world.add_device(30, "mem_limit=1M");
        let reset = self.world.write_file(&format!("{device}/reset"), "1");
        assert_eq!(reset, Ok(()), "nobody has device {device} open");
        let removed = self.world.write_file("control/hot_remove", &device.to_string());
        assert_eq!(removed, Ok(()), "nobody has device {device} open");
        self.world.devices.retain(|it| *it != device);
        if let Some(area) = self.world.areas.first() {
            let mounted = area.cookie.device;
            let reset = self.world.write_file(&format!("{mounted}/reset"), "1");
            // Even if a swapoff ends meanwhile: its handle is closed later.
            assert_eq!(reset, Err(EBUSY), "device {mounted} is mounted");
        }
    }

    /// A thread of the daemon ends with a record in its hands.
    fn lose_queue(&mut self) {
        if self.world.setup.cpus == 1 {
            return;
        }
        // Never the last one of a direction: that is the end of the daemon, or as good as.
        for _ in 0..200 {
            if self.world.lose_queue_with_record(0) {
                return self.count("queues lost", 1);
            }
            self.world.step();
        }
    }

    fn count(&mut self, what: &'static str, times: u64) {
        if times > 0 {
            *self.tally.entry(what).or_default() += times;
        }
    }

    /// Adds what the pager and the account have counted.
    fn count_all(&mut self) {
        let machine = lock(&self.world.machine);
        let it = machine.pager.statistics();
        let mut counts = vec![
            ("pages out", it.pages_out),
            ("pages in", it.pages_in),
            ("pages of zeros", it.zero_pages),
            ("cancelled", it.cancelled),
            ("refused for no gain", it.refused_no_gain),
            ("refused for no reserve", it.refused_no_reserve),
            ("refused for the limit", it.refused_limit),
            ("lost", it.lost),
            ("notices", it.notices),
            ("killed for memory", it.killed),
            ("rotten bits", u64::from(machine.rotten)),
        ];
        counts
            .extend(machine.ledger.records.iter().map(|(name, count)| (*name, u64::from(*count))));
        drop(machine);
        counts.into_iter().for_each(|(what, times)| self.count(what, times));
    }

    /// The daemon dies or falls silent; another one is started.
    fn disaster(&mut self) {
        if self.random.once_in(2) {
            self.world.silence_daemon(true);
            self.world.steps(300);
            self.world.pass(11_000_000_000);
            self.world.steps(100);
            self.world.silence_daemon(false);
            self.world.steps(50);
        }
        let devices = self.world.devices.clone();
        self.world.kill_daemon();
        self.count("daemons dead", 1);
        self.world.steps(100);
        self.remove_dead_areas(&devices);
        self.restart();
    }

    /// Whoever has lost pages learns it, until no dead area is left.
    fn remove_dead_areas(&mut self, devices: &[u16]) {
        self.world.run_until("jobs end without a daemon", |world| {
            world.living().iter().all(|thread| world.threads[thread.0].is_idle())
        });
        self.world.read_everything();
        self.world.bury_the_dead();
        for &device in devices {
            let outcome = self.world.run(self.control, Job::SwapOff(device));
            let unmounted = Outcome::Refused(SwapOffError::NotMounted);
            assert!(
                outcome == Outcome::Done || outcome == unmounted,
                "nobody has a page in the dead area of {device}: {outcome:?}\n{}",
                self.world.describe()
            );
        }
    }

    /// All failures end; everything must come to rest, and all bytes must be right.
    fn calm(&mut self) {
        lock(&self.world.machine).mishaps = Mishaps::default();
        for device in self.world.devices.clone() {
            let limit = format!("{device}/mem_limit");
            self.world.write_file(&limit, "0").expect("the limit can be lifted");
        }
        self.world.settle();
        self.world.close_forgotten();
        self.world.settle();
        self.world.assert_frames_add_up();
        self.world.assert_statistics_are_exact();
        self.world.read_everything();
        self.world.settle();
        self.world.assert_frames_add_up();
        self.world.end_programs();
        self.world.assert_nothing_is_left();
    }
}

/// Storms once for each seed; everything named in `expected` must have happened somewhere.
fn run(weather: Weather, seeds: Range<u64>, expected: &[&str]) {
    const OPERATIONS: usize = 1500;
    let chosen = chosen_seeds();
    let mut tally = Tally::new();
    for seed in chosen.clone().unwrap_or(seeds) {
        println!("{weather:?}, seed {seed}: ZRAM_SEEDS={seed}..{}", seed + 1);
        let mut storm = Storm::new(seed, weather);
        (0..OPERATIONS).for_each(|_| storm.operation());
        storm.calm();
        storm.count_all();
        storm.tally.into_iter().for_each(|(what, times)| *tally.entry(what).or_default() += times);
    }
    println!("{tally:?}");
    let missing: Vec<_> = expected.iter().filter(|what| !tally.contains_key(*what)).collect();
    assert!(chosen.is_some() || missing.is_empty(), "never happened: {missing:?}");
}

fn chosen_seeds() -> Option<Range<u64>> {
    let text = std::env::var("ZRAM_SEEDS").ok()?;
    let (first, end) = text.split_once("..").expect("ZRAM_SEEDS=FIRST..END");
    Some(first.parse().expect("a number")..end.parse().expect("a number"))
}

/// What pages do in any weather.
const ALWAYS: [&str; 10] = [
    "pages out",
    "pages in",
    "pages of zeros",
    "cancelled",
    "refused for no gain",
    "notices",
    "store",
    "load",
    "take",
    "free",
];

#[test]
fn every_page_holds_what_was_written_in_fair_weather() {
    run(Weather::Fair, 0..12, &[&ALWAYS[..], &["killed for memory"]].concat());
}

#[test]
fn every_page_holds_what_was_written_when_stores_fail_and_areas_come_and_go() {
    let others = ["refused for no reserve", "refused for the limit", "mounted again"];
    run(Weather::Foul, 100..112, &[&ALWAYS[..], &others].concat());
}

#[test]
fn nobody_reads_wrong_bytes_or_hangs_when_memory_rots_and_daemons_die() {
    let others = ["lost", "rotten bits", "daemons dead", "queues lost"];
    run(Weather::Deadly, 200..212, &[&ALWAYS[..], &others].concat());
}
