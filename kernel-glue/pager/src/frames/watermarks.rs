//! The watermarks, and which ones are allowed.
//!
//! A person sets them while the machine runs, so each has a range. No value in these ranges makes
//! the pager kill a program that it would not have killed otherwise: before any kill, threads get
//! what the reserve has above its minimum ([`Bounds::reserve_min`]; see `oom`).

/// Counts of free frames at which the pager acts. Reserve < low < high.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermarks {
    /// Only pinned spaces and page-ins under way may take the last this many frames.
    pub reserve: u32,
    /// Reclaim begins below.
    pub low: u32,
    /// Reclaim ends here.
    pub high: u32,
    /// Pages of a background batch, 1 to 32.
    pub batch: u32,
}

/// What a kernel lets the watermarks be, in frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Least reserve: what the daemon needs to store a batch on every CPU. With less it refuses pages
    /// for want of a frame while there are frames.
    pub reserve_min: u32,
    /// Largest reserve: what is kept from programs must leave room for them.
    pub reserve_max: u32,
    /// Largest high mark: reclaim that can never reach its end works all the time.
    pub high_max: u32,
}

/// Which of the [`Watermarks`] is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatermarkError {
    /// The reserve is outside its [`Bounds`].
    Reserve,
    /// The low mark is not above the reserve.
    Low,
    /// The high mark is not above the low one, or above its bound.
    High,
    /// The batch is 0 or larger than a record.
    Batch,
}

impl Watermarks {
    /// Checks all of them.
    ///
    /// # Errors
    ///
    /// The first one that is wrong.
    pub(crate) fn check(self, bounds: Bounds) -> Result<(), WatermarkError> {
        let batch = usize::try_from(self.batch).unwrap_or(usize::MAX);
        if !(bounds.reserve_min..=bounds.reserve_max).contains(&self.reserve) {
            Err(WatermarkError::Reserve)
        } else if self.low <= self.reserve {
            Err(WatermarkError::Low)
        } else if self.high <= self.low || self.high > bounds.high_max {
            Err(WatermarkError::High)
        } else if !(1..=zram_abi::record::ENTRIES_MAX).contains(&batch) {
            Err(WatermarkError::Batch)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { reserve_min: 10, reserve_max: 50, high_max: 75 };
    const MARKS: Watermarks = Watermarks { reserve: 10, low: 20, high: 30, batch: 32 };

    #[test]
    fn marks_at_the_ends_of_their_ranges_are_allowed() {
        for marks in [
            Watermarks { low: 11, high: 12, batch: 1, ..MARKS },
            Watermarks { reserve: 50, low: 51, high: 75, ..MARKS },
        ] {
            assert_eq!(marks.check(BOUNDS), Ok(()), "{marks:?}");
        }
    }

    #[test]
    fn marks_outside_their_ranges_are_refused_by_name() {
        for (marks, error) in [
            (Watermarks { reserve: 9, ..MARKS }, WatermarkError::Reserve),
            (Watermarks { reserve: 51, low: 52, high: 53, ..MARKS }, WatermarkError::Reserve),
            (Watermarks { low: 10, ..MARKS }, WatermarkError::Low),
            (Watermarks { low: 0, ..MARKS }, WatermarkError::Low),
            (Watermarks { high: 20, ..MARKS }, WatermarkError::High),
            (Watermarks { high: 76, ..MARKS }, WatermarkError::High),
            (Watermarks { batch: 0, ..MARKS }, WatermarkError::Batch),
            (Watermarks { batch: 33, ..MARKS }, WatermarkError::Batch),
        ] {
            assert_eq!(marks.check(BOUNDS), Err(error), "{marks:?}");
        }
    }
}
