//! Counts of the transfers of one device, and how long they took.
//!
//! A request is a client's read or write, or a record of the pager's queue. All requests and pages are
//! counted; the time is taken of every [`TIMED_EVERY`]th request, because reading the clock is a system
//! call that would be a hundredth of a page fault. A timed request counts in the histogram once for each
//! of its pages, with the time of a page of it.
//!
//! Everything is Relaxed: a statistic decides nothing and orders nothing. A reset of the device
//! clears the counts.

use core::sync::atomic::{AtomicU64, Ordering};

/// Of so many requests, the first is timed.
pub(crate) const TIMED_EVERY: u64 = 8;

/// Buckets of a histogram, each twice as long as the one before.
pub(crate) const BUCKETS: usize = 20;

/// Nanoseconds at which the first bucket ends. With [`BUCKETS`] the last one begins at 67 ms.
const FIRST_BUCKET_NS: u64 = 256;

/// Which way pages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Loaded, by a read or for a fault.
    Load,
    /// Stored.
    Store,
    /// Discarded, or freed by the pager.
    Discard,
}

/// The counters of one way.
#[derive(Debug)]
struct Lane {
    begun: AtomicU64,
    ended: AtomicU64,
    pages: AtomicU64,
    timed: AtomicU64,
    timed_ns: AtomicU64,
    histogram: [AtomicU64; BUCKETS],
}

/// What one way has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Requests that were answered.
    pub(crate) requests: u64,
    /// Requests that are worked on now.
    pub(crate) in_flight: u64,
    /// Pages that went.
    pub(crate) pages: u64,
    /// Milliseconds that all requests took, by those that were timed.
    pub(crate) ticks_ms: u64,
    /// Pages by the time that one took: see [`bucket_end_ns`].
    pub(crate) histogram: [u64; BUCKETS],
}

/// The traffic of one device.
#[derive(Debug)]
pub(crate) struct Traffic([Lane; 3]);

/// A request in progress.
#[must_use]
pub(crate) struct Passage<'a> {
    lane: &'a Lane,
    /// When it began, if it is timed.
    start_ns: Option<u64>,
}

impl Lane {
    const fn new() -> Self {
        Self {
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            pages: AtomicU64::new(0),
            timed: AtomicU64::new(0),
            timed_ns: AtomicU64::new(0),
            histogram: [const { AtomicU64::new(0) }; BUCKETS],
        }
    }

    fn counters(&self) -> impl Iterator<Item = &AtomicU64> {
        let all = [&self.begun, &self.ended, &self.pages, &self.timed, &self.timed_ns];
        all.into_iter().chain(&self.histogram)
    }

    fn seen(&self) -> Seen {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (requests, timed) = (of(&self.ended), of(&self.timed));
        let total_ns = u128::from(of(&self.timed_ns)) * u128::from(requests);
        let ticks_ms = total_ns.checked_div(u128::from(timed)).unwrap_or(0) / 1_000_000;
        Seen {
            requests,
            in_flight: of(&self.begun).saturating_sub(requests),
            pages: of(&self.pages),
            ticks_ms: u64::try_from(ticks_ms).unwrap_or(u64::MAX),
            histogram: core::array::from_fn(|index| of(&self.histogram[index])),
        }
    }
}

impl Traffic {
    /// Returns the traffic of a device that has had none.
    pub(crate) const fn new() -> Self {
        Self([const { Lane::new() }; 3])
    }

    const fn lane(&self, way: Way) -> &Lane {
        let Self([load, store, discard]) = self;
        match way {
            Way::Load => load,
            Way::Store => store,
            Way::Discard => discard,
        }
    }

    /// Begins a request; `now_ns` is asked only if it is timed.
    pub(crate) fn begin(&self, way: Way, now_ns: impl FnOnce() -> u64) -> Passage<'_> {
        let lane = self.lane(way);
        let is_timed = lane.begun.fetch_add(1, Ordering::Relaxed).is_multiple_of(TIMED_EVERY);
        Passage { lane, start_ns: is_timed.then(now_ns) }
    }

    /// Returns what one way has seen.
    pub(crate) fn seen(&self, way: Way) -> Seen {
        self.lane(way).seen()
    }

    /// Forgets everything. A request that is in progress meanwhile is counted by its end alone.
    pub(crate) fn clear(&self) {
        let Self(lanes) = self;
        for counter in lanes.iter().flat_map(Lane::counters) {
            counter.store(0, Ordering::Relaxed);
        }
    }
}

impl Passage<'_> {
    /// Ends the request, in which so many pages went.
    pub(crate) fn end(self, pages: u64, now_ns: impl FnOnce() -> u64) {
        let Self { lane, start_ns } = self;
        lane.ended.fetch_add(1, Ordering::Relaxed);
        lane.pages.fetch_add(pages, Ordering::Relaxed);
        let Some(start_ns) = start_ns else { return };
        let took_ns = now_ns().saturating_sub(start_ns);
        lane.timed.fetch_add(1, Ordering::Relaxed);
        lane.timed_ns.fetch_add(took_ns, Ordering::Relaxed);
        let of_page_ns = took_ns.checked_div(pages).unwrap_or(took_ns);
        lane.histogram[bucket_of(of_page_ns)].fetch_add(pages, Ordering::Relaxed);
    }
}

fn bucket_of(ns: u64) -> usize {
    let doublings = (ns / FIRST_BUCKET_NS).checked_ilog2().map_or(0, |power| power as usize + 1);
    doublings.min(BUCKETS - 1)
}

/// Returns the nanoseconds at which a bucket ends; the last one has no end, which is the largest
/// number.
pub(crate) const fn bucket_end_ns(bucket: usize) -> u64 {
    if bucket + 1 >= BUCKETS { u64::MAX } else { FIRST_BUCKET_NS << bucket }
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, Seen, TIMED_EVERY, Traffic, Way, bucket_end_ns, bucket_of};

    #[test]
    fn every_time_is_in_the_bucket_that_ends_above_it() {
        for ns in [0, 255, 256, 511, 512, 1_000_000, 67_108_863, 67_108_864, u64::MAX] {
            let bucket = bucket_of(ns);
            assert!(ns < bucket_end_ns(bucket) || bucket == BUCKETS - 1, "{ns} in {bucket}");
            assert!(bucket == 0 || ns >= bucket_end_ns(bucket - 1), "{ns} in {bucket}");
        }
    }

    #[test]
    fn one_request_of_eight_is_timed_and_stands_for_all() {
        let traffic = Traffic::new();
        let mut clock_reads = 0;
        for _ in 0..2 * TIMED_EVERY {
            let mut clock = || {
                clock_reads += 1;
                clock_reads * 1_000_000
            };
            let passage = traffic.begin(Way::Load, &mut clock);
            passage.end(4, clock);
        }
        assert_eq!(clock_reads, 4, "begin and end of two requests");
        let seen = traffic.seen(Way::Load);
        assert_eq!((seen.requests, seen.in_flight, seen.pages), (16, 0, 64));
        assert_eq!(seen.ticks_ms, 16, "a millisecond each");
        assert_eq!(seen.histogram[bucket_of(250_000)], 8, "the pages of the two");
        assert_eq!(traffic.seen(Way::Store), Seen::default());
    }

    #[test]
    fn a_request_is_in_flight_until_it_ends_and_nothing_is_left_after_a_clear() {
        let traffic = Traffic::new();
        let passage = traffic.begin(Way::Store, || 0);
        assert_eq!(traffic.seen(Way::Store).in_flight, 1);
        passage.end(1, || 1);
        assert_eq!(traffic.seen(Way::Store).in_flight, 0);
        traffic.clear();
        assert_eq!(traffic.seen(Way::Store), Seen::default());
    }
}
