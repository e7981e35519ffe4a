//! `swapoff zram:N`: brings the pages of a device back into memory and stops using it as swap.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use syscall::flag::O_RDONLY;
use zram_abi::verb::SWAPOFF;
use zram_rt::errno::{Error, InWords, Result};
use zram_rt::{args, eprintln, fs};

zram_rt::entry!(main);

fn main() -> u8 {
    let mut words = args().skip(1);
    let (Some(device), None) = (words.next(), words.next()) else {
        eprintln!("usage: swapoff zram:N");
        return 2;
    };
    match unmount(device) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("swapoff: {device}: {}", InWords(error));
            1
        }
    }
}

fn unmount(device: &str) -> Result<()> {
    let ("zram", number) = fs::split_path(device).ok_or(Error::new(syscall::EINVAL))? else {
        return Err(Error::new(syscall::EINVAL));
    };
    let number = number.parse::<u32>().map_err(|_| Error::new(syscall::EINVAL))?;
    let control = fs::open("/scheme/swap/control", O_RDONLY)?;
    control.call(&mut [], &[SWAPOFF, u64::from(number)]).map(drop)
}
