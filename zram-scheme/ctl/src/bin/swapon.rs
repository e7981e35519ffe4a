//! `swapon [-p N] zram:N`: has the kernel use a device as swap; without a device, lists the areas.
//!
//! The device is opened here and handed to `/scheme/swap/control`, which keeps it open: until
//! `swapoff`, the device cannot be reset or removed.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::format;

use syscall::flag::{O_RDONLY, O_RDWR};
use zram_abi::verb::SWAPON;
use zram_rt::errno::{Error, InWords, Result};
use zram_rt::{args, eprintln, fs, print};

zram_rt::entry!(main);

const HELP: &str = "usage: swapon [-p PRIORITY] zram:N    (higher is used first; alone, a list)";

fn main() -> u8 {
    let mut words = args().skip(1);
    let (first, second, third, more) = (words.next(), words.next(), words.next(), words.next());
    let (device, priority) = match (first, second, third, more) {
        (None, ..) => return told("swap:areas", list()),
        (Some("-p"), Some(priority), Some(device), None) => (device, priority.parse::<i32>().ok()),
        (Some(device), None, None, None) if !device.starts_with('-') => (device, Some(-1)),
        _ => (HELP, None),
    };
    let Some(priority) = priority else {
        eprintln!("swapon: {HELP}");
        return 2;
    };
    let mounted = mount(device, i64::from(priority));
    let code = told(device, mounted);
    if let Err(error) = mounted {
        advise(device, error);
    }
    code
}

/// Says what to do about an error whose name does not tell.
fn advise(device: &str, error: Error) {
    match error.errno {
        syscall::EPERM | syscall::EACCES => eprintln!("swapon: this needs root"),
        syscall::ENODATA => {
            eprintln!("swapon: it has no disksize; give it one: echo 64M > {device}/disksize");
        }
        syscall::ENOMEM => {
            let size = fs::read_text(&format!("{device}/disksize")).unwrap_or_default();
            eprintln!(
                "swapon: its disksize of {} bytes is too large for the kernel's table of it, or \
                 zramd does not fit in memory",
                size.trim()
            );
        }
        _ => {}
    }
}

fn told(what: &str, result: Result<()>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("swapon: {what}: {}", InWords(error));
            1
        }
    }
}

fn list() -> Result<()> {
    print!("{}", fs::read_text("/scheme/swap/areas")?);
    Ok(())
}

fn mount(device: &str, priority: i64) -> Result<()> {
    let ("zram", number) = fs::split_path(device).ok_or(Error::new(syscall::EINVAL))? else {
        return Err(Error::new(syscall::EINVAL));
    };
    // An attribute is a file as well, but none that the kernel can swap to.
    number.parse::<u32>().map_err(|_| Error::new(syscall::EINVAL))?;
    let control = fs::open("/scheme/swap/control", O_RDONLY)?;
    let device = fs::open(device, O_RDWR)?;
    control.call_with_fd(device, &[SWAPON, priority.cast_unsigned()]).map(drop)
}
