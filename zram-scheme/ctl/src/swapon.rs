//! `swapon [-p N] zram:N`: has the kernel use a device as swap; without a device, lists the areas.
//!
//! The device is opened here and handed to `/scheme/swap/control`, which keeps it open: until
//! `swapoff`, the device cannot be reset or removed.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

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
    told(device, mount(device, i64::from(priority)))
}

fn told(what: &str, result: Result<()>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("swapon: {what}: {}", InWords(error));
            if error.errno == syscall::ENODATA {
                eprintln!("swapon: it has no size yet: echo 384M > {what}/disksize");
            }
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
