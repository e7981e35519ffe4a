//! The transition of one CPU up or down, as a state machine of its own; it does not know the
//! listeners.
//!
//! | state | up | down | agreed | refused | expired | started | stopped |
//! | --- | --- | --- | --- | --- | --- | --- | --- |
//! | settled | preparing, ask prepare | dying, ask dying | - | - | - | - | - |
//! | preparing | - | - | starting, start | aborting, ask up aborted | as refused | - | - |
//! | starting | - | - | - | as in preparing | - | onlining, ask online | - |
//! | aborting | - | - | settled, refused | - | settled, refused | - | - |
//! | onlining | - | - | settled, done | - | settled, done | - | - |
//! | dying | - | - | stopping, stop | - | stopping, stop | - | - |
//! | stopping | - | - | - | - | - | - | burying, ask dead |
//! | burying | - | - | settled, done | - | settled, done | - | - |
//!
//! "agreed": every listener that was asked has answered, and in `preparing` none refused.
//! "refused": a listener does not want the CPU (`preparing`), or the machine could not start it
//! (`starting`). "expired": a listener did not answer in time. A minus is [`Forbidden`], and
//! nothing changes. There is no time limit here for a CPU that starts or stops, because the
//! machine's own code has one. All of this happens under the kernel's lock.

use hotplug::{CpuId, Forbidden};
use zram_abi::Stage;
use zram_abi::error::ETIMEDOUT;

/// Where the transition is; there is one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transition {
    /// No CPU is on its way.
    Settled,
    /// Subscribers are asked whether this CPU may come up.
    Preparing(CpuId),
    /// All agreed; the machine starts it.
    Starting(CpuId),
    /// It does not come up, for this reason; those who had agreed are told.
    Aborting(CpuId, i32),
    /// It takes work; subscribers are told.
    Onlining(CpuId),
    /// It is about to go; subscribers are told.
    Dying(CpuId),
    /// The machine stops it.
    Stopping(CpuId),
    /// It has stopped; subscribers are told.
    Burying(CpuId),
}

/// What happens to a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// This CPU is wanted online.
    Up(CpuId),
    /// This CPU is wanted offline.
    Down(CpuId),
    /// Everybody who was asked has answered.
    Agreed,
    /// The CPU cannot come up, for this reason.
    Refused(i32),
    /// Somebody did not answer in time.
    Expired,
    /// The CPU takes work.
    Started,
    /// The CPU has stopped.
    Stopped,
}

/// What a transition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Effect {
    /// Tell the subscribers, and wait for their answers.
    Ask(Stage),
    /// Start the CPU.
    Start(CpuId),
    /// Stop the CPU.
    Stop(CpuId),
    /// The transition is over.
    Finish(CpuId, Result<(), i32>),
}

impl Transition {
    /// Returns the state after `happening`, and what it asks for.
    ///
    /// # Errors
    ///
    /// [`Forbidden`] if the table has a minus there.
    pub(super) const fn after(self, happening: Happening) -> Result<(Self, Effect), Forbidden> {
        match self {
            Self::Settled => begin(happening),
            Self::Preparing(cpu) => match happening {
                Happening::Agreed => Ok((Self::Starting(cpu), Effect::Start(cpu))),
                Happening::Refused(errno) => Ok(abort(cpu, errno)),
                Happening::Expired => Ok(abort(cpu, ETIMEDOUT)),
                Happening::Up(_) | Happening::Down(_) => Err(Forbidden),
                Happening::Started | Happening::Stopped => Err(Forbidden),
            },
            Self::Starting(cpu) => match happening {
                Happening::Started => Ok((Self::Onlining(cpu), Effect::Ask(Stage::Online))),
                Happening::Refused(errno) => Ok(abort(cpu, errno)),
                Happening::Up(_) | Happening::Down(_) | Happening::Agreed => Err(Forbidden),
                Happening::Expired | Happening::Stopped => Err(Forbidden),
            },
            Self::Stopping(cpu) => match happening {
                Happening::Stopped => Ok((Self::Burying(cpu), Effect::Ask(Stage::Dead))),
                Happening::Up(_) | Happening::Down(_) | Happening::Agreed => Err(Forbidden),
                Happening::Refused(_) | Happening::Expired | Happening::Started => Err(Forbidden),
            },
            Self::Dying(cpu) => answered(happening, (Self::Stopping(cpu), Effect::Stop(cpu))),
            Self::Aborting(cpu, errno) => {
                answered(happening, (Self::Settled, Effect::Finish(cpu, Err(errno))))
            }
            Self::Onlining(cpu) | Self::Burying(cpu) => {
                answered(happening, (Self::Settled, Effect::Finish(cpu, Ok(()))))
            }
        }
    }
}

const fn begin(happening: Happening) -> Result<(Transition, Effect), Forbidden> {
    match happening {
        Happening::Up(cpu) => Ok((Transition::Preparing(cpu), Effect::Ask(Stage::Prepare))),
        Happening::Down(cpu) => Ok((Transition::Dying(cpu), Effect::Ask(Stage::Dying))),
        Happening::Agreed | Happening::Refused(_) | Happening::Expired => Err(Forbidden),
        Happening::Started | Happening::Stopped => Err(Forbidden),
    }
}

const fn abort(cpu: CpuId, errno: i32) -> (Transition, Effect) {
    (Transition::Aborting(cpu, errno), Effect::Ask(Stage::UpAborted))
}

/// Returns what follows stages that nobody can refuse: answers and silence are the same.
const fn answered(
    happening: Happening,
    next: (Transition, Effect),
) -> Result<(Transition, Effect), Forbidden> {
    match happening {
        Happening::Agreed | Happening::Expired => Ok(next),
        Happening::Up(_) | Happening::Down(_) | Happening::Refused(_) => Err(Forbidden),
        Happening::Started | Happening::Stopped => Err(Forbidden),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    const ONE: CpuId = CpuId::new(1).unwrap();
    const TWO: CpuId = CpuId::new(2).unwrap();

    /// The columns of the table.
    const HAPPENINGS: [Happening; 7] = [
        Happening::Up(TWO),
        Happening::Down(TWO),
        Happening::Agreed,
        Happening::Refused(7),
        Happening::Expired,
        Happening::Started,
        Happening::Stopped,
    ];

    #[test]
    fn every_pair_is_as_in_the_table() {
        use Effect::{Ask, Finish, Start, Stop};
        use Transition as T;
        let minus = Err(Forbidden);
        let aborting = |errno| Ok((T::Aborting(ONE, errno), Ask(Stage::UpAborted)));
        let starting = Ok((T::Starting(ONE), Start(ONE)));
        let stopping = Ok((T::Stopping(ONE), Stop(ONE)));
        let onlining = Ok((T::Onlining(ONE), Ask(Stage::Online)));
        let burying = Ok((T::Burying(ONE), Ask(Stage::Dead)));
        let done = Ok((T::Settled, Finish(ONE, Ok(()))));
        let refused = Ok((T::Settled, Finish(ONE, Err(5))));
        let up = Ok((T::Preparing(TWO), Ask(Stage::Prepare)));
        let down = Ok((T::Dying(TWO), Ask(Stage::Dying)));
        let late = aborting(ETIMEDOUT);
        let table = [
            (T::Settled, [up, down, minus, minus, minus, minus, minus]),
            (T::Preparing(ONE), [minus, minus, starting, aborting(7), late, minus, minus]),
            (T::Starting(ONE), [minus, minus, minus, aborting(7), minus, onlining, minus]),
            (T::Aborting(ONE, 5), [minus, minus, refused, minus, refused, minus, minus]),
            (T::Onlining(ONE), [minus, minus, done, minus, done, minus, minus]),
            (T::Dying(ONE), [minus, minus, stopping, minus, stopping, minus, minus]),
            (T::Stopping(ONE), [minus, minus, minus, minus, minus, minus, burying]),
            (T::Burying(ONE), [minus, minus, done, minus, done, minus, minus]),
        ];
        for (state, row) in table {
            let results: Vec<_> = HAPPENINGS.iter().map(|&it| state.after(it)).collect();
            assert_eq!(results, row, "{state:?}");
        }
    }
}
