//! Names of CPUs and sets of them.
//!
//! A `CpuId` counts the possible CPUs of the machine from 0 (the one that booted); which local APIC
//! belongs to it is known to `apic` alone.

/// Possible CPUs at most; the tests use up to 4, and per-CPU memory is reserved for all of them at boot.
pub(crate) const CPUS_MAX: usize = 8;

/// A possible CPU; holding it proves that its number is below [`CPUS_MAX`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct CpuId(u8);

impl CpuId {
    /// The CPU that booted the machine.
    pub(crate) const BOOT: Self = Self(0);

    /// Returns the CPU with this number, or none if there can be no such CPU.
    pub(crate) const fn new(index: usize) -> Option<Self> {
        if index < CPUS_MAX { Some(Self(index as u8)) } else { None }
    }

    /// Returns the number, for arrays of [`CPUS_MAX`].
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

impl core::fmt::Display for CpuId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

/// A set of CPUs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct CpuMask(u32);

const _: () = assert!(CPUS_MAX <= u32::BITS as usize, "a mask has one bit for each CPU");

impl CpuMask {
    /// No CPU.
    pub(crate) const EMPTY: Self = Self(0);

    /// Returns the set of this CPU alone.
    pub(crate) const fn of(cpu: CpuId) -> Self {
        Self(1 << cpu.0)
    }

    /// Returns the set with these bits; bits of CPUs that cannot exist are dropped.
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits & ((1 << CPUS_MAX) - 1))
    }

    /// Returns bit `n` set for CPU `n`.
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// Is this CPU in the set?
    pub(crate) const fn contains(self, cpu: CpuId) -> bool {
        self.0 & (1 << cpu.0) != 0
    }

    /// Is the set empty?
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns how many CPUs are in the set.
    pub(crate) const fn count(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Adds a CPU.
    pub(crate) const fn insert(&mut self, cpu: CpuId) {
        self.0 |= 1 << cpu.0;
    }

    /// Takes a CPU out.
    pub(crate) const fn remove(&mut self, cpu: CpuId) {
        self.0 &= !(1 << cpu.0);
    }

    /// Returns the set without this CPU.
    pub(crate) const fn without(self, cpu: CpuId) -> Self {
        Self(self.0 & !(1 << cpu.0))
    }

    /// Returns the CPUs that are in both sets.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the CPUs of the set, lowest first.
    pub(crate) fn iter(self) -> impl Iterator<Item = CpuId> {
        (0..CPUS_MAX).filter_map(CpuId::new).filter(move |&cpu| self.contains(cpu))
    }
}
