//! Starting programs and learning how they ended.

use alloc::format;
use alloc::string::String;

use zram_rt::errno::Error;
use zram_rt::process::{Command, End};
use zram_rt::{environment, thread, time};

use crate::{Check, ensure, told};

pub(crate) const CHECKS: &[Check] = &[
    ("a child's exit code arrives", exit_code_arrives),
    ("a panic has code 101", panic_has_its_code),
    ("a child that is killed counts as killed", killed_counts_as_killed),
    ("exit ends all threads", exit_ends_all_threads),
    ("a panic in a thread ends the program", panic_in_a_thread_ends_all),
    ("what is no program does not start", no_program_does_not_start),
    ("arguments that are too long are refused", long_arguments_are_refused),
    ("a hundred programs, one after another", a_hundred_programs),
    ("a child has no right to create schemes", no_right_to_create),
];

const OWN_PATH: &str = "/bin/platform";

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
        "cap" => u8::from(environment::scheme_creation_cap().is_some()),
        code => code.parse().unwrap_or(255),
    }
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
