//! `time`: clocks. There is one, which counts from the start of the machine.
//!
//! CLOCK_REALTIME is the same as CLOCK_MONOTONIC: there is no calendar here. A description of a
//! clock (`openat(root, "4")`) reads as a TimeSpec.

use syscall::error::{EINVAL, ENOENT};
use syscall::flag::{CLOCK_MONOTONIC, CLOCK_REALTIME};

use crate::calls::Buffer;
use crate::errno::{SysResult, fail};
use crate::files::Object;
use crate::kernel::Kernel;
use crate::machine::clock;
use crate::space::SpaceId;

/// Bytes of a TimeSpec: seconds (8), nanoseconds (4), padding (4).
const TIMESPEC_SIZE: usize = 16;

const NS_PER_S: u64 = 1_000_000_000;

/// Returns what a path of `time` names.
///
/// # Errors
///
/// ENOENT for anything but the number of a clock.
pub(crate) fn open(path: &str) -> SysResult<Object> {
    match path.parse() {
        Ok(clock @ (CLOCK_REALTIME | CLOCK_MONOTONIC)) => Ok(Object::Clock(clock)),
        Ok(_) | Err(_) => fail(ENOENT),
    }
}

impl Kernel {
    /// Writes the time of a clock to a program's TimeSpec.
    ///
    /// # Errors
    ///
    /// EINVAL for an unknown clock, EFAULT.
    pub(crate) fn write_time(&mut self, space: SpaceId, id: usize, address: u64) -> SysResult {
        if id != CLOCK_REALTIME && id != CLOCK_MONOTONIC {
            return fail(EINVAL);
        }
        let now_ns = clock::now_ns();
        let mut bytes = [0; TIMESPEC_SIZE];
        bytes[..8].copy_from_slice(&(now_ns / NS_PER_S).to_le_bytes());
        bytes[8..12].copy_from_slice(&((now_ns % NS_PER_S) as u32).to_le_bytes());
        self.write_user(space, address, &bytes)?;
        Ok(0)
    }

    /// Reads a program's TimeSpec, in nanoseconds.
    ///
    /// # Errors
    ///
    /// EINVAL if it is negative or its nanoseconds are a second or more, EFAULT.
    pub(crate) fn read_timespec(&mut self, space: SpaceId, address: u64) -> SysResult<u64> {
        let [seconds, ns] = self.read_words(space, address)?;
        let (seconds, ns) = (seconds as i64, i64::from(ns as u32 as i32));
        if seconds < 0 || !(0..NS_PER_S as i64).contains(&ns) {
            return fail(EINVAL);
        }
        Ok((seconds as u64).saturating_mul(NS_PER_S).saturating_add(ns as u64))
    }

    /// Reads the clock through a description.
    pub(crate) fn read_clock(&mut self, space: SpaceId, id: usize, buffer: Buffer) -> SysResult {
        if buffer.size < TIMESPEC_SIZE {
            return fail(EINVAL);
        }
        self.write_time(space, id, buffer.address)?;
        Ok(TIMESPEC_SIZE)
    }
}
