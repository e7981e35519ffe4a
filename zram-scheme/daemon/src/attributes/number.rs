//! Decimal numbers, as Linux's `kstrto*` reads them: the whole text, one trailing newline allowed.
//!
//! Neighbour: `sizes.rs` for numbers with a suffix.

use super::mistake::Mistake;
use zram_lifecycle::DeviceId;

/// The largest C `int`, which the number of a device is too.
const INT_MAX: u64 = i32::MAX as u64;

/// Returns the decimal number, if it is at most `max`.
///
/// # Errors
///
/// [`Mistake::NotANumber`] for anything but digits behind at most one `+`; [`Mistake::OutOfRange`].
pub(crate) fn decimal(text: &str, max: u64) -> Result<u64, Mistake> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Mistake::NotANumber);
    }
    // All are digits, so only the range is left to be wrong.
    let number = digits.parse::<u64>().map_err(|_| Mistake::OutOfRange)?;
    if number > max { Err(Mistake::OutOfRange) } else { Ok(number) }
}

/// Returns a C `int`, which may have a sign.
///
/// # Errors
///
/// As [`decimal`].
pub(crate) fn int(text: &str) -> Result<i32, Mistake> {
    let Some(digits) = text.strip_prefix('-') else {
        return decimal(text, INT_MAX).map(|number| number as i32);
    };
    if digits.starts_with('+') {
        return Err(Mistake::NotANumber);
    }
    let magnitude = decimal(digits, u64::from(i32::MIN.unsigned_abs()))?;
    Ok((magnitude as i32).wrapping_neg())
}

/// Accepts a number from 1 to 65535, whatever it is (`reset`).
///
/// # Errors
///
/// As [`decimal`], and [`Mistake::Zero`].
pub(crate) fn nonzero_u16(text: &str) -> Result<(), Mistake> {
    match decimal(text, u64::from(u16::MAX))? {
        0 => Err(Mistake::Zero),
        _ => Ok(()),
    }
}

/// Accepts 0 (`mem_used_max`).
///
/// # Errors
///
/// [`Mistake::NotZero`] for everything else.
pub(crate) fn zero(text: &str) -> Result<(), Mistake> {
    decimal(text, 0).map(drop).map_err(|_| Mistake::NotZero)
}

/// Accepts 1 (`exit`).
///
/// # Errors
///
/// [`Mistake::NotOne`] for everything else.
pub(crate) fn one(text: &str) -> Result<(), Mistake> {
    if decimal(text, 1) == Ok(1) { Ok(()) } else { Err(Mistake::NotOne) }
}

/// Returns the device of that number; nothing for one that no device ever has.
///
/// # Errors
///
/// As [`decimal`].
pub(crate) fn device_id(text: &str) -> Result<Option<DeviceId>, Mistake> {
    decimal(text, INT_MAX).map(|number| DeviceId::new(number as u32))
}
