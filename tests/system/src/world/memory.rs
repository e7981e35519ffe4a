//! Page faults, fork, unmap and exit, as a kernel does them around the pager.

use swap_pager::ports::{Frame, Frames, Page, SpaceId, Waiter};
use swap_pager::{Duplicate, Fault, FaultRequest, Fork, FrameAnswer, FrameFor, SwapEntry};

use super::program::{Change, Outcome, Progress, Running, ThreadId};
use super::{DAEMON, World};
use crate::kernel::space::{Present, Pte};
use crate::kernel::{Kernel, Touch};
use crate::machine::{Machine, lock};

/// Pages of a dying space that go in one step.
const BURIED_AT_ONCE: usize = 6;

/// What stopped a page from being there.
enum Stop {
    Wait(Option<swap_pager::ports::QueueId>),
    Lost(SwapEntry),
    OutOfMemory,
}

impl World {
    /// Lets a program access a page.
    pub(super) fn access(
        &mut self,
        Running { index, cpu }: Running,
        space: SpaceId,
        page: u64,
        change: Option<Change>,
    ) -> Progress {
        let waiter = self.threads[index].waiter;
        let request = FaultRequest { space, page: Page(page), waiter, cpu };
        let reached = reach(&mut lock(&self.machine), request, change.is_some());
        match reached {
            Ok(frame) => {
                self.use_page(space, page, frame, change);
                Progress::Done(Outcome::Done)
            }
            Err(Stop::Wait(run)) => Progress::Wait(run),
            Err(Stop::Lost(entry)) => {
                self.assert_may_be_lost(entry);
                self.bereft.push(space);
                Progress::Dies
            }
            Err(Stop::OutOfMemory) => Progress::Dies,
        }
    }

    fn assert_may_be_lost(&self, entry: SwapEntry) {
        let machine = lock(&self.machine);
        let cookie = machine.pager.cookie(entry.area);
        let slot = cookie.map(|cookie| (u32::from(cookie.device), entry.slot.0));
        let is_damaged = slot.is_some_and(|slot| machine.ledger.is_damaged(slot));
        let is_dead = self.dead_areas.contains(&entry.area.0);
        assert!(is_dead || is_damaged, "{entry:?} is lost for no reason");
    }

    pub(super) fn unmap_range(&mut self, space: SpaceId, first: u64, count: u64) -> Progress {
        let mut guard = lock(&self.machine);
        let machine = &mut *guard;
        for page in first..first + count {
            unmap(machine, space, Page(page));
            self.model.remove(&(space, page));
        }
        machine.pager.frames_freed(&mut machine.kernel);
        Progress::Done(Outcome::Done)
    }

    pub(super) fn fork(&mut self, index: usize, space: SpaceId) -> Progress {
        let free = {
            let mut guard = lock(&self.machine);
            let Machine { pager, kernel, .. } = &mut *guard;
            let own = DAEMON.0 as usize + 1;
            let free = kernel.spaces[own..].iter().position(Option::is_none).map(|at| at + own);
            let has_thread = self.threads.iter().any(|thread| thread.space.is_none());
            let Some(free) = free.filter(|_| has_thread) else {
                return Progress::Done(Outcome::NoRoom);
            };
            match pager.fork_begin(space, self.threads[index].waiter, kernel) {
                Fork::Ready => {}
                Fork::Wait => return Progress::Wait(None),
            }
            copy_space(&mut guard, space, SpaceId(free as u32));
            free
        };
        let copy = SpaceId(free as u32);
        let pages = self.model.range((space, 0)..=(space, u64::MAX));
        let pages: Vec<_> = pages.map(|((_, page), bytes)| (*page, bytes.clone())).collect();
        self.model.extend(pages.into_iter().map(|(page, bytes)| ((copy, page), bytes)));
        Progress::Done(Outcome::Forked(self.add_thread(copy)))
    }

    /// Takes apart a bit more of a space that ends.
    pub(super) fn bury(&mut self, space: SpaceId) {
        let mut guard = lock(&self.machine);
        let Machine { pager, kernel, .. } = &mut *guard;
        for thread in self.threads.iter_mut().filter(|thread| thread.space == Some(space)) {
            pager.waiter_gone(thread.waiter, kernel);
            thread.die();
        }
        let table = &kernel.space(space).table;
        let pages: Vec<u64> = table.keys().copied().take(BURIED_AT_ONCE).collect();
        if !pages.is_empty() {
            pages.into_iter().for_each(|page| unmap(&mut guard, space, Page(page)));
            let machine = &mut *guard;
            return machine.pager.frames_freed(&mut machine.kernel);
        }
        kernel.flush_space(space);
        kernel.spaces[space.0 as usize] = None;
        pager.entries().space_gone(space);
        pager.frames_freed(kernel);
        self.dying.remove(&space);
        self.model.retain(|(owner, _), _| *owner != space);
    }

    /// Lets things happen until every space that was condemned is gone.
    pub(crate) fn bury_the_dead(&mut self) {
        self.run_until("the dead are buried", |world| world.dying.is_empty());
    }

    /// Returns the threads of programs that live.
    pub(crate) fn living(&self) -> Vec<ThreadId> {
        let lives = |index: &usize| {
            let thread = &self.threads[*index];
            thread.space.is_some() && !self.is_dying(thread)
        };
        (0..self.threads.len()).filter(lives).map(ThreadId).collect()
    }
}

/// Returns the frame with the page, after whatever faults are handled at once.
fn reach(machine: &mut Machine, request: FaultRequest, write: bool) -> Result<Frame, Stop> {
    let Machine { pager, kernel, .. } = machine;
    let FaultRequest { space, page, waiter, cpu } = request;
    // A fault is handled at once at most thrice: the page comes back read-only, and is copied.
    for _ in 0..4 {
        match kernel.touch(cpu, space, page, write) {
            Touch::Frame(frame) => return Ok(frame),
            Touch::Absent => {
                let frame = new_frame(pager, kernel, waiter)?;
                kernel.frames.bytes_mut(frame).fill(0);
                let pte = Pte::Present(Present::fresh(frame));
                kernel.space_mut(space).table.insert(page.0, pte);
            }
            Touch::ReadOnly(frame) => copy_on_write(pager, kernel, request, frame)?,
            Touch::Swapped(entry) => match pager.fault(request, kernel) {
                Fault::Mapped => {}
                Fault::Wait { run } => return Err(Stop::Wait(run)),
                Fault::Lost => return Err(Stop::Lost(entry)),
                Fault::OutOfMemory => return Err(Stop::OutOfMemory),
            },
        }
    }
    panic!("{request:?} faults again and again");
}

fn new_frame(
    pager: &mut swap_pager::Pager,
    kernel: &mut Kernel,
    waiter: Waiter,
) -> Result<Frame, Stop> {
    match pager.frame_needed(FrameFor::Thread(waiter), kernel) {
        FrameAnswer::Frame(frame) => Ok(frame),
        FrameAnswer::Wait => Err(Stop::Wait(None)),
        FrameAnswer::OutOfMemory => Err(Stop::OutOfMemory),
    }
}

/// Gives the writer a frame of its own.
fn copy_on_write(
    pager: &mut swap_pager::Pager,
    kernel: &mut Kernel,
    request: FaultRequest,
    shared: Frame,
) -> Result<(), Stop> {
    let FaultRequest { space, page, waiter, .. } = request;
    let is_last = kernel.frames.users(shared) == 1;
    let frame = if is_last { shared } else { new_frame(pager, kernel, waiter)? };
    kernel.flush(space, page);
    let pte = Pte::Present(Present::fresh(frame));
    kernel.space_mut(space).table.insert(page.0, pte);
    if !is_last {
        *kernel.frames.bytes_mut(frame) = *kernel.frames.bytes(shared);
        kernel.release(shared);
        pager.frames_freed(kernel);
    }
    Ok(())
}

fn unmap(machine: &mut Machine, space: SpaceId, page: Page) {
    let Machine { pager, kernel, .. } = machine;
    match kernel.space_mut(space).table.remove(&page.0) {
        None => {}
        Some(Pte::Present(present)) => {
            kernel.flush(space, page);
            kernel.release(present.frame);
        }
        Some(Pte::Swapped(entry)) => pager.entries().drop_user(space, entry),
    }
}

fn copy_space(machine: &mut Machine, parent: SpaceId, child: SpaceId) {
    let Machine { pager, kernel, .. } = machine;
    kernel.flush_space(parent);
    let mut copy = kernel.space(parent).clone();
    for pte in copy.table.values_mut() {
        match pte {
            Pte::Present(present) => {
                present.is_writable = false;
                kernel.frames.share(present.frame);
            }
            Pte::Swapped(entry) => {
                let counted = pager.entries().add_user(child, *entry);
                assert_eq!(counted, Duplicate::Counted, "{entry:?} of {parent:?}");
            }
        }
    }
    kernel.space_mut(parent).table.clone_from(&copy.table);
    kernel.spaces[child.0 as usize] = Some(copy);
}
