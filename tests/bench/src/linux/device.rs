//! A zram device of our own: hot-added by the guard, removed when this is dropped.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use super::guard::Guard;

/// How long the device file may take to come.
const PATIENCE: Duration = Duration::from_secs(5);

/// A device of our own.
pub(super) struct Device<'a> {
    guard: &'a Guard,
    number: u32,
}

impl<'a> Device<'a> {
    /// Adds a device.
    ///
    /// # Errors
    /// In words, where there is no zram or one is not root.
    pub(super) fn add(guard: &'a Guard) -> Result<Self, String> {
        Ok(Self { guard, number: guard.add()? })
    }

    /// Writes an attribute.
    ///
    /// # Errors
    /// In words.
    pub(super) fn set(&self, attribute: &str, value: &str) -> Result<(), String> {
        let path = self.path(attribute);
        fs::write(&path, value).map_err(|error| format!("{path}: {error}"))
    }

    /// Reads an attribute.
    ///
    /// # Errors
    /// In words.
    pub(super) fn get(&self, attribute: &str) -> Result<String, String> {
        let path = self.path(attribute);
        fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
    }

    /// Opens the device without the page cache.
    ///
    /// # Errors
    /// In words; also when there is no block device of that name soon.
    pub(super) fn open(&self) -> Result<File, String> {
        let path = format!("/dev/zram{}", self.number);
        let start = Instant::now();
        while !fs::metadata(&path).is_ok_and(|metadata| metadata.file_type().is_block_device()) {
            if start.elapsed() > PATIENCE {
                return Err(format!("{path}: no such block device"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        let flags = OFlags::DIRECT.bits() as i32;
        OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(flags)
            .open(&path)
            .map_err(|error| format!("{path}: {error}"))
    }

    fn path(&self, attribute: &str) -> String {
        format!("/sys/block/zram{}/{attribute}", self.number)
    }
}

impl Drop for Device<'_> {
    fn drop(&mut self) {
        if let Err(words) = self.guard.remove(self.number) {
            eprintln!("zram{}: {words}", self.number);
        }
    }
}
