//! CPU hotplug as pure logic: the state of a CPU, and what its transitions do to instances.
//!
//! [`cpu`] is the state machine of one CPU; [`multi`] is a multi-instance hotplug state in the
//! sense of Linux (`core-api/cpu_hotplug`): a step with a startup and a teardown, run for every
//! pair of a CPU that is up and a registered instance. Nothing here performs a step: a
//! [`multi::Walk`] says which step is next and is told its result, so that the daemon's actor,
//! tests and a model checker run the same code.
//!
//! Relies on nothing; does not know the scheme, the kernel, or what an instance is.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod cpu;
pub mod cpus;
pub mod multi;

pub use cpu::{Cpu, Forbidden, Stage};
pub use cpus::{CPUS_MAX, CpuId, CpuSet};
pub use multi::{
    InstanceId, InstanceSet, NoInstances, Outcome, Progress, StartupFailed, State, Step, Unchanged,
    Walk,
};
