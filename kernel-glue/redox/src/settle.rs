//! The work that a call of the pager leaves to the kernel: a batch is swapped out, a program is
//! killed.
//!
//! Done with no lock held, at the end of a fault, before a context sleeps, and at ticks.

use core::sync::atomic::{AtomicU32, Ordering};

use swap_pager::ports::{KillReason, SpaceId, Threads};
use swap_pager::{Reclaim, Unmapped};
use zram_abi::record::ENTRIES_MAX;

use crate::Kernel;
use crate::state::Glue;

/// Steps of reclaim in one go; the next fault or tick goes on.
const STEPS_MAX: u32 = 8;

/// A tick of one in so many asks the pager.
const TICKS: u32 = 4;

/// The spaces that a batch has pages of.
type Touched = [Option<SpaceId>; ENTRIES_MAX];

impl<K: Kernel> Glue<K> {
    /// Does what the pager left to be done.
    ///
    /// # Context
    ///
    /// With no lock held; does not wait.
    pub(crate) fn settle(&self) {
        if !self.is_active() {
            return;
        }
        for _ in 0..STEPS_MAX {
            match self.step() {
                (Reclaim::Unmapped(unmapped), touched) => self.finish(unmapped, touched),
                (Reclaim::Again, _) => {}
                (Reclaim::Nothing, _) => break,
            }
        }
        let condemned = self.call(|_, machine| machine.parts.condemned.take()).flatten();
        if let Some((space, reason)) = condemned {
            self.kill(space, reason);
        }
    }

    fn step(&self) -> (Reclaim, Touched) {
        let cpu = self.cpu();
        let taken = self.taken.swap(0, Ordering::Relaxed);
        let step = self.call(|pager, machine| {
            pager.frames_taken(taken, machine);
            let mut touched = [None; ENTRIES_MAX];
            if !pager.wants_reclaim(cpu) {
                return (Reclaim::Nothing, touched);
            }
            let step = pager.reclaim_begin(cpu, machine);
            if let Reclaim::Unmapped(unmapped) = &step {
                for left in pager.unmapped_pages(unmapped) {
                    note(&mut touched, left.space);
                }
            }
            (step, touched)
        });
        step.unwrap_or((Reclaim::Nothing, [None; ENTRIES_MAX]))
    }

    /// No CPU knows the pages of a batch any more: offers them to the daemon.
    fn finish(&self, unmapped: Unmapped, touched: Touched) {
        for number in touched.into_iter().flatten() {
            // One that has gone meanwhile has no CPU that knows its pages.
            if let Some(space) = self.spaces.get(number) {
                self.kernel.shoot_down(&space);
            }
        }
        self.call(|pager, machine| {
            if let Some(queue) = pager.reclaim_finish(unmapped, machine) {
                machine.wake_worker(queue);
            }
        });
    }

    fn kill(&self, number: SpaceId, reason: KillReason) {
        let KillReason::OutOfMemory { resident_pages, swapped_pages } = reason;
        let Some(space) = self.spaces.get(number) else {
            // It ended by itself; what it had is coming free.
            self.call(|pager, _| pager.space_spared(number));
            return;
        };
        self.kernel.say(format_args!(
            "swap: out of memory: kills space {} ({resident_pages} pages in memory, {swapped_pages} in swap)",
            number.0
        ));
        self.kernel.kill(&space);
    }

    /// The timer ticks on this CPU.
    ///
    /// # Context
    ///
    /// With no lock held: Redox's timer interrupts user mode and idle CPUs only.
    pub fn tick(&self) {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        if !self.is_active() {
            return;
        }
        // Relaxed: it is only to be seldom.
        if COUNT.fetch_add(1, Ordering::Relaxed).is_multiple_of(TICKS) {
            self.call(|pager, machine| pager.tick(machine));
            self.settle();
        }
    }
}

/// Adds a space to a list that does not have it.
fn note(touched: &mut Touched, space: SpaceId) {
    for place in touched {
        match place {
            Some(found) if *found == space => return,
            Some(_) => {}
            None => {
                *place = Some(space);
                return;
            }
        }
    }
}
