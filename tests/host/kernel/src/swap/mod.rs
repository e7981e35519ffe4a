//! Where the pager of `kernel-glue` meets this kernel.
//!
//! The kernel proper calls the hooks of this file and nothing else of the pager. A fault that must
//! wait hands its CPU to the daemon's thread ([`pager`]); taking pages away goes the kernel's usual
//! way, by shootdown and [`Token`]. [`ports`] and [`window`] are what the pager sees of the kernel,
//! [`files`] what programs see of the pager, [`area`] how devices are mounted, [`queue`] the
//! daemon's end.

mod area;
mod files;
mod pager;
mod ports;
mod queue;
mod text;
mod window;

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Write;

use swap_pager::ports::{Direction, KillReason, Page};
use swap_pager::{
    AREAS_MAX, Commit, Duplicate, Entries, Fault, FaultRequest, Fork, FrameAnswer, FrameFor,
    SwapEntry, Unmapped,
};
use syscall::error::{ENOMEM, ETIMEDOUT};

use self::pager::{FrameSet, Place};
use self::window::Queue;
use crate::errno::{Errno, Halt, SysResult, fail};
use crate::files::Description;
use crate::kernel::Kernel;
use crate::limits::CPUS_MAX;
use crate::limits::{SPACES_MAX, THREADS_MAX};
use crate::machine::frames::Frame;
use crate::machine::paging::UserPage;
use crate::machine::serial::Serial;
use crate::slab::Id;
use crate::space::SpaceId;
use crate::text::text;
use crate::thread::wake::Urgency;
use crate::thread::{State, ThreadId};

pub(crate) use self::files::{
    File, scheme_call, scheme_close, scheme_map, scheme_open, scheme_read, scheme_take,
    scheme_write,
};

pub(crate) use swap_pager::ports::QueueId;

const _: () = assert!(SPACES_MAX <= 1 << 16 && THREADS_MAX <= 1 << 16, "16 bits of an id's tag");

/// The pager's state, and what this kernel keeps for it; the bulk is on the heap, because the whole
/// kernel passes through the boot stack.
pub(crate) struct Swap {
    pager: Place,
    /// Who names which swap slot; shared with the pager, and told without calling it.
    entries: Option<Arc<Entries>>,
    queues: Vec<[Queue; 2]>,
    /// The daemon: who has queues open.
    daemon: Option<SpaceId>,
    /// The daemon's memory is pinned: there is an area, or there is about to be one.
    is_pinned: bool,
    /// Threads that asked the pager for something, by the low half of their tags.
    threads: Vec<Option<ThreadId>>,
    /// The batch of each CPU that waits for its shootdown.
    unmapped: [Option<Unmapped>; CPUS_MAX],
    /// Whether a CPU is about to reclaim.
    kicked: [bool; CPUS_MAX],
    /// The queue whose worker gets a CPU when its thread has begun to wait.
    hand_off: [Option<QueueId>; CPUS_MAX],
    /// Some queue is called or revoked.
    calls: bool,
    /// Who is to be killed for memory.
    condemned: Option<(SpaceId, KillReason)>,
    kill_is_due: bool,
    /// Who was killed for memory, until it is gone.
    dying: Option<SpaceId>,
    /// The swapon that waits for its device's answer.
    attaching: Option<area::Attaching>,
    /// The device files of the areas.
    devices: [Option<(u16, Id<Description>)>; AREAS_MAX],
    /// Who is in a swapoff or a resize.
    unmounting: Option<ThreadId>,
    no_gain: FrameSet,
    /// Why the last write of the watermarks was refused.
    last_error: String,
    /// The pager has closed itself, and the console was told.
    is_closed: bool,
}

/// What the pager does after a shootdown, or with an answer that it asked for.
#[derive(Clone, Copy)]
pub(crate) enum Token {
    /// Nothing is going on in the kernel: pages may be taken away.
    Reclaim,
    /// The batch of this CPU is forgotten by all CPUs.
    Finish,
    /// Somebody is to be killed for memory.
    Kill,
    /// The device has answered SWAP_ATTACH.
    Attach(Id<Description>),
}

/// What a thread waits for that the pager completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// To ask the pager again.
    Pager,
    /// A record.
    Queue(QueueId),
    /// The answer of the device that is to be mounted.
    Attach,
}

impl Swap {
    /// Returns a pager without areas.
    pub(crate) fn new() -> Self {
        Self {
            pager: Place::NotMade,
            entries: None,
            queues: (0..CPUS_MAX).map(|_| Default::default()).collect(),
            daemon: None,
            is_pinned: false,
            threads: alloc::vec![None; THREADS_MAX],
            unmapped: [const { None }; CPUS_MAX],
            kicked: [false; CPUS_MAX],
            hand_off: [None; CPUS_MAX],
            calls: false,
            condemned: None,
            kill_is_due: false,
            dying: None,
            attaching: None,
            devices: [None; AREAS_MAX],
            unmounting: None,
            no_gain: FrameSet::default(),
            last_error: String::new(),
            is_closed: false,
        }
    }

    fn queue(&self, queue: QueueId) -> &Queue {
        &self.queues[queue.cpu.index()][direction_index(queue.direction)]
    }

    fn queue_mut(&mut self, queue: QueueId) -> &mut Queue {
        &mut self.queues[queue.cpu.index()][direction_index(queue.direction)]
    }
}

fn direction_index(direction: Direction) -> usize {
    match direction {
        Direction::In => 0,
        Direction::Out => 1,
    }
}

impl Wait {
    /// Returns whether the system call is executed again when the wait is over.
    pub(crate) fn restarts(self) -> bool {
        match self {
            Self::Pager => true,
            Self::Queue(_) | Self::Attach => false,
        }
    }
}

/// Returns for whom a frame is that the current thread needs: a thread of the pinned daemon must
/// not wait for what only the daemon can free.
fn frame_for(kernel: &mut Kernel) -> Option<FrameFor> {
    let thread = kernel.current_thread()?;
    let space = kernel.threads.get(thread)?.space();
    if kernel.swap.is_pinned && space == kernel.swap.daemon {
        return Some(FrameFor::Pinned);
    }
    let is_protected = space.is_some_and(|space| kernel.spaces[space].is_protected());
    let waiter = ports::waiter_of(kernel, thread);
    Some(if is_protected { FrameFor::Protected(waiter) } else { FrameFor::Thread(waiter) })
}

/// Returns a frame of undefined content for the current thread, if there is one for it now.
pub(crate) fn frame_now(kernel: &mut Kernel) -> Option<Frame> {
    // The first program is made before there are threads.
    let Some(whose) = frame_for(kernel) else { return kernel.frames.allocate() };
    let frame = pager::call(kernel, |pager, machine| pager.frame_now(whose, machine));
    frame.map(ports::frame)
}

/// Returns whether the current thread may take a free frame, which it then does at once.
pub(crate) fn may_allocate(kernel: &mut Kernel) -> bool {
    let Some(whose) = frame_for(kernel) else { return true };
    pager::call(kernel, |pager, machine| pager.may_take_frame(whose, machine))
}

/// There is no frame for the current thread: returns what it waits for, or why it dies.
pub(crate) fn frame_needed(kernel: &mut Kernel) -> Halt {
    let out_of_memory = || Halt::Kill("out of memory".to_string());
    let Some(whose) = frame_for(kernel) else { return out_of_memory() };
    let answer = pager::call(kernel, |pager, machine| pager.frame_needed(whose, machine));
    match answer {
        FrameAnswer::Frame(frame) => {
            kernel.frames.put(ports::frame(frame));
            Halt::Again
        }
        FrameAnswer::Wait => Halt::until(crate::thread::Wait::Swap(Wait::Pager)),
        FrameAnswer::OutOfMemory => out_of_memory(),
    }
}

/// Frames may have become free.
pub(crate) fn frames_freed(kernel: &mut Kernel) {
    pager::bury(kernel);
    pager::call(kernel, |pager, machine| pager.frames_freed(machine));
}

/// The current thread touches a page that has a swap entry. Success: the page's entry has changed.
pub(crate) fn page_in(kernel: &mut Kernel, space: SpaceId, page: UserPage) -> SysResult<()> {
    let thread = kernel.current();
    let request = FaultRequest {
        space: ports::number_of(space),
        page: Page(page.number()),
        waiter: ports::waiter_of(kernel, thread),
        cpu: kernel.here,
    };
    let fault = pager::call(kernel, |pager, machine| pager.fault(request, machine));
    match fault {
        Fault::Mapped => Ok(()),
        Fault::Wait { run } => {
            pager::note_hand_off(kernel, run);
            Err(Halt::until(crate::thread::Wait::Swap(Wait::Pager)))
        }
        Fault::Lost => Err(Halt::Kill("it touched a page that is lost in swap".to_string())),
        Fault::OutOfMemory => Err(Halt::Kill("out of memory".to_string())),
    }
}

/// A page table lost a swap entry: unmapped, or its space is gone. The pager collects it later.
pub(crate) fn entry_dropped(kernel: &Kernel, space: SpaceId, entry: u64) {
    let entry = SwapEntry::from_bits(entry).expect("page tables hold entries of the pager's");
    entries(kernel).drop_user(ports::number_of(space), entry);
}

fn entries(kernel: &Kernel) -> &Entries {
    kernel.swap.entries.as_ref().expect("an entry is of a pager that was made")
}

/// A space is to be copied: success when none of its pages is on its way.
pub(crate) fn fork_begins(kernel: &mut Kernel, space: SpaceId) -> SysResult<()> {
    let thread = kernel.current();
    let waiter = ports::waiter_of(kernel, thread);
    let space = ports::number_of(space);
    match pager::call(kernel, |pager, machine| pager.fork_begin(space, waiter, machine)) {
        Fork::Ready => Ok(()),
        Fork::Wait => Err(Halt::until(crate::thread::Wait::Swap(Wait::Pager))),
    }
}

/// A fork is about to copy this swap entry into a page table of `space`.
///
/// # Errors
///
/// ENOMEM if as many entries name its slot as can be counted; the fork begins anew if its page is in
/// flight. It must not be copied then.
pub(crate) fn entry_duplicated(kernel: &Kernel, space: SpaceId, entry: u64) -> SysResult<()> {
    let entry = SwapEntry::from_bits(entry).expect("page tables hold entries of the pager's");
    match entries(kernel).add_user(ports::number_of(space), entry) {
        Duplicate::Counted => Ok(()),
        Duplicate::InFlight => Err(Halt::Again),
        Duplicate::Full => fail(ENOMEM),
    }
}

/// Returns whether pages mapped in this space must be present at once.
pub(crate) fn space_pinned(kernel: &Kernel, space: SpaceId) -> bool {
    kernel.swap.is_pinned && kernel.swap.daemon == Some(space)
}

/// The last thread of this space has died; its pages go next.
pub(crate) fn space_ended(kernel: &mut Kernel) {
    forget_unmounter(kernel);
}

/// A tick of this CPU.
pub(crate) fn on_tick(kernel: &mut Kernel) {
    forget_unmounter(kernel);
    kernel.swap.kicked[kernel.here.index()] = false;
    let broken = pager::call(kernel, |pager, machine| {
        pager.tick(machine);
        pager.broken_invariant()
    });
    if let (Some(invariant), false) = (broken, kernel.swap.is_closed) {
        kernel.swap.is_closed = true;
        let name = invariant.name();
        let line = text(format_args!("swap: closed by a bug of the pager: {name} is broken\n"));
        let _ = Serial.write_str(&line);
    }
    // Left over if the thread did not wait in the end.
    pager::hand_off(kernel);
}

/// This CPU takes no more work: hands it to the worker that it was kept for, if its thread did not
/// wait in the end; no tick will come to do that.
pub(crate) fn cpu_leaves(kernel: &mut Kernel) {
    pager::hand_off(kernel);
}

/// Cancels the swapoff or resize of a thread that has died.
fn forget_unmounter(kernel: &mut Kernel) {
    let Some(thread) = kernel.swap.unmounting else { return };
    if kernel.threads.get(thread).is_none_or(|found| found.state() == State::Dead) {
        kernel.swap.unmounting = None;
        let waiter = ports::waiter_of(kernel, thread);
        pager::call(kernel, |pager, machine| pager.waiter_gone(waiter, machine));
    }
}

/// The shootdown that `After::Swap` waited for is done.
pub(crate) fn on_shootdown_done(kernel: &mut Kernel, token: Token) {
    match token {
        Token::Reclaim => pager::reclaim(kernel),
        Token::Finish => pager::finish(kernel),
        Token::Kill => pager::kill(kernel),
        Token::Attach(_) => {}
    }
}

/// A scheme answered what the pager asked (`Then::Swap`).
pub(crate) fn answered(kernel: &mut Kernel, token: Token, result: Result<usize, Errno>) {
    match token {
        Token::Attach(device) => area::attached(kernel, device, result),
        Token::Reclaim | Token::Finish | Token::Kill => {}
    }
}

/// A thread has begun to wait for the pager.
pub(crate) fn blocked(kernel: &mut Kernel, thread: ThreadId, wait: Wait) {
    match wait {
        Wait::Pager => {
            let waiter = ports::waiter_of(kernel, thread);
            match pager::call(kernel, |pager, _| pager.commit(waiter)) {
                Commit::Park => pager::hand_off(kernel),
                Commit::Retry => kernel.make_ready(thread, Urgency::Here),
            }
        }
        Wait::Queue(_) | Wait::Attach => {}
    }
}

/// A thread that waited for the pager was killed, or its deadline has passed.
pub(crate) fn cancelled(kernel: &mut Kernel, thread: ThreadId, wait: Wait) {
    match wait {
        Wait::Pager => {
            let waiter = ports::waiter_of(kernel, thread);
            pager::call(kernel, |pager, machine| pager.waiter_gone(waiter, machine));
        }
        Wait::Queue(queue) => kernel.swap.queue_mut(queue).worker = None,
        Wait::Attach => area::abandon(kernel),
    }
}

/// The deadline of a thread has passed, after `cancelled`: ends its wait.
pub(crate) fn timed_out(kernel: &mut Kernel, thread: ThreadId) {
    kernel.complete(thread, Err(Errno(ETIMEDOUT)));
}

/// Releases descriptions that were not taken.
fn release_all(kernel: &mut Kernel, descriptions: Vec<Id<Description>>) {
    for description in descriptions {
        kernel.release(description);
    }
}
