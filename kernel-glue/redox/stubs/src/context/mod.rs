//! Contexts.

pub mod file;
pub mod memory;

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use core::ops::Deref;

use crate::cpu_set::LogicalCpuId;
use crate::sync::{CleanLockToken, Guard, L1, L2, L3, L4, LockToken, RwLock};

pub type ContextLock = RwLock<L4, Context>;

pub struct Context {
    pub status: Status,
    pub cpu_id: Option<LogicalCpuId>,
    pub addr_space: Option<Arc<memory::AddrSpaceWrapper>>,
    pub being_sigkilled: bool,
    pub euid: u32,
}

impl Context {
    pub fn block(&mut self, _reason: &'static str) -> bool {
        unimplemented!()
    }
}

pub enum Status {
    Runnable,
    Blocked,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct ContextRef(usize);

impl Deref for ContextRef {
    type Target = Arc<ContextLock>;
    fn deref(&self) -> &Arc<ContextLock> {
        unimplemented!()
    }
}

pub enum SwitchResult {
    Switched,
    AllContextsIdle,
}

pub fn contexts(_token: LockToken<'_, L1>) -> Guard<'_, L2, BTreeSet<ContextRef>> {
    unimplemented!()
}

pub fn current() -> Arc<ContextLock> {
    unimplemented!()
}

pub fn switch(_token: &mut CleanLockToken) -> SwitchResult {
    unimplemented!()
}

pub fn unblock_context(_context: &Arc<ContextLock>, _token: &mut LockToken<'_, L3>) -> bool {
    unimplemented!()
}

pub fn wakeup_context(
    _context: &Arc<ContextLock>,
    _cpu: Option<LogicalCpuId>,
    _token: &mut LockToken<'_, L3>,
) {
}
