//! What each CPU has.

use alloc::sync::Arc;
use core::cell::RefCell;

use crate::context::memory::AddrSpaceWrapper;

pub struct PercpuBlock {
    pub current_addrsp: RefCell<Option<Arc<AddrSpaceWrapper>>>,
}

impl PercpuBlock {
    pub fn current() -> &'static Self {
        unimplemented!()
    }
    pub fn maybe_handle_tlb_shootdown(&self) {}
}
