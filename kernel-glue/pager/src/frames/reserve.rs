//! How many free frames are kept for the daemon.
//!
//! A reserve that was set larger than its minimum is *opened* when memory would otherwise be
//! exhausted: only the minimum is then kept, until there are again more free frames than the whole
//! reserve.

use crate::frames::watermarks::{Bounds, WatermarkError, Watermarks};

/// The watermarks, and whether the reserve is open.
#[derive(Debug)]
pub(crate) struct Reserve {
    marks: Watermarks,
    bounds: Bounds,
    /// Only the least reserve is kept.
    is_open: bool,
}

impl Reserve {
    /// Returns a reserve that is not open.
    ///
    /// # Errors
    ///
    /// Which of the marks is not allowed.
    pub(crate) fn new(marks: Watermarks, bounds: Bounds) -> Result<Self, WatermarkError> {
        marks.check(bounds)?;
        Ok(Self { marks, bounds, is_open: false })
    }

    /// Returns the watermarks.
    pub(crate) fn marks(&self) -> Watermarks {
        self.marks
    }

    /// Returns what they may be set to.
    pub(crate) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Sets the watermarks.
    ///
    /// # Errors
    ///
    /// Which of them is not allowed; nothing changes then.
    pub(crate) fn set_marks(&mut self, marks: Watermarks) -> Result<(), WatermarkError> {
        *self = Self::new(marks, self.bounds)?;
        Ok(())
    }

    /// Returns how many frames are kept now.
    pub(crate) fn kept(&self) -> u32 {
        if self.is_open { self.bounds.reserve_min } else { self.marks.reserve }
    }

    /// Opens it; returns false if nothing is kept beyond the least.
    pub(crate) fn open(&mut self) -> bool {
        let has_more = self.kept() > self.bounds.reserve_min;
        self.is_open |= has_more;
        has_more
    }

    /// There are so many free frames: closes it if there are more than it.
    pub(crate) fn feel(&mut self, free: u32) {
        self.is_open &= free <= self.marks.reserve;
    }

    /// Sets the least reserve, whatever the marks are.
    #[cfg(test)]
    pub(crate) fn set_least(&mut self, frames: u32) {
        self.bounds.reserve_min = frames;
    }
}
