//! The system that the tools run on: files by path, calls on open files, a console.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ctl::device::DeviceNumber;
use ctl::system::{Errno, System, Waited};
use syscall::error::EINVAL;
use syscall::flag::{O_NONBLOCK, O_RDONLY, O_RDWR};
use zram_abi::verb::{Cookie, DISCARD, RESIZE_USER, SWAP_RESIZE, SWAPOFF, SWAPON};
use zram_rt::errno::{Error, InWords};
use zram_rt::events::Queue;
use zram_rt::{Fd, console, eprintln, fs, time};

/// Where areas are mounted and unmounted.
const CONTROL: &str = "/scheme/swap/control";

/// Where keys come from, without waiting for one.
const CONSOLE: &str = "/scheme/debug";

/// From one look for a key to the next.
const KEY_PAUSE_NS: u64 = 20_000_000;

/// Most bytes of a device's number as a text.
const NUMBER_MAX: usize = 16;

/// This machine.
pub(crate) struct Machine;

/// A file that is watched, perhaps with the console.
pub(crate) struct Watch {
    queue: Queue,
    /// It is watched as long as it is open.
    _file: Fd,
    console: Option<Fd>,
}

/// The words by which a [`Watch`] knows the file and the console.
const FILE: usize = 0;
const KEYS: usize = 1;

fn errno(error: Error) -> Errno {
    Errno(error.errno)
}

fn device_file(device: DeviceNumber) -> Result<Fd, Errno> {
    fs::open(&format!("/scheme/zram/{}", device.number()), O_RDWR).map_err(errno)
}

impl System for Machine {
    type Watch = Watch;

    fn read(&self, path: &str) -> Result<String, Errno> {
        fs::read_text(path).map_err(errno)
    }

    fn write(&self, path: &str, text: &str) -> Result<(), Errno> {
        fs::write(path, text.as_bytes()).map_err(errno)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, Errno> {
        fs::list(path).map_err(errno)
    }

    fn add(&self, line: &str) -> Result<String, Errno> {
        // The handle that adds a device tells its number, whatever others add meanwhile.
        let file = fs::open("/scheme/zram/control/hot_add", O_RDWR).map_err(errno)?;
        // An empty line is a default device; an empty write would be nothing.
        file.write(format!("{line}\n").as_bytes()).map_err(errno)?;
        let mut number = [0; NUMBER_MAX];
        let length = file.read_at(&mut number, 0).map_err(errno)?;
        Ok(String::from_utf8_lossy(&number[..length]).into_owned())
    }

    /// The device is opened here and handed to the kernel, which keeps it open: until it is unmounted,
    /// it cannot be reset or removed.
    fn mount(&self, device: DeviceNumber, priority: i64) -> Result<(), Errno> {
        let control = fs::open(CONTROL, O_RDONLY).map_err(errno)?;
        let device = device_file(device)?;
        let words = [SWAPON, priority.cast_unsigned()];
        control.call_with_fd(device, &words).map(drop).map_err(errno)
    }

    fn unmount(&self, device: DeviceNumber) -> Result<(), Errno> {
        let control = fs::open(CONTROL, O_RDONLY).map_err(errno)?;
        let words = [SWAPOFF, u64::from(device.number())];
        control.call(&mut [], &words).map(drop).map_err(errno)
    }

    fn resize_area(&self, device: DeviceNumber, pages: u32) -> Result<(), Errno> {
        let control = fs::open(CONTROL, O_RDONLY).map_err(errno)?;
        // A mounted device has one life, and the kernel knows it.
        let cookie = Cookie { device: device.number(), generation: 0, pages };
        let word = cookie.pack().ok_or(Errno(EINVAL))?;
        control.call(&mut [], &[SWAP_RESIZE, word, RESIZE_USER]).map(drop).map_err(errno)
    }

    fn discard(&self, device: DeviceNumber, first: u64, count: u64) -> Result<(), Errno> {
        device_file(device)?.call(&mut [], &[DISCARD, first, count]).map(drop).map_err(errno)
    }

    fn watch(&self, path: &str, has_keys: bool) -> Result<Watch, Errno> {
        let file = fs::open(path, O_RDONLY).map_err(errno)?;
        let queue = Queue::open().map_err(errno)?;
        queue.watch(&file, FILE).map_err(errno)?;
        let console = if has_keys { fs::open(CONSOLE, O_RDONLY | O_NONBLOCK).ok() } else { None };
        if let Some(console) = &console {
            queue.watch(console, KEYS).map_err(errno)?;
        }
        Ok(Watch { queue, _file: file, console })
    }

    fn wait(&self, watch: &Watch) -> Result<Waited, Errno> {
        loop {
            // First what was pressed before: keys that come together are one piece of news.
            let mut key = [0];
            if let Some(Ok(1)) = watch.console.as_ref().map(|console| console.read(&mut key)) {
                return Ok(Waited::Key(key[0]));
            }
            if watch.queue.next().map_err(errno)? == FILE {
                return Ok(Waited::Changed);
            }
        }
    }

    fn now_ns(&self) -> u64 {
        time::now_ns()
    }

    fn sleep(&self, duration_ns: u64) {
        time::sleep_ns(duration_ns);
    }

    fn wait_for_key(&self, patience_ns: u64) -> Option<u8> {
        let end_ns = time::now_ns().saturating_add(patience_ns);
        let console = fs::open(CONSOLE, O_RDONLY | O_NONBLOCK).ok();
        loop {
            let mut key = [0];
            if let Some(Ok(1)) = console.as_ref().map(|console| console.read(&mut key)) {
                return Some(key[0]);
            }
            let left_ns = end_ns.saturating_sub(time::now_ns());
            if left_ns == 0 {
                return None;
            }
            time::sleep_ns(left_ns.min(KEY_PAUSE_NS));
        }
    }

    fn words(&self, errno: Errno) -> String {
        format!("{}", InWords(Error::new(errno.0)))
    }

    fn show(&self, text: &str) {
        console::write(text.as_bytes());
    }

    fn complain(&self, line: &str) {
        eprintln!("{line}");
    }
}
