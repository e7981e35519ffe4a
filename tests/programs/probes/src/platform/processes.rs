//! Starting programs and reading how they ended.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use zram_rt::errno::Error;
use zram_rt::process::{Command, End};
use zram_rt::{Fd, environment, thread, time};

use crate::{Check, ensure, told};

pub(crate) const CHECKS: &[Check] = &[
    ("a child's exit code arrives", exit_code_arrives),
    ("a panic has code 101", panic_has_its_code),
    ("a child that is killed counts as killed", killed_counts_as_killed),
    ("exit ends all threads", exit_ends_all_threads),
    ("of two threads that exit the first one's code counts", first_exit_counts),
    ("a child gets none of its maker's files", no_file_goes_to_a_child),
    ("a panic in a thread ends the program", panic_in_a_thread_ends_all),
    ("what is no program does not start", no_program_does_not_start),
    ("arguments that are too long are refused", long_arguments_are_refused),
    ("a hundred programs, one after another", a_hundred_programs),
    ("a child has no right to create schemes", no_right_to_create),
];

const OWN_PATH: &str = "/bin/platform";

/// Times that two threads exit.
const EXIT_ROUNDS: u32 = 3;

/// Threads that an exit has to end; it takes longer than the other thread needs to see it begin.
const OTHER_THREADS: u32 = 48;

/// How much later the second thread exits.
const EXIT_LEAD_NS: u64 = 1_000_000;

/// Files that are open at once while children start.
const FILES_AT_ONCE: usize = 200;

/// Children that start meanwhile.
const CHILDREN_WHILE_OPENING: u32 = 30;

/// Lower descriptors of a program.
const LOWER_MAX: usize = 1024;

/// What a child of this program does.
pub(crate) fn be_a_child(word: &str) -> u8 {
    let forever = || loop {
        time::sleep_ns(1_000_000_000);
    };
    match word {
        "panic" => panic!("as asked"),
        "threads" => {
            for _ in 0..3 {
                if thread::Builder::new("sleeper").spawn(forever).is_err() {
                    return 1;
                }
            }
            77
        }
        "panic-in-thread" => {
            let panics = || panic!("as asked, in a thread");
            match thread::Builder::new("panics").spawn(panics) {
                Ok(thread) => thread.join(),
                Err(_) => return 1,
            }
            2
        }
        "exit-twice" => exit_twice(),
        "files" => open_files(),
        "cap" => u8::from(environment::scheme_creation_cap().is_some()),
        code => code.parse().unwrap_or(255),
    }
}

/// Exits by a thread that has many others to end, and as soon as it has begun by the first one.
fn exit_twice() -> u8 {
    static STEP: AtomicU32 = AtomicU32::new(0);
    let until = |step| {
        while STEP.load(Ordering::Relaxed) < step {
            core::hint::spin_loop();
        }
    };
    let exits = move || {
        until(1);
        STEP.store(2, Ordering::Relaxed);
        zram_rt::exit(66)
    };
    // It was made first, so the first thread would end it first.
    if thread::Builder::new("exits").spawn(exits).is_err() {
        return 1;
    }
    let forever = || loop {
        time::sleep_ns(1_000_000_000);
    };
    for _ in 0..OTHER_THREADS {
        if thread::Builder::new("sleeper").spawn(forever).is_err() {
            return 1;
        }
    }
    STEP.store(1, Ordering::Relaxed);
    until(2);
    // The other thread may be held up between its step and its exit, by a busy host as well.
    time::sleep_ns(EXIT_LEAD_NS);
    0
}

/// Returns how many lower descriptors are open that this program was not given.
fn open_files() -> u8 {
    let given = [environment::first_context(), environment::exit_pipe(), environment::namespace()];
    let is_strange = |&number: &usize| {
        let is_open = Fd::dup_of(number, b"").is_ok();
        is_open && number > 2 && !given.contains(&Some(number))
    };
    let strange = (0..LOWER_MAX).filter(is_strange).count();
    u8::try_from(strange).unwrap_or(u8::MAX)
}

fn run(word: &str) -> Result<End, String> {
    let child = Command::new(OWN_PATH).argument(word).spawn().map_err(told("spawn"))?;
    Ok(child.wait())
}

fn ends_with(word: &str, code: u8) -> Result<(), String> {
    let end = run(word)?;
    ensure(end == End::Exited(code), &format!("{end:?}"))
}

fn exit_code_arrives() -> Result<(), String> {
    ends_with("0", 0)?;
    ends_with("42", 42)
}

fn panic_has_its_code() -> Result<(), String> {
    ends_with("panic", 101)
}

fn killed_counts_as_killed() -> Result<(), String> {
    let child = Command::new("/bin/hostile").argument("crash").spawn().map_err(told("spawn"))?;
    let end = child.wait();
    ensure(end == End::Killed, &format!("{end:?}"))
}

fn exit_ends_all_threads() -> Result<(), String> {
    ends_with("threads", 77)
}

fn first_exit_counts() -> Result<(), String> {
    (0..EXIT_ROUNDS).try_for_each(|_| ends_with("exit-twice", 66))
}

/// Starts children while another thread opens and closes files, many and few at a time.
fn no_file_goes_to_a_child() -> Result<(), String> {
    let done = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&done);
    let churn = move || {
        while seen.load(Ordering::Relaxed) == 0 {
            let files: Vec<_> = (0..FILES_AT_ONCE).map(|_| Fd::dup_of(1, b"")).collect();
            drop(files);
        }
    };
    let opener = thread::Builder::new("opens").spawn(churn).map_err(told("spawn"))?;
    let result = (0..CHILDREN_WHILE_OPENING).try_for_each(|_| ends_with("files", 0));
    done.store(1, Ordering::Relaxed);
    opener.join();
    result
}

fn panic_in_a_thread_ends_all() -> Result<(), String> {
    ends_with("panic-in-thread", 101)
}

fn no_program_does_not_start() -> Result<(), String> {
    let missing = Command::new("/bin/nosuch").spawn().map(drop);
    ensure(missing == Err(Error::new(syscall::ENOENT)), "a missing one started")?;
    let data = Command::new("/pages.bin").spawn().map(drop);
    ensure(data == Err(Error::new(syscall::ENOEXEC)), "data started")
}

fn long_arguments_are_refused() -> Result<(), String> {
    let long = "x".repeat(5000);
    let result = Command::new(OWN_PATH).argument(&long).spawn().map(drop);
    ensure(result == Err(Error::new(syscall::E2BIG)), "they were taken")
}

fn a_hundred_programs() -> Result<(), String> {
    (0..100).try_for_each(|code| ends_with(&format!("{code}"), code))
}

fn no_right_to_create() -> Result<(), String> {
    ends_with("cap", 0)
}
