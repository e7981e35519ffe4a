//! A multi-instance hotplug state: a step that runs for each CPU that is up and each instance.
//!
//! At rest, startup has run exactly once, and teardown has not, for each pair of a CPU in `up` and
//! an instance in `instances` (I-20). Four things change these sets:
//!
//! | call | runs | on a failed startup |
//! | --- | --- | --- |
//! | [`State::add_instance`] | startup on each CPU that is up, from the lowest | teardown of exactly those started, from the last; the instance is not added |
//! | [`State::cpu_up`] | startup of each instance | the same; the CPU does not come up |
//! | [`State::remove_instance`] | teardown on each CPU that is up, from the highest | cannot fail |
//! | [`State::cpu_down`] | teardown of each instance | cannot fail |
//!
//! The failed pair itself is not torn down (I-24). A [`Walk`] owns the state until it is finished,
//! so that no CPU and no instance can come or go in the middle (I-27); the compiler enforces this.
//! Removing the state for good needs [`NoInstances`], which only an empty state gives (I-3).
//!
//! Relies on `cpus.rs`. The caller performs the steps.

use crate::cpus::{CpuId, CpuSet};

/// Number of an instance; holding one proves that it is below [`InstanceSet::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(u8);

impl InstanceId {
    /// Returns the instance of that number, or nothing from [`InstanceSet::MAX`] on.
    pub const fn new(number: u32) -> Option<Self> {
        if number < InstanceSet::MAX as u32 { Some(Self(number as u8)) } else { None }
    }

    /// Returns the number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A set of instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct InstanceSet(u64);

impl InstanceSet {
    /// Most instances: the bits of the set.
    pub const MAX: usize = 64;

    /// The set without members.
    pub const EMPTY: Self = Self(0);

    /// Returns whether `instance` is a member.
    pub const fn contains(self, instance: InstanceId) -> bool {
        self.0 >> instance.0 & 1 == 1
    }

    /// Returns the set with `instance`.
    pub const fn with(self, instance: InstanceId) -> Self {
        Self(self.0 | 1 << instance.0)
    }

    /// Returns the set without `instance`.
    pub const fn without(self, instance: InstanceId) -> Self {
        Self(self.0 & !(1 << instance.0))
    }

    /// Returns the members that are not in `other`.
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns whether there is no member.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns how many members there are.
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Returns the member of the lowest number.
    pub const fn first(self) -> Option<InstanceId> {
        if self.0 == 0 { None } else { Some(InstanceId(self.0.trailing_zeros() as u8)) }
    }

    const fn last(self) -> Option<InstanceId> {
        if self.0 == 0 { None } else { Some(InstanceId(63 - self.0.leading_zeros() as u8)) }
    }
}

/// The registered instances and the CPUs that are up, at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    instances: InstanceSet,
    up: CpuSet,
}

/// An add, a remove or a CPU's change was refused before any step ran: it is so already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchanged(
    /// The state as it was.
    pub State,
);

/// A startup failed; every other one of the same walk has been undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StartupFailed {
    /// The CPU of the startup that failed.
    pub cpu: CpuId,
    /// The instance of the startup that failed.
    pub instance: InstanceId,
}

/// Proof that no instance is registered; it takes the state with it, so none can come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NoInstances(());

impl State {
    /// Returns a state without instances while no CPU is up.
    pub const fn new() -> Self {
        Self { instances: InstanceSet::EMPTY, up: CpuSet::EMPTY }
    }

    /// Returns the registered instances.
    pub const fn instances(&self) -> InstanceSet {
        self.instances
    }

    /// Returns the CPUs that are up, so those whose steps have been started.
    pub const fn up(&self) -> CpuSet {
        self.up
    }

    /// Begins to register `instance`.
    ///
    /// # Errors
    ///
    /// The unchanged state, if the instance is registered already.
    pub fn add_instance(self, instance: InstanceId) -> Result<Progress, Unchanged> {
        if self.instances.contains(instance) {
            return Err(Unchanged(self));
        }
        let pairs = Pairs::OfInstance(instance, self.up);
        Ok(Walk::startups(self, pairs).proceed())
    }

    /// Begins to unregister `instance`; cannot fail afterwards.
    ///
    /// # Errors
    ///
    /// The unchanged state, if the instance is not registered.
    pub fn remove_instance(self, instance: InstanceId) -> Result<Progress, Unchanged> {
        if !self.instances.contains(instance) {
            return Err(Unchanged(self));
        }
        let pairs = Pairs::OfInstance(instance, self.up);
        Ok(Walk::teardowns(self, pairs).proceed())
    }

    /// Begins to bring `cpu` up.
    ///
    /// # Errors
    ///
    /// The unchanged state, if the CPU is up already.
    pub fn cpu_up(self, cpu: CpuId) -> Result<Progress, Unchanged> {
        if self.up.contains(cpu) {
            return Err(Unchanged(self));
        }
        let pairs = Pairs::OfCpu(cpu, self.instances);
        Ok(Walk::startups(self, pairs).proceed())
    }

    /// Begins to take `cpu` down; cannot fail afterwards.
    ///
    /// # Errors
    ///
    /// The unchanged state, if the CPU is not up.
    pub fn cpu_down(self, cpu: CpuId) -> Result<Progress, Unchanged> {
        if !self.up.contains(cpu) {
            return Err(Unchanged(self));
        }
        let pairs = Pairs::OfCpu(cpu, self.instances);
        Ok(Walk::teardowns(self, pairs).proceed())
    }

    /// Removes the state for good.
    ///
    /// # Errors
    ///
    /// The unchanged state, if an instance is registered.
    pub fn remove(self) -> Result<NoInstances, Unchanged> {
        if self.instances.is_empty() { Ok(NoInstances(())) } else { Err(Unchanged(self)) }
    }
}

/// One step to perform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Start `instance` on `cpu`; may fail.
    Startup {
        /// The CPU.
        cpu: CpuId,
        /// The instance.
        instance: InstanceId,
    },
    /// Stop `instance` on `cpu`; must not fail.
    Teardown {
        /// The CPU.
        cpu: CpuId,
        /// The instance.
        instance: InstanceId,
    },
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was not done, and left nothing behind.
    Failed,
}

/// Where a walk is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Progress {
    /// Perform the step, then tell the walk how it went.
    Step(Walk, Step),
    /// The walk is over; the state is at rest again.
    Finished(State, Result<(), StartupFailed>),
}

/// An instance on a CPU: what is started and stopped.
#[derive(Clone, Copy)]
struct Pair {
    cpu: CpuId,
    instance: InstanceId,
}

/// The pairs of a walk: one fixed member and those of the other kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Pairs {
    OfInstance(InstanceId, CpuSet),
    OfCpu(CpuId, InstanceSet),
}

impl Pairs {
    const fn none_of(self) -> Self {
        match self {
            Self::OfInstance(instance, _) => Self::OfInstance(instance, CpuSet::EMPTY),
            Self::OfCpu(cpu, _) => Self::OfCpu(cpu, InstanceSet::EMPTY),
        }
    }

    fn first(self) -> Option<Pair> {
        match self {
            Self::OfInstance(instance, cpus) => cpus.first().map(|cpu| Pair { cpu, instance }),
            Self::OfCpu(cpu, instances) => instances.first().map(|instance| Pair { cpu, instance }),
        }
    }

    fn last(self) -> Option<Pair> {
        match self {
            Self::OfInstance(instance, cpus) => cpus.last().map(|cpu| Pair { cpu, instance }),
            Self::OfCpu(cpu, instances) => instances.last().map(|instance| Pair { cpu, instance }),
        }
    }

    const fn with(self, Pair { cpu, instance }: Pair) -> Self {
        match self {
            Self::OfInstance(fixed, cpus) => Self::OfInstance(fixed, cpus.with(cpu)),
            Self::OfCpu(fixed, instances) => Self::OfCpu(fixed, instances.with(instance)),
        }
    }

    const fn without(self, Pair { cpu, instance }: Pair) -> Self {
        match self {
            Self::OfInstance(fixed, cpus) => Self::OfInstance(fixed, cpus.without(cpu)),
            Self::OfCpu(fixed, instances) => Self::OfCpu(fixed, instances.without(instance)),
        }
    }
}

/// What a walk does with its pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Course {
    /// Starting the pairs from the first; these are started.
    Starting { started: Pairs },
    /// Stopping the pairs from the last, because this startup failed.
    Undoing(StartupFailed),
    /// Stopping the pairs from the last, because their member goes.
    Stopping,
}

/// A series of steps that takes the state from rest to rest; owns the state meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub struct Walk {
    state: State,
    course: Course,
    pending: Pairs,
}

impl Walk {
    const fn startups(state: State, pairs: Pairs) -> Self {
        Self { state, course: Course::Starting { started: pairs.none_of() }, pending: pairs }
    }

    const fn teardowns(state: State, pairs: Pairs) -> Self {
        Self { state, course: Course::Stopping, pending: pairs }
    }

    /// Returns whether the step it asked for is a startup, which may fail.
    pub const fn is_starting(&self) -> bool {
        matches!(self.course, Course::Starting { .. })
    }

    /// Returns how the walk goes on after the step it asked for.
    ///
    /// # Panics
    ///
    /// If a teardown is said to have failed: teardowns cannot.
    pub fn after(self, outcome: Outcome) -> Progress {
        match self.course {
            Course::Starting { started } => self.after_startup(started, outcome),
            Course::Undoing(_) | Course::Stopping => self.after_teardown(outcome),
        }
    }

    fn after_startup(mut self, started: Pairs, outcome: Outcome) -> Progress {
        let pair = self.pending.first().expect("a walk that asked for a startup has its pair");
        match outcome {
            Outcome::Done => {
                self.pending = self.pending.without(pair);
                self.course = Course::Starting { started: started.with(pair) };
            }
            Outcome::Failed => {
                let Pair { cpu, instance } = pair;
                self.pending = started;
                self.course = Course::Undoing(StartupFailed { cpu, instance });
            }
        }
        self.proceed()
    }

    fn after_teardown(mut self, outcome: Outcome) -> Progress {
        assert!(outcome == Outcome::Done, "a teardown cannot fail");
        let pair = self.pending.last().expect("a walk that asked for a teardown has its pair");
        self.pending = self.pending.without(pair);
        self.proceed()
    }

    fn proceed(self) -> Progress {
        let step = match self.course {
            Course::Starting { .. } => {
                self.pending.first().map(|Pair { cpu, instance }| Step::Startup { cpu, instance })
            }
            Course::Undoing(_) | Course::Stopping => {
                self.pending.last().map(|Pair { cpu, instance }| Step::Teardown { cpu, instance })
            }
        };
        match step {
            Some(step) => Progress::Step(self, step),
            None => self.finish(),
        }
    }

    fn finish(mut self) -> Progress {
        let result = match self.course {
            Course::Starting { .. } => {
                match self.pending {
                    Pairs::OfInstance(it, _) => {
                        self.state.instances = self.state.instances.with(it)
                    }
                    Pairs::OfCpu(cpu, _) => self.state.up = self.state.up.with(cpu),
                }
                Ok(())
            }
            Course::Undoing(failed) => Err(failed),
            Course::Stopping => {
                match self.pending {
                    Pairs::OfInstance(it, _) => {
                        self.state.instances = self.state.instances.without(it);
                    }
                    Pairs::OfCpu(cpu, _) => self.state.up = self.state.up.without(cpu),
                }
                Ok(())
            }
        };
        Progress::Finished(self.state, result)
    }
}

#[cfg(test)]
mod tests;
