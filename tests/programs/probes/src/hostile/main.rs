//! `hostile WHAT`: misbehaves in one way, to show that no other program is harmed.
//!
//! Crashes (`crash`) never return: the kernel must end the program, which then counts as killed.
//! Bugs (`broken`) end it by a panic, if the program was built with assertions and overflow checks.
//! Lies (`lies`) are system calls with wrong arguments: the program checks that each is refused,
//! and ends with 0 if all were. `limits` are correct calls that are made too often. `random` makes
//! random calls, whose effect is not known, `odd` writes random text to settings, `changing` writes
//! pages that change meanwhile. `loop` takes all the CPU time that it can get, `impostor` all the
//! memory, by a program that has the shell's name. `client` and `fill` are bad clients of a device.
//! In place of the daemon, without arguments, it is a bad server.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

extern crate alloc;

mod broken;
mod changing;
mod crash;
mod device;
mod lies;
mod limits;
mod odd;
mod random;
mod raw;

use zram_rt::errno::InWords;
use zram_rt::process::{Child, Command, End};
use zram_rt::{environment, eprintln, print, println, time};

zram_rt::entry!(main);

/// Exit code of a crash that the kernel let pass, and of a bug that nobody saw.
const SURVIVED: u8 = 4;

/// Random calls of a child, unless somebody says how many.
const RANDOM_CALLS: u32 = 20_000;

fn main() -> u8 {
    let mut words = zram_rt::args().skip(1);
    let Some(what) = words.next() else {
        return if environment::scheme_creation_cap().is_some() { serve_badly() } else { list() };
    };
    if what == "loop" {
        return spin(words.next().and_then(|text| text.parse().ok()));
    }
    if let ("client" | "fill", Some(path)) = (what, zram_rt::args().nth(2)) {
        let (_, crash) = crash::ALL[0];
        return if what == "fill" { device::fill(path) } else { device::crash_with(path, crash) };
    }
    if what == "impostor" {
        return pose_as_shell(words.next().unwrap_or("256M"));
    }
    if what == "changing" {
        return changing::run();
    }
    if what == "odd" {
        let seed = words.next().and_then(|text| text.parse().ok());
        let count = words.next().and_then(|text| text.parse().ok());
        return odd::run(seed.unwrap_or(1), count.unwrap_or(odd::WRITES));
    }
    if what == "random" || what == random::CHILD {
        let seed = words.next().and_then(|text| text.parse().ok());
        let count = words.next().and_then(|text| text.parse().ok());
        let (seed, count) = (seed.unwrap_or(1), count.unwrap_or(RANDOM_CALLS));
        let act = if what == "random" { random::run } else { random::be_a_child };
        return act(seed, count);
    }
    let mut fatal = crash::ALL.iter().chain(&broken::ALL);
    if let Some((_, deed)) = fatal.find(|(name, _)| *name == what) {
        deed();
        eprintln!("hostile: {what} was let pass");
        return SURVIVED;
    }
    let chosen = lies::ALL.iter().filter(|(name, _)| *name == what || what == "lie");
    let mut wrong = 0;
    let mut count = 0;
    for (name, lie) in chosen {
        count += 1;
        wrong += lie(name);
    }
    if count == 0 {
        eprintln!("hostile: {what}: unknown");
        return 2;
    }
    println!("hostile: {what}: {wrong} lies were believed");
    u8::from(wrong != 0)
}

/// Does what only a server can do wrong, in place of the daemon, and ends.
fn serve_badly() -> u8 {
    let wrong = limits::server();
    println!("hostile: server: {wrong} lies were believed");
    u8::from(wrong != 0)
}

fn list() -> u8 {
    print!("crashes:");
    crash::ALL.iter().for_each(|(name, _)| print!(" {name}"));
    print!("\nbugs:");
    broken::ALL.iter().for_each(|(name, _)| print!(" {name}"));
    print!("\nlies:");
    lies::ALL.iter().for_each(|(name, _)| print!(" {name}"));
    println!("\nall lies: lie\nloops: loop [MILLISECONDS]\nthe shell's name: impostor [SIZE]");
    println!("calls at random: random [SEED [COUNT]]\nsettings at random: odd [SEED [COUNT]]");
    println!("bad clients: client DEVICE, fill DEVICE");
    println!("pages that change: changing");
    0
}

/// Has a program that calls itself as the shell does take `size` of memory, which must kill it.
fn pose_as_shell(size: &str) -> u8 {
    let impostor = Command::new("/bin/memhog").named("sh").argument("--size").argument(size);
    match impostor.spawn().map(Child::wait) {
        Ok(End::Killed) => {
            println!("hostile: impostor: it was killed");
            0
        }
        Ok(End::Exited(code)) => {
            println!("hostile: impostor: it ended with code {code}");
            SURVIVED
        }
        Err(error) => {
            eprintln!("hostile: impostor: {}", InWords(error));
            2
        }
    }
}

/// Takes all the time of one CPU, for some milliseconds or for ever.
fn spin(milliseconds: Option<u64>) -> u8 {
    let start_ns = time::now_ns();
    loop {
        (0..100_000).for_each(|_| core::hint::spin_loop());
        if milliseconds.is_some_and(|limit| time::since_ns(start_ns) / 1_000_000 >= limit) {
            return 0;
        }
    }
}
