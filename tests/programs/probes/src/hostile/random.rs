//! `hostile random SEED COUNT`: system calls at random, by children that may end in any way.
//!
//! Each child makes COUNT calls of one seed. Pointers lead nowhere or into a region of its own,
//! with which the kernel may do anything; descriptors are none, or from a range of numbers that
//! only the random calls use. A child may unmap, kill or start anything of its own: the only
//! requirement is that the kernel survives. A thread that waits for ever gets a successor.

use alloc::format;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

use host_core::order::Random;
use syscall::flag::{O_NONBLOCK, O_RDWR};
use syscall::number as call;
use zram_abi::PAGE_SIZE;
use zram_rt::process::{Child, Command};
use zram_rt::{Fd, environment, eprintln, fs, memory, println, thread, time};

use crate::raw;

/// Children of one run; the seeds follow each other.
const CHILDREN: u64 = 32;

/// The word that makes a child.
pub(crate) const CHILD: &str = "random-child";

/// Where the random pointers lead: above the stack, so that a length that is too large hits nothing.
const REGION: usize = 0x7fff_9000_0000;

const REGION_PAGES: usize = 64;

/// Descriptors that random calls use.
const FIRST: usize = 64;
const COUNT: u64 = 48;

/// A thread that makes no call for so long waits for something that will not come.
const STUCK_NS: u64 = 60_000_000;

/// How long a child may take.
const CHILD_NS: u64 = 10_000_000_000;

/// Threads that a child makes at most, one after the other.
const THREADS: u64 = 24;

/// Calls that a child has made.
static MADE: AtomicU32 = AtomicU32::new(0);

/// How often that is looked at.
const LOOK_NS: u64 = 20_000_000;

/// Names that files of the kernel know, and one that none does.
const NAMES: [&str; 20] = [
    "",
    "new-context",
    "cur-context",
    "addrspace",
    "filetable",
    "empty",
    "exclusive",
    "copy",
    "current-addrspace",
    "current-filetable",
    "regs/env",
    "sched-affinity",
    "start",
    "status",
    "write",
    "create-scheme",
    "stat",
    "context",
    "control",
    "nonsense",
];

/// Files that the random calls begin with.
const FILES: [&str; 8] = [
    "/pages.bin",
    "/scheme/pipe",
    "/scheme/memory",
    "/scheme/time/4",
    "/scheme/sys/context",
    "/scheme/swap/control",
    "/scheme/swap/stat",
    "/scheme/cpu/online",
];

const CALLS: [usize; 18] = [
    call::SYS_READ,
    call::SYS_WRITE,
    call::SYS_READ2,
    call::SYS_WRITE2,
    call::SYS_OPENAT_INTO,
    call::SYS_DUP_INTO,
    call::SYS_DUP_INTO,
    call::SYS_DUP2,
    call::SYS_CLOSE,
    call::SYS_LSEEK,
    call::SYS_FSTAT,
    call::SYS_FPATH,
    call::SYS_CALL,
    call::SYS_CALL,
    call::SYS_FMAP,
    call::SYS_FUNMAP,
    call::SYS_MPROTECT,
    call::SYS_FUTEX,
];

/// Runs the children, one after the other.
pub(crate) fn run(seed: u64, count: u32) -> u8 {
    for seed in seed..seed.saturating_add(CHILDREN) {
        let (seed_word, count_word) = (format!("{seed}"), format!("{count}"));
        let child = Command::new("/bin/hostile").argument(CHILD);
        match child.argument(&seed_word).argument(&count_word).spawn() {
            Ok(child) => tell_the_end(seed, child),
            Err(error) => {
                eprintln!("hostile: seed {seed}: {}", zram_rt::errno::InWords(error));
                return 1;
            }
        }
    }
    0
}

/// Says how a child ended. What it has started may hold its exit pipe open for ever, so that nobody
/// learns of the end; that is said as well.
fn tell_the_end(seed: u64, child: Child) {
    let told = Arc::new(AtomicU32::new(0));
    let tells = Arc::clone(&told);
    let waits = move || {
        println!("hostile: seed {seed}: {:?}", child.wait());
        tells.store(1, Ordering::Relaxed);
    };
    let start_ns = time::now_ns();
    if thread::Builder::new("waits").spawn(waits).is_err() {
        return eprintln!("hostile: seed {seed}: nobody waits for it");
    }
    while told.load(Ordering::Relaxed) == 0 {
        if time::since_ns(start_ns) > CHILD_NS {
            return println!("hostile: seed {seed}: no end is heard of");
        }
        time::sleep_ns(LOOK_NS);
    }
}

/// Makes the calls in a thread, and goes on with another one when that waits for ever.
pub(crate) fn be_a_child(seed: u64, count: u32) -> u8 {
    if prepare().is_err() {
        return 1;
    }
    for number in 0..THREADS {
        let begun = MADE.load(Ordering::Relaxed);
        let calls = move || {
            let mut random = Random::new(seed ^ number << 32);
            while MADE.fetch_add(1, Ordering::Relaxed) < count {
                make_a_call(&mut random);
            }
        };
        // The calls before may have used up what a thread needs.
        let Ok(_) = thread::Builder::new("random").spawn(calls) else { break };
        wait_while_it_gets_on(begun, count);
        if MADE.load(Ordering::Relaxed) >= count {
            break;
        }
    }
    println!("hostile: seed {seed}: {} calls", MADE.load(Ordering::Relaxed).min(count));
    0
}

fn wait_while_it_gets_on(begun: u32, count: u32) {
    let (mut seen, mut since_ns) = (begun, time::now_ns());
    while seen < count && time::since_ns(since_ns) < STUCK_NS {
        time::sleep_ns(LOOK_NS);
        let made = MADE.load(Ordering::Relaxed);
        if made != seen {
            (seen, since_ns) = (made, time::now_ns());
        }
    }
}

fn prepare() -> zram_rt::Result<()> {
    memory::map_at(REGION, REGION_PAGES * PAGE_SIZE)?;
    let proc = environment::proc_root().ok_or(zram_rt::Error::new(syscall::EPERM))?;
    for number in FIRST..FIRST + FILES.len() {
        if let Ok(file) = fs::open(FILES[number - FIRST], O_RDWR | O_NONBLOCK) {
            // Both stay open: the copy is the random calls' own.
            let _ = raw::call(call::SYS_DUP2, [file.raw(), number, 0, 0, 0]);
        }
    }
    for number in FIRST + FILES.len()..FIRST + 2 * FILES.len() {
        let root = Fd::dup_of(proc, b"cur-context")?;
        let _ = raw::call(call::SYS_DUP2, [root.raw(), number, 0, 0, 0]);
    }
    let _ = raw::call(call::SYS_DUP2, [proc, FIRST + 2 * FILES.len(), 0, 0, 0]);
    Ok(())
}

fn a_descriptor(random: &mut Random) -> usize {
    match random.below(16) {
        0 => usize::MAX,
        1 => 1 << random.below(64),
        _ => FIRST + random.below(COUNT) as usize,
    }
}

fn a_pointer(random: &mut Random) -> usize {
    match random.below(12) {
        0 => random.next() as usize,
        1 => 0x8000_0000_0000 - random.below(PAGE_SIZE as u64) as usize,
        2 => REGION + random.below((4 * REGION_PAGES * PAGE_SIZE) as u64) as usize,
        3..8 => REGION + random.below(REGION_PAGES as u64) as usize * PAGE_SIZE,
        _ => REGION + random.below((REGION_PAGES * PAGE_SIZE) as u64) as usize,
    }
}

fn a_number(random: &mut Random) -> usize {
    match random.below(8) {
        0 => random.next() as usize,
        1 => 1 << random.below(64),
        2 => random.below(64) as usize * PAGE_SIZE,
        3 => usize::MAX - random.below(4) as usize,
        4 => a_descriptor(random),
        5 => a_pointer(random),
        _ => random.below(40) as usize,
    }
}

/// Puts words where the next call finds them; if that is not mapped any more, the child ends.
fn put_words(random: &mut Random, at: usize) {
    let mut words = [0_usize; 6];
    for word in &mut words {
        *word = a_number(random);
    }
    raw::store(at, words);
}

fn make_a_call(random: &mut Random) {
    let number = CALLS[random.below(CALLS.len() as u64) as usize];
    let at = REGION + random.below(REGION_PAGES as u64 / 2) as usize * PAGE_SIZE;
    let mut words = [a_descriptor(random), a_pointer(random), 0, 0, 0];
    for word in &mut words[2..] {
        *word = a_number(random);
    }
    match number {
        call::SYS_DUP_INTO | call::SYS_OPENAT_INTO | call::SYS_DUP2 => {
            let name = NAMES[random.below(NAMES.len() as u64) as usize];
            let (name, size) = (name.as_ptr() as usize, name.len());
            let to = FIRST + random.below(COUNT) as usize;
            words = match number {
                call::SYS_DUP2 => [words[0], to, name, size, 0],
                call::SYS_DUP_INTO => [words[0], name, size, to, 0],
                _ => [words[0], name, size, 0, to],
            };
        }
        call::SYS_FMAP => {
            put_words(random, at);
            words = [if random.below(3) == 0 { usize::MAX } else { words[0] }, at, 32, 0, 0];
        }
        call::SYS_WRITE | call::SYS_CALL => {
            put_words(random, at);
            words[1] = at;
            words[2] = random.below(9) as usize * 8;
            words[3] = (random.below(64) as usize) << 8 | random.below(4) as usize;
            words[4] = at;
        }
        call::SYS_FUNMAP | call::SYS_MPROTECT => {
            // The lower half keeps what the next calls are told.
            let upper = REGION + REGION_PAGES / 2 * PAGE_SIZE;
            words[0] = a_pointer(random).max(upper) & !(PAGE_SIZE - 1);
            words[1] = a_number(random);
        }
        // Seldom a word that holds what is expected: nobody would wake the thread.
        call::SYS_FUTEX => words = [words[1], random.below(3) as usize, words[2] | 1, 0, 0],
        _ => {}
    }
    // Every answer is right that is an answer.
    let _ = raw::call(number, words);
}
