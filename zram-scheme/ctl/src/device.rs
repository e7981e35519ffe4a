//! The name of a device as people write it, read alike by all tools.

use core::fmt;

/// The number of a device: it is `zram:N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviceNumber(u16);

/// Why a text names no device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotADevice {
    /// It is written otherwise; Linux's ways of writing it are `meant`.
    Spelling {
        /// The device that must be meant, if one can be seen.
        meant: Option<DeviceNumber>,
    },
    /// It is a number that no device can have.
    TooLarge,
}

impl DeviceNumber {
    /// Returns the device with that number.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Reads `zram:N` or `/scheme/zram/N`.
    ///
    /// # Errors
    ///
    /// [`NotADevice`], with a hint where the spelling is one of Linux (`zram0`, `/dev/zram0`) or a bare
    /// number.
    pub fn parse(text: &str) -> Result<Self, NotADevice> {
        let own = ["zram:/", "zram:", "/scheme/zram/"];
        let linux = ["/dev/zram", "zram", "dev/zram", ""];
        match own.into_iter().find_map(|prefix| number(text.strip_prefix(prefix)?)) {
            Some(number) => u16::try_from(number).map(Self).map_err(|_| NotADevice::TooLarge),
            None => {
                let meant = linux.into_iter().find_map(|prefix| number(text.strip_prefix(prefix)?));
                let meant = meant.and_then(|number| u16::try_from(number).ok()).map(Self);
                Err(NotADevice::Spelling { meant })
            }
        }
    }
}

/// Returns the number that `digits` are; one beyond every device's if there are too many of them.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

impl fmt::Display for DeviceNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As one text, so that columns can pad it.
        out.pad(&alloc::format!("zram:{}", self.0))
    }
}

impl fmt::Display for NotADevice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spelling { meant: Some(meant) } => {
                write!(out, "no device is called so; the name here is {meant}")
            }
            Self::Spelling { meant: None } => {
                write!(out, "not the name of a device, which is zram:N")
            }
            Self::TooLarge => write!(out, "no such device; the numbers end at {}", u16::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::{DeviceNumber, NotADevice};

    #[test]
    fn a_device_is_read_in_all_its_spellings() {
        for text in ["zram:7", "zram:007", "/scheme/zram/7", "zram:/7"] {
            assert_eq!(DeviceNumber::parse(text), Ok(DeviceNumber(7)), "{text:?}");
        }
    }

    #[test]
    fn what_linux_calls_it_gets_the_name_it_has_here() {
        for text in ["zram0", "/dev/zram0", "0"] {
            let refusal = DeviceNumber::parse(text).expect_err("it is another spelling");
            let words = "no device is called so; the name here is zram:0";
            assert_eq!(refusal.to_string(), words, "{text:?}");
        }
    }

    #[test]
    fn other_names_and_numbers_are_refused_and_never_become_another_device() {
        for text in ["", "zram:", "zram:x", "zram:-1", "zram:+1", "zram:0/disksize", "/dev/sda1"] {
            let spelling = Err(NotADevice::Spelling { meant: None });
            assert_eq!(DeviceNumber::parse(text), spelling, "{text:?}");
        }
        for text in ["zram:65536", "zram:99999999999999999999999"] {
            assert_eq!(DeviceNumber::parse(text), Err(NotADevice::TooLarge), "{text:?}");
        }
    }
}
