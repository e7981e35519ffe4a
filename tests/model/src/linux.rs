//! Linux zram up to 5.15 as a model: the orders of events that made exit, reset and disksize race.
//!
//! Written from the reports and the merged fixes, in our own words: the effect of each path on
//! shared state, one access a step. [`Order::Old`] is the order that raced, [`Order::Flag`] the
//! first fix that was proposed (a flag under one mutex that exit holds to its end),
//! [`Order::Merged`] what was merged for 5.16. The same checker that finds nothing in our lifecycle
//! finds in the old order
//!
//! | race | what happens | left behind |
//! | --- | --- | --- |
//! | R1 | exit has reset a device, and disksize initialises it before its attributes are gone | an instance |
//! | R2 | a running reset has claimed the device, so exit's removal fails, and nobody looks | device and instance |
//! | R3 | reset lets go of the lock before it frees, and frees what disksize has just made | a table in use, freed |
//! | R4 | hot_add, running when the class goes, adds a device that exit has not seen | a device |
//!
//! and in the first fix the deadlock: exit waits for attribute handlers with the mutex that they wait
//! for. R4 takes a hot_add that unregistering the class does not wait for, as it was reported.
//!
//! `steps` has the paths, `columns` prints them.

mod columns;
mod steps;

use stateright::{Checker, HasDiscoveries, Model, Property};
use steps::{Step, Walker, program};

/// Which order the kernel's paths have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// As in 5.12 to 5.15.
    Old,
    /// The fix that was proposed first.
    Flag,
    /// The fix that was merged.
    Merged,
}

/// Who runs; each runs once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    /// The module's exit.
    Exit,
    /// A write to `disksize` of device 0.
    Disksize,
    /// A write to `reset` of device 0.
    Reset,
    /// A read of `hot_add`.
    HotAdd,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Race {
    /// An instance that came after exit's reset is left.
    R1,
    /// A device that exit could not remove is left with its instance.
    R2,
    /// A reset frees what it has not seen.
    R3,
    /// A device that exit has not seen is left.
    R4,
    /// A path has begun, and no path can go on.
    Deadlock,
}

impl Race {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::R1, Self::R2, Self::R3, Self::R4, Self::Deadlock];

    /// Returns what to call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::R1 => "R1",
            Self::R2 => "R2",
            Self::R3 => "R3",
            Self::R4 => "R4",
            Self::Deadlock => "deadlock",
        }
    }

    /// Returns what happened, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::R1 => "removing a state which has an instance left: made after exit's reset",
            Self::R2 => "removing a state which has an instance left: its removal got EBUSY",
            Self::R3 => "reset frees a table that it has not seen and that is in use",
            Self::R4 => "the module is gone, and a device is left that exit has not seen",
            Self::Deadlock => "each waits for the other",
        }
    }
}

/// The kernel, with one device that is initialised or not, and one race to look for.
#[derive(Clone, Debug)]
struct Linux {
    order: Order,
    paths: Vec<Path>,
    race: Race,
}

/// One device and what threads share of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Disk {
    exists: bool,
    has_attributes: bool,
    /// Attribute handlers that are running.
    handlers: u8,
    claim: bool,
    init_lock: bool,
    has_disksize: bool,
    table: Option<u8>,
    /// The contexts that are registered as a hotplug instance.
    instance: Option<Instance>,
    was_reset_by_exit: bool,
    was_skipped_by_exit: bool,
}

/// A hotplug instance: the per-CPU contexts of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Instance {
    number: u8,
    /// It came after exit had reset the device.
    is_late: bool,
}

/// A state of the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Module {
    order: Order,
    disks: [Disk; 2],
    walkers: Vec<Walker>,
    has_class: bool,
    is_up: bool,
    index_mutex: bool,
    /// Numbers tables and instances.
    made: u8,
    /// R1 to R4.
    races: [bool; 4],
}

/// A step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turn {
    walker: usize,
    step: Step,
}

impl Module {
    fn new(model: &Linux, is_initialised: bool) -> Self {
        let walker = |path: &Path| Walker::new(program(model.order, *path));
        let mut module = Self {
            order: model.order,
            disks: [Disk::default(); 2],
            walkers: model.paths.iter().map(walker).collect(),
            has_class: true,
            is_up: true,
            index_mutex: false,
            made: 0,
            races: [false; 4],
        };
        let disk = &mut module.disks[0];
        disk.exists = true;
        disk.has_attributes = true;
        if is_initialised {
            module.made = 1;
            disk.table = Some(1);
            disk.has_disksize = true;
            disk.instance = Some(Instance { number: 1, is_late: false });
        }
        module
    }

    fn is_deadlocked(&self) -> bool {
        let has_begun = self.walkers.iter().any(Walker::is_under_way);
        let can_any = (0..self.walkers.len()).any(|walker| self.can_step(walker));
        has_begun && !can_any
    }

    fn has(&self, race: Race) -> bool {
        match race {
            Race::R1 => self.races[0],
            Race::R2 => self.races[1],
            Race::R3 => self.races[2],
            Race::R4 => self.races[3],
            Race::Deadlock => self.is_deadlocked(),
        }
    }
}

impl Model for Linux {
    type State = Module;
    type Action = Turn;

    fn init_states(&self) -> Vec<Module> {
        [false, true].map(|is_initialised| Module::new(self, is_initialised)).to_vec()
    }

    fn actions(&self, module: &Module, turns: &mut Vec<Turn>) {
        let able = (0..self.paths.len()).filter(|walker| module.can_step(*walker));
        turns.extend(able.map(|walker| Turn { walker, step: module.walkers[walker].next() }));
    }

    fn next_state(&self, module: &Module, turn: Turn) -> Option<Module> {
        let mut next = module.clone();
        next.take_step(turn.walker);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::<Self>::always("no race", |model, module| !module.has(model.race))]
    }
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct Search {
    /// States that were looked at.
    pub states: usize,
    /// The shortest way to the race, printed as in the report; nothing if there is none.
    pub interleaving: Option<String>,
}

/// Looks for `race` among all interleavings of `paths`.
#[must_use]
pub fn search(order: Order, race: Race, paths: &[Path]) -> Search {
    let model = Linux { order, paths: paths.to_vec(), race };
    let breadth_first = model.clone().checker().finish_when(HasDiscoveries::AnyFailures);
    let checker = breadth_first.spawn_bfs().join();
    let found = checker.discovery("no race");
    let interleaving = found.map(|way| columns::columns(&model, way));
    Search { states: checker.unique_state_count(), interleaving }
}

/// Returns the two paths that it takes for `race`, of which the second meets the first.
#[must_use]
pub const fn paths_of(race: Race) -> [Path; 2] {
    match race {
        Race::R1 | Race::Deadlock => [Path::Exit, Path::Disksize],
        Race::R2 => [Path::Exit, Path::Reset],
        Race::R3 => [Path::Reset, Path::Disksize],
        Race::R4 => [Path::Exit, Path::HotAdd],
    }
}

impl Path {
    const fn name(self) -> &'static str {
        match self {
            Self::Exit => "rmmod zram",
            Self::Disksize => "echo 1G > disksize",
            Self::Reset => "echo 1 > reset",
            Self::HotAdd => "cat hot_add",
        }
    }
}
