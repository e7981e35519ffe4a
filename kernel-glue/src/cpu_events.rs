//! The source of CPU events: who listens at `/scheme/cpu/events`, and what they have yet to hear.
//!
//! At this stage CPUs come up at boot and stay: opening the file delivers the online CPUs as events
//! of sequence 0, and no transition is ever under way, so that every answer is stale. Transitions
//! (one at a time, answered by each subscriber) get their place here. Pure logic under the kernel's
//! lock; the file itself is the kernel's.

use zram_abi::cpu_event::{Answer, Event, Stage};

/// Most files open at once: one daemon and whoever watches it.
pub const SUBSCRIBERS_MAX: usize = 8;

/// Most CPUs: the width of a scheduling mask on Redox.
pub const CPUS_MAX: u32 = 128;

/// An open `events` file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscriber(usize);

/// The answer belongs to no event that waits for it (ESTALE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale;

/// Which CPUs are online, and what each subscriber has not yet read.
#[derive(Debug)]
pub struct CpuEvents {
    online: u128,
    /// For each subscriber the online CPUs it has yet to hear of.
    unread: [Option<u128>; SUBSCRIBERS_MAX],
}

impl CpuEvents {
    /// Returns a source without subscribers, for these online CPUs (bit n: CPU n).
    pub fn new(online: u128) -> Self {
        Self { online, unread: [None; SUBSCRIBERS_MAX] }
    }

    /// Returns the online CPUs.
    pub fn online(&self) -> u128 {
        self.online
    }

    /// Adds a subscriber, or nothing if there are [`SUBSCRIBERS_MAX`] (EMFILE).
    pub fn open(&mut self) -> Option<Subscriber> {
        let free = self.unread.iter().position(Option::is_none)?;
        *self.unread.get_mut(free)? = Some(self.online);
        Some(Subscriber(free))
    }

    /// Returns the next event for the subscriber, or nothing yet.
    pub fn read(&mut self, subscriber: Subscriber) -> Option<Event> {
        let unread = self.unread.get_mut(subscriber.0)?.as_mut()?;
        let cpu = unread.trailing_zeros();
        if cpu >= CPUS_MAX {
            return None;
        }
        *unread &= unread.wrapping_sub(1);
        Some(Event { sequence: 0, cpu, stage: Stage::Online })
    }

    /// Takes an answer.
    ///
    /// # Errors
    ///
    /// [`Stale`]: no event waits for it.
    pub fn answer(&mut self, _subscriber: Subscriber, _answer: Answer) -> Result<(), Stale> {
        Err(Stale)
    }

    /// The file was closed.
    pub fn close(&mut self, subscriber: Subscriber) {
        if let Some(unread) = self.unread.get_mut(subscriber.0) {
            *unread = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn read_all(events: &mut CpuEvents, subscriber: Subscriber) -> Vec<u32> {
        core::iter::from_fn(|| events.read(subscriber)).map(|event| event.cpu).collect()
    }

    #[test]
    fn opening_tells_each_subscriber_the_online_cpus_once() {
        let mut events = CpuEvents::new(0b1011 | 1 << 127);
        let first = events.open().unwrap();
        let second = events.open().unwrap();
        let opening = Event { sequence: 0, cpu: 0, stage: Stage::Online };
        assert_eq!(events.read(first), Some(opening));
        assert_eq!(read_all(&mut events, first), [1, 3, 127]);
        assert_eq!(read_all(&mut events, second), [0, 1, 3, 127]);
        assert_eq!(events.read(first), None);
    }

    #[test]
    fn a_closed_place_is_used_again_and_tells_everything_anew() {
        let mut events = CpuEvents::new(0b11);
        let all: Vec<_> = core::iter::from_fn(|| events.open()).collect();
        assert_eq!(all.len(), SUBSCRIBERS_MAX);
        assert_eq!(read_all(&mut events, all[3]), [0, 1]);
        events.close(all[3]);
        assert_eq!(events.read(all[3]), None);
        let again = events.open().unwrap();
        assert_eq!(read_all(&mut events, again), [0, 1]);
    }

    #[test]
    fn an_answer_without_transition_is_stale() {
        let mut events = CpuEvents::new(1);
        let subscriber = events.open().unwrap();
        let answer = Answer { sequence: 0, errno: 0 };
        assert_eq!(events.answer(subscriber, answer), Err(Stale));
    }
}
