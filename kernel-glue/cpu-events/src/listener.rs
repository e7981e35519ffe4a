//! One open `events` file: what its reader knows of each CPU, and which question it has not
//! answered yet.
//!
//! The next event of a reader follows from what the reader knows and from the CPU's state, so
//! nothing is queued. A reader that was too slow gets the events that it missed later, if they
//! still matter, as events of sequence 0, which need no answer. The state machine of what a reader
//! knows is that of `hotplug`.

use hotplug::{CPUS_MAX, Cpu, CpuId};
use zram_abi::Stage;

/// What a reader is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// Nothing.
    None,
    /// It has not yet read the event.
    Unread,
    /// It has read the event, and has not answered.
    Read,
}

/// One open `events` file.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    /// What it knows of each CPU.
    views: [Cpu; CPUS_MAX],
    /// What it is asked about the CPU that is on its way.
    pub(super) call: Call,
}

impl Listener {
    /// Returns a reader that knows no CPU.
    pub(super) const fn new() -> Self {
        Self { views: [Cpu::Offline; CPUS_MAX], call: Call::None }
    }

    /// Returns the next stage of `cpu` for this reader, if the CPU is `now`; nothing if it knows.
    ///
    /// A CPU that is `Prepared` now is about to come up, and the reader has not yet been asked: what
    /// it prepared for an earlier attempt is aborted first.
    pub(super) fn next(&self, cpu: CpuId, now: Cpu) -> Option<Stage> {
        match (self.view(cpu), now) {
            (Cpu::Offline, Cpu::Offline | Cpu::Dying)
            | (Cpu::Online, Cpu::Online)
            | (Cpu::Dying, Cpu::Dying) => None,
            (Cpu::Offline, Cpu::Prepared) => Some(Stage::Prepare),
            (Cpu::Offline, Cpu::Online) | (Cpu::Prepared, Cpu::Online | Cpu::Dying) => {
                Some(Stage::Online)
            }
            (Cpu::Prepared, Cpu::Offline | Cpu::Prepared) => Some(Stage::UpAborted),
            (Cpu::Online, Cpu::Offline | Cpu::Prepared | Cpu::Dying) => Some(Stage::Dying),
            (Cpu::Dying, Cpu::Offline | Cpu::Prepared | Cpu::Online) => Some(Stage::Dead),
        }
    }

    /// Notes that the reader has heard of a stage that [`Self::next`] gave.
    pub(super) fn hear(&mut self, cpu: CpuId, stage: Stage) {
        let after = match stage {
            Stage::Prepare => Cpu::Prepared,
            Stage::Online => Cpu::Online,
            Stage::Dying => Cpu::Dying,
            Stage::UpAborted | Stage::Dead => Cpu::Offline,
        };
        self.set(cpu, after);
    }

    /// Notes that the reader does not want the CPU, and so has nothing for it.
    pub(super) fn refuse(&mut self, cpu: CpuId) {
        self.set(cpu, Cpu::Offline);
    }

    fn view(&self, cpu: CpuId) -> Cpu {
        self.views.get(cpu.index()).copied().unwrap_or_default()
    }

    fn set(&mut self, cpu: CpuId, view: Cpu) {
        if let Some(place) = self.views.get_mut(cpu.index()) {
            *place = view;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPU: CpuId = CpuId::new(3).unwrap();
    const ALL: [Cpu; 4] = [Cpu::Offline, Cpu::Prepared, Cpu::Online, Cpu::Dying];

    fn knowing(view: Cpu) -> Listener {
        let mut listener = Listener::new();
        listener.set(CPU, view);
        listener
    }

    #[test]
    fn from_everything_known_what_is_true_now_is_heard_in_at_most_three_legal_steps() {
        for (view, now) in ALL.iter().flat_map(|view| ALL.map(|now| (*view, now))) {
            let mut listener = knowing(view);
            let mut legal = view;
            let mut heard = 0;
            while let Some(stage) = listener.next(CPU, now) {
                let (after, _) = legal.after(stage).expect("the reader's machine allows it");
                legal = after;
                listener.hear(CPU, stage);
                heard += 1;
                // Who was asked is not asked again.
                if stage == Stage::Prepare {
                    break;
                }
            }
            assert!(heard <= 3, "{view:?} to {now:?}: {heard} events");
            // Who never knew the CPU need not hear that it goes.
            let knows = if view == Cpu::Offline && now == Cpu::Dying { view } else { now };
            assert_eq!((listener.view(CPU), legal), (knows, knows), "{view:?} to {now:?}");
        }
    }

    #[test]
    fn each_step_is_as_written_here() {
        use Stage::{Dead, Dying, Online, Prepare, UpAborted};
        let rows = [
            [None, Some(Prepare), Some(Online), None],
            [Some(UpAborted), Some(UpAborted), Some(Online), Some(Online)],
            [Some(Dying), Some(Dying), None, Some(Dying)],
            [Some(Dead), Some(Dead), Some(Dead), None],
        ];
        for (view, row) in ALL.into_iter().zip(rows) {
            assert_eq!(ALL.map(|now| knowing(view).next(CPU, now)), row, "{view:?}");
        }
    }

    #[test]
    fn who_refused_a_cpu_has_nothing_to_hear_of_its_end() {
        let mut listener = knowing(Cpu::Prepared);
        listener.refuse(CPU);
        assert_eq!(listener.next(CPU, Cpu::Offline), None);
    }
}
