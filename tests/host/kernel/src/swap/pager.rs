//! Calls of the pager, and the work that its ports have noted meanwhile.
//!
//! The pager is moved out of the kernel for each call, so that its ports can use the whole kernel;
//! a call of the pager from inside a port would find none and fail. Work that a port may not do
//! itself is noted there and done here after the call, or after this CPU's shootdown ([`Token`]).

use alloc::boxed::Box;
use alloc::vec::Vec;

use swap_pager::ports::{Direction, KillReason};
use swap_pager::{Bounds, Config, Pager, Reclaim, Watermarks};
use syscall::error::{EFAULT, ENODEV};

use super::ports::Machine;
use super::{QueueId, Token};
use crate::errno::Errno;
use crate::kernel::Kernel;
use crate::limits::{SPACES_MAX, THREADS_MAX};
use crate::machine::frames::Frame;
use crate::machine::heap;
use crate::space::shootdown::After;
use crate::text::text;
use crate::thread::State;

/// Where the pager is.
pub(super) enum Place {
    /// Not made yet: nothing is known of the machine.
    NotMade,
    /// Here.
    Home(Box<Pager>),
    /// In a call.
    Away,
}

/// Frames of the reserve for each CPU: the pages of a batch, if none of them compresses to less
/// than a page, and once more for what the pool commits at once in each size class.
const RESERVE_FRAMES: u32 = 64;

/// Memory is this many times the distance between the watermarks.
const WATERMARK_PART: u32 = 128;

/// Steps of reclaim that find no victim before others have their turn.
const STEPS_MAX: u32 = 8;

/// One bit for each frame: the page in it did not compress.
#[derive(Default)]
pub(super) struct FrameSet {
    words: Vec<u64>,
}

impl FrameSet {
    pub(super) fn contains(&self, frame: Frame) -> bool {
        let number = frame.number() as usize;
        self.words.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 != 0)
    }

    pub(super) fn insert(&mut self, frame: Frame) {
        let number = frame.number() as usize;
        if let Some(word) = self.words.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }
}

/// Makes the pager for this machine, once its memory and CPUs are known.
fn make(kernel: &mut Kernel) -> Box<Pager> {
    let cpus = kernel.cpus.possible().last().map_or(1, |cpu| cpu.number() + 1);
    let total = kernel.frames.total_count() as u32;
    let reserve = RESERVE_FRAMES * cpus;
    let low = reserve + total / WATERMARK_PART;
    let high = low + total / WATERMARK_PART;
    let config = Config {
        cpus,
        spaces: SPACES_MAX as u32,
        waiters: THREADS_MAX as u32,
        watermarks: Watermarks { reserve, low, high, batch: 32 },
        bounds: Bounds { reserve_min: reserve, reserve_max: total / 2, high_max: total / 4 * 3 },
        // Set aside for them when the heap was made, so it is there when memory is short.
        table_bytes_max: heap::room_for_tables(),
    };
    kernel.swap.no_gain.words = alloc::vec![0; kernel.frames.number_end().div_ceil(64)];
    let pager = Pager::new(config).expect("the heap is larger than the pager's tables");
    kernel.swap.entries = Some(pager.entries());
    Box::new(pager)
}

/// Calls the pager, and has this CPU reclaim when what it is doing now is done, if there is reason.
pub(super) fn call<R>(
    kernel: &mut Kernel,
    what: impl FnOnce(&mut Pager, &mut Machine<'_>) -> R,
) -> R {
    let mut pager = match core::mem::replace(&mut kernel.swap.pager, Place::Away) {
        Place::Home(pager) => pager,
        Place::NotMade => make(kernel),
        Place::Away => panic!("the pager was called by its own port"),
    };
    let result = what(&mut pager, &mut Machine(kernel));
    let wants_reclaim = pager.wants_reclaim(kernel.here);
    kernel.swap.pager = Place::Home(pager);
    let kicked = &mut kernel.swap.kicked[kernel.here.index()];
    if wants_reclaim && !*kicked {
        *kicked = true;
        kernel.afterwards(After::Swap(Token::Reclaim));
    }
    if kernel.swap.calls {
        answer_calls(kernel);
    }
    if kernel.swap.condemned.is_some() && !kernel.swap.kill_is_due {
        kernel.swap.kill_is_due = true;
        kernel.afterwards(After::Swap(Token::Kill));
    }
    result
}

/// Takes a batch of pages away; what it needs then is [`Token::Finish`].
pub(super) fn reclaim(kernel: &mut Kernel) {
    let here = kernel.here;
    for _ in 0..STEPS_MAX {
        match call(kernel, |pager, machine| pager.reclaim_begin(here, machine)) {
            Reclaim::Unmapped(unmapped) => {
                kernel.swap.unmapped[here.index()] = Some(unmapped);
                kernel.afterwards(After::Swap(Token::Finish));
            }
            Reclaim::Again => continue,
            Reclaim::Nothing => {}
        }
        // The next call asks again whether there is reason.
        kernel.swap.kicked[here.index()] = false;
        return;
    }
    // Others have their turn; the next tick goes on.
}

/// All CPUs have forgotten the batch: offers it to the daemon.
pub(super) fn finish(kernel: &mut Kernel) {
    let unmapped = kernel.swap.unmapped[kernel.here.index()].take();
    let unmapped = unmapped.expect("a batch was begun on this CPU");
    let run = call(kernel, |pager, machine| pager.reclaim_finish(unmapped, machine));
    if let Some(queue) = run {
        // A thread that waits for a frame has left the CPU; the daemon brings it back soonest.
        let is_waited_for = !has_running_thread(kernel);
        hand_record(kernel, queue, is_waited_for);
    }
}

fn has_running_thread(kernel: &Kernel) -> bool {
    let found = kernel.current_thread().and_then(|thread| kernel.threads.get(thread));
    found.is_some_and(|found| found.state() == State::Running(kernel.here))
}

/// Kills what the pager has condemned.
pub(super) fn kill(kernel: &mut Kernel) {
    kernel.swap.kill_is_due = false;
    let Some((space, reason)) = kernel.swap.condemned.take() else { return };
    let KillReason::OutOfMemory { resident_pages, swapped_pages } = reason;
    if kernel.is_freeing() {
        let number = super::ports::number_of(space);
        call(kernel, |pager, _| pager.space_spared(number));
        return;
    }
    kernel.swap.dying = Some(space);
    if kernel.spaces.get(space).is_some_and(|found| found.threads() > 0) {
        let sizes = format_args!("{resident_pages} pages in memory, {swapped_pages} in swap");
        kernel.kill_process(space, text(format_args!("out of memory ({sizes})")));
    }
}

/// Notes for the pager's next call when what it had killed is gone.
pub(super) fn bury(kernel: &mut Kernel) {
    let Some(dying) = kernel.swap.dying else { return };
    let is_gone = kernel.spaces.get(dying).is_none_or(|found| {
        found.threads() == 0 && found.resident_pages() == 0 && found.swapped_pages() == 0
    });
    if is_gone {
        kernel.swap.dying = None;
        super::entries(kernel).space_gone(super::ports::number_of(dying));
    }
}

/// Does what ports have noted for workers.
fn answer_calls(kernel: &mut Kernel) {
    kernel.swap.calls = false;
    for cpu in kernel.cpus.possible().iter() {
        for direction in [Direction::In, Direction::Out] {
            let queue = QueueId { cpu, direction };
            let found = kernel.swap.queue_mut(queue);
            if core::mem::take(&mut found.is_revoked) {
                dismiss(kernel, queue);
            } else if core::mem::take(&mut found.is_called) {
                hand_record(kernel, queue, false);
            }
        }
    }
}

/// Ends the wait of a queue's worker: the queue is no more.
pub(super) fn dismiss(kernel: &mut Kernel, queue: QueueId) {
    if let Some(worker) = kernel.swap.queue_mut(queue).worker.take() {
        kernel.complete(worker.thread, Err(Errno(ENODEV)));
    }
}

/// Gives the record that waits on a queue to its idle worker, and this CPU too if `at_once`.
pub(super) fn hand_record(kernel: &mut Kernel, queue: QueueId, at_once: bool) {
    // An awake worker asks by itself.
    let Some(worker) = kernel.swap.queue_mut(queue).worker.take() else { return };
    let Some(record) = call(kernel, |pager, _| pager.queue_take(queue)) else {
        kernel.swap.queue_mut(queue).worker = Some(worker);
        return;
    };
    let space = kernel.threads[worker.thread].space().expect("a waiting thread has a space");
    let written = kernel.write_user(space, worker.address, &record.encode());
    kernel.complete(worker.thread, written.map(|()| 0).map_err(|_| Errno(EFAULT)));
    if at_once {
        kernel.switch_to(worker.thread);
    }
}

/// Notes the queue whose worker gets this CPU when the current thread has begun to wait. Nothing is
/// taken back by another wait that has none.
pub(super) fn note_hand_off(kernel: &mut Kernel, run: Option<QueueId>) {
    if run.is_some() {
        kernel.swap.hand_off[kernel.here.index()] = run;
    }
}

/// Gives this CPU to the worker that a fault has work for.
pub(super) fn hand_off(kernel: &mut Kernel) {
    if let Some(queue) = kernel.swap.hand_off[kernel.here.index()].take() {
        hand_record(kernel, queue, true);
    }
}
