//! Open files.

use crate::scheme::SchemeId;
use crate::sync::{CleanLockToken, L6, RwLock};
use crate::syscall::error::Result;

pub type LockedFileDescription = RwLock<L6, FileDescription>;

pub struct FileDescription {
    pub scheme: SchemeId,
    pub number: usize,
}

impl FileDescription {
    pub fn try_close(self, _token: &mut CleanLockToken) -> Result<()> {
        unimplemented!()
    }
}

#[derive(Debug)]
pub struct InternalFlags(u32);

impl InternalFlags {
    pub const POSITIONED: Self = Self(1);
    pub const fn empty() -> Self {
        Self(0)
    }
}
