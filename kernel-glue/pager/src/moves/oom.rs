//! Memory is exhausted.
//!
//! That is so when a thread waits for a frame, no page is being swapped out, the daemon has no free
//! notice to process, and reclaim can gain nothing: no area has room, or no thread of the daemon
//! takes pages, or the clock hand has gone full round without net gain (DESIGN 8.2). Then the
//! reserve is opened down to its minimum (`reserve`), so that no program dies because the reserve
//! was set too large. If that is not enough, a `swapoff` under way is given up, and at last one
//! address space is killed: the largest by resident and swapped pages, never a protected or pinned
//! one. No other is killed until that one has ended, or has not ended within `END_NS`
//! (`pressure/condemned.rs`).

use crate::Pager;
use crate::ports::{Direction, KillReason, Ports, SpaceId, SpaceKind};
use crate::requests::SwapOffError;

/// What became of the one who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Verdict {
    /// A frame may still come.
    Hope,
    /// None will, and nobody is left to kill.
    Nobody,
}

/// Which space is killed, and why.
struct Victim {
    space: SpaceId,
    reason: KillReason,
}

impl Pager {
    /// Kills one space if memory is gone.
    pub(crate) fn judge_memory(&mut self, ports: &mut impl Ports) -> Verdict {
        if !self.memory_is_gone(ports) {
            return Verdict::Hope;
        }
        if self.reserve.open() {
            self.hand_out_frames(ports);
            if !self.memory_is_gone(ports) {
                return Verdict::Hope;
            }
        }
        self.kill_for_memory(ports)
    }

    fn kill_for_memory(&mut self, ports: &mut impl Ports) -> Verdict {
        if !self.fail_swapoff(SwapOffError::NoMemory, ports) {
            let Some(Victim { space, reason }) = self.largest_space(ports) else {
                return Verdict::Nobody;
            };
            self.pressure.condemn(space, self.time.served(ports.now_ns()));
            self.statistics.killed = self.statistics.killed.saturating_add(1);
            ports.kill(space, reason);
        }
        self.pressure.begin_anew();
        Verdict::Hope
    }

    /// The same for those who wait already: if there is no hope, the oldest is woken to hear it.
    pub(crate) fn judge_for_waiters(&mut self, ports: &mut impl Ports) {
        match (self.judge_memory(ports), self.waiters.oldest_for_frame()) {
            (Verdict::Nobody, Some(waiter)) => {
                self.waiters.wake(waiter, false, ports);
            }
            (Verdict::Hope, _) | (Verdict::Nobody, None) => {}
        }
    }

    fn memory_is_gone(&mut self, ports: &mut impl Ports) -> bool {
        let starving =
            self.waiters.oldest_for_frame().is_some() && ports.free_count() <= self.reserve.kept();
        if !starving || self.pressure.has_condemned() || self.lines.have_leaving_pages() {
            return false;
        }
        self.collect(ports);
        if self.entries.have_news() {
            return false;
        }
        let has_daemon = self.lines.are_served(Direction::Out);
        if has_daemon && self.send_notices(ports) {
            return false;
        }
        !has_daemon || !self.areas.have_room() || self.pressure.is_hand_exhausted()
    }

    fn largest_space(&self, ports: &impl Ports) -> Option<Victim> {
        let all = (0..self.spaces).map(SpaceId);
        let ordinary = all.filter(|space| {
            let is_ordinary = ports.kind(*space) == Some(SpaceKind::Ordinary);
            is_ordinary && !self.pressure.is_killed_in_vain(*space)
        });
        let sized =
            ordinary.map(|space| (space, ports.resident_pages(space), self.swapped_pages(space)));
        let (space, resident_pages, swapped_pages) =
            sized.max_by_key(|(_, resident, swapped)| resident.saturating_add(*swapped))?;
        let reason = KillReason::OutOfMemory { resident_pages, swapped_pages };
        Some(Victim { space, reason })
    }
}
