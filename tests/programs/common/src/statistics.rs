//! The pager's statistics as programs read them: lines of a name and a number.

use alloc::string::String;

use zram_rt::errno::Result;
use zram_rt::fs;

/// The content of `/scheme/swap/stat` at one moment.
#[derive(Clone, Debug)]
pub struct Statistics {
    text: String,
}

impl Statistics {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// ENOENT or ENODEV on a kernel without swap.
    pub fn read() -> Result<Self> {
        Ok(Self { text: fs::read_text("/scheme/swap/stat")? })
    }

    /// Returns the number called `name`; nothing if this kernel does not tell it.
    pub fn get(&self, name: &str) -> Option<u64> {
        let mut pairs = self.text.lines().filter_map(|line| line.split_once(' '));
        let (_, number) = pairs.find(|&(known, _)| known == name)?;
        number.trim().parse().ok()
    }

    /// Returns the number called `name`, 0 if this kernel does not tell it.
    pub fn count(&self, name: &str) -> u64 {
        self.get(name).unwrap_or(0)
    }
}
