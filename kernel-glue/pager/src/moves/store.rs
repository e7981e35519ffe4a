//! The end of a STORE: the daemon has answered, or will not.
//!
//! For each page: if the daemon stored it, its frame is freed; if the daemon refused it, it goes
//! back into its page table. If the page went back before, or its entry is gone, only the
//! bookkeeping is left: a slot that the daemon stored for nobody gets a free notice. A refusal
//! closes the area to new pages (`areas`), so that further pages are not refused one by one.

use zram_abi::record::{Record, Status};

use crate::Pager;
use crate::entry::SwapEntry;
use crate::lines::in_flight::{Held, Store, StoreItem};
use crate::places::slots::SlotMap;
use crate::ports::{Mapping, Ports};

/// What the daemon did with one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Kept,
    /// Not now.
    Refused,
    /// Not before it was written.
    NoGain,
    /// The queue was closed: nobody knows.
    Unknown,
}

/// How many pages of a batch were kept and why others were not.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    kept: u32,
    no_reserve: u32,
    limit: u32,
    gone: u32,
}

impl Pager {
    /// Takes in the reply to a batch.
    pub(crate) fn store_replied(&mut self, store: Store, reply: &Record, ports: &mut impl Ports) {
        let count = store.items.as_slice().len();
        let took_ns = ports.now_ns().saturating_sub(store.since_ns);
        let statistics = &mut self.statistics;
        statistics.store_ns = statistics.store_ns.saturating_add(took_ns);
        let pages = u64::try_from(count).unwrap_or(u64::MAX);
        statistics.offered = statistics.offered.saturating_add(pages);
        let mut tally = Tally::default();
        for (item, answer) in store.items.as_slice().iter().zip(reply.entries()) {
            let outcome = self.count_answer(answer.status, &mut tally);
            self.settle_page(*item, store.entry(*item), outcome, ports);
        }
        let closed = if tally.limit > 0 {
            self.areas.reached_limit(store.area, self.now_ns(ports))
        } else if tally.no_reserve > 0 && tally.kept == 0 {
            self.areas.lacked_frames(store.area)
        } else if tally.kept > 0 {
            self.areas.took_pages(store.area)
        } else {
            Ok(())
        };
        self.holds(closed);
        if tally.gone > 0 {
            let killed = self.areas.kill(store.area);
            self.holds(killed);
        }
    }

    /// The queue is closed: everything goes back, and the daemon is told to forget, in case.
    pub(crate) fn store_returned(&mut self, store: Store, ports: &mut impl Ports) {
        for item in store.items.as_slice() {
            self.settle_page(*item, store.entry(*item), Outcome::Unknown, ports);
        }
    }

    fn count_answer(&mut self, status: Status, tally: &mut Tally) -> Outcome {
        let (count, total, outcome) = match status {
            Status::Ok => (Some(&mut tally.kept), None, Outcome::Kept),
            Status::NoGain => (None, Some(&mut self.statistics.refused_no_gain), Outcome::NoGain),
            Status::NoReserve => (
                Some(&mut tally.no_reserve),
                Some(&mut self.statistics.refused_no_reserve),
                Outcome::Refused,
            ),
            Status::Limit => {
                (Some(&mut tally.limit), Some(&mut self.statistics.refused_limit), Outcome::Refused)
            }
            Status::Gone => (Some(&mut tally.gone), None, Outcome::Refused),
            // No answer to STORE; as NO_GAIN it cannot be repeated for ever.
            Status::Pending | Status::Damaged => {
                (None, Some(&mut self.statistics.bad_replies), Outcome::NoGain)
            }
        };
        if let Some(count) = count {
            *count = count.saturating_add(1);
        }
        if let Some(total) = total {
            *total = total.saturating_add(1);
        }
        outcome
    }

    fn settle_page(
        &mut self,
        item: StoreItem,
        entry: SwapEntry,
        outcome: Outcome,
        ports: &mut impl Ports,
    ) {
        match (item.held, outcome) {
            (Held::Leaving, Outcome::Kept) => {
                self.statistics.pages_out = self.statistics.pages_out.saturating_add(1);
                self.free_page(item, ports);
                self.turn_slot(entry, SlotMap::stored);
                return;
            }
            (Held::Leaving, Outcome::NoGain) => self.put_back(item, entry, Mapping::NoGain, ports),
            (Held::Leaving, Outcome::Refused | Outcome::Unknown) => {
                self.put_back(item, entry, Mapping::Private, ports);
            }
            (Held::Dropped, _) => self.free_page(item, ports),
            (Held::Returned, _) => {}
        }
        match outcome {
            Outcome::Kept | Outcome::Unknown => self.turn_slot(entry, SlotMap::discard),
            Outcome::Refused | Outcome::NoGain => self.turn_slot(entry, SlotMap::abandon),
        };
    }
}
