//! The ranges of physical memory, and those in use at boot.
//!
//! It works before there is a heap: it uses fixed arrays, and puts the big tables into the first
//! gap.

use super::physical::PHYSICAL_END;
use core::ops::Range;

/// Ranges of each kind at most; the firmware reports about ten.
const RANGES_MAX: usize = 32;

/// Memory below belongs to firmware, boot data and starting CPUs.
const LOW_END: u64 = 1 << 20;

const FRAME: u64 = super::frames::FRAME_SIZE as u64;

/// Some ranges of physical addresses, at frame borders.
struct Ranges {
    list: [(u64, u64); RANGES_MAX],
    count: usize,
}

impl Ranges {
    const fn new() -> Self {
        Self { list: [(0, 0); RANGES_MAX], count: 0 }
    }

    fn push(&mut self, range: Range<u64>) {
        assert!(self.count < RANGES_MAX, "too many ranges of memory");
        self.list[self.count] = (range.start, range.end);
        self.count += 1;
    }

    fn iter(&self) -> impl Iterator<Item = Range<u64>> {
        self.list[..self.count].iter().map(|&(start, end)| start..end)
    }
}

/// The memory that can be used, and the parts that are taken.
pub(super) struct MemoryMap {
    usable: Ranges,
    taken: Ranges,
}

impl MemoryMap {
    /// Returns a map without memory.
    pub(super) const fn new() -> Self {
        Self { usable: Ranges::new(), taken: Ranges::new() }
    }

    /// Adds memory; parts of frames, low memory and what the kernel does not map are left out.
    pub(super) fn add_usable(&mut self, range: Range<u64>) {
        let start = range.start.max(LOW_END).next_multiple_of(FRAME);
        let end = range.end.min(PHYSICAL_END) / FRAME * FRAME;
        if start < end {
            self.usable.push(start..end);
        }
    }

    /// Marks memory as taken, by whole frames.
    pub(super) fn take(&mut self, range: Range<u64>) {
        self.taken.push(range.start / FRAME * FRAME..range.end.next_multiple_of(FRAME));
    }

    /// Takes the first free memory of this size and returns where it is.
    ///
    /// # Panics
    /// If there is none: the machine is too small for the kernel.
    pub(super) fn place(&mut self, size_bytes: u64) -> u64 {
        let start = self.usable.iter().find_map(|range| self.gap(range, size_bytes));
        let start = start.expect("too little memory for the kernel's tables");
        self.take(start..start + size_bytes);
        start
    }

    /// Returns the first free place of this size in a usable range.
    fn gap(&self, range: Range<u64>, size_bytes: u64) -> Option<u64> {
        let mut start = range.start;
        while start + size_bytes <= range.end {
            let wanted = start..start + size_bytes;
            match self.taken.iter().find(|taken| overlap(taken, &wanted)) {
                Some(taken) => start = taken.end,
                None => return Some(start),
            }
        }
        None
    }

    /// Returns the addresses of all frames that are not taken, highest first.
    pub(super) fn free_frames(&self) -> impl Iterator<Item = u64> {
        let frames = |range: Range<u64>| (range.start / FRAME..range.end / FRAME).rev();
        let frames = self.usable.iter().flat_map(frames).map(|number| number * FRAME);
        frames.filter(|&start| !self.taken.iter().any(|taken| taken.contains(&start)))
    }

    /// Returns the end of the highest memory.
    pub(super) fn end(&self) -> u64 {
        self.usable.iter().map(|range| range.end).max().unwrap_or(0)
    }

    /// Returns the bytes of memory in all.
    pub(super) fn size_bytes(&self) -> u64 {
        self.usable.iter().map(|range| range.end - range.start).sum()
    }
}

fn overlap(left: &Range<u64>, right: &Range<u64>) -> bool {
    left.start < right.end && right.start < left.end
}
