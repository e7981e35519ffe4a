//! What the lifecycle's refusals say to people.

use zram_lifecycle::{Pages, Refusal};

use crate::text::Words;

/// Which levels there are ([`zram::Algorithm::levels`]).
pub(crate) const NO_SUCH_LEVEL: &str =
    "no such level; pagelz has 1 to 9, lz4 1 to 65537, lz4-safe only 1";

/// Returns why a write to `file` was refused; `wanted` is the size that it asked for, if any.
pub fn refusal(refusal: Refusal, file: &str, wanted: Option<Pages>) -> Words {
    if let (Refusal::NoMemory, Some(pages)) = (refusal, wanted) {
        let size_mib = pages.bytes().div_ceil(1 << 20);
        return Words::of(format_args!(
            "{file}: not enough memory for the tables and streams of {size_mib} MiB, nothing \
             was changed"
        ));
    }
    let what = match refusal {
        Refusal::Exited => "the daemon has ended",
        Refusal::NoDevice => "no such device",
        Refusal::Exists => "a device of that id exists",
        Refusal::NoNumber => "no id is free",
        Refusal::Open => "the device is open, by a program or as swap",
        Refusal::Initialised => "the device is initialised, reset it first",
        Refusal::NotInitialised => "the device has no disksize yet",
        Refusal::Stored => "a page is stored above the new end, discard it first",
        Refusal::NoMemory => "not enough memory, nothing was changed",
        Refusal::WrongStage => "not possible for this cpu now",
        Refusal::OtherAlgorithm => "the device has another algorithm, see comp_algorithm",
        Refusal::NoSuchLevel => NO_SUCH_LEVEL,
    };
    Words::of(format_args!("{file}: {what}"))
}
