//! The address space that was killed for memory and has not ended yet.
//!
//! There is one at a time, because its memory is about to become free. A space ends when its last
//! reference goes, and others may have one (a debugger, a thread that the kernel cannot end). So
//! after [`END_NS`] the kill counts as *in vain*: the pager no longer waits for that space, and
//! does not choose it again while it exists.

use crate::ports::SpaceId;

/// Who was killed is hoped for so long, of the time in which programs could run.
pub(crate) const END_NS: u64 = 10_000_000_000;

/// Spaces killed in vain that are remembered; of more the oldest may be killed once more.
const IN_VAIN_MAX: usize = 8;

/// The one that is hoped for, and those that are not any more.
#[derive(Debug)]
pub(crate) struct Condemned {
    hoped_for: Option<Hope>,
    in_vain: [Option<SpaceId>; IN_VAIN_MAX],
}

/// A space whose end is hoped for.
#[derive(Debug)]
struct Hope {
    space: SpaceId,
    /// When it was killed.
    since_ns: u64,
}

impl Condemned {
    pub(crate) const fn new() -> Self {
        Self { hoped_for: None, in_vain: [None; IN_VAIN_MAX] }
    }

    /// Returns whether somebody's end is hoped for.
    pub(crate) fn is_hoped_for(&self) -> bool {
        self.hoped_for.is_some()
    }

    /// The space is killed now.
    pub(crate) fn add(&mut self, space: SpaceId, now_ns: u64) {
        self.hoped_for = Some(Hope { space, since_ns: now_ns });
    }

    /// The space is gone, or was not killed after all; returns whether it was hoped for.
    pub(crate) fn remove(&mut self, space: SpaceId) -> bool {
        self.in_vain
            .iter_mut()
            .filter(|place| **place == Some(space))
            .for_each(|place| *place = None);
        let is_it = self.hoped_for.as_ref().is_some_and(|hope| hope.space == space);
        if is_it {
            self.hoped_for = None;
        }
        is_it
    }

    /// Gives up hope of a space that has had its time.
    pub(crate) fn tick(&mut self, now_ns: u64) {
        let is_late = |hope: &mut Hope| now_ns.saturating_sub(hope.since_ns) >= END_NS;
        if let Some(Hope { space, .. }) = self.hoped_for.take_if(is_late) {
            // The newest in front.
            self.in_vain.rotate_right(1);
            if let Some(first) = self.in_vain.first_mut() {
                *first = Some(space);
            }
        }
    }

    /// Returns whether the space was killed and has not ended in its time.
    pub(crate) fn is_in_vain(&self, space: SpaceId) -> bool {
        self.in_vain.contains(&Some(space))
    }
}
