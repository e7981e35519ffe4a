//! CPU numbers and sets of them: engine, daemon and kernel all identify a CPU by this type.
//!
//! A set is one 128-bit word, because Redox's affinity mask has 16 bytes. A machine with fewer CPUs
//! checks each number against its own CPUs where the number comes in. Neighbours: `cpu.rs`,
//! `multi.rs`.

/// Most CPUs: the bits of Redox's affinity mask.
pub const CPUS_MAX: usize = 128;

const _: () = assert!(CPUS_MAX == u128::BITS as usize);

/// Number of a CPU; holding one proves that it is below [`CPUS_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CpuId(u8);

impl CpuId {
    /// The CPU that booted the machine; it cannot go.
    pub const BOOT: Self = Self(0);

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

impl core::fmt::Display for CpuId {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A set of CPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CpuSet(u128);

impl CpuSet {
    /// The set without members.
    pub const EMPTY: Self = Self(0);

    /// Returns the set of one member.
    pub const fn of(cpu: CpuId) -> Self {
        Self(1 << cpu.0)
    }

    /// Returns the set in which CPU `n` is a member if bit `n` is set.
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Returns the set as a word: bit `n` for CPU `n`.
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// Returns whether `cpu` is a member.
    pub const fn contains(self, cpu: CpuId) -> bool {
        // One half by itself: a shift of 128 bits costs several times as much, and schedulers ask often.
        let half = if cpu.0 < 64 { self.0 as u64 } else { (self.0 >> 64) as u64 };
        half >> (cpu.0 % 64) & 1 == 1
    }

    /// Returns the set with `cpu`.
    pub const fn with(self, cpu: CpuId) -> Self {
        Self(self.0 | 1 << cpu.0)
    }

    /// Returns the set without `cpu`.
    pub const fn without(self, cpu: CpuId) -> Self {
        Self(self.0 & !(1 << cpu.0))
    }

    /// Returns the members of either set.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the members that both sets have.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
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

    /// Returns the members, lowest number first.
    pub fn iter(self) -> impl Iterator<Item = CpuId> {
        let mut rest = self;
        core::iter::from_fn(move || {
            let first = rest.first()?;
            rest = rest.without(first);
            Some(first)
        })
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

    #[test]
    fn a_set_gives_its_members_in_order() {
        let cpus = [127, 0, 64, 63].map(|number| CpuId::new(number).unwrap());
        let set = cpus.into_iter().map(CpuSet::of).fold(CpuSet::EMPTY, CpuSet::union);
        let numbers: Vec<u32> = set.iter().map(CpuId::number).collect();
        assert_eq!(numbers, [0, 63, 64, 127]);
    }

    #[test]
    fn a_set_contains_its_members_and_no_other() {
        let set = CpuSet::from_bits(1 << 63 | 1 << 64 | 1 << 127);
        let found = (0..128).filter(|&number| set.contains(CpuId::new(number).unwrap()));
        assert_eq!(found.collect::<Vec<u32>>(), [63, 64, 127]);
    }

    #[test]
    fn what_two_sets_share_is_in_both() {
        let (left, right) = (CpuSet::from_bits(0b0111), CpuSet::from_bits(0b1110));
        assert_eq!(left.intersection(right).bits(), 0b0110);
        assert_eq!(left.union(right).bits(), 0b1111);
    }
}
