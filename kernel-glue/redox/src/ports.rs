//! The pager's ports over the kernel.
//!
//! A port locks one address space at a time, for reading: page-table entries change in one atomic
//! step each, so the hardware may set its bits meanwhile; code that removes mappings holds the lock
//! for writing. No table is freed here. Wakes are done at once; a kill is noted, and done after the
//! call.

use core::sync::atomic::Ordering;

use swap_pager::SwapEntry;
use swap_pager::ports::{
    Candidate, Clock, Direction, Frame, Frames, KillReason, Mapping, Page, Place, QueueId, Scan,
    SpaceId, SpaceKind, Spaces, Threads, Waiter, Windows,
};

use crate::kernel::{Bits, Kernel, Tables};
use crate::queue::Line;
use crate::state::{Glue, Parts};

/// Entries that one look at a page table sees: one table's worth.
const LOOK_ENTRIES: u32 = 512;

/// Hardware may set two bits while an entry is exchanged; one try more than that.
const EXCHANGES_MAX: u32 = 3;

/// The kernel while one call of the pager lasts.
pub(crate) struct Machine<'a, K: Kernel> {
    pub(crate) glue: &'a Glue<K>,
    pub(crate) parts: &'a mut Parts<K>,
}

/// Returns what stands in a page table for a swap entry.
pub(crate) fn raw_of(entry: SwapEntry) -> u64 {
    entry.bits() << 1
}

/// Returns the swap entry that stands in a page table.
pub(crate) fn entry_of(raw: u64, bits: Bits) -> Option<SwapEntry> {
    if raw & bits.present == 0 { SwapEntry::from_bits(raw >> 1) } else { None }
}

fn frame_of(raw: u64, bits: Bits) -> Option<Frame> {
    let number = u32::try_from((raw & bits.frame) >> 12).ok()?;
    (raw & bits.present != 0).then_some(Frame(number))
}

impl<K: Kernel> Machine<'_, K> {
    pub(crate) fn line(&mut self, queue: QueueId) -> Option<&mut Line<K>> {
        let [into, out] = self.parts.lines.get_mut(queue.cpu.index())?;
        Some(match queue.direction {
            Direction::In => into,
            Direction::Out => out,
        })
    }

    pub(crate) fn forget_waiter(&mut self, waiter: Waiter) {
        if let Some(place) = self.parts.waiters.get_mut(index(waiter)) {
            *place = None;
        }
    }

    /// Looks at a space; a last reference goes to the end of the call.
    fn look<R>(&self, space: SpaceId, how: impl FnOnce(&dyn Tables) -> R) -> Option<R> {
        let found = self.glue.spaces.get(space)?;
        let result = self.glue.kernel.look(&found, how);
        self.glue.put_aside(found);
        Some(result)
    }

    fn is_candidate(&self, raw: u64) -> bool {
        let bits = K::BITS;
        let may_gain = raw & bits.no_gain == 0 || raw & bits.dirty != 0;
        may_gain && frame_of(raw, bits).is_some_and(|frame| self.glue.kernel.has_one_user(frame))
    }
}

/// Goes through the entries of anonymous pages from `from` on, one table's worth at most.
fn walk<T>(
    tables: &dyn Tables,
    from: Page,
    mut look: impl FnMut(Page, u64) -> Option<T>,
) -> Scan<T> {
    let mut at = from.0;
    let mut looks = 0_u32;
    while let Some(span) = tables.next_span(Page(at)) {
        at = at.max(span.first.0);
        let end = span.first.0.saturating_add(span.count);
        while at < end {
            if looks >= LOOK_ENTRIES {
                return Scan::Resume(Page(at));
            }
            looks = looks.saturating_add(1);
            match tables.entry(Page(at)) {
                Some(raw) => {
                    if let Some(found) = look(Page(at), raw) {
                        return Scan::Found(found);
                    }
                    at = at.saturating_add(1);
                }
                // No table: on to what the next one would cover.
                None => at = (at | 511).saturating_add(1),
            }
        }
    }
    Scan::End
}

impl<K: Kernel> Spaces for Machine<'_, K> {
    fn kind(&self, space: SpaceId) -> Option<SpaceKind> {
        let found = self.glue.spaces.get(space)?;
        let key = K::key(&found);
        self.glue.put_aside(found);
        let is_pinned = key == self.glue.daemon() || self.glue.is_protected(key);
        Some(if is_pinned { SpaceKind::Pinned } else { SpaceKind::Ordinary })
    }

    fn resident_pages(&self, space: SpaceId) -> u32 {
        let count = self.look(space, |tables| {
            let (mut count, mut from) = (0_u32, Page(0));
            let mut look = |_, raw| {
                count = count.saturating_add(u32::from(raw & K::BITS.present != 0));
                None::<()>
            };
            while let Scan::Resume(page) = walk(tables, from, &mut look) {
                from = page;
            }
            count
        });
        count.unwrap_or(0)
    }

    fn next_candidate(&mut self, space: SpaceId, from: Page) -> Scan<Candidate> {
        let glue = self.glue;
        let found = self.look(space, |tables| {
            let holds = glue.held.of(tables.root());
            walk(tables, from, |page, raw| {
                let may = self.is_candidate(raw) && !holds.holds(page);
                may.then_some(Candidate { page, accessed: raw & K::BITS.accessed != 0 })
            })
        });
        found.unwrap_or(Scan::End)
    }

    fn clear_accessed(&mut self, space: SpaceId, page: Page) {
        self.look(space, |tables| tables.clear(page, K::BITS.accessed));
    }

    fn unmap(&mut self, space: SpaceId, page: Page, entry: SwapEntry) -> Option<Frame> {
        let glue = self.glue;
        let frame = self.look(space, |tables| {
            if glue.held.of(tables.root()).holds(page) {
                return None;
            }
            let mut raw = tables.entry(page)?;
            for _ in 0..EXCHANGES_MAX {
                if !self.is_candidate(raw) {
                    return None;
                }
                match tables.exchange(page, raw, raw_of(entry)) {
                    Ok(()) => return frame_of(raw, K::BITS),
                    Err(other) => raw = other,
                }
            }
            None
        });
        frame.flatten()
    }

    fn map(&mut self, place: Place, frame: Frame, mapping: Mapping) -> bool {
        let bits = K::BITS;
        let ours = match mapping {
            // As the hardware leaves a page that was just written.
            Mapping::Private => bits.accessed | bits.dirty,
            Mapping::NoGain => bits.accessed | bits.no_gain,
        };
        let done = self.look(place.space, |tables| {
            let Some(raw) = tables.entry_for(place.page, frame) else { return false };
            tables.exchange(place.page, raw_of(place.entry), raw | ours).is_ok()
        });
        done == Some(true)
    }

    fn forget(&mut self, place: Place) -> bool {
        let done = self.look(place.space, |tables| {
            tables.exchange(place.page, raw_of(place.entry), 0).is_ok()
        });
        done == Some(true)
    }

    fn entry(&self, space: SpaceId, page: Page) -> Option<SwapEntry> {
        let raw = self.look(space, |tables| tables.entry(page))??;
        entry_of(raw, K::BITS)
    }

    fn next_swapped(&mut self, space: SpaceId, from: Page) -> Scan<Place> {
        let found = self.look(space, |tables| {
            walk(tables, from, |page, raw| {
                Some(Place { space, page, entry: entry_of(raw, K::BITS)? })
            })
        });
        found.unwrap_or(Scan::End)
    }

    fn kill(&mut self, space: SpaceId, reason: KillReason) {
        self.parts.condemned = Some((space, reason));
    }
}

impl<K: Kernel> Frames for Machine<'_, K> {
    fn allocate(&mut self) -> Option<Frame> {
        self.glue.kernel.allocate()
    }

    fn release(&mut self, frame: Frame) {
        self.glue.kernel.release(frame);
    }

    fn free_count(&self) -> u32 {
        self.glue.kernel.free_count()
    }

    fn is_zero(&self, frame: Frame) -> bool {
        self.glue.kernel.is_zero(frame)
    }
}

impl<K: Kernel> Windows for Machine<'_, K> {
    fn give(&mut self, queue: QueueId, index: usize, frame: Frame) {
        if let Some(pane) = self.line(queue).and_then(|line| line.pane(index)) {
            self.glue.kernel.copy(frame, pane);
        }
    }

    fn collect(&mut self, queue: QueueId, index: usize, frame: Frame) {
        if let Some(pane) = self.line(queue).and_then(|line| line.pane(index)) {
            self.glue.kernel.copy(pane, frame);
        }
    }
}

impl<K: Kernel> Threads for Machine<'_, K> {
    fn wake(&mut self, waiter: Waiter) {
        if let Some(Some(thread)) = self.parts.waiters.get(index(waiter)) {
            K::unblock(thread);
        }
    }

    fn wake_worker(&mut self, queue: QueueId) {
        if let Some(worker) = self.line(queue).and_then(|line| line.worker()) {
            K::unblock(worker);
        }
    }

    fn revoke_worker(&mut self, queue: QueueId) {
        if let Some(line) = self.line(queue) {
            line.revoke();
            if let Some(worker) = line.worker() {
                K::unblock(worker);
            }
        }
    }
}

impl<K: Kernel> Clock for Machine<'_, K> {
    fn now_ns(&self) -> u64 {
        let now = self.glue.kernel.now_ns();
        // Relaxed: the number stands for itself.
        self.glue.last_ns.fetch_max(now, Ordering::Relaxed).max(now)
    }
}

fn index(waiter: Waiter) -> usize {
    usize::try_from(waiter.0).unwrap_or(usize::MAX)
}
