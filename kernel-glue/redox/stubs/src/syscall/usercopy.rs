//! Users' memory.

use super::error::Result;

#[derive(Clone, Copy)]
pub struct UserSlice<const READ: bool, const WRITE: bool>(usize);

pub type UserSliceRo = UserSlice<true, false>;
pub type UserSliceWo = UserSlice<false, true>;
pub type UserSliceRw = UserSlice<true, true>;

impl<const READ: bool, const WRITE: bool> UserSlice<READ, WRITE> {
    pub fn empty() -> Self {
        Self(0)
    }
    #[expect(clippy::len_without_is_empty, reason = "the binding asks for the size alone")]
    pub fn len(&self) -> usize {
        self.0
    }
}

impl<const WRITE: bool> UserSlice<true, WRITE> {
    pub fn copy_to_slice(self, _into: &mut [u8]) -> Result<()> {
        unimplemented!()
    }
}

impl<const READ: bool> UserSlice<READ, true> {
    pub fn copy_from_slice(self, _from: &[u8]) -> Result<()> {
        unimplemented!()
    }
    pub fn copy_common_bytes_from_slice(self, _from: &[u8]) -> Result<usize> {
        unimplemented!()
    }
}
