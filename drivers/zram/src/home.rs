//! Which CPU's share of the per-CPU data a worker uses.

/// Whose stream, spare pages and counters a worker uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// Those of a CPU; one that is not possible shares with all others.
    Cpu(usize),
    /// Those that are shared by all that work for no CPU.
    Shared,
}

impl Home {
    /// Returns the place in a table that has one for each possible CPU and, at `shared`, one more.
    pub(crate) fn index(self, shared: usize) -> usize {
        match self {
            Self::Cpu(cpu) => cpu.min(shared),
            Self::Shared => shared,
        }
    }
}
