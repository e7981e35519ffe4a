//! Flags of system calls.

use core::ops::BitOr;

#[derive(Clone, Copy)]
pub struct CallFlags(usize);

impl CallFlags {
    pub const fn empty() -> Self {
        Self(0)
    }
}

#[derive(Clone, Copy)]
pub struct MapFlags(usize);

impl MapFlags {
    pub const MAP_SHARED: Self = Self(1);
    pub const MAP_FIXED_NOREPLACE: Self = Self(4);
    pub const PROT_READ: Self = Self(8);
    pub const PROT_WRITE: Self = Self(16);

    pub const fn contains(&self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for MapFlags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
