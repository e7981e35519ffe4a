//! The machine's CPU slots: CPUs that are plugged in, and those that are to be unplugged.

use cpu_events::Wanted;

use super::go_on;
use crate::kernel::Kernel;
use crate::machine::cpu_slots::{self, SlotEvent, SlotKind};
use crate::machine::{clock, sci};
use zram_abi::CpuId;

/// Ticks (of 4 ms) between two looks at the machine's CPU slots, if no interrupt asks for one.
const SLOTS_TICKS: u32 = 64;

/// What the machine asks for.
pub(super) struct Slots {
    /// The slot that the transition under way is for.
    slot: Option<SlotEvent>,
    /// Ticks since the last look at the slots.
    ticks: u32,
}

impl Slots {
    /// Returns slots that have not been looked at.
    pub(super) const fn new() -> Self {
        Self { slot: None, ticks: 0 }
    }

    /// Tells the machine how the transition has ended, if it had asked for it.
    pub(super) fn report(&mut self, is_done: bool) {
        if let Some(slot) = self.slot.take() {
            cpu_slots::report(slot, is_done);
        }
    }
}

/// A tick of the CPU that looks after the slots.
pub(super) fn on_tick(kernel: &mut Kernel) {
    kernel.cpus.slots.ticks += 1;
    let is_time = kernel.cpus.slots.ticks >= SLOTS_TICKS;
    if kernel.cpus.events.is_settled() && (sci::take_due() || is_time) {
        kernel.cpus.slots.ticks = 0;
        follow(kernel);
    }
}

/// Begins the transition that the machine wants, if it wants one.
fn follow(kernel: &mut Kernel) {
    let Some(event) = cpu_slots::take_event() else { return };
    let wanted = match event.kind {
        SlotKind::Inserted => {
            kernel.cpus.present = kernel.cpus.present.with(event.cpu);
            Wanted::Online
        }
        SlotKind::RemoveWanted if event.cpu == CpuId::BOOT => {
            cpu_slots::report(event, false);
            return;
        }
        SlotKind::RemoveWanted => Wanted::Offline,
    };
    kernel.cpus.slots.slot = Some(event);
    let work = kernel.cpus.events.begin(event.cpu, wanted, clock::now_ns());
    go_on(kernel, work.expect("no transition was under way"));
}
