//! Names of CPUs and sets of them.
//!
//! A set is one 128-bit word, because Redox's affinity mask has 16 bytes. Neighbours: `cpu.rs`,
//! `multi.rs`.

/// Most CPUs: the bits of Redox's affinity mask.
pub const CPUS_MAX: usize = 128;

const _: () = assert!(CPUS_MAX == u128::BITS as usize);

/// Number of a CPU; holding one proves that it is below [`CPUS_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CpuId(u8);

impl CpuId {
    /// Returns the CPU of that number, or nothing from [`CPUS_MAX`] on.
    pub const fn new(number: u32) -> Option<Self> {
        if number < CPUS_MAX as u32 { Some(Self(number as u8)) } else { None }
    }

    /// Returns the number.
    pub const fn number(self) -> u32 {
        self.0 as u32
    }

    /// Returns the number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A set of CPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CpuSet(u128);

impl CpuSet {
    /// The set without members.
    pub const EMPTY: Self = Self(0);

    /// Returns whether `cpu` is a member.
    pub const fn contains(self, cpu: CpuId) -> bool {
        self.0 >> cpu.0 & 1 == 1
    }

    /// Returns the set with `cpu`.
    pub const fn with(self, cpu: CpuId) -> Self {
        Self(self.0 | 1 << cpu.0)
    }

    /// Returns the set without `cpu`.
    pub const fn without(self, cpu: CpuId) -> Self {
        Self(self.0 & !(1 << cpu.0))
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
    pub const fn first(self) -> Option<CpuId> {
        if self.0 == 0 { None } else { Some(CpuId(self.0.trailing_zeros() as u8)) }
    }

    /// Returns the member of the highest number.
    pub const fn last(self) -> Option<CpuId> {
        if self.0 == 0 { None } else { Some(CpuId(127 - self.0.leading_zeros() as u8)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpu_number_of_128_is_no_cpu() {
        assert!(CpuId::new(127).is_some());
        assert_eq!(CpuId::new(128), None);
    }

    #[test]
    fn a_set_knows_its_first_and_last_member() {
        let cpus = [3, 0, 127].map(|number| CpuId::new(number).unwrap());
        let set = cpus.into_iter().fold(CpuSet::EMPTY, CpuSet::with);
        assert_eq!((set.first(), set.last(), set.count()), (Some(cpus[1]), Some(cpus[2]), 3));
        let one = set.without(cpus[1]).without(cpus[2]);
        assert_eq!((one.first(), one.last()), (Some(cpus[0]), Some(cpus[0])));
        assert_eq!((CpuSet::EMPTY.first(), CpuSet::EMPTY.last()), (None, None));
    }
}
