//! `swap/params`: the watermarks as words.

use alloc::string::String;
use core::fmt::{self, Display, Write};

use crate::Pager;
use crate::frames::watermarks::{Bounds, WatermarkError, Watermarks};

/// Why words are refused, in words: what was wrong, and what would be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal<'a> {
    /// It is no `name=number`.
    NoPair(&'a str),
    /// There is no watermark of this name.
    NoName(&'a str),
    /// The value is no number.
    NoNumber(&'a str),
    /// These marks are not allowed.
    Mark(WatermarkError, Watermarks, Bounds),
}

impl Pager {
    /// Sets the watermarks that `words` name (`low=300 high=500`); the others stay.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong; nothing changes then.
    pub fn set_params<'a>(&mut self, words: &'a str) -> Result<(), Refusal<'a>> {
        let marks = read(self.watermarks(), words)?;
        let bounds = self.bounds();
        self.set_watermarks(marks).map_err(|error| Refusal::Mark(error, marks, bounds))
    }
}

/// Returns the text of the watermarks, in pages.
pub fn text(marks: Watermarks) -> String {
    let Watermarks { reserve, low, high, batch } = marks;
    let mut text = String::new();
    // A string takes any text.
    let _ = write!(text, "reserve={reserve}\nlow={low}\nhigh={high}\nbatch={batch}\n");
    text
}

/// Returns the marks with those that the words name in place of the old ones.
fn read(mut marks: Watermarks, words: &str) -> Result<Watermarks, Refusal<'_>> {
    for word in words.split_whitespace() {
        let (name, value) = word.split_once('=').ok_or(Refusal::NoPair(word))?;
        let place = match name {
            "reserve" => &mut marks.reserve,
            "low" => &mut marks.low,
            "high" => &mut marks.high,
            "batch" => &mut marks.batch,
            _ => return Err(Refusal::NoName(name)),
        };
        let number: u64 = value.parse().map_err(|_| Refusal::NoNumber(word))?;
        // Above every bound, so that the range is told and not the size of a word.
        *place = u32::try_from(number).unwrap_or(u32::MAX);
    }
    Ok(marks)
}

impl Display for Refusal<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoPair(word) => write!(to, "{word}: not name=number"),
            Self::NoName(name) => write!(to, "{name}: not reserve, low, high or batch"),
            Self::NoNumber(word) => write!(to, "{word}: not a number"),
            Self::Mark(error, marks, bounds) => mark(to, error, (marks, bounds)),
        }
    }
}

/// Tells what is wrong with the marks, and what would be right.
fn mark(
    to: &mut fmt::Formatter<'_>,
    error: WatermarkError,
    (marks, bounds): (Watermarks, Bounds),
) -> fmt::Result {
    let Watermarks { reserve, low, high, batch } = marks;
    let Bounds { reserve_min, reserve_max, high_max } = bounds;
    match error {
        WatermarkError::Reserve => {
            write!(to, "reserve={reserve}: from {reserve_min} to {reserve_max} pages")
        }
        WatermarkError::Low => {
            write!(to, "low={low}: must be above the reserve, which is {reserve} pages")
        }
        WatermarkError::High => write!(
            to,
            "high={high}: must be above low, which is {low} pages, and at most {high_max}"
        ),
        WatermarkError::Batch => {
            write!(to, "batch={batch}: from 1 to {} pages", zram_abi::record::ENTRIES_MAX)
        }
    }
}
