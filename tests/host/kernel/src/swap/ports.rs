//! The pager's ports over this kernel.
//!
//! [`Machine`] is the kernel during a call of the pager; the pager itself is moved out of it then,
//! so that a call back into the pager fails at once ([`super::pager`]). Numbers of the pager
//! (spaces, waiting threads) are indices of this kernel's tables. Shootdowns that `unmap` needs are
//! noted with this CPU and sent out after `reclaim_begin`, as for every other page that is taken
//! away. Kills and wakes of workers are noted and done after the call.

use swap_pager::ports::{
    Candidate, Clock, Frame as PagerFrame, Frames, KillReason, Mapping, Page, Place, Scan,
    SpaceId as PagerSpace, SpaceKind, Spaces, Threads, Waiter,
};
use swap_pager::{Caller, SwapEntry};

use super::{QueueId, Wait};
use crate::kernel::Kernel;
use crate::machine::clock;
use crate::machine::frames::Frame;
use crate::machine::paging::{Pte, UserPage};
use crate::space::grants::{Grant, Kind, Span};
use crate::space::{Space, SpaceId, page};
use crate::thread::wake::Urgency;
use crate::thread::{State, ThreadId};

/// The kernel, as the pager sees it.
pub(super) struct Machine<'a>(pub(super) &'a mut Kernel);

/// Entries that one look at a page table sees: one table's worth.
const LOOK_ENTRIES: usize = 512;

/// Returns the pager's number of a space.
pub(super) fn number_of(space: SpaceId) -> PagerSpace {
    PagerSpace(space.tag() & 0xffff)
}

/// Returns the pager's number of a thread, and remembers whose it is.
pub(super) fn waiter_of(kernel: &mut Kernel, thread: ThreadId) -> Waiter {
    let index = thread.tag() & 0xffff;
    kernel.swap.threads[index as usize] = Some(thread);
    Waiter(index)
}

/// Returns the frame that the pager means.
pub(super) fn frame(number: PagerFrame) -> Frame {
    Frame::new(number.0)
}

fn pager_frame(frame: Frame) -> PagerFrame {
    PagerFrame(frame.number())
}

impl Machine<'_> {
    /// Returns the space of that number.
    pub(super) fn space(&self, space: PagerSpace) -> Option<SpaceId> {
        self.0.spaces.iter().map(|(id, _)| id).find(|&id| number_of(id) == space)
    }

    fn existing(&self, space: PagerSpace) -> SpaceId {
        self.space(space).expect("the pager names spaces that exist")
    }

    /// Returns the space if the entry still stands in it.
    fn with_entry(&self, place: Place) -> Option<SpaceId> {
        let space = self.space(place.space)?;
        let found = self.0.spaces[space].tree().get(user_page(place.page));
        let stands = found == Pte::Swap(place.entry.bits());
        stands.then_some(space)
    }

    /// Sets the entry of a page that has one, so that no table is missing.
    fn set(&mut self, space: SpaceId, page: UserPage, pte: Pte) -> Pte {
        let old = self.0.set_entry(space, page, pte);
        old.expect("a page with an entry has all its tables")
    }

    fn is_candidate(&self, found: &Space, grant: Grant, pte: Pte) -> Option<bool> {
        let Pte::Present { frame, accessed, dirty, .. } = pte else { return None };
        let frames = &self.0.frames;
        let may_leave = grant.kind == Kind::Private
            && frames.users(frame) == 1
            && !frames.is_borrowed(frame)
            && (dirty || !self.0.swap.no_gain.contains(frame));
        debug_assert!(found.threads() > 0, "a space without threads is pinned");
        may_leave.then_some(accessed)
    }
}

fn user_page(number: Page) -> UserPage {
    page(number.0)
}

impl Spaces for Machine<'_> {
    fn kind(&self, space: PagerSpace) -> Option<SpaceKind> {
        let id = self.space(space)?;
        let found = &self.0.spaces[id];
        // Without threads: it is being prepared, or comes to its end. Protected ones are not swapped
        // either: with them one can look around after the daemon has died, whatever was lost.
        let is_pinned =
            found.threads() == 0 || found.is_protected() || self.0.swap.daemon == Some(id);
        Some(if is_pinned { SpaceKind::Pinned } else { SpaceKind::Ordinary })
    }

    fn resident_pages(&self, space: PagerSpace) -> u32 {
        self.0.spaces[self.existing(space)].resident_pages() as u32
    }

    fn next_candidate(&mut self, space: PagerSpace, from: Page) -> Scan<Candidate> {
        let found = &self.0.spaces[self.existing(space)];
        let mut entries = found.tree().entries(user_page(from)..UserPage::END);
        let mut grant: Option<(Span, Grant)> = None;
        let mut last = from.0;
        for _ in 0..LOOK_ENTRIES {
            let Some((page, pte)) = entries.next() else { return Scan::End };
            last = page.number();
            if !grant.is_some_and(|(span, _)| span.pages().contains(&last)) {
                grant = found.grants().find(last);
            }
            let Some((_, grant)) = grant else { continue };
            if let Some(accessed) = self.is_candidate(found, grant, pte) {
                return Scan::Found(Candidate { page: Page(last), accessed });
            }
        }
        Scan::Resume(Page(last + 1))
    }

    fn clear_accessed(&mut self, space: PagerSpace, page: Page) {
        let space = self.existing(space);
        self.0.take_accessed(space, user_page(page));
    }

    fn unmap(&mut self, space: PagerSpace, page: Page, entry: SwapEntry) -> Option<PagerFrame> {
        let (space, page) = (self.existing(space), user_page(page));
        match self.set(space, page, Pte::Swap(entry.bits())) {
            Pte::Present { frame, .. } => {
                self.0.forget(space, page);
                Some(pager_frame(frame))
            }
            other @ (Pte::Empty | Pte::Swap(_)) => {
                self.set(space, page, other);
                None
            }
        }
    }

    fn map(&mut self, place: Place, number: PagerFrame, mapping: Mapping) -> bool {
        let Some(space) = self.with_entry(place) else { return false };
        let (page, frame) = (user_page(place.page), frame(number));
        let grant = self.0.spaces[space].grants().find(page.number());
        let (_, Grant { rights, .. }) = grant.expect("a page with an entry lies in a grant");
        if mapping == Mapping::NoGain {
            self.0.swap.no_gain.insert(frame);
        }
        let pte = Pte::Present {
            frame,
            writable: rights.write,
            executable: rights.execute,
            accessed: true,
            dirty: mapping != Mapping::NoGain,
        };
        self.set(space, page, pte);
        true
    }

    fn forget(&mut self, place: Place) -> bool {
        let Some(space) = self.with_entry(place) else { return false };
        self.set(space, user_page(place.page), Pte::Empty);
        true
    }

    fn entry(&self, space: PagerSpace, page: Page) -> Option<SwapEntry> {
        match self.0.spaces[self.space(space)?].tree().get(user_page(page)) {
            Pte::Swap(bits) => SwapEntry::from_bits(bits),
            Pte::Empty | Pte::Present { .. } => None,
        }
    }

    fn next_swapped(&mut self, space: PagerSpace, from: Page) -> Scan<Place> {
        let found = &self.0.spaces[self.existing(space)];
        if found.swapped_pages() == 0 {
            return Scan::End;
        }
        let mut entries = found.tree().entries(user_page(from)..UserPage::END);
        let mut last = from.0;
        for _ in 0..LOOK_ENTRIES {
            let Some((page, pte)) = entries.next() else { return Scan::End };
            last = page.number();
            if let Pte::Swap(bits) = pte
                && let Some(entry) = SwapEntry::from_bits(bits)
            {
                return Scan::Found(Place { space, page: Page(last), entry });
            }
        }
        Scan::Resume(Page(last + 1))
    }

    fn kill(&mut self, space: PagerSpace, reason: KillReason) {
        self.0.swap.condemned = Some((self.existing(space), reason));
    }
}

impl Frames for Machine<'_> {
    fn allocate(&mut self) -> Option<PagerFrame> {
        self.0.frames.allocate().map(pager_frame)
    }

    fn release(&mut self, number: PagerFrame) {
        self.0.frames.put(frame(number));
    }

    fn free_count(&self) -> u32 {
        self.0.frames.free_count() as u32
    }

    fn is_zero(&self, number: PagerFrame) -> bool {
        self.0.frames.is_zero(frame(number))
    }
}

impl Threads for Machine<'_> {
    fn wake(&mut self, waiter: Waiter) {
        if let Some(thread) = waiting_thread(self.0, waiter) {
            self.0.make_ready(thread, Urgency::Anywhere);
        }
    }

    fn wake_worker(&mut self, queue: QueueId) {
        self.0.swap.queue_mut(queue).is_called = true;
        self.0.swap.calls = true;
    }

    fn revoke_worker(&mut self, queue: QueueId) {
        self.0.swap.queue_mut(queue).is_revoked = true;
        self.0.swap.calls = true;
    }
}

impl Clock for Machine<'_> {
    fn now_ns(&self) -> u64 {
        clock::now_ns()
    }
}

/// Returns the pager's name of a thread that asks on this CPU.
pub(super) fn caller_of(kernel: &mut Kernel, thread: ThreadId) -> Caller {
    Caller { waiter: waiter_of(kernel, thread), cpu: kernel.here }
}

/// Returns the thread that waits for the pager under this number, if one does.
pub(super) fn waiting_thread(kernel: &Kernel, waiter: Waiter) -> Option<ThreadId> {
    let thread = (*kernel.swap.threads.get(waiter.0 as usize)?)?;
    let state = kernel.threads.get(thread)?.state();
    (state == State::Waiting(crate::thread::Wait::Swap(Wait::Pager))).then_some(thread)
}
