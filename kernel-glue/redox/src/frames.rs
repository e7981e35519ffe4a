//! Who may take a frame, and how many free frames must be left.
//!
//! There are three levels. Programs stop at the pager's reserve, and wait. The kernel on behalf of
//! a program (a stack, a copy in the midst of a system call, where waiting would keep a lock) goes
//! down to half of the reserve. The daemon may take the last frame, because its pool must grow
//! before memory can be freed. The kernel's page tables and heap are not limited: those callers
//! cannot wait, and many cannot fail.

use core::sync::atomic::Ordering;

use swap_pager::ports::Frame;

use crate::Kernel;
use crate::state::Glue;

/// For whom a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A page of the running program.
    Program,
    /// The kernel's, for the running program.
    Kernel,
}

impl<K: Kernel> Glue<K> {
    /// Returns a frame for whoever runs here, with one use; nothing if it is to wait for one.
    ///
    /// # Context
    ///
    /// Any: takes no lock of the glue's. Usually under an address space's.
    pub fn frame(&self, whose: Whose) -> Option<Frame> {
        if !self.is_active() {
            return self.kernel.allocate();
        }
        if let Some(frame) = self.take_grant() {
            return Some(frame);
        }
        if self.is_daemon_here() {
            let frame = self.kernel.allocate()?;
            // Told to the pager at its next turn.
            self.taken.fetch_add(1, Ordering::Relaxed);
            return Some(frame);
        }
        let reserve = self.reserve.load(Ordering::Relaxed);
        let kept = match whose {
            Whose::Program => reserve,
            Whose::Kernel => reserve / 2,
        };
        if self.kernel.free_count() <= kept {
            return None;
        }
        self.kernel.allocate()
    }

    /// Returns how many of so many free frames programs can have: those above the reserve.
    pub fn available(&self, free: u32) -> u32 {
        if !self.is_active() {
            return free;
        }
        // Relaxed: a mark that may be a moment late.
        free.saturating_sub(self.reserve.load(Ordering::Relaxed))
    }

    /// Keeps a frame that was waited for until the attempt that is made next on this CPU, with no
    /// switch between.
    pub(crate) fn grant(&self, frame: Frame) {
        let before = self
            .slot()
            .map(|slot| slot.swap(u64::from(frame.0).saturating_add(1), Ordering::Relaxed));
        if let Some(before) = before.and_then(frame_in) {
            self.kernel.release(before);
        }
    }

    /// Returns that frame.
    fn take_grant(&self) -> Option<Frame> {
        // Relaxed: only this CPU looks here, and it is not preempted.
        frame_in(self.slot()?.swap(0, Ordering::Relaxed))
    }

    /// The attempt did not need it.
    pub(crate) fn return_grant(&self) {
        if let Some(frame) = self.take_grant() {
            self.kernel.release(frame);
        }
    }

    fn slot(&self) -> Option<&core::sync::atomic::AtomicU64> {
        self.granted.get(self.kernel.cpu()?.index())
    }
}

fn frame_in(word: u64) -> Option<Frame> {
    Some(Frame(u32::try_from(word.checked_sub(1)?).ok()?))
}
