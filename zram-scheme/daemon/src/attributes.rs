//! Attribute and control files: what a write means, and what a read shows.
//!
//! Names, formats and errors are those of Linux zram (admin-guide/blockdev/zram), but strict: what
//! Linux ignores (trailing garbage, unknown keys) is refused, and `last_error` says why in words. A
//! write is one command. Parse errors come before state errors, because parsing happens here, before
//! the lifecycle sees the request. Neighbours: `scheme` calls this, `lifecycle` gets the requests.

pub(crate) mod algorithm;
pub(crate) mod hot_add;
pub(crate) mod mistake;
pub(crate) mod number;
pub(crate) mod pairs;
pub(crate) mod parameters;
pub(crate) mod sizes;
pub(crate) mod statistics;

use zram_abi::attribute::Attribute;

use mistake::Mistake;
use zram_lifecycle::{DeviceName, Request};

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

/// Returns what writing `bytes`, which are not empty, to `attribute` of device `name` asks for.
///
/// # Errors
///
/// The [`Mistake`] in the bytes. Read-only attributes are refused at open and give
/// [`Mistake::ReadOnly`] here.
pub(crate) fn command(
    name: DeviceName,
    attribute: Attribute,
    bytes: &[u8],
) -> Result<Command, Mistake> {
    match attribute {
        Attribute::Disksize => {
            sizes::disksize(text(bytes)?).map(|pages| Request::SetDisksize(name, pages))
        }
        Attribute::Resize => {
            sizes::disksize(text(bytes)?).map(|pages| Request::Resize(name, pages))
        }
        Attribute::CompAlgorithm => {
            algorithm::parse(bytes).map(|algorithm| Request::SetAlgorithm(name, algorithm))
        }
        Attribute::AlgorithmParams => parameters::parse(text(bytes)?)
            .map(|parameters| Request::SetParameters(name, parameters)),
        Attribute::MemLimit => {
            sizes::limit(text(bytes)?).map(|limit_bytes| Request::SetLimit(name, limit_bytes))
        }
        Attribute::Reset => number::nonzero_u16(text(bytes)?).map(|()| Request::Reset(name)),
        Attribute::Compact => Ok(Request::Compact(name)),
        Attribute::MemUsedMax => {
            return number::zero(text(bytes)?).map(|()| Command::ResetHighWater);
        }
        Attribute::Initstate
        | Attribute::MmStat
        | Attribute::IoStat
        | Attribute::Streams
        | Attribute::LastError => Err(Mistake::ReadOnly),
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
