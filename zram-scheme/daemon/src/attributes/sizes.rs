//! Sizes in `disksize`, `resize`, `mem_limit` and `hot_add`; the syntax is in `zram_abi::size`.

use zram_abi::PAGE_SIZE;
use zram_abi::size::Size;

use super::mistake::Mistake;
use zram_lifecycle::{Pages, SizeError};

/// Returns the bytes that `text` names on a machine of `memory_bytes`.
fn bytes(text: &str, memory_bytes: u64) -> Result<u64, Mistake> {
    Size::parse(text).and_then(|size| size.bytes(memory_bytes)).map_err(Mistake::NotASize)
}

/// Returns the size of a device on a machine of `memory_bytes`, rounded up to pages.
///
/// # Errors
///
/// [`Mistake::NotASize`], [`Mistake::ZeroSize`], [`Mistake::TooBig`].
pub(crate) fn disksize(text: &str, memory_bytes: u64) -> Result<Pages, Mistake> {
    Pages::holding(bytes(text, memory_bytes)?).map_err(|error| match error {
        SizeError::Zero => Mistake::ZeroSize,
        SizeError::TooBig => Mistake::TooBig,
    })
}

/// Returns a limit in bytes on a machine of `memory_bytes`, rounded up to pages; 0 is no limit.
///
/// # Errors
///
/// [`Mistake::NotASize`].
pub(crate) fn limit(text: &str, memory_bytes: u64) -> Result<u64, Mistake> {
    let bytes = bytes(text, memory_bytes)?;
    Ok(bytes.checked_next_multiple_of(PAGE_SIZE as u64).unwrap_or(u64::MAX - u64::MAX % 4096))
}
