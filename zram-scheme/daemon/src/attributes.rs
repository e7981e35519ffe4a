//! Attribute and control files: what a write means, and what a read shows.
//!
//! Names, formats and errors are those of Linux zram (admin-guide/blockdev/zram), but strict: what
//! Linux ignores (trailing garbage, unknown keys) is refused, and `last_error` says why in words. A
//! write is one command. Parse errors come before state errors, because parsing happens here, before
//! the lifecycle sees the request. Neighbours: `scheme` calls this, `lifecycle` gets the requests.

pub(crate) mod algorithm;
pub(crate) mod block_state;
pub(crate) mod hot_add;
pub(crate) mod mistake;
pub(crate) mod number;
pub(crate) mod pairs;
pub(crate) mod parameters;
pub(crate) mod sizes;
pub(crate) mod statistics;

use zram_abi::attribute::Attribute;

use mistake::{Mistake, Wrong};
use zram_lifecycle::{DeviceName, Limit, Request};

/// Most bytes of a write to an attribute or control file, as for a file of sysfs.
pub(crate) const WRITE_MAX: usize = 4096;

/// What a write to an attribute asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// A request for the lifecycle's actor.
    Lifecycle(Request),
    /// Set the high-water mark of pool pages to the present use; done at once.
    ResetHighWater,
}

/// Returns what writing `bytes`, which are not empty, to `attribute` of device `name` asks for, on a
/// machine of `memory_bytes`.
///
/// # Errors
///
/// The mistake in the bytes. Read-only attributes are refused at open and give
/// [`Mistake::ReadOnly`] here.
pub(crate) fn command(
    name: DeviceName,
    attribute: Attribute,
    bytes: &[u8],
    memory_bytes: u64,
) -> Result<Command, Wrong<'_>> {
    let in_all = |mistake| Wrong::in_all(bytes, mistake);
    if attribute == Attribute::AlgorithmParams {
        let parameters = parameters::parse(text(bytes).map_err(in_all)?)?;
        return Ok(Command::Lifecycle(Request::SetParameters(name, parameters)));
    }
    value(name, attribute, bytes, memory_bytes).map_err(in_all)
}

/// Returns what writing one value asks for.
fn value(
    name: DeviceName,
    attribute: Attribute,
    bytes: &[u8],
    memory_bytes: u64,
) -> Result<Command, Mistake> {
    let disksize = || sizes::disksize(text(bytes)?, memory_bytes);
    match attribute {
        Attribute::Disksize => disksize().map(|pages| Request::SetDisksize(name, pages)),
        Attribute::Resize => disksize().map(|pages| Request::Resize(name, pages)),
        Attribute::CompAlgorithm => {
            algorithm::parse(bytes).map(|algorithm| Request::SetAlgorithm(name, algorithm))
        }
        Attribute::MemLimit => sizes::limit(text(bytes)?, memory_bytes)
            .map(|bytes| Request::SetLimit(name, Limit::Hard(bytes))),
        Attribute::MemWatermark => sizes::limit(text(bytes)?, memory_bytes)
            .map(|bytes| Request::SetLimit(name, Limit::Soft(bytes))),
        Attribute::Reset => number::nonzero_u16(text(bytes)?).map(|()| Request::Reset(name)),
        Attribute::Compact => Ok(Request::Compact(name)),
        Attribute::MemUsedMax => {
            return number::zero(text(bytes)?).map(|()| Command::ResetHighWater);
        }
        Attribute::AlgorithmParams => unreachable!("it is a line, not a value"),
        Attribute::Initstate
        | Attribute::MmStat
        | Attribute::IoStat
        | Attribute::Stat
        | Attribute::Statistics
        | Attribute::BlockState
        | Attribute::DebugStat
        | Attribute::Streams
        | Attribute::LastError
        | Attribute::LastNote => Err(Mistake::ReadOnly),
    }
    .map(Command::Lifecycle)
}

/// Returns the bytes as text.
///
/// # Errors
///
/// [`Mistake::NotText`].
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Mistake> {
    core::str::from_utf8(bytes).map_err(|_| Mistake::NotText)
}

#[cfg(test)]
mod tests;
