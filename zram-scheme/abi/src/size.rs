//! Sizes as people write them: digits and a letter, or a share of memory.
//!
//! | text | means |
//! | --- | --- |
//! | `4096` | bytes |
//! | `0x1000` | bytes, hexadecimal |
//! | `512M` `512MB` `512MiB` `512m` | a letter of K M G T P E, 1024 each, `B` or `iB` behind it if you like |
//! | `250%` | a share of the machine's memory |
//!
//! Blanks at the end and one newline are accepted. Linux's `memparse` (admin-guide/blockdev/zram)
//! ignores everything after the letter and reads a leading 0 as octal; we refuse both, because a
//! mistyped size should not become another size. So every text that both accept means the same to
//! both, but for `250%`.

use core::fmt;

/// Most letters behind the digits: `KiB`.
const UNIT_MAX: usize = 3;

/// A size as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// That many bytes.
    Bytes(u64),
    /// That many hundredths of the machine's memory.
    Share(u32),
}

/// Why a text is no size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotASize {
    /// Not digits with a unit or `%` behind them.
    Syntax,
    /// A leading 0, which Linux takes as octal.
    Octal,
    /// 2^64 bytes or more.
    TooLarge,
    /// A share of memory where the size of memory is not known.
    NoMemory,
}

impl Size {
    /// Returns the size that `text` names.
    ///
    /// # Errors
    ///
    /// [`NotASize`]: empty text, signs, fractions, unknown units, blanks before the unit, leading
    /// zeros, and sizes of 2^64 bytes or more.
    pub fn parse(text: &str) -> Result<Self, NotASize> {
        let text = text.strip_suffix('\n').unwrap_or(text).trim_end_matches([' ', '\t']);
        if let Some(digits) = text.strip_suffix('%') {
            return decimal(digits).and_then(|number| {
                u32::try_from(number).map(Self::Share).map_err(|_| NotASize::TooLarge)
            });
        }
        if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            return hexadecimal(digits).map(Self::Bytes);
        }
        let (digits, unit) = text.split_at(digits_in(text));
        let number = decimal(digits)?;
        shifted(number, shift_of(unit)?).map(Self::Bytes)
    }

    /// Returns the size in bytes on a machine of `memory_bytes`, where 0 means not known.
    ///
    /// # Errors
    ///
    /// [`NotASize::NoMemory`], [`NotASize::TooLarge`].
    pub fn bytes(self, memory_bytes: u64) -> Result<u64, NotASize> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Share(_) if memory_bytes == 0 => Err(NotASize::NoMemory),
            Self::Share(hundredths) => {
                let bytes = u128::from(memory_bytes) * u128::from(hundredths) / 100;
                u64::try_from(bytes).map_err(|_| NotASize::TooLarge)
            }
        }
    }
}

impl fmt::Display for NotASize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Syntax => "not a size; write 67108864, 64M, 64MiB or 50% (of memory)",
            Self::Octal => {
                "a leading 0 means octal elsewhere and is not taken; write 4096 or 0x1000"
            }
            Self::TooLarge => "too large; a size is below 16 EiB",
            Self::NoMemory => "the machine does not say how much memory it has; write bytes",
        })
    }
}

/// Returns the bytes that `text` names; nothing for a share of memory and for what is no size.
pub fn parse_size(text: &str) -> Option<u64> {
    Size::parse(text).and_then(|size| size.bytes(0)).ok()
}

fn digits_in(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn decimal(digits: &str) -> Result<u64, NotASize> {
    if digits.is_empty() || digits_in(digits) != digits.len() {
        return Err(NotASize::Syntax);
    }
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(NotASize::Octal);
    }
    // All are digits, so only the range is left to be wrong.
    digits.parse().map_err(|_| NotASize::TooLarge)
}

/// Reads hexadecimal digits and a unit. `E` and a lone `B` are digits here, so exbibytes have no name.
fn hexadecimal(text: &str) -> Result<u64, NotASize> {
    let count = text.bytes().take_while(u8::is_ascii_hexdigit).count();
    let (digits, unit) = text.split_at(count);
    if digits.is_empty() {
        return Err(NotASize::Syntax);
    }
    let number = u64::from_str_radix(digits, 16).map_err(|_| NotASize::TooLarge)?;
    shifted(number, shift_of(unit)?)
}

fn shifted(number: u64, shift: u32) -> Result<u64, NotASize> {
    number.checked_mul(1 << shift).ok_or(NotASize::TooLarge)
}

/// Returns by how many bits `unit` (`""`, `K`, `KB`, `KiB`, in either case) multiplies.
fn shift_of(unit: &str) -> Result<u32, NotASize> {
    if unit.len() > UNIT_MAX {
        return Err(NotASize::Syntax);
    }
    let mut letters = unit.bytes().map(|letter| letter.to_ascii_uppercase());
    let shift = match letters.next() {
        None => return Ok(0),
        Some(b'K') => 10,
        Some(b'M') => 20,
        Some(b'G') => 30,
        Some(b'T') => 40,
        Some(b'P') => 50,
        Some(b'E') => 60,
        Some(_) => return Err(NotASize::Syntax),
    };
    match (letters.next(), letters.next()) {
        (None, None) | (Some(b'B'), None) | (Some(b'I'), Some(b'B')) => Ok(shift),
        (Some(_), _) | (None, Some(_)) => Err(NotASize::Syntax),
    }
}

#[cfg(test)]
mod tests;
