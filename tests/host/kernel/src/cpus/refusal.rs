//! Why the last write to `N/online` was refused, in words for `N/last_error`.
//!
//! A wrong write is found where it is refused ([`switch`](super::switch)); a transition that fails
//! ends with an error number, from this machine or from a subscriber of CPU events.

use alloc::string::String;

use syscall::error::{EIO, ENOMEM, ETIMEDOUT};
use zram_abi::CpuId;

use crate::text::text;

/// A write that was refused.
pub(super) struct Refusal {
    cpu: CpuId,
    why: Why,
}

/// Why it was.
pub(super) enum Why {
    /// It was neither 0 nor 1.
    NotASwitch,
    /// There is no such CPU now.
    NotPresent,
    /// The first one does not go.
    First,
    /// The transition ended with this error number.
    Ended(i32),
}

impl Refusal {
    /// Returns the refusal of a write about `cpu`.
    pub(super) fn new(cpu: CpuId, why: Why) -> Self {
        Self { cpu, why }
    }

    /// Returns a line that begins with the name of the file, if it was a write about `cpu`.
    pub(super) fn words(&self, cpu: CpuId) -> Option<String> {
        let why = match self.why {
            Why::NotASwitch => "write 1 to bring the cpu up, 0 to take it down",
            Why::NotPresent => "the machine has no such cpu now",
            Why::First => "the first cpu cannot go",
            Why::Ended(ENOMEM) => "somebody who follows cpus has no memory for it",
            Why::Ended(ETIMEDOUT) => "somebody who follows cpus did not answer in time",
            Why::Ended(EIO) => "the machine did not start it, or who follows cpus refused it",
            Why::Ended(errno) => {
                let words = format_args!("online: who follows cpus refused it, errno {errno}\n");
                return (cpu == self.cpu).then(|| text(words));
            }
        };
        (cpu == self.cpu).then(|| text(format_args!("online: {why}\n")))
    }
}
