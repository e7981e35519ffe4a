//! Who gets a free frame.
//!
//! The last [`Watermarks::reserve`](crate::Watermarks) free frames are for the daemon, whose pool
//! must grow before memory can be freed (DESIGN 8.1, D-3). All other threads take a frame only
//! above that; a thread that finds none waits in one queue, oldest first. So the frames that a
//! batch frees fill the reserve first and then go one each to the oldest waiters, as a *grant*: no
//! other thread can take it before the waiter has run. A grant that was not fetched in time (the
//! thread found its page mapped by another) goes to the next waiter.

use crate::Pager;
use crate::frames::waiters::{Grant, Reason};
use crate::invariant::Invariant;
use crate::moves::oom::Verdict;
use crate::ports::{Frame, Ports, Waiter};
use crate::requests::{FrameAnswer, FrameFor};

/// A grant not asked for in this time is taken back.
const GRANT_NS: u64 = 100_000_000;

impl Pager {
    /// Asks for a frame for anything but a page-in: a page of zeros, a copy, a page table.
    ///
    /// After this the kernel looks at [`Pager::wants_reclaim`].
    pub fn frame_needed(&mut self, whose: FrameFor, ports: &mut impl Ports) -> FrameAnswer {
        self.collect(ports);
        match (self.frame_now(whose, ports), whose) {
            (Some(frame), _) => FrameAnswer::Frame(frame),
            (None, FrameFor::Pinned) => FrameAnswer::OutOfMemory,
            (None, FrameFor::Thread(waiter)) => self.wait_for_frame(waiter, ports),
            (None, FrameFor::Protected(waiter)) => self.wait_for_ever(waiter, ports),
        }
    }

    /// The same for who would rather do without than wait: returns nothing if there is none now.
    pub fn frame_now(&mut self, whose: FrameFor, ports: &mut impl Ports) -> Option<Frame> {
        match whose {
            FrameFor::Pinned => self.pinned_frame(ports),
            FrameFor::Thread(waiter) | FrameFor::Protected(waiter) => {
                self.take_frame(waiter, ports)
            }
        }
    }

    /// Returns whether a frame may be taken now by who does so itself (page tables). A grant of the
    /// thread is free from now on, for it to take.
    pub fn may_take_frame(&mut self, whose: FrameFor, ports: &mut impl Ports) -> bool {
        let may = match whose {
            FrameFor::Pinned if ports.free_count() == 0 => return false,
            FrameFor::Pinned => {
                self.pressure.frames_taken(1);
                true
            }
            FrameFor::Thread(waiter) | FrameFor::Protected(waiter) => {
                if let Some(frame) = self.waiters.take_grant(waiter) {
                    ports.release(frame);
                    return true;
                }
                self.waiters.oldest_for_frame().is_none()
                    && ports.free_count() > self.reserve.kept()
            }
        };
        self.feel_pressure(ports);
        may
    }

    /// The daemon took `count` frames where the pager could not be asked: under a lock that the ports
    /// take too. They count against what reclaim gains, as if the pager had given them.
    pub fn frames_taken(&mut self, count: u32, ports: &mut impl Ports) {
        self.pressure.frames_taken(count);
        self.feel_pressure(ports);
    }

    /// Frames were freed by others than the pager: hands them to those who wait.
    pub fn frames_freed(&mut self, ports: &mut impl Ports) {
        self.collect(ports);
        self.hand_out_frames(ports);
    }

    fn pinned_frame(&mut self, ports: &mut impl Ports) -> Option<Frame> {
        let frame = ports.allocate()?;
        self.pressure.frames_taken(1);
        self.feel_pressure(ports);
        Some(frame)
    }

    /// Returns the thread's grant, or a frame above the reserve if nobody waits for one.
    pub(crate) fn take_frame(&mut self, waiter: Waiter, ports: &mut impl Ports) -> Option<Frame> {
        if let Some(frame) = self.waiters.take_grant(waiter) {
            return Some(frame);
        }
        if self.waiters.oldest_for_frame().is_some() {
            return None;
        }
        let frame = self.spare_frame(ports);
        self.feel_pressure(ports);
        frame
    }

    /// Returns a frame above the reserve.
    pub(crate) fn spare_frame(&self, ports: &mut impl Ports) -> Option<Frame> {
        if ports.free_count() <= self.reserve.kept() {
            return None;
        }
        ports.allocate()
    }

    /// Puts the thread at the end of the line.
    pub(crate) fn wait_for_frame(&mut self, waiter: Waiter, ports: &mut impl Ports) -> FrameAnswer {
        self.wait(waiter, Reason::Frame, ports);
        self.feel_pressure(ports);
        match self.judge_memory(ports) {
            Verdict::Hope => FrameAnswer::Wait,
            Verdict::Nobody => {
                self.waiters.leave(waiter);
                FrameAnswer::OutOfMemory
            }
        }
    }

    /// The same for who must not die: when nobody is left to kill, it stays in the line, and is
    /// woken by each tick to ask again.
    pub(crate) fn wait_for_ever(&mut self, waiter: Waiter, ports: &mut impl Ports) -> FrameAnswer {
        match self.wait_for_frame(waiter, ports) {
            FrameAnswer::OutOfMemory => self.wait(waiter, Reason::Frame, ports),
            FrameAnswer::Frame(_) | FrameAnswer::Wait => {}
        }
        FrameAnswer::Wait
    }

    /// Gives frames above the reserve to those who have waited longest.
    pub(crate) fn hand_out_frames(&mut self, ports: &mut impl Ports) {
        while let Some(waiter) = self.waiters.oldest_for_frame() {
            let Some(frame) = self.spare_frame(ports) else { break };
            let since_ns = self.now_ns(ports);
            if let Err(frame) = self.waiters.grant(waiter, Grant { frame, since_ns }, ports) {
                ports.release(frame);
                self.broke(Invariant::GrantIsWanted);
            }
        }
    }

    /// Takes back grants that nobody asked for.
    pub(crate) fn take_back_grants(&mut self, ports: &mut impl Ports) {
        let deadline_ns = self.now_ns(ports).saturating_sub(GRANT_NS);
        while let Some(frame) = self.waiters.take_stale_grant(deadline_ns) {
            ports.release(frame);
        }
    }
}
