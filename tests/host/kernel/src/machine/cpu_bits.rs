//! A set of CPUs that several CPUs change at once.

use core::sync::atomic::{AtomicU32, Ordering};

use zram_abi::{CpuId, CpuSet};

use crate::limits::CPUS_MAX;

/// A set of CPUs of this machine in one atomic word.
pub(super) struct CpuBits(AtomicU32);

const _: () = assert!(CPUS_MAX <= u32::BITS as usize, "a word has one bit for each CPU");

impl CpuBits {
    /// Returns the set without members.
    pub(super) const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Returns the set as it is now.
    pub(super) fn load(&self, order: Ordering) -> CpuSet {
        CpuSet::from_bits(self.0.load(order).into())
    }

    /// Makes it this set.
    pub(super) fn store(&self, cpus: CpuSet, order: Ordering) {
        let bits = u32::try_from(cpus.bits()).expect("the CPUs are of this machine");
        self.0.store(bits, order);
    }

    /// Adds a CPU.
    pub(super) fn insert(&self, cpu: CpuId, order: Ordering) {
        self.0.fetch_or(bit(cpu), order);
    }

    /// Takes a CPU out; returns the set as it was before.
    pub(super) fn remove(&self, cpu: CpuId, order: Ordering) -> CpuSet {
        CpuSet::from_bits(self.0.fetch_and(!bit(cpu), order).into())
    }

    /// Takes all CPUs out; returns them.
    pub(super) fn take(&self, order: Ordering) -> CpuSet {
        CpuSet::from_bits(self.0.swap(0, order).into())
    }
}

fn bit(cpu: CpuId) -> u32 {
    1_u32.checked_shl(cpu.number()).expect("the CPU is of this machine")
}
