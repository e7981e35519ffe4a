//! Decimal numbers, as Linux's `kstrto*` reads them: the whole text, one trailing newline allowed.
//!
//! Neighbour: `sizes.rs` for numbers with a suffix.

use core::fmt::{self, Display, Formatter};

use super::mistake::Mistake;
use crate::words::Levels;
use zram_lifecycle::DeviceId;

/// The largest C `int`, which the number of a device is too.
const INT_MAX: u64 = i32::MAX as u64;

/// Which numbers a file or key takes; a [`Mistake`] says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// `reset`.
    Reset,
    /// `hot_remove` and the key `id`.
    Id,
    /// `mem_used_max`.
    HighWater,
    /// `exit`.
    Exit,
    /// The key `priority`.
    Priority,
    /// The key `level`.
    Level,
}

impl Display for Numbers {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Reset => "1 to 65535 reset the device",
            Self::Id => "an id is 0 to 31",
            Self::HighWater => "only 0 sets the mark to the present use",
            Self::Exit => "only 1 ends the daemon",
            Self::Priority => "only priority 0 has an algorithm",
            Self::Level => return Levels.fmt(formatter),
        })
    }
}

/// Returns the decimal number, if it is at most `max`.
///
/// # Errors
///
/// [`Mistake::NotANumber`] for anything but digits behind at most one `+`; [`Mistake::OutOfRange`].
fn decimal(text: &str, max: u64, numbers: Numbers) -> Result<u64, Mistake> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let digits = text.strip_prefix('+').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Mistake::NotANumber(numbers));
    }
    // All are digits, so only the range is left to be wrong.
    let number = digits.parse::<u64>().map_err(|_| Mistake::OutOfRange(numbers))?;
    if number > max { Err(Mistake::OutOfRange(numbers)) } else { Ok(number) }
}

/// Returns a C `int`, which may have a sign.
///
/// # Errors
///
/// [`Mistake::NotANumber`], [`Mistake::OutOfRange`].
pub(crate) fn int(text: &str, numbers: Numbers) -> Result<i32, Mistake> {
    let Some(digits) = text.strip_prefix('-') else {
        return decimal(text, INT_MAX, numbers).map(|number| number as i32);
    };
    if digits.starts_with('+') {
        return Err(Mistake::NotANumber(numbers));
    }
    let magnitude = decimal(digits, u64::from(i32::MIN.unsigned_abs()), numbers)?;
    Ok((magnitude as i32).wrapping_neg())
}

/// Accepts a number from 1 to 65535, whatever it is (`reset`).
///
/// # Errors
///
/// As [`int`], and [`Mistake::Meaningless`] for 0.
pub(crate) fn nonzero_u16(text: &str) -> Result<(), Mistake> {
    match decimal(text, u64::from(u16::MAX), Numbers::Reset)? {
        0 => Err(Mistake::Meaningless(Numbers::Reset)),
        _ => Ok(()),
    }
}

/// Accepts 0 (`mem_used_max`).
///
/// # Errors
///
/// [`Mistake::Meaningless`] for everything else.
pub(crate) fn zero(text: &str) -> Result<(), Mistake> {
    let meaningless = Mistake::Meaningless(Numbers::HighWater);
    decimal(text, 0, Numbers::HighWater).map(drop).map_err(|_| meaningless)
}

/// Accepts 1 (`exit`).
///
/// # Errors
///
/// [`Mistake::Meaningless`] for everything else.
pub(crate) fn one(text: &str) -> Result<(), Mistake> {
    let is_one = decimal(text, 1, Numbers::Exit) == Ok(1);
    if is_one { Ok(()) } else { Err(Mistake::Meaningless(Numbers::Exit)) }
}

/// Returns the device of that number; nothing for one that no device ever has.
///
/// # Errors
///
/// As [`int`].
pub(crate) fn device_id(text: &str) -> Result<Option<DeviceId>, Mistake> {
    decimal(text, INT_MAX, Numbers::Id).map(|number| DeviceId::new(number as u32))
}
