//! `/scheme/swap`: its files, what may be done with each, and their texts.
//!
//! Every kernel that has the pager shows the same files, byte for byte. So the list of files, the
//! verbs of each and their texts are here; opening, reading and waiting are done by the kernel. A
//! kernel parses a path with [`File::named`], a call with [`File::call`] and [`File::take`], makes
//! a text when a file is opened ([`texts`]), and sets written values with [`params`].
//!
//! ```text
//! swap/control        SYS_CALL: SWAPON with a device file, SWAPOFF, SWAP_RESIZE (uid 0); HAND_OFF
//! swap/areas          the table of /proc/swaps, and what each area takes part in
//! swap/stat           counts, times and sizes, one `name value` a line; `closed` has a word
//! swap/latencies      how long page-ins took: nanoseconds at most, and how many since the beginning
//! swap/params         the watermarks, one `name=value` a line; uid 0 writes some of them
//! swap/last_error     why the last write to params was refused; empty after one that was not
//! swap/pager/N/in     the daemon's queues: fmap gives the window, SYS_CALL QUEUE_NEXT the
//! swap/pager/N/out    records; uid 0
//! ```

pub mod params;
pub mod texts;

use zram_abi::error::{EACCES, EBADF, EBUSY, EINVAL, ENODEV, ENOENT, ENOMEM, ENOSPC, EOPNOTSUPP};
use zram_abi::verb::{
    Cookie, HAND_OFF, QUEUE_NEXT, RESIZE_DAEMON, RESIZE_USER, SWAP_RESIZE, SWAPOFF, SWAPON,
};

use crate::ports::{CpuId, Direction, QueueId};
use crate::requests::{Resize, ResizeBy, SwapOffError, SwapOnError};

/// Most bytes of a text that is written.
pub const WRITE_MAX: usize = 256;

/// A file of `swap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// The directory itself.
    Root,
    /// Areas come and go here.
    Control,
    /// The table of areas.
    Areas,
    /// Counts, times and sizes.
    Stat,
    /// How long page-ins took.
    Latencies,
    /// The watermarks.
    Params,
    /// Why a write was refused.
    LastError,
    /// The CPUs that have queues.
    Queues,
    /// One queue of the daemon's.
    Queue(QueueId),
}

/// What a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Complete a record and take the next one.
    QueueNext(QueueId),
    /// Unmount a device.
    SwapOff {
        /// Its number.
        device: u16,
    },
    /// Hand the CPU to the daemon and come back.
    HandOff,
    /// Give an area another size.
    Resize(Resize),
}

/// What passing a device file asks for: to mount it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwapOn {
    /// Higher is used first.
    pub priority: i64,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The user.
    pub uid: u32,
    /// Whether the process is the one that serves the queues.
    pub is_daemon: bool,
}

/// An error number of Redox's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i32);

impl Asker {
    /// Lets the user 0 pass.
    ///
    /// # Errors
    ///
    /// EACCES.
    pub fn expect_root(self) -> Result<(), Errno> {
        if self.uid == 0 { Ok(()) } else { Err(Errno(EACCES)) }
    }
}

impl File {
    /// Returns the file of a path below `swap`, slashes at its ends or not.
    ///
    /// # Errors
    ///
    /// ENOENT. Whether the machine has the CPU of a queue is the kernel's to say.
    pub fn named(path: &str) -> Result<Self, Errno> {
        Ok(match path.trim_matches('/') {
            "" => Self::Root,
            "control" => Self::Control,
            "areas" => Self::Areas,
            "stat" => Self::Stat,
            "latencies" => Self::Latencies,
            "params" => Self::Params,
            "last_error" => Self::LastError,
            "pager" => Self::Queues,
            path => Self::Queue(queue(path).ok_or(Errno(ENOENT))?),
        })
    }

    /// Opens the file for this user.
    ///
    /// # Errors
    ///
    /// EACCES: queues are root's.
    pub fn may_open(self, asker: Asker) -> Result<(), Errno> {
        match self {
            Self::Queue(_) => asker.expect_root(),
            Self::Root
            | Self::Control
            | Self::Areas
            | Self::Stat
            | Self::Latencies
            | Self::Params
            | Self::LastError
            | Self::Queues => Ok(()),
        }
    }

    /// Lets a user write a text to the file.
    ///
    /// # Errors
    ///
    /// EBADF for a file that is not written, EACCES, EINVAL for more than [`WRITE_MAX`] bytes.
    pub fn may_write(self, asker: Asker, size_bytes: usize) -> Result<(), Errno> {
        if self != Self::Params {
            return Err(Errno(EBADF));
        }
        asker.expect_root()?;
        if size_bytes > WRITE_MAX { Err(Errno(EINVAL)) } else { Ok(()) }
    }

    /// Returns what a call with this metadata asks for.
    ///
    /// # Errors
    ///
    /// EOPNOTSUPP for what the file has not, EACCES, EINVAL.
    pub fn call(self, asker: Asker, [verb, word, how]: [u64; 3]) -> Result<Call, Errno> {
        match (self, verb) {
            (Self::Queue(queue), QUEUE_NEXT) => Ok(Call::QueueNext(queue)),
            (Self::Control, SWAPOFF) => {
                asker.expect_root()?;
                let device = u16::try_from(word).map_err(|_| Errno(EINVAL))?;
                Ok(Call::SwapOff { device })
            }
            (Self::Control, HAND_OFF) => Ok(Call::HandOff),
            (Self::Control, SWAP_RESIZE) => {
                asker.expect_root()?;
                let cookie = Cookie::unpack(word).ok_or(Errno(EINVAL))?;
                let Cookie { device, generation, pages } = cookie;
                let by = match how {
                    RESIZE_USER => ResizeBy::User,
                    RESIZE_DAEMON if asker.is_daemon => ResizeBy::Daemon { generation },
                    RESIZE_DAEMON => return Err(Errno(EACCES)),
                    _ => return Err(Errno(EINVAL)),
                };
                Ok(Call::Resize(Resize { device, pages, by }))
            }
            _ => Err(Errno(EOPNOTSUPP)),
        }
    }

    /// Returns what passing descriptors with this metadata asks for.
    ///
    /// # Errors
    ///
    /// EOPNOTSUPP for what the file has not, EACCES.
    pub fn take(self, asker: Asker, [verb, priority, _]: [u64; 3]) -> Result<SwapOn, Errno> {
        if self != Self::Control || verb != SWAPON {
            return Err(Errno(EOPNOTSUPP));
        }
        asker.expect_root()?;
        Ok(SwapOn { priority: priority.cast_signed() })
    }
}

/// Returns the queue of `pager/N/in` or `pager/N/out`.
fn queue(path: &str) -> Option<QueueId> {
    let (cpu, direction) = path.strip_prefix("pager/")?.split_once('/')?;
    let direction = match direction {
        "in" => Direction::In,
        "out" => Direction::Out,
        _ => return None,
    };
    Some(QueueId { cpu: CpuId::new(cpu.parse().ok()?)?, direction })
}

impl From<SwapOnError> for Errno {
    fn from(error: SwapOnError) -> Self {
        Self(match error {
            SwapOnError::Mounted => EBUSY,
            SwapOnError::Invalid => EINVAL,
            SwapOnError::TooMany => ENOSPC,
            SwapOnError::NoDaemon => ENODEV,
        })
    }
}

impl From<SwapOffError> for Errno {
    fn from(error: SwapOffError) -> Self {
        Self(match error {
            SwapOffError::NotMounted => EINVAL,
            SwapOffError::NoMemory => ENOMEM,
            SwapOffError::Busy => EBUSY,
        })
    }
}

#[cfg(test)]
mod tests;
