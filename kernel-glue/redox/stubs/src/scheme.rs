//! Schemes.

use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::ops::Deref;

use crate::context::ContextLock;
use crate::context::file::{InternalFlags, LockedFileDescription};
use crate::context::memory::AddrSpaceWrapper;
use crate::sync::{CleanLockToken, L0, LockToken};
use crate::syscall::data::Map;
use crate::syscall::error::Result;
use crate::syscall::flag::CallFlags;
use crate::syscall::usercopy::{UserSliceRo, UserSliceRw, UserSliceWo};

#[derive(Clone, Copy)]
pub struct SchemeId(usize);

impl SchemeId {
    pub const fn new(number: usize) -> Self {
        Self(number)
    }
}

pub struct CallerCtx;

pub enum StrOrBytes<'a> {
    Str(&'a str),
    Bytes(&'a [u8]),
}

impl StrOrBytes<'_> {
    pub fn as_str(&self) -> core::result::Result<&str, core::str::Utf8Error> {
        unimplemented!()
    }
}

pub enum OpenResult {
    SchemeLocal(usize, InternalFlags),
    External(Arc<LockedFileDescription>),
}

pub struct UserInner;

impl UserInner {
    /// A hook line adds it.
    pub fn serving_context(&self) -> Weak<ContextLock> {
        unimplemented!()
    }
}

pub struct UserScheme {
    pub inner: Arc<UserInner>,
}

pub enum KernelSchemes {
    User(UserScheme),
    SchemeMgr,
}

impl Deref for KernelSchemes {
    type Target = dyn KernelScheme;
    fn deref(&self) -> &Self::Target {
        unimplemented!()
    }
}

pub fn get_scheme(_token: LockToken<'_, L0>, _scheme: SchemeId) -> Result<KernelSchemes> {
    unimplemented!()
}

pub trait KernelScheme: Send + Sync + 'static {
    fn scheme_root(&self, _token: &mut CleanLockToken) -> Result<usize> {
        unimplemented!()
    }
    fn kopenat(
        &self,
        _file: usize,
        _path: StrOrBytes,
        _flags: usize,
        _fcntl_flags: u32,
        _ctx: CallerCtx,
        _token: &mut CleanLockToken,
    ) -> Result<OpenResult> {
        unimplemented!()
    }
    fn kfmap(
        &self,
        _number: usize,
        _addr_space: &Arc<AddrSpaceWrapper>,
        _map: &Map,
        _consume: bool,
        _token: &mut CleanLockToken,
    ) -> Result<usize> {
        unimplemented!()
    }
    fn kwriteoff(
        &self,
        _id: usize,
        _buf: UserSliceRo,
        _offset: u64,
        _flags: u32,
        _stored_flags: u32,
        _token: &mut CleanLockToken,
    ) -> Result<usize> {
        unimplemented!()
    }
    fn kreadoff(
        &self,
        _id: usize,
        _buf: UserSliceWo,
        _offset: u64,
        _flags: u32,
        _stored_flags: u32,
        _token: &mut CleanLockToken,
    ) -> Result<usize> {
        unimplemented!()
    }
    fn kfpath(&self, _id: usize, _buf: UserSliceWo, _token: &mut CleanLockToken) -> Result<usize> {
        unimplemented!()
    }
    fn close(&self, _id: usize, _token: &mut CleanLockToken) -> Result<()> {
        unimplemented!()
    }
    fn kcall(
        &self,
        _fds: &[usize],
        _payload: UserSliceRw,
        _flags: CallFlags,
        _metadata: &[u64],
        _token: &mut CleanLockToken,
    ) -> Result<usize> {
        unimplemented!()
    }
    fn kfdwrite(
        &self,
        _id: usize,
        _descs: Vec<Arc<LockedFileDescription>>,
        _flags: CallFlags,
        _metadata: &[u64],
        _token: &mut CleanLockToken,
    ) -> Result<usize> {
        unimplemented!()
    }
}
