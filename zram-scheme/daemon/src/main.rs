//! The program `zramd`: the library's daemon on the machine's ports.
//!
//! `zramd [num_devices=N]` makes N empty devices, then its threads, and then publishes `zram:`.
//! Unlike Linux's module it makes no device unless told to: `control/hot_add` adds one together
//! with its configuration. All decisions are in the library; here are only the ports ([`machine`])
//! and the threads. It ends after the actor has ended, with the counters of what is left.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

mod machine;

use alloc::boxed::Box;

use log::{error, info, warn};
use machine::{Console, Cpus, MachinePlatform, MachinePorts, MachineSocket, Queue};
use zram_lifecycle::{Request, Settings};
use zram_rt::swap_queue::Direction;
use zram_rt::thread::Builder;
use zram_rt::{HeapSize, args, eprintln, process};
use zramd::daemon::Daemon;
use zramd::log_buffer::LogBuffer;
use zramd::scheme;
use zramd::threads::Actor;
use zramd::threads::events;
use zramd::threads::queue;
use zramd::words::{self, Circumstances};

/// The heap: slot tables, pool bookkeeping and streams. All of it is resident, as it must be once the kernel
/// has pinned the daemon. It starts with what a small device and the one before it need together, because
/// the reaper gives the old one's memory back while the new one is made; at about 22 bytes a stored page
/// its most serves 12 GiB of pages. When it cannot grow, stores are refused as for any lack of memory.
const HEAP: HeapSize = HeapSize { start_bytes: 512 << 10, most_bytes: 64 << 20, is_resident: true };

/// Priorities of the queue threads, where 0 runs first and programs have 20: a page fault goes before
/// all of them.
const PRIORITY_IN: u32 = 10;
/// Priority of the threads that a CPU on its way waits for. They rarely run, and shortly.
const PRIORITY_EVENTS: u32 = 15;
const PRIORITY_OUT: u32 = 20;
/// Nobody waits for the reaper, but its memory is for programs, so it has their share of the CPU.
const PRIORITY_REAPER: u32 = 20;

/// Exit codes.
const DONE: u8 = 0;
const FAILED: u8 = 1;
const USAGE: u8 = 2;

zram_rt::entry!(main, heap = HEAP);

type MachineDaemon = Daemon<MachinePorts>;
type MachineLog = LogBuffer<MachinePlatform>;

/// Why the daemon did not come up.
enum StartError {
    NoMemory,
    Refused(zram_lifecycle::Refusal),
    System(&'static str, zram_rt::Error),
}

fn main() -> u8 {
    let Some(devices) = devices_wanted() else {
        eprintln!("usage: zramd [num_devices=N]");
        return USAGE;
    };
    match start(devices) {
        Ok(daemon) => {
            // The actor ends the program; the socket ends first only if the kernel takes it away.
            let served = scheme::serve::run(daemon);
            eprintln!("zramd: the scheme ended: {served:?}");
            FAILED
        }
        Err(StartError::NoMemory) => {
            eprintln!("zramd: no memory to start with");
            FAILED
        }
        Err(StartError::Refused(refusal)) => {
            eprintln!(
                "zramd: {}",
                words::refusal(refusal, "start", &Circumstances::default()).text()
            );
            FAILED
        }
        Err(StartError::System(what, error)) => {
            eprintln!("zramd: {what}: {}", zram_rt::errno::InWords(error));
            FAILED
        }
    }
}

/// Returns how many devices to make, or nothing for arguments that make no sense.
fn devices_wanted() -> Option<u32> {
    let mut wanted = 0;
    for argument in args().skip(1) {
        wanted = argument.strip_prefix("num_devices=")?.parse().ok()?;
    }
    Some(wanted)
}

/// Makes daemon, devices and threads, and publishes the scheme last, so that whoever finds it finds
/// it working.
fn start(devices: u32) -> Result<&'static MachineDaemon, StartError> {
    let system = |what| move |error| StartError::System(what, error);
    let platform = MachinePlatform::new();
    let log: &'static MachineLog = Box::leak(Box::new(LogBuffer::new(platform)));
    if log::set_logger(log).is_ok() {
        log::set_max_level(log::LevelFilter::Info);
    }
    let socket = MachineSocket::create().map_err(system("create the scheme"))?;
    let root = socket.root(scheme::handles::ROOT).map_err(system("make the root"))?;
    let daemon: &'static MachineDaemon = Box::leak(Box::new(Daemon::new(platform, socket)));
    let mut actor = Actor::new(daemon).map_err(|_| StartError::NoMemory)?;
    for _ in 0..devices {
        let add = Request::Add { id: None, settings: Settings::DEFAULT, pages: None };
        actor.request(add).map_err(StartError::Refused)?;
    }
    start_threads(daemon, log, actor).map_err(system("start a thread"))?;
    let queues = start_queues(daemon);
    let possible = platform.possible();
    let cpus = if possible == 1 { "cpu" } else { "cpus" };
    info!("ready: {queues} swap queues for {possible} possible {cpus}, {devices} devices");
    zram_rt::scheme::publish_root("zram", root).map_err(system("publish zram:"))?;
    Ok(daemon)
}

fn start_threads(
    daemon: &'static MachineDaemon,
    log: &'static MachineLog,
    actor: Actor<'static, MachinePorts>,
) -> zram_rt::Result<()> {
    Builder::new("zramd/log").spawn(|| log.drain(&mut Console))?;
    Builder::new("zramd/reaper")
        .priority(PRIORITY_REAPER)
        .spawn(|| daemon.reaper().run(daemon.platform()))?;
    Builder::new("zramd/actor").priority(PRIORITY_EVENTS).spawn(move || {
        actor.run();
        log.flush(&mut Console);
        // Not logged: nobody drains the log after this.
        eprintln!("zramd: ends with {}", daemon.remains());
        process::exit(DONE)
    })?;
    Builder::new("zramd/events").priority(PRIORITY_EVENTS).spawn(move || match Cpus::open() {
        Ok(mut cpus) => {
            events::run(daemon, &mut cpus);
            warn!("the kernel closed the cpu events: streams stay as they are");
        }
        Err(error) => {
            info!("no cpu events ({error}): the cpus of now are those for ever");
            let count = daemon.platform().possible();
            events::run(daemon, &mut events::FixedCpus::new(count));
        }
    })?;
    Ok(())
}

/// Starts the threads of all swap queues that the kernel has; returns how many.
fn start_queues(daemon: &'static MachineDaemon) -> usize {
    let mut started = 0;
    for cpu in 0..daemon.platform().possible() {
        for (direction, name, priority) in
            [(Direction::In, "zramd/in", PRIORITY_IN), (Direction::Out, "zramd/out", PRIORITY_OUT)]
        {
            let mut queue = match Queue::open(cpu, direction) {
                Ok(queue) => queue,
                Err(error) => {
                    info!("cpu {cpu}: no swap queue {direction:?}: {error}");
                    return started;
                }
            };
            let thread = Builder::new(name).pinned_to(cpu).priority(priority);
            let spawned =
                thread.spawn(move || match queue::run(daemon, cpu as usize, &mut queue) {
                    Ok(()) => warn!("cpu {cpu}: swap queue {direction:?} was revoked"),
                    Err(zram::NoMemory) => error!("cpu {cpu}: no memory for a swap queue"),
                });
            match spawned {
                Ok(_) => started += 1,
                Err(error) => error!("cpu {cpu}: no thread for a swap queue: {error}"),
            }
        }
    }
    started
}
