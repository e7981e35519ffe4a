//! Reclaim: pages are swapped out, in two halves around the shootdown.
//!
//! Reclaim has no thread. It is started by an allocation below the low watermark, by each completed
//! batch until the high watermark is reached, and by the tick: after each entry the kernel asks
//! [`Pager::wants_reclaim`] for its own CPU. `reclaim_begin` replaces a batch of pages by swap
//! entries; the kernel then awaits the shootdown *without the lock*; `reclaim_finish` reads the
//! contents, which nobody can change any more, drops pages of zeros and posts the rest on this
//! CPU's `out` queue. Between the halves other CPUs may fault on the pages (see `in_flight`).

use crate::Pager;
use crate::entry::SwapEntry;
use crate::invariant::Invariant;
use crate::lines::in_flight::{Held, Store, StoreItem, Work};
use crate::places::slots::{Slot, SlotMap};
use crate::ports::{CpuId, Direction, Mapping, Ports, QueueId, UserPage};
use crate::pressure::{Level, Look};
use crate::requests::{Reclaim, Unmapped};

/// Looks of the hand in one step: bounds the time under the lock to some ten microseconds.
const LOOKS_MAX: u32 = 512;

/// Pages of a batch while a thread waits for a frame: the first ones free come sooner.
const DIRECT_BATCH: u32 = 8;

impl Pager {
    /// Returns whether [`Pager::reclaim_begin`] has something to do on this CPU.
    pub fn wants_reclaim(&self, cpu: CpuId) -> bool {
        self.pressure.is_reclaiming() && self.lines.takes_batch(cpu) && self.areas.have_room()
    }

    /// Takes a batch of pages out of their page tables, in one bounded step.
    pub fn reclaim_begin(&mut self, cpu: CpuId, ports: &mut impl Ports) -> Reclaim {
        self.collect(ports);
        self.feel_pressure(ports);
        if !self.wants_reclaim(cpu) {
            return Reclaim::Nothing;
        }
        let Some(area) = self.areas.choose() else { return Reclaim::Nothing };
        let ticket = self.lines.next_ticket();
        let mut store = Store::new(area, ticket);
        self.collect_victims(&mut store, ports);
        if !store.items.as_slice().is_empty() {
            if let Err(store) = self.lines.begin_batch(cpu, store) {
                self.broke(Invariant::QueueIsFree);
                self.batch_returned(&store, ports);
                return Reclaim::Nothing;
            }
            return Reclaim::Unmapped(Unmapped { cpu, ticket });
        }
        if !self.pressure.is_hand_exhausted() {
            return Reclaim::Again;
        }
        self.pressure.rest(self.now_ns(ports));
        self.judge_for_waiters(ports);
        Reclaim::Nothing
    }

    /// Returns what is to be shot down for this batch.
    pub fn unmapped_pages(&self, unmapped: &Unmapped) -> impl Iterator<Item = UserPage> + use<'_> {
        let items = self.lines.batch(unmapped.cpu).iter();
        items.map(|item| UserPage { space: item.space, page: item.page })
    }

    /// Offers the batch to the daemon, now that no CPU can change it.
    ///
    /// Returns the queue whose idle worker is to be run for it, if it is idle.
    pub fn reclaim_finish(
        &mut self,
        unmapped: Unmapped,
        ports: &mut impl Ports,
    ) -> Option<QueueId> {
        self.collect(ports);
        let Some(store) = self.lines.end_batch(unmapped.cpu, unmapped.ticket) else {
            self.broke(Invariant::PageHasBatch);
            self.close_if_broken(ports);
            return None;
        };
        let queue = QueueId { cpu: unmapped.cpu, direction: Direction::Out };
        let open = self.lines.is_free(queue);
        let active = self.areas.is_active(store.area);
        let mut offered = Store::new(store.area, store.ticket);
        for item in store.items.as_slice() {
            self.finish_page(*item, &mut offered, open && active, ports);
        }
        for (index, item) in offered.items.as_slice().iter().enumerate() {
            ports.give(queue, index, item.frame);
        }
        offered.since_ns = ports.now_ns();
        let run = self.offer(queue, offered, ports);
        self.after_frames_freed(ports);
        run
    }

    fn offer(&mut self, queue: QueueId, offered: Store, ports: &mut impl Ports) -> Option<QueueId> {
        if offered.items.as_slice().is_empty() {
            return None;
        }
        self.post(queue, Work::Store(offered), ports).then_some(queue)
    }

    /// Gives a queue work; returns whether its worker sleeps. A queue that cannot have it is a bug
    /// of ours; the pages of the batch go back then.
    pub(crate) fn post(&mut self, queue: QueueId, work: Work, ports: &mut impl Ports) -> bool {
        let served_ns = self.time.served(ports.now_ns());
        match self.lines.post(queue, work, served_ns) {
            Ok(asleep) => asleep,
            Err(work) => {
                self.broke(Invariant::QueueIsFree);
                self.work_returned(work, ports);
                false
            }
        }
    }

    /// A batch that nobody was offered goes back.
    fn batch_returned(&mut self, store: &Store, ports: &mut impl Ports) {
        for item in store.items.as_slice() {
            self.return_page(*item, store.entry(*item), ports);
        }
    }

    fn finish_page(
        &mut self,
        item: StoreItem,
        offered: &mut Store,
        goes: bool,
        ports: &mut impl Ports,
    ) {
        let entry = offered.entry(item);
        match item.held {
            Held::Leaving if !goes => self.return_page(item, entry, ports),
            // Its entry went while it was unmapped.
            Held::Leaving if self.areas.slot(entry) == Some(Slot::Storing(0)) => {
                self.let_go(item, ports);
                self.abandon(entry);
            }
            Held::Leaving if ports.is_zero(item.frame) => {
                if ports.forget(item.place(entry)) {
                    self.entry_replaced(item.space, entry);
                    self.statistics.zero_pages = self.statistics.zero_pages.saturating_add(1);
                }
                self.abandon(entry);
                self.free_page(item, ports);
            }
            Held::Leaving => {
                if let Err(item) = offered.items.push(item) {
                    self.broke(Invariant::BatchHasRoom);
                    self.return_page(item, entry, ports);
                }
            }
            // Its slot was given back when that was seen.
            Held::Dropped => self.free_page(item, ports),
            Held::Returned => {}
        }
    }

    /// Takes as many victims as a batch has, the area has slots, and one step may look for.
    fn collect_victims(&mut self, store: &mut Store, ports: &mut impl Ports) {
        let mut wanted = self.reserve.marks().batch;
        if self.waiters.oldest_for_frame().is_some() {
            wanted = wanted.min(DIRECT_BATCH);
        }
        for _ in 0..LOOKS_MAX {
            if wanted == 0 || self.pressure.is_hand_exhausted() {
                return;
            }
            let victim = match self.pressure.look(self.spaces, ports) {
                Look::On => continue,
                Look::Victim(victim) => victim,
            };
            if !self.take_out(store, victim, ports) {
                return;
            }
            wanted = wanted.saturating_sub(1);
        }
    }

    /// Returns false if the area has no slot left, or the batch no room.
    fn take_out(&mut self, store: &mut Store, victim: UserPage, ports: &mut impl Ports) -> bool {
        let UserPage { space, page } = victim;
        let now_ns = self.now_ns(ports);
        let Some(slot) = self.areas.take_free(store.area, now_ns) else { return false };
        let entry = SwapEntry { area: store.area, slot };
        // Counted before it stands there: it may be dropped at once.
        self.entry_placed(space);
        match ports.unmap(space, page, entry) {
            Some(frame) => {
                let item = StoreItem { slot, frame, space, page, held: Held::Leaving };
                if let Err(item) = store.items.push(item) {
                    self.broke(Invariant::BatchHasRoom);
                    self.return_page(item, entry, ports);
                    return false;
                }
            }
            None => {
                self.entry_replaced(space, entry);
                self.abandon(entry);
            }
        }
        true
    }

    /// Maps a leaving page back, frame and all; frees it if its entry is gone.
    pub(crate) fn put_back(
        &mut self,
        item: StoreItem,
        entry: SwapEntry,
        mapping: Mapping,
        ports: &mut impl Ports,
    ) {
        if ports.map(item.place(entry), item.frame, mapping) {
            self.entry_replaced(item.space, entry);
        } else {
            self.let_go(item, ports);
        }
    }

    /// Maps a page back that the daemon was never offered, and gives its slot back.
    fn return_page(&mut self, item: StoreItem, entry: SwapEntry, ports: &mut impl Ports) {
        self.put_back(item, entry, Mapping::Private, ports);
        self.abandon(entry);
    }

    /// Frees the frame of a page whose entry was dropped while it was on its way out.
    pub(crate) fn let_go(&mut self, item: StoreItem, ports: &mut impl Ports) {
        self.free_page(item, ports);
        self.statistics.cancelled = self.statistics.cancelled.saturating_add(1);
    }

    /// Gives back a slot that the daemon never had.
    pub(crate) fn abandon(&mut self, entry: SwapEntry) {
        self.turn_slot(entry, SlotMap::abandon);
    }

    /// Frees the frame of a page that has left.
    pub(crate) fn free_page(&mut self, item: StoreItem, ports: &mut impl Ports) {
        ports.release(item.frame);
        self.pressure.frame_freed();
    }

    /// Begins or ends reclaim by the count of free frames.
    pub(crate) fn feel_pressure(&mut self, ports: &impl Ports) {
        let free = ports.free_count();
        let marks = self.reserve.marks();
        self.reserve.feel(free);
        let is_waited_for = self.waiters.oldest_for_frame().is_some();
        let (is_low, is_high) = (free < marks.low, free >= marks.high);
        let level = Level { is_low, is_high, is_waited_for };
        let time = &self.time;
        self.pressure.feel(level, || time.at(ports.now_ns()));
    }

    /// Settles up after frames came free or a batch has come to its end: gain, waiters, watermarks,
    /// whether that was enough, and a `swapoff`, which may wait for either.
    pub(crate) fn after_frames_freed(&mut self, ports: &mut impl Ports) {
        self.close_if_broken(ports);
        self.pressure.settle_gain();
        self.hand_out_frames(ports);
        // What the daemon needs, however much more is kept from others.
        let reserve_is_whole = ports.free_count() >= self.reserve.bounds().reserve_min;
        self.areas.reopen(reserve_is_whole, self.now_ns(ports));
        self.feel_pressure(ports);
        self.judge_for_waiters(ports);
        self.wake_swapoff(ports);
    }
}
