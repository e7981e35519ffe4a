//! Lines of a name and a number under a heading, and the figures for the end.

use alloc::format;
use alloc::string::String;

use zram_rt::{print, println};

/// What a number counts, and so how it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Things: a whole number.
    Count,
    /// Shown as MiB with two decimals.
    Bytes,
    /// The same, but 0 means that there is no limit.
    Limit,
    /// Shown as microseconds with one decimal.
    Nanoseconds,
    /// Hundredths, shown as the number with two decimals.
    Hundredths,
    /// Millionths of a whole, shown in percent with two decimals, and as the part for programs.
    Millionths,
}

/// What is printed, and what is kept for the end.
#[derive(Debug)]
pub(crate) struct Table {
    figures: String,
}

impl Table {
    /// Returns an empty table.
    pub(crate) const fn new() -> Self {
        Self { figures: String::new() }
    }

    /// Begins a part of the report.
    pub(crate) fn heading(&self, text: &str) {
        println!("{text}");
    }

    /// Prints a number, if it is known, and keeps it as the figure `name`.
    pub(crate) fn line(&mut self, what: &str, name: &str, value: Option<u64>, unit: Unit) {
        let Some(value) = value else { return };
        println!("  {what:34}{:>14}", unit.shown(value));
        self.figures += &format!("figure {name} {}\n", unit.plain(value));
    }

    /// Prints all figures.
    pub(crate) fn print_figures(&self) {
        print!("{}", self.figures);
    }
}

impl Unit {
    /// Returns the number for people.
    fn shown(self, value: u64) -> String {
        match self {
            Self::Count => format!("{value}"),
            Self::Limit if value == 0 => String::from("none"),
            Self::Bytes | Self::Limit => {
                format!("{} MiB", decimals(value.saturating_mul(100) >> 20, 100))
            }
            Self::Nanoseconds => format!("{} us", decimals(value / 100, 10)),
            Self::Hundredths => decimals(value, 100),
            Self::Millionths => format!("{} %", decimals(value / 100, 100)),
        }
    }

    /// Returns the number for programs, in the unit of its name.
    fn plain(self, value: u64) -> String {
        match self {
            Self::Count | Self::Bytes | Self::Limit | Self::Nanoseconds => format!("{value}"),
            Self::Hundredths => decimals(value, 100),
            Self::Millionths => decimals(value, 1_000_000),
        }
    }
}

/// Returns `parts / whole` as a decimal number; `whole` is a power of ten.
fn decimals(parts: u64, whole: u64) -> String {
    let places = whole.ilog10() as usize;
    format!("{}.{:0places$}", parts / whole, parts % whole)
}
