//! A client: adds its device, writes and reads it, mounts it now and then, and removes it again.
//!
//! The daemon may end between any two steps, but not while the device is open: then every step must
//! succeed or fail for want of memory, never because the device is gone.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;

use host_core::order::Random;
use syscall::flag::{O_RDONLY, O_RDWR};
use zram_abi::PAGE_SIZE;
use zram_abi::verb::{SWAPOFF, SWAPON};
use zram_rt::errno::Error;
use zram_rt::memory::Mapping;
use zram_rt::{Fd, fs, time};

use crate::finding::{Finding, Storm, retry};

/// The daemon has ended, or ends.
const GONE: [i32; 2] = [syscall::ENOENT, syscall::ENODEV];

/// Pages of one request.
const REQUEST_PAGES: usize = 16;

/// Requests between adding and mounting, at most.
const REQUESTS_MAX: u64 = 8;

/// One in so many turns mounts its device, which takes long while memory is full.
const MOUNTED_ONE_IN: u64 = 4;

/// Longest time that a device stays mounted.
const MOUNTED_MAX_NS: u64 = 20_000_000;

/// How a turn ended.
enum Turn {
    /// The device was added and taken away.
    Done,
    /// The daemon ended in between.
    DaemonGone,
}

/// One of the clients.
pub(crate) struct Client {
    number: u32,
    random: Random,
    storm: Arc<Storm>,
}

impl Client {
    /// Returns the client of the device of that number.
    pub(crate) fn new(number: u32, seed: u64, storm: Arc<Storm>) -> Self {
        Self { number, random: Random::new(seed ^ u64::from(number) << 32), storm }
    }

    /// Takes turns until the storm ends.
    pub(crate) fn run(mut self) {
        while self.storm.goes_on() {
            match self.turn() {
                Ok(Turn::Done) => {}
                Ok(Turn::DaemonGone) => time::sleep_ns(1_000_000),
                Err(finding) => {
                    let finding = Finding::new(format!("client {}: {finding}", self.number));
                    return self.storm.note(finding);
                }
            }
        }
    }

    fn turn(&mut self) -> Result<Turn, Finding> {
        let add = format!("id={} disksize=32M\n", self.number);
        let added = retry("hot_add", &[syscall::EAGAIN, syscall::ENOMEM], || {
            fs::write("zram:control/hot_add", add.as_bytes())
        })?;
        if is_gone("hot_add", added)? {
            return Ok(Turn::DaemonGone);
        }
        self.storm.devices_added.add_one();
        // Busy while an end of the daemon takes place: then it is gone next time.
        let open = || fs::open(&self.device(), O_RDWR);
        match retry("open", &[syscall::EBUSY], open)? {
            Ok(device) => self.use_device(device)?,
            Err(error) if GONE.contains(&error.errno) => return Ok(Turn::DaemonGone),
            Err(error) => return Err(Finding::of("open", error)),
        }
        self.take_away()
    }

    fn device(&self) -> String {
        format!("zram:{}", self.number)
    }

    /// Uses an open device; the daemon cannot end until it is closed.
    fn use_device(&mut self, device: Fd) -> Result<(), Finding> {
        let size = device.size().map_err(|error| Finding::of("fstat", error))?;
        for _ in 0..self.random.below(REQUESTS_MAX) {
            self.round_trip(&device, size)?;
        }
        if self.random.below(MOUNTED_ONE_IN) == 0 { self.mount(device) } else { Ok(()) }
    }

    /// Writes pages and reads them back.
    fn round_trip(&mut self, device: &Fd, size: u64) -> Result<(), Finding> {
        let bytes = REQUEST_PAGES * PAGE_SIZE;
        let Ok(mut pages) = Mapping::anonymous(2 * bytes) else { return Ok(()) };
        let offset = self.random.below(size / bytes as u64) * bytes as u64;
        let (out, back) = pages.bytes_mut().split_at_mut(bytes);
        let stamp = self.random.next();
        for (number, word) in out.chunks_exact_mut(8).enumerate() {
            // Compressible, and no two pages are equal.
            let value = if number % 4 == 0 { stamp.wrapping_add(number as u64) } else { stamp };
            word.copy_from_slice(&value.to_le_bytes());
        }
        match device.write_at(out, offset) {
            Ok(count) if count == bytes => {}
            Ok(count) => return Err(Finding::new(format!("{count} bytes were written"))),
            // No page of memory was left for the pool.
            Err(error) if error.errno == syscall::EIO => return Ok(()),
            Err(error) => return Err(Finding::of("write", error)),
        }
        let count = device.read_at(back, offset).map_err(|error| Finding::of("read", error))?;
        if count != bytes || *out != *back {
            return Err(Finding::new(format!("pages at byte {offset} came back wrong")));
        }
        Ok(())
    }

    /// Mounts the device for a moment.
    fn mount(&mut self, device: Fd) -> Result<(), Finding> {
        let control = fs::open("/scheme/swap/control", O_RDONLY);
        let control = control.map_err(|error| Finding::of("open swap:control", error))?;
        let priority = self.random.below(2);
        match control.call_with_fd(device, &[SWAPON, priority]) {
            Ok(_) => self.storm.devices_mounted.add_one(),
            // Another one is being mounted, or there is no memory to pin the daemon.
            Err(Error { errno: syscall::EBUSY | syscall::ENOMEM }) => return Ok(()),
            Err(error) => return Err(Finding::of("swapon", error)),
        }
        time::sleep_ns(self.random.below(MOUNTED_MAX_NS));
        let words = [SWAPOFF, u64::from(self.number)];
        let off =
            retry("swapoff", &[syscall::EBUSY, syscall::ENOMEM], || control.call(&mut [], &words))?;
        off.map(drop).map_err(|error| Finding::of("swapoff", error))
    }

    /// Resets and removes the device. The kernel closes a device that was mounted when it gets to it.
    fn take_away(&self) -> Result<Turn, Finding> {
        let passes = [syscall::EBUSY, syscall::EAGAIN];
        let reset = format!("{}/reset", self.device());
        let result = retry("reset", &passes, || fs::write(&reset, b"1\n"))?;
        if is_gone("reset", result)? {
            return Ok(Turn::DaemonGone);
        }
        let number = format!("{}\n", self.number);
        let removed = retry("hot_remove", &passes, || {
            fs::write("zram:control/hot_remove", number.as_bytes())
        })?;
        if is_gone("hot_remove", removed)? {
            return Ok(Turn::DaemonGone);
        }
        self.storm.devices_removed.add_one();
        Ok(Turn::Done)
    }
}

/// Returns whether a step failed because the daemon has ended; another failure is a finding.
fn is_gone(step: &str, result: Result<(), Error>) -> Result<bool, Finding> {
    match result {
        Ok(()) => Ok(false),
        Err(error) if GONE.contains(&error.errno) => Ok(true),
        Err(error) => Err(Finding::of(step, error)),
    }
}
