//! The state machine of one CPU, as a subscriber of CPU events sees it.
//!
//! | state | prepare | online | up aborted | dying | dead |
//! | --- | --- | --- | --- | --- | --- |
//! | offline | prepared, start | online, start | offline | offline | offline |
//! | prepared | prepared | online | offline, stop | - | offline, stop |
//! | online | - | - | - | dying | - |
//! | dying | - | - | - | - | offline, stop |
//!
//! "start" and "stop" are the [`Effect`]: run the startups or teardowns of this CPU's steps. A
//! minus is [`Forbidden`]: the sender made a mistake, and nothing changes. Offline to online
//! without prepare happens for CPUs that were up before the subscriber listened. Prepared to dead
//! is a CPU that died on its way up. Offline stays offline at the end of a transition that the
//! subscriber refused, if the refusal came too late or did not count. Prepared stays prepared if
//! the attempt before was abandoned without an event. Each caller owns its state machine; there is
//! no lock here.

/// Where a CPU is on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cpu {
    /// Takes no work and has nothing prepared.
    #[default]
    Offline,
    /// Its steps have been started; it takes no work yet.
    Prepared,
    /// Takes work.
    Online,
    /// Takes no further work; its steps are still started.
    Dying,
}

/// What happens to a CPU (Linux's words).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// It is about to come up.
    Prepare,
    /// It takes work.
    Online,
    /// It did not come up after all.
    UpAborted,
    /// It takes no further work.
    Dying,
    /// It has stopped.
    Dead,
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 5] =
        [Self::Prepare, Self::Online, Self::UpAborted, Self::Dying, Self::Dead];
}

/// What a transition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Effect {
    /// Run the startups of this CPU's steps.
    Start,
    /// Run the teardowns of this CPU's steps.
    Stop,
    /// Nothing.
    None,
}

/// The stage cannot follow this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forbidden;

impl Cpu {
    /// Returns the state after `stage` and what it asks for.
    ///
    /// # Errors
    ///
    /// [`Forbidden`] if the table has a minus there.
    pub const fn after(self, stage: Stage) -> Result<(Self, Effect), Forbidden> {
        match (self, stage) {
            (Self::Offline, Stage::Prepare) => Ok((Self::Prepared, Effect::Start)),
            (Self::Offline, Stage::Online) => Ok((Self::Online, Effect::Start)),
            (Self::Prepared, Stage::Online) => Ok((Self::Online, Effect::None)),
            (Self::Offline, Stage::UpAborted | Stage::Dying | Stage::Dead) => {
                Ok((Self::Offline, Effect::None))
            }
            (Self::Prepared, Stage::Prepare) => Ok((Self::Prepared, Effect::None)),
            (Self::Online, Stage::Dying) => Ok((Self::Dying, Effect::None)),
            (Self::Prepared, Stage::UpAborted | Stage::Dead) | (Self::Dying, Stage::Dead) => {
                Ok((Self::Offline, Effect::Stop))
            }
            (Self::Prepared, Stage::Dying)
            | (Self::Online, Stage::Prepare | Stage::Online | Stage::UpAborted | Stage::Dead)
            | (Self::Dying, Stage::Prepare | Stage::Online | Stage::UpAborted | Stage::Dying) => {
                Err(Forbidden)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_is_as_in_the_table() {
        let minus = Err(Forbidden);
        let table = [
            (
                Cpu::Offline,
                [
                    Ok((Cpu::Prepared, Effect::Start)),
                    Ok((Cpu::Online, Effect::Start)),
                    Ok((Cpu::Offline, Effect::None)),
                    Ok((Cpu::Offline, Effect::None)),
                    Ok((Cpu::Offline, Effect::None)),
                ],
            ),
            (
                Cpu::Prepared,
                [
                    Ok((Cpu::Prepared, Effect::None)),
                    Ok((Cpu::Online, Effect::None)),
                    Ok((Cpu::Offline, Effect::Stop)),
                    minus,
                    Ok((Cpu::Offline, Effect::Stop)),
                ],
            ),
            (Cpu::Online, [minus, minus, minus, Ok((Cpu::Dying, Effect::None)), minus]),
            (Cpu::Dying, [minus, minus, minus, minus, Ok((Cpu::Offline, Effect::Stop))]),
        ];
        for (state, row) in table {
            assert_eq!(Stage::ALL.map(|stage| state.after(stage)), row, "{state:?}");
        }
    }

    #[test]
    fn starts_and_stops_alternate_on_every_path_of_six_events() {
        let mut paths = [(Cpu::Offline, 0)].to_vec();
        for _ in 0..6 {
            paths = paths
                .iter()
                .flat_map(|&(cpu, started)| Stage::ALL.map(|stage| (cpu.after(stage), started)))
                .filter_map(|(after, started)| {
                    after.ok().map(|(cpu, effect)| (cpu, effect, started))
                })
                .map(|(cpu, effect, started)| match effect {
                    Effect::Start => (cpu, started + 1),
                    Effect::Stop => (cpu, started - 1),
                    Effect::None => (cpu, started),
                })
                .collect();
            assert!(paths.iter().all(|&(cpu, started)| started == i32::from(cpu != Cpu::Offline)));
        }
        assert!(!paths.is_empty());
    }
}
