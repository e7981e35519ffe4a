//! Whether pages must be swapped out, and which; what was gained; which program is killed when
//! nothing else helps.
//!
//! | pressure | below low, or someone waits | at high and nobody waits | full round, no gain | later |
//! | --- | --- | --- | --- | --- |
//! | Calm | Reclaiming | – | – | – |
//! | Reclaiming | – | Calm | Exhausted | – |
//! | Exhausted | – | Calm | – | Reclaiming, after [`REST_NS`] or a gain |
//!
//! Nothing here knows of frames, places, lines or moves.

mod condemned;
mod hand;

use crate::ports::{SpaceId, Spaces};

use condemned::Condemned;
#[cfg(test)]
pub(crate) use condemned::END_NS;
use hand::Hand;
pub(crate) use hand::Look;

/// Whether there is reason to reclaim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Enough frames are free.
    Calm,
    /// Batches follow one another.
    Reclaiming,
    /// Every page was tried in vain; not again before this time.
    Exhausted { until_ns: u64 },
}

/// How the count of free frames lies to the marks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    /// Below the low one.
    pub(crate) is_low: bool,
    /// At the high one or above.
    pub(crate) is_high: bool,
    /// A thread waits for a frame.
    pub(crate) is_waited_for: bool,
}

/// After a vain round over all pages the next one is not begun for so long.
const REST_NS: u64 = 100_000_000;

/// Pressure, the hand, and what it has gained.
#[derive(Debug)]
pub(crate) struct Pressure {
    state: State,
    hand: Hand,
    /// Frames that reclaim freed less those that the daemon took, since the hand last began.
    gained: i64,
    /// Killed for memory, not yet gone.
    condemned: Condemned,
}

impl Pressure {
    pub(crate) const fn new() -> Self {
        Self { state: State::Calm, hand: Hand::new(), gained: 0, condemned: Condemned::new() }
    }

    /// Returns whether pages are to leave now.
    pub(crate) fn is_reclaiming(&self) -> bool {
        self.state == State::Reclaiming
    }

    /// Begins or ends reclaim.
    pub(crate) fn feel(&mut self, level: Level, now_ns: impl FnOnce() -> u64) {
        let Level { is_low, is_high, is_waited_for } = level;
        match self.state {
            State::Calm if is_waited_for || is_low => {
                self.begin_anew();
                self.gained = 0;
            }
            State::Reclaiming | State::Exhausted { .. } if !is_waited_for && is_high => {
                self.state = State::Calm;
            }
            State::Exhausted { until_ns } if now_ns() >= until_ns => self.begin_anew(),
            State::Calm | State::Reclaiming | State::Exhausted { .. } => {}
        }
    }

    /// Pages are to leave, and every one is worth another try.
    pub(crate) fn begin_anew(&mut self) {
        self.state = State::Reclaiming;
        self.hand.gained();
    }

    /// Pages are to leave, though nobody would need it yet.
    pub(crate) fn begin(&mut self) {
        if self.state == State::Calm {
            self.state = State::Reclaiming;
        }
    }

    /// The round over all pages was in vain.
    pub(crate) fn rest(&mut self, now_ns: u64) {
        self.state = State::Exhausted { until_ns: now_ns.saturating_add(REST_NS) };
    }

    /// Reclaim has freed a frame.
    pub(crate) fn frame_freed(&mut self) {
        self.gained = self.gained.saturating_add(1);
    }

    /// The daemon has taken so many frames.
    pub(crate) fn frames_taken(&mut self, count: u32) {
        self.gained = self.gained.saturating_sub(i64::from(count));
    }

    /// Settles up: with a gain, pages that were tried in vain are worth another try.
    pub(crate) fn settle_gain(&mut self) {
        if self.gained > 0 {
            self.gained = 0;
            self.hand.gained();
            if self.state != State::Calm {
                self.state = State::Reclaiming;
            }
        }
    }

    /// Returns whether every page was tried since the last gain.
    pub(crate) fn is_hand_exhausted(&self) -> bool {
        self.hand.is_exhausted()
    }

    /// Looks for a victim in a bounded part of what lies ahead of the hand, of `spaces` spaces.
    pub(crate) fn look(&mut self, spaces: u32, ports: &mut impl Spaces) -> Look {
        self.hand.look(spaces, ports)
    }

    /// Returns whether somebody was killed for memory whose end is still hoped for.
    pub(crate) fn has_condemned(&self) -> bool {
        self.condemned.is_hoped_for()
    }

    /// Returns whether the space was killed for memory, and has not ended in its time.
    pub(crate) fn is_killed_in_vain(&self, space: SpaceId) -> bool {
        self.condemned.is_in_vain(space)
    }

    /// Notes who is killed for memory, and when, of the time in which programs could run.
    pub(crate) fn condemn(&mut self, space: SpaceId, served_ns: u64) {
        self.condemned.add(space, served_ns);
    }

    /// Gives up hope of somebody who does not end.
    pub(crate) fn tick(&mut self, served_ns: u64) {
        self.condemned.tick(served_ns);
    }

    /// The space is gone, or is not killed after all.
    pub(crate) fn spare(&mut self, space: SpaceId) {
        if self.condemned.remove(space) {
            self.hand.gained();
        }
    }
}
