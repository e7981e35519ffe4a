//! `attributes`: good and bad writes of every attribute, and the required answer to each.
//!
//! It adds a device of its own, applies the tables of `table` to it in each of its states, and
//! removes it. It prints a line for every check; the exit code is 1 if one was wrong.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

mod checker;
mod table;

use alloc::format;
use alloc::string::{String, ToString};

use syscall::{O_RDONLY, O_RDWR, O_WRONLY};
use zram_rt::errno::{InWords, Result};
use zram_rt::{eprintln, fs, println};

use checker::Checker;

zram_rt::entry!(main);

fn main() -> u8 {
    if let Some(word) = zram_rt::args().nth(1) {
        eprintln!("attributes: {word}: unknown option or argument");
        return 2;
    }
    let mut checker = Checker::default();
    if let Err(error) = run(&mut checker) {
        eprintln!("attributes: {}", InWords(error));
        return 2;
    }
    println!("attributes: {} checks, {} wrong", checker.checks(), checker.wrong());
    u8::from(checker.wrong() != 0)
}

fn run(checker: &mut Checker) -> Result<()> {
    checker.writes("control", table::CONTROL);
    let device = add_device()?;
    println!("device zram:{device}, without a size");
    checker.reads(&device, table::EMPTY_READS);
    checker.writes(&device, table::EMPTY_WRITES);
    checker.write(&device, "comp_algorithm", &"a".repeat(128), Some(syscall::E2BIG));
    check_sizes(checker, &device);
    println!("with a size");
    checker.write(&device, "disksize", "1M", None);
    checker.reads(&device, table::FULL_READS);
    checker.writes(&device, table::FULL_WRITES);
    check_permissions(checker, &device);
    check_open_device(checker, &device)?;
    checker.write(&device, "reset", "1", None);
    checker.reads(&device, table::EMPTY_READS);
    checker.write("control", "hot_remove", &device, None);
    checker.write("control", "hot_remove", &device, Some(syscall::ENODEV));
    let gone = fs::open(&format!("zram:{device}"), O_RDONLY).map(|file| file.raw());
    checker.result(&format!("open of zram:{device} after that"), gone, Some(syscall::ENOENT));
    Ok(())
}

/// Adds a device; the handle that added it tells its number.
fn add_device() -> Result<String> {
    let file = fs::open("zram:control/hot_add", O_RDWR)?;
    file.write(b"\n")?;
    let mut text = [0; 16];
    let length = file.read_at(&mut text, 0)?;
    Ok(String::from_utf8_lossy(&text[..length]).trim().to_string())
}

/// Sizes as they are written, and as the device rounds them.
fn check_sizes(checker: &mut Checker, device: &str) {
    for &(written, size) in table::SIZES {
        checker.write(device, "disksize", written, None);
        checker.read(device, "disksize", size);
        checker.write(device, "reset", "1", None);
    }
}

fn check_permissions(checker: &mut Checker, device: &str) {
    for (names, flags, what) in
        [(table::READ_ONLY, O_WRONLY, "writing"), (table::WRITE_ONLY, O_RDONLY, "reading")]
    {
        for name in names {
            let result = fs::open(&format!("zram:{device}/{name}"), flags).map(|file| file.raw());
            checker.result(&format!("open of {name} for {what}"), result, Some(syscall::EACCES));
        }
    }
}

/// What must wait until nobody has the device open.
fn check_open_device(checker: &mut Checker, device: &str) -> Result<()> {
    let open = fs::open(&format!("zram:{device}"), O_RDWR)?;
    println!("while it is open");
    checker.write(device, "reset", "1", Some(syscall::EBUSY));
    checker.write("control", "hot_remove", device, Some(syscall::EBUSY));
    checker.write("control", "exit", "1", Some(syscall::EBUSY));
    checker.told_why(device);
    drop(open);
    println!("closed again");
    Ok(())
}
