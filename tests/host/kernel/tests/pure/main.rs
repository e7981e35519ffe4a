//! The parts of the kernel that need no machine, on the host: tables, grants, run queues.
//!
//! The kernel itself is freestanding and tested by booting it. Its pure files are compiled into this
//! test once more, under the same paths, so that they find each other.

extern crate alloc;

mod grants;
mod scheduler;
mod tables;

#[path = "../../src/limits.rs"]
#[expect(dead_code, reason = "the tests need a part of it")]
mod limits;

#[path = "../../src/slab.rs"]
#[expect(dead_code, reason = "the tests need a part of it")]
mod slab;

#[path = "../../src/space"]
mod space {
    #[expect(dead_code, reason = "the tests need a part of it")]
    pub(crate) mod grants;
}

#[path = "../../src/thread"]
mod thread {
    use crate::slab::Id;

    /// As in the kernel.
    pub(crate) const PRIORITY_LAST: u8 = 39;

    /// Stands for the kernel's threads.
    pub(crate) struct Thread;

    /// As in the kernel.
    pub(crate) type ThreadId = Id<Thread>;

    #[expect(dead_code, reason = "the tests need a part of it")]
    pub(crate) mod scheduler;
}

/// Numbers that look random; the same for the same seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Returns a number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // xorshift64*, Vigna 2016.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound
    }
}
