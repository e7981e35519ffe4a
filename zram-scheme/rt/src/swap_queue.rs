//! The daemon's end of one swap queue of the kernel.
//!
//! A queue has a window of 32 pages, shared with the kernel, and one record at a time. The kernel
//! touches the window only while [`SwapQueue::next`] runs, which borrows the queue exclusively, so
//! the window is ordinary memory in between. Relies on `zram-abi` for record and verb.

use alloc::format;

use syscall::error::{EINVAL, Error, Result};
use syscall::flag::{O_RDONLY, O_RDWR};
pub use zram_abi::queue::Direction;
use zram_abi::record::{RECORD_SIZE, WINDOW_SIZE};
use zram_abi::verb::{Cookie, QUEUE_NEXT, RESIZE_DAEMON, SWAP_RESIZE};

use crate::fd::Fd;
use crate::fs;
use crate::memory::Mapping;

/// Tells the kernel how large the device of an area is; for the process that serves the queues.
///
/// # Errors
///
/// EBUSY if the area would have to be made smaller first; EINVAL if it is not mounted; EACCES for others.
pub fn resize_area(cookie: Cookie) -> Result<()> {
    let word = cookie.pack().ok_or(Error::new(EINVAL))?;
    let control = fs::open("/scheme/swap/control", O_RDONLY)?;
    control.call(&mut [], &[SWAP_RESIZE, word, RESIZE_DAEMON]).map(drop)
}

/// One queue of one CPU.
#[derive(Debug)]
pub struct SwapQueue {
    file: Fd,
    window: Mapping,
}

impl SwapQueue {
    /// Opens the queue.
    ///
    /// # Errors
    ///
    /// ENODEV or ENOENT on a kernel without swap; EBUSY if somebody has it open.
    pub fn open(cpu: u32, direction: Direction) -> Result<Self> {
        let end = match direction {
            Direction::In => "in",
            Direction::Out => "out",
        };
        let file = fs::open(&format!("/scheme/swap/pager/{cpu}/{end}"), O_RDWR)?;
        let window = file.map_shared(0, WINDOW_SIZE)?;
        Ok(Self { file, window })
    }

    /// Completes the record in `bytes`, waits for the next one and puts it there.
    ///
    /// # Errors
    ///
    /// ENODEV once the kernel has revoked the queue.
    pub fn next(&mut self, bytes: &mut [u8; RECORD_SIZE]) -> Result<()> {
        self.file.call(bytes, &[QUEUE_NEXT]).map(drop)
    }

    /// Returns the window; page `i` belongs to entry `i` of the record.
    pub fn window(&mut self) -> &mut [u8] {
        self.window.bytes_mut()
    }
}
