//! Sizes in `disksize`, `resize`, `mem_limit` and `hot_add`; the syntax is in `zram_abi::size`.

use zram_abi::PAGE_SIZE;
use zram_abi::size::parse_size;

use super::mistake::Mistake;
use zram_lifecycle::{Pages, SizeError};

/// Returns the size of a device, rounded up to pages.
///
/// # Errors
///
/// [`Mistake::NotASize`], [`Mistake::ZeroSize`], [`Mistake::TooBig`].
pub(crate) fn disksize(text: &str) -> Result<Pages, Mistake> {
    let bytes = parse_size(text).ok_or(Mistake::NotASize)?;
    Pages::holding(bytes).map_err(|error| match error {
        SizeError::Zero => Mistake::ZeroSize,
        SizeError::TooBig => Mistake::TooBig,
    })
}

/// Returns a limit in bytes, rounded up to pages; 0 is no limit.
///
/// # Errors
///
/// [`Mistake::NotASize`].
pub(crate) fn limit(text: &str) -> Result<u64, Mistake> {
    let bytes = parse_size(text).ok_or(Mistake::NotASize)?;
    Ok(bytes.checked_next_multiple_of(PAGE_SIZE as u64).unwrap_or(u64::MAX - u64::MAX % 4096))
}
