//! Bad clients of a device: one crashes with it open, one writes as much as it can.

use alloc::vec::Vec;

use syscall::O_RDWR;
use zram_rt::errno::InWords;
use zram_rt::{eprintln, fs, println};

use crate::SURVIVED;

const PAGE: usize = 4096;

/// Pages of one write.
const AT_ONCE: usize = 64;

/// Opens the device, writes to it and does `crash`.
pub(crate) fn crash_with(path: &str, crash: fn()) -> u8 {
    match fs::open(path, O_RDWR).and_then(|device| device.write(&[1; PAGE]).map(|_| device)) {
        Ok(_device) => crash(),
        Err(error) => eprintln!("hostile: {path}: {}", InWords(error)),
    }
    SURVIVED
}

/// Writes pages that do not compress until the device takes no more; that it ends is what is wanted.
pub(crate) fn fill(path: &str) -> u8 {
    let device = match fs::open(path, O_RDWR) {
        Ok(device) => device,
        Err(error) => {
            eprintln!("hostile: {path}: {}", InWords(error));
            return SURVIVED;
        }
    };
    let mut words: Vec<u64> = Vec::new();
    let mut random = host_core::order::Random::new(1);
    let mut taken = 0;
    loop {
        words.clear();
        words.extend((0..AT_ONCE * PAGE / 8).map(|_| random.next()));
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        match device.write(&bytes) {
            Ok(0) => break,
            Ok(count) => taken += count,
            Err(error) => {
                println!("hostile: fill: refused with {}", InWords(error));
                break;
            }
        }
    }
    println!("hostile: fill: {} MiB were taken", taken >> 20);
    0
}
